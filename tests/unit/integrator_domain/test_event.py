"""Events as they go out: every member by its name, the ids the same for ever."""

import json
from datetime import timedelta

from integrator.domain.connection import ConnectionSummary, ConnectionView, ToldChange
from integrator.domain.event import (
    check_event,
    connection_event,
    connection_event_id,
    connection_stream,
    event_id_of,
    payout_event,
)
from tests.unit.integrator_domain.shown import NOON, SHOWN_PAYOUT, make_view

CONSENT = ConnectionSummary(
    state="connected",
    scopes=("corp:account",),
    granted_at=NOON,
    refreshed_at=None,
    access_expires_at=NOON + timedelta(days=30),
    refresh_expires_at=None,
    refresh_in_doubt_at=None,
    announced_days=7,
)


def test_the_id_of_an_event_follows_from_what_it_is_about_and_its_number() -> None:
    assert event_id_of("po_abc", 2) == "ev_abc_2"
    assert connection_stream("cmp_1") == "cn_a9d02eb62b9e475e0e3e4945"
    assert connection_event_id("cmp_1", 3) == "ev_cna9d02eb62b9e475e0e3e4945_3"


def test_a_payouts_event_shows_the_payout_as_it_is_now() -> None:
    text = payout_event(make_view(), sequence=2, at=NOON)

    assert json.loads(text) == {
        "event_id": "ev_1_2",
        "type": "payout.changed",
        "company_id": "cmp_1",
        "occurred_at": "2026-04-01T03:00:00.000000Z",
        "sequence": 2,
        "payout": SHOWN_PAYOUT,
    }
    assert "ヤマダ" in text
    assert '": ' not in text
    assert '", ' not in text


def test_a_connections_event_says_what_happened_and_how_it_stands() -> None:
    text = connection_event(ConnectionView("cmp_1", CONSENT), ToldChange.CONSENT_ENDS, sequence=3, at=NOON)

    assert json.loads(text) == {
        "event_id": "ev_cna9d02eb62b9e475e0e3e4945_3",
        "type": "connection.changed",
        "company_id": "cmp_1",
        "occurred_at": "2026-04-01T03:00:00.000000Z",
        "sequence": 3,
        "connection": {
            "happened": "consent_ends",
            "connected": True,
            "state": "connected",
            "scopes": ["corp:account"],
            "granted_at": "2026-04-01T03:00:00.000000Z",
            "access_expires_at": "2026-05-01T03:00:00.000000Z",
            "renew_consent_by": "2026-05-01T03:00:00.000000Z",
            "consent_ends_within_days": 7,
        },
    }


def test_the_event_that_a_receiver_is_tried_with_is_the_first_of_its_own() -> None:
    assert json.loads(check_event("ev_test", "cmp_1", at=NOON)) == {
        "event_id": "ev_test",
        "type": "callback.test",
        "company_id": "cmp_1",
        "occurred_at": "2026-04-01T03:00:00.000000Z",
        "sequence": 1,
    }

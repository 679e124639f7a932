"""The table of connections is complete, and the times of renewal and announcement are as stated."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrator.domain.connection import (
    MOVES,
    ConnectionState,
    ConnectionSummary,
    ConnectionView,
    Happening,
    Move,
    days_to_announce,
    is_renewal_due,
)
from tests.unit.integrator_domain.shown import NOON

THIRTY_DAYS = timedelta(days=30)


def test_whoever_consents_is_connected_and_only_a_connected_company_knows_anything_else() -> None:
    for state in ConnectionState:
        assert MOVES[state, Happening.CONSENTED].state is ConnectionState.CONNECTED
    others = {state for state, happened in MOVES if happened is not Happening.CONSENTED}
    assert others == {ConnectionState.CONNECTED}
    assert {happened for state, happened in MOVES if state is ConnectionState.CONNECTED} == set(Happening)


def test_whatever_may_cost_or_has_cost_the_consent_is_an_alarm() -> None:
    alarms = {happened for (_, happened), move in MOVES.items() if move.is_alarm}

    assert alarms == set(Happening) - {Happening.CONSENTED, Happening.REFRESHED, Happening.REFRESH_NOT_SENT}


@pytest.mark.parametrize(
    ("left", "is_due_when_quiet", "is_due_with_payouts"),
    [
        ({"days": 7, "seconds": 1}, False, False),
        ({"days": 7}, True, False),
        ({"days": 1, "seconds": 1}, True, False),
        ({"days": 1}, True, True),
        ({"days": -1}, True, True),
    ],
)
def test_a_token_is_renewed_early_when_nothing_waits_and_in_its_last_day_whatever_waits(
    left: dict[str, int], is_due_when_quiet: bool, is_due_with_payouts: bool
) -> None:
    given = {"left": timedelta(**left), "lifetime": THIRTY_DAYS}

    assert is_renewal_due(**given, is_payout_waiting=False) == is_due_when_quiet
    assert is_renewal_due(**given, is_payout_waiting=True) == is_due_with_payouts


def test_a_token_that_lives_an_hour_is_renewed_at_its_half_or_its_last_quarter() -> None:
    hour = timedelta(hours=1)

    assert not is_renewal_due(left=timedelta(minutes=31), lifetime=hour, is_payout_waiting=False)
    assert is_renewal_due(left=timedelta(minutes=30), lifetime=hour, is_payout_waiting=False)
    assert not is_renewal_due(left=timedelta(minutes=30), lifetime=hour, is_payout_waiting=True)
    assert is_renewal_due(left=timedelta(minutes=15), lifetime=hour, is_payout_waiting=True)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        ({"days": 14, "seconds": 1}, None),
        ({"days": 14}, 14),
        ({"days": 7, "seconds": 1}, 14),
        ({"days": 7}, 7),
        ({"days": 1, "seconds": 1}, 7),
        ({"days": 1}, 1),
        ({"days": -3}, 1),
    ],
)
def test_an_end_is_announced_14_7_and_1_day_ahead(left: dict[str, int], days: int | None) -> None:
    assert days_to_announce(NOON + timedelta(**left), now=NOON) == days


C, H = ConnectionState, Happening


@pytest.mark.parametrize(
    ("happened", "follows"),
    [
        (H.CONSENTED, Move(C.CONNECTED)),
        (H.REFRESHED, Move(C.CONNECTED)),
        (H.REFRESH_NOT_SENT, Move(C.CONNECTED, pause=timedelta(seconds=30))),
        (
            H.REFRESH_IN_DOUBT,
            Move(C.CONNECTED, pause=timedelta(minutes=1), is_in_doubt=True, is_alarm=True),
        ),
        (H.REFRESH_ABANDONED, Move(C.CONNECTED, pause=None, is_in_doubt=True, is_alarm=True)),
        (H.REFRESH_REFUSED, Move(C.CONNECTED, pause=timedelta(minutes=10), is_alarm=True)),
        (H.GRANT_ENDED, Move(C.NEEDS_CONSENT, is_alarm=True)),
        (H.TOKENS_ENDED, Move(C.NEEDS_CONSENT, is_alarm=True)),
    ],
)
def test_what_follows_for_a_connected_company(happened: Happening, follows: Move) -> None:
    assert MOVES[C.CONNECTED, happened] == follows


def test_a_first_or_a_new_consent_leaves_neither_doubt_nor_alarm() -> None:
    for state in (C.NOT_CONNECTED, C.NEEDS_CONSENT):
        follows = MOVES[state, H.CONSENTED]
        assert (follows.pause, follows.is_in_doubt, follows.is_alarm) == (None, False, False)


CONSENT = ConnectionSummary(
    state="connected",
    scopes=("corp:account", "corp:transfer"),
    granted_at=NOON,
    refreshed_at=NOON + timedelta(days=1),
    access_expires_at=NOON + timedelta(days=30),
    refresh_expires_at=NOON + timedelta(days=90),
    refresh_in_doubt_at=NOON + timedelta(days=2),
    announced_days=14,
)


def test_before_its_first_consent_a_company_is_shown_as_not_connected() -> None:
    view = ConnectionView("cmp_1", None)

    assert view.as_json() == {"company_id": "cmp_1", "connected": False, "state": "not_connected", "scopes": []}


def test_a_connection_is_shown_with_its_instants_and_without_a_token() -> None:
    assert ConnectionView("cmp_1", CONSENT).as_json() == {
        "company_id": "cmp_1",
        "connected": True,
        "state": "connected",
        "scopes": ["corp:account", "corp:transfer"],
        "granted_at": "2026-04-01T03:00:00.000000Z",
        "refreshed_at": "2026-04-02T03:00:00.000000Z",
        "access_expires_at": "2026-05-01T03:00:00.000000Z",
        "renew_consent_by": "2026-06-30T03:00:00.000000Z",
        "renewal_in_doubt_since": "2026-04-03T03:00:00.000000Z",
        "consent_ends_within_days": 14,
    }


def test_without_an_end_of_the_refresh_token_a_consent_lives_as_long_as_the_access_token() -> None:
    shown = ConnectionView("cmp_1", replace(CONSENT, refresh_expires_at=None)).as_json()

    assert shown["renew_consent_by"] == "2026-05-01T03:00:00.000000Z"


def test_what_needs_a_new_consent_shows_no_end_and_no_doubt() -> None:
    assert ConnectionView("cmp_1", replace(CONSENT, state="needs_consent")).as_json() == {
        "company_id": "cmp_1",
        "connected": False,
        "state": "needs_consent",
        "scopes": ["corp:account", "corp:transfer"],
        "granted_at": "2026-04-01T03:00:00.000000Z",
        "refreshed_at": "2026-04-02T03:00:00.000000Z",
    }

"""Row by row of the table of connections, with nobody asking for a token: what is stored, tried again, and told."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from integrator import connections, payouts
from integrator.callbacks import pull_events
from integrator.domain.connection import DOUBT_PAUSE, MOVES, REFRESH_PAUSE, REFUSED_PAUSE, ConnectionState, Happening
from integrator.renewing import LOOK_EVERY, Renewer
from integrator.secret import Secret
from integrator.store.purging import drop_expired_tokens
from tests.builders import make_payer, make_payout_request
from tests.unit.integrator_connections.worker_side import (
    LOST_REPLY,
    NO_CONNECTION,
    Scripted,
    WorkerSide,
    error_reply,
    tokens_reply,
)


class Killed(BaseException):
    """The worker died here."""


def die(_request: httpx.Request) -> httpx.Response:
    raise Killed


def renew(side: WorkerSide) -> bool:
    """Let a worker that has not looked before look once."""
    return Renewer(side.worker.desk).renew_one()


def place_payout(side: WorkerSide) -> None:
    payouts.request_payout(
        side.db,
        make_payout_request(),
        payer=make_payer(company_id="mihon-001"),
        idempotency_key="key-1",
        at=side.clock.now(),
        new_text=side.new_text,
    )


@dataclass(frozen=True)
class Row:
    """What the bank says when the token is due, and what follows."""

    said: Scripted
    pause_seconds: float | None
    is_in_doubt: bool
    state: str


ROWS = {
    Happening.REFRESHED: Row(tokens_reply(), None, False, "connected"),
    Happening.REFRESH_NOT_SENT: Row(NO_CONNECTION, REFRESH_PAUSE.total_seconds(), False, "connected"),
    Happening.REFRESH_IN_DOUBT: Row(LOST_REPLY, DOUBT_PAUSE.total_seconds(), True, "connected"),
    Happening.REFRESH_REFUSED: Row(
        error_reply("invalid_client", 401), REFUSED_PAUSE.total_seconds(), False, "connected"
    ),
    Happening.GRANT_ENDED: Row(error_reply("invalid_grant"), None, False, "needs_consent"),
}


@pytest.mark.parametrize("happened", list(ROWS))
def test_what_a_refresh_brings_is_stored_told_and_tried_again_as_the_table_says(
    side: WorkerSide, happened: Happening, caplog: pytest.LogCaptureFixture
) -> None:
    row = ROWS[happened]
    move = MOVES[ConnectionState.CONNECTED, happened]
    side.connect()
    side.advance(days=23, hours=1)
    side.bank.will_say(row.said)

    assert renew(side)

    view = connections.view(side.db, "mihon-001").as_json()
    assert (view["state"], move.state.value) == (row.state, row.state)
    assert ("renewal_in_doubt_since" in view) == row.is_in_doubt == move.is_in_doubt
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [f"happened={happened} " in message for message in errors] == ([True] if move.is_alarm else [])
    if row.pause_seconds is not None:
        side.advance(seconds=row.pause_seconds - 1)
        assert not renew(side)
        side.advance(seconds=1)
        side.bank.will_say(tokens_reply())
        assert renew(side)
    assert not renew(side)
    assert "renewal_in_doubt_since" not in connections.view(side.db, "mihon-001").as_json()


def test_a_refresh_whose_worker_died_is_an_alarm_as_soon_as_its_lease_ends(
    side: WorkerSide, caplog: pytest.LogCaptureFixture
) -> None:
    side.connect()
    side.advance(days=23, hours=1)
    side.bank.will_say(die)
    with pytest.raises(Killed):
        renew(side)
    assert not renew(side)
    side.advance(seconds=180)
    side.bank.will_say(error_reply("invalid_grant"))

    assert renew(side)

    told = [record.getMessage().split(" ") for record in caplog.records if record.levelno == logging.ERROR]
    assert [(words[0], words[2]) for words in told] == [
        ("connection.alarm", "happened=refresh_abandoned"),
        ("connection.alarm", "happened=grant_ended"),
    ]
    assert side.consent().state == "needs_consent"


def test_a_token_that_ended_without_a_successor_needs_a_consent_without_anyone_asking(
    side: WorkerSide, caplog: pytest.LogCaptureFixture
) -> None:
    side.connect(reply=tokens_reply(refresh=None))
    side.advance(days=29, hours=23)
    assert not renew(side)
    side.advance(hours=1)

    assert renew(side)

    assert side.consent().state == "needs_consent"
    assert "happened=tokens_ended" in caplog.text
    assert side.bank.requests == []


def test_a_token_is_renewed_a_week_ahead_when_no_payout_waits(side: WorkerSide) -> None:
    side.connect()
    side.advance(days=22, hours=23)
    assert not renew(side)
    side.advance(hours=1)
    side.bank.will_say(tokens_reply(access="renewed"))

    assert renew(side)

    access = side.worker.desk.tokens.access("mihon-001")
    assert access is not None
    assert access.token == Secret("renewed")


def test_while_a_payout_waits_a_renewal_waits_until_the_last_day(side: WorkerSide) -> None:
    side.connect()
    place_payout(side)
    side.advance(days=28, hours=23)
    assert not renew(side)

    side.advance(hours=1)
    side.bank.will_say(tokens_reply())

    assert renew(side)


def test_another_companys_payout_holds_up_no_renewal(side: WorkerSide) -> None:
    side.connect()
    side.connect("mihon-002")
    place_payout(side)
    side.advance(days=23, hours=1)
    side.bank.will_say(tokens_reply(access="renewed"))

    assert renew(side)
    assert not renew(side)

    assert side.consent("mihon-002").version == 2
    assert side.consent("mihon-001").version == 1


def test_a_new_grant_is_stored_before_it_is_used(side: WorkerSide) -> None:
    side.connect()
    side.advance(days=23, hours=1)
    seen: list[int] = []

    def renewed_and_then_the_worker_is_asked(_request: httpx.Request) -> httpx.Response:
        seen.append(side.consent().version)
        return tokens_reply(access="renewed")

    side.bank.will_say(renewed_and_then_the_worker_is_asked)
    renew(side)

    access = side.another_worker().desk.tokens.access("mihon-001")
    assert access is not None
    assert (seen, access.version, access.token) == ([1], 2, Secret("renewed"))


def test_two_workers_that_look_at_once_renew_once(side: WorkerSide) -> None:
    side.connect()
    side.advance(days=23, hours=1)
    looked: list[bool] = []

    def other_looks_meanwhile(_request: httpx.Request) -> httpx.Response:
        looked.append(Renewer(side.another_worker().desk).renew_one())
        return tokens_reply()

    side.bank.will_say(other_looks_meanwhile)

    assert renew(side)
    assert looked == [False]
    assert len(side.bank.requests) == 1


def test_one_process_looks_no_more_often_than_it_says(side: WorkerSide) -> None:
    side.connect()
    renewer = Renewer(side.worker.desk)
    assert not renewer.renew_one()
    side.clock.advance(days=23, hours=1)
    assert not renewer.renew_one()
    side.machine_clock.advance(seconds=LOOK_EVERY.total_seconds())
    side.bank.will_say(tokens_reply())

    assert renewer.renew_one()


def test_a_dying_consent_is_announced_once_at_14_7_and_1_day_by_one_worker_of_all(
    side: WorkerSide, caplog: pytest.LogCaptureFixture
) -> None:
    side.connect(reply=tokens_reply(refresh=None))
    caplog.set_level(logging.INFO)
    told: list[tuple[int, str]] = []
    look: Callable[[], bool] = Renewer(side.another_worker().desk).renew_one
    for hour in range(24 * 30 - 1):
        caplog.clear()
        look()
        renew(side)
        told += [(hour, record.levelname) for record in caplog.records if "consent_ends" in record.getMessage()]
        side.advance(hours=1)

    assert told == [(16 * 24, "WARNING"), (23 * 24, "WARNING"), (29 * 24, "ERROR")]
    assert connections.view(side.db, "mihon-001").as_json()["consent_ends_within_days"] == 1

    side.bank.will_say(tokens_reply())
    side.accept(side.begin(), code="code-2")
    assert side.do_job()
    assert "consent_ends_within_days" not in connections.view(side.db, "mihon-001").as_json()


def test_a_renewed_consent_is_announced_to_nobody(side: WorkerSide, caplog: pytest.LogCaptureFixture) -> None:
    side.connect()
    for _ in range(200):
        side.bank.script = [tokens_reply()]
        renew(side)
        side.advance(days=1)

    assert "consent_ends" not in caplog.text
    assert side.consent().state == "connected"
    assert len(side.bank.requests) == 8


def test_a_consent_that_the_purge_ended_is_told_as_lost_once(side: WorkerSide) -> None:
    side.connect()
    side.advance(days=91)
    with side.db.begin() as tx:
        drop_expired_tokens(tx, now=side.clock.now(), machine_now=side.machine_clock.now())

    renew(side)
    renew(side)

    events = pull_events(side.db, "mihon-001", after=0, limit=10)["events"]
    assert [event["connection"]["happened"] for event in events] == ["connected", "lost"]

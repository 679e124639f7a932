"""A token stays good: renewed a day before it ends or once after a 401, by one worker at a time, never guessed."""

from datetime import timedelta

import httpx
import pytest

from integrator.domain.connection import DOUBT_PAUSE, REFRESH_PAUSE, REFUSED_PAUSE
from integrator.secret import Secret
from tests.unit.integrator_connections.worker_side import (
    LOST_REPLY,
    NO_CONNECTION,
    Scripted,
    WorkerSide,
    error_reply,
    tokens_reply,
)

NEARLY_EXPIRED = {"days": 29, "hours": 1}
EXPIRED = {"days": 30, "seconds": 1}


def test_a_token_with_more_than_a_day_left_is_used_as_it_is(side: WorkerSide) -> None:
    first = side.connect()
    side.clock.advance(days=28, hours=23)

    assert side.worker.desk.tokens.access("mihon-001") == first
    assert side.bank.requests == []


def test_a_token_is_renewed_within_its_last_day_and_the_grant_stays_the_same(side: WorkerSide) -> None:
    first = side.connect(reply=tokens_reply(refresh="refresh-of-the-grant"))
    side.clock.advance(**NEARLY_EXPIRED)
    side.bank.will_say(tokens_reply(access="renewed"))

    renewed = side.worker.desk.tokens.access("mihon-001")

    assert renewed is not None
    assert renewed.token == Secret("renewed")
    assert renewed.grant_id == first.grant_id
    assert renewed.version == first.version + 1
    assert side.bank.form(0)["grant_type"] == "refresh_token"
    assert side.bank.form(0)["refresh_token"] == "refresh-of-the-grant"
    assert side.consent().tokens is not None
    assert side.consent().refreshed_at == side.clock.now()


def test_a_reply_without_a_refresh_token_keeps_the_one_we_have(side: WorkerSide) -> None:
    side.connect(reply=tokens_reply(refresh="kept"))
    for _ in range(2):
        side.clock.advance(**NEARLY_EXPIRED)
        side.bank.will_say(tokens_reply(refresh=None))
        assert side.worker.desk.tokens.access("mihon-001") is not None

    assert [side.bank.form(number)["refresh_token"] for number in range(2)] == ["kept", "kept"]


def test_a_401_renews_once_for_everybody_who_got_it(side: WorkerSide) -> None:
    refused = side.connect()
    side.bank.will_say(tokens_reply(access="renewed"))

    first = side.worker.desk.tokens.renew(refused)
    second = side.another_worker().desk.tokens.renew(refused)

    assert first is not None
    assert first.token == Secret("renewed")
    assert second == first
    assert len(side.bank.requests) == 1


def test_two_workers_never_refresh_at_once(side: WorkerSide) -> None:
    refused = side.connect()
    seen_meanwhile = []

    def other_worker_asks_meanwhile(_request: httpx.Request) -> httpx.Response:
        other = side.another_worker().desk.tokens
        seen_meanwhile.append((other.renew(refused), other.access("mihon-001")))
        return tokens_reply(access="renewed")

    side.bank.will_say(other_worker_asks_meanwhile)

    renewed = side.worker.desk.tokens.renew(refused)

    assert renewed is not None
    assert renewed.token == Secret("renewed")
    assert seen_meanwhile == [(None, refused)]
    assert len(side.bank.requests) == 1


def test_a_refresh_that_the_bank_refuses_for_the_grant_asks_for_a_new_consent(side: WorkerSide) -> None:
    side.connect()
    side.clock.advance(**NEARLY_EXPIRED)
    side.bank.will_say(error_reply("invalid_grant"))

    assert side.worker.desk.tokens.access("mihon-001") is None
    assert side.worker.desk.tokens.access("mihon-001") is None

    assert side.consent().state == "needs_consent"
    assert side.consent().tokens is None
    assert len(side.bank.requests) == 1


def test_a_new_consent_ends_the_need_for_one(side: WorkerSide) -> None:
    side.connect()
    side.clock.advance(**EXPIRED)
    side.bank.will_say(error_reply("invalid_grant"), tokens_reply(access="of the new grant".replace(" ", "-")))
    assert side.worker.desk.tokens.access("mihon-001") is None

    side.accept(side.begin())
    side.do_job()

    access = side.worker.desk.tokens.access("mihon-001")
    assert access is not None
    assert access.token == Secret("of-the-new-grant")


@pytest.mark.parametrize(
    ("said", "pause", "is_in_doubt"),
    [
        (NO_CONNECTION, REFRESH_PAUSE, False),
        (httpx.Response(429, json={"errorCode": "WG_ERR_154", "errorMessage": "-"}), REFRESH_PAUSE, False),
        (LOST_REPLY, DOUBT_PAUSE, True),
        (httpx.Response(500, json={"error": "server_error"}), DOUBT_PAUSE, True),
        (error_reply("invalid_client", 401), REFUSED_PAUSE, False),
    ],
    ids=["not connected", "limited", "reply lost", "server error", "client refused"],
)
def test_after_a_refresh_without_tokens_the_old_one_is_used_and_the_next_try_waits(
    side: WorkerSide, said: Scripted, pause: timedelta, is_in_doubt: bool
) -> None:
    first = side.connect()
    side.advance(**NEARLY_EXPIRED)
    side.bank.will_say(said)
    tokens = side.worker.desk.tokens

    assert tokens.access("mihon-001") == first
    assert (side.consent().refresh_in_doubt_at is not None) == is_in_doubt
    side.advance(seconds=pause.total_seconds() - 1)
    assert tokens.access("mihon-001") == first
    assert len(side.bank.requests) == 1

    side.advance(seconds=1)
    side.bank.will_say(tokens_reply(access="renewed"))
    renewed = tokens.access("mihon-001")
    assert renewed is not None
    assert renewed.token == Secret("renewed")
    assert side.consent().refresh_in_doubt_at is None


def test_an_expired_token_is_never_handed_out(side: WorkerSide) -> None:
    side.connect()
    side.clock.advance(**EXPIRED)
    side.bank.will_say(NO_CONNECTION)

    assert side.worker.desk.tokens.access("mihon-001") is None


def test_a_worker_that_died_while_refreshing_is_followed_by_another_when_its_lease_ends(side: WorkerSide) -> None:
    class Killed(BaseException):
        pass

    def die(_request: httpx.Request) -> httpx.Response:
        raise Killed

    refused = side.connect()
    side.bank.will_say(die)
    with pytest.raises(Killed):
        side.worker.desk.tokens.renew(refused)
    other = side.another_worker().desk.tokens
    assert other.renew(refused) is None

    side.advance(seconds=180)
    side.bank.will_say(tokens_reply(access="renewed"))

    renewed = other.renew(refused)
    assert renewed is not None
    assert renewed.token == Secret("renewed")


def test_a_refresh_that_ends_after_a_new_consent_changes_nothing(side: WorkerSide) -> None:
    refused = side.connect()

    def consent_meanwhile(_request: httpx.Request) -> httpx.Response:
        side.accept(side.begin())
        side.bank.will_say(tokens_reply(access="of-the-new-grant"))
        assert side.do_job()
        return tokens_reply(access="of-the-old-grant")

    side.bank.will_say(consent_meanwhile)

    access = side.worker.desk.tokens.renew(refused)

    assert access is not None
    assert access.token == Secret("of-the-new-grant")
    assert access.grant_id != refused.grant_id


def test_a_grant_without_a_refresh_token_ends_with_its_access_token(side: WorkerSide) -> None:
    first = side.connect(reply=tokens_reply(refresh=None))
    side.clock.advance(**NEARLY_EXPIRED)
    assert side.worker.desk.tokens.access("mihon-001") == first

    side.clock.advance(days=1)

    assert side.worker.desk.tokens.access("mihon-001") is None
    assert side.consent().state == "needs_consent"
    assert side.bank.requests == []


def test_a_refresh_token_past_its_ninety_days_is_not_tried(side: WorkerSide) -> None:
    side.connect()
    side.clock.advance(days=90)

    assert side.worker.desk.tokens.access("mihon-001") is None
    assert side.consent().state == "needs_consent"
    assert side.bank.requests == []


def test_a_company_without_a_connection_has_no_token(side: WorkerSide) -> None:
    side.register()

    assert side.worker.desk.tokens.access("mihon-001") is None

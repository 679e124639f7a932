"""One call: its points, its bounds, what it never does, and its line in the API execution log."""

import json
from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from integrator.bank_client import calls
from integrator.domain.outcome import Attempt, Fact, InDoubt
from integrator.secret import Secret
from tests.unit.integrator_bank_client.bench import (
    ACCESS,
    ACCOUNT_ID,
    APPLY_NO,
    CLIENT,
    CLIENT_SECRET,
    TOKEN,
    Bench,
    accepted,
    make_body,
    refused,
)

CODE = "c0DeExample000000000000000000000a"
REFRESH = "refreshExample00000000000000000a"


def order(bench: Bench) -> object:
    return bench.bank.request_transfer(ACCESS, make_body(), key="nk-secretkey", attempt=Attempt.FIRST)


class Killed(BaseException):
    """The test kills the worker here."""


class Trickle(httpx.SyncByteStream):
    """A body that comes byte by byte, for ever."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in count():
            yield b" "


class Flood(httpx.SyncByteStream):
    """A body without end."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in count():
            yield b" " * 1_000_000


def test_a_call_passes_its_points_in_order_and_is_sent_once() -> None:
    bench = Bench(accepted())
    order(bench)

    assert bench.passed == ["bank.before", "sent", "bank.after"]


def test_a_call_that_fails_passes_the_same_points_and_is_not_repeated() -> None:
    for failure in (httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("closed")):
        bench = Bench(failure)
        order(bench)
        assert bench.passed == ["bank.before", "sent", "bank.after"]


@pytest.mark.parametrize(("point", "sent"), [("bank.before", 0), ("bank.after", 1)])
def test_a_worker_killed_at_a_point_has_sent_what_it_had_sent(point: str, sent: int) -> None:
    bench = Bench(accepted())

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    bench.on_point = kill
    with pytest.raises(Killed):
        order(bench)

    assert len(bench.requests) == sent


def test_a_redirect_is_not_followed_and_a_cookie_not_kept() -> None:
    reply = httpx.Response(302, headers={"Location": "http://127.0.0.1:8310/other", "Set-Cookie": "a=b; Path=/"})
    bench = Bench(reply)
    order(bench)
    order(bench)

    assert len(bench.requests) == 2
    assert "cookie" not in bench.requests[1].headers


@pytest.mark.parametrize(
    ("reply", "fact", "reason"),
    [
        (httpx.Response(201, stream=Trickle()), Fact.TIMED_OUT, "ReplyTooSlow"),
        (httpx.Response(201, stream=Flood()), Fact.UNREADABLE, "ReplyTooLong"),
        (
            httpx.Response(201, headers={"Content-Encoding": "gzip"}, stream=Flood()),
            Fact.UNREADABLE,
            "ContentEncoding",
        ),
        (
            httpx.Response(201, headers={"Content-Length": "500"}, stream=httpx.ByteStream(accepted().content)),
            Fact.BROKEN,
            "ReplyTooShort",
        ),
    ],
)
def test_a_reply_beyond_its_bounds_is_given_up(reply: httpx.Response, fact: Fact, reason: str) -> None:
    assert order(Bench(reply)) == InDoubt(fact, reason)


def test_every_call_has_its_time_limits() -> None:
    bench = Bench(accepted())
    order(bench)

    assert bench.requests[0].extensions["timeout"] == {"connect": 3, "read": 30, "write": 30, "pool": 30}


def test_a_call_leaves_one_line_with_every_column_of_the_execution_log() -> None:
    bench = Bench(refused(400, "220011", "032006"))
    order(bench)

    assert bench.line == {
        "ts": "2026-04-01T03:00:00.000+00:00",
        "event": "bank.called",
        "env": "local",
        "direction": "out",
        "company_id": "shop-0001",
        "scope": "transfer",
        "context": "requestTransfer",
        "method": "POST",
        "path": "/ganb/api/corporation/v1/transfer/request",
        "status": 400,
        "duration_ms": 250,
        "error_code": "220011",
        "call_id": "rq-1",
        "request_id": "rq-1",
        "result": "rejected",
        "reason": "400 032006",
    }


@pytest.mark.parametrize(
    ("reply", "status", "result", "reason"),
    [
        (accepted(), 201, "accepted", "resultCode 2"),
        (refused(401), 401, "not_carried_out", "token_refused"),
        (httpx.ReadTimeout("slow"), None, "in_doubt", "timed_out: ReadTimeout"),
        (httpx.Response(201, text="odd"), 201, "in_doubt", "unreadable: 201: the body is no JSON text"),
    ],
)
def test_the_line_tells_our_own_judgement(
    reply: httpx.Response | Exception, status: int | None, result: str, reason: str
) -> None:
    bench = Bench(reply)
    order(bench)

    assert (bench.line["status"], bench.line["result"], bench.line["reason"]) == (status, result, reason)


def test_no_line_holds_a_secret_or_an_account() -> None:
    echoed = {
        "errorCode": "220011",
        "errorMessage": f"{ACCOUNT_ID} 7654321 ｻﾝﾌﾟﾙ ﾊﾅｺ",
        "accountId": ACCOUNT_ID,
        "error": "invalid_grant",
        "error_description": f"{CODE} {REFRESH}",
        "access_token": TOKEN,
    }
    replies = [httpx.Response(status, json=echoed) for status in (200, 201, 400, 401, 403, 500)]
    secrets = [ACCOUNT_ID, "7654321", "ｻﾝﾌﾟﾙ", TOKEN, CODE, REFRESH, CLIENT_SECRET, "nk-secretkey"]

    answers: list[httpx.Response | Exception] = [*replies, httpx.ConnectError(f"{TOKEN} {ACCOUNT_ID}")]
    for reply in answers:
        bench = Bench(reply)
        order(bench)
        bench.bank.find_transfer(ACCESS, ACCOUNT_ID, APPLY_NO)
        bench.bank.accounts(ACCESS)
        bench.oauth.exchange_code(CLIENT, Secret(CODE), redirect_uri="http://127.0.0.1/x")
        bench.oauth.refresh(CLIENT, Secret(REFRESH))
        assert len(bench.lines.texts) == 5
        for text in bench.lines.texts:
            assert json.loads(text)["direction"] == "out"
            assert not [secret for secret in secrets if secret in text]


def test_a_call_does_not_print_what_it_carries() -> None:
    call = calls.Call(
        method="POST",
        path="/x",
        company_id="shop-0001",
        scope="transfer",
        context="requestTransfer",
        query=(("accountId", ACCOUNT_ID),),
        headers=(("x-access-token", TOKEN),),
        body=make_body(),
    )

    assert ACCOUNT_ID not in repr(call)
    assert TOKEN not in repr(call)

"""How a call that moves money ends: every observation, at a first attempt and at a repetition."""

import json
from typing import Any

import httpx
import pytest

from integrator.bank_client.api import REFUSING
from integrator.domain.outcome import Accepted, Attempt, Fact, InDoubt, LineRefusal, NotCarriedOut, Outcome, Rejected
from tests.unit.integrator_bank_client.bench import (
    ACCESS,
    ACCOUNT_ID,
    APPLY_NO,
    Bench,
    accepted,
    make_body,
    refused,
)

DEEP = b'{"accountId":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def send(reply: httpx.Response | Exception, attempt: Attempt = Attempt.FIRST) -> Outcome:
    return Bench(reply).bank.request_transfer(ACCESS, make_body(), key="nk-1", attempt=attempt)


FAILURES: list[tuple[Exception, Fact]] = [
    (httpx.ConnectError("refused"), Fact.NOT_CONNECTED),
    (httpx.ConnectTimeout("slow"), Fact.NOT_CONNECTED),
    (httpx.PoolTimeout("full"), Fact.NOT_CONNECTED),
    (httpx.ReadTimeout("slow"), Fact.TIMED_OUT),
    (httpx.WriteTimeout("slow"), Fact.TIMED_OUT),
    (httpx.ReadError("reset"), Fact.BROKEN),
    (httpx.WriteError("reset"), Fact.BROKEN),
    (httpx.CloseError("reset"), Fact.BROKEN),
    (httpx.RemoteProtocolError("closed"), Fact.BROKEN),
    (httpx.LocalProtocolError("odd"), Fact.BROKEN),
    (httpx.ProxyError("odd"), Fact.BROKEN),
    (httpx.DecodingError("odd"), Fact.UNREADABLE),
]


@pytest.mark.parametrize(("failure", "fact"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_call_that_failed_on_the_way_is_carried_out_or_not_by_how_far_it_got(failure: Exception, fact: Fact) -> None:
    first, repeat = send(failure), send(failure, Attempt.REPEAT)

    if fact is Fact.NOT_CONNECTED:
        assert first == NotCarriedOut(fact)
    else:
        assert isinstance(first, InDoubt)
        assert first.fact is fact
    assert isinstance(repeat, InDoubt)


def test_no_failure_of_the_network_library_is_left_out() -> None:
    def leaves(kind: type[Exception]) -> set[type[Exception]]:
        below = kind.__subclasses__()
        return {leaf for sub in below for leaf in leaves(sub)} if below else {kind}

    # These two cannot arise: no redirect is followed, and the settings admit only http and https.
    impossible = {httpx.TooManyRedirects, httpx.UnsupportedProtocol}
    assert leaves(httpx.RequestError) - impossible == {type(failure) for failure, _ in FAILURES}


@pytest.mark.parametrize("attempt", Attempt)
@pytest.mark.parametrize("result_code", ["1", "2"])
def test_a_readable_201_is_an_acceptance_at_any_attempt(attempt: Attempt, result_code: str) -> None:
    assert send(accepted(resultCode=result_code), attempt) == Accepted(APPLY_NO, result_code)


@pytest.mark.parametrize(
    "reply",
    [
        accepted(applyNo=None),
        accepted(applyNo="2026"),
        accepted(applyNo=True),
        accepted(applyNo="２０２６０４０１００００００００１"),
        accepted(applyNo=APPLY_NO + "\n"),
        accepted(resultCode=None),
        accepted(resultCode="8"),
        accepted(resultCode="9"),
        accepted(accountId="101010099999"),
        httpx.Response(201),
        httpx.Response(201, text="<html>"),
        httpx.Response(201, json=[]),
        httpx.Response(201, content=accepted().content[:-10]),
        httpx.Response(201, content=b"\xff" + accepted().content),
        httpx.Response(201, content=b'{"applyNo":"2026040100000001","applyNo":"2026040100000002","resultCode":"1"}'),
        httpx.Response(201, content=b'{"applyNo":"2026040100000001","resultCode":"1","x":NaN}'),
        httpx.Response(201, content=DEEP),
        httpx.Response(200, json=json.loads(accepted().content)),
        httpx.Response(202, json=json.loads(accepted().content)),
        httpx.Response(204),
        httpx.Response(302, headers={"Location": "https://bank.example/"}),
        refused(409),
        refused(412),
        refused(422),
        httpx.Response(400),
        httpx.Response(400, text="<html>"),
        httpx.Response(400, json={"error": "odd"}),
        httpx.Response(403, text="forbidden by a proxy"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_doubt(reply: httpx.Response) -> None:
    for attempt in Attempt:
        outcome = send(reply, attempt)
        assert isinstance(outcome, InDoubt)
        assert outcome.fact is Fact.UNREADABLE


def test_what_is_missing_but_not_needed_does_not_make_a_doubt() -> None:
    extra: dict[str, Any] = {"accountId": None, "applyEndDatetime": "", "somethingNew": {"deep": [1]}}

    assert send(accepted(**extra)) == Accepted(APPLY_NO, "2")
    assert send(accepted(resultCode=1, applyNo=int(APPLY_NO))) == Accepted(APPLY_NO, "1")


@pytest.mark.parametrize("status", sorted(REFUSING))
def test_a_refusal_rejects_a_first_attempt_and_says_nothing_of_a_repetition(status: int) -> None:
    assert send(refused(status, "220011", "032006")) == Rejected(
        status, "220011", "エラーが発生しました。 / 詳細032006", ("032006",)
    )
    assert isinstance(send(refused(status), Attempt.REPEAT), InDoubt)


def test_the_reasons_of_a_line_are_told_as_well() -> None:
    body = {
        "errorCode": "220011",
        "errorMessage": "エラーが発生しました。",
        "errorDetails": [],
        "transferErrorDetails": [
            {
                "itemId": "1",
                "errorDetails": [{"errorDetailsCode": "0023456", "errorDetailsMessage": "金融機関情報エラー"}],
            }
        ],
    }

    assert send(httpx.Response(400, json=body)) == Rejected(
        400,
        "220011",
        "エラーが発生しました。 / 金融機関情報エラー",
        ("0023456",),
        (LineRefusal(1, "金融機関情報エラー", ("0023456",)),),
    )


def test_a_reason_without_its_line_blames_none() -> None:
    body = {"errorCode": "220011", "errorMessage": "…", "transferErrorDetails": [{"errorDetails": []}]}

    assert send(httpx.Response(400, json=body)) == Rejected(400, "220011", "…", (), (LineRefusal(None, ""),))


def test_a_refusal_whose_line_cannot_be_read_is_doubt() -> None:
    body = {"errorCode": "220011", "errorMessage": "…", "transferErrorDetails": [{"itemId": "first"}]}

    assert isinstance(send(httpx.Response(400, json=body)), InDoubt)


@pytest.mark.parametrize(("status", "fact"), [(401, Fact.TOKEN_REFUSED), (429, Fact.LIMITED)])
@pytest.mark.parametrize("has_body", [True, False])
def test_a_first_attempt_without_right_or_over_the_limit_was_not_carried_out(
    status: int, fact: Fact, has_body: bool
) -> None:
    reply = refused(status, "WG_ERR_105") if has_body else httpx.Response(status)

    assert send(reply) == NotCarriedOut(fact)
    repeat = send(reply, Attempt.REPEAT)
    assert isinstance(repeat, InDoubt)
    assert repeat.fact is fact


@pytest.mark.parametrize("status", [*range(200, 210), *range(300, 309), *range(400, 452), *range(500, 512), 599])
def test_no_status_ends_a_repetition_but_success(status: int) -> None:
    outcome = send(httpx.Response(status, content=refused(400).content), Attempt.REPEAT)

    assert isinstance(outcome, InDoubt)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_failure_of_the_bank_is_a_doubt_even_when_it_names_maintenance(status: int) -> None:
    for attempt in Attempt:
        outcome = send(refused(status, "WG_ERR_300"), attempt)
        assert isinstance(outcome, InDoubt)
        assert outcome.fact is Fact.SERVER_ERROR


def test_a_cancel_ends_by_the_same_table_each_try_for_itself() -> None:
    def cancel(reply: httpx.Response | Exception) -> Outcome:
        return Bench(reply).bank.cancel_transfer(ACCESS, ACCOUNT_ID, APPLY_NO, "2")

    assert cancel(accepted(resultCode="1", cancelTargetKeyClass="2")) == Accepted(APPLY_NO, "1")
    assert isinstance(cancel(accepted(applyNo="2026040100000009")), InDoubt)
    assert isinstance(cancel(refused(400)), Rejected)
    assert isinstance(cancel(httpx.ReadTimeout("slow")), InDoubt)
    assert isinstance(cancel(httpx.ConnectError("refused")), NotCarriedOut)

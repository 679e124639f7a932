"""The two clocks: the machine's, and the mock bank's as seen over the wire."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema_rs
import pytest

import contracts
from integrator.clock import CLOCK_PATH, BankClock, ClockUnavailable, SystemClock

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
ANSWER = {"now": "2026-04-01T12:00:00+09:00", "today": "2026-04-01", "frozen": False, "rate": 1.0}

Answer = Callable[[httpx.Request], httpx.Response]


class Seconds:
    """A monotonic clock in the hand of the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bank:
    """Answers with what the test puts in; counts how often it was asked."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        assert request.url.path == CLOCK_PATH
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply if isinstance(self.reply, httpx.Response) else httpx.Response(200, json=self.reply)


def make_clock(bank: Answer, seconds: Seconds) -> BankClock:
    http = httpx.Client(transport=httpx.MockTransport(bank))
    return BankClock("http://127.0.0.1:8310", http=http, real=seconds, pause=lambda _: None)


def test_the_answer_that_these_tests_give_is_the_one_of_the_contract() -> None:
    document = contracts.load("sandbox")
    validators = jsonschema_rs.validator_map_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, validate_formats=True
    )
    validators["#/components/schemas/Clock"].validate({**ANSWER, "now": "2026-04-01T03:00:00.000000+00:00"})


def test_the_system_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_the_bank_clock_tells_the_bank_s_instant_in_utc() -> None:
    clock = make_clock(Bank(ANSWER), Seconds())

    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_an_answer_is_used_for_a_tenth_of_a_second_at_the_bank_s_own_rate() -> None:
    bank, seconds = Bank({**ANSWER, "rate": 60}), Seconds()
    clock = make_clock(bank, seconds)
    clock.now()

    seconds.now += 0.09
    assert clock.now() == NOON + timedelta(seconds=0.09 * 60)
    assert bank.asked == 1
    seconds.now += 0.02
    clock.now()
    assert bank.asked == 2


def test_a_frozen_bank_stands_still() -> None:
    bank, seconds = Bank({**ANSWER, "frozen": True}), Seconds()
    clock = make_clock(bank, seconds)
    clock.now()
    seconds.now += 0.05

    assert clock.now() == NOON


def test_a_bank_that_was_moved_is_followed() -> None:
    bank, seconds = Bank(ANSWER), Seconds()
    clock = make_clock(bank, seconds)
    clock.now()
    bank.reply = {**ANSWER, "now": "2026-04-02T12:00:00+09:00"}
    seconds.now += 1

    assert clock.now() == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(200, text="no JSON"),
        [],
        {},
        {**ANSWER, "now": 5},
        {**ANSWER, "now": "2026-04-01T12:00:00"},
        {**ANSWER, "now": "noon"},
        {**ANSWER, "rate": None},
    ],
)
def test_while_the_bank_does_not_tell_its_time_the_last_answer_is_counted_on(reply: Any) -> None:
    bank, seconds = Bank(ANSWER), Seconds()
    clock = make_clock(bank, seconds)
    clock.now()
    bank.reply = reply
    seconds.now += 5

    assert clock.now() == NOON + timedelta(seconds=5)


def test_a_bank_that_never_told_its_time_is_named() -> None:
    bank, seconds = Bank(httpx.ConnectError("refused")), Seconds()
    clock = make_clock(bank, seconds)

    with pytest.raises(ClockUnavailable, match="INTEGRATOR_CLOCK=own"):
        clock.now()
    bank.reply = ANSWER
    assert clock.now() == NOON, "and is asked again at once"


def test_sleeping_takes_real_seconds_however_fast_the_bank_s_clock_runs() -> None:
    slept: list[float] = []
    http = httpx.Client(transport=httpx.MockTransport(Bank({**ANSWER, "rate": 1000})))
    clock = BankClock("http://127.0.0.1:8310", http=http, real=Seconds(), pause=slept.append)

    clock.sleep(2)

    assert slept == [2]

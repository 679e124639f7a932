"""One key cannot crowd out the others: more than it may is answered with 429 and when to come again."""

import pytest

import contracts
from integrator.web.allowance import BURST_SECONDS, Allowance
from integrator.web.contract import Contract
from tests.unit.integrator_web.web_side import WebSide, make_settings


class Timer:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_key_may_use_its_burst_and_then_its_rate() -> None:
    timer = Timer()
    allowance = Allowance(2, timer=timer)

    assert [allowance.seconds_to_wait("a") for _ in range(2 * BURST_SECONDS + 1)] == [0] * 2 * BURST_SECONDS + [1]
    assert allowance.seconds_to_wait("b") == 0
    timer.seconds = 0.5
    assert [allowance.seconds_to_wait("a") for _ in range(2)] == [0, 1]
    timer.seconds = 1000.0
    assert [allowance.seconds_to_wait("a") for _ in range(2 * BURST_SECONDS + 1)][-2:] == [0, 1]


@pytest.fixture
def timer() -> Timer:
    return Timer()


def test_a_key_over_its_allowance_is_told_when_to_come_again(web: WebSide, timer: Timer) -> None:
    web.use(make_settings(key_requests_per_second=1), timer=timer)
    path = "/v1/companies/mihon-001/connection"
    for _ in range(BURST_SECONDS):
        assert web.call("GET", path).status_code == 200

    refused = web.call("GET", path)

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.json is not None
    assert refused.json["type"].endswith(":too-many-requests")
    assert web.call("GET", "/v1/companies/mihon-002/connection", key=web.other_key).status_code == 200
    timer.seconds += 1
    assert web.call("GET", path).status_code == 200


def test_a_refused_order_is_not_stored_and_goes_through_under_the_same_key_later(web: WebSide, timer: Timer) -> None:
    web.use(make_settings(key_requests_per_second=1), timer=timer)
    for _ in range(BURST_SECONDS):
        web.call("GET", "/v1/companies/mihon-001/connection")

    assert web.place().status_code == 429
    assert web.raw_rows("payouts") == "[[]]"

    timer.seconds += 1
    assert web.place().status_code == 202


def test_every_operation_that_takes_a_key_can_answer_429() -> None:
    operations = Contract(contracts.load("integrator")).operations.values()

    assert {operation.operation_id for operation in operations if not operation.is_open} == {
        operation.operation_id for operation in operations if 429 in operation.replies
    }

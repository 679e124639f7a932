"""A bank as a test holds it: each verb does what its name says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mock_gmo.testing.bank import BankUnreachable, BooksDoNotBalance, Control, ControlRefused
from mock_gmo.testing.hosting import NOON, BankInProcess, Host, Wish
from mock_gmo.testing.verdict import Belief, Claim, Finding

API = "/ganb/api/corporation/v1"


class HandSeconds:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.passed = 1_000.0

    def __call__(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture(scope="module")
def seconds() -> HandSeconds:
    return HandSeconds()


@pytest.fixture(scope="module")
def host(seconds: HandSeconds) -> Iterator[Host]:
    made = Host(monotonic=seconds, sleep=seconds.sleep)
    yield made
    made.close()


@pytest.fixture
def bank(host: Host) -> Iterator[BankInProcess]:
    made = host.open(Wish())
    yield made
    made.check_books()
    host.drop(made)


def pay(bank: BankInProcess, mark: str = "P1") -> httpx.Response:
    line = {
        "transferAmount": "500",
        "beneficiaryBankCode": "0001",
        "beneficiaryBranchCode": "001",
        "accountTypeCode": "1",
        "accountNumber": "1234567",
        "beneficiaryName": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "ediInfo": mark,
    }
    order = {"accountId": bank.account_id, "transferDesignatedDate": "2026-04-01", "transfers": [line]}
    return bank.http.post(f"{API}/transfer/request", json=order, headers={"x-access-token": bank.access_token()})


def test_its_clock_stands_still_goes_forward_and_runs_when_told(bank, seconds):
    seconds.sleep(100)
    assert bank.clock.now() == NOON
    assert bank.clock.advance(hours=1, minutes=1) == NOON + timedelta(minutes=61)
    assert bank.clock.go_to(datetime(2026, 4, 2, tzinfo=UTC)) == datetime(2026, 4, 2, tzinfo=UTC)
    bank.clock.run(rate=60)
    seconds.sleep(2)
    assert bank.clock.stop() == datetime(2026, 4, 2, 0, 2, tzinfo=UTC)
    with pytest.raises(ControlRefused, match="clock_backwards"):
        bank.clock.go_to(NOON)


def test_a_request_that_is_lost_orders_nothing_and_a_reply_that_is_lost_does(bank):
    bank.faults.lose_request()
    with pytest.raises(httpx.ReadError):
        pay(bank)
    assert bank.pending() == []

    bank.faults.lose_reply()
    with pytest.raises(httpx.ReadError):
        pay(bank)
    assert len(bank.pending()) == 1


def test_a_fault_strikes_as_often_as_told_and_can_be_cleared(bank):
    bank.faults.refuse(status=500, times=2)
    assert (pay(bank).status_code, [fault["times"] for fault in bank.faults.left()]) == (500, [1])

    bank.faults.clear()

    assert (pay(bank).status_code, bank.faults.left()) == (201, [])


def test_what_comes_back_is_not_paid(bank):
    apply_no = pay(bank).json()["applyNo"]
    bank.confirm(apply_no)
    bank.clock.advance(minutes=10)
    bank.step(apply_no, "return-funds")

    verdict = bank.verdict([Claim("P1", 500, Belief.DEAD, marks=frozenset({"P1"}))])

    assert verdict.rows[0].finding is Finding.NOT_PAID
    assert [debit.away_yen for debit in bank.debits()] == [0]


def test_a_limit_and_a_customer_are_as_wished(host):
    bank = host.open(Wish(requests_per_second=1, confirmation_required=False))
    headers = {"x-access-token": bank.access_token()}

    answered = [bank.http.get(f"{API}/accounts", headers=headers).status_code for _ in range(2)]

    assert 429 in answered
    assert not bank.control("GET", "/customers")["customers"][0]["confirmation_required"]
    host.drop(bank)


def test_worlds_with_one_seed_give_the_same_tokens(host):
    first, second, other = host.open(Wish()), host.open(Wish()), host.open(Wish(seed=2))

    assert first.access_token() == second.access_token() != other.access_token()
    for bank in (first, second, other):
        host.drop(bank)
    with pytest.raises(RuntimeError):
        first.clock.now()


def test_books_that_do_not_balance_give_no_verdict(bank, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(bank, "control", lambda *_: {"sum_yen": 1, "differing": []})
        with pytest.raises(BooksDoNotBalance, match="sum to 1 yen"):
            bank.verdict([])


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (httpx.Response(200, text="<html>"), BankUnreachable),
        (httpx.Response(404, json={"message": "no"}), BankUnreachable),
        (httpx.Response(409, json={"error": {"code": "c", "message_en": "m"}}), ControlRefused),
    ],
)
def test_an_answer_of_somebody_else_is_told_from_a_refusal(answer, raised):
    transport = httpx.MockTransport(lambda _: answer)
    with httpx.Client(transport=transport, base_url="http://bank.example") as http, pytest.raises(raised):
        Control(http)("GET", "/health")

"""The idempotency key: the same order twice is one transfer, for 24 hours."""

from dataclasses import replace

import pytest

from mock_gmo.bank.execution import KEY_EXPIRED
from mock_gmo.bank.refusals import DuplicateKeyOtherBody, InsufficientFunds
from mock_gmo.bank.transfers import IdempotencyKey
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NOON,
    OPENING_YEN,
    PAYER,
    TOMORROW,
    balance,
    later,
    make_bank,
    make_line,
    make_order,
)
from tests.unit.bank.fingerprint import fingerprint

KEY = IdempotencyKey(client_id="client", user="mihon", key="K-1")


def test_the_same_key_and_order_get_the_first_reply_again_and_move_money_once() -> None:
    bank = make_bank()
    first = bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)
    before = fingerprint(bank)

    again = bank.request_transfer(COMPANY, make_order(), key=KEY, at=later(NOON, seconds=10))

    assert again == first
    assert fingerprint(bank) == before
    assert balance(bank) == OPENING_YEN - 10_000 - FEE_YEN


def test_the_first_reply_stays_as_it_was_even_when_the_transfer_moved_on_or_died() -> None:
    bank = make_bank(confirmation=True)
    first = bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)
    bank.tick(at=later(NOON, hours=1))

    again = bank.request_transfer(COMPANY, make_order(), key=KEY, at=later(NOON, hours=1))

    assert again == first
    assert again.result_code == "2"


def test_the_first_reply_comes_before_the_checks_of_the_order() -> None:
    bank = make_bank()
    first = bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)

    # The day is over by now: a new request for it would be refused.
    assert bank.request_transfer(COMPANY, make_order(), key=KEY, at=later(NOON, hours=13)) == first


@pytest.mark.parametrize(
    "changes",
    [
        {"designated_date": TOMORROW},
        {"remitter_name": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"},
        {"total_count": 1},
        {"lines": (make_line(amount_yen=10_001),)},
        {"lines": (make_line(edi_info="A1"),)},
        {"lines": (make_line(bank_name="ｱｵｿﾞﾗ"),)},
    ],
)
def test_the_same_key_with_another_order_is_refused_and_changes_nothing(changes: dict[str, object]) -> None:
    bank = make_bank()
    bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)
    before = fingerprint(bank)

    with pytest.raises(DuplicateKeyOtherBody):
        bank.request_transfer(COMPANY, make_order(**changes), key=KEY, at=NOON)

    assert fingerprint(bank) == before


@pytest.mark.parametrize("other", [{"client_id": "other"}, {"user": "other"}, {"key": "K-2"}])
def test_a_key_means_something_only_to_its_client_and_user(other: dict[str, str]) -> None:
    bank = make_bank()
    first = bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)

    second = bank.request_transfer(COMPANY, make_order(), key=replace(KEY, **other), at=NOON)

    assert second.apply_no != first.apply_no


def test_without_a_key_every_request_is_a_new_one() -> None:
    bank = make_bank()

    numbers = {bank.request_transfer(COMPANY, make_order(), key=None, at=NOON).apply_no for _ in range(2)}

    assert len(numbers) == 2


def test_a_refused_request_leaves_its_key_unused() -> None:
    bank = make_bank(opening_yen=0)
    with pytest.raises(InsufficientFunds):
        bank.request_transfer(COMPANY, make_order(), key=KEY, at=NOON)
    bank.outside.deposit(PAYER, amount_yen=50_000, remitter_name="ﾐﾎﾝ", at=NOON)

    other = make_order(make_line(amount_yen=20_000))

    assert bank.request_transfer(COMPANY, other, key=KEY, at=NOON).result_code == "1"


def test_a_key_protects_for_24_hours_and_not_a_second_longer() -> None:
    bank = make_bank()
    order = make_order(designated_date=TOMORROW)
    first = bank.request_transfer(COMPANY, order, key=KEY, at=NOON)

    last = bank.request_transfer(COMPANY, order, key=KEY, at=later(NOON, seconds=86_399))
    new = bank.request_transfer(COMPANY, order, key=KEY, at=later(NOON, seconds=86_400))

    assert last == first
    assert new.apply_no != first.apply_no
    events = bank.tick(at=later(NOON, seconds=86_400))
    assert [event.apply_no for event in events if event.kind == KEY_EXPIRED] == [first.apply_no]

"""Customers, accounts, books: what the bank keeps besides transfers."""

import threading
from dataclasses import replace

import pytest

from mock_gmo.bank.books import Books
from mock_gmo.bank.customers import Customer
from mock_gmo.bank.postings import FEES, OUTSIDE, SETTLEMENT, Leg, LineText, PostingKind
from mock_gmo.bank.refusals import AccountNotUsable, CustomerUnknown
from tests.unit.bank.building import (
    COMPANY,
    FEE_YEN,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENING_YEN,
    PAYER,
    SIDE_ACCOUNT,
    balance,
    later,
    make_account,
    make_bank,
    request,
)
from tests.unit.bank.fingerprint import fingerprint

TEXT = LineText("試")


def test_accounts_come_with_the_main_one_first_then_by_id() -> None:
    bank = make_bank()
    bank.open_account(
        make_account(account_id="100010011111", number="0011111", primary=False), opening_balance_yen=0, at=NOON
    )

    assert [account.account_id for account in bank.accounts_of(COMPANY)] == [PAYER, "100010011111", SIDE_ACCOUNT]


def test_customers_are_listed_and_found() -> None:
    bank = make_bank()

    assert [customer.customer_id for customer in bank.customers()] == [COMPANY, NEIGHBOUR]
    assert bank.get_customer(COMPANY).name == "見本商事株式会社"
    for ask in (bank.get_customer, bank.accounts_of, bank.change_customer):
        with pytest.raises(CustomerUnknown):
            ask("nobody")


def test_ids_and_numbers_are_taken_once() -> None:
    bank = make_bank()
    before = fingerprint(bank)

    with pytest.raises(ValueError, match="exists already"):
        bank.open_customer(Customer(COMPANY, "二"))
    with pytest.raises(ValueError, match="exists already"):
        bank.open_account(make_account(), opening_balance_yen=0, at=NOON)
    with pytest.raises(ValueError, match="exists already"):
        bank.open_account(make_account(account_id="101019999999"), opening_balance_yen=0, at=NOON)
    with pytest.raises(CustomerUnknown):
        bank.open_account(make_account(account_id="1", number="1", customer_id="x"), opening_balance_yen=0, at=NOON)
    with pytest.raises(ValueError, match="opens with"):
        bank.open_account(make_account(account_id="1", number="1"), opening_balance_yen=-1, at=NOON)

    assert fingerprint(bank) == before


def test_a_customer_can_be_changed_and_a_wrong_change_changes_nothing() -> None:
    bank = make_bank()
    changed = bank.change_customer(
        COMPANY, confirmation_required=True, business_id_management=True, transfer_limit_yen={SIDE_ACCOUNT: 7}
    )
    before = fingerprint(bank)

    assert (changed.confirmation_required, changed.business_id_management) == (True, True)
    assert [account.transfer_limit_yen for account in bank.accounts_of(COMPANY)] == [5_000_000, 7]
    with pytest.raises(AccountNotUsable):
        bank.change_customer(COMPANY, confirmation_required=False, transfer_limit_yen={NEIGHBOUR_ACCOUNT: 7})
    with pytest.raises(ValueError, match="transfer_limit_yen"):
        bank.change_customer(COMPANY, confirmation_required=False, transfer_limit_yen={PAYER: 500_000_001})
    assert fingerprint(bank) == before


@pytest.mark.parametrize("changes", [{"type_code": "11"}, {"transfer_limit_yen": -1}])
def test_accounts_that_cannot_be_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is "):
        replace(make_account(), **changes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind"):
        Customer("x", "x", kind="robot")


def test_money_waits_in_settlement_until_the_other_bank_has_it() -> None:
    bank = make_bank()
    request(bank)

    under_way = bank.check_books().balances
    bank.tick(at=later(NOON, minutes=1))
    done = bank.check_books().balances

    assert (under_way[SETTLEMENT], under_way[OUTSIDE], under_way[FEES]) == (10_000, -OPENING_YEN, FEE_YEN)
    assert (done[SETTLEMENT], done[OUTSIDE], done[FEES]) == (0, 10_000 - OPENING_YEN, FEE_YEN)
    assert done[PAYER] == OPENING_YEN - 10_000 - FEE_YEN


def test_the_check_of_the_books_finds_a_balance_that_no_legs_explain() -> None:
    bank = make_bank()
    assert bank.check_books().differing == ()

    bank._state.books._ledgers[PAYER].balance += 1

    check = bank.check_books()
    assert (check.sum_yen, check.differing) == (0, (PAYER,))


@pytest.mark.parametrize(
    "legs",
    [
        (Leg(OUTSIDE, -1), Leg("a", 2, TEXT)),
        (Leg(OUTSIDE, 0), Leg("a", 0, TEXT)),
        (Leg(OUTSIDE, -(10**12)), Leg("a", 10**12, TEXT)),
        (Leg(OUTSIDE, -1), Leg("nobody", 1, TEXT)),
        (Leg(OUTSIDE, -1), Leg("a", 1)),
    ],
    ids=["sum", "zero", "too much", "unknown", "no text"],
)
def test_books_refuse_what_is_no_posting_before_anything_is_written(legs: tuple[Leg, ...]) -> None:
    books = Books()
    books.open_account("a")

    with pytest.raises(AssertionError):
        books.post(PostingKind.DEPOSIT, legs, at=NOON)

    assert list(books.postings()) == []
    assert set(books.check().balances.values()) == {0}


def test_books_tell_their_postings_by_kind() -> None:
    books = Books()
    books.open_account("a")
    books.post(PostingKind.OPENING, (Leg(OUTSIDE, -5), Leg("a", 5, TEXT)), at=NOON)
    number = books.post(PostingKind.DEPOSIT, (Leg(OUTSIDE, -3), Leg("a", 3, TEXT)), at=NOON)

    (posting,) = books.postings(PostingKind.DEPOSIT)

    assert (posting.posting_no, posting.at, posting.legs) == (number, NOON, ((OUTSIDE, -3), ("a", 3)))
    assert len(list(books.postings())) == 2
    with pytest.raises(ValueError, match="open already"):
        books.open_account("a")


def test_threads_that_pay_at_once_pay_only_what_is_there() -> None:
    bank = make_bank(opening_yen=20 * (10_000 + FEE_YEN))
    start = threading.Barrier(4)
    refused = []

    def pay() -> None:
        start.wait()
        for _ in range(10):
            try:
                request(bank)
            except Exception as no:  # noqa: BLE001  (counted and looked at below)
                refused.append(type(no).__name__)

    threads = [threading.Thread(target=pay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == ["InsufficientFunds"] * 20
    assert balance(bank) == 0
    assert len({payment.apply_no for payment in bank.payments()}) == 20
    check = bank.check_books()
    assert (check.sum_yen, check.differing) == (0, ())

"""Incoming transfers: which postings they are, and how their pages follow each other."""

from datetime import date

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.refusals import NextItemKeyUnknown
from mock_gmo.bank.statements import StatementPage, StatementQuery
from tests.unit.bank.building import (
    COMPANY,
    NEIGHBOUR,
    NEIGHBOUR_ACCOUNT,
    NOON,
    PAYER,
    SIDE_ACCOUNT,
    TODAY,
    TOMORROW,
    jst,
    later,
    make_bank,
    make_line,
    request,
    to_neighbour,
    to_side_account,
)

MARCH_30, MARCH_31 = date(2026, 3, 30), date(2026, 3, 31)


def ask(bank: Bank, account_id: str = PAYER, *, customer: str = COMPANY, **asked: object) -> StatementPage:
    return bank.deposit_statement(customer, StatementQuery(account_id, **asked), at=NOON)  # type: ignore[arg-type]


def amounts(page: StatementPage) -> list[int]:
    return [line.amount_yen for line in page.lines]


def deposit(bank: Bank, yen: int, at: object = NOON) -> str:
    return bank.outside.deposit(PAYER, amount_yen=yen, remitter_name="ﾐﾎﾝ ﾀﾛｳ", at=at).item_key  # type: ignore[arg-type]


def test_only_incoming_transfers_are_told() -> None:
    bank = make_bank()
    apply_no = request(bank, make_line()).apply_no
    deposit(bank, 700, later(NOON, seconds=40))
    bank.outside.return_funds(apply_no, at=later(NOON, minutes=2))

    kinds = [line.transaction_type for line in bank.statement(COMPANY, PAYER, date_to=TODAY, at=NOON).lines]
    assert kinds == ["1", "2", "2", "1", "1"]
    assert amounts(ask(bank, date_to=TODAY)) == [700]


def test_a_transfer_inside_this_bank_arrives_with_its_payer() -> None:
    bank = make_bank()
    request(bank, to_neighbour(edi_info="A-1"))
    request(bank, to_side_account())

    (line,) = ask(bank, NEIGHBOUR_ACCOUNT, customer=NEIGHBOUR).lines
    assert (line.applicant_name, line.edi_info, line.payment_bank_name) == ("ﾐﾎﾝｼﾖｳｼﾞ(ｶ", "A-1", "ｼﾞ-ｴﾑｵ-ｱｵｿﾞﾗﾈﾂﾄ")
    assert amounts(ask(bank, SIDE_ACCOUNT)) == [10_000]


@pytest.mark.parametrize(
    ("date_from", "date_to", "expected", "told_from", "told_to"),
    [
        (None, None, [3], TODAY, TODAY),
        (MARCH_31, None, [2, 3], MARCH_31, TODAY),
        (None, MARCH_31, [1, 2], date(2026, 1, 5), MARCH_31),
        (MARCH_30, MARCH_31, [1, 2], MARCH_30, MARCH_31),
        (TOMORROW, TOMORROW, [], TOMORROW, TOMORROW),
    ],
)
def test_the_four_period_cases(
    date_from: date | None, date_to: date | None, expected: list[int], told_from: date, told_to: date
) -> None:
    bank = make_bank()
    for yen, day in enumerate((MARCH_30, MARCH_31, TODAY), start=1):
        deposit(bank, yen, jst(9, day=day))

    page = ask(bank, date_from=date_from, date_to=date_to)

    assert (amounts(page), page.date_from, page.date_to) == (expected, told_from, told_to)


@pytest.mark.parametrize(("count", "pages"), [(0, [0]), (500, [500]), (501, [500, 1]), (1_000, [500, 500])])
def test_pages_hold_500_and_join_whatever_stands_between(count: int, pages: list[int]) -> None:
    bank = make_bank()
    for yen in range(1, count + 1):
        deposit(bank, yen)
        if yen % 100 == 0:
            request(bank, make_line(amount_yen=1))
    found, sizes, key = [], [], None
    for _ in range(3):
        page = ask(bank, after_key=key)
        found += amounts(page)
        sizes.append(len(page.lines))
        key = page.next_item_key
        if key is None:
            break
        assert key == page.lines[-1].item_key

    assert (found, sizes) == (list(range(1, count + 1)), pages)


def test_the_key_of_a_posting_that_is_no_incoming_transfer_is_refused() -> None:
    bank = make_bank()
    key = deposit(bank, 1)
    request(bank, make_line())
    debit = bank.statement(COMPANY, PAYER, at=NOON).lines[1].item_key

    assert ask(bank, after_key=key).lines == ()
    for unknown in (debit, "1", "20260401120000000009"):
        with pytest.raises(NextItemKeyUnknown):
            ask(bank, after_key=unknown)

"""Inquiries about virtual accounts: filters, orders, pages; deposits, their period and their statement."""

from datetime import date
from typing import Any

import pytest

from mock_gmo.bank.deposits import PayingBank
from mock_gmo.bank.refusals import (
    AccountNotUsable,
    BankRefusal,
    NextItemKeyUnknown,
    PeriodTooOld,
    RaIdOrVaIdMissing,
    VaHolderNameUnusable,
    VaNotUsable,
)
from mock_gmo.bank.virtual_account_lists import Days, VaDepositPage, VaDepositQuery, VaQuery
from mock_gmo.bank.virtual_accounts import VaTrigger, VaType
from tests.unit.bank.building import (
    COMPANY,
    NEIGHBOUR_ACCOUNT,
    NOON,
    OPENING_YEN,
    PAYER,
    SIDE_ACCOUNT,
    TODAY,
    TOMORROW,
    balance,
    jst,
    later,
)
from tests.unit.bank.virtual import Bank, change, find, found, issue, make_va_bank, now, pay_in

MARCH_2, MARCH_3, MARCH_20 = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 20)
APRIL_30, MAY_31 = date(2026, 4, 30), date(2026, 5, 31)


def make_street() -> Bank:
    """Five accounts: 1 and 2 of March, 3 to 5 of today; 2 and 4 expire; 3 is of the side account, 4 deleted, 5 stopped.

    Latest deposits: 1 today with 300 yen, 2 on 20 March with 900, 3 today with 100.
    """
    bank = make_va_bank()
    issue(bank, at=jst(9, day=MARCH_2))
    (second,) = issue(bank, va_type=VaType.EXPIRING, at=jst(9, day=MARCH_3), added_name="ﾄﾞｳ")
    pay_in(bank, second, 900, at=jst(9, day=MARCH_20))
    (third,) = issue(bank, account_id=SIDE_ACCOUNT, at=jst(9))
    (fourth,) = issue(bank, va_type=VaType.EXPIRING, at=jst(9))
    (fifth,) = issue(bank, at=jst(9))
    (first,) = find(bank, va_ids=("5021000001",)).accounts
    pay_in(bank, first, 200, at=jst(10))
    pay_in(bank, first, 300, at=jst(10))
    pay_in(bank, third, 100, at=jst(11))
    change(bank, VaTrigger.DELETE, fourth)
    change(bank, VaTrigger.STOP, fifth)
    return bank


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "12345"),
        ({"account_id": PAYER}, "1245"),
        ({"account_id": SIDE_ACCOUNT}, "3"),
        ({"va_ids": ("5021000005", "5021000002", "5021000002")}, "25"),
        ({"va_ids": ("5021000001", "5029999999")}, "1"),
        ({"va_ids": ("5021000001",), "account_id": PAYER}, "1"),
        ({"va_type": VaType.EXPIRING}, "24"),
        ({"va_type": VaType.LASTING}, "135"),
        ({"deposit_code": "1"}, "123"),
        ({"deposit_code": "2"}, "45"),
        ({"status_codes": ("1",)}, "123"),
        ({"status_codes": ("2", "3")}, "45"),
        ({"holder_name": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾄﾞｳ"}, "2"),
        ({"holder_name": "ミホンショウジ（カ）ドウ"}, "2"),
        ({"holder_name": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ"}, "1345"),
        ({"holder_name": "ﾄﾞｳ"}, ""),
        ({"latest_deposit": Days(MARCH_20, None)}, "123"),
        ({"latest_deposit": Days(None, MARCH_20)}, "2"),
        ({"latest_deposit": Days(TODAY, TODAY)}, "13"),
        ({"latest_deposit": Days(TOMORROW, None)}, ""),
        ({"issue": Days(MARCH_3, None)}, "2345"),
        ({"issue": Days(None, MARCH_3)}, "12"),
        ({"issue": Days(MARCH_3, MARCH_3)}, "2"),
        ({"expiry": Days(APRIL_30, None)}, "24"),
        ({"expiry": Days(MAY_31, None)}, "4"),
        ({"expiry": Days(None, APRIL_30)}, "2"),
        ({"expiry": Days(APRIL_30, MAY_31)}, "24"),
        ({"va_type": VaType.LASTING, "deposit_code": "1", "account_id": PAYER}, "1"),
    ],
)
def test_every_filter_that_is_given_must_hold(query: dict[str, Any], expected: str) -> None:
    assert "".join(found(make_street(), **query)) == expected


def test_a_part_of_the_name_is_enough_where_the_rules_say_so() -> None:
    bank = make_va_bank(rules={"va_name_filter_takes_part": True})
    issue(bank, added_name="ﾄﾞｳ")

    assert found(bank, holder_name="ﾄﾞｳ") == ["1"]


@pytest.mark.parametrize(
    ("sort", "query", "expected"),
    [
        (("3", None), {}, "12345"),
        (("3", "1"), {}, "12345"),
        (("3", "2"), {}, "54321"),
        ((None, "2"), {}, "54321"),
        (("1", "1"), {"va_type": VaType.EXPIRING}, "24"),
        (("1", "2"), {"va_type": VaType.EXPIRING}, "42"),
        (("1", "2"), {}, "12345"),
        (("1", "2"), {"va_type": VaType.LASTING}, "135"),
        (("2", "1"), {"deposit_code": "1"}, "213"),
        (("2", "2"), {"deposit_code": "1"}, "312"),
        (("2", "2"), {}, "12345"),
        (("4", None), {"deposit_code": "1"}, "312"),
        (("4", "2"), {"deposit_code": "1"}, "213"),
        (("4", "2"), {"deposit_code": "2"}, "45"),
    ],
)
def test_sorting_has_no_effect_on_what_may_be_absent(
    sort: tuple[str | None, str | None], query: dict[str, Any], expected: str
) -> None:
    item, order = sort

    assert "".join(found(make_street(), sort_item=item, sort_order=order, **query)) == expected


REFUSED_QUERIES: list[tuple[dict[str, Any], type[BankRefusal]]] = [
    ({"account_id": NEIGHBOUR_ACCOUNT}, AccountNotUsable),
    ({"account_id": SIDE_ACCOUNT, "va_ids": ("5021000001",)}, VaNotUsable),
    ({"account_id": PAYER, "va_ids": ("5029999999",)}, VaNotUsable),
    ({"holder_name": "見本"}, VaHolderNameUnusable),
    ({"next_item_key": "VA5029999999"}, NextItemKeyUnknown),
    ({"next_item_key": "5021000001"}, NextItemKeyUnknown),
    ({"next_item_key": "VA5021000005", "deposit_code": "1", "sort_item": "2"}, NextItemKeyUnknown),
]


@pytest.mark.parametrize(("query", "refusal"), REFUSED_QUERIES)
def test_a_list_inquiry_is_refused(query: dict[str, Any], refusal: type[BankRefusal]) -> None:
    with pytest.raises(refusal):
        find(make_street(), **query)


@pytest.mark.parametrize("order", ["1", "2"])
def test_pages_of_the_list_hold_five_hundred_and_miss_nothing(order: str) -> None:
    bank = make_va_bank()
    issue(bank, 1_000)
    issue(bank, 1, at=later(NOON, minutes=1))

    ids: list[str] = []
    key, sizes = None, []
    while key is not None or not sizes:
        page = find(bank, sort_item="3", sort_order=order, next_item_key=key)
        key = page.next_item_key
        sizes.append(len(page.accounts))
        ids += [va.va_id for va in page.accounts]

    assert sizes == [500, 500, 1]
    assert ids == sorted(ids, reverse=order == "2")
    assert len(set(ids)) == 1_001


def test_a_page_follows_its_key_even_when_that_account_fits_the_filter_no_more() -> None:
    bank = make_va_bank()
    accounts = issue(bank, 501)
    key = find(bank, status_codes=("1",)).next_item_key
    change(bank, VaTrigger.STOP, accounts[499])

    assert [va.va_id for va in find(bank, status_codes=("1",), next_item_key=key).accounts] == [accounts[500].va_id]


def deposits(bank: Bank, *, at: Any = NOON, **query: Any) -> VaDepositPage:
    return bank.virtual_accounts.deposits(COMPANY, VaDepositQuery(**query), at=at)


def test_a_deposit_stands_in_the_statement_under_the_same_key() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)

    deposit = pay_in(bank, va, edi_info="ABC1", paying_bank=PayingBank("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ"))

    (line,) = bank.statement(COMPANY, PAYER, at=NOON).lines
    assert deposits(bank, va_id=va.va_id).deposits == deposits(bank, account_id=PAYER).deposits == (deposit,)
    assert deposit.line == line
    assert line.remarks == "振込 ABC1 ミホン　タロウ あじさい支店 1000001"
    assert (line.payment_bank_name, line.payment_branch_name) == ("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ")
    assert balance(bank) == OPENING_YEN + 5_000
    assert bank.check_books().sum_yen == 0


@pytest.mark.parametrize(
    ("named", "bank_and_branch"),
    [
        (None, ("ｼﾞ-ｴﾑｵ-ｱｵｿﾞﾗﾈﾂﾄ", "ﾎｳｼﾞﾝｴｲｷﾞﾖｳﾌﾞ")),
        (PayingBank("ｱｵｿﾞﾗ"), ("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ")),
    ],
)
def test_a_deposit_always_names_the_payers_bank(named: PayingBank | None, bank_and_branch: tuple[str, str]) -> None:
    bank = make_va_bank()
    (va,) = issue(bank)

    line = pay_in(bank, va, paying_bank=named).line

    assert (line.payment_bank_name, line.payment_branch_name) == bank_and_branch


def test_the_latest_deposits_are_counted_by_their_day() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)
    assert now(bank, va).latest_deposit_date is None

    for yen, at in ((1, NOON), (2, later(NOON, hours=1)), (3, jst(9, day=TOMORROW))):
        pay_in(bank, va, yen, at=at)
        told = now(bank, va, at=at)
        assert told.latest_deposit_yen == yen
    assert (told.latest_deposit_date, told.latest_deposit_count) == (TOMORROW, 1)
    pay_in(bank, va, 4, at=jst(10, day=TOMORROW))
    assert now(bank, va).latest_deposit_count == 2


@pytest.mark.parametrize(
    ("days", "amounts", "period"),
    [
        (Days(), [3], (TODAY, TODAY)),
        (Days(MARCH_20, None), [2, 3], (MARCH_20, TODAY)),
        (Days(None, MARCH_20), [1, 2], (date(2026, 1, 5), MARCH_20)),
        (Days(MARCH_2, MARCH_20), [1, 2], (MARCH_2, MARCH_20)),
        (Days(TOMORROW, None), [], (TOMORROW, TODAY)),
        (Days(date(2025, 10, 1), None), [1, 2, 3], (date(2025, 10, 1), TODAY)),
    ],
)
def test_the_four_cases_of_a_period(days: Days, amounts: list[int], period: tuple[date, date]) -> None:
    bank = make_va_bank()
    (va,) = issue(bank, at=jst(8, day=MARCH_2))
    for yen, day in ((1, MARCH_2), (2, MARCH_20), (3, TODAY)):
        pay_in(bank, va, yen, at=jst(9, day=day))

    page = deposits(bank, va_id=va.va_id, days=days)

    assert [deposit.line.amount_yen for deposit in page.deposits] == amounts
    assert (page.date_from, page.date_to) == period
    turned = deposits(bank, va_id=va.va_id, days=days, is_descending=True)
    assert turned.deposits == page.deposits[::-1]


@pytest.mark.parametrize(
    "days", [Days(date(2025, 9, 30), None), Days(None, date(2025, 9, 30)), Days(date(2025, 9, 30), TODAY)]
)
def test_a_day_older_than_six_months_is_refused(days: Days) -> None:
    with pytest.raises(PeriodTooOld):
        deposits(make_va_bank(), account_id=PAYER, days=days)


def test_an_open_beginning_reaches_back_six_months_at_most() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)
    pay_in(bank, va)
    at = jst(12, day=date(2026, 12, 31))

    page = deposits(bank, va_id=va.va_id, days=Days(None, date(2026, 12, 31)), at=at)

    assert (page.date_from, page.deposits) == (date(2026, 6, 30), ())


REFUSED_DEPOSIT_QUERIES: list[tuple[dict[str, Any], type[BankRefusal]]] = [
    ({}, RaIdOrVaIdMissing),
    ({"account_id": NEIGHBOUR_ACCOUNT}, AccountNotUsable),
    ({"va_id": "5029999999"}, VaNotUsable),
    ({"account_id": SIDE_ACCOUNT, "va_id": "5021000001"}, VaNotUsable),
    ({"account_id": PAYER, "next_item_key": "20260401120000000000"}, NextItemKeyUnknown),
    ({"va_id": "5021000001", "next_item_key": "1"}, NextItemKeyUnknown),
]


@pytest.mark.parametrize(("query", "refusal"), REFUSED_DEPOSIT_QUERIES)
def test_a_deposit_inquiry_is_refused(query: dict[str, Any], refusal: type[BankRefusal]) -> None:
    bank = make_va_bank()
    issue(bank)

    with pytest.raises(refusal):
        deposits(bank, **query)


@pytest.mark.parametrize("is_descending", [False, True])
def test_pages_of_deposits_hold_five_hundred_and_miss_nothing(is_descending: bool) -> None:
    bank = make_va_bank()
    first, second = issue(bank, 2)
    for number in range(1, 1_002):
        pay_in(bank, first if number % 2 else second, number, at=later(NOON, seconds=number))
    at = later(NOON, hours=1)

    amounts: list[int] = []
    key, sizes = None, []
    while key is not None or not sizes:
        page = deposits(bank, account_id=PAYER, is_descending=is_descending, next_item_key=key, at=at)
        key = page.next_item_key
        sizes.append(len(page.deposits))
        amounts += [deposit.line.amount_yen for deposit in page.deposits]

    assert sizes == [500, 500, 1]
    assert amounts == sorted(range(1, 1_002), reverse=is_descending)
    assert len(deposits(bank, va_id=second.va_id, at=at).deposits) == 500


def test_a_deleted_account_still_tells_of_its_deposits() -> None:
    bank = make_va_bank()
    (va,) = issue(bank)
    pay_in(bank, va)
    change(bank, VaTrigger.DELETE, va)

    assert len(deposits(bank, va_id=va.va_id).deposits) == 1
    assert bank.virtual_accounts.find(COMPANY, VaQuery(), at=NOON).accounts[0].latest_deposit_yen == 5_000

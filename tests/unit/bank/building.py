"""Builders for the bank's own tests: honest defaults, a small directory, and instants in Japan."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import instant
from mock_gmo.bank.directory import BankEntry, BranchEntry
from mock_gmo.bank.inquiry import StatusItem, StatusQuery
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.transfers import OrderLine, RequestResult, TransferOrder

TODAY = date(2026, 4, 1)  # a Wednesday
TOMORROW = date(2026, 4, 2)
FRIDAY, SATURDAY, MONDAY = date(2026, 4, 3), date(2026, 4, 4), date(2026, 4, 6)
HOLIDAY = date(2026, 4, 29)
NOON = instant(TODAY, time(12, 0))
OPENED = instant(date(2026, 1, 5), time(9, 0))

COMPANY, PAYER, SIDE_ACCOUNT = "mihon", "101010012345", "101020067890"
NEIGHBOUR, NEIGHBOUR_ACCOUNT = "sample", "102010099999"
OPENING_YEN = 1_000_000
FEE_YEN = 143
RECALL_FEE_YEN = 880


class SmallDirectory:
    """Three branches of this bank, one of them for virtual accounts, and one of another."""

    def __init__(self) -> None:
        self._banks = {
            "0310": BankEntry("0310", "ＧＭＯあおぞらネット銀行", "ｼﾞ-ｴﾑｵ-ｱｵｿﾞﾗﾈﾂﾄ"),
            "0398": BankEntry("0398", "あおぞら銀行", "ｱｵｿﾞﾗ"),
        }
        self._branches = {
            (bank, code): BranchEntry(bank, code, name, kana)
            for bank, code, name, kana in (
                ("0310", "101", "法人営業部", "ﾎｳｼﾞﾝｴｲｷﾞﾖｳﾌﾞ"),
                ("0310", "102", "法人第二営業部", "ﾎｳｼﾞﾝﾀﾞｲﾆ"),
                ("0310", "502", "あじさい", "ｱｼﾞｻｲ"),
                ("0398", "111", "本店", "ﾎﾝﾃﾝ"),
            )
        }

    def find_bank(self, bank_code: str) -> BankEntry | None:
        return self._banks.get(bank_code)

    def find_branch(self, bank_code: str, branch_code: str) -> BranchEntry | None:
        return self._branches.get((bank_code, branch_code))


def jst(hour: int, minute: int = 0, second: int = 0, *, day: date = TODAY) -> datetime:
    return instant(day, time(hour, minute, second))


def later(at: datetime, **duration: float) -> datetime:
    return at + timedelta(**duration)


def make_account(**changes: Any) -> Account:
    account = Account(
        account_id=PAYER,
        customer_id=COMPANY,
        branch_code="101",
        branch_name="法人営業部",
        branch_name_kana="ﾎｳｼﾞﾝｴｲｷﾞﾖｳﾌﾞ",
        type_code="01",
        number="0012345",
        primary=True,
        name="見本商事株式会社",
        name_kana="ﾐﾎﾝｼﾖｳｼﾞ(ｶ",
        transfer_limit_yen=5_000_000,
        opened_on=date(2026, 1, 5),
    )
    return replace(account, **changes)


def make_bank(
    *,
    confirmation: bool = False,
    business_id: bool = False,
    opening_yen: int = OPENING_YEN,
    limit_yen: int = 5_000_000,
    rules: Mapping[str, Any] | None = None,
) -> Bank:
    """A company with two accounts and a neighbour at the same bank; no confirmation unless asked for."""
    bank = Bank(
        rules=BankRules(**(rules or {})),
        calendar=BusinessCalendar(lambda day: day == HOLIDAY),
        directory=SmallDirectory(),
    )
    bank.open_customer(
        Customer(COMPANY, "見本商事株式会社", confirmation_required=confirmation, business_id_management=business_id)
    )
    bank.open_customer(Customer(NEIGHBOUR, "サンプル株式会社", confirmation_required=False))
    bank.open_account(make_account(transfer_limit_yen=limit_yen), opening_balance_yen=opening_yen, at=OPENED)
    side = make_account(account_id=SIDE_ACCOUNT, type_code="02", number="0067890", primary=False)
    bank.open_account(side, opening_balance_yen=0, at=OPENED)
    neighbour = make_account(
        account_id=NEIGHBOUR_ACCOUNT,
        customer_id=NEIGHBOUR,
        branch_code="102",
        number="0099999",
        name_kana="ｻﾝﾌﾟﾙ(ｶ",
    )
    bank.open_account(neighbour, opening_balance_yen=0, at=OPENED)
    return bank


def make_line(**changes: Any) -> OrderLine:
    """To another bank, 10,000 yen."""
    line = OrderLine(
        item_id=None,
        amount_yen=10_000,
        edi_info=None,
        bank_code="0398",
        branch_code="111",
        account_type="1",
        account_number="7654321",
        beneficiary_name="ｻﾝﾌﾟﾙ ﾊﾅｺ",
    )
    return replace(line, **changes)


def to_neighbour(**changes: Any) -> OrderLine:
    place = {"bank_code": "0310", "branch_code": "102", "account_number": "0099999", "beneficiary_name": "ｻﾝﾌﾟﾙ(ｶ"}
    return make_line(**(place | changes))


def to_side_account(**changes: Any) -> OrderLine:
    place = {"bank_code": "0310", "branch_code": "101", "account_number": "0067890"}
    return make_line(**(place | changes))


def to_payer(**changes: Any) -> OrderLine:
    place = {"bank_code": "0310", "branch_code": "101", "account_number": "0012345"}
    return make_line(**(place | changes))


def make_order(*lines: OrderLine, **changes: Any) -> TransferOrder:
    """For today, one line to another bank unless lines are given; several lines get numbers and totals."""
    chosen = lines or (make_line(),)
    many = len(chosen) > 1
    if many:
        chosen = tuple(replace(line, item_id=line.item_id or str(n)) for n, line in enumerate(chosen, start=1))
    order = TransferOrder(
        account_id=PAYER,
        remitter_name=None,
        designated_date=TODAY,
        holiday_code=None,
        total_count=len(chosen) if many else None,
        total_amount_yen=sum(line.amount_yen for line in chosen) if many else None,
        apply_comment=None,
        lines=chosen,
    )
    return replace(order, **changes)


def request(bank: Bank, *lines: OrderLine, at: datetime = NOON, **changes: Any) -> RequestResult:
    return bank.request_transfer(COMPANY, make_order(*lines, **changes), key=None, at=at)


def balance(bank: Bank, account_id: str = PAYER, *, at: datetime = NOON) -> int:
    return bank.balance_of(account_id, at=at).balance_yen


def items_of(bank: Bank, apply_no: str, *, at: datetime = NOON) -> tuple[StatusItem, ...]:
    return bank.transfer_status(COMPANY, StatusQuery(PAYER, "1", apply_no), at=at).items


def codes(bank: Bank, apply_no: str, *, at: datetime = NOON) -> list[str | None]:
    """The wire codes of an application's lines; empty when the bank's inquiry does not see it."""
    return [item.line.status.code for item in items_of(bank, apply_no, at=at)]


def result_code(bank: Bank, apply_no: str, *, at: datetime = NOON) -> str:
    return str(bank.request_result(COMPANY, PAYER, apply_no, at=at).result_code)

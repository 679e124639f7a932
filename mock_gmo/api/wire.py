"""JSON to the bank's values and back: digit strings, civil dates, members that do not exist when they have no value.

No banking rule lives here; member names and their order are those of the bank's document.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from mock_gmo.bank.customers import Account, Balance
from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.fixed_point import AMOUNT_PLACES, VISA_PLACES, write_decimal
from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES, YEN, OtherAccount, OtherBalance
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.transfers import BulkMarks, OrderLine, TransferOrder
from mock_gmo.bank.visa import VisaUse
from mock_gmo.bank.yen import parse_yen

Json = dict[str, Any]

# Source: Corporation API, Account: 科目コード, 代表口座コード, 通貨名.
ACCOUNT_TYPE_NAMES: Final = {
    "01": "普通預金（有利息）",
    "02": "普通預金（決済用）",
    "11": "円定期預金",
    "51": "外貨普通預金",
    "81": "証券コネクト口座",
}
PRIMARY_CODES: Final = {True: ("1", "代表口座"), False: ("2", "追加口座")}
CURRENCY_NAMES: Final = {YEN: "日本円", **FOREIGN_CURRENCIES}


def present(members: Iterable[tuple[str, Any]]) -> Json:
    """Return the members that have a value. The bank sends neither null nor an empty string."""
    return {name: value for name, value in members if value is not None and value != ""}


def write_datetime(at: datetime) -> str:
    """Return an instant as the bank writes it: 2026-04-01T10:00:00+09:00."""
    return at.astimezone(JAPAN).isoformat(timespec="seconds")


def write_base(at: datetime) -> Json:
    """Return 基準日 and 基準時刻 of an inquiry."""
    day, time = _day_and_time(at)
    return {"baseDate": day, "baseTime": time}


def read_date(fields: Mapping[str, Any], name: str) -> date | None:
    """Return a date member that the gateway has checked, or None."""
    text = fields.get(name)
    return date.fromisoformat(text) if text is not None else None


def read_transfer_order(fields: Mapping[str, Any]) -> TransferOrder:
    """Return the order in a body that the gateway has checked, every text as sent. Source: TransferRequest."""
    return TransferOrder(
        account_id=fields["accountId"],
        remitter_name=fields.get("remitterName"),
        designated_date=date.fromisoformat(fields["transferDesignatedDate"]),
        holiday_code=fields.get("transferDateHolidayCode"),
        total_count=_number(fields.get("totalCount")),
        total_amount_yen=_number(fields.get("totalAmount")),
        apply_comment=fields.get("applyComment"),
        lines=tuple(read_order_line(line) for line in fields["transfers"]),
    )


def read_order_line(line: Mapping[str, Any], *, marks: BulkMarks | None = None) -> OrderLine:
    """Return one line of an order, every text as sent; `marks` is what only bulk orders have. Source: Transfer."""
    return OrderLine(
        item_id=line.get("itemId"),
        amount_yen=parse_yen(line["transferAmount"]),
        edi_info=line.get("ediInfo"),
        bank_code=line["beneficiaryBankCode"],
        branch_code=line["beneficiaryBranchCode"],
        account_type=line["accountTypeCode"],
        account_number=line["accountNumber"],
        beneficiary_name=line["beneficiaryName"],
        bank_name=line.get("beneficiaryBankName"),
        branch_name=line.get("beneficiaryBranchName"),
        marks=marks,
    )


def write_account(account: Account | OtherAccount) -> Json:
    """Return one element of 口座情報リスト; eight members exist for ordinary accounts only. Source: Account."""
    if isinstance(account, OtherAccount):
        return {**_write_kind(account), **write_currency(account)}
    code, code_name = PRIMARY_CODES[account.primary]
    return {
        "accountId": account.account_id,
        "branchCode": account.branch_code,
        "branchName": account.branch_name,
        "accountTypeCode": account.type_code,
        "accountTypeName": ACCOUNT_TYPE_NAMES[account.type_code],
        "accountNumber": account.number,
        "primaryAccountCode": code,
        "primaryAccountCodeName": code_name,
        "accountName": account.name,
        "accountNameKana": account.name_kana,
        **write_currency(account),
        "transferLimitAmount": str(account.transfer_limit_yen),
    }


def write_balance(balance: Balance | OtherBalance, *, at: datetime) -> Json:
    """Return one element of 残高情報リスト, each kind of account with its own members. Source: Balance."""
    if isinstance(balance, OtherBalance):
        return _write_other_balance(balance, at=at)
    account = balance.account
    return {
        **_write_kind(account),
        "balance": str(balance.balance_yen),
        **write_base(at),
        "withdrawableAmount": str(balance.withdrawable_yen),
        "previousDayBalance": str(balance.previous_day_yen),
        "previousMonthBalance": str(balance.previous_month_yen),
        **write_currency(account),
    }


def write_currency(account: Account | OtherAccount) -> Json:
    """Return 通貨コード and 通貨名 of an account."""
    return {"currencyCode": account.currency, "currencyName": CURRENCY_NAMES[account.currency]}


def write_statement(lines: Sequence[StatementLine], *, with_payer: bool, with_key: bool = True) -> list[Json]:
    """Return 入出金明細情報リスト; `with_payer` adds the four members of incoming transfers. Source: Transaction."""
    return [_write_posting(line, with_payer=with_payer, with_key=with_key) for line in lines]


def write_arrivals(lines: Sequence[StatementLine], *, with_paymant: bool) -> list[Json]:
    """Return 振込入金明細情報; `with_paymant` repeats two members as one SDK spells them. Source: PaymentArrival."""
    return [_write_arrival(line, with_paymant=with_paymant) for line in lines]


def write_visa_uses(uses: Sequence[VisaUse]) -> list[Json]:
    """Return Visaデビット取引明細情報リスト. Source: VisaTransaction."""
    return [_write_visa_use(use) for use in uses]


@lru_cache(maxsize=16)
def _day_and_time(at: datetime) -> tuple[str, str]:
    """Every element of a reply speaks of the same instant."""
    day, _, time = write_datetime(at).partition("T")
    return day, time


def _write_kind(account: Account | OtherAccount) -> Json:
    return {
        "accountId": account.account_id,
        "accountTypeCode": account.type_code,
        "accountTypeName": ACCOUNT_TYPE_NAMES[account.type_code],
    }


def _write_other_balance(balance: OtherBalance, *, at: datetime) -> Json:
    account, foreign = balance.account, balance.account.foreign
    if foreign is None or balance.rate_as_of is None:
        held = {"balance": str(account.balance_yen)}
        return {**_write_kind(account), **held, **write_base(at), **write_currency(account)}
    rate_base = write_base(balance.rate_as_of)
    return {
        **_write_kind(account),
        **write_base(at),
        **write_currency(account),
        "fcyTotalBalance": write_decimal(foreign.amount_thousandths, places=AMOUNT_PLACES),
        "ttb": write_decimal(foreign.ttb_thousandths, places=AMOUNT_PLACES),
        "baseRateDate": rate_base["baseDate"],
        "baseRateTime": rate_base["baseTime"],
        "yenEquivalent": str(foreign.yen_equivalent),
    }


def _write_arrival(line: StatementLine, *, with_paymant: bool) -> Json:
    bank, branch = line.payment_bank_name, line.payment_branch_name
    misspelt = (("paymantBankName", bank), ("paymantBranchName", branch)) if with_paymant else ()
    return present(
        (
            ("transactionDate", line.transaction_date.isoformat()),
            ("valueDate", line.value_date.isoformat()),
            ("transactionType", line.transaction_type),
            ("remarks", line.remarks),
            ("amount", str(line.amount_yen)),
            ("applicantName", line.applicant_name),
            ("paymentBankName", bank),
            ("paymentBranchName", branch),
            *misspelt,
            ("ediInfo", line.edi_info),
            ("itemKey", line.item_key),
        )
    )


def _write_visa_use(use: VisaUse) -> Json:
    written: Json = {"useDate": use.use_date.isoformat(), "useContent": use.use_content, "amount": str(use.amount_yen)}
    if use.abroad is not None:
        written["localCurrencyAmount"] = write_decimal(use.abroad.amount_millionths, places=VISA_PLACES)
        written["conversionRate"] = write_decimal(use.abroad.rate_millionths, places=VISA_PLACES)
    written |= {"approvalNumber": use.approval_number, "visaStatus": use.status}
    if use.abroad is not None:
        written["currencyCode"] = use.abroad.currency
        if use.abroad.atm_fee_millionths is not None:
            written["atmCommission"] = write_decimal(use.abroad.atm_fee_millionths, places=VISA_PLACES)
    return written


def _write_posting(line: StatementLine, *, with_payer: bool, with_key: bool) -> Json:
    written: Json = {
        "transactionDate": line.transaction_date.isoformat(),
        "valueDate": line.value_date.isoformat(),
        "transactionType": line.transaction_type,
        "amount": str(line.amount_yen),
    }
    if line.remarks:
        written["remarks"] = line.remarks
    written["balance"] = str(line.balance_yen)
    if with_key:
        written["itemKey"] = line.item_key
    if with_payer:
        written |= present(
            (
                ("applicantName", line.applicant_name),
                ("paymentBankName", line.payment_bank_name),
                ("paymentBranchName", line.payment_branch_name),
                ("ediInfo", line.edi_info),
            )
        )
    return written


def _number(digits: str | None) -> int | None:
    return parse_yen(digits) if digits is not None else None

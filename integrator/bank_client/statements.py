"""Accounts, balances and statements on the wire. No call is made here. Source: Corporation API, 1 to 3.

Every value can write itself as the JSON that the integrator's own inquiries answer with.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from integrator.bank_client.reading import (
    ACCOUNT_ID,
    CODE,
    DECIMAL,
    ITEM_KEY,
    JSONObject,
    Unreadable,
    find_flag,
    find_objects,
    find_text,
    find_yen,
    need_as_of,
    need_date,
    need_text,
    need_yen,
)

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account of the holder. What is None exists only for the ordinary deposit types 01 and 02."""

    account_id: str = field(repr=False)
    account_type_code: str
    account_type_name: str
    currency_code: str
    branch_code: str | None
    branch_name: str | None
    account_number: str | None = field(repr=False)
    is_primary: bool | None
    account_name: str | None = field(repr=False)
    account_name_kana: str | None = field(repr=False)
    transfer_limit_yen: int | None


@dataclass(frozen=True, slots=True)
class AccountList:
    accounts: tuple[AccountView, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What one account holds at `as_of`. Yen members are None for accounts that have none; foreign ones likewise."""

    account_id: str = field(repr=False)
    account_type_code: str
    account_type_name: str
    currency_code: str
    as_of: datetime
    balance_yen: int | None
    withdrawable_yen: int | None
    previous_day_balance_yen: int | None
    previous_month_balance_yen: int | None
    foreign_balance: Decimal | None
    yen_equivalent: int | None


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """One page of the postings between two civil dates in Japan, both included."""

    account_id: str = field(repr=False)
    date_from: date
    date_to: date
    next_item_key: str | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting. `amount_yen` as the bank writes it; the direction is `is_credit`."""

    transaction_date: date
    value_date: date
    is_credit: bool
    amount_yen: int
    balance_yen: int
    item_key: str | None
    remarks: str | None = field(repr=False)
    applicant_name: str | None = field(repr=False)
    payment_bank_name: str | None
    payment_branch_name: str | None
    edi_info: str | None


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Postings, oldest first; `next_item_key` None means that this was the last page."""

    account_id: str = field(repr=False)
    date_from: date
    date_to: date
    as_of: datetime
    lines: tuple[StatementLine, ...]
    next_item_key: str | None


def query_balances(account_id: str | None) -> Query:
    """Return the query of accounts/balances: one account, or all of the holder's."""
    return () if account_id is None else (("accountId", account_id),)


def query_statement(query: StatementQuery) -> Query:
    """Return the query of accounts/transactions, always with both dates: a sandbox of the bank demanded them."""
    pairs = (
        ("accountId", query.account_id),
        ("dateFrom", query.date_from.isoformat()),
        ("dateTo", query.date_to.isoformat()),
    )
    return pairs if query.next_item_key is None else (*pairs, ("nextItemKey", query.next_item_key))


def read_accounts(reply: JSONObject) -> AccountList:
    """Read the 200 of accounts. Raises Unreadable."""
    return AccountList(tuple(_account(item) for item in find_objects(reply, "accounts")), need_as_of(reply))


def read_balances(reply: JSONObject) -> tuple[BalanceView, ...]:
    """Read the 200 of accounts/balances. Raises Unreadable."""
    return tuple(_balance(item) for item in find_objects(reply, "balances"))


def read_statement(reply: JSONObject) -> StatementPage:
    """Read one page of the 200 of accounts/transactions. Raises Unreadable."""
    has_next = find_flag(reply, "hasNext")
    if has_next is None:
        raise Unreadable("hasNext is missing")
    return StatementPage(
        account_id=need_text(reply, "accountId", ACCOUNT_ID),
        date_from=need_date(reply, "dateFrom"),
        date_to=need_date(reply, "dateTo"),
        as_of=need_as_of(reply),
        lines=tuple(_posting(item) for item in find_objects(reply, "transactions")),
        next_item_key=need_text(reply, "nextItemKey", ITEM_KEY) if has_next else None,
    )


def _account(item: JSONObject) -> AccountView:
    primary = find_text(item, "primaryAccountCode", CODE)
    return AccountView(
        account_id=need_text(item, "accountId", ACCOUNT_ID),
        account_type_code=need_text(item, "accountTypeCode", CODE),
        account_type_name=need_text(item, "accountTypeName"),
        currency_code=need_text(item, "currencyCode"),
        branch_code=find_text(item, "branchCode", CODE),
        branch_name=find_text(item, "branchName"),
        account_number=find_text(item, "accountNumber"),
        is_primary=None if primary is None else primary == "1",
        account_name=find_text(item, "accountName"),
        account_name_kana=find_text(item, "accountNameKana"),
        transfer_limit_yen=find_yen(item, "transferLimitAmount"),
    )


def _balance(item: JSONObject) -> BalanceView:
    foreign = find_text(item, "fcyTotalBalance", DECIMAL)
    return BalanceView(
        account_id=need_text(item, "accountId", ACCOUNT_ID),
        account_type_code=need_text(item, "accountTypeCode", CODE),
        account_type_name=need_text(item, "accountTypeName"),
        currency_code=need_text(item, "currencyCode"),
        as_of=need_as_of(item),
        balance_yen=find_yen(item, "balance"),
        withdrawable_yen=find_yen(item, "withdrawableAmount"),
        previous_day_balance_yen=find_yen(item, "previousDayBalance"),
        previous_month_balance_yen=find_yen(item, "previousMonthBalance"),
        foreign_balance=None if foreign is None else Decimal(foreign),
        yen_equivalent=find_yen(item, "yenEquivalent"),
    )


def _posting(item: JSONObject) -> StatementLine:
    direction = need_text(item, "transactionType", CODE)
    if direction not in {"1", "2"}:
        raise Unreadable("transactionType is none of the documented ones")
    return StatementLine(
        transaction_date=need_date(item, "transactionDate"),
        value_date=need_date(item, "valueDate"),
        is_credit=direction == "1",
        amount_yen=need_yen(item, "amount"),
        balance_yen=need_yen(item, "balance"),
        item_key=find_text(item, "itemKey", ITEM_KEY),
        remarks=find_text(item, "remarks"),
        applicant_name=find_text(item, "applicantName"),
        payment_bank_name=find_text(item, "paymentBankName"),
        payment_branch_name=find_text(item, "paymentBranchName"),
        edi_info=find_text(item, "ediInfo"),
    )

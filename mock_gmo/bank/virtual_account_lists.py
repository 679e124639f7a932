"""Inquiries about virtual accounts: the list with its filters and orders, and the deposits. Nothing changes here.

Source: Corporation API, 16 and 17.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from mock_gmo.bank.customers import Account
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.postings import PAGE_SIZE
from mock_gmo.bank.refusals import NextItemKeyUnknown, VaNotUsable
from mock_gmo.bank.state import BankState
from mock_gmo.bank.virtual_account_names import convert_holder_text
from mock_gmo.bank.virtual_accounts import VaContractId, VaDeposit, VaType, VirtualAccount

WITH_DEPOSITS, WITHOUT_DEPOSITS = "1", "2"
DESCENDING = "2"
BY_EXPIRY, BY_LATEST_DEPOSIT, BY_ISSUE, BY_LATEST_AMOUNT = "1", "2", "3", "4"
KEY_PREFIX = "VA"


@dataclass(frozen=True, slots=True)
class Days:
    """A filter by day: both ends belong to it, and an end that is not given is open."""

    first: date | None = None
    last: date | None = None

    def hold(self, day: date | None) -> bool:
        """Say whether the day lies between the ends; what has no day lies in no filter that has an end."""
        if self.first is None and self.last is None:
            return True
        return day is not None and (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class VaQuery:
    """A list inquiry. Every filter that is given must hold; within `status_codes` and `va_ids` one suffices."""

    account_id: str | None = None
    va_ids: tuple[str, ...] = ()
    va_type: VaType | None = None
    deposit_code: str | None = None
    holder_name: str | None = None
    status_codes: tuple[str, ...] = ()
    latest_deposit: Days = Days()
    issue: Days = Days()
    expiry: Days = Days()
    sort_item: str | None = None
    sort_order: str | None = None
    next_item_key: str | None = None


@dataclass(frozen=True, slots=True)
class VaDepositQuery:
    """A deposit inquiry: of a real account, of a virtual one, or of a virtual one that must be of that real one."""

    account_id: str | None = None
    va_id: str | None = None
    days: Days = Days()
    is_descending: bool = False
    next_item_key: str | None = None


@dataclass(frozen=True, slots=True)
class VaPage:
    """A page of the list and the key when more follow."""

    accounts: tuple[VirtualAccount, ...]
    next_item_key: str | None


@dataclass(frozen=True, slots=True)
class VaDepositPage:
    """A page of deposits, the real account that they are in, and the days asked for or standing in for them."""

    account: Account
    date_from: date
    date_to: date
    deposits: tuple[VaDeposit, ...]
    next_item_key: str | None


Place = tuple[Any, str]


@dataclass(frozen=True, slots=True)
class Sort:
    """One order of the list; it has no effect unless the query makes sure that every item found has the value."""

    value: Callable[[VirtualAccount], Any]
    has_effect: Callable[[VaQuery], bool]


def _latest_yen(va: VirtualAccount) -> int | None:
    return va.latest_deposit_yen if va.latest_deposit_date is not None else None


SORTS: dict[str, Sort] = {
    BY_EXPIRY: Sort(attrgetter("expires_at"), lambda query: query.va_type is VaType.EXPIRING),
    BY_LATEST_DEPOSIT: Sort(attrgetter("latest_deposit_date"), lambda query: query.deposit_code == WITH_DEPOSITS),
    BY_ISSUE: Sort(attrgetter("issued_at"), lambda _: True),
    BY_LATEST_AMOUNT: Sort(_latest_yen, lambda query: query.deposit_code == WITH_DEPOSITS),
}


def find_virtual_accounts(state: BankState, contract: VaContractId, query: VaQuery, *, at: datetime) -> VaPage:
    """Return the virtual accounts of a contract that a list inquiry asks for, 500 at most.

    Raises VaNotUsable when an id that was named is not of the account that was named, VaHolderNameUnusable,
    NextItemKeyUnknown. The account has been looked at before.
    """
    _require_same_account(state, contract, query)
    if query.holder_name is not None:
        wanted = convert_holder_text(query.holder_name, hiragana=state.rules.hiragana_converted).strip(" ")
        query = replace(query, holder_name=wanted)
    today, takes_part = civil_date(at), state.rules.va_name_filter_takes_part
    found = [
        va
        for va in _candidates(state, contract, query)
        if _holds(query, va, today=today) and _has_name(query.holder_name, va, takes_part=takes_part)
    ]
    sort, is_descending = _order(query)

    def place(va: VirtualAccount) -> Place:
        return sort.value(va), va.va_id

    found.sort(key=place, reverse=is_descending)
    if query.next_item_key is not None:
        after = place(_item_of_key(state, contract, query.next_item_key, sort))
        found = [va for va in found if (place(va) < after if is_descending else place(va) > after)]
    page = tuple(found[:PAGE_SIZE])
    return VaPage(page, KEY_PREFIX + page[-1].va_id if len(found) > len(page) else None)


def deposits_page(
    deposits: Sequence[VaDeposit], query: VaDepositQuery, *, date_from: date, date_to: date
) -> tuple[tuple[VaDeposit, ...], str | None]:
    """Return up to 500 deposits of those days after the query's key, and the key when more follow.

    `deposits` stand oldest first; both days belong to the period. Raises NextItemKeyUnknown.
    """
    after_key, is_descending = query.next_item_key, query.is_descending
    start = bisect_left(deposits, date_from, key=_day)
    end = bisect_right(deposits, date_to, key=_day)
    if after_key is not None:
        index = bisect_left(deposits, after_key, key=_key)
        if index == len(deposits) or _key(deposits[index]) != after_key:
            raise NextItemKeyUnknown
        start, end = (start, min(end, index)) if is_descending else (max(start, index + 1), end)
    chosen = deposits[max(start, end - PAGE_SIZE) : end] if is_descending else deposits[start:end][:PAGE_SIZE]
    page = tuple(reversed(chosen)) if is_descending else tuple(chosen)
    return page, _key(page[-1]) if page and end - start > len(page) else None


def _require_same_account(state: BankState, contract: VaContractId, query: VaQuery) -> None:
    if query.account_id is None:
        return
    for va_id in query.va_ids:
        va = state.virtual.accounts.get(va_id)
        if va is None or va.contract != contract or va.account_id != query.account_id:
            raise VaNotUsable


def _candidates(state: BankState, contract: VaContractId, query: VaQuery) -> Iterator[VirtualAccount]:
    known = state.virtual.contracts.get(contract)
    for va_id in dict.fromkeys(query.va_ids) or (known.va_ids if known is not None else ()):
        va = state.virtual.accounts.get(va_id)
        if va is not None and va.contract == contract:
            yield va


def _holds(query: VaQuery, va: VirtualAccount, *, today: date) -> bool:
    has_deposits = WITH_DEPOSITS if va.latest_deposit_date is not None else WITHOUT_DEPOSITS
    return (
        query.account_id in (None, va.account_id)
        and query.va_type in (None, va.va_type)
        and query.deposit_code in (None, has_deposits)
        and (not query.status_codes or va.status.code in query.status_codes)
        and _to_today(query.latest_deposit, today).hold(va.latest_deposit_date)
        and _to_today(query.issue, today).hold(civil_date(va.issued_at))
        and query.expiry.hold(civil_date(va.expires_at) if va.expires_at is not None else None)
    )


def _to_today(days: Days, today: date) -> Days:
    return Days(days.first, today) if days.first is not None and days.last is None else days


def _has_name(wanted: str | None, va: VirtualAccount, *, takes_part: bool) -> bool:
    if wanted is None or (takes_part and wanted in va.holder_name):
        return True
    return wanted == va.holder_name.strip(" ")


def _order(query: VaQuery) -> tuple[Sort, bool]:
    sort = SORTS[query.sort_item or BY_ISSUE]
    if not sort.has_effect(query):
        return SORTS[BY_ISSUE], False
    return sort, query.sort_order == DESCENDING


def _item_of_key(state: BankState, contract: VaContractId, key: str, sort: Sort) -> VirtualAccount:
    va = state.virtual.accounts.get(key.removeprefix(KEY_PREFIX)) if key.startswith(KEY_PREFIX) else None
    if va is None or va.contract != contract or sort.value(va) is None:
        raise NextItemKeyUnknown
    return va


def _day(deposit: VaDeposit) -> date:
    return deposit.line.transaction_date


def _key(deposit: VaDeposit) -> str:
    return deposit.line.item_key

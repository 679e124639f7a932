"""Inquiries into applications and periods: pure reading, nothing here changes anything.

That of bulk transfers is in bulk_inquiry.py and shares the search. Source: Corporation API, 振込状況照会 and
"The four period cases".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard

from mock_gmo.bank.refusals import NextItemKeyUnknown, TransferClassNeedsBusinessId
from mock_gmo.bank.state import AccountApplications, BankState
from mock_gmo.bank.states import APPLICATIONS_ONLY
from mock_gmo.bank.transfers import Application, Line, TransferKind

PAGE_SIZE = 500
BY_APPLY_NO, BY_SEARCH = "1", "2"
CLASS_ALL, CLASS_APPLICATIONS, CLASS_ACCEPTED = "1", "2", "3"
TERM_APPLY_DATE, TERM_DESIGNATED_DATE = "1", "2"

APPLY_NO_LENGTH = 16
_LINE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """A status inquiry as sent: `query_key_class` 1 asks for one application, 2 searches; None is "not sent"."""

    account_id: str
    query_key_class: str
    apply_no: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    next_item_key: str | None = None
    statuses: tuple[str, ...] = ()
    transfer_class: str | None = None
    transfer_term: str | None = None


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One line that was found, with its application."""

    application: Application
    line: Line


@dataclass(frozen=True, slots=True)
class StatusPage:
    """What a status inquiry found; the dates are those searched, None when one application was asked for."""

    items: tuple[StatusItem, ...]
    next_item_key: str | None = None
    date_from: date | None = None
    date_to: date | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included; `date_from` None means from the very beginning."""

    date_from: date | None
    date_to: date


def resolve_period(date_from: date | None, date_to: date | None, *, today: date) -> Period:
    """Return the period of the four cases: none given is today only, one given runs to today or from the beginning."""
    if date_from is None and date_to is None:
        return Period(today, today)
    return Period(date_from, date_to or today)


def find_status(state: BankState, query: StatusQuery, *, with_business_id: bool, today: date) -> StatusPage:
    """Return the visible lines that a status inquiry asks for, 500 at most.

    Raises TransferClassNeedsBusinessId and NextItemKeyUnknown. An unknown number finds nothing; it is no error.
    """
    if query.query_key_class == BY_APPLY_NO:
        application = state.applications.get(query.apply_no or "")
        if not is_of(application, query.account_id, TransferKind.SINGLE):
            return StatusPage(())
        return StatusPage(tuple(_visible(application)))
    if query.transfer_class is not None and not with_business_id:
        raise TransferClassNeedsBusinessId
    period = resolve_period(query.date_from, query.date_to, today=today)
    after = _position(state, query)
    found: list[StatusItem] = []
    for item in _search(state, query, period, after):
        if len(found) == PAGE_SIZE:
            return StatusPage(tuple(found), _key(found[-1]), period.date_from, period.date_to)
        found.append(item)
    return StatusPage(tuple(found), None, period.date_from, period.date_to)


def applications_in(
    state: BankState, query: StatusQuery, period: Period, *, start: Application | None, kind: TransferKind
) -> Iterator[Application]:
    """Yield the account's applications of a kind in that period, by the day that the query means, then by number.

    Begins with `start`, which is part of the answer, when a page before has ended there.
    """
    applications_of = state.applications_of[query.account_id]
    if query.transfer_term == TERM_DESIGNATED_DATE:
        numbers = _numbers_by_designated_date(applications_of, period, start)
    else:
        numbers = _numbers_by_apply_date(applications_of, period, start)
    for apply_no in numbers:
        application = state.applications[apply_no]
        if application.kind is kind:
            yield application


def is_of_class(line: Line, transfer_class: str) -> bool:
    """Say whether a line is what 振込照会対象取得区分 asks for: anything, applications only, accepted ones only."""
    if transfer_class == CLASS_APPLICATIONS:
        return line.status in APPLICATIONS_ONLY
    return transfer_class != CLASS_ACCEPTED or line.accept_no is not None


def is_of(application: Application | None, account_id: str, kind: TransferKind) -> TypeGuard[Application]:
    """Say whether there is an application, debiting that account, of that kind."""
    return application is not None and application.account_id == account_id and application.kind is kind


def _search(state: BankState, query: StatusQuery, period: Period, after: StatusItem | None) -> Iterator[StatusItem]:
    wanted_codes = frozenset(query.statuses)
    start = after.application if after is not None else None
    for application in applications_in(state, query, period, start=start, kind=TransferKind.SINGLE):
        for item in _visible(application):
            if after is not None and _place(item) <= _place(after) and application is after.application:
                continue
            if wanted_codes and item.line.status.code not in wanted_codes:
                continue
            if is_of_class(item.line, query.transfer_class or CLASS_ALL):
                yield item


def _numbers_by_apply_date(
    applications_of: AccountApplications, period: Period, start: Application | None
) -> Iterator[str]:
    # An apply number begins with its day, so its order is that of application date, then number.
    first = f"{period.date_from:%Y%m%d}" if period.date_from else ""
    if start is not None:
        first = max(first, start.apply_no)
    last = f"{period.date_to:%Y%m%d}"
    for apply_no in applications_of.from_number(first):
        if apply_no[: len(last)] > last:
            return
        yield apply_no


def _numbers_by_designated_date(
    applications_of: AccountApplications, period: Period, start: Application | None
) -> Iterator[str]:
    first = (period.date_from or date.min, "")
    if start is not None:
        first = max(first, (start.designated_date, start.apply_no))
    for day, apply_no in applications_of.from_day(*first):
        if day > period.date_to:
            return
        yield apply_no


def _visible(application: Application) -> Iterator[StatusItem]:
    for line in application.lines:
        if line.status.is_visible:
            yield StatusItem(application, line)


def _place(item: StatusItem) -> int:
    return int(item.line.item_id)


def _key(item: StatusItem) -> str:
    """Return the key of the next page: the apply number and line of the last item of this one."""
    return f"{item.application.apply_no}{_place(item):0{_LINE_DIGITS}d}"


def _position(state: BankState, query: StatusQuery) -> StatusItem | None:
    """Return the item after which the page begins. Raises NextItemKeyUnknown for a key of no line of this account."""
    key = query.next_item_key
    if key is None:
        return None
    application = state.applications.get(key[:APPLY_NO_LENGTH])
    if not is_of(application, query.account_id, TransferKind.SINGLE):
        raise NextItemKeyUnknown
    for line in application.lines:
        item = StatusItem(application, line)
        if _key(item) == key:
            return item
    raise NextItemKeyUnknown

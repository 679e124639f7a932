"""Inquiries into applications and periods: pure reading, nothing here changes anything.

Source: Corporation API, 振込状況照会 and "The four period cases".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mock_gmo.bank.refusals import NextItemKeyUnknown, TransferClassNeedsBusinessId
from mock_gmo.bank.state import AccountApplications, BankState
from mock_gmo.bank.states import APPLICATIONS_ONLY
from mock_gmo.bank.transfers import Application, Line

PAGE_SIZE = 500
BY_APPLY_NO, BY_SEARCH = "1", "2"
CLASS_ALL, CLASS_APPLICATIONS, CLASS_ACCEPTED = "1", "2", "3"
TERM_APPLY_DATE, TERM_DESIGNATED_DATE = "1", "2"

_APPLY_NO_LENGTH = 16
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
        if application is None or application.account_id != query.account_id:
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


def _search(state: BankState, query: StatusQuery, period: Period, after: StatusItem | None) -> Iterator[StatusItem]:
    applications_of = state.applications_of[query.account_id]
    if query.transfer_term == TERM_DESIGNATED_DATE:
        numbers = _numbers_by_designated_date(applications_of, period, after)
    else:
        numbers = _numbers_by_apply_date(applications_of, period, after)
    wanted_codes = frozenset(query.statuses)
    for apply_no in numbers:
        for item in _visible(state.applications[apply_no]):
            if after is not None and _place(item) <= _place(after) and apply_no == after.application.apply_no:
                continue
            if wanted_codes and item.line.status.code not in wanted_codes:
                continue
            if _is_of_class(item.line, query.transfer_class or CLASS_ALL):
                yield item


def _numbers_by_apply_date(
    applications_of: AccountApplications, period: Period, after: StatusItem | None
) -> Iterator[str]:
    # An apply number begins with its day, so its order is that of application date, then number.
    first = f"{period.date_from:%Y%m%d}" if period.date_from else ""
    if after is not None:
        first = max(first, after.application.apply_no)
    last = f"{period.date_to:%Y%m%d}"
    for apply_no in applications_of.from_number(first):
        if apply_no[: len(last)] > last:
            return
        yield apply_no


def _numbers_by_designated_date(
    applications_of: AccountApplications, period: Period, after: StatusItem | None
) -> Iterator[str]:
    first = (period.date_from or date.min, "")
    if after is not None:
        first = max(first, (after.application.designated_date, after.application.apply_no))
    for day, apply_no in applications_of.from_day(first[0]):
        if day > period.date_to:
            return
        if (day, apply_no) >= first:
            yield apply_no


def _visible(application: Application) -> Iterator[StatusItem]:
    for line in application.lines:
        if line.status.is_visible:
            yield StatusItem(application, line)


def _is_of_class(line: Line, transfer_class: str) -> bool:
    if transfer_class == CLASS_APPLICATIONS:
        return line.status in APPLICATIONS_ONLY
    return transfer_class != CLASS_ACCEPTED or line.accept_no is not None


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
    application = state.applications.get(key[:_APPLY_NO_LENGTH])
    if application is None or application.account_id != query.account_id:
        raise NextItemKeyUnknown
    for line in application.lines:
        item = StatusItem(application, line)
        if _key(item) == key:
            return item
    raise NextItemKeyUnknown

"""Inquiries into bulk transfers: which applications are found, and which of their lines. Pure reading.

Source: Corporation API, 総合振込状況照会; lifecycle, "Bulk detail delay".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mock_gmo.bank.bulk_states import BulkStatus, bulk_status
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.inquiry import (
    BY_APPLY_NO,
    CLASS_ALL,
    PAGE_SIZE,
    Period,
    StatusQuery,
    applications_in,
    is_of,
    is_of_class,
    resolve_period,
)
from mock_gmo.bank.refusals import DetailsNeedApplyNo, NextItemKeyUnknown, TransferClassNeedsBusinessId
from mock_gmo.bank.state import BankState
from mock_gmo.bank.transfers import Application, Line, TransferKind

FIRST_LINE = 1


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A bulk status inquiry as sent; `first_line` counts from 1 and speaks of lines in the order of their numbers."""

    search: StatusQuery
    with_lines: bool = False
    first_line: int = FIRST_LINE


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One application that was found, with its state and, when asked for and available, a page of its lines."""

    application: Application
    status: BulkStatus
    lines: tuple[Line, ...] | None = None


@dataclass(frozen=True, slots=True)
class BulkPage:
    """What a bulk status inquiry found; the dates are those searched, None when one application was asked for."""

    items: tuple[BulkItem, ...]
    next_item_key: str | None = None
    date_from: date | None = None
    date_to: date | None = None

    @property
    def has_lines(self) -> bool:
        """Whether lines were asked for and available."""
        return any(item.lines is not None for item in self.items)

    @property
    def count(self) -> int:
        """How many lines were found, or how many applications when no lines are told."""
        if not self.has_lines:
            return len(self.items)
        return sum(len(item.lines or ()) for item in self.items)


def find_bulk_status(state: BankState, query: BulkQuery, *, with_business_id: bool, at: datetime) -> BulkPage:
    """Return the visible bulk applications that an inquiry asks for, 500 at most, or one with 500 of its lines.

    Raises DetailsNeedApplyNo, TransferClassNeedsBusinessId and NextItemKeyUnknown. An unknown number finds nothing.
    """
    search = query.search
    if search.query_key_class == BY_APPLY_NO:
        return BulkPage(tuple(_by_apply_no(state, query, at=at)))
    if query.with_lines:
        raise DetailsNeedApplyNo
    if search.transfer_class is not None and not with_business_id:
        raise TransferClassNeedsBusinessId
    period = resolve_period(search.date_from, search.date_to, today=civil_date(at))
    after = _last_of_page_before(state, search)
    found: list[BulkItem] = []
    for item in _search(state, search, period, after):
        if len(found) == PAGE_SIZE:
            return BulkPage(tuple(found), found[-1].application.apply_no, period.date_from, period.date_to)
        found.append(item)
    return BulkPage(tuple(found), None, period.date_from, period.date_to)


def lines_available_at(state: BankState, application: Application) -> datetime | None:
    """Return from when the lines can be inquired: some time after the request was complete; None before it is."""
    if application.completed_at is None:
        return None
    return application.completed_at + timedelta(seconds=state.rules.bulk_detail_seconds)


def _by_apply_no(state: BankState, query: BulkQuery, *, at: datetime) -> Iterator[BulkItem]:
    application = state.applications.get(query.search.apply_no or "")
    if not is_of(application, query.search.account_id, TransferKind.BULK):
        return
    status = bulk_status(application)
    if status is None:
        return
    available_at = lines_available_at(state, application)
    if not query.with_lines or available_at is None or at < available_at:
        yield BulkItem(application, status)
        return
    start = query.first_line - FIRST_LINE
    yield BulkItem(application, status, application.lines[start : start + PAGE_SIZE])


def _search(state: BankState, search: StatusQuery, period: Period, after: Application | None) -> Iterator[BulkItem]:
    wanted_codes = frozenset(search.statuses)
    for application in applications_in(state, search, period, start=after, kind=TransferKind.BULK):
        status = bulk_status(application)
        if status is None or application is after:
            continue
        if wanted_codes and status.code not in wanted_codes:
            continue
        if is_of_class(application.lines[0], search.transfer_class or CLASS_ALL):
            yield BulkItem(application, status)


def _last_of_page_before(state: BankState, search: StatusQuery) -> Application | None:
    """Return the application after which the page begins. Raises NextItemKeyUnknown for one of no use here."""
    if search.next_item_key is None:
        return None
    application = state.applications.get(search.next_item_key)
    if not is_of(application, search.account_id, TransferKind.BULK):
        raise NextItemKeyUnknown
    return application

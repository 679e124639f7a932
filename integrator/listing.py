"""Reading the bank's list of transfers: all pages, or as many as are worth it, and which lines of it are ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from integrator.bank_client.wire import Refused, StatusLine, StatusPage, Unavailable
from integrator.connections import Access
from integrator.desk import Desk, ask
from integrator.domain.turns import Urgency
from integrator.store.submissions import Submission, SubmissionLine


class Ending(StrEnum):
    """How the reading of a list ended. Only a complete one says anything about what is not there."""

    COMPLETE = "complete"
    ENOUGH = "enough"  # given up early: everything was found, it grew too long, or the lease was gone
    UNANSWERED = "unanswered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for: transfers of an account, applied for on these days, in one of these statuses if any."""

    account_id: str
    date_from: date
    date_to: date
    statuses: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What was read, in the bank's order."""

    lines: tuple[StatusLine, ...]
    ending: Ending


def read_list(
    desk: Desk,
    access: Access,
    search: Search,
    *,
    urgency: Urgency,
    goes_on: Callable[[int, Sequence[StatusLine]], bool],
) -> Listed:
    """Read the list page by page. After each page but the last `goes_on(pages, lines)` says whether to read on."""
    lines: list[StatusLine] = []
    pages, next_item_key = 0, None
    while True:
        page = ask(desk, access, partial(_page, desk, search, next_item_key), urgency=urgency)
        if isinstance(page, Unavailable):
            return Listed(tuple(lines), Ending.UNANSWERED)
        if isinstance(page, Refused):
            return Listed(tuple(lines), Ending.REFUSED)
        lines += page.lines
        pages += 1
        next_item_key = page.next_item_key
        if next_item_key is None:
            return Listed(tuple(lines), Ending.COMPLETE)
        if not goes_on(pages, lines):
            return Listed(tuple(lines), Ending.ENOUGH)


def _page(desk: Desk, search: Search, next_item_key: str | None, access: Access) -> StatusPage | Refused | Unavailable:
    return desk.bank.list_transfers(
        access,
        search.account_id,
        date_from=search.date_from,
        date_to=search.date_to,
        next_item_key=next_item_key,
        statuses=search.statuses,
    )


def ours(held: Submission, shown: Sequence[StatusLine]) -> dict[str, StatusLine]:
    """Return by their marks those lines of our own application that are ours.

    ediInfo is optional in a reply. A line without it is ours when nothing else of the application looks like it.
    """
    by_mark = {line.mark: line for line in shown if line.mark is not None}
    found = {line.mark: by_mark[line.mark] for line in held.lines if line.mark in by_mark}
    unmarked = [line for line in shown if line.mark is None]
    missing = [line for line in held.lines if line.mark not in found]
    if unmarked:
        for line in missing:
            alike = [seen for seen in unmarked if _look(seen) == _look(line)]
            if len(alike) == 1 and sum(_look(other) == _look(line) for other in missing) == 1:
                found[line.mark] = alike[0]
    return found


def _look(line: SubmissionLine | StatusLine) -> tuple[object, ...]:
    return (line.amount_yen, line.bank_code, line.branch_code, line.account_number)

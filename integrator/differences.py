"""Reconciliations and differences for people: read them, take a difference over, explain it, close it.

What was found is never edited. A person adds who answers for it and why; the audit keeps every step.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from integrator.domain.days import civil_date
from integrator.domain.payout import written_instant
from integrator.store import reconciliations as rows
from integrator.store.companies import hold_company
from integrator.store.database import Database
from integrator.store.reconciliations import Run, StoredDifference

DAYS_MAX = timedelta(days=31)
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""

# What a person may say of a difference in each state. A closed one stays closed.
NEXT_STATES = {"open": ("open", "explained", "closed"), "explained": ("explained", "closed"), "closed": ()}


class DifferenceUnknown(LookupError):
    """This company has no such difference."""


class DifferenceClosed(Exception):
    """The difference cannot go to the wanted state. `state` is where it is, `expected` where it may go."""

    def __init__(self, state: str) -> None:
        super().__init__(f"a difference that is {state} stays so")
        self.state = state
        self.expected = ", ".join(NEXT_STATES[state]) or "no further step"


class RunUnknown(LookupError):
    """This company has no such reconciliation."""


class RunUnderWay(Exception):
    """A reconciliation of other days is not done yet. `reconciliation_id` names it."""

    def __init__(self, reconciliation_id: str) -> None:
        super().__init__(f"{reconciliation_id} is not done yet")
        self.reconciliation_id = reconciliation_id


class PeriodRefused(ValueError):
    """These days cannot be compared. `field` is the day at fault, `expected` what it may be."""

    def __init__(self, field: str, *, expected: str, came: date) -> None:
        super().__init__(f"{field}: expected {expected}, came {came}")
        self.field = field
        self.expected = expected
        self.came = came


@dataclass(frozen=True, slots=True)
class WantedRun:
    """Whose statement is to be compared, and the first and last day of it."""

    company_id: str
    days: tuple[date, date]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a difference: its state from now on, why, who; and whose it is, if that changes."""

    state: str
    reason: str
    by: str
    owner: str | None = None


def decide(db: Database, company_id: str, difference_id: str, verdict: Verdict, *, at: datetime) -> StoredDifference:
    """Record a verdict and return the difference. Raises DifferenceUnknown, DifferenceClosed."""
    with db.begin() as tx:
        found = rows.difference_for_change(tx, company_id, difference_id)
        if found is None:
            raise DifferenceUnknown(difference_id)
        if verdict.state not in NEXT_STATES[found.state]:
            raise DifferenceClosed(found.state)
        values: dict[str, Any] = {
            "state": verdict.state,
            "reason": verdict.reason,
            "decided_by": verdict.by,
            "decided_at": at,
            "owner": verdict.owner or found.owner,
        }
        rows.decide_difference(tx, found, values, at=at)
        changed = rows.difference_for_change(tx, company_id, difference_id)
    assert changed is not None, "a difference just changed is there"
    return changed


def list_differences(
    db: Database, company_id: str, *, cursor: str | None, limit: int, state: str | None = None
) -> tuple[list[StoredDifference], str | None]:
    """Return one page of differences, oldest first, and the next cursor. Raises ValueError for a foreign cursor."""
    after = None if cursor is None else read_cursor(cursor)
    with db.read() as tx:
        found = rows.page_of_differences(tx, company_id, after=after, limit=limit + 1, state=state)
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return page, None if last is None else write_cursor(last.created_at, last.difference_id)


def ask_for_run(db: Database, wanted: WantedRun, *, at: datetime, new_text: NewText) -> Run:
    """Have a worker compare these days with the bank's statement soon, and return the run.

    One on demand is under way for each company: the same days again are that run. Raises PeriodRefused, RunUnderWay.
    """
    days = wanted.days
    _check_period(days, today=civil_date(at))
    run = Run(
        reconciliation_id=f"rc_{new_text(24, ID_ALPHABET)}",
        company_id=wanted.company_id,
        date_from=days[0],
        date_to=days[1],
        is_daily=False,
        state="running",
        created_at=at,
        ended_at=None,
        counts=None,
        holder=None,
    )
    with db.begin() as tx:
        # Whoever asks holds the company's row, so that two who ask at once get one run.
        hold_company(tx, wanted.company_id)
        under_way = rows.find_running(tx, wanted.company_id)
        if under_way is None:
            rows.ask_for_run(tx, run)
            return run
    if (under_way.date_from, under_way.date_to) != days:
        raise RunUnderWay(under_way.reconciliation_id)
    return under_way


def get_run(db: Database, company_id: str, reconciliation_id: str) -> Run:
    """Return one reconciliation. Raises RunUnknown."""
    with db.read() as tx:
        found = rows.find_run(tx, company_id, reconciliation_id)
    if found is None:
        raise RunUnknown(reconciliation_id)
    return found


def list_runs(db: Database, company_id: str, *, cursor: str | None, limit: int) -> tuple[list[Run], str | None]:
    """Return one page of reconciliations, oldest first, and the next cursor. Raises ValueError for a foreign one."""
    after = None if cursor is None else read_cursor(cursor)
    with db.read() as tx:
        found = rows.page_of_runs(tx, company_id, after=after, limit=limit + 1)
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return page, None if last is None else write_cursor(last.created_at, last.reconciliation_id)


def difference_json(found: StoredDifference) -> dict[str, Any]:
    """Return the wire form; members without a value are left out."""
    return _present(
        {
            "difference_id": found.difference_id,
            "kind": found.kind,
            "day": found.day,
            "amount_yen": found.amount_yen,
            "facts": found.facts,
            "state": found.state,
            "owner": found.owner,
            "reason": found.reason,
            "decided_by": found.decided_by,
            "decided_at": None if found.decided_at is None else written_instant(found.decided_at),
            "created_at": written_instant(found.created_at),
            "updated_at": written_instant(found.updated_at),
        }
    )


def run_json(run: Run) -> dict[str, Any]:
    """Return the wire form; members without a value are left out."""
    counts = run.counts or {}
    return _present(
        {
            "reconciliation_id": run.reconciliation_id,
            "date_from": run.date_from.isoformat(),
            "date_to": run.date_to.isoformat(),
            "daily": run.is_daily,
            "state": run.state,
            "lines": counts.get("lines"),
            "matched": counts.get("matched"),
            "newly_matched": counts.get("newly_matched"),
            "differences": counts.get("differences"),
            "created_at": written_instant(run.created_at),
            "ended_at": None if run.ended_at is None else written_instant(run.ended_at),
        }
    )


def write_cursor(at: datetime, name: str) -> str:
    """Return an opaque cursor for what comes after this row."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {name}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return what `write_cursor` was given. Raises ValueError for anything else."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, name = text.split(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not name.isascii() or not name.replace("_", "").isalnum():
            raise ValueError(at)
        return instant.astimezone(UTC), name
    except (ValueError, OverflowError):
        raise ValueError("not a cursor of this list: pass next_cursor of an earlier page unchanged") from None


def _check_period(days: tuple[date, date], *, today: date) -> None:
    if days[1] > today:
        raise PeriodRefused("date_to", expected=f"today ({today}) or before", came=days[1])
    if days[0] > days[1]:
        raise PeriodRefused("date_from", expected=f"date_to ({days[1]}) or before", came=days[0])
    if days[1] - days[0] >= DAYS_MAX:
        raise PeriodRefused("date_from", expected=f"at most {DAYS_MAX.days} days with date_to", came=days[0])


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

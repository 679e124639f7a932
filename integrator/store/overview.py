"""What the figures and the operators' page read: counts up to a bound and the oldest rows, found along indexes.

What has ended is never read row by row, so that a scrape costs the same on a database of many years.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from integrator.domain.payout import PayoutState
from integrator.domain.submission import SubmissionState
from integrator.store.jobs import JobState
from integrator.store.schema import (
    callbacks,
    companies,
    connections,
    deliveries,
    events,
    gate_slots,
    gate_waits,
    jobs,
    payouts,
    submission_lines,
    submissions,
)
from integrator.store.supervised import differences

COUNT_MAX = 10_000  # a count that says so many means: so many or more
COMPANIES_MAX = 5_000
ROWS_MAX = 50
LINES_MAX = 10
DOUBTFUL = (SubmissionState.IN_DOUBT.value, SubmissionState.REPEATING.value, SubmissionState.NEEDS_PERSON.value)


@dataclass(frozen=True, slots=True)
class Pile:
    """How many wait, up to COUNT_MAX, and since when the one that came first."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One company's consent. `state` is None before the first; `until` is when a person must consent again."""

    company_id: str
    name: str
    state: str | None
    access_until: datetime | None
    until: datetime | None
    refreshed_at: datetime | None
    refresh_in_doubt_at: datetime | None


@dataclass(frozen=True, slots=True)
class StuckRow:
    """A payout that has stood in its state for too long."""

    payout_id: str
    company_id: str
    state: PayoutState
    since: datetime
    amount_yen: int
    case_reference: str
    apply_no: str | None
    problem: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DoubtRow:
    """An order of which it is not known whether the bank has it, with all that is known."""

    submission_id: str
    company_id: str
    state: SubmissionState
    since: datetime
    reason: str | None
    first_attempt_at: datetime | None
    attempt_count: int
    designated_date: str | None
    apply_no: str | None
    stray_apply_no: str | None
    looked_up_next_at: datetime
    payouts: tuple[tuple[str, int], ...]  # (payout_id, amount_yen), LINES_MAX at most


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """A company whose receiver has not taken all events."""

    company_id: str
    waiting: Pile
    failures: int
    last_outcome: str | None
    last_status: int | None
    paused_until: datetime


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A difference between the bank's statement and our payouts that nobody has closed."""

    difference_id: str
    company_id: str
    kind: str
    day: str
    amount_yen: int
    state: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True)
class GateRow:
    """A company that waits for its turn, or for which the bank refused for the limit."""

    company_id: str
    waiting: int
    limited_count: int
    next_slot_at: datetime | None


def payouts_by_state(tx: Connection, *, states: Iterable[PayoutState]) -> dict[PayoutState, Pile]:
    """Return how many payouts are in each state, and since when the one that has not changed for longest."""
    return {state: _pile(tx, payouts.c.updated_at, payouts.c.state == state.value) for state in states}


def queue(tx: Connection, *, is_connected: bool) -> Pile:
    """Return what waits to be sent, of companies that are connected or of the others."""
    connected = exists().where(connections.c.company_id == submissions.c.company_id, connections.c.state == "connected")
    waits = submissions.c.state == SubmissionState.WAITING.value
    return _pile(tx, submissions.c.created_at, and_(waits, connected if is_connected else ~connected))


def open_questions(tx: Connection) -> int:
    """Return how many jobs no worker has answered yet."""
    is_open = jobs.c.state.in_((JobState.READY.value, JobState.RUNNING.value))
    capped = select(jobs.c.job_id).where(is_open).limit(COUNT_MAX).subquery()
    return tx.execute(select(func.count()).select_from(capped)).scalar_one()


def doubt(tx: Connection) -> Pile:
    """Return what is in doubt, and since when the oldest doubt lasts."""
    return _pile(
        tx, submissions.c.doubt_since, and_(submissions.c.state.in_(DOUBTFUL), submissions.c.doubt_since.is_not(None))
    )


def backlog(tx: Connection) -> Pile:
    """Return the events that receivers have not taken."""
    found = select(events.c.occurred_at.label("at")).join(deliveries, deliveries.c.event_id == events.c.event_id)
    capped = found.limit(COUNT_MAX).subquery()
    return Pile(*tx.execute(select(func.count(), func.min(capped.c.at)).select_from(capped)).one())


def consents(tx: Connection) -> list[ConsentRow]:
    """Return every company with its consent: the one that ends first comes first, those without one last."""
    until = func.coalesce(connections.c.refresh_expires_at, connections.c.access_expires_at)
    found = tx.execute(
        select(companies.c.company_id, companies.c.name, connections, until.label("until"))
        .join(connections, connections.c.company_id == companies.c.company_id, isouter=True)
        .order_by(until.is_(None), until, companies.c.company_id)
        .limit(COMPANIES_MAX)
    ).mappings()
    return [
        ConsentRow(
            company_id=row[companies.c.company_id],
            name=row[companies.c.name],
            state=row[connections.c.state],
            access_until=row[connections.c.access_expires_at],
            until=row[connections.c.refresh_expires_at] or row[connections.c.access_expires_at],
            refreshed_at=row[connections.c.refreshed_at],
            refresh_in_doubt_at=row[connections.c.refresh_in_doubt_at],
        )
        for row in found
    ]


def stuck(tx: Connection, before: Mapping[PayoutState, datetime]) -> list[StuckRow]:
    """Return the payouts whose state began before the instant given for it, the oldest of all first."""
    too_long = [and_(payouts.c.state == state.value, payouts.c.updated_at <= at) for state, at in before.items()]
    found = tx.execute(select(payouts).where(or_(*too_long)).order_by(payouts.c.updated_at).limit(ROWS_MAX))
    return [
        StuckRow(
            payout_id=row.payout_id,
            company_id=row.company_id,
            state=PayoutState(row.state),
            since=row.updated_at,
            amount_yen=row.amount_yen,
            case_reference=row.case_reference,
            apply_no=row.apply_no,
            problem={} if row.problem is None else json.loads(row.problem),
        )
        for row in found
    ]


def doubts(tx: Connection) -> list[DoubtRow]:
    """Return the oldest doubts."""
    is_open = and_(submissions.c.state.in_(DOUBTFUL), submissions.c.doubt_since.is_not(None))
    found = tx.execute(select(submissions).where(is_open).order_by(submissions.c.doubt_since).limit(ROWS_MAX)).all()
    return [
        DoubtRow(
            submission_id=row.submission_id,
            company_id=row.company_id,
            state=SubmissionState(row.state),
            since=row.doubt_since,
            reason=row.doubt_reason,
            first_attempt_at=row.first_attempt_at,
            attempt_count=row.attempt_count,
            designated_date=row.designated_date,
            apply_no=row.apply_no,
            stray_apply_no=row.stray_apply_no,
            looked_up_next_at=row.due_at,
            payouts=_lines(tx, row.submission_id),
        )
        for row in found
    ]


def backlogs(tx: Connection) -> list[BacklogRow]:
    """Return the companies with events that are not taken, the one that has waited longest first."""
    waiting = (
        select(deliveries.c.company_id, func.count().label("waiting"), func.min(events.c.occurred_at).label("oldest"))
        .join(events, events.c.event_id == deliveries.c.event_id)
        .group_by(deliveries.c.company_id)
        .subquery()
    )
    found = tx.execute(
        select(callbacks, waiting.c.waiting, waiting.c.oldest)
        .join(waiting, waiting.c.company_id == callbacks.c.company_id)
        .order_by(waiting.c.oldest)
        .limit(ROWS_MAX)
    )
    return [
        BacklogRow(
            company_id=row.company_id,
            waiting=Pile(row.waiting, row.oldest),
            failures=row.failures,
            last_outcome=row.last_outcome,
            last_status=row.last_status,
            paused_until=row.paused_until,
        )
        for row in found
    ]


def open_differences(tx: Connection) -> list[DifferenceRow]:
    """Return the oldest differences that are not closed."""
    is_open = differences.c.state != "closed"
    found = tx.execute(select(differences).where(is_open).order_by(differences.c.created_at).limit(ROWS_MAX))
    return [
        DifferenceRow(
            difference_id=row.difference_id,
            company_id=row.company_id,
            kind=row.kind,
            day=row.day,
            amount_yen=row.amount_yen,
            state=row.state,
            owner=row.owner,
            since=row.created_at,
        )
        for row in found
    ]


def gates(tx: Connection, *, machine: datetime) -> list[GateRow]:
    """Return the companies at whose gate somebody waits or that the bank limits, the most crowded first."""
    waiting = (
        select(gate_waits.c.client_id, func.count().label("waiting"))
        .where(gate_waits.c.until > machine)
        .group_by(gate_waits.c.client_id)
        .subquery()
    )
    count = func.coalesce(waiting.c.waiting, 0)
    found = tx.execute(
        select(companies.c.company_id, count.label("waiting"), gate_slots.c.limited_count, gate_slots.c.next_slot_at)
        .join(gate_slots, gate_slots.c.client_id == companies.c.client_id)
        .join(waiting, waiting.c.client_id == companies.c.client_id, isouter=True)
        .where(or_(count > 0, gate_slots.c.limited_count > 0))
        .order_by(gate_slots.c.limited_count.desc(), count.desc(), companies.c.company_id)
        .limit(ROWS_MAX)
    )
    return [GateRow(row.company_id, row.waiting, row.limited_count, row.next_slot_at) for row in found]


def gate_totals(tx: Connection, *, machine: datetime) -> tuple[int, int]:
    """Return (how many calls wait at all gates, for how many client ids the bank refused the last call)."""
    waits = select(gate_waits.c.ticket_id).where(gate_waits.c.until > machine).limit(COUNT_MAX).subquery()
    limited = select(gate_slots.c.client_id).where(gate_slots.c.limited_count > 0).limit(COUNT_MAX).subquery()
    one, other = (tx.execute(select(func.count()).select_from(rows)).scalar_one() for rows in (waits, limited))
    return one, other


def _pile(tx: Connection, column: Any, which: Any) -> Pile:
    capped = select(column.label("at")).where(which).order_by(column).limit(COUNT_MAX).subquery()
    return Pile(*tx.execute(select(func.count(), func.min(capped.c.at)).select_from(capped)).one())


def _lines(tx: Connection, submission_id: str) -> tuple[tuple[str, int], ...]:
    found = tx.execute(
        select(submission_lines.c.payout_id, submission_lines.c.amount_yen)
        .where(submission_lines.c.submission_id == submission_id)
        .order_by(submission_lines.c.item_id)
        .limit(LINES_MAX)
    )
    return tuple((row.payout_id, row.amount_yen) for row in found)

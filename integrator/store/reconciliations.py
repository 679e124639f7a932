"""Rows of reconciliations and differences, and what of the payouts the statement is compared with."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, false, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.domain.days import day_ends
from integrator.domain.payout import PayoutState
from integrator.domain.reconciliation import Difference, DifferenceKind
from integrator.store import audit
from integrator.store.audit import Change
from integrator.store.database import for_change, for_claim
from integrator.store.schema import connections, payout_history, payouts, submission_lines, submissions
from integrator.store.submissions import Times
from integrator.store.supervised import differences, reconciliations

OWNER = "operator"  # whose a difference is until somebody takes it
NO_LONGER_FOUND = "the statement and the payouts agree by now"
_INSERT_ONCE = {
    name: dialect.insert(reconciliations).on_conflict_do_nothing().returning(reconciliations.c.reconciliation_id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


@dataclass(frozen=True, slots=True)
class Run:
    """One reconciliation of a company's days, claimed or done. `counts` is None until it is done."""

    reconciliation_id: str
    company_id: str
    date_from: date
    date_to: date
    is_daily: bool
    state: str
    created_at: datetime
    ended_at: datetime | None
    counts: dict[str, Any] | None
    holder: str | None


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """A difference as it stands, with who answers for it."""

    difference_id: str
    company_id: str
    kind: str
    day: str
    amount_yen: int
    facts: dict[str, Any] = field(repr=False)
    state: str
    owner: str
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payout that the statement may show, as it stands here. `steps`: state -> when it was first reached."""

    payout_id: str
    state: PayoutState
    amount_yen: int
    name_kana: str = field(repr=False)
    fee_yen: int
    debited_on: date | None
    returned_on: date | None
    marks: frozenset[str]
    first_attempt_at: datetime
    designated_date: date | None
    steps: dict[PayoutState, datetime]


def find_due_company(tx: Connection, *, day: date) -> str | None:
    """Return a connected company with payouts up to `day` whose daily reconciliation of it has not begun."""
    has_run = exists().where(
        reconciliations.c.company_id == connections.c.company_id,
        reconciliations.c.is_daily,
        reconciliations.c.date_to >= day.isoformat(),
    )
    has_payouts = exists().where(payouts.c.company_id == connections.c.company_id, payouts.c.created_at < day_ends(day))
    statement = select(connections.c.company_id).where(connections.c.state == "connected", has_payouts, ~has_run)
    found: str | None = tx.scalar(statement.limit(1))
    return found


def find_running(tx: Connection, company_id: str) -> Run | None:
    """Return the reconciliation on demand of this company that is not done yet, the oldest if several."""
    table = reconciliations.c
    own = and_(table.company_id == company_id, ~table.is_daily, table.state == "running")
    row = tx.execute(select(reconciliations).where(own).order_by(table.created_at).limit(1)).one_or_none()
    return None if row is None else _run(row, holder=None)


def find_run(tx: Connection, company_id: str, reconciliation_id: str) -> Run | None:
    """Return one reconciliation of this company."""
    table = reconciliations.c
    wanted = and_(table.company_id == company_id, table.reconciliation_id == reconciliation_id)
    row = tx.execute(select(reconciliations).where(wanted)).one_or_none()
    return None if row is None else _run(row, holder=None)


def ask_for_run(tx: Connection, run: Run) -> None:
    """Store a run on demand for whichever worker comes first, and who wanted it."""
    insert_run(tx, run, due_at=run.created_at, until=None)
    told = {"date_from": run.date_from.isoformat(), "date_to": run.date_to.isoformat()}
    audit.note(tx, run.company_id, Change("reconciliation.asked", run.reconciliation_id, None, told), at=run.created_at)


def last_daily(tx: Connection, company_id: str) -> date | None:
    """Return the last day that a daily reconciliation of this company covers."""
    statement = (
        select(reconciliations.c.date_to)
        .where(reconciliations.c.company_id == company_id, reconciliations.c.is_daily)
        .order_by(reconciliations.c.date_to.desc())
    )
    found = tx.scalar(statement.limit(1))
    return None if found is None else date.fromisoformat(found)


def insert_run(tx: Connection, run: Run, *, due_at: datetime, until: datetime | None) -> bool:
    """Store a run, held by its holder if it has one. False when the same daily one has begun already."""
    values = {
        "reconciliation_id": run.reconciliation_id,
        "company_id": run.company_id,
        "date_from": run.date_from.isoformat(),
        "date_to": run.date_to.isoformat(),
        "is_daily": run.is_daily,
        "state": run.state,
        "due_at": due_at,
        "lease_owner": run.holder,
        "lease_until": until,
        "created_at": run.created_at,
    }
    # A driver need not know how many rows an insert made; what came back tells.
    return tx.execute(_INSERT_ONCE[tx.dialect.name], values).first() is not None


def has_unfinished(tx: Connection, *, at: Times) -> bool:
    """True when `claim_unfinished` would find something."""
    some = select(reconciliations.c.reconciliation_id).where(_is_unfinished(at)).limit(1)
    return tx.execute(some).first() is not None


def claim_unfinished(tx: Connection, *, holder: str, at: Times, until: datetime) -> Run | None:
    """Take a run that nobody holds and that is due: one on demand, or one that could not be done before."""
    table = reconciliations.c
    due = select(reconciliations).where(_is_unfinished(at))
    row = tx.execute(for_claim(due.order_by(table.due_at).limit(1), tx, of=reconciliations)).one_or_none()
    if row is None:
        return None
    held = {"lease_owner": holder, "lease_until": until}
    tx.execute(update(reconciliations).where(table.reconciliation_id == row.reconciliation_id).values(held))
    return _run(row, holder=holder)


def change_run(tx: Connection, run: Run, *, at: Times, values: dict[str, Any]) -> bool:
    """Change a run that we still hold. False, and nothing changed, when it passed on to somebody else."""
    table = reconciliations.c
    held = and_(
        table.reconciliation_id == run.reconciliation_id,
        table.lease_owner == run.holder,
        table.lease_until > at.machine,
        table.state == "running",
    )
    return tx.execute(update(reconciliations).where(held).values(values)).rowcount == 1


def page_of_runs(tx: Connection, company_id: str, *, after: tuple[datetime, str] | None, limit: int) -> list[Run]:
    """Return up to `limit` runs, oldest first, those after (created_at, id)."""
    table = reconciliations.c
    statement = select(reconciliations).where(table.company_id == company_id)
    if after is not None:
        statement = statement.where(tuple_(table.created_at, table.reconciliation_id) > after)
    rows = tx.execute(statement.order_by(table.created_at, table.reconciliation_id).limit(limit))
    return [_run(row, holder=None) for row in rows]


def candidates(tx: Connection, company_id: str, *, states: frozenset[PayoutState]) -> list[Candidate]:
    """Return the payouts of this company in these states of which something was ever sent."""
    statement = (
        select(payouts, submission_lines.c.mark, submissions.c.first_attempt_at, submissions.c.designated_date)
        .join(submission_lines, submission_lines.c.payout_id == payouts.c.payout_id)
        .join(submissions, submissions.c.submission_id == submission_lines.c.submission_id)
        .where(
            payouts.c.company_id == company_id,
            payouts.c.state.in_([state.value for state in states]),
            submissions.c.first_attempt_at.is_not(None),
        )
        .order_by(payouts.c.payout_id, submissions.c.created_at)
    )
    sent: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in tx.execute(statement):
        sent[row.payout_id].append(row)
    steps = _steps(tx, list(sent))
    return [_candidate(rows, steps[payout_id]) for payout_id, rows in sent.items()]


def store_differences(
    tx: Connection, company_id: str, found: Sequence[Difference], *, days: tuple[date, date] | None, at: datetime
) -> int:
    """Store what is new of the differences of these days, close what is no longer one, and return how many are new.

    `days` None: these are all there is to say, and nothing is closed.
    What a person has said of one stays as it is. One that the program closed and that comes back is open again.
    """
    by_id = {difference_id_of(company_id, each): each for each in found}
    statement = select(differences).where(
        differences.c.company_id == company_id,
        or_(differences.c.difference_id.in_(list(by_id)), _is_open_in(days)),
    )
    known = {row.difference_id: row for row in tx.execute(for_change(statement, tx, of=differences))}
    new = 0
    for difference_id, difference in by_id.items():
        row = known.pop(difference_id, None)
        if row is None:
            _open(tx, company_id, difference_id, difference, at=at)
            new += 1
        elif row.state == "closed" and row.decided_by is None:
            _change(tx, row, {"state": "open", "reason": None}, what="difference.reopened", at=at)
            new += 1
    for row in known.values():
        _change(tx, row, {"state": "closed", "reason": NO_LONGER_FOUND}, what="difference.closed", at=at)
    return new


def decide_difference(tx: Connection, found: StoredDifference, values: dict[str, Any], *, at: datetime) -> None:
    """Record what a person says of a difference."""
    table = differences.c
    row = tx.execute(select(differences).where(table.difference_id == found.difference_id)).one()
    _change(tx, row, values, what=f"difference.{values['state']}", at=at)


def difference_for_change(tx: Connection, company_id: str, difference_id: str) -> StoredDifference | None:
    """Return one difference of this company, and hold it until the transaction ends."""
    table = differences.c
    statement = select(differences).where(table.company_id == company_id, table.difference_id == difference_id)
    row = tx.execute(for_change(statement, tx, of=differences)).one_or_none()
    return None if row is None else _difference(row)


def page_of_differences(
    tx: Connection, company_id: str, *, after: tuple[datetime, str] | None, limit: int, state: str | None
) -> list[StoredDifference]:
    """Return up to `limit` differences, oldest first, those after (created_at, id)."""
    table = differences.c
    statement = select(differences).where(table.company_id == company_id)
    if state is not None:
        statement = statement.where(table.state == state)
    if after is not None:
        statement = statement.where(tuple_(table.created_at, table.difference_id) > after)
    return [
        _difference(row) for row in tx.execute(statement.order_by(table.created_at, table.difference_id).limit(limit))
    ]


def difference_id_of(company_id: str, difference: Difference) -> str:
    """Return the id of a difference; it follows from what it is, so a second look finds the same one."""
    text = f"{company_id}\n{difference.kind}\n{difference.subject}"
    return f"df_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _is_unfinished(at: Times) -> ColumnElement[bool]:
    table = reconciliations.c
    is_free = or_(table.lease_until.is_(None), table.lease_until <= at.machine)
    return and_(table.state == "running", table.due_at <= at.now, is_free)


def _is_open_in(days: tuple[date, date] | None) -> ColumnElement[bool]:
    if days is None:
        return false()
    return and_(
        differences.c.day >= days[0].isoformat(),
        differences.c.day <= days[1].isoformat(),
        differences.c.state == "open",
        differences.c.kind != DifferenceKind.UNKNOWN_ORDER.value,
    )


def _open(tx: Connection, company_id: str, difference_id: str, difference: Difference, *, at: datetime) -> None:
    values = {
        "difference_id": difference_id,
        "company_id": company_id,
        "kind": difference.kind.value,
        "day": difference.day.isoformat(),
        "amount_yen": difference.amount_yen,
        "facts": json.dumps(difference.facts, ensure_ascii=False, separators=(",", ":")),
        "state": "open",
        "owner": OWNER,
        "created_at": at,
        "updated_at": at,
    }
    tx.execute(insert(differences), values)
    told = {name: values[name] for name in ("kind", "day", "amount_yen", "state", "owner")}
    audit.note(tx, company_id, Change("difference.opened", difference_id, None, told), at=at)


def _change(tx: Connection, row: Row[Any], values: dict[str, Any], *, what: str, at: datetime) -> None:
    there = differences.c.difference_id == row.difference_id
    tx.execute(update(differences).where(there).values(**values, updated_at=at))
    before = {name: row._mapping[name] for name in values}
    audit.note(tx, row.company_id, Change(what, row.difference_id, before, values), at=at)


def _steps(tx: Connection, payout_ids: list[str]) -> dict[str, dict[PayoutState, datetime]]:
    steps: dict[str, dict[PayoutState, datetime]] = {payout_id: {} for payout_id in payout_ids}
    for begin in range(0, len(payout_ids), 500):
        some = payout_ids[begin : begin + 500]
        statement = select(payout_history).where(payout_history.c.payout_id.in_(some))
        for row in tx.execute(statement.order_by(payout_history.c.sequence)):
            steps[row.payout_id].setdefault(PayoutState(row.state), row.at)
    return steps


def _candidate(rows: list[Row[Any]], steps: dict[PayoutState, datetime]) -> Candidate:
    first = rows[0]
    last = rows[-1]
    return Candidate(
        payout_id=first.payout_id,
        state=PayoutState(first.state),
        amount_yen=first.amount_yen,
        name_kana=first.beneficiary_name_kana,
        fee_yen=first.fee_yen or 0,
        debited_on=_day(first.debited_on),
        returned_on=_day(first.returned_on),
        marks=frozenset(row.mark for row in rows),
        first_attempt_at=min(row.first_attempt_at for row in rows),
        designated_date=_day(last[-1]),
        steps=steps,
    )


def _run(row: Row[Any], *, holder: str | None) -> Run:
    return Run(
        reconciliation_id=row.reconciliation_id,
        company_id=row.company_id,
        date_from=date.fromisoformat(row.date_from),
        date_to=date.fromisoformat(row.date_to),
        is_daily=row.is_daily,
        state=row.state,
        created_at=row.created_at,
        ended_at=row.ended_at,
        counts=None if row.counts is None else json.loads(row.counts),
        holder=holder,
    )


def _difference(row: Row[Any]) -> StoredDifference:
    return StoredDifference(
        difference_id=row.difference_id,
        company_id=row.company_id,
        kind=row.kind,
        day=row.day,
        amount_yen=row.amount_yen,
        facts=json.loads(row.facts),
        state=row.state,
        owner=row.owner,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

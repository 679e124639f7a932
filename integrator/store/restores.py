"""Rows of restores: which companies' lists must be read before anything is sent, and what was found in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, update

from integrator.domain.payout import DEAD, PayoutState
from integrator.domain.submission import SubmissionState
from integrator.store.base import Moment
from integrator.store.database import for_change, for_claim
from integrator.store.schema import companies, connections, payouts, submission_lines, submissions
from integrator.store.submissions import Times
from integrator.store.supervised import found_orders, restores


@dataclass(frozen=True, slots=True)
class Restore:
    """A company of a restored database. Whatever was ordered after `look_from` may be unknown to us."""

    company_id: str
    declared_at: datetime
    backup_at: datetime
    look_from: datetime
    holder: str


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order of ours that the bank shows and the restored database does not know."""

    mark: str
    company_id: str
    apply_no: str
    amount_yen: int
    look_from: datetime


@dataclass(frozen=True, slots=True)
class Unsent:
    """A submission that the backup holds as not sent. `designated_dates` are those that ReCORE asked for."""

    submission_id: str
    company_id: str
    account_id: str
    remitter_name: str | None
    body: bytes | None = field(repr=False)
    designated_date: str | None
    grant_id: str | None


_ORDERS = select(found_orders).where(found_orders.c.mark.in_(bindparam("marks", expanding=True)))


def find_order(tx: Connection, marks: Sequence[str]) -> FoundOrder | None:
    """Return the order of the first of these marks that was found at the bank after a restore."""
    found = {row.mark: row for row in tx.execute(_ORDERS, {"marks": list(marks)})}
    row = next((found[mark] for mark in marks if mark in found), None)
    if row is None:
        return None
    return FoundOrder(row.mark, row.company_id, row.apply_no, row.amount_yen, row.look_from)


def insert_restore(tx: Connection, restore: Restore, *, declared_by: str, due_at: datetime) -> None:
    """Store that this company's list must be read, from `due_at` on."""
    values = {
        "company_id": restore.company_id,
        "declared_at": restore.declared_at,
        "declared_by": declared_by,
        "backup_at": restore.backup_at,
        "look_from": restore.look_from,
        "due_at": due_at,
        "found": 0,
    }
    tx.execute(insert(restores), values)


def unsent_for_change(tx: Connection) -> list[Unsent]:
    """Return what waits to be sent, and hold it until the transaction ends."""
    statement = (
        select(submissions, companies.c.remitter_name, connections.c.grant_id.label("standing_grant"))
        .join(companies, companies.c.company_id == submissions.c.company_id)
        .outerjoin(connections, connections.c.company_id == submissions.c.company_id)
        .where(submissions.c.state == SubmissionState.WAITING.value)
        .order_by(submissions.c.submission_id)
    )
    return [
        Unsent(
            submission_id=row.submission_id,
            company_id=row.company_id,
            account_id=row.account_id,
            remitter_name=row.remitter_name,
            body=row.body,
            designated_date=row.designated_date,
            grant_id=row.standing_grant,
        )
        for row in tx.execute(for_change(statement, tx, of=submissions))
    ]


def moving_payouts(tx: Connection) -> list[tuple[str, str]]:
    """Return (company, payout) of all that is neither dead nor settled."""
    ended = [state.value for state in (*DEAD, PayoutState.SETTLED)]
    statement = select(payouts.c.company_id, payouts.c.payout_id).where(payouts.c.state.not_in(ended))
    return [(row.company_id, row.payout_id) for row in tx.execute(statement.order_by(payouts.c.payout_id))]


def company_ids(tx: Connection) -> list[str]:
    """Return every company, by id."""
    return list(tx.execute(select(companies.c.company_id).order_by(companies.c.company_id)).scalars())


def claim_restore(tx: Connection, *, holder: str, at: Times, until: datetime) -> Restore | None:
    """Take the restore that has waited longest for its list to be read, of a connected company."""
    table = restores.c
    is_free = or_(table.lease_until.is_(None), table.lease_until <= at.machine)
    is_connected = table.company_id.in_(select(connections.c.company_id).where(connections.c.state == "connected"))
    due = select(restores).where(table.scanned_at.is_(None), table.due_at <= at.now, is_free, is_connected)
    row = tx.execute(for_claim(due.order_by(table.due_at).limit(1), tx, of=restores)).one_or_none()
    if row is None:
        return None
    held = {"lease_owner": holder, "lease_until": until}
    tx.execute(update(restores).where(*_is(row.company_id, row.declared_at)).values(held))
    return Restore(row.company_id, row.declared_at, row.backup_at, row.look_from, holder)


def has_open_restore(tx: Connection, *, at: Times) -> bool:
    """True when `claim_restore` may find something."""
    return tx.execute(select(restores.c.company_id).where(is_open(at.now)).limit(1)).first() is not None


def is_open(now: Moment) -> ColumnElement[bool]:
    """Return the condition, on restores, that the list of one is to be read."""
    return and_(restores.c.scanned_at.is_(None), restores.c.due_at <= now)


def change_restore(tx: Connection, restore: Restore, *, at: Times, values: dict[str, Any]) -> bool:
    """Change a restore that we still hold. False, and nothing changed, when it passed on."""
    mine = (restores.c.lease_owner == restore.holder, restores.c.lease_until > at.machine)
    there = update(restores).where(*_is(restore.company_id, restore.declared_at), *mine)
    return tx.execute(there.values(values)).rowcount == 1


def is_awaited(tx: Connection, company_id: str) -> bool:
    """True while a list of this company is still to be read."""
    open_one = select(restores.c.company_id).where(restores.c.company_id == company_id, restores.c.scanned_at.is_(None))
    return tx.execute(open_one.limit(1)).first() is not None


def known_marks(tx: Connection, marks: Sequence[str]) -> set[str]:
    """Return which of these marks are of orders that the database knows to be sent, or has found before."""
    ours = (
        select(submission_lines.c.mark)
        .join(submissions, submissions.c.submission_id == submission_lines.c.submission_id)
        .where(submission_lines.c.mark.in_(marks), submissions.c.first_attempt_at.is_not(None))
    )
    found = select(found_orders.c.mark).where(found_orders.c.mark.in_(marks))
    return {*tx.execute(ours).scalars(), *tx.execute(found).scalars()}


def unsent_keys(tx: Connection, company_id: str) -> dict[str, str]:
    """Return the payouts that were placed again and wait to be sent: submission -> the payout's own key."""
    statement = (
        select(submissions.c.submission_id, payouts.c.idempotency_key)
        .join(submission_lines, submission_lines.c.submission_id == submissions.c.submission_id)
        .join(payouts, payouts.c.payout_id == submission_lines.c.payout_id)
        .where(
            submissions.c.company_id == company_id,
            submissions.c.state == SubmissionState.WAITING.value,
            submissions.c.first_attempt_at.is_(None),
        )
        .order_by(submissions.c.submission_id)
    )
    return {row.submission_id: row.idempotency_key for row in tx.execute(for_change(statement, tx, of=submissions))}


def insert_order(tx: Connection, order: FoundOrder, *, at: datetime) -> None:
    """Remember an order of ours that nobody here knows."""
    tx.execute(
        insert(found_orders).values(
            mark=order.mark,
            company_id=order.company_id,
            apply_no=order.apply_no,
            amount_yen=order.amount_yen,
            look_from=order.look_from,
            found_at=at,
        )
    )


def unplaced_amounts(tx: Connection, company_id: str, *, since: datetime) -> set[int]:
    """Return the amounts of orders found since then that nobody has placed again: each may replace one of ours."""
    placed = select(submission_lines.c.mark)
    unplaced = select(found_orders.c.amount_yen).where(
        found_orders.c.company_id == company_id, found_orders.c.found_at >= since, found_orders.c.mark.not_in(placed)
    )
    return set(tx.scalars(unplaced))


def is_free(tx: Connection, mark: str, *, beside: str) -> bool:
    """True when no other submission than `beside` has a line of this mark."""
    other = select(submission_lines.c.mark).where(
        submission_lines.c.mark == mark, submission_lines.c.submission_id != beside
    )
    return tx.execute(other.limit(1)).first() is None


def take_mark(tx: Connection, submission_id: str, mark: str) -> None:
    """Give the only line of a submission the mark under which its order stands at the bank."""
    here = submission_lines.c.submission_id == submission_id
    tx.execute(update(submission_lines).where(here).values(mark=mark))


def make_doubts_older(tx: Connection, reason: str, *, sent_at: datetime, at: datetime) -> None:
    """Let what an earlier declaration put into doubt be as old as this one says: its key was used at `sent_at`."""
    open_doubt = (SubmissionState.IN_DOUBT.value, SubmissionState.NEEDS_PERSON.value)
    tx.execute(
        update(submissions)
        .where(
            submissions.c.state.in_(open_doubt),
            submissions.c.doubt_reason == reason,
            submissions.c.first_attempt_at > sent_at,
        )
        .values(first_attempt_at=sent_at, updated_at=at)
    )


def _is(company_id: str, declared_at: datetime) -> tuple[Any, ...]:
    return (restores.c.company_id == company_id, restores.c.declared_at == declared_at)

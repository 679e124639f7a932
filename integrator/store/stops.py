"""Rows of stops: while one stands, no order leaves. Read in the transaction that stores the intent to send."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, or_, select

from integrator.domain.submission import SubmissionState
from integrator.store.schema import submissions
from integrator.store.supervised import payout_stops

ALL = "*"


class Cause(StrEnum):
    EMERGENCY = "emergency"  # a person's decision, until a person's decision
    RESTORED = "restored"  # until the bank's list has been read


@dataclass(frozen=True, slots=True)
class Stop:
    """Why orders of `scope` (a company, or ALL) wait."""

    scope: str
    cause: Cause
    reason: str
    stopped_by: str
    stopped_at: datetime


_STANDING = (
    select(payout_stops.c.scope).where(or_(payout_stops.c.scope == bindparam("of"), payout_stops.c.scope == ALL))
).limit(1)


def is_stopped(tx: Connection, company_id: str) -> bool:
    """True while no order of this company may leave."""
    return tx.execute(_STANDING, {"of": company_id}).first() is not None


def stopped_here(company_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that orders of the company in this column wait."""
    return exists().where(or_(payout_stops.c.scope == company_id, payout_stops.c.scope == ALL))


def stops_of(tx: Connection, company_id: str | None = None) -> list[Stop]:
    """Return the stops that hold for a company, or every stop there is; those for all first."""
    statement = select(payout_stops).order_by(payout_stops.c.scope, payout_stops.c.cause)
    if company_id is not None:
        statement = statement.where(or_(payout_stops.c.scope == company_id, payout_stops.c.scope == ALL))
    return [
        Stop(row.scope, Cause(row.cause), row.reason, row.stopped_by, row.stopped_at) for row in tx.execute(statement)
    ]


def insert_stop(tx: Connection, stop: Stop) -> None:
    """Store a stop. Raises IntegrityError when one of this scope and cause stands already."""
    tx.execute(
        insert(payout_stops).values(
            scope=stop.scope,
            cause=stop.cause.value,
            reason=stop.reason,
            stopped_by=stop.stopped_by,
            stopped_at=stop.stopped_at,
        )
    )


def delete_stop(tx: Connection, scope: str, cause: Cause) -> bool:
    """Remove a stop. False when there is none."""
    here = (payout_stops.c.scope == scope) & (payout_stops.c.cause == cause.value)
    return tx.execute(delete(payout_stops).where(here)).rowcount == 1


def count_calls_under_way(tx: Connection, scope: str) -> int:
    """Return how many orders were already handed to a call, whatever became of it."""
    in_call = submissions.c.state.in_((SubmissionState.SENDING.value, SubmissionState.REPEATING.value))
    statement = select(func.count()).select_from(submissions).where(in_call)
    if scope != ALL:
        statement = statement.where(submissions.c.company_id == scope)
    return tx.scalar(statement) or 0

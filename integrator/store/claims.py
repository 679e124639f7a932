"""Which submission is claimed next: the conditions of each kind of work, as statements. Nothing is run here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from integrator.domain.submission import CLOCK_TOLERANCE, LEASE, CancelState, SubmissionState
from integrator.domain.turns import STALE_AFTER, STANDS_BACK, Urgency
from integrator.store.base import MACHINE, NOW
from integrator.store.gate import closed_companies
from integrator.store.schema import Instant, connections, submissions
from integrator.store.stops import stopped_here

BEGINNING = timedelta(seconds=5)  # from a claim to the order's intent; who needs longer for it is not waited for


class Work(StrEnum):
    """What a worker can claim a submission for."""

    SUBMIT = "submit"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    FOLLOW = "follow"

    @property
    def urgency(self) -> Urgency:
        """How long the first call of this work stands back behind others of its company."""
        return _URGENCY[self]


_URGENCY = {
    Work.SUBMIT: Urgency.PAY,
    Work.CANCEL: Urgency.PAY,
    Work.RESOLVE: Urgency.SOON,
    Work.FOLLOW: Urgency.LATER,
}


@dataclass(frozen=True, slots=True)
class Openings:
    """Whose work may be claimed: of companies whose next slot is not after `near`, and that are not `full`."""

    near: datetime
    full: Sequence[str]


@dataclass(frozen=True, slots=True)
class Times:
    """The present, twice: `now` by the clock that dates and deadlines go by, `machine` by the one leases go by.

    They differ only against the mock bank, whose clock can jump; a lease that jumped with it would let go of a
    call that is still under way.
    """

    now: datetime
    machine: datetime


def is_ready(work: Work) -> ColumnElement[bool]:
    """Return the condition, on submissions, that one waits for this work, at :now and :machine."""
    table = submissions.c
    is_free = or_(table.lease_until.is_(None), table.lease_until <= MACHINE)
    is_due = and_(table.due_at <= NOW, is_free)
    is_cancel_due = table.cancel_state == CancelState.DUE.value
    match work:
        case Work.SUBMIT:
            is_connected = exists().where(
                connections.c.company_id == table.company_id, connections.c.state == "connected"
            )
            return and_(
                table.state == SubmissionState.WAITING.value, is_due, is_connected, ~stopped_here(table.company_id)
            )
        case Work.RESOLVE:
            looked_up = (SubmissionState.IN_DOUBT.value, SubmissionState.NEEDS_PERSON.value)
            in_call = (SubmissionState.SENDING.value, SubmissionState.REPEATING.value)
            is_of_the_future = table.first_attempt_at > bindparam("ahead", type_=Instant())
            is_misdated = and_(table.state == SubmissionState.IN_DOUBT.value, is_of_the_future, is_free)
            # Whoever held a call that never came back is gone; what it sent may be at the bank.
            is_looked_up = and_(table.state.in_(looked_up), is_due)
            return or_(is_looked_up, is_misdated, and_(table.state.in_(in_call), is_free))
        case Work.CANCEL:
            return and_(table.state == SubmissionState.FOLLOWED.value, is_cancel_due, is_due)
        case Work.FOLLOW:
            return and_(table.state == SubmissionState.FOLLOWED.value, ~is_cancel_due, is_due, ~_is_company_followed())


def _is_company_followed() -> ColumnElement[bool]:
    # One inquiry shows all that a company has at the bank, so one worker at a time asks for it.
    other = submissions.alias()
    return exists().where(
        other.c.company_id == submissions.c.company_id,
        other.c.state == SubmissionState.FOLLOWED.value,
        other.c.cancel_state != CancelState.DUE.value,
        other.c.lease_owner.is_not(None),
        other.c.lease_until > MACHINE,
    )


def _is_open(work: Work) -> ColumnElement[bool]:
    is_free = and_(
        submissions.c.company_id.not_in(closed_companies(work.urgency)),
        submissions.c.company_id.not_in(bindparam("full", expanding=True)),
    )
    if work is Work.SUBMIT:
        return and_(is_free, ~_is_begun())
    if work.urgency is not Urgency.LATER:
        return is_free
    # A thread that would stand back at the gate is not begun: what pays goes first, up to the bound.
    waiting = submissions.alias()
    pays = select(waiting.c.company_id).where(
        waiting.c.state == SubmissionState.WAITING.value,
        waiting.c.due_at <= NOW,
        waiting.c.company_id.in_(select(connections.c.company_id).where(connections.c.state == "connected")),
        ~stopped_here(waiting.c.company_id),
    )
    has_stood_back = submissions.c.due_at <= bindparam("stood_back", type_=Instant())
    return and_(is_free, or_(has_stood_back, submissions.c.company_id.not_in(pays)))


def _is_begun() -> ColumnElement[bool]:
    # Who has just claimed one payout of an account is about to take all others of it into the same order; claimed by
    # itself, each would be an order more.
    other = submissions.alias()
    return exists().where(
        other.c.company_id == submissions.c.company_id,
        other.c.account_id == submissions.c.account_id,
        other.c.state == SubmissionState.WAITING.value,
        other.c.lease_owner.is_not(None),
        other.c.lease_until > bindparam("begun", type_=Instant()),
    )


def _ready(work: Work, *, is_selective: bool) -> Select[tuple[str]]:
    ready = select(submissions.c.submission_id).where(is_ready(work))
    return (ready.where(_is_open(work)) if is_selective else ready).limit(1)


def _claim_statement(dialect: str, work: Work, is_selective: bool) -> ReturningUpdate[Any]:
    ready = _ready(work, is_selective=is_selective).order_by(submissions.c.due_at, submissions.c.submission_id)
    if dialect == "postgresql":
        ready = ready.with_for_update(skip_locked=True, of=submissions)
    held = {
        "lease_owner": bindparam("holder"),
        "lease_until": bindparam("until", type_=Instant()),
        "claim_count": submissions.c.claim_count + 1,
    }
    return (
        update(submissions)
        .where(submissions.c.submission_id == ready.scalar_subquery())
        .values(held)
        .returning(*submissions.c)
    )


def parameters(at: Times, openings: Openings | None) -> dict[str, Any]:
    """Return the values that the statements need; without `openings` everybody's work may be claimed."""
    present: dict[str, Any] = {"now": at.now, "machine": at.machine, "ahead": at.now + CLOCK_TOLERANCE}
    if openings is not None:
        present |= {
            "near": openings.near,
            "stale": at.machine + STALE_AFTER,
            "full": list(openings.full),
            "begun": at.machine + LEASE - BEGINNING,
            "stood_back": at.now - STANDS_BACK[Urgency.LATER],
        }
    return present


# Built once: a worker asks for each kind of work several times a second.
READY = {work: _ready(work, is_selective=True) for work in Work}
CLAIMS = {
    (dialect, work, is_selective): _claim_statement(dialect, work, is_selective)
    for dialect in ("sqlite", "postgresql")
    for work in Work
    for is_selective in (False, True)
}

"""Rows of jobs: what the web asks of the worker, and its answer. No clear secret passes through here.

A job expires by the program's clock; the lease of the worker that does it runs by the machine's.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from integrator.domain.turns import STALE_AFTER
from integrator.store.base import MACHINE, NOW, Moment
from integrator.store.database import for_claim
from integrator.store.gate import far_companies
from integrator.store.schema import jobs
from integrator.store.submissions import Openings, Times


class JobKind(StrEnum):
    EXCHANGE_CODE = "exchange_code"
    SEAL_CLIENT_SECRET = "seal_client_secret"  # noqa: S105  (a kind of job, no secret)
    INQUIRY_ACCOUNTS = "inquiry_accounts"
    INQUIRY_BALANCES = "inquiry_balances"
    INQUIRY_TRANSACTIONS = "inquiry_transactions"
    QUOTE = "quote"
    DECISION = "decision"


class JobState(StrEnum):
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# A code can be redeemed once: when the worker that held it did not come back, it may be spent.
REPEATABLE = frozenset(JobKind) - {JobKind.EXCHANGE_CODE}
# Answers that nobody needs once the web has read them or given up waiting; they hold balances and names.
TAKEN_AWAY = frozenset(
    {JobKind.INQUIRY_ACCOUNTS, JobKind.INQUIRY_BALANCES, JobKind.INQUIRY_TRANSACTIONS, JobKind.QUOTE}
)
LAPSED = {"problem": "worker_lost"}
TOO_LATE = {"problem": "expired"}


@dataclass(frozen=True, slots=True)
class Job:
    """A job to be done. `intake_secret` is sealed for the worker; `arguments` are JSON values."""

    job_id: str
    kind: JobKind
    company_id: str
    arguments: dict[str, Any] = field(repr=False)
    created_at: datetime
    expires_at: datetime
    intake_secret: bytes | None = field(repr=False, default=None)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """How a job ended: `is_done` with the value asked for, or failed with a `problem` member."""

    is_done: bool
    result: dict[str, Any] = field(repr=False)


def insert_job(tx: Connection, job: Job) -> None:
    """Store a job for the worker."""
    tx.execute(
        insert(jobs).values(
            job_id=job.job_id,
            kind=job.kind.value,
            company_id=job.company_id,
            arguments=_text(job.arguments),
            intake_secret=job.intake_secret,
            state=JobState.READY.value,
            created_at=job.created_at,
            expires_at=job.expires_at,
            request_id=job.request_id,
        )
    )


def find_answer(tx: Connection, job_id: str) -> JobAnswer | None:
    """Return the answer of a job, or None while there is none."""
    row = tx.execute(select(jobs.c.state, jobs.c.result).where(jobs.c.job_id == job_id)).one_or_none()
    if row is None or row.state not in (JobState.DONE, JobState.FAILED):
        return None
    return JobAnswer(is_done=row.state == JobState.DONE, result=json.loads(row.result))


def delete_job(tx: Connection, job_id: str) -> None:
    """Forget a job and its answer."""
    tx.execute(delete(jobs).where(jobs.c.job_id == job_id))


def has_work(tx: Connection, *, at: Times) -> bool:
    """True when a job waits, has lost its worker, or is an answer that nobody came for."""
    return tx.execute(_SOME, {"now": at.now, "machine": at.machine}).first() is not None


def is_work(now: Moment, machine: Moment) -> ColumnElement[bool]:
    """Return the condition of `has_work` on jobs."""
    stale = and_(jobs.c.kind.in_(_values(TAKEN_AWAY)), jobs.c.expires_at <= now)
    return or_(jobs.c.state == JobState.READY, _is_lapsed(machine), stale)


def clear_away(tx: Connection, *, at: Times) -> None:
    """End what can no longer be done: jobs past their time, codes whose worker was lost, answers nobody fetched."""
    late = and_(jobs.c.state == JobState.READY, jobs.c.expires_at <= at.now)
    lost = and_(_is_lapsed(at.machine), jobs.c.kind.not_in(_values(REPEATABLE)))
    for which, answer in ((late, TOO_LATE), (lost, LAPSED)):
        ended = {"state": JobState.FAILED.value, "result": _text(answer), **_RELEASED}
        tx.execute(update(jobs).where(which).values(ended))
    unheld = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= at.machine)
    stale = and_(jobs.c.kind.in_(_values(TAKEN_AWAY)), jobs.c.expires_at <= at.now, unheld)
    tx.execute(delete(jobs).where(stale))


def claim_job(
    tx: Connection, *, at: Times, owner: str, lease_until: datetime, openings: Openings | None = None
) -> Job | None:
    """Take the oldest job that is ready or whose worker was lost, until `lease_until`."""
    again = and_(_is_lapsed(at.machine), jobs.c.kind.in_(_values(REPEATABLE)))
    due = select(jobs).where(or_(jobs.c.state == JobState.READY, again)).where(jobs.c.expires_at > at.now)
    present: dict[str, Any] = {}
    if openings is not None:
        is_open = and_(jobs.c.company_id.not_in(openings.full), jobs.c.company_id.not_in(_FAR))
        due = due.where(or_(jobs.c.kind == JobKind.SEAL_CLIENT_SECRET.value, is_open))
        present = {"near": openings.near, "stale": at.machine + STALE_AFTER}
    oldest = for_claim(due.order_by(jobs.c.created_at, jobs.c.job_id).limit(1), tx, of=jobs)
    row = tx.execute(oldest, present).one_or_none()
    if row is None:
        return None
    held = {"state": JobState.RUNNING.value, "lease_owner": owner, "lease_until": lease_until}
    tx.execute(update(jobs).where(jobs.c.job_id == row.job_id).values(held))
    return Job(
        job_id=row.job_id,
        kind=JobKind(row.kind),
        company_id=row.company_id,
        arguments=json.loads(row.arguments),
        created_at=row.created_at,
        expires_at=row.expires_at,
        intake_secret=row.intake_secret,
        request_id=row.request_id,
    )


def record_answer(tx: Connection, job_id: str, answer: JobAnswer, *, owner: str) -> bool:
    """Store the answer while `owner` still holds the job. Returns False when the lease went to somebody else."""
    state = JobState.DONE if answer.is_done else JobState.FAILED
    values = {"state": state.value, "result": _text(answer.result), **_RELEASED}
    held = and_(jobs.c.job_id == job_id, jobs.c.state == JobState.RUNNING, jobs.c.lease_owner == owner)
    return tx.execute(update(jobs).where(held).values(values)).rowcount == 1


# A long look-up in doubt waits with the same urgency again and again; a person's question is begun beside it.
_FAR = far_companies()
_RELEASED = {"lease_owner": None, "lease_until": None, "intake_secret": None}


def _is_lapsed(machine: Moment) -> ColumnElement[bool]:
    return and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until <= machine)


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _values(kinds: frozenset[JobKind]) -> list[str]:
    return sorted(kind.value for kind in kinds)


_SOME = select(jobs.c.job_id).where(is_work(NOW, MACHINE)).limit(1)  # built once: a worker asks several times a second

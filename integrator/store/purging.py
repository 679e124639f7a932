"""Rows that hold or held a secret and are of no more use: which, and how they go. Physical traces: `rewriting`."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, or_, select, update

from integrator.store.jobs import TAKEN_AWAY, JobKind, JobState
from integrator.store.schema import callback_secrets, chores, connections, consent_requests, jobs

ANSWERS_KEPT = timedelta(hours=1)  # how long the answer of a consent or a sealing may be read
NOT_USED_ANY_MORE = (JobState.DONE.value, JobState.FAILED.value)


def drop_expired_tokens(tx: Connection, *, now: datetime, machine_now: datetime) -> int:
    """Forget tokens past their time, unless they are being renewed. Returns how many companies have none left."""
    table = connections.c
    # By their times alone: the role that purges cannot read a sealed column.
    is_free = and_(table.state == "connected", or_(table.refresh_until.is_(None), table.refresh_until <= machine_now))
    access_ended = table.access_expires_at <= now
    refresh_ended = table.refresh_expires_at <= now
    nothing_left = and_(access_ended, or_(table.refresh_expires_at.is_(None), refresh_ended))
    for ended, values in (
        (access_ended, {"sealed_access_token": None}),
        (refresh_ended, {"sealed_refresh_token": None}),
    ):
        tx.execute(update(connections).where(ended, is_free).values(values))
    over = {"state": "needs_consent", "refresh_owner": None, "refresh_until": None}
    return tx.execute(update(connections).where(nothing_left, is_free).values(over)).rowcount


def delete_dead_consents(tx: Connection, *, now: datetime) -> int:
    """Delete the requests for consent whose time is over, used or not."""
    return tx.execute(delete(consent_requests).where(consent_requests.c.expires_at <= now)).rowcount


def delete_dead_jobs(tx: Connection, *, now: datetime, machine_now: datetime) -> int:
    """Delete answered jobs that nobody reads any more, and inquiries that nobody waits for."""
    table = jobs.c
    unheld = or_(table.lease_until.is_(None), table.lease_until <= machine_now)
    read = and_(table.state.in_(NOT_USED_ANY_MORE), table.created_at <= now - ANSWERS_KEPT)
    answerless = [*sorted(kind.value for kind in TAKEN_AWAY), JobKind.EXCHANGE_CODE.value]
    late = and_(table.kind.in_(answerless), table.expires_at <= now - ANSWERS_KEPT)
    return tx.execute(delete(jobs).where(or_(read, late), unheld)).rowcount


def delete_ended_callback_secrets(tx: Connection, *, now: datetime) -> int:
    """Delete signing secrets whose overlap with their successor is over."""
    return tx.execute(delete(callback_secrets).where(callback_secrets.c.valid_until <= now)).rowcount


def is_chore_due(tx: Connection, name: str, *, now: datetime) -> bool:
    """True when nobody has done a chore since it fell due."""
    due = select(chores.c.name).where(chores.c.name == name, chores.c.due_at <= now)
    return tx.execute(due).first() is not None


def take_chore(tx: Connection, name: str, *, now: datetime, next_at: datetime) -> bool:
    """True for the one caller of all who is to do a chore that is due; it falls due again at `next_at`."""
    due = and_(chores.c.name == name, chores.c.due_at <= now)
    return tx.execute(update(chores).where(due).values(due_at=next_at)).rowcount == 1


def put_chore(tx: Connection, name: str, *, due_at: datetime) -> None:
    """Let a chore fall due at another time."""
    tx.execute(update(chores).where(chores.c.name == name).values(due_at=due_at))

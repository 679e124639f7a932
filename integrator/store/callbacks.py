"""Rows of callbacks, their secrets and what still waits to be delivered. A secret passes through here only sealed.

Two clocks, as for submissions: `now` decides what is due, `machine` how long a lease holds. One delivery of a
company is under way at a time, and a payout's later event is never taken before the earlier one is gone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from integrator.store.base import MACHINE, NOW, Moment
from integrator.store.database import for_change, for_claim
from integrator.store.schema import callback_secrets, callbacks, deliveries, events
from integrator.store.submissions import Times


class Lane(StrEnum):
    """Which receivers a deliverer serves. Slow ones are kept out of the quick lane, so they cannot fill it."""

    QUICK = "quick"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A company's callback as it stands. `waiting` counts the events not taken yet."""

    company_id: str
    url: str = field(repr=False)
    paused_until: datetime
    failures: int
    last_event_id: str | None
    last_at: datetime | None
    last_outcome: str | None
    last_status: int | None
    created_at: datetime
    updated_at: datetime
    waiting: int
    oldest_waiting_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One signing secret, sealed either way. `valid_until` is None for the one that stays."""

    secret_id: str
    intake_secret: bytes | None = field(repr=False)
    sealed_secret: bytes | None = field(repr=False)
    created_at: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery: an event, where it goes, and who holds it until when."""

    event_id: str
    company_id: str
    kind: str
    url: str = field(repr=False)
    body: str = field(repr=False)
    attempt_count: int
    failures: int
    secrets: tuple[StoredSecret, ...]
    holder: str
    lease_until: datetime


def url_for_change(tx: Connection, company_id: str) -> str | None:
    """Return the company's callback URL, and hold the row until the transaction ends. None without a callback."""
    statement = select(callbacks.c.url).where(callbacks.c.company_id == company_id)
    found: str | None = tx.scalar(for_change(statement, tx, of=callbacks))
    return found


def insert_callback(tx: Connection, company_id: str, url: str, *, at: datetime) -> None:
    """Store a callback for the events from now on. Raises IntegrityError when there is one."""
    # What an event stored for a callback that was going away is not sent to the next one.
    tx.execute(delete(deliveries).where(deliveries.c.company_id == company_id))
    tx.execute(
        insert(callbacks).values(
            company_id=company_id,
            url=url,
            is_slow=False,
            failures=0,
            paused_until=at,
            served_at=at,
            created_at=at,
            updated_at=at,
        )
    )


def change_url(tx: Connection, company_id: str, url: str, *, at: datetime) -> None:
    """Send what waits, and all that comes, to another URL; its predecessor's slowness is forgotten."""
    values = {"url": url, "is_slow": False, "failures": 0, "paused_until": at, "updated_at": at}
    tx.execute(update(callbacks).where(callbacks.c.company_id == company_id).values(values))
    tx.execute(update(deliveries).where(deliveries.c.company_id == company_id).values(due_at=at))


def delete_callback(tx: Connection, company_id: str) -> bool:
    """Remove the callback, its secrets and what waits. False when there is none. The events stay, to be pulled."""
    tx.execute(delete(callback_secrets).where(callback_secrets.c.company_id == company_id))
    tx.execute(delete(deliveries).where(deliveries.c.company_id == company_id))
    return tx.execute(delete(callbacks).where(callbacks.c.company_id == company_id)).rowcount == 1


def find_callback(tx: Connection, company_id: str) -> StoredCallback | None:
    """Return the company's callback."""
    row = tx.execute(select(callbacks).where(callbacks.c.company_id == company_id)).one_or_none()
    if row is None:
        return None
    waiting = (
        select(func.count(), func.min(events.c.occurred_at))
        .select_from(deliveries.join(events, events.c.event_id == deliveries.c.event_id))
        .where(deliveries.c.company_id == company_id)
    )
    count, oldest = tx.execute(waiting).one()
    return StoredCallback(
        company_id=row.company_id,
        url=row.url,
        paused_until=row.paused_until,
        failures=row.failures,
        last_event_id=row.last_event_id,
        last_at=row.last_at,
        last_outcome=row.last_outcome,
        last_status=row.last_status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        waiting=count,
        oldest_waiting_at=oldest,
    )


def insert_secret(tx: Connection, company_id: str, secret_id: str, *, intake_secret: bytes, at: datetime) -> None:
    """Store a new secret that signs from now on."""
    values = {"secret_id": secret_id, "company_id": company_id, "intake_secret": intake_secret, "created_at": at}
    tx.execute(insert(callback_secrets).values(values))


def retire_secrets(tx: Connection, company_id: str, *, valid_until: datetime) -> None:
    """Let the secret that signs now end at `valid_until`, and those that were already ending at once."""
    own = callback_secrets.c.company_id == company_id
    tx.execute(delete(callback_secrets).where(own, callback_secrets.c.valid_until.is_not(None)))
    tx.execute(update(callback_secrets).where(own).values(valid_until=valid_until))


def secrets_of(tx: Connection, company_id: str, *, now: datetime) -> tuple[StoredSecret, ...]:
    """Return the secrets that sign now, first the one that stays. Sealed columns included: for the worker."""
    statement = select(callback_secrets).where(callback_secrets.c.company_id == company_id)
    return tuple(StoredSecret(**row) for row in _signing(tx, statement, now))


def secret_terms(tx: Connection, company_id: str, *, now: datetime) -> tuple[StoredSecret, ...]:
    """Return the same without the sealed columns: the web's database role need not be able to read them."""
    table = callback_secrets.c
    statement = select(table.secret_id, table.created_at, table.valid_until).where(table.company_id == company_id)
    return tuple(StoredSecret(**row, intake_secret=None, sealed_secret=None) for row in _signing(tx, statement, now))


def keep_secret(tx: Connection, secret_id: str, *, sealed: bytes) -> None:
    """Replace the intake envelope by the seal for keeping."""
    values = {"sealed_secret": sealed, "intake_secret": None}
    tx.execute(update(callback_secrets).where(callback_secrets.c.secret_id == secret_id).values(values))


def delete_ended_secrets(tx: Connection, company_id: str, *, now: datetime) -> None:
    """Remove the secrets that no longer sign."""
    own = callback_secrets.c.company_id == company_id
    tx.execute(delete(callback_secrets).where(own, callback_secrets.c.valid_until <= now))


def has_delivery(tx: Connection, lane: Lane, *, at: Times) -> bool:
    """True when `claim_delivery` would find something."""
    return tx.execute(_SERVABLE[lane], {"now": at.now, "machine": at.machine}).first() is not None


def claim_delivery(tx: Connection, lane: Lane, *, holder: str, at: Times, until: datetime) -> Delivery | None:
    """Hold the company that was served longest ago, with its event that is due first, until `until` (machine)."""
    longest_ago = (
        select(callbacks).where(_is_servable(lane, at.now, at.machine)).order_by(callbacks.c.served_at).limit(1)
    )
    callback = tx.execute(for_claim(longest_ago, tx, of=callbacks)).one_or_none()
    if callback is None:
        return None
    company_id = callback.company_id
    first = (
        select(deliveries.c.event_id, deliveries.c.attempt_count, events.c.kind, events.c.body)
        .join(events, events.c.event_id == deliveries.c.event_id)
        .where(deliveries.c.company_id == company_id, _is_due(at.now))
        .order_by(deliveries.c.due_at, events.c.number)
        .limit(1)
    )
    event = tx.execute(first).one_or_none()
    if event is None:
        return None
    held = {"lease_owner": holder, "lease_until": until, "served_at": at.now}
    tx.execute(update(callbacks).where(callbacks.c.company_id == company_id).values(held))
    return Delivery(
        event_id=event.event_id,
        company_id=company_id,
        kind=event.kind,
        url=callback.url,
        body=event.body,
        attempt_count=event.attempt_count,
        failures=callback.failures,
        secrets=secrets_of(tx, company_id, now=at.now),
        holder=holder,
        lease_until=until,
    )


def let_go(tx: Connection, held: Delivery, *, at: Times, values: dict[str, Any]) -> bool:
    """Give the lease back with what was learned of the receiver. False, and nothing changed, when it is not ours."""
    return (
        tx.execute(
            update(callbacks)
            .where(
                callbacks.c.company_id == held.company_id,
                callbacks.c.lease_owner == held.holder,
                callbacks.c.lease_until > at.machine,
            )
            .values({**values, "lease_owner": None, "lease_until": None})
        ).rowcount
        == 1
    )


def delete_delivery(tx: Connection, event_id: str) -> None:
    """The event was taken, or is not tried again: nothing waits any more."""
    tx.execute(delete(deliveries).where(deliveries.c.event_id == event_id))


def postpone_delivery(tx: Connection, event_id: str, *, attempt_count: int, due_at: datetime) -> None:
    """Let the event wait, and with it the later ones of its payout."""
    values = {"attempt_count": attempt_count, "due_at": due_at}
    tx.execute(update(deliveries).where(deliveries.c.event_id == event_id).values(values))


def _is_servable(lane: Lane, now: Moment, machine: Moment) -> ColumnElement[bool]:
    """Return the condition, on callbacks, that `claim_delivery` would find something of this one."""
    is_free = or_(callbacks.c.lease_until.is_(None), callbacks.c.lease_until <= machine)
    is_waited_for = exists().where(deliveries.c.company_id == callbacks.c.company_id, _is_due(now))
    is_of_lane = [~callbacks.c.is_slow] if lane is Lane.QUICK else []
    return and_(callbacks.c.paused_until <= now, is_free, *is_of_lane, is_waited_for)


def _is_due(now: Moment) -> ColumnElement[bool]:
    before = deliveries.alias("before")
    has_earlier = exists().where(before.c.stream == deliveries.c.stream, before.c.sequence < deliveries.c.sequence)
    return and_(deliveries.c.due_at <= now, ~has_earlier)


def _signing(tx: Connection, statement: Select[Any], now: datetime) -> list[dict[str, Any]]:
    ends = callback_secrets.c.valid_until
    signing = statement.where(or_(ends.is_(None), ends > now)).order_by(
        ends.is_not(None), callback_secrets.c.created_at.desc()
    )
    rows: list[Row[Any]] = list(tx.execute(signing))
    return [{name: value for name, value in row._mapping.items() if name != "company_id"} for row in rows]


# Built once: threads ask several times a second.
_SERVABLE = {lane: select(callbacks.c.company_id).where(_is_servable(lane, NOW, MACHINE)).limit(1) for lane in Lane}

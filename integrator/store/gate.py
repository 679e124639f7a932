"""Rows of the gate: when the next call of a client id may go out. One short transaction a reservation."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Executable, select, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.store.database import for_change
from integrator.store.schema import companies, gate_slots

# No reservation reaches this far ahead; a stamp that does was left by a clock that has since gone back.
STALE_AFTER = timedelta(hours=1)
REQUESTS_PER_SECOND_LEAST = 1  # of a client id that no company has


def reserve_slot(
    tx: Connection, client_id: str, *, now: Callable[[], datetime], margin: timedelta, latest: datetime
) -> datetime | None:
    """Reserve the next free slot of this client id and return its instant; None when it lies after `latest`.

    Slots are one second divided by the company's limit apart, plus `margin`. Locks the client's row until the
    transaction ends. `now` is asked only once the row is ours: the wait for the lock may be longer than a slot.
    """
    tx.execute(_first_row(tx, client_id, now()))
    row = select(gate_slots.c.next_slot_at).where(gate_slots.c.client_id == client_id)
    free_at: datetime = tx.execute(for_change(row, tx, of=gate_slots)).scalar_one()
    present = now()
    slot = present if free_at > present + STALE_AFTER else max(present, free_at)
    if slot > max(latest, present):
        return None
    following = slot + timedelta(seconds=1 / _limit(tx, client_id)) + margin
    tx.execute(update(gate_slots).where(gate_slots.c.client_id == client_id).values(next_slot_at=following))
    return slot


def _limit(tx: Connection, client_id: str) -> int:
    row = select(companies.c.requests_per_second).where(companies.c.client_id == client_id)
    return tx.execute(row).scalar_one_or_none() or REQUESTS_PER_SECOND_LEAST


def _first_row(tx: Connection, client_id: str, at: datetime) -> Executable:
    values = {"client_id": client_id, "next_slot_at": at}
    if tx.dialect.name == "postgresql":
        return postgresql.insert(gate_slots).values(values).on_conflict_do_nothing()
    return sqlite.insert(gate_slots).values(values).on_conflict_do_nothing()

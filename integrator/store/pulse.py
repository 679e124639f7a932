"""Rows of workers and counters: which processes are alive, and what all of them have counted together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from integrator.store.schema import counters, workers
from integrator.tally import Entry

FORGOTTEN_AFTER = timedelta(days=1)  # until then a worker that went without a word is seen to be missing
KEY = ["name", "first", "second"]
COUNTERS_MAX = 2000  # far beyond our own words; read no further


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself: when it began, when it says so, how far its clock is ahead of the database's."""

    worker_id: str
    started_at: datetime
    at: datetime
    clock_ahead_ms: int | None = None


def database_clock(tx: Connection) -> datetime | None:
    """Return the present by the server's clock; None for a file, which has the clock of whoever opens it."""
    if tx.dialect.name != "postgresql":
        return None
    found: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return found


def report(tx: Connection, beat: Beat, counted: Mapping[Entry, int]) -> None:
    """The worker is alive; add what it counted since it last said so."""
    told = {"seen_at": beat.at, "clock_ahead_ms": beat.clock_ahead_ms}
    seen = update(workers).where(workers.c.worker_id == beat.worker_id).values(told)
    if tx.execute(seen).rowcount == 0:
        tx.execute(_insert(tx, workers).values(worker_id=beat.worker_id, started_at=beat.started_at, **told))
        tx.execute(delete(workers).where(workers.c.seen_at < beat.at - FORGOTTEN_AFTER))
    # In one order, so that two workers never wait for each other's rows.
    for (name, first, second), count in sorted(counted.items()):
        new: Any = _insert(tx, counters)
        row = {"name": name, "first": first, "second": second, "value": count}
        added = {"value": counters.c.value + count}
        tx.execute(new.values(row).on_conflict_do_update(index_elements=KEY, set_=added))


def forget_worker(tx: Connection, worker_id: str) -> None:
    """The worker has ended as it should."""
    tx.execute(delete(workers).where(workers.c.worker_id == worker_id))


def all_workers(tx: Connection) -> list[tuple[str, datetime, datetime]]:
    """Return (worker_id, started_at, seen_at) of each worker, the one seen last first."""
    statement = select(workers.c.worker_id, workers.c.started_at, workers.c.seen_at)
    found = tx.execute(statement.order_by(workers.c.seen_at.desc(), workers.c.worker_id).limit(COUNTERS_MAX))
    return [(row.worker_id, row.started_at, row.seen_at) for row in found]


def clocks_ahead_ms(tx: Connection, *, since: datetime) -> list[int]:
    """Return how far the clock of each worker that was seen since is ahead of the database's."""
    table = workers.c
    statement = select(table.clock_ahead_ms).where(table.seen_at >= since, table.clock_ahead_ms.is_not(None))
    return list(tx.execute(statement.limit(COUNTERS_MAX)).scalars())


def all_counters(tx: Connection) -> dict[Entry, int]:
    """Return what has been counted since the database was made."""
    statement = select(counters).order_by(counters.c.name, counters.c.first, counters.c.second).limit(COUNTERS_MAX)
    return {(row.name, row.first, row.second): row.value for row in tx.execute(statement)}


def _insert(tx: Connection, table: object) -> Insert:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)  # type: ignore[no-any-return]

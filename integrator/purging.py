"""Secrets that are over are physically gone: first their rows, then the bytes that the rows left behind.

Runs by command and, once a day, in one worker of all. See decision 0013 for what no program can promise.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrator.clock import Clock
from integrator.failures import told
from integrator.store import purging as rows
from integrator.store.database import Database
from integrator.store.rewriting import Rewritten, rewrite

CHORE = "purge"
EVERY = timedelta(hours=24)
LOOK_SECONDS = 60.0
STOP_SECONDS = 5.0
AGAIN_AFTER = timedelta(hours=1)  # when something hindered it

log = logging.getLogger("integrator.purge")


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows went, by what they were, and what hindered the bytes from going."""

    counts: dict[str, int]
    rewritten: Rewritten


def purge(db: Database, *, now: datetime, machine_now: datetime, pause: Callable[[float], None]) -> Purged:
    """Delete secrets that are over, and rewrite what held them. Harmless at any time and any number of times.

    It rewrites also when no row went: a token that was replaced leaves its bytes without leaving a row.
    """
    with db.begin() as tx:
        counts = {
            "consents": rows.drop_expired_tokens(tx, now=now, machine_now=machine_now),
            "consent requests": rows.delete_dead_consents(tx, now=now),
            "jobs": rows.delete_dead_jobs(tx, now=now, machine_now=machine_now),
            "callback secrets": rows.delete_ended_callback_secrets(tx, now=now),
        }
    rewritten = rewrite(db, pause=pause)
    for hindrance in rewritten.hindrances:
        log.warning("purge.hindered reason=%s", hindrance)
    log.info("purge.done complete=%s removed=%s", rewritten.is_complete, _told(counts))
    return Purged(counts, rewritten)


def purge_when_due(db: Database, *, clock: Clock, machine_clock: Clock) -> bool:
    """Purge if a day has passed since any worker did; False when it is not due or another does it."""
    now = machine_clock.now()
    with db.read() as tx:
        if not rows.is_chore_due(tx, CHORE, now=now):
            return False
    with db.begin() as tx:
        if not rows.take_chore(tx, CHORE, now=now, next_at=now + EVERY):
            return False
    done = purge(db, now=clock.now(), machine_now=now, pause=machine_clock.sleep)
    if not done.rewritten.is_complete:
        with db.begin() as tx:
            rows.put_chore(tx, CHORE, due_at=now + AGAIN_AFTER)
    return True


@contextmanager
def purging_beside(db: Database, stopping: threading.Event, *, clock: Clock, machine_clock: Clock) -> Iterator[None]:
    """Purge once a day in a thread of its own while the block runs: no payout waits for it."""

    def look() -> None:
        while not stopping.is_set():
            try:
                purge_when_due(db, clock=clock, machine_clock=machine_clock)
            except Exception as error:  # noqa: BLE001
                # The one place of this thread that catches everything; what failed is tried again.
                log.error("purge.failed failure=%s", told(error))
            stopping.wait(LOOK_SECONDS)

    thread = threading.Thread(target=look, name="purge", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(STOP_SECONDS)


def _told(counts: dict[str, int]) -> str:
    return " ".join(f"{name.replace(' ', '_')}={count}" for name, count in counts.items())

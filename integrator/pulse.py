"""A worker says that it is alive, what it has counted and how right its clock is, into the database for every web.

A thread of its own does so every few seconds, beside the work; see docs/decisions/0015.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from integrator.clock import Clock
from integrator.failures import told
from integrator.store import pulse as rows
from integrator.store.database import Database
from integrator.tally import Tally

BEAT_SECONDS = 5.0
JOIN_SECONDS = 2.0
MILLISECOND = timedelta(milliseconds=1)
BOUND_MS = 25  # of each host: two of them are then within the jitter that the gate allows for by default
DAY_MS = 86_400_000  # beyond this a number tells no more
REMINDER = 60  # beats: five minutes

log = logging.getLogger("integrator.worker")


def ahead_of(servers: datetime, *, before: datetime, after: datetime) -> int:
    """Return by how many milliseconds our clock is certainly ahead (negative: behind).

    The server read its clock at some instant between our two readings, so within that span nothing is certain.
    """
    if servers < before:
        return (before - servers) // MILLISECOND
    return -((servers - after) // MILLISECOND) if servers > after else 0


class ClockWatch:
    """Raises the alarm when a clock is further off than its bound, and again each REMINDER beats while it stays so."""

    def __init__(self, bound_ms: int = BOUND_MS) -> None:
        self._bound_ms = bound_ms
        self._beats = 0

    def is_beyond(self, ahead_ms: int) -> bool:
        """True when the clock is beyond the bound; tells so, and when it is over, in the log."""
        if abs(ahead_ms) <= self._bound_ms:
            if self._beats:
                log.info("clock.agrees ahead_ms=%d", ahead_ms)
            self._beats = 0
            return False
        if self._beats % REMINDER == 0:
            log.error("clock.skewed ahead_ms=%d bound_ms=%d", ahead_ms, self._bound_ms)
        self._beats += 1
        return True


@dataclass(frozen=True, slots=True)
class Pulse:
    """One process's report. `clock` is the machine's; `watch` holds it against the database's."""

    db: Database
    clock: Clock
    tally: Tally
    worker_id: str
    started_at: datetime
    watch: ClockWatch = field(default_factory=ClockWatch)

    def beat(self) -> None:
        """Report once. What cannot be reported now is kept for the next time."""
        counted = self.tally.take()
        try:
            ahead_ms = self._measured()
            with self.db.begin() as tx:
                beat = rows.Beat(self.worker_id, self.started_at, self.clock.now(), ahead_ms)
                rows.report(tx, beat, counted)
        except SQLAlchemyError as error:
            self.tally.give_back(counted)
            log.error("worker.not_reported failure=%s", told(error))

    def _measured(self) -> int | None:
        with self.db.read() as tx:
            rows.database_clock(tx)  # the first question of a transaction takes longer
            before = self.clock.now()
            servers = rows.database_clock(tx)
            after = self.clock.now()
        if servers is None:
            return None
        ahead_ms = max(-DAY_MS, min(ahead_of(servers, before=before, after=after), DAY_MS))
        if self.watch.is_beyond(ahead_ms):
            self.tally.add("clock_skewed")
        return ahead_ms

    def end(self) -> None:
        """Report for the last time: this process ends as it should, and is not missed."""
        self.beat()
        try:
            with self.db.begin() as tx:
                rows.forget_worker(tx, self.worker_id)
        except SQLAlchemyError as error:
            log.error("worker.not_reported failure=%s", told(error))


@contextmanager
def beating_beside(pulse: Pulse) -> Iterator[None]:
    """Report every few seconds while the block runs, also while its last calls are ending."""
    ended = threading.Event()

    def beat_on() -> None:
        while not ended.wait(BEAT_SECONDS):
            pulse.beat()

    pulse.beat()
    thread = threading.Thread(target=beat_on, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(JOIN_SECONDS)
        pulse.end()

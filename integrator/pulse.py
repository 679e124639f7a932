"""A worker says that it is alive, and what it has counted, into the database: there every web process reads it.

A thread of its own does so every few seconds, beside the work; see docs/decisions/0015.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from integrator.clock import Clock
from integrator.failures import told
from integrator.store import pulse as rows
from integrator.store.database import Database
from integrator.tally import Tally

BEAT_SECONDS = 5.0
JOIN_SECONDS = 2.0

log = logging.getLogger("integrator.worker")


@dataclass(frozen=True, slots=True)
class Pulse:
    """One process's report. `clock` is the machine's."""

    db: Database
    clock: Clock
    tally: Tally
    worker_id: str
    started_at: datetime

    def beat(self) -> None:
        """Report once. What cannot be reported now is kept for the next time."""
        counted = self.tally.take()
        try:
            with self.db.begin() as tx:
                rows.report(tx, self.worker_id, counted, started_at=self.started_at, at=self.clock.now())
        except SQLAlchemyError as error:
            self.tally.give_back(counted)
            log.error("worker.not_reported failure=%s", told(error))

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

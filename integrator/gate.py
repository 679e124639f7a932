"""One request limit for each client id, held by every process that calls the bank for it.

The bank counts real seconds, whatever its own clock says; so the gate has a clock of its own, the machine's.
Nothing here sends anything.
"""

import logging
from datetime import datetime, timedelta

from integrator.clock import Clock
from integrator.effects import Checkpoints
from integrator.store.database import Database
from integrator.store.gate import reserve_slot

LATE_MAX = timedelta(milliseconds=30)  # a process that wakes later than this takes a new slot
TURN_SECONDS_MAX = 30.0
TRIES_MAX = 10
SLEEPS_MAX = 5

log = logging.getLogger("integrator.gate")


class NoTurn(Exception):
    """The turn to call the bank did not come within its bound; nothing was sent."""


class Gate:
    """Gives turns by reserving slots in the database.

    Slots are 1/limit + jitter + LATE_MAX apart, and a turn is given within LATE_MAX of its slot or not on this
    slot. So two calls reach the bank at least 1/limit apart as long as the times from turn to bank (storing
    the intent, the way there) differ by less than the jitter.
    """

    def __init__(self, db: Database, *, clock: Clock, checkpoints: Checkpoints, jitter_seconds: float) -> None:
        self._db = db
        self._clock = clock
        self._checkpoints = checkpoints
        self._margin = timedelta(seconds=jitter_seconds) + LATE_MAX

    def wait(self, client_id: str) -> float:
        """Return when it is this call's turn, with the seconds waited: at most about TURN_SECONDS_MAX.

        Raises NoTurn when the queue is longer than that, or when this process never woke in time for its slot.
        """
        started = self._clock.now()
        for tried in range(1, TRIES_MAX + 1):
            slot = self._reserve(client_id, latest=started + timedelta(seconds=TURN_SECONDS_MAX))
            self._sleep_until(slot)
            present = self._clock.now()
            if slot <= present <= slot + LATE_MAX:
                waited = (present - started).total_seconds()
                log.info("gate.turn client_id=%s waited_ms=%d slots=%d", client_id, waited * 1000, tried)
                return waited
        raise NoTurn(f"missed {TRIES_MAX} slots in a row: this machine is too busy to keep the bank's limit")

    def _reserve(self, client_id: str, *, latest: datetime) -> datetime:
        with self._db.begin() as tx:
            slot = reserve_slot(tx, client_id, now=self._clock.now, margin=self._margin, latest=latest)
        if slot is None:
            raise NoTurn(f"no slot within {TURN_SECONDS_MAX:g} s: more calls are waiting than the bank allows")
        return slot

    def _sleep_until(self, slot: datetime) -> None:
        for _ in range(SLEEPS_MAX):
            remaining = (slot - self._clock.now()).total_seconds()
            if remaining <= 0:
                return
            self._checkpoints.reached("sleep")
            self._clock.sleep(remaining)

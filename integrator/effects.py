"""The points at which a test can stop, kill or switch a worker. Production passes by."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

log = logging.getLogger("integrator.worker")


class Checkpoints(Protocol):
    """Told of every effect. Points: commit.before, commit.after, bank.before, bank.after, sleep.

    Over a real connection also OPERATION.sent, when the request has left whole, and OPERATION.answered, when its
    reply has come whole: requestTransfer.sent for an order.
    """

    def reached(self, point: str) -> None:
        """Return to let the worker go on; raise to kill it here."""


class NoCheckpoints:
    """Production: every point is passed."""

    def reached(self, point: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class FailPoint:
    """A point, and at which visit of it (from 1) the process ends. Only the environment local has one."""

    point: str
    visit: int


def kill_this_process() -> None:
    """End as kill -9 does: nothing is finished, nothing is told to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)


class FailsAt:
    """Ends the process at its fail point, whichever thread comes there."""

    def __init__(self, fail_point: FailPoint, *, end: Callable[[], None] = kill_this_process) -> None:
        self._fail_point = fail_point
        self._end = end
        self._lock = threading.Lock()
        self._visits = 0

    def reached(self, point: str) -> None:
        """Count a visit of the fail point; end at the one that is meant."""
        if point != self._fail_point.point:
            return
        with self._lock:
            self._visits += 1
            if self._visits == self._fail_point.visit:
                log.warning("worker.fail_point point=%s visit=%d", point, self._visits)
                self._end()


def checkpoints_of(fail_point: FailPoint | None) -> Checkpoints:
    """Return what a worker with this fail point, or with none, passes by."""
    return NoCheckpoints() if fail_point is None else FailsAt(fail_point)

"""The threads of one worker process: each takes a piece of work, carries it to its end, and looks for the next.

One thread at a time looks; a piece once claimed is done while another thread looks on. When the process is to
stop nothing more is claimed, and what is under way ends within its own limits.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from integrator.failures import told
from integrator.lanes import Lanes
from integrator.store.due import Due

IDLE_SECONDS = 0.2
IN_VAIN_SECONDS = 0.15  # less than an idle crew pauses, so that nothing is looked for later than then
AFTER_FAILURE_SECONDS = 1.0

log = logging.getLogger("integrator.worker")

Look = Callable[[], Collection[Due]]
"""Says what is due at all, in one question to the database."""


@dataclass(frozen=True, slots=True)
class KindOfWork:
    """`do_one` does one piece if one is due, and returns whether it was.

    It is called only while `due` is among what was seen to be due; without, it keeps its own time.
    """

    do_one: Callable[[], bool]
    due: Due | None = None

    def is_worth_a_try(self, seen: Collection[Due]) -> bool:
        return self.due is None or self.due in seen


class Crew:
    """`count` threads that share the kinds of work. No kind can starve another: they are looked for in turn.

    A kind that had nothing is looked for again after IN_VAIN_SECONDS, however busy the others are meanwhile.
    """

    def __init__(
        self,
        kinds_of_work: Sequence[KindOfWork],
        lanes: Lanes,
        *,
        look: Look,
        count: int,
        stopping: threading.Event,
        timer: Callable[[], float],
    ) -> None:
        self._timer = timer
        self._kinds = kinds_of_work
        self._look = look
        self._lanes = lanes
        self._stopping = stopping
        self._next_kind = 0
        self._in_vain_until = [0.0] * len(kinds_of_work)
        self._threads = [threading.Thread(target=self._work, name=f"work-{number}") for number in range(count)]

    def run(self) -> None:
        """Work until told to stop, and return when the last piece under way has ended."""
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._lanes.looking():
                    if not self._do_next() and not self._stopping.is_set():
                        self._stopping.wait(IDLE_SECONDS)
            except Exception as error:  # noqa: BLE001
                # The one place of the process that catches everything. What could not be finished stays leased,
                # and is looked at by whoever comes after the lease.
                log.error("worker.failed failure=%s", told(error))
                self._stopping.wait(AFTER_FAILURE_SECONDS)

    def _do_next(self) -> bool:
        # While others have much to do, a kind that had nothing is not asked in vain after each of their pieces.
        present = self._timer()
        rested = {number for number, until in enumerate(self._in_vain_until) if until <= present}
        seen = self._look() if rested else ()
        for _ in self._kinds:
            if self._stopping.is_set():
                return False
            number = self._next_kind
            self._next_kind = (number + 1) % len(self._kinds)
            if number not in rested:
                continue
            if self._kinds[number].is_worth_a_try(seen) and self._kinds[number].do_one():
                return True
            self._in_vain_until[number] = self._timer() + IN_VAIN_SECONDS
        return False

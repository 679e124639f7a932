"""The threads of one worker process: each takes a piece of work, carries it to its end, and looks for the next.

One thread at a time looks; a piece once claimed is done while another thread looks on. When the process is to
stop nothing more is claimed, and what is under way ends within its own limits.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from integrator.failures import told
from integrator.lanes import Lanes

IDLE_SECONDS = 0.2
IN_VAIN_SECONDS = 0.15  # less than an idle crew pauses, so that nothing is looked for later than then
AFTER_FAILURE_SECONDS = 1.0

log = logging.getLogger("integrator.worker")

KindOfWork = Callable[[], bool]
"""Does one piece of work if one is due; returns whether it was."""


class Crew:
    """`count` threads that share the kinds of work. No kind can starve another: they are looked for in turn.

    A kind that had nothing is looked for again after IN_VAIN_SECONDS, however busy the others are meanwhile.
    """

    def __init__(
        self,
        kinds_of_work: Sequence[KindOfWork],
        lanes: Lanes,
        *,
        count: int,
        stopping: threading.Event,
        timer: Callable[[], float],
    ) -> None:
        self._timer = timer
        self._kinds = kinds_of_work
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
        for _ in self._kinds:
            if self._stopping.is_set():
                return False
            kind = self._next_kind
            self._next_kind = (kind + 1) % len(self._kinds)
            if self._timer() < self._in_vain_until[kind]:
                continue  # while others have much to do, it is not asked in vain after each of their pieces
            if self._kinds[kind]():
                return True
            self._in_vain_until[kind] = self._timer() + IN_VAIN_SECONDS
        return False

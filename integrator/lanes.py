"""Who does what inside one process: which companies its threads are at work for, and which thread looks for work.

One company never takes all threads, however long its calls hang; and only one thread at a time looks for work, so
that many threads ask the database no more often than one.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from integrator import trail
from integrator.domain.turns import Urgency

# Pieces of work of one company that a process does at once.
PLACES: dict[Urgency, int] = {Urgency.PAY: 2, Urgency.SOON: 2, Urgency.LATER: 1}
NEAR = timedelta(milliseconds=400)  # work is claimed only when its company's next slot is this near


class Lanes:
    """One process's share. `near` None: every company is served, and its slot is waited for (a worker by steps)."""

    def __init__(self, *, near: timedelta | None = None) -> None:
        self.near = near
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._at_work: Counter[tuple[str, Urgency]] = Counter()
        self._of_thread = _OfThread()

    def full(self, urgency: Urgency) -> list[str]:
        """Return the companies for which this process is busy enough with such work."""
        with self._lock:
            return [
                company_id
                for (company_id, kind), count in self._at_work.items()
                if kind is urgency and count >= PLACES[urgency]
            ]

    def enter(self, company_id: str, urgency: Urgency) -> None:
        """This thread has claimed a piece of work: count it, and let another thread look for more."""
        with self._lock:
            self._at_work[company_id, urgency] += 1
        self._of_thread.pieces.append((company_id, urgency))
        self._pass_on()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Be the one thread that looks for work, until a piece is claimed or the block ends; then do it."""
        self._looking.acquire()
        self._of_thread.is_looking = True
        try:
            yield
        finally:
            self.leave()
            self._pass_on()

    def leave(self) -> None:
        """This thread has ended the piece of work that it claimed."""
        trail.lay_down()
        pieces, self._of_thread.pieces = self._of_thread.pieces, []
        with self._lock:
            for piece in pieces:
                self._at_work[piece] -= 1
                if self._at_work[piece] == 0:
                    del self._at_work[piece]

    def _pass_on(self) -> None:
        if self._of_thread.is_looking:
            self._of_thread.is_looking = False
            self._looking.release()


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.is_looking = False
        self.pieces: list[tuple[str, Urgency]] = []

"""Waiting for the worker: a bounded time for each request, and a bounded number of requests that wait at once.

Taking a payout never waits for the worker, so it must not run out of threads because inquiries do.
"""

from collections.abc import Callable
from threading import BoundedSemaphore

from integrator import jobs
from integrator.clock import Clock
from integrator.companies import NewText
from integrator.gate import never
from integrator.inquiries import Question
from integrator.store.database import Database
from integrator.store.jobs import JobAnswer
from integrator.web.contract import JSONValue

WAITING_MAX = 16


class Waiting:
    """The web's side of the queue between web and worker. One for a process."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Clock,
        pause: Callable[[float], None],
        new_text: NewText,
        is_stopping: Callable[[], bool] = never,
    ) -> None:
        self._is_stopping = is_stopping
        self._db = db
        self._clock = clock
        self._pause = pause
        self._new_text = new_text
        self._seats = BoundedSemaphore(WAITING_MAX)

    def ask(self, question: Question) -> JSONValue:
        """Return the worker's answer to a question. Raises NotAnswered."""
        if not self._seats.acquire(blocking=False):
            raise jobs.NotAnswered("too-many-waiting")
        try:
            job_id = jobs.put(self._db, question, at=self._clock.now(), new_text=self._new_text)
            answer = self._wait(job_id, seconds=jobs.ANSWER_SECONDS_MAX)
        finally:
            self._seats.release()
        return jobs.take_away(self._db, job_id, answer)

    def for_exchange(self, job_id: str) -> JobAnswer | None:
        """Return how the exchange of a code ended, or None when that is not known in time, or too many wait already."""
        if not self._seats.acquire(blocking=False):
            return None
        try:
            return self._wait(job_id, seconds=jobs.EXCHANGE_SECONDS_MAX)
        finally:
            self._seats.release()

    def _wait(self, job_id: str, *, seconds: float) -> JobAnswer | None:
        # A process that is to stop waits no longer: whoever asked gets an answer of ours instead of a broken line.
        return jobs.wait_for_answer(self._db, job_id, pause=self._pause, seconds=seconds, is_stopping=self._is_stopping)

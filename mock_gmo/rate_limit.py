"""The request limit of a client id: so many calls in any one second. Source: README, "Request limit".

Counts real seconds of an injected monotonic clock, never the bank's clock.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

WINDOW_SECONDS = 1.0


class RequestLimiter:
    """Calls let through in the second that just passed, per client id. A refused call does not count."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._passed: dict[str, deque[float]] = {}

    def lets_through(self, client_id: str, *, requests_per_second: int | None) -> bool:
        """Count one call and return True, or return False when the second is full. None means no limit."""
        if requests_per_second is None:
            return True
        with self._lock:
            now = self._monotonic()
            passed = self._passed.setdefault(client_id, deque())
            while passed and now - passed[0] >= WINDOW_SECONDS:
                passed.popleft()
            if len(passed) >= requests_per_second:
                return False
            passed.append(now)
            return True

    def ages(self) -> dict[str, list[float]]:
        """Return, per client id, how many seconds ago the calls of the second that just passed were let through."""
        with self._lock:
            now = self._monotonic()
            ages = {client_id: [now - then for then in passed] for client_id, passed in self._passed.items()}
        return {
            client_id: young for client_id, old in ages.items() if (young := [a for a in old if a < WINDOW_SECONDS])
        }

    def remember(self, ages: Mapping[str, Sequence[float]]) -> None:
        """Count calls that were let through so many seconds ago, oldest first, in the place of all others."""
        with self._lock:
            now = self._monotonic()
            self._passed = {client_id: deque(now - age for age in passed) for client_id, passed in ages.items()}

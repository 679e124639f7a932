"""The request limit of a client id: so many calls in any one second. Source: README, "Request limit".

Counts real seconds of an injected monotonic clock, never the bank's clock.
"""

from collections import deque
from collections.abc import Callable
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

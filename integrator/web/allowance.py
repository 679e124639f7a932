"""How many requests one API key may make: a bucket for each key, in this process. It knows no request and no reply."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

BURST_SECONDS = 10  # so many seconds' worth may come at once after a pause


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Allowance:
    """Refills `per_second` requests a second for each key, up to BURST_SECONDS' worth. Several threads may ask."""

    def __init__(self, per_second: int, *, timer: Callable[[], float]) -> None:
        self._per_second = per_second
        self._timer = timer
        self._buckets: dict[str, _Bucket] = {}  # of keys that were found valid, so there are no more than keys
        self._lock = threading.Lock()

    def seconds_to_wait(self, key_id: str) -> int:
        """Take one request of this key's: 0 when it may be served, else the whole seconds after which one may come."""
        now = self._timer()
        full = float(self._per_second * BURST_SECONDS)
        with self._lock:
            bucket = self._buckets.setdefault(key_id, _Bucket(full, now))
            bucket.left = min(full, bucket.left + (now - bucket.at) * self._per_second)
            bucket.at = now
            if bucket.left < 1:
                return math.ceil((1 - bucket.left) / self._per_second)
            bucket.left -= 1
            return 0

"""What one process counts between two reports: whole numbers by name and at most two labels. Threads may share it."""

import threading
from collections import Counter
from collections.abc import Mapping

Entry = tuple[str, str, str]

# Upper bounds in seconds of what is counted by duration. The last bound stands for everything beyond.
SECONDS_BOUNDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
BEYOND = "+Inf"


class Tally:
    """Counts upwards until it is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Entry] = Counter()

    def add(self, name: str, first: str = "", second: str = "", *, by: int = 1) -> None:
        """Count `by` more of something. Labels come from our own words only, so that they are few."""
        with self._lock:
            self._counts[name, first, second] += by

    def add_seconds(self, name: str, first: str, seconds: float) -> None:
        """Count one more that took so long: its bound, and under `name`_ms the sum in milliseconds."""
        bound = next((str(bound) for bound in SECONDS_BOUNDS if seconds <= bound), BEYOND)
        self.add(name, first, bound)
        self.add(f"{name}_ms", first, by=round(seconds * 1000))

    def take(self) -> Mapping[Entry, int]:
        """Return what was counted, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def give_back(self, taken: Mapping[Entry, int]) -> None:
        """Count again what could not be reported."""
        with self._lock:
            self._counts.update(taken)

"""The bank's clock: what time it is at the bank, and the only ways to move it.

No rule of the bank lives here; who moves the clock must also drive the bank (`World.advance`).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from mock_gmo.bank.calendar import FIRST_YEAR, LAST_DAY, LAST_YEAR
from mock_gmo.bank.days import ONE_DAY, civil_date, midnight

RATE_MAX = 100_000.0
ADVANCE_SECONDS_MAX = 10 * 366 * 86_400
EPOCH = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = midnight(LAST_DAY + ONE_DAY) - MICROSECOND


class ClockBackwards(Exception):
    """The bank's clock was asked to go back: bookings would lose their order."""


class ClockOutOfRange(Exception):
    """A rate, a distance or an instant outside the bounds of this module."""


class BankClock:
    """Instants of the bank, in whole microseconds, never going back even if the machine's clock does.

    `real` gives seconds since 1970 and is asked once per reading. `start`, when given, is the first instant;
    without it the bank begins at the real time. Raises ClockOutOfRange for a first instant in other years than those
    whose holidays are known.
    """

    def __init__(self, real: Callable[[], float], *, start: datetime | None = None) -> None:
        self._real = real
        self._lock = Lock()
        self._rate = 1.0
        self._frozen = False
        self._real_mark = self._real_microseconds()
        self._bank_mark = self._real_mark if start is None else _microseconds(start)
        _require_known_year(self._bank_mark)

    @property
    def rate(self) -> float:
        """Bank seconds per real second while the clock is not frozen."""
        return self._rate

    @property
    def is_frozen(self) -> bool:
        """Whether bank time stands still until somebody moves it."""
        return self._frozen

    def now(self) -> datetime:
        """Return the bank's present instant: aware, UTC, whole microseconds."""
        with self._lock:
            return _instant(self._read())

    def today(self) -> date:
        """Return the civil date in Japan at the bank's present instant."""
        return civil_date(self.now())

    def set(self, at: datetime) -> None:
        """Put the clock to `at`. Raises ClockBackwards when that lies before now, ClockOutOfRange beyond LATEST."""
        with self._lock:
            self._move_to(_microseconds(at))

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ClockBackwards for a negative distance, ClockOutOfRange beyond the bounds."""
        if seconds > ADVANCE_SECONDS_MAX:
            raise ClockOutOfRange(f"at most {ADVANCE_SECONDS_MAX} seconds at once, not {seconds:g}")
        with self._lock:
            self._move_to(self._read() + round(seconds * 1_000_000))

    def freeze(self, frozen: bool) -> None:
        """Stop the clock where it is, or let it run on from there."""
        with self._lock:
            self._read()
            self._frozen = frozen

    def set_rate(self, rate: float) -> None:
        """Let bank time run `rate` times as fast as real time. Raises ClockOutOfRange unless 0 < rate ≤ RATE_MAX."""
        if not 0 < rate <= RATE_MAX:
            raise ClockOutOfRange(f"the rate must be above 0 and at most {RATE_MAX:g}, not {rate:g}")
        with self._lock:
            self._read()
            self._rate = rate

    def _read(self) -> int:
        real = self._real_microseconds()
        passed = real - self._real_mark
        if passed > 0:
            if not self._frozen:
                self._bank_mark += passed if self._rate == 1.0 else round(passed * self._rate)
            self._real_mark = real
        return self._bank_mark

    def _move_to(self, target: int) -> None:
        now = self._read()
        if target < now:
            raise ClockBackwards(f"the bank's clock is at {_instant(now).isoformat()} and only goes forward")
        _require_known_year(target)
        self._bank_mark = target

    def _real_microseconds(self) -> int:
        return int(self._real() * 1_000_000)


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _require_known_year(microseconds: int) -> None:
    if not 0 <= microseconds <= _microseconds(LATEST):
        years = f"{FIRST_YEAR} to {LAST_YEAR}, whose holidays are known"
        raise ClockOutOfRange(f"the bank's clock shows the years {years}, not {_told(microseconds)}")


def _told(microseconds: int) -> str:
    try:
        return _instant(microseconds).isoformat()
    except OverflowError:
        return "a year beyond all calendars"


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)

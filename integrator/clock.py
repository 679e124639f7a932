"""What time it is, and waiting. The only place that reads the machine's clock; rules take `at` instead.

`BankClock` follows the clock of a mock bank, which can be moved and sped up; `settings` allows it in the
environment `local` only.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol

import httpx

CLOCK_PATH = "/_sandbox/v1/clock"
REUSE_SECONDS = 0.1
ANSWER_SECONDS_MAX = 2.0


class Clock(Protocol):
    """Time as the integrator sees it."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so many real seconds."""


class SystemClock:
    """The machine's clock, which the operator keeps right by NTP."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Return after so many real seconds."""
        time.sleep(seconds)


class ClockUnavailable(Exception):
    """The mock bank has never told its time, so there is no time to go by."""


@dataclass(frozen=True, slots=True)
class _Reading:
    instant: datetime
    rate: float
    read_at: float

    def at(self, real: float) -> datetime:
        return self.instant + timedelta(seconds=(real - self.read_at) * self.rate)


class BankClock:
    """The clock of the mock bank behind `bank_url`.

    An answer is used for 0.1 real seconds, counted on at the bank's own rate; so is the last answer while the
    bank does not answer at all, for instance during its restart.
    """

    def __init__(
        self,
        bank_url: str,
        *,
        http: httpx.Client,
        real: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = bank_url + CLOCK_PATH
        self._http = http
        self._real = real
        self._pause = pause
        self._lock = Lock()
        self._last: _Reading | None = None
        self._asked_at: float | None = None

    def now(self) -> datetime:
        """Return the bank's present instant. Raises ClockUnavailable when it has never answered."""
        with self._lock:
            real = self._real()
            if self._asked_at is None or real - self._asked_at >= REUSE_SECONDS:
                self._last = self._ask() or self._last
                self._asked_at = self._real()
            if self._last is None:
                self._asked_at = None
                raise ClockUnavailable(
                    f"the mock bank at {self._url} does not tell its time: start it first, or set INTEGRATOR_CLOCK=own"
                )
            return self._last.at(self._real())

    def sleep(self, seconds: float) -> None:
        """Return after so many real seconds, however fast the bank's clock runs."""
        self._pause(seconds)

    def _ask(self) -> _Reading | None:
        try:
            response = self._http.get(self._url, timeout=ANSWER_SECONDS_MAX)
            if response.status_code != httpx.codes.OK:
                return None
            return _read(json.loads(response.content), read_at=self._real())
        except (httpx.HTTPError, ValueError):
            return None


def _read(answer: Any, *, read_at: float) -> _Reading:
    if not isinstance(answer, dict) or not isinstance(answer.get("now"), str):
        raise ValueError("the clock's answer names no instant")
    instant = datetime.fromisoformat(answer["now"])
    rate = answer.get("rate", 1)
    if instant.tzinfo is None or not isinstance(rate, int | float):
        raise ValueError("the clock's answer has no offset, or a rate that is no number")
    return _Reading(instant.astimezone(UTC), 0.0 if answer.get("frozen") is True else float(rate), read_at)

"""Whose turn it is to call the bank, and when: the arithmetic of the gate. Pure; decision 0010 has the reasons.

A *slot* is the instant at which a call leaves. Slots of a client id are `spacing` apart, and a call leaves at most
LATE_MAX after its slot. An arrival is then its slot plus at most LATE_MAX plus the jitter, so of any `limit` + 1
arrivals in a row the last comes at least a second after the first.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SECOND = timedelta(seconds=1)
LATE_MAX = timedelta(milliseconds=15)  # a call that would leave later than this gets a new slot, and more time
AHEAD = timedelta(milliseconds=100)  # so long before its slot a turn is given: time to store the intent
LEAD = timedelta(milliseconds=50)  # the same for a turn that nobody had to wait for
GRACE = timedelta(milliseconds=20)  # so long each better waiter may be late before the next one goes instead
STALE_AFTER = timedelta(hours=1)  # a slot farther ahead was left by a clock that has since gone back


class NoTurn(Exception):
    """The turn to call the bank did not come within its bound; nothing was sent."""


class Urgency(StrEnum):
    """How long a call stands back behind those that came after it."""

    PAY = "pay"
    SOON = "soon"
    LATER = "later"


# Who waits is served in the order of (begin of the wait + this). So a call that pays goes first, and whoever
# asks is overtaken only by what came less than this after it: nobody starves.
STANDS_BACK: dict[Urgency, timedelta] = {
    Urgency.PAY: timedelta(0),  # a request, its repetition, a cancel, the token that they need
    Urgency.SOON: timedelta(seconds=2),  # somebody watches the screen, or a payout is in doubt
    Urgency.LATER: timedelta(seconds=8),  # following what is at the bank
}
WAITED_MAX = timedelta(seconds=60)  # what waited longer is not older than that to the gate

# A 429 although we kept the limit: somebody else calls with this client id, or delays exceed the jitter.
LIMITED_WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 30))


def spacing(requests_per_second: int, *, jitter: timedelta) -> timedelta:
    """Return the distance of two slots: a second and all that may delay a call, shared by the calls of a second."""
    # Rounded up to the microsecond that instants are stored with, so that the sum over a second never falls short.
    return -((SECOND + jitter + LATE_MAX) // -requests_per_second)


def late_max_of(tried: int) -> timedelta:
    """Return how late a call may leave after it missed `tried` departures: a busy machine gets four times as long each.

    What it gets beyond LATE_MAX is added to the distance of the slot after it.
    """
    return LATE_MAX * (1 << 2 * tried)


def rank_at(now: datetime, urgency: Urgency, *, waited: timedelta = timedelta(0)) -> datetime:
    """Return where in the queue a call stands that begins to wait `now` and whose work has waited before."""
    return now - min(max(waited, timedelta(0)), WAITED_MAX) + STANDS_BACK[urgency]


def opens_at(free_at: datetime, *, better: int) -> datetime:
    """Return when a waiter may take the slot `free_at`, if so many better ones have not taken it until then."""
    return free_at - AHEAD + better * GRACE


def slot_at(free_at: datetime, now: datetime) -> datetime:
    """Return the slot of a turn given `now` when the next one is free from `free_at` on."""
    return max(free_at, now + LEAD)


def limited_wait(count: int) -> timedelta:
    """Return for how long nothing is sent after the `count`-th 429 in a row (from 1); the last wait repeats."""
    return LIMITED_WAITS[min(count, len(LIMITED_WAITS)) - 1]


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to one call at `slot`. `following` is the next free slot as it was stored with this one."""

    client_id: str
    slot: datetime
    following: datetime
    taken_at: datetime
    limited_count: int  # 429 in a row before this call
    late_max: timedelta = LATE_MAX  # so long after `slot` the call may leave; `following` leaves room for it


class JitterWatch:
    """Sees when the way to the bank varies by more than the bound that slots are spaced for.

    The way is measured as the time a connection takes to come about: one way there and back.
    """

    def __init__(self, bound: timedelta, *, memory: int = 64) -> None:
        self._bound = bound
        self._ways: deque[timedelta] = deque(maxlen=memory)

    def excess(self, way: timedelta) -> timedelta | None:
        """Take note of one way; return by how much it was longer than the shortest one, if that breaks the bound."""
        self._ways.append(way)
        variation = way - min(self._ways)
        return variation if variation > self._bound else None

"""Making a story short: acts are left out as long as the same fault shows. Bounded in time."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.simulation.profiles import Profile
from tests.simulation.story import Result, Told, run

Around = Callable[[], AbstractContextManager[object]]


def shrunk(failed: Result, profile: Profile, *, around: Around | None = None) -> Result:
    """Return the shortest story found within the profile's time that breaks in the same way; perhaps `failed` itself.

    Delta debugging: ever smaller pieces of the story are left out while what remains still breaks.
    """
    until = time.monotonic() + profile.shrink_seconds
    best, size = failed, max(1, len(failed.acts) // 2)
    while size >= 1 and time.monotonic() < until:
        shorter = _without_a_piece(best, profile, size, around, until)
        if shorter is not None:
            best = shorter
            size = min(size, max(1, len(best.acts) // 2))
        elif size == 1:
            break
        else:
            size //= 2
    return best


def _without_a_piece(best: Result, profile: Profile, size: int, around: Around | None, until: float) -> Result | None:
    # From the end: what came after the fault goes first.
    for begin in range(len(best.acts) - size, -size, -size):
        if time.monotonic() > until:
            return None
        acts: list[Told] = [*best.acts[: max(0, begin)], *best.acts[begin + size :]]
        tried = run(best.seed, profile, acts=acts, around=None if around is None else around())
        assert best.failure is not None, "only what broke is made shorter"
        if len(tried.acts) < len(best.acts) and best.failure.is_like(tried.failure):
            return tried
    return None

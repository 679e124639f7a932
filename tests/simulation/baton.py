"""Actors in one process of which exactly one moves: the one that holds the baton. And the one clock of the world.

An actor is a greenlet. It gives the baton back at every effect (`pause`, `sleep`) and gets it again when the story's
chance says so. Nothing here knows of banks or payouts.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from greenlet import getcurrent, greenlet

MOVE_SECONDS = 0.0001  # so long one motion takes; a call that stands at its departure is not made late by others
MOVES_MAX = 1_000_000
STANDING_STILL = "standing still"


class Killed(BaseException):
    """This process ended here, as if by kill -9: no handler of the program sees it."""


class WorldClock:
    """The time of the world. It never goes back; processes may have clocks that do, see `MachineClock`."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.elapsed = 0.0

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self._start + timedelta(seconds=self.elapsed)

    def seconds(self) -> float:
        """Return the present as seconds since 1970."""
        return self.now().timestamp()

    def monotonic(self) -> float:
        """Return the seconds since the world began."""
        return self.elapsed

    def go_on(self, seconds: float) -> None:
        """Let time pass for everybody."""
        assert seconds >= 0, "the world's time never goes back"
        self.elapsed += seconds


@dataclass(eq=False)
class Actor:
    """Somebody who acts: a part of a process, a message on its way. `process` names what dies together."""

    name: str
    process: str
    wake_at: float
    body: greenlet
    stands_at: str = "its beginning"
    is_killed: bool = False


@dataclass
class Baton:
    """Who holds it moves. `patience` stretches the sleep of those who find nothing to do, while much time passes."""

    clock: WorldClock
    moves: int = 0
    patience: float = 30.0
    briskness: float = 1.0  # so soon whoever found nothing to do looks again when something was committed
    actors: list[Actor] = field(default_factory=list)
    after_move: Callable[[Actor], None] = field(default=lambda _actor: None)
    last: Actor | None = None  # who moved last
    _current: Actor | None = None

    def spawn(self, name: str, act: Callable[[], object], *, process: str = "", delay: float = 0.0) -> Actor:
        """Let one more actor stand ready; it can begin `delay` seconds from now."""

        def body() -> None:
            with suppress(Killed):
                act()

        actor = Actor(name, process, self.clock.elapsed + delay, greenlet(body))
        self.actors.append(actor)
        return actor

    @property
    def current(self) -> Actor | None:
        """Who moves now; None between two motions."""
        return self._current

    def pause(self, point: str) -> None:
        """Give the baton back and return when it comes again. Raises Killed when the process has ended meanwhile.

        Whoever calls this outside an actor (the story itself) just goes on.
        """
        actor = self._current
        if actor is None or actor.body is not getcurrent():
            return
        actor.stands_at = point
        if not actor.is_killed:
            assert actor.body.parent is not None, "an actor is moved by somebody"
            actor.body.parent.switch()
        if actor.is_killed:
            raise Killed(point)

    def sleep(self, seconds: float, *, point: str = "sleep") -> None:
        """Return after so many seconds of the world."""
        actor = self._current
        if actor is None:
            self.clock.go_on(max(0.0, seconds))
            return
        actor.wake_at = self.clock.elapsed + max(0.0, seconds)
        self.pause(point)

    def hold_still(self, actor: Actor, seconds: float) -> None:
        """Let one actor stand where it stands for so long, whatever it waits for."""
        actor.wake_at = max(actor.wake_at, self.clock.elapsed + seconds)
        actor.stands_at = STANDING_STILL

    def let_go_on(self) -> None:
        """Let everybody who was made to stand still go on."""
        for actor in self.actors:
            if actor.stands_at == STANDING_STILL:
                actor.wake_at = self.clock.elapsed

    def wake(self, *, besides: str = "") -> None:
        """Whoever sleeps because it found nothing to do looks again soon: something was committed."""
        soon = self.clock.elapsed + self.briskness
        for actor in self.actors:
            if actor.stands_at == "idle" and actor.process != besides:
                actor.wake_at = min(actor.wake_at, soon)

    def move(self, chance: Random) -> bool:
        """Give the baton to one of those who are ready. When nobody is, time goes on to the next. False when alone."""
        if not self.actors:
            return False
        now = self.clock.elapsed
        ready = [actor for actor in self.actors if actor.wake_at <= now]
        if not ready:
            self.clock.elapsed = min(actor.wake_at for actor in self.actors)
            ready = [actor for actor in self.actors if actor.wake_at <= self.clock.elapsed]
        self._give(ready[int(chance.random() * len(ready))] if len(ready) > 1 else ready[0])
        return True

    def next_wake(self) -> float | None:
        """Return when the next of those who sleep wakes, by the world's elapsed seconds."""
        return min((actor.wake_at for actor in self.actors), default=None)

    def pass_time(self, seconds: float, chance: Random, *, moves_max: int = MOVES_MAX) -> int:
        """Let everybody work until so many seconds have passed, or so many motions are done; return how many were."""
        until, begun, is_over = self.clock.elapsed + seconds, self.moves, False
        self.patience, self.briskness = max(30.0, seconds / 6), min(300.0, max(1.0, seconds / 200))
        while self.moves - begun < moves_max and not is_over:
            wake = self.next_wake()
            is_over = wake is None or wake > until
            if is_over:
                self.clock.elapsed = max(self.clock.elapsed, until)
            else:
                self.move(chance)
        self.patience, self.briskness = 30.0, 1.0
        return self.moves - begun

    def run(self, actor: Actor, chance: Random, *, moves_max: int = 20_000) -> None:
        """Let everybody move until this actor has ended."""
        for _ in range(moves_max):
            if actor not in self.actors:
                return
            self.move(chance)
        raise AssertionError(f"{actor.name} did not end within {moves_max} motions; it stands at {actor.stands_at}")

    def kill(self, process: str) -> list[str]:
        """End a process: each of its actors dies where it stands. Return where they stood."""
        dying = [actor for actor in self.actors if actor.process == process]
        return [self._end(actor) for actor in dying]

    def _end(self, actor: Actor) -> str:
        stood_at = actor.stands_at
        actor.is_killed = True
        if actor.body:  # it has begun; its handlers run, and whatever they try to do ends in Killed again
            self._hand_over(actor)
        if actor in self.actors:
            self.actors.remove(actor)
        return stood_at

    def _give(self, actor: Actor) -> None:
        self.moves += 1
        self.clock.elapsed += MOVE_SECONDS
        self.last = actor
        self._hand_over(actor)
        self.after_move(actor)

    def _hand_over(self, actor: Actor) -> None:
        before, self._current = self._current, actor
        actor.body.parent = getcurrent()
        try:
            actor.body.switch()
        finally:
            self._current = before
            if actor.body.dead and actor in self.actors:
                self.actors.remove(actor)


class MachineClock:
    """A process's own clock: the world's, and what it is behind by. It can be set back a little, as NTP does."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self.behind = 0.0

    def now(self) -> datetime:
        """Return the present instant as this machine believes it to be."""
        return self._baton.clock.now() - timedelta(seconds=self.behind)

    def seconds(self) -> float:
        """Return the seconds of a clock that never goes back."""
        return self._baton.clock.elapsed

    def sleep(self, seconds: float) -> None:
        """Give the baton away for so long."""
        self._baton.sleep(seconds)

"""One request limit for each client id, held by every process that calls the bank for it.

A call has two motions here: `wait` gives a turn a little before its slot, so that the intent can be stored;
`depart` lets the call leave at the slot and not later. The bank counts real seconds, whatever its own clock
says; so the gate has a clock of its own, the machine's. Nothing here sends anything.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrator.clock import Clock
from integrator.domain.turns import JitterWatch, NoTurn, Turn, Urgency, late_max_of, rank_at
from integrator.effects import Checkpoints
from integrator.store import gate as rows
from integrator.store.database import Database
from integrator.store.gate import Waiter
from integrator.tally import Tally

TURN_MAX = timedelta(seconds=30)  # who has no turn by then gives up and looks again later
DEPARTURE_MAX = timedelta(seconds=5)  # from turn to departure: who stood still for longer sends nothing
DEPARTURES_MAX = 5  # each try may leave four times as late as the one before
TRIES_MAX = 2000
SLEEP_MAX_SECONDS = 1.0  # so soon a process that shall stop, or a clock that was set, is noticed
SLEEPS_MAX = 200
TICKET_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

log = logging.getLogger("integrator.gate")


def never() -> bool:
    """Nobody asks this process to stop."""
    return False


@dataclass(frozen=True, slots=True)
class GatePorts:
    """What the gate works with. `is_stopping` ends waits early; it holds up no call that has its turn."""

    db: Database
    clock: Clock
    checkpoints: Checkpoints
    new_text: Callable[[int, str], str]
    is_stopping: Callable[[], bool] = never
    tally: Tally = field(default_factory=Tally)


class Gate:
    """Gives turns by reserving slots in the database; several threads may use it.

    A turn belongs to the thread that waited for it, and is used up by its next call. A call without a turn never
    leaves: `depart` refuses it.
    """

    def __init__(self, ports: GatePorts, *, jitter_seconds: float) -> None:
        self._ports = ports
        self._jitter = timedelta(seconds=jitter_seconds)
        self._watch = JitterWatch(self._jitter)
        self._of_thread = _OfThread()

    def wait(self, client_id: str, urgency: Urgency, *, waited: timedelta = timedelta(0)) -> None:
        """Return when it is this call's turn. `waited` is for how long its work has been due before.

        Raises NoTurn when the turn does not come within TURN_MAX, or when this process is to stop.
        """
        started = self._ports.clock.now()
        turn = self._queue(client_id, urgency, rank_at(started, urgency, waited=waited), until=started + TURN_MAX)
        self._of_thread.turn = turn
        waited_ms = (self._ports.clock.now() - started) / timedelta(milliseconds=1)
        self._ports.tally.add_seconds("gate_wait", urgency.value, waited_ms / 1000)
        log.info("gate.turn client_id=%s urgency=%s waited_ms=%d", client_id, urgency, waited_ms)

    def hold_back_if(self, is_forbidden: Callable[[], bool]) -> None:
        """Ask this at the slot of this thread's next departure; a call that is forbidden by then does not leave."""
        self._of_thread.is_forbidden = is_forbidden

    def depart(self) -> None:
        """Return at the slot of this thread's turn, hardly late. Raises NoTurn: then nothing may be sent.

        A slot that was missed is moved, so nothing is lost as long as nobody has reserved the one after it. On a
        machine that is always late each try may leave later than the one before, and the next slot makes room for it.
        """
        turn, self._of_thread.turn = self._of_thread.turn, None
        is_forbidden, self._of_thread.is_forbidden = self._of_thread.is_forbidden, never
        if turn is None:
            raise NoTurn("a call without a turn: this is a bug of ours, and nothing was sent")
        latest = turn.taken_at + DEPARTURE_MAX
        for tried in range(DEPARTURES_MAX):
            self._sleep_until(turn.slot)
            if is_forbidden():
                raise NoTurn("the call was forbidden since it got its turn")
            present = self._ports.clock.now()
            if turn.slot <= present <= turn.slot + turn.late_max:
                self._of_thread.departed = turn
                return
            if present > latest:
                break
            turn = self._moved(turn, late_max=late_max_of(tried), until=latest)
        self._ports.tally.add("gate_departure_missed")
        log.warning("gate.departure_missed client_id=%s", turn.client_id)
        raise NoTurn("this process stood still between its turn and its call")

    def arrived(self, status: int | None) -> None:
        """Take note of how the call of this thread was answered; None when no answer came."""
        turn, self._of_thread.departed = self._of_thread.departed, None
        if turn is None or status is None:
            return
        if status == 429:
            with self._ports.db.begin() as tx:
                count, pause = rows.close_for_a_while(tx, turn.client_id, now=self._ports.clock.now)
            self._ports.tally.add("gate_limit_reached")
            log.error("gate.limit_reached client_id=%s count=%d wait_seconds=%d", turn.client_id, count, pause.seconds)
        elif turn.limited_count > 0:
            with self._ports.db.begin() as tx:
                is_over = rows.forget_limit(tx, turn.client_id, count=turn.limited_count)
            if is_over:
                log.info("gate.limit_over client_id=%s count=%d", turn.client_id, turn.limited_count)

    def travelled(self, seconds: float) -> None:
        """Take note of the time that a connection to the bank took to come about."""
        way = timedelta(seconds=seconds)
        excess = self._watch.excess(way)
        if excess is not None:
            # Slots are spaced for less: from now on the bank may see two calls too close together.
            self._ports.tally.add("gate_jitter_exceeded")
            log.error(
                "gate.jitter_exceeded measured_ms=%d bound_ms=%d",
                excess / timedelta(milliseconds=1),
                self._jitter / timedelta(milliseconds=1),
            )

    def _queue(self, client_id: str, urgency: Urgency, rank: datetime, *, until: datetime) -> Turn:
        ports = self._ports
        waiter = Waiter(ports.new_text(32, TICKET_ALPHABET), client_id, urgency, rank, until)
        for _ in range(TRIES_MAX):
            with ports.db.begin() as tx:
                found = rows.try_turn(tx, waiter, now=ports.clock.now, jitter=self._jitter)
            if isinstance(found, Turn):
                return found
            if found > until:
                self._leave(waiter, "more calls are waiting than the bank allows, or it refused for its limit")
            if not self._sleep_until(found, is_to_stop=ports.is_stopping):
                self._leave(waiter, "this process is to stop")
        self._leave(waiter, "the slot was never free")
        raise AssertionError("leaving raises")

    def _leave(self, waiter: Waiter, reason: str) -> None:
        self._ports.tally.add("gate_no_turn", waiter.urgency.value)
        with self._ports.db.begin() as tx:
            rows.leave(tx, waiter)
        raise NoTurn(f"{reason} (client id {waiter.client_id})")

    def _moved(self, turn: Turn, *, late_max: timedelta, until: datetime) -> Turn:
        ports = self._ports
        with ports.db.begin() as tx:
            moved = rows.move_turn(tx, turn, now=ports.clock.now, late_max=late_max, jitter=self._jitter)
        log.info("gate.departed_late client_id=%s is_slot_kept=%s", turn.client_id, moved is not None)
        if moved is not None:
            return moved
        # Its intent is stored already, so it goes before everything that has not begun.
        oldest = rank_at(ports.clock.now(), Urgency.PAY, waited=timedelta.max)
        anew = self._queue(turn.client_id, Urgency.PAY, oldest, until=until)
        return Turn(anew.client_id, anew.slot, anew.following, turn.taken_at, anew.limited_count)

    def _sleep_until(self, instant: datetime, *, is_to_stop: Callable[[], bool] = never) -> bool:
        clock = self._ports.clock
        for _ in range(SLEEPS_MAX):
            remaining = (instant - clock.now()).total_seconds()
            if remaining <= 0:
                return True
            if is_to_stop():
                return False
            self._ports.checkpoints.reached("sleep")
            clock.sleep(min(remaining, SLEEP_MAX_SECONDS))
        return True


class _OfThread(threading.local):
    turn: Turn | None = None
    departed: Turn | None = None

    def __init__(self) -> None:
        self.is_forbidden: Callable[[], bool] = never

"""The gate: every process together keeps the bank's limit, on either database."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from integrator.domain.turns import (
    GRACE,
    LATE_MAX,
    LEAD,
    LIMITED_WAITS,
    STANDS_BACK,
    NoTurn,
    Turn,
    Urgency,
    late_max_of,
    spacing,
)
from integrator.effects import NoCheckpoints
from integrator.gate import DEPARTURE_MAX, DEPARTURES_MAX, TURN_MAX
from integrator.store.database import Database
from integrator.store.gate import Waiter, try_turn
from integrator.store.schema import gate_slots, gate_waits
from tests.unit.integrator_gate.gate_side import JITTER, NOON, VirtualClock, call, make_gate, put_ticket, register

SPACING = spacing(1, jitter=JITTER)
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """The process ends here."""


class BusyClock(VirtualClock):
    """Each look at it takes a while, as on a machine with too much to do."""

    def __init__(self, reading_ms: int) -> None:
        super().__init__()
        self.reading = timedelta(milliseconds=reading_ms)

    def now(self) -> datetime:
        self.present += self.reading
        return self.present


class KillAtSleep(NoCheckpoints):
    def reached(self, point: str) -> None:
        if point == "sleep":
            raise Killed


def waiters(db: Database) -> int:
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(gate_waits)).scalar_one()


def order_of(db: Database, clock: VirtualClock, waiting: list[Waiter]) -> list[str]:
    """Let all wait at once, each looking whenever it was told to; returns who got turns in which order."""
    served: list[str] = []
    next_look = {waiter.ticket_id: clock.now() for waiter in waiting}
    by_id = {waiter.ticket_id: waiter for waiter in waiting}
    while next_look:
        ticket_id = min(next_look, key=lambda each: (next_look[each], each))
        clock.present = max(clock.present, next_look[ticket_id])
        with db.begin() as tx:
            found = try_turn(tx, by_id[ticket_id], now=clock.now, jitter=JITTER)
        if isinstance(found, Turn):
            served.append(ticket_id)
            del next_look[ticket_id]
        else:
            next_look[ticket_id] = found
    return served


def test_the_first_call_leaves_almost_at_once(db: Database) -> None:
    clock = VirtualClock()

    assert call(make_gate(db, clock), clock) == NOON + LEAD


def test_calls_of_all_processes_together_are_more_than_a_second_apart(db: Database) -> None:
    clock = VirtualClock()
    gates = [make_gate(db, clock, seed=seed) for seed in range(3)]

    left = [call(gates[number % 3], clock) for number in range(12)]

    assert {later - earlier for earlier, later in pairwise(left)} == {SPACING}
    assert SECOND / SPACING >= 0.93


def test_each_client_id_has_a_limit_of_its_own(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    call(gate, clock)

    before = clock.now()
    gate.wait("client-b", Urgency.PAY)
    gate.depart()
    assert clock.now() - before == LEAD


def test_a_company_s_own_limit_decides_and_holds_in_every_second(db: Database) -> None:
    register(db, "client-a", requests_per_second=5)
    clock = VirtualClock()
    gate = make_gate(db, clock)

    left = [call(gate, clock) for _ in range(21)]

    assert {later - earlier for earlier, later in pairwise(left)} == {spacing(5, jitter=JITTER)}
    assert all(later - earlier >= SECOND + JITTER for earlier, later in zip(left, left[5:], strict=False))


def test_a_call_without_a_turn_never_leaves(db: Database) -> None:
    gate = make_gate(db, VirtualClock())

    with pytest.raises(NoTurn, match="without a turn"):
        gate.depart()


def test_a_turn_is_good_for_one_call(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    call(gate, clock)

    with pytest.raises(NoTurn, match="without a turn"):
        gate.depart()


@pytest.mark.parametrize(("late_ms", "is_moved"), [(0, False), (15, False), (16, True), (400, True)])
def test_who_would_leave_late_gets_a_new_slot_and_nobody_comes_too_close(
    db: Database, late_ms: int, is_moved: bool
) -> None:
    clock = VirtualClock()
    slow, other = make_gate(db, clock), make_gate(db, clock, seed=2)
    slow.wait("client-a", Urgency.PAY)
    clock.oversleeps = [late_ms / 1000]
    slow.depart()
    first = clock.now()

    second = call(other, clock)

    assert (first > NOON + LEAD + LATE_MAX) == is_moved
    assert first <= NOON + LEAD + timedelta(milliseconds=late_ms) + LATE_MAX
    assert second - first >= SECOND + JITTER
    assert second - first <= SPACING, "a late wake costs its lateness, no slot"


def test_a_turn_whose_slot_was_overtaken_goes_to_the_head_of_the_queue(db: Database) -> None:
    clock = VirtualClock()
    slow, other = make_gate(db, clock), make_gate(db, clock, seed=2)
    slow.wait("client-a", Urgency.PAY)
    clock.advance(seconds=1.2)
    second = call(other, clock)
    put_ticket(db, "young", clock.now(), clock=clock)

    slow.depart()

    assert SPACING <= clock.now() - second <= SPACING + LATE_MAX


def test_a_process_that_stood_still_after_its_turn_sends_nothing(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    gate.wait("client-a", Urgency.PAY)
    clock.present += DEPARTURE_MAX + SECOND

    with pytest.raises(NoTurn, match="stood still"):
        gate.depart()


@pytest.mark.parametrize("reading_ms", [5, 20, 50, 100])
def test_a_machine_that_is_always_late_sends_late_and_nobody_comes_too_close(db: Database, reading_ms: int) -> None:
    clock = BusyClock(reading_ms)
    busy, other = make_gate(db, clock), make_gate(db, clock, seed=2)
    busy.wait("client-a", Urgency.PAY)
    clock.oversleeps = [0.5] * 50

    busy.depart()
    first = clock.present
    clock.oversleeps, clock.reading = [], timedelta(0)
    second = call(other, clock)

    assert second - first >= SECOND + JITTER
    assert second - first <= SPACING + late_max_of(DEPARTURES_MAX)


def test_a_machine_too_late_for_everything_sends_nothing(db: Database) -> None:
    clock = BusyClock(600)
    gate = make_gate(db, clock)
    gate.wait("client-a", Urgency.PAY)

    with pytest.raises(NoTurn, match="stood still"):
        gate.depart()


def test_a_process_that_died_with_its_turn_costs_one_slot(db: Database) -> None:
    clock = VirtualClock()
    make_gate(db, clock).wait("client-a", Urgency.PAY)

    assert call(make_gate(db, clock, seed=2), clock) == NOON + LEAD + SPACING


def test_a_process_that_died_in_the_queue_costs_no_slot(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    first = call(gate, clock)
    for seed in (2, 3):
        with pytest.raises(Killed):
            make_gate(db, clock, seed=seed, checkpoints=KillAtSleep()).wait("client-a", Urgency.PAY)
    assert waiters(db) == 2

    assert call(gate, clock, urgency=Urgency.LATER) == first + SPACING
    assert waiters(db) == 0, "who is passed over counts no more"


def test_a_waiter_that_wakes_late_loses_its_slot_to_the_next_one_but_not_its_place(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    first = call(gate, clock)
    late = Waiter("late", "client-a", Urgency.PAY, clock.now(), until=clock.now() + TURN_MAX)
    put_ticket(db, "late", late.rank_at, clock=clock)

    clock.advance(milliseconds=1)
    assert call(gate, clock) == first + SPACING
    young = Waiter("young", "client-a", Urgency.PAY, clock.now(), until=clock.now() + TURN_MAX)

    assert order_of(db, clock, [young, late]) == ["late", "young"]


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        ([("pay", 0, Urgency.PAY), ("soon", 0, Urgency.SOON), ("later", 0, Urgency.LATER)], ["pay", "soon", "later"]),
        ([("later", -1, Urgency.LATER), ("soon", -1, Urgency.SOON), ("pay", 0, Urgency.PAY)], ["pay", "soon", "later"]),
        ([("young", 0, Urgency.PAY), ("old", -3, Urgency.PAY), ("older", -50, Urgency.PAY)], ["older", "old", "young"]),
        ([("soon", -2.1, Urgency.SOON), ("pay", 0, Urgency.PAY)], ["soon", "pay"]),
        (
            [("later", -8.1, Urgency.LATER), ("pay", 0, Urgency.PAY), ("soon", 0, Urgency.SOON)],
            ["later", "pay", "soon"],
        ),
    ],
    ids=["what pays first", "although it came later", "oldest first", "a person is not starved", "nor a question"],
)
def test_who_goes_first(db: Database, arrivals: list[tuple[str, float, Urgency]], expected: list[str]) -> None:
    clock = VirtualClock()
    call(make_gate(db, clock), clock)
    until = clock.now() + timedelta(minutes=2)
    waiting = [
        Waiter(name, "client-a", urgency, clock.now() + timedelta(seconds=at) + STANDS_BACK[urgency], until)
        for name, at, urgency in arrivals
    ]

    assert order_of(db, clock, waiting) == expected


@pytest.mark.parametrize("urgency", list(Urgency))
def test_under_endless_payouts_everyone_is_served_within_its_bound(db: Database, urgency: Urgency) -> None:
    clock = VirtualClock()
    call(make_gate(db, clock), clock)
    began = clock.now()
    until = began + timedelta(minutes=5)
    asked = Waiter("asked", "client-a", urgency, began + STANDS_BACK[urgency], until)
    payouts = [
        Waiter(f"pay-{number:02}", "client-a", Urgency.PAY, began + number * SECOND, until) for number in range(20)
    ]

    served = order_of(db, clock, [asked, *payouts])

    assert served.index("asked") <= STANDS_BACK[urgency] / SECOND + 1


def test_a_429_closes_the_gate_for_growing_bounded_waits_and_success_opens_it(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock()
    gates = [make_gate(db, clock, seed=seed) for seed in (1, 2)]
    left = [call(gates[number % 2], clock, status=429) for number in range(len(LIMITED_WAITS))]

    pauses = [later - earlier for earlier, later in pairwise(left)]
    assert pauses == [max(SPACING, wait) for wait in LIMITED_WAITS[:-1]], "shared by all processes"
    alarms = [record for record in caplog.records if record.getMessage().startswith("gate.limit_reached")]
    assert [record.levelno for record in alarms] == [logging.ERROR] * len(LIMITED_WAITS)

    clock.present += LIMITED_WAITS[-1]
    call(gates[0], clock)
    refused = call(gates[0], clock, status=429)
    assert call(gates[1], clock) - refused == SPACING, "counted from the beginning again"


def test_a_call_without_an_answer_says_nothing_of_the_limit(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    call(gate, clock, status=429)
    call(gate, clock, status=None)

    with db.read() as tx:
        assert tx.execute(select(gate_slots.c.limited_count)).scalar_one() == 1


def test_a_queue_longer_than_the_bound_gives_no_turn_and_does_not_grow(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    for _ in LIMITED_WAITS:
        call(gate, clock, status=429)
    clock.advance(milliseconds=-200)

    with pytest.raises(NoTurn, match="more calls are waiting"):
        gate.wait("client-a", Urgency.PAY)
    assert waiters(db) == 0


def test_a_process_that_is_to_stop_waits_no_longer(db: Database) -> None:
    clock = VirtualClock()
    call(make_gate(db, clock), clock)

    with pytest.raises(NoTurn, match="is to stop"):
        make_gate(db, clock, stops=True).wait("client-a", Urgency.PAY)
    assert waiters(db) == 0


def test_a_call_that_has_its_turn_leaves_although_the_process_is_to_stop(db: Database) -> None:
    clock = VirtualClock()

    assert call(make_gate(db, clock, stops=True), clock) == NOON + LEAD


def test_a_way_that_varies_by_more_than_the_bound_is_an_alarm(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    gate = make_gate(db, VirtualClock())
    for seconds in (0.020, 0.070, 0.0201):
        gate.travelled(seconds)
    assert caplog.records == []

    gate.travelled(0.0711)

    (alarm,) = caplog.records
    assert alarm.levelno == logging.ERROR
    assert alarm.getMessage() == "gate.jitter_exceeded measured_ms=51 bound_ms=50"


def test_a_stamp_left_by_a_clock_that_went_back_does_not_close_the_gate(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    call(gate, clock)
    clock.present = NOON - timedelta(days=365)

    assert call(gate, clock) == NOON - timedelta(days=365) + LEAD


def test_many_connections_at_once_never_get_the_same_slot(db: Database) -> None:
    late = NOON + timedelta(minutes=30)

    def take_some(worker: int) -> list[datetime]:
        slots = []
        for number in range(10):
            waiter = Waiter(f"{worker}-{number}", "client-a", Urgency.PAY, NOON, late)
            with db.begin() as tx:
                turn = try_turn(tx, waiter, now=lambda: late, jitter=JITTER)
            if isinstance(turn, Turn):
                slots.append(turn.slot)
        return slots

    with ThreadPoolExecutor(max_workers=4) as workers:
        slots = [slot for some in workers.map(take_some, range(4)) for slot in some]

    assert slots == [late + LEAD], "of those who ask at one instant, one has its turn"
    assert GRACE < LEAD

"""The gate: every process together keeps the bank's limit, on either database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert

from integrator.effects import NoCheckpoints
from integrator.gate import LATE_MAX, TRIES_MAX, TURN_SECONDS_MAX, Gate, NoTurn
from integrator.store.database import Database
from integrator.store.gate import reserve_slot
from integrator.store.schema import companies

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
JITTER = timedelta(milliseconds=50)
MARGIN = JITTER + LATE_MAX
SECOND = timedelta(seconds=1)


class VirtualClock:
    """Sleeping moves it, by as much as asked and by as much as the test adds."""

    def __init__(self) -> None:
        self.present = NOON
        self.oversleeps: list[float] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        late = self.oversleeps.pop(0) if self.oversleeps else 0.0
        self.present += timedelta(seconds=seconds + late)


class Killed(Exception):
    """The test kills the worker here."""


def make_gate(db: Database, clock: VirtualClock) -> Gate:
    return Gate(db, clock=clock, checkpoints=NoCheckpoints(), jitter_seconds=JITTER.total_seconds())


def register(db: Database, client_id: str, requests_per_second: int) -> None:
    with db.begin() as tx:
        tx.execute(
            insert(companies).values(
                company_id="shop-0001",
                name="見本商事株式会社",
                environment="local",
                client_id=client_id,
                account_id="101010012345",
                redirect_uri="http://127.0.0.1:8320/refresh_token/shop-0001",
                payout_limit_yen=1_000_000,
                requests_per_second=requests_per_second,
                has_kept_secret=True,
                created_at=NOON,
            )
        )


def turns(gates: list[Gate], clock: VirtualClock, *, count: int) -> list[datetime]:
    times = []
    for number in range(count):
        gates[number % len(gates)].wait("client-a")
        times.append(clock.now())
    return times


def test_the_first_turn_comes_at_once(db: Database) -> None:
    clock = VirtualClock()

    assert make_gate(db, clock).wait("client-a") == 0
    assert clock.slept == []


def test_turns_of_all_processes_together_are_more_than_a_second_apart(db: Database) -> None:
    clock = VirtualClock()
    times = turns([make_gate(db, clock) for _ in range(3)], clock, count=12)

    assert {later - earlier for earlier, later in pairwise(times)} == {SECOND + MARGIN}


def test_each_client_id_has_a_limit_of_its_own(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    gate.wait("client-a")

    assert gate.wait("client-b") == 0


def test_a_company_s_own_limit_decides(db: Database) -> None:
    register(db, "client-a", requests_per_second=5)
    clock = VirtualClock()
    times = turns([make_gate(db, clock)], clock, count=4)

    assert {later - earlier for earlier, later in pairwise(times)} == {SECOND / 5 + MARGIN}


@pytest.mark.parametrize(("late_ms", "slots"), [(0, 1), (29, 1), (30, 1), (31, 2), (900, 2)])
def test_who_wakes_too_late_for_a_slot_takes_a_new_one(db: Database, late_ms: int, slots: int) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    gate.wait("client-a")
    first = clock.now()
    clock.oversleeps = [late_ms / 1000]

    gate.wait("client-a")

    assert clock.now() - first >= slots * (SECOND + MARGIN)
    assert clock.now() - first <= slots * (SECOND + MARGIN) + LATE_MAX


def test_turns_stay_apart_however_late_each_process_wakes(db: Database) -> None:
    clock = VirtualClock()
    clock.oversleeps = [0.03, 0.0, 0.2, 0.029, 0.001, 0.5, 0.03, 0.0]
    times = turns([make_gate(db, clock) for _ in range(2)], clock, count=8)

    assert min(later - earlier for earlier, later in pairwise(times)) >= SECOND + JITTER


def test_a_machine_that_never_wakes_in_time_gives_up_without_a_turn(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    gate.wait("client-a")
    clock.oversleeps = [0.5] * (TRIES_MAX + 1)

    with pytest.raises(NoTurn, match="too busy"):
        gate.wait("client-a")


def test_a_queue_longer_than_the_bound_gives_no_turn_and_does_not_grow(db: Database) -> None:
    clock = VirtualClock()
    latest = NOON + timedelta(days=1)
    with db.begin() as tx:
        while (slot := reserve_slot(tx, "client-a", now=clock.now, margin=MARGIN, latest=latest)) is not None:
            if slot > NOON + timedelta(seconds=TURN_SECONDS_MAX):
                break

    gate = make_gate(db, clock)
    for _ in range(2):
        with pytest.raises(NoTurn, match="more calls are waiting"):
            gate.wait("client-a")
    clock.present += timedelta(seconds=TURN_SECONDS_MAX)
    assert gate.wait("client-a") < 5


def test_a_stamp_left_by_a_clock_that_went_back_does_not_close_the_gate(db: Database) -> None:
    clock = VirtualClock()
    gate = make_gate(db, clock)
    gate.wait("client-a")
    clock.present = NOON - timedelta(days=365)

    assert gate.wait("client-a") == 0


def test_a_worker_killed_while_it_waits_leaves_its_slot_unused(db: Database) -> None:
    clock = VirtualClock()

    class Kill(NoCheckpoints):
        def reached(self, point: str) -> None:
            if point == "sleep":
                raise Killed

    make_gate(db, clock).wait("client-a")
    doomed = Gate(db, clock=clock, checkpoints=Kill(), jitter_seconds=0.05)
    with pytest.raises(Killed):
        doomed.wait("client-a")
    make_gate(db, clock).wait("client-a")

    assert clock.now() == NOON + 2 * (SECOND + MARGIN)


def test_many_connections_at_once_never_get_the_same_slot(db: Database) -> None:
    latest = NOON + timedelta(days=1)

    def reserve_some(_worker: int) -> list[datetime]:
        slots = []
        for _ in range(10):
            with db.begin() as tx:
                slot = reserve_slot(tx, "client-a", now=lambda: NOON, margin=MARGIN, latest=latest)
            assert slot is not None
            slots.append(slot)
        return slots

    with ThreadPoolExecutor(max_workers=4) as workers:
        slots = sorted(slot for some in workers.map(reserve_some, range(4)) for slot in some)

    assert slots == [NOON + number * (SECOND + MARGIN) for number in range(40)]

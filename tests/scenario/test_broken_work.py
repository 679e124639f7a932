"""A row that breaks every worker that takes it up: after so many times a person is asked, and nothing is lost."""

import pytest

from integrator.desk import ASIDE, LEASE
from integrator.releasing import NotSetAside, Release, release
from tests.builders import COMPANY_ID
from tests.world import WorkerKilled, World

CRASHES_MAX = 10  # the default of INTEGRATOR_CRASHES_MAX


def crash(world: World, point: str, *, times: int) -> None:
    for _ in range(times):
        world.kill_switches[0].kill_at(point)
        with pytest.raises(WorkerKilled):
            world.step()
        world.advance(seconds=LEASE.total_seconds())


def test_work_that_breaks_off_each_time_goes_before_a_person_with_nothing_sent(world: World) -> None:
    payout = world.request_payout()
    crash(world, "commit.after", times=CRASHES_MAX)
    assert world.state_of(payout) == "accepted"

    world.run_until_idle()

    shown = world.payout(payout)
    assert (shown["state"], shown["problem"]["type"].rpartition(":")[2]) == ("needs_person", "work-fails")
    assert world.line.orders() == []
    world.run_for(minutes=30)
    assert world.line.orders() == [], "nobody takes it up again by himself"


def test_it_goes_on_a_day_later_when_the_fault_is_mended(world: World) -> None:
    payout = world.request_payout()
    crash(world, "commit.after", times=CRASHES_MAX)
    world.run_until_idle()
    world.advance(seconds=ASIDE.total_seconds())

    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_fewer_failures_leave_no_trace(world: World) -> None:
    payout = world.request_payout()
    crash(world, "commit.after", times=CRASHES_MAX - 1)

    world.run_for(seconds=30)

    assert world.state_of(payout) == "awaiting_confirmation"
    assert len(world.line.orders()) == 1


def test_a_second_worker_finds_other_payouts_beside_a_broken_one(world: World) -> None:
    broken = world.request_payout(key="order-1")
    crash(world, "commit.after", times=CRASHES_MAX)
    good = world.request_payout(key="order-2")

    world.run_for(seconds=10)

    assert [world.state_of(payout) for payout in (broken, good)] == ["needs_person", "awaiting_confirmation"]


def test_a_person_releases_it_once_the_cause_is_mended_and_nothing_that_was_not_set_aside(world: World) -> None:
    payout = world.request_payout()
    told = Release("the driver was mended", "担当者A")
    with pytest.raises(NotSetAside):
        release(world.db, COMPANY_ID, payout, told, at=world.clock.now())
    crash(world, "commit.after", times=CRASHES_MAX)
    world.run_until_idle()
    with pytest.raises(NotSetAside):
        release(world.db, "other", payout, told, at=world.clock.now())

    release(world.db, COMPANY_ID, payout, told, at=world.clock.now())
    world.run_for(seconds=30)

    assert world.state_of(payout) == "awaiting_confirmation"
    assert len(world.line.orders()) == 1

"""Each call that moves money, failing at each point of its life; one story has many. docs/doubt.md names them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from integrator.desk import LEASE
from tests.scenario.supervising import Operator
from tests.world import World

LATER = "2026-04-10"


@dataclass(frozen=True)
class Way:
    """How a call fails. `is_doubt`: it may have been carried out, as far as we can know."""

    name: str
    arrange: Callable[[World, str], Any]
    is_doubt: bool = True


def faulty(name: str, point: str, effect: str, *, is_doubt: bool = True, **more: Any) -> Way:
    return Way(name, lambda world, path: world.fault(point, effect, operation=f"POST {path}", **more), is_doubt)


def not_connected(world: World, _path: str) -> None:
    world.line.refuse_connections = 1


LOST = Way("lost on its way", lambda world, path: world.line.time_out_before_arrival(path))
UNDONE = (
    Way("no connection", not_connected, is_doubt=False),
    LOST,
    faulty("503", "received", "status"),
    faulty("429", "received", "status", is_doubt=False, status=429),
    faulty("401", "received", "status", is_doubt=False, status=401),
)
DONE = (
    faulty("reply lost", "committed", "drop"),
    faulty("reply unreadable", "committed", "garbage"),
    faulty("reply torn", "committed", "truncate"),
    faulty("504", "committed", "status", status=504),
)


def test_a_first_call_that_fails_at_any_point_pays_once_and_doubt_is_told_only_where_it_is(world: World) -> None:
    world.change_customer(confirmation_required=False)
    for number, way in enumerate((*UNDONE, *DONE), start=1):
        way.arrange(world, "/transfer/request")
        payout = world.request_payout(key=f"order-{number}", amount_yen=1000 + number)
        world.run_for(minutes=4, every_seconds=20)

        assert world.state_of(payout) == "settled", way.name
        assert ("in_doubt" in world.history_of(payout)) == way.is_doubt, way.name
        assert len(world.payments()) == number, way.name


def test_a_repetition_that_fails_at_any_point_stays_a_doubt_and_pays_once(world: World) -> None:
    world.fault("committed", "drop")
    payout = world.request_payout()
    world.step()
    refused = faulty("400", "received", "status", status=400)
    for way in (*UNDONE, refused, *DONE):
        sent = len(world.line.orders()) + (1 if way.name != "no connection" else 0)
        way.arrange(world, "/transfer/request")
        for _ in range(60):
            world.advance(seconds=3)
            world.run_until_idle()
            if len(world.line.orders()) >= sent and world.line.refuse_connections == 0:
                break
        assert world.history_of(payout)[-1] == "in_doubt", way.name
        assert len(world.pending()) == 1, "however often it is sent, the bank has it once"
    world.run_for(minutes=2)

    world.confirm_all()
    world.run_for(minutes=3)
    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1
    assert len({(sent.body, sent.headers["idempotency-key"]) for sent in world.line.orders()}) == 1


def test_a_cancel_that_fails_at_any_point_is_asked_again_even_days_later_and_while_orders_are_stopped(
    world: World,
) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date=LATER)
    world.run_for(minutes=1)
    Operator(world).stop()
    world.cancel(payout)
    for way in UNDONE:
        way.arrange(world, "/transfer/cancel")
        world.run_for(minutes=1, every_seconds=10)
        if way.name == "no connection":
            assert world.state_of(payout) in ("cancelling", "cancelled")
    world.run_for(minutes=5, every_seconds=30)
    assert world.state_of(payout) == "cancelled"

    for number, way in enumerate(DONE, start=1):
        other = world.request_payout(key=f"other-{number}", designated_date=LATER)
        Operator(world, seed=number).resume()
        world.run_for(minutes=1, every_seconds=10)
        Operator(world, seed=50 + number).stop()
        way.arrange(world, "/transfer/cancel")
        world.cancel(other)
        world.run_for(minutes=2, every_seconds=20)
        assert world.state_of(other) == "cancelled", way.name
    world.run_for(days=10, every_seconds=86_400)
    assert world.payments() == []


def test_a_cancel_wanted_for_more_than_a_day_under_another_consent_is_asked_for_all_the_same(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date=LATER)
    world.run_for(minutes=1)
    world.fault("received", "status", operation="POST /transfer/cancel", times=9999)
    world.cancel(payout)
    world.run_for(hours=25, every_seconds=7200)
    assert world.state_of(payout) == "cancelling"
    assert world.consent().status_code == 200
    world.clock.sleep(-timedelta(minutes=10).total_seconds())
    world.control("DELETE", "/faults")

    world.run_for(minutes=20, every_seconds=60)

    assert world.state_of(payout) == "cancelled"


def test_a_refused_cancel_leaves_the_payout_as_it_was_and_can_be_asked_for_again(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date=LATER)
    world.run_for(minutes=1)
    world.fault("received", "status", operation="POST /transfer/cancel", status=400)
    world.cancel(payout)
    world.run_for(seconds=30)

    told = world.payout(payout)
    assert (told["state"], told["problem"]["type"].rpartition(":")[2]) == ("reserved", "cancel-failed")
    world.cancel(payout)
    world.run_for(minutes=2, every_seconds=20)
    assert world.state_of(payout) == "cancelled"


def test_a_cancel_refused_after_an_earlier_doubt_is_the_one_that_waits_at_the_bank(world: World) -> None:
    payout = world.request_payout(designated_date=LATER)
    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=1)
    world.fault("committed", "drop", operation="POST /transfer/cancel")
    world.cancel(payout)
    world.run_for(minutes=1)
    assert world.state_of(payout) == "cancelling"
    assert len(world.pending()) == 1

    world.confirm_all()
    world.run_for(minutes=2, every_seconds=20)

    assert world.state_of(payout) == "cancelled"


class TestAStalledWorker:
    @pytest.fixture
    def worker_count(self) -> int:
        return 2

    @pytest.mark.parametrize("point", ["bank.before", "bank.after"])
    def test_that_wakes_up_late_in_a_cancel_changes_nothing(self, world: World, point: str) -> None:
        def others_go_on() -> None:
            world.clock.sleep(LEASE.total_seconds() + 1)
            for _ in range(6):
                world.step(1)
                world.advance(seconds=5)

        world.change_customer(confirmation_required=False)
        payout = world.request_payout(designated_date=LATER)
        world.run_for(minutes=1)
        world.cancel(payout)
        world.kill_switches[0].do_at(point, others_go_on)
        world.step(0)
        world.run_for(minutes=2, every_seconds=20)

        assert world.state_of(payout) == "cancelled"

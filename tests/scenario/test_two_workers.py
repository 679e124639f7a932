"""Several workers on one database: they never send the same order, and who comes too late writes nothing."""

import json

import pytest

from integrator.desk import LEASE
from tests.world import World


@pytest.fixture
def worker_count() -> int:
    return 2


def test_two_workers_share_the_payouts_and_pay_each_once(world: World) -> None:
    payouts = [world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in range(5)]

    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=3)

    assert [world.state_of(payout) for payout in payouts] == ["settled"] * 5
    assert len(world.payments()) == 5
    assert len(world.line.orders()) == 1, "they waited together, so they went together"


@pytest.mark.parametrize("point", ["bank.before", "bank.after"])
def test_a_stalled_worker_that_wakes_up_late_changes_nothing(world: World, point: str) -> None:
    def others_go_on_without_it() -> None:
        world.clock.sleep(LEASE.total_seconds() + 1)
        for _ in range(6):
            world.step(1)
            world.advance(seconds=3)

    payout = world.request_payout()
    world.kill_switches[0].do_at(point, others_go_on_without_it)

    world.step(0)
    world.run_for(seconds=30)

    assert "in_doubt" in world.history_of(payout)
    assert len(world.pending()) == 1, "however many times it was sent, the bank has it once"
    world.confirm_all()
    world.run_for(minutes=3)
    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_a_worker_works_while_another_one_is_in_a_call(world: World) -> None:
    def another_comes_and_is_sent() -> None:
        second.append(world.request_payout(key="order-2"))
        world.step(1)

    second: list[str] = []
    first = world.request_payout(key="order-1")
    world.kill_switches[0].do_at("bank.before", another_comes_and_is_sent)

    world.step(0)
    world.run_for(seconds=10)

    assert [world.state_of(payout) for payout in (first, *second)] == ["awaiting_confirmation"] * 2
    assert len(world.pending()) == 2


def test_payouts_in_the_hands_of_one_worker_do_not_go_with_those_of_another(world: World) -> None:
    def the_other_looks() -> None:
        world.step(1)

    for number in range(3):
        world.request_payout(key=f"order-{number}", amount_yen=1000 + number)
    world.kill_switches[0].do_at("commit.after", the_other_looks)  # one has claimed, the other claims and sends

    world.step(0)
    world.run_for(seconds=10)

    assert len(world.pending()) == 2
    sent = [line["ediInfo"] for order in world.line.orders() for line in json.loads(order.body)["transfers"]]
    assert len(sent) == len(set(sent)) == 3


def test_a_cancel_that_comes_while_the_order_is_being_sent_is_kept_and_carried_out(world: World) -> None:
    payout = world.request_payout(designated_date="2026-04-06")
    world.kill_switches[0].do_at("bank.after", lambda: world.cancel(payout))

    world.step(0)
    world.run_for(seconds=30)
    assert world.state_of(payout) == "cancelling"
    world.run_for(minutes=12)

    assert world.state_of(payout) == "cancelled"
    assert world.payments() == []


def test_a_cancel_that_comes_before_a_call_that_never_connects_kills_the_payout(world: World) -> None:
    payout = world.request_payout()
    world.line.refuse_connections = 1
    world.kill_switches[0].do_at("bank.before", lambda: world.cancel(payout))

    world.step(0)
    world.run_for(minutes=1)

    assert world.state_of(payout) == "cancelled"
    assert world.line.orders() == []


def test_one_token_is_renewed_by_one_worker_only(world: World) -> None:
    def another_comes() -> None:
        world.request_payout(key="order-2")
        world.step(1)

    world.request_payout(key="order-1")
    world.control("POST", "/tokens/expire", {"access_token": world.access_token()})
    world.kill_switches[0].do_at("bank.after", another_comes)

    world.run_for(seconds=30)

    refreshes = [sent for sent in world.line.sent if b"grant_type=refresh_token" in sent.body]
    assert [sent.status for sent in refreshes] == [200]
    assert len(world.pending()) == 2

"""Events on their way to ReCORE: in order for each payout, none lost, none held up by somebody else's trouble."""

from typing import Any

import pytest

from integrator.delivering import LEASE
from tests.builders import COMPANY_ID
from tests.receiver import BROKEN, MOVED, SILENT, TAKEN
from tests.world import World


def pay(world: World, *, key: str = "order-1") -> str:
    """Carry a payout to its settlement."""
    payout = world.request_payout(key=key)
    world.run_for(seconds=10)
    world.confirm_all()
    world.run_for(minutes=3)
    return payout


def assert_all_was_told(world: World) -> None:
    """What was taken is what can be pulled, and the last word on each payout is what it is now."""
    assert {event["event_id"] for event in world.receiver.taken} == {e["event_id"] for e in world.pulled_events()}
    world.receiver.assert_in_order()
    assert world.callback()["waiting_events"] == 0
    last = {event["payout"]["payout_id"]: event["payout"] for event in world.receiver.taken if "payout" in event}
    assert all(world.payout(payout_id) == payout for payout_id, payout in last.items())


def test_every_step_of_a_payout_is_told_in_order_and_can_be_pulled_alike(world: World) -> None:
    world.set_callback()

    payout = pay(world)

    told = world.receiver.states_of(payout)
    assert [state for number, state in enumerate(told) if number == 0 or told[number - 1] != state] == (
        world.history_of(payout)
    )
    assert told[-1] == "settled"
    assert world.receiver.taken == world.pulled_events()
    assert world.pulled_events(limit=1) == world.pulled_events()
    assert set(world.receiver.attempts().values()) == {1}
    assert_all_was_told(world)


def test_without_a_callback_nothing_is_sent_and_everything_can_be_pulled(world: World) -> None:
    payout = pay(world)

    assert world.receiver.parcels == []
    assert world.pulled_events()[-1]["payout"] == world.payout(payout)


@pytest.mark.parametrize("trouble", [BROKEN, MOVED, SILENT], ids=["500", "redirect", "hangs"])
def test_what_is_not_taken_is_sent_again_later_until_it_is(world: World, trouble: Any) -> None:
    world.set_callback()
    world.receiver.answer = lambda _event: trouble

    payout = pay(world)
    assert world.receiver.taken == []
    assert world.state_of(payout) == "settled", "no receiver holds up a payout"
    world.run_for(hours=6, every_seconds=600)
    assert 10 <= len(world.receiver.parcels) <= 40, "the waits grow, and do not grow for ever"
    assert world.receiver.attempts().keys() == {world.pulled_events()[0]["event_id"]}, "the later ones wait"
    world.receiver.answer = lambda _event: TAKEN
    world.run_for(hours=2, every_seconds=600)

    assert_all_was_told(world)


def test_one_payout_whose_event_is_refused_does_not_hold_up_another(world: World) -> None:
    world.set_callback()
    first, second = world.request_payout(key="order-1"), world.request_payout(key="order-2")
    world.receiver.answer = lambda event: BROKEN if event["payout"]["payout_id"] == first else TAKEN

    world.run_for(seconds=30)

    assert world.receiver.states_of(first) == []
    assert world.receiver.states_of(second)[-1] == "awaiting_confirmation"
    world.receiver.assert_in_order()


@pytest.mark.parametrize("point", ["callback.before", "callback.after"])
def test_a_deliverer_that_dies_before_or_after_the_post_loses_nothing(world: World, point: str) -> None:
    world.set_callback()
    world.kill_switches[0].kill_at(point, visit=2)

    payout = world.request_payout()
    assert world.step_and_die() == point
    world.advance(seconds=LEASE.total_seconds() + 1)
    world.run_for(seconds=10)

    assert world.receiver.states_of(payout)[-1] == world.state_of(payout)
    sent_twice = [event for event, times in world.receiver.attempts().items() if times > 1]
    assert len(sent_twice) == (1 if point == "callback.after" else 0)
    assert_all_was_told(world)


class TestTwoWorkers:
    """The same with two deliverers at once."""

    @pytest.fixture
    def worker_count(self) -> int:
        return 2

    def test_they_never_deliver_for_one_company_at_once_and_keep_the_order(self, world: World) -> None:
        world.set_callback()
        world.kill_switches[0].do_at("callback.before", lambda: world.step(1), visit=2)
        world.kill_switches[1].do_at("callback.after", lambda: world.step(0), visit=3)

        pay(world, key="order-1")
        pay(world, key="order-2")

        assert set(world.receiver.attempts().values()) == {1}
        assert_all_was_told(world)

    def test_one_that_wakes_up_late_records_nothing_and_the_order_holds(self, world: World) -> None:
        def others_go_on_without_it() -> None:
            world.clock.sleep(LEASE.total_seconds() + 1)
            for _ in range(6):
                world.step(1)
                world.advance(seconds=3)

        world.set_callback()
        world.kill_switches[0].do_at("callback.after", others_go_on_without_it)

        payout = world.request_payout()
        world.run_for(minutes=1)

        assert world.receiver.states_of(payout)[-1] == world.state_of(payout)
        assert_all_was_told(world)

    def test_deaths_at_random_points_lose_nothing(self, world: World) -> None:
        world.set_callback()
        payouts = [world.request_payout(key=f"order-{number}") for number in range(4)]
        for number, point in enumerate(("callback.before", "callback.after", "commit.before", "commit.after")):
            world.kill_switches[number % 2].kill_at(point, visit=3 + number)

        world.run_with_deaths_for(minutes=8)
        for switch in world.kill_switches:
            switch.spare()
        world.run_for(minutes=4)

        assert {world.receiver.states_of(payout)[-1] for payout in payouts} == {world.state_of(payouts[0])}
        assert_all_was_told(world)


def test_while_a_secret_is_replaced_both_sign_and_afterwards_the_new_one_alone(world: World) -> None:
    world.set_callback()
    world.request_payout(key="order-1")
    world.run_for(seconds=5)
    old = world.receiver.secrets[0]
    assert world.receiver.signature_count() == 1

    answer = world.rotate_callback_secret()
    world.receiver.secrets = [old]  # ReCORE has not taken over the new one yet
    world.request_payout(key="order-2")
    world.run_for(seconds=5)
    assert world.receiver.signature_count() == 2
    assert [("valid_until" in secret) for secret in answer["callback"]["secrets"]] == [False, True]

    world.receiver.secrets = [answer["secret"]]
    world.run_for(hours=25, every_seconds=3600)
    world.request_payout(key="order-3")
    world.run_for(seconds=5)
    assert world.receiver.signature_count() == 1
    assert len(world.callback()["secrets"]) == 1


def test_a_test_event_is_sent_once_and_its_outcome_is_shown(world: World) -> None:
    world.set_callback()
    world.receiver.answer = lambda _event: BROKEN

    event_id = world.recore("POST", f"/v1/companies/{COMPANY_ID}/callback/test").json["event_id"]
    world.run_for(minutes=5)

    assert world.receiver.attempts() == {event_id: 1}
    attempt = world.callback()["last_attempt"]
    assert (attempt["event_id"], attempt["outcome"], attempt["status"]) == (event_id, "refused", 500)
    assert world.pulled_events()[0]["type"] == "callback.test"


def test_a_changed_url_gets_what_still_waits_and_a_removed_callback_nothing(world: World) -> None:
    world.set_callback()
    world.receiver.answer = lambda _event: SILENT
    payout = world.request_payout(key="order-1")
    world.run_for(minutes=10)

    world.set_callback("http://127.0.0.1:8331/other")
    world.receiver.answer = lambda _event: TAKEN
    world.run_for(seconds=10)
    assert world.receiver.parcels[-1].url == "http://127.0.0.1:8331/other"
    assert world.receiver.states_of(payout)[-1] == world.state_of(payout)
    assert_all_was_told(world)

    count = len(world.receiver.parcels)
    assert world.recore("DELETE", f"/v1/companies/{COMPANY_ID}/callback").status_code == 200
    world.request_payout(key="order-2")
    world.run_for(seconds=10)
    assert len(world.receiver.parcels) == count

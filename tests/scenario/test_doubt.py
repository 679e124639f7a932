"""Replies that get lost and workers that die: each beneficiary is paid once, and ReCORE hears the truth."""

import pytest

from tests.world import World


def confirm_and_settle(world: World, payout: str) -> None:
    world.confirm_all()
    world.run_for(minutes=3)
    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_a_lost_reply_never_pays_the_beneficiary_twice(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.fault("committed", "drop")

    payout = world.request_payout()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1
    assert len(world.line.orders()) == 1, "found by its mark, so never sent again"
    assert "in_doubt" in world.history_of(payout)


def test_a_reply_lost_before_confirmation_is_repeated_byte_for_byte(world: World) -> None:
    world.fault("committed", "drop")

    payout = world.request_payout()
    world.run_for(seconds=30)

    first, second = world.line.orders()
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert len(world.pending()) == 1
    assert world.state_of(payout) == "awaiting_confirmation"
    confirm_and_settle(world, payout)


@pytest.mark.parametrize("effect", ["drop", "garbage", "truncate", "status"])
def test_any_unreadable_answer_after_the_bank_took_it_is_doubt_and_is_settled(world: World, effect: str) -> None:
    world.fault("committed", effect)

    payout = world.request_payout()
    world.run_for(seconds=30)

    assert "in_doubt" in world.history_of(payout)
    assert len(world.pending()) == 1
    confirm_and_settle(world, payout)


def test_a_request_lost_on_its_way_is_sent_again_and_paid_once(world: World) -> None:
    world.line.time_out_before_arrival("/transfer/request")

    payout = world.request_payout()
    world.run_for(seconds=30)

    assert "in_doubt" in world.history_of(payout)
    confirm_and_settle(world, payout)


def test_a_request_that_never_connected_was_not_carried_out_and_goes_out_again(world: World) -> None:
    payout = world.request_payout()
    world.line.refuse_connections = 1
    world.run_for(seconds=30)

    assert "in_doubt" not in world.history_of(payout)
    confirm_and_settle(world, payout)


def test_a_request_that_the_network_delivers_twice_is_paid_once(world: World) -> None:
    world.fault("received", "duplicate")

    payout = world.request_payout()
    world.run_for(seconds=30)

    assert len(world.pending()) == 1
    confirm_and_settle(world, payout)


@pytest.mark.parametrize("point", ["bank.before", "bank.after"])
def test_a_worker_killed_between_send_and_record_leaves_a_doubt_that_is_settled(world: World, point: str) -> None:
    payout = world.request_payout()
    world.kill_switches[0].kill_at(point)

    assert world.step_and_die() == point
    assert world.state_of(payout) == "submitting"
    world.run_for(minutes=3)

    assert "in_doubt" in world.history_of(payout)
    assert len(world.pending()) == 1
    confirm_and_settle(world, payout)


@pytest.mark.parametrize("point", ["bank.before", "bank.after"])
def test_a_worker_killed_in_a_repetition_leaves_the_doubt_to_the_next_one(world: World, point: str) -> None:
    world.fault("committed", "drop")
    payout = world.request_payout()
    world.step()
    world.advance(seconds=5)
    world.kill_switches[0].kill_at(point, visit=2)  # the inquiry, then the repetition

    assert world.step_and_die() == point
    world.run_for(minutes=3)

    assert len(world.pending()) == 1
    confirm_and_settle(world, payout)


@pytest.mark.parametrize("point", ["bank.before", "bank.after"])
def test_a_worker_killed_in_a_cancel_is_followed_by_one_that_finishes_it(world: World, point: str) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date="2026-04-06")
    world.run_for(minutes=1)
    world.cancel(payout)
    world.kill_switches[0].kill_at(point)

    assert world.step_and_die() == point
    world.run_for(minutes=5)

    assert world.state_of(payout) == "cancelled"


@pytest.mark.parametrize("visit", range(1, 12))
@pytest.mark.parametrize("point", ["commit.before", "commit.after"])
def test_a_worker_killed_at_any_commit_pays_once(world: World, point: str, visit: int) -> None:
    world.change_customer(confirmation_required=False)
    world.kill_switches[0].kill_at(point, visit=visit)

    payout = world.request_payout()
    world.run_with_deaths_for(minutes=8)

    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_midnight_between_attempt_and_inquiry_hides_nothing(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.advance(hours=11, minutes=59, seconds=30)  # 23:59:30 in Japan
    world.fault("committed", "drop")
    world.fault("received", "status", operation="GET /transfer/status", times=4)

    payout = world.request_payout()
    world.run_for(minutes=30, every_seconds=20)

    assert world.state_of(payout) == "settled"
    assert len(world.line.orders()) == 1
    assert len(world.payments()) == 1


def test_an_order_for_a_day_that_has_passed_is_never_repeated(world: World) -> None:
    world.advance(hours=11, minutes=59, seconds=40)
    world.line.time_out_before_arrival("/transfer/request")
    world.fault("received", "status", operation="GET /transfer/status", times=4)

    payout = world.request_payout()
    world.run_for(minutes=30, every_seconds=20)

    assert world.state_of(payout) == "needs_person"
    assert len(world.line.orders()) == 1
    assert "再度依頼しないで" in world.payout(payout)["problem"]["detail"]


def test_after_twenty_three_hours_nothing_is_repeated_and_a_person_is_asked(world: World) -> None:
    world.line.time_out_before_arrival("/transfer/request")
    world.fault("received", "status", operation="GET /transfer/status", times=1000)
    payout = world.request_payout(designated_date="2026-04-06")
    world.run_for(hours=23, minutes=30, every_seconds=900)
    world.control("DELETE", "/faults")

    world.run_for(hours=1, every_seconds=300)

    assert world.state_of(payout) == "needs_person"
    assert len(world.line.orders()) == 1


def test_what_a_person_was_asked_about_is_adopted_when_the_bank_shows_it_after_all(world: World) -> None:
    world.fault("committed", "drop")
    payout = world.request_payout(designated_date="2026-04-06")
    world.step()
    (waiting,) = world.pending()
    world.fault("received", "status", operation="GET /transfer/status", times=1000)
    world.confirm(waiting["apply_no"])
    world.run_for(hours=24, every_seconds=900)
    world.control("DELETE", "/faults")

    world.run_for(hours=2, every_seconds=300)

    assert world.state_of(payout) == "reserved"
    assert world.payout(payout)["apply_no"] == waiting["apply_no"]


def test_a_new_consent_in_between_forbids_a_repetition(world: World) -> None:
    world.line.time_out_before_arrival("/transfer/request")
    payout = world.request_payout()
    world.step()
    assert world.state_of(payout) == "in_doubt"

    world.consent()
    world.run_for(minutes=1)

    assert world.state_of(payout) == "needs_person"
    assert len(world.line.orders()) == 1

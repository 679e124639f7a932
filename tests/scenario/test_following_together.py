"""One list inquiry for all that a company has at the bank: few calls, and nothing believed that it does not say."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.scenario.test_batches import asked, place, states
from tests.world import Sent, World

ANOTHER_DAY = "2026-04-06"


@pytest.fixture
def worker_count() -> int:
    return 2


def two_orders(world: World, **order: Any) -> list[str]:
    """Two payouts, each in an order of its own, both at the bank."""
    payouts = [place(world, 1, **order)[0]]
    world.run_until_idle()
    payouts.append(world.request_payout(key="second", **order))
    world.run_until_idle()
    assert len(world.line.orders()) == 2
    return payouts


def classes(questions: list[Sent]) -> list[str]:
    return [parse_qs(sent.query).get("queryKeyClass", ["result"])[0] for sent in questions]


def is_list(reply: dict[str, Any]) -> bool:
    return "transferQueryBulkResponses" in reply


def test_all_that_is_open_is_followed_with_one_list_inquiry(world: World) -> None:
    payouts = two_orders(world)
    world.confirm_all()
    before = len(world.line.sent)

    world.run_for(minutes=2)

    assert set(states(world, payouts)) == {"settled"}
    questions = asked(world, before)
    assert set(classes(questions)) == {"2"}
    assert len(questions) <= 7


def test_two_workers_do_not_ask_for_the_same_company_at_once(world: World) -> None:
    two_orders(world)
    world.confirm_all()
    world.advance(seconds=15)
    before = len(world.line.sent)
    world.kill_switches[0].do_at("bank.before", lambda: world.step(1))

    world.step(0)

    assert len(asked(world, before)) == 1


def test_a_worker_killed_with_all_of_them_in_hand_is_followed_by_another(world: World) -> None:
    payouts = two_orders(world)
    world.confirm_all()
    world.advance(seconds=15)
    world.kill_switches[0].kill_at("bank.after")

    assert world.step_and_die(0) == "bank.after"
    world.run_for(minutes=5)

    assert set(states(world, payouts)) == {"settled"}


def test_what_nobody_confirms_costs_no_question_of_its_own_before_the_limit(world: World) -> None:
    payouts = two_orders(world)
    before = len(world.line.sent)

    world.run_for(minutes=9)
    assert set(classes(asked(world, before))) == {"2"}
    world.run_for(minutes=3)

    assert set(states(world, payouts)) == {"expired"}


def test_a_bank_that_refuses_the_list_is_asked_by_number(world: World) -> None:
    payouts = two_orders(world)
    world.confirm_all()
    world.line.rewrite_queries_without("dateFrom")
    world.line.rewrite_queries_without("dateTo")
    world.line.rewrite_queries_without("queryKeyClass")  # required: every status inquiry is refused

    world.run_for(minutes=5)
    assert set(states(world, payouts)) == {"awaiting_confirmation"}
    world.line.stop_rewriting()
    world.run_for(minutes=10)

    assert set(states(world, payouts)) == {"settled"}


def test_what_lies_beyond_the_pages_worth_reading_is_asked_for_by_number(world: World) -> None:
    def never_ending(reply: dict[str, Any]) -> None:
        if is_list(reply):
            reply["transferDetails"], reply["count"] = [], "0"
            reply["transferQueryBulkResponses"][0].update(hasNext=True, nextItemKey="1")

    payouts = two_orders(world)
    world.confirm_all()
    world.line.rewrite("/transfer/status", never_ending)
    world.line.rewrite_queries_without("nextItemKey")
    before = len(world.line.sent)

    world.run_for(seconds=12)

    asked_classes = classes(asked(world, before))
    assert asked_classes.count("2") == 2, "no more pages than orders are looked for"
    assert set(states(world, payouts)) <= {"processing", "settled"}


def test_an_order_that_the_list_hides_is_asked_for_by_number_before_anything_is_believed(world: World) -> None:
    def hide_all(reply: dict[str, Any]) -> None:
        if is_list(reply):
            reply["transferDetails"], reply["count"] = [], "0"

    world.change_customer(confirmation_required=False)
    world.line.rewrite("/transfer/status", hide_all)

    payouts = two_orders(world)
    world.run_for(minutes=2)

    assert set(states(world, payouts)) == {"settled"}


def test_our_mark_under_a_foreign_number_is_an_alarm(world: World) -> None:
    def renumber_the_first(reply: dict[str, Any]) -> None:
        if is_list(reply) and reply["transferDetails"]:
            reply["transferDetails"][0]["transferApplies"][0]["applyNo"] = "2026040199999999"

    payouts = two_orders(world)
    world.confirm_all()
    world.line.rewrite("/transfer/status", renumber_the_first)

    world.run_for(minutes=2)

    told = world.payout(payouts[0])
    assert told["state"] == "needs_person"
    assert told["problem"]["type"].endswith("second-order-at-bank")
    assert world.state_of(payouts[1]) == "settled"


def test_midnight_in_japan_hides_nothing_from_the_list(world: World) -> None:
    world.advance(hours=11, minutes=59, seconds=30)  # 23:59:30 in Japan
    payouts = two_orders(world)
    world.confirm_all()
    before = len(world.line.sent)

    world.run_for(minutes=3)

    assert set(states(world, payouts)) == {"settled"}
    assert set(classes(asked(world, before))) == {"2"}


def test_settled_payouts_are_watched_by_one_call_a_day_and_a_return_is_known(world: World) -> None:
    payouts = two_orders(world)
    world.confirm_all()
    world.run_for(minutes=2)
    world.run_for(days=2, every_seconds=6 * 3600)
    before = len(world.line.sent)

    world.run_for(days=5, every_seconds=6 * 3600)

    watched = asked(world, before)
    assert len(watched) <= 6
    assert all("requestTransferStatus=22" in sent.query for sent in watched)
    payment = world.payments()[0]
    world.control("POST", f"/transfers/{payment.apply_no}/return-funds")
    world.run_for(days=2, every_seconds=6 * 3600)
    assert sorted(states(world, payouts)) == ["returned", "settled"]
    world.run_for(days=62, every_seconds=24 * 3600)
    ended = len(world.line.sent)
    world.run_for(days=5, every_seconds=24 * 3600)
    assert asked(world, ended) == []


def test_a_reservation_weeks_ahead_does_not_lengthen_the_list_of_today(world: World) -> None:
    place(world, 1, designated_date="2026-04-30")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)
    world.run_for(days=7, every_seconds=3 * 3600)
    fresh = [world.request_payout(key="fresh")]
    world.run_until_idle()
    fresh.append(world.request_payout(key="fresh-2"))
    world.run_until_idle()
    world.confirm_all()
    before = len(world.line.sent)

    world.run_for(minutes=2)

    assert set(states(world, fresh)) == {"settled"}
    spans = {parse_qs(sent.query)["dateFrom"][0] for sent in asked(world, before) if "dateFrom" in sent.query}
    assert spans <= {"2026-04-07", "2026-04-06"}

"""Banks that say surprising things, or nothing for days: nothing is paid twice, told wrongly, or waits unseen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from integrator.domain.submission import STANDINGS
from mock_gmo.app import world_of
from tests.world import World

LATER = "2026-04-06"


def for_each_line(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def rewrite(reply: dict[str, Any]) -> None:
        for detail in reply.get("transferDetails", []):
            change(detail)

    return rewrite


def drop_marks(detail: dict[str, Any]) -> None:
    for response in detail["transferResponses"]:
        for info in response["transferInfos"]:
            del info["ediInfo"]


def calls_in(world: World, **delta: float) -> int:
    before = len(world.line.sent)
    world.run_for(**delta)
    return len(world.line.sent) - before


def confirmed(world: World, **order: Any) -> str:
    payout = world.request_payout(**order)
    world.run_until_idle()
    world.confirm_all()
    return payout


def test_an_expired_cancel_of_somebody_else_does_not_make_the_order_dead(world: World) -> None:
    payout = world.request_payout(designated_date=LATER)
    world.step()
    (waiting,) = world.pending()
    world.confirm(waiting["apply_no"])
    bank = world_of(world.bank_app).bank
    bank.cancel_transfer("corporate", "101010012345", waiting["apply_no"], "2", at=world.clock.now())
    world.advance(minutes=11)

    world.run_for(minutes=1)

    assert world.state_of(payout) == "reserved"


@pytest.mark.parametrize("code", sorted({*STANDINGS, "9999"}))
def test_every_status_of_the_bank_is_told_as_the_table_says(world: World, code: str) -> None:
    payout = confirmed(world, designated_date=LATER)
    world.line.rewrite("/transfer/status", for_each_line(lambda detail: detail.update(transferStatus=code)))

    world.run_for(minutes=2)

    told = world.payout(payout)
    assert told["bank_status"] == code
    assert told["state"] == (STANDINGS[code].payout if code in STANDINGS else "needs_person")
    assert ("problem" in told) == (told["state"] == "needs_person")
    # What this bank said was not true; on the day it pays, and from then on it is.
    world.line.stop_rewriting()
    if told["state"] == "settled":
        world.advance(days=6)


def test_a_status_that_goes_back_is_put_before_a_person_and_crashes_nothing(world: World) -> None:
    payout = confirmed(world, designated_date=LATER)
    world.run_for(minutes=1)
    world.cancel(payout)
    world.run_for(seconds=5)
    world.line.rewrite("/transfer/status", for_each_line(lambda detail: detail.update(transferStatus="12")))
    world.run_for(minutes=11)
    world.line.stop_rewriting()

    world.run_for(hours=1, every_seconds=60)

    assert world.state_of(payout) in ("needs_person", "reserved")


def test_an_order_shown_without_its_mark_is_known_by_its_number(world: World) -> None:
    world.line.rewrite("/transfer/status", for_each_line(drop_marks))

    payout = confirmed(world)
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"


def test_an_order_that_is_never_shown_needs_a_person_and_few_calls(world: World) -> None:
    world.line.rewrite("/transfer/status", lambda reply: reply.update(transferDetails=[], count="0"))
    payout = confirmed(world)

    world.run_for(hours=2, every_seconds=60)

    assert world.state_of(payout) == "needs_person"
    assert calls_in(world, hours=6, every_seconds=300) < 60
    world.line.stop_rewriting()
    world.run_for(hours=1, every_seconds=60)
    assert world.state_of(payout) == "settled"


@pytest.mark.parametrize("trouble", ["status is down", "consent is dead"])
def test_a_doubt_that_cannot_be_looked_up_for_a_day_needs_a_person(world: World, trouble: str) -> None:
    world.fault("committed", "drop")
    payout = world.request_payout(designated_date=LATER)
    world.step()
    if trouble == "status is down":
        world.fault("received", "status", operation="GET /transfer/status", times=100_000)
    else:
        world.control("POST", "/tokens/expire", {"client_id": world.client_id()})

    world.run_for(hours=25, every_seconds=900)

    assert world.state_of(payout) == "needs_person"
    assert len(world.line.orders()) == 1


def test_an_overtaken_cancel_is_over_and_costs_no_calls(world: World) -> None:
    world.advance(hours=20, minutes=57)  # 08:57 in Japan, on the next day
    payout = confirmed(world, designated_date="2026-04-03")
    world.run_for(hours=23, minutes=50, every_seconds=600)
    world.cancel(payout)

    world.run_for(minutes=30, every_seconds=30)

    assert world.state_of(payout) == "settled"
    assert calls_in(world, hours=2, every_seconds=60) == 0


def test_a_cancel_whose_own_result_cannot_be_asked_hides_nothing(world: World) -> None:
    payout = confirmed(world, designated_date=LATER)
    world.run_for(minutes=1)
    world.fault("received", "status", operation="GET /transfer/request-result", times=100_000)
    world.cancel(payout)
    world.run_for(seconds=30)

    world.confirm_all()
    world.run_for(minutes=2)

    assert world.state_of(payout) == "cancelled"


def test_a_cancel_asked_during_an_inquiry_goes_out_at_once(world: World) -> None:
    payout = confirmed(world, designated_date=LATER)
    world.run_for(minutes=1)
    world.advance(minutes=10)
    world.kill_switches[0].do_at("bank.after", lambda: world.cancel(payout))

    world.run_for(seconds=10)

    assert [sent.path for sent in world.line.sent if sent.path.endswith("/transfer/cancel")]


@pytest.mark.parametrize("path", ["/transfer/request", "/transfer/request-result"])
def test_an_instant_before_the_first_one_is_unreadable_and_no_crash(world: World, path: str) -> None:
    world.change_customer(confirmation_required=False)
    world.line.rewrite(path, lambda reply: reply.update(applyEndDatetime="0001-01-01T00:00:00+09:00"))

    payout = world.request_payout()
    world.run_for(minutes=3)
    world.line.stop_rewriting()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"


def test_a_fee_beyond_all_money_is_unreadable_and_no_crash(world: World) -> None:
    world.change_customer(confirmation_required=False)
    far = for_each_line(lambda detail: detail.update(transferDetailFee="9" * 20))
    world.line.rewrite("/transfer/status", far)

    payout = world.request_payout()
    world.run_for(minutes=3)
    world.line.stop_rewriting()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"


def test_an_order_found_without_its_number_needs_a_person(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.line.rewrite("/transfer/status", for_each_line(lambda detail: detail.update(transferApplies=[])))
    world.fault("committed", "drop")

    payout = world.request_payout()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "needs_person"
    assert len(world.line.orders()) == 1


def test_somebody_elses_unreadable_transfer_does_not_hide_ours(world: World) -> None:
    def add_foreign(reply: dict[str, Any]) -> None:
        if "transferQueryBulkResponses" not in reply:
            return
        reply["transferDetails"].insert(0, {"transferStatus": {"not": "text"}})
        reply["count"] = str(int(reply["count"]) + 1)

    world.change_customer(confirmation_required=False)
    world.line.rewrite("/transfer/status", add_foreign)
    world.fault("committed", "drop")

    payout = world.request_payout()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"


def test_an_order_on_a_later_page_of_the_inquiry_is_found(world: World) -> None:
    world.change_customer(confirmation_required=False)
    many = []
    for number in range(3):
        many.append(world.request_payout(key=f"order-{number}", amount_yen=100 + number))
        world.run_until_idle()
    world.run_for(minutes=2)
    world.fault("committed", "drop")
    late = world.request_payout(key="late")
    pages: list[int] = []

    def one_line_a_page(reply: dict[str, Any]) -> None:
        bulk = reply.get("transferQueryBulkResponses")
        if bulk is None:
            return
        index = len(pages) % len(reply["transferDetails"])
        pages.append(index)
        is_last = index == len(reply["transferDetails"]) - 1
        reply["transferDetails"] = [reply["transferDetails"][index]]
        reply["count"] = "1"
        bulk[0]["hasNext"] = not is_last
        bulk[0].pop("nextItemKey", None)
        if not is_last:
            bulk[0]["nextItemKey"] = str(index + 1)

    world.line.rewrite("/transfer/status", one_line_a_page)
    world.line.rewrite_queries_without("nextItemKey")
    world.run_for(minutes=3)

    assert world.state_of(late) == "settled"
    assert len(pages) >= 4
    assert len(world.line.orders()) == len(many) + 1


def test_an_unreadable_answer_about_our_own_order_never_makes_it_dead(world: World) -> None:
    def garble(detail: dict[str, Any]) -> None:
        drop_marks(detail)
        detail["transferDetailFee"] = "1,000"

    payout = world.request_payout(designated_date=LATER)
    world.step()
    (waiting,) = world.pending()
    world.confirm(waiting["apply_no"])
    bank = world_of(world.bank_app).bank
    bank.cancel_transfer("corporate", "101010012345", waiting["apply_no"], "2", at=world.clock.now())
    world.advance(minutes=11)
    world.line.rewrite("/transfer/status", for_each_line(garble))

    world.run_for(minutes=5)
    assert world.state_of(payout) == "awaiting_confirmation"
    world.line.stop_rewriting()
    world.run_for(minutes=20, every_seconds=60)

    assert world.state_of(payout) == "reserved"


def test_a_request_that_can_no_longer_be_asked_for_is_still_seen_when_it_is_paid(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()
    world.line.rewrite("/transfer/request-result", lambda reply: reply.update(resultCode="9"))

    world.confirm_all()
    world.run_for(minutes=3)

    assert world.state_of(payout) == "settled"


@pytest.mark.parametrize("operation", ["GET /transfer/status", "GET /transfer/request-result"])
def test_a_bank_that_answers_no_question_for_a_day_needs_a_person(world: World, operation: str) -> None:
    payout = confirmed(world)
    for each in ("GET /transfer/status", operation):
        world.fault("received", "status", operation=each, times=100_000)

    world.run_for(hours=25, every_seconds=900)
    assert world.state_of(payout) == "needs_person"
    world.control("DELETE", "/faults")
    world.run_for(hours=1, every_seconds=300)

    assert world.state_of(payout) == "settled"


def test_a_lone_worker_that_sleeps_before_its_repetition_raises_the_alarm(world: World) -> None:
    def confirm_and_sleep() -> None:
        world.confirm_all()
        world.clock.sleep(timedelta(hours=25).total_seconds())

    world.fault("committed", "drop")
    payout = world.request_payout(designated_date=LATER)
    world.step()
    world.advance(seconds=5)
    world.kill_switches[0].do_at("bank.before", confirm_and_sleep, visit=2)  # the inquiry, then the repetition

    world.run_for(minutes=15)

    told = world.payout(payout)
    assert told["state"] == "needs_person"
    assert told["problem"]["type"].endswith("second-order-at-bank")


class TestASuspendedWorker:
    """A process that stood still for longer than the bank keeps a key."""

    @pytest.fixture
    def worker_count(self) -> int:
        return 2

    def test_it_does_not_send_what_has_become_a_doubt(self, world: World) -> None:
        def a_day_goes_by() -> None:
            world.clock.sleep(timedelta(hours=25).total_seconds())
            for _ in range(20):
                world.step(1)
                world.advance(seconds=30)

        payout = world.request_payout(designated_date=LATER)
        world.kill_switches[0].do_at("commit.after", a_day_goes_by, visit=4)  # claim, place in the queue, turn, intent

        world.step(0)
        world.run_for(minutes=5)

        assert world.line.orders() == []
        assert world.state_of(payout) == "needs_person"

    def test_a_second_order_that_it_makes_all_the_same_is_an_alarm(self, world: World) -> None:
        def a_day_goes_by() -> None:
            world.clock.sleep(121)
            for _ in range(4):
                world.step(1)
                world.advance(seconds=3)
            world.confirm_all()
            world.clock.sleep(timedelta(hours=25).total_seconds())
            world.step(1)

        payout = world.request_payout(designated_date=LATER)
        world.kill_switches[0].do_at("bank.before", a_day_goes_by)

        world.step(0)
        world.run_for(minutes=15)

        told = world.payout(payout)
        assert told["state"] == "needs_person"
        assert told["problem"]["type"].endswith("second-order-at-bank")

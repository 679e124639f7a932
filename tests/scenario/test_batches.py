"""Payouts that go to the bank in one request: what that couples, and what it must never couple."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.builders import COMPANY_ID
from tests.world import PAYOUT, Sent, World

ANOTHER_DAY = "2026-04-06"


def place(world: World, count: int, **order: Any) -> list[str]:
    """Place payouts, one after the other, that all wait when the worker next looks."""
    placed = []
    for number in range(count):
        world.clock.sleep(0.001)
        placed.append(world.request_payout(key=f"order-{number}", **{"amount_yen": 1000 + number, **order}))
    return placed


def listed(world: World, payouts: list[str]) -> list[dict[str, Any]]:
    """Return these payouts as ReCORE's list tells them, each once."""
    page = world.recore("GET", f"/v1/companies/{COMPANY_ID}/payouts?limit=100").json
    assert "next_cursor" not in page
    told = {payout["payout_id"]: payout for payout in page["payouts"]}
    return [told[payout] for payout in payouts]


def states(world: World, payouts: list[str]) -> list[str]:
    return [payout["state"] for payout in listed(world, payouts)]


def asked(world: World, since: int) -> list[Sent]:
    """Return what the bank was asked about transfers; the daily statement is another question."""
    return [sent for sent in world.line.sent[since:] if sent.path.endswith(("/transfer/status", "/request-result"))]


def lines_sent(world: World) -> list[int]:
    return [len(json.loads(sent.body)["transfers"]) for sent in world.line.orders()]


def confirm_and_settle(world: World, payouts: list[str]) -> None:
    world.confirm_all()
    world.run_for(minutes=3)
    assert set(states(world, payouts)) == {"settled"}
    assert len(world.payments()) == len(payouts)


def reserved(world: World, count: int) -> list[str]:
    payouts = place(world, count, designated_date=ANOTHER_DAY)
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)
    assert set(states(world, payouts)) == {"reserved"}
    return payouts


@pytest.mark.parametrize(("count", "requests"), [(1, [1]), (2, [2]), (100, [99, 1])])
def test_what_waits_goes_together_up_to_the_banks_bound(world: World, count: int, requests: list[int]) -> None:
    payouts = place(world, count)

    world.run_until_idle()

    assert lines_sent(world) == requests
    assert len({payout["apply_no"] for payout in listed(world, payouts)}) == len(requests)
    confirm_and_settle(world, payouts)


def test_the_line_that_tells_of_one_request_names_the_requests_of_all_its_payouts(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    request_ids = [f"recore-000{number}" for number in range(3)]
    for request_id in request_ids:
        world.clock.sleep(0.001)
        headers = {"Idempotency-Key": request_id, "X-Request-Id": request_id}
        world.recore("POST", f"/v1/companies/{COMPANY_ID}/payouts", json=PAYOUT, headers=headers)

    world.run_until_idle()

    told = [json.loads(line.getMessage()) for line in caplog.records if line.name == "integrator.bank_call"]
    assert [line["request_ids"] for line in told if line["context"] == "requestTransfer"] == [request_ids]


def test_a_payout_alone_goes_out_within_two_seconds(world: World) -> None:
    world.advance(seconds=5)
    placed_at = world.clock.now()
    world.request_payout()
    world.kill_switches[0].do_at("bank.before", lambda: sent_at.append(world.clock.now()))
    sent_at: list[Any] = []

    world.step()

    assert (sent_at[0] - placed_at).total_seconds() <= 2


def test_each_line_pays_its_own_beneficiary_its_own_amount(world: World) -> None:
    names = {"ヤマダ　タロウ": "ﾔﾏﾀﾞ ﾀﾛｳ", "サンプル　ハナコ": "ｻﾝﾌﾟﾙ ﾊﾅｺ"}
    payouts = []
    for number, name in enumerate(names):
        world.clock.sleep(0.001)
        to = {**world.order()["beneficiary"], "name": name}
        payouts.append(world.request_payout(key=f"order-{number}", amount_yen=1000 + number, beneficiary=to))
    world.run_until_idle()

    confirm_and_settle(world, payouts)

    assert [(p.amount_yen, p.beneficiary_name) for p in world.payments()] == [
        (1000 + n, kana) for n, kana in enumerate(names.values())
    ]


def test_days_and_holidays_of_others_move_no_payout(world: World) -> None:
    within = {"bank_code": "0310", "branch_code": "101", "account_type": "1", "account_number": "7654321"}
    today = place(world, 2)
    later = [world.request_payout(key=f"later-{n}", designated_date=ANOTHER_DAY) for n in range(2)]
    asked_for_today = world.request_payout(key="today", designated_date="2026-04-01")
    own = world.request_payout(key="own", beneficiary={**within, "name": "サンプル　ハナコ"})

    world.run_until_idle()

    together = Counter(world.payout(payout)["apply_no"] for payout in (*today, *later, asked_for_today, own))
    assert sorted(together.values()) == [1, 2, 3]
    assert {world.payout(payout)["apply_no"] for payout in today} == {world.payout(asked_for_today)["apply_no"]}


@pytest.mark.parametrize("count", [2, 99])
def test_a_lost_reply_is_one_doubt_for_all_and_each_line_is_found_by_its_mark(world: World, count: int) -> None:
    world.change_customer(confirmation_required=False)
    world.fault("committed", "drop")

    payouts = place(world, count)
    world.run_for(minutes=3)

    assert set(states(world, payouts)) == {"settled"}
    assert len(world.payments()) == count
    assert lines_sent(world) == [count]
    assert all("in_doubt" in world.history_of(payout) for payout in payouts)


def test_a_reply_lost_before_confirmation_is_repeated_byte_for_byte_with_all_lines(world: World) -> None:
    world.fault("committed", "drop")

    payouts = place(world, 3)
    world.run_for(seconds=30)

    first, second = world.line.orders()
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    confirm_and_settle(world, payouts)


@pytest.mark.parametrize("visit", range(1, 12))
@pytest.mark.parametrize("point", ["commit.before", "commit.after"])
def test_a_worker_killed_at_any_commit_pays_every_line_once(world: World, point: str, visit: int) -> None:
    world.change_customer(confirmation_required=False)
    world.kill_switches[0].kill_at(point, visit=visit)

    payouts = place(world, 2)
    world.run_with_deaths_for(minutes=8)

    assert set(states(world, payouts)) == {"settled"}
    assert len(world.payments()) == 2


@pytest.mark.parametrize("point", ["bank.before", "bank.after"])
def test_a_worker_killed_in_the_call_leaves_one_doubt_that_is_settled(world: World, point: str) -> None:
    payouts = place(world, 3)
    world.kill_switches[0].kill_at(point)

    assert world.step_and_die() == point
    world.run_for(minutes=3)

    assert len(world.pending()) == 1
    confirm_and_settle(world, payouts)


def test_a_line_of_which_the_bank_shows_nothing_yet_is_known_to_be_there_with_the_others(world: World) -> None:
    def hide_the_last_line(reply: dict[str, Any]) -> None:
        if len(reply.get("transferDetails", [])) > 1:
            reply["transferDetails"].pop()
            reply["count"] = str(len(reply["transferDetails"]))

    world.change_customer(confirmation_required=False)
    world.line.rewrite("/transfer/status", hide_the_last_line)
    world.fault("committed", "drop")
    *shown, hidden = place(world, 3)

    world.run_for(minutes=3)
    assert set(states(world, shown)) == {"settled"}
    assert world.state_of(hidden) == "submitting"
    world.run_for(hours=2, every_seconds=60)
    assert world.state_of(hidden) == "needs_person"
    world.line.stop_rewriting()
    world.run_for(hours=1, every_seconds=60)

    assert world.state_of(hidden) == "settled"
    assert len(world.line.orders()) == 1


class TestRefusals:
    """One bad line refuses all; none but the bad one is rejected for it."""

    def test_the_line_that_the_bank_names_is_rejected_and_the_rest_goes_again(self, world: World) -> None:
        unknown = {**world.order()["beneficiary"], "branch_code": "999"}
        good = place(world, 4)
        bad = world.request_payout(key="bad", beneficiary=unknown)
        world.run_until_idle()

        assert lines_sent(world) == [5, 4]
        told = world.payout(bad)
        assert (told["state"], told["problem"]["came"]) == ("rejected", "220011・MOCK006")
        assert world.history_of(good[0]) == [
            "accepted", "submitting", "accepted", "submitting", "awaiting_confirmation"
        ]  # fmt: skip
        confirm_and_settle(world, good)

    def test_every_line_that_goes_again_has_a_new_mark_and_a_new_key(self, world: World) -> None:
        good = place(world, 2)
        bad = world.request_payout(key="bad", beneficiary={**world.order()["beneficiary"], "branch_code": "999"})
        world.run_until_idle()

        first, second = world.line.orders()
        marks = [{line["ediInfo"] for line in json.loads(sent.body)["transfers"]} for sent in (first, second)]
        assert not marks[0] & marks[1]
        told = [world.payout(payout)["marks"] for payout in good]
        assert ({one for one, _ in told}, {two for _, two in told}) == (
            marks[0] - set(world.payout(bad)["marks"]),
            marks[1],
        )
        assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]

    def test_a_limit_that_all_together_break_lets_the_oldest_be_paid(self, world: World) -> None:
        world.change_customer(transfer_limit_yen={"101010012345": 10_000}, confirmation_required=False)

        payouts = place(world, 5, amount_yen=3000)
        world.run_for(minutes=3)

        assert states(world, payouts) == ["settled"] * 3 + ["rejected"] * 2
        assert len(world.line.orders()) <= 2 * len(payouts)

    def test_one_payout_that_the_bank_refuses_without_naming_it_is_found(self, world: World) -> None:
        world.change_customer(transfer_limit_yen={"101010012345": 40_000})
        payouts = place(world, 20)
        big = world.request_payout(key="big", amount_yen=50_000)

        world.run_for(seconds=40)

        assert world.state_of(big) == "rejected"
        confirm_and_settle(world, payouts)

    def test_a_refusal_that_names_a_line_which_was_not_sent_rejects_nobody_for_it(self, world: World) -> None:
        def blame_somebody(reply: dict[str, Any]) -> None:
            for line in reply.get("transferErrorDetails", []):
                line["itemId"] = "77"

        unknown = {**world.order()["beneficiary"], "branch_code": "999"}
        good = place(world, 3)
        bad = world.request_payout(key="bad", beneficiary=unknown)
        world.line.rewrite("/transfer/request", blame_somebody)

        world.run_for(seconds=30)

        assert world.state_of(bad) == "rejected"
        confirm_and_settle(world, good)


class TestCancels:
    """The bank cancels an application as a whole; nobody's payout dies for somebody else's wish."""

    def test_a_payout_that_waits_to_be_sent_again_is_cancelled_at_once_and_the_others_go_without_it(
        self, world: World
    ) -> None:
        payouts = place(world, 3)
        world.line.refuse_connections = 1
        world.step()
        assert set(states(world, payouts)) == {"accepted"}

        assert world.cancel(payouts[1]).json["state"] == "cancelled"
        world.run_for(seconds=30)

        assert lines_sent(world) == [2]
        confirm_and_settle(world, [payouts[0], payouts[2]])
        assert world.state_of(payouts[1]) == "cancelled"

    def test_a_cancel_during_a_call_that_never_connects_kills_that_payout_alone(self, world: World) -> None:
        payouts = place(world, 3)
        world.line.refuse_connections = 1
        world.kill_switches[0].do_at("bank.before", lambda: world.cancel(payouts[0]))

        world.run_for(seconds=30)

        assert world.state_of(payouts[0]) == "cancelled"
        confirm_and_settle(world, payouts[1:])

    def test_a_cancel_before_confirmation_is_cancelling_and_comes_about_when_nobody_confirms(
        self, world: World
    ) -> None:
        payouts = place(world, 2)
        world.run_until_idle()

        told = world.cancel(payouts[0]).json
        assert (told["state"], told["problem"]["type"].rpartition(":")[2]) == ("cancelling", "cancel-needs-all")
        world.run_for(minutes=12)

        assert states(world, payouts) == ["cancelled", "expired"]
        assert world.payments() == []

    def test_a_holder_who_confirms_all_the_same_has_paid_and_recore_is_told(self, world: World) -> None:
        payouts = place(world, 2)
        world.run_until_idle()
        world.cancel(payouts[0])

        world.confirm_all()
        world.run_for(seconds=15)
        told = world.payout(payouts[0])
        assert (told["state"], told["problem"]["type"].rpartition(":")[2]) == ("processing", "cancel-failed")
        confirm_and_settle(world, payouts)

    def test_one_wish_sends_no_cancel_and_the_wish_of_all_sends_one(self, world: World) -> None:
        payouts = reserved(world, 3)

        world.cancel(payouts[0])
        world.cancel(payouts[1])
        world.run_for(minutes=25, every_seconds=30)
        assert states(world, payouts) == ["cancelling", "cancelling", "reserved"]
        assert cancels(world) == 0
        world.cancel(payouts[2])
        world.run_for(seconds=30)
        world.confirm_all()
        world.run_for(minutes=2)

        assert set(states(world, payouts)) == {"cancelled"}
        assert cancels(world) == 1

    def test_a_cancel_that_the_others_do_not_share_is_told_too_late_when_the_day_comes(self, world: World) -> None:
        payouts = reserved(world, 2)
        world.cancel(payouts[0])

        world.run_for(days=6, every_seconds=3600)

        assert set(states(world, payouts)) == {"settled"}
        assert world.payout(payouts[0])["problem"]["type"].endswith("cancel-failed")
        assert "problem" not in world.payout(payouts[1])

    def test_a_wish_during_a_doubt_does_not_hold_the_others(self, world: World) -> None:
        world.line.time_out_before_arrival("/transfer/request")
        payouts = place(world, 3)
        world.step()
        assert set(states(world, payouts)) == {"in_doubt"}

        world.cancel(payouts[0])
        world.run_for(seconds=30)

        assert states(world, payouts) == ["cancelling", "awaiting_confirmation", "awaiting_confirmation"]


def cancels(world: World) -> int:
    return sum(sent.path.endswith("/transfer/cancel") for sent in world.line.sent)


def test_one_late_line_holds_nobody_and_one_that_fails_fails_alone(world: World) -> None:
    payouts = place(world, 3)
    world.run_until_idle()
    (waiting,) = world.pending()
    world.confirm(waiting["apply_no"])
    world.control("POST", f"/transfers/{waiting['apply_no']}/fail", {"item_id": "2"})

    world.run_for(minutes=2)

    assert states(world, payouts) == ["settled", "not_executed", "settled"]
    world.control("POST", f"/transfers/{waiting['apply_no']}/return-funds", {"item_id": "3"})
    world.run_for(days=2, every_seconds=6 * 3600)
    assert states(world, payouts) == ["settled", "not_executed", "returned"]
    world.run_for(days=62, every_seconds=24 * 3600)
    before = len(world.line.sent)
    world.run_for(days=5, every_seconds=24 * 3600)
    assert asked(world, before) == [], "followed for sixty days and no longer"


def test_a_payout_that_broke_its_worker_takes_no_others_with_it(world: World) -> None:
    broken = world.request_payout(key="broken")
    world.kill_switches[0].kill_at("commit.after")
    world.step_and_die()
    world.advance(seconds=121)
    place(world, 2)

    world.run_until_idle()

    assert sorted(lines_sent(world)) == [1, 2]
    assert world.state_of(broken) == "awaiting_confirmation"

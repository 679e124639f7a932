"""While payouts are stopped no order reaches the bank, whoever works; inquiries go on, and nothing is lost."""

import pytest

from integrator.auditing import chain_all, verify
from integrator.store import audit
from tests.builders import COMPANY_ID
from tests.scenario.supervising import Operator
from tests.world import World


@pytest.fixture
def worker_count() -> int:
    return 2


def place(world: World, count: int, *, first: int = 0) -> list[str]:
    numbers = range(first, first + count)
    return [world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in numbers]


@pytest.mark.parametrize("scope", [COMPANY_ID, None], ids=["one company", "everybody"])
def test_a_stop_in_the_middle_lets_no_further_order_leave_until_it_ends(world: World, scope: str | None) -> None:
    operator = Operator(world)
    world.change_customer(confirmation_required=False)
    left = place(world, 3)
    world.step(0)
    world.step(1)
    sent = len(world.line.orders())
    assert sent > 0
    waiting = place(world, 3, first=3)

    stopped = operator.stop(scope)
    world.run_for(minutes=10)

    assert stopped.status_code == 200
    assert stopped.json["calls_under_way"] == 0
    assert len(world.line.orders()) == sent
    assert [world.state_of(payout) for payout in left] == ["settled"] * 3, "what had left is followed all the same"
    assert [world.state_of(payout) for payout in waiting] == ["accepted"] * 3

    assert operator.resume(scope).status_code == 200
    world.run_for(minutes=5)
    assert [world.state_of(payout) for payout in left + waiting] == ["settled"] * 6
    assert len(world.payments()) == 6


@pytest.mark.parametrize("visit", [1, 2])
@pytest.mark.parametrize("point", ["commit.before", "commit.after", "sleep"])
def test_a_stop_between_claim_and_call_is_seen_before_the_call(world: World, point: str, visit: int) -> None:
    operator = Operator(world)
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    seen: list[int] = []

    def stop() -> None:
        operator.stop()
        seen.append(len(world.line.orders()))

    # On SQLite one writer at a time: who stops waits for the commit of the worker, so it comes right after it.
    if point == "commit.before" and world.db.url.get_backend_name() == "sqlite":
        point = "commit.after"
    world.kill_switches[0].do_at(point, stop, visit=visit)
    world.step(0)
    world.run_for(minutes=2)

    if seen == [0]:
        assert world.line.orders() == []
        assert world.state_of(payout) == "accepted"
    world.kill_switches[0].spare()
    operator.resume()
    world.run_for(minutes=3)
    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_a_doubt_is_looked_up_but_not_repeated_while_payouts_are_stopped(world: World) -> None:
    operator = Operator(world)
    world.change_customer(confirmation_required=False)
    world.line.time_out_before_arrival("/transfer/request")
    payout = world.request_payout()
    world.step(0)
    operator.stop(COMPANY_ID)

    world.run_for(minutes=5)

    assert world.state_of(payout) == "in_doubt"
    assert len(world.line.orders()) == 1
    assert any(sent.path.endswith("/transfer/status") for sent in world.line.sent)
    operator.resume(COMPANY_ID)
    world.run_for(minutes=5)
    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_what_was_handed_to_a_call_before_the_stop_is_counted(world: World) -> None:
    operator = Operator(world)
    world.change_customer(confirmation_required=False)
    answers: list[int] = []
    world.request_payout()
    world.kill_switches[0].do_at("bank.before", lambda: answers.append(operator.stop().json["calls_under_way"]))

    world.step(0)

    assert answers == [1]


def test_recore_sees_that_payouts_are_stopped_and_they_are_taken_all_the_same(world: World) -> None:
    operator = Operator(world)
    operator.stop()
    operator.stop(COMPANY_ID)
    path = f"/v1/companies/{COMPANY_ID}/connection"

    payout = world.request_payout()

    assert world.state_of(payout) == "accepted"
    stops = world.recore("GET", path).json["payout_stops"]
    assert [(stop.get("company_id"), stop["reason"]) for stop in stops] == [
        (None, "不審な依頼"),
        (COMPANY_ID, "不審な依頼"),
    ]
    operator.resume(COMPANY_ID)
    assert [stop.get("company_id") for stop in world.recore("GET", path).json["payout_stops"]] == [None]
    assert operator.resume(COMPANY_ID).status_code == 409
    assert operator.call("GET", "/v1/payout-stops").json["stops"][0]["cause"] == "emergency"
    assert world.cancel(payout).json["state"] == "cancelled"


def test_a_stop_that_stands_stays_as_it_is_and_every_step_is_in_the_audit(world: World) -> None:
    operator = Operator(world)
    first = operator.stop().json
    world.advance(minutes=1)

    assert operator.stop().json == first
    operator.resume()

    chain_all(world.db)
    with world.db.read() as tx:
        rows = [row.entry for row in audit.rows_of(tx, audit.ALL)]
    assert [row.what for row in rows][-2:] == ["payouts.stopped", "payouts.resumed"]
    assert rows[-1].who.startswith("key:")
    assert verify(world.db)[1] == []

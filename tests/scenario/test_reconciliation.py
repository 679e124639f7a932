"""The bank's statement against what we say: what agrees is flagged, what does not is kept until a person answers."""

from datetime import date

import pytest

from integrator.auditing import verify
from integrator.reconciling import StatementUnread, reconcile_days
from integrator.store.reconciliations import Run
from tests.builders import COMPANY_ID
from tests.scenario.supervising import Operator
from tests.world import World

DAY = date(2026, 4, 1)


def settle(world: World, *keys: str, **changed: object) -> list[str]:
    world.change_customer(confirmation_required=False)
    payouts = [world.request_payout(key=key, **changed) for key in keys]
    world.run_for(minutes=3)
    assert [world.state_of(payout) for payout in payouts] == ["settled"] * len(keys)
    return payouts


def next_morning(world: World) -> None:
    world.advance(hours=13, minutes=30)  # 01:33 in Japan
    world.run_for(minutes=2, every_seconds=30)


def reconcile(world: World) -> Run:
    return reconcile_days(world.workers[0].desk, COMPANY_ID, (DAY, DAY))


def test_a_settled_payout_is_reconciled_the_morning_after_and_recore_hears_it(world: World) -> None:
    (payout,) = settle(world, "order-1")
    assert world.payout(payout)["reconciled"] is False

    next_morning(world)

    operator = Operator(world)
    assert world.payout(payout)["reconciled"] is True
    assert world.pulled_events()[-1]["payout"]["reconciled"] is True
    assert operator.differences() == []
    (run,) = operator.reconciliations()
    assert (run["daily"], run["date_to"], run["state"], run["matched"]) == (True, "2026-04-01", "done", 1)


def test_running_it_again_changes_nothing(world: World) -> None:
    settle(world, "order-1", "order-2")
    first = reconcile(world)
    events = world.pulled_events()

    again = reconcile(world)

    assert first.counts is not None
    assert again.counts == {**first.counts, "newly_matched": 0}
    assert (first.counts["matched"], first.counts["newly_matched"]) == (2, 2)
    assert world.pulled_events() == events
    assert Operator(world).differences() == []


def test_one_that_recore_asks_for_is_done_soon_and_once(world: World) -> None:
    (payout,) = settle(world, "order-1")
    path = f"/v1/companies/{COMPANY_ID}/reconciliations"
    days = {"date_from": DAY.isoformat(), "date_to": DAY.isoformat()}

    asked = world.recore("POST", path, json=days)
    again = world.recore("POST", path, json=days)
    others = world.recore("POST", path, json={"date_from": "2026-03-31", "date_to": "2026-03-31"})
    world.run_for(seconds=10)

    assert (asked.status_code, asked.json["state"], again.json) == (202, "running", asked.json)
    assert (others.status_code, others.json["came"]) == (409, asked.json["reconciliation_id"])
    done = world.recore("GET", f"{path}/{asked.json['reconciliation_id']}").json
    assert (done["state"], done["daily"], done["matched"]) == ("done", False, 1)
    assert world.payout(payout)["reconciled"] is True


@pytest.mark.parametrize(
    ("days", "status", "field"),
    [
        ({"date_to": "2026-04-02"}, 422, "/date_to"),
        ({"date_from": "2026-04-02", "date_to": "2026-04-01"}, 422, "/date_from"),
        ({"date_from": "2026-03-01", "date_to": "2026-04-01"}, 422, "/date_from"),
        ({"date_from": "2026-02-30"}, 400, "/date_from"),
    ],
    ids=["tomorrow", "reversed", "32 days", "no day"],
)
def test_days_that_cannot_be_compared_are_refused_with_what_is_allowed(
    world: World, days: dict[str, str], status: int, field: str
) -> None:
    refused = world.recore("POST", f"/v1/companies/{COMPANY_ID}/reconciliations", json=days)

    assert (refused.status_code, refused.json["field"]) == (status, field)


def test_each_day_is_compared_once_and_every_day_after_it(world: World) -> None:
    settle(world, "order-1")
    for _ in range(3):
        next_morning(world)
        world.advance(hours=10, minutes=28)

    days = [run["date_to"] for run in Operator(world).reconciliations()]
    assert days == ["2026-04-01", "2026-04-02", "2026-04-03"]


def test_a_statement_that_lacks_the_debit_makes_it_missing_until_it_shows(world: World) -> None:
    (payout,) = settle(world, "order-1")
    world.line.rewrite("/accounts/transactions", lambda reply: reply.update(transactions=[], count="0"))
    reconcile(world)

    operator = Operator(world)
    (difference,) = operator.differences()
    assert (difference["kind"], difference["state"], difference["owner"]) == ("missing", "open", "operator")
    assert difference["facts"]["payout_ids"] == [payout]
    assert world.payout(payout)["reconciled"] is False

    world.line.stop_rewriting()
    reconcile(world)
    (closed,) = operator.differences()
    assert (closed["state"], closed.get("decided_by")) == ("closed", None)
    assert world.payout(payout)["reconciled"] is True


def test_a_debit_that_nobody_here_ordered_is_an_alarm_and_a_person_answers_for_it(world: World) -> None:
    settle(world, "order-1")

    def add_debit(reply: dict[str, object]) -> None:
        lines = reply["transactions"]
        assert isinstance(lines, list)
        lines.append({**lines[0], "itemKey": "99", "amount": "7", "remarks": "ATM セブン"})
        reply["count"] = str(len(lines))

    world.line.rewrite("/accounts/transactions", add_debit)
    reconcile(world)
    operator = Operator(world)
    (difference,) = operator.differences()
    path = f"/v1/companies/{COMPANY_ID}/differences/{difference['difference_id']}/decision"
    said = {"state": "explained", "reason": "店の現金引出し", "by": "担当者A", "owner": "経理"}

    explained = operator.call("POST", path, said)
    reconcile(world)

    assert difference["kind"] == "unexpected"
    assert explained.status_code == 200
    (kept,) = operator.differences()
    assert (kept["state"], kept["owner"], kept["facts"]) == ("explained", "経理", difference["facts"])
    assert operator.call("POST", path, {**said, "state": "open"}).status_code == 409
    assert operator.call("POST", path, {**said, "state": "closed"}).json["state"] == "closed"
    assert operator.call("POST", path, said).status_code == 409
    assert operator.call("POST", path.replace(difference["difference_id"], f"df_{'0' * 24}"), said).status_code == 404
    assert verify(world.db)[1] == []


def test_money_that_came_back_is_reconciled_only_with_the_credit(world: World) -> None:
    (payout,) = settle(world, "order-1")
    reconcile(world)
    assert world.payout(payout)["reconciled"] is True
    world.control("POST", f"/transfers/{world.payout(payout)['apply_no']}/return-funds")
    world.run_for(hours=25, every_seconds=3600)

    assert world.state_of(payout) == "returned"
    assert world.payout(payout)["reconciled"] is False, "the credit's day has not been read yet"
    reconcile_days(world.workers[0].desk, COMPANY_ID, (DAY, date(2026, 4, 2)))
    assert world.payout(payout)["reconciled"] is True
    assert [each["kind"] for each in Operator(world).differences() if each["state"] == "open"] == []


def test_a_payout_whose_day_the_bank_moved_past_a_weekend_is_found_on_the_day_of_its_debit(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date="2026-04-04")  # a Saturday
    world.run_for(minutes=3)
    world.advance(days=5)
    world.run_for(hours=14, every_seconds=600)

    assert world.state_of(payout) == "settled"
    assert world.payout(payout)["reconciled"] is True
    assert Operator(world).differences() == []


def test_many_equal_payouts_of_one_day_are_reconciled_together(world: World) -> None:
    payouts = settle(world, "order-1", "order-2", "order-3")
    dropped: list[object] = []

    def drop_one(reply: dict[str, object]) -> None:
        lines = reply["transactions"]
        assert isinstance(lines, list)
        dropped.append(lines.pop(next(place for place, line in enumerate(lines) if line["remarks"][:3] == "振込 ")))

    world.line.rewrite("/accounts/transactions", drop_one)
    reconcile(world)

    operator = Operator(world)
    assert [world.payout(payout)["reconciled"] for payout in payouts] == [False] * 3
    missing = next(each for each in operator.differences() if each["kind"] == "missing")
    assert missing["facts"]["payout_ids"] == sorted(payouts)
    world.line.stop_rewriting()
    reconcile(world)
    assert [world.payout(payout)["reconciled"] for payout in payouts] == [True] * 3
    assert {each["state"] for each in operator.differences()} == {"closed"}


def test_a_bank_that_does_not_answer_is_asked_again_later_and_nothing_is_said_before(world: World) -> None:
    (payout,) = settle(world, "order-1")
    world.fault("received", "status", operation="GET /accounts/transactions", times=1)
    with pytest.raises(StatementUnread):
        reconcile(world)
    world.fault("received", "status", operation="GET /accounts/transactions", times=1)
    next_morning(world)
    operator = Operator(world)
    daily = [run for run in operator.reconciliations() if run["daily"]]
    assert [run["state"] for run in daily] == ["running"]
    assert operator.differences() == []

    world.run_for(minutes=20, every_seconds=60)

    assert [run["state"] for run in operator.reconciliations() if run["daily"]] == ["done"]
    assert world.payout(payout)["reconciled"] is True


def test_lists_are_paged_with_a_cursor_of_their_own(world: World) -> None:
    settle(world, "order-1", "order-2")
    for _ in range(3):
        reconcile(world)
        world.advance(seconds=1)
    operator = Operator(world)
    assert len(operator.reconciliations()) == 3
    path = f"/v1/companies/{COMPANY_ID}/reconciliations?limit=2"

    first = operator.call("GET", path).json
    second = operator.call("GET", f"{path}&cursor={first['next_cursor']}").json

    assert [len(page["reconciliations"]) for page in (first, second)] == [2, 1]
    assert "next_cursor" not in second
    assert operator.call("GET", f"{path}&cursor=nonsense").status_code == 400
    assert operator.call("GET", f"/v1/companies/{COMPANY_ID}/differences?cursor=nonsense").status_code == 400

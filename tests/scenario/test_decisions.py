"""What only a person can decide: recorded once, with name and reason, never against what the bank shows."""

import pytest

from integrator.auditing import chain_all, verify
from integrator.store import audit
from tests.builders import COMPANY_ID
from tests.scenario.supervising import Operator
from tests.world import World


def doubt_that_needs_a_person(world: World, *, is_at_bank: bool) -> str:
    """A request that was lost, or whose order the bank's list does not show, for longer than the key lives."""
    world.change_customer(confirmation_required=False)
    if is_at_bank:
        world.fault("committed", "drop")
    else:
        world.line.time_out_before_arrival("/transfer/request")
        world.fault("received", "status", times=9999)
    world.line.rewrite("/transfer/status", lambda reply: reply.update(transferDetails=[], count="0", hasNext=False))
    payout = world.request_payout()
    world.step()
    if is_at_bank:
        # Somebody else consented in between: the same key no longer protects, so nothing is repeated.
        assert world.consent().status_code == 200
        world.remember_tokens()
    world.run_for(hours=24, every_seconds=1800)
    assert world.state_of(payout) == "needs_person"
    return payout


def test_a_doubt_is_listed_with_all_that_is_known(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)

    (doubt,) = Operator(world).doubts()

    assert doubt["payout"]["payout_id"] == payout
    assert doubt["sent"]["mark"].startswith("R")
    assert doubt["sent"]["designated_date"] == "2026-04-01"
    assert doubt["sent"]["attempt_count"] >= 1
    assert "doubt_since" in doubt["sent"]


@pytest.mark.parametrize("source", ["statement", "bank_staff"])
def test_a_payout_that_the_bank_never_had_is_recorded_dead_and_can_be_replaced(world: World, source: str) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)
    operator = Operator(world)

    decided = operator.decide(payout, "dead", source)

    assert (decided.status_code, decided.json["state"]) == (200, "not_executed")
    assert operator.doubts() == []
    assert operator.decide(payout, "paid").status_code == 409
    world.line.stop_rewriting()
    world.control("DELETE", "/faults")
    replacement = world.request_payout(key="order-2", replaces=payout)
    world.run_for(minutes=3)
    assert world.state_of(replacement) == "settled"
    assert len(world.payments()) == 1


def test_a_payout_that_the_statement_shows_is_never_recorded_dead(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=True)
    operator = Operator(world)

    refused = operator.decide(payout, "dead")

    assert refused.status_code == 409
    assert refused.json["type"].endswith(":decision-contradicted")
    assert world.state_of(payout) == "needs_person"

    decided = operator.decide(payout, "paid", "statement")
    assert (decided.status_code, decided.json["state"]) == (200, "settled")
    world.run_for(hours=30, every_seconds=3600)
    assert world.state_of(payout) == "settled"
    assert world.payout(payout)["reconciled"] is True
    assert len(world.payments()) == 1


def test_a_payout_that_the_statement_does_not_show_is_never_recorded_paid(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)

    refused = Operator(world).decide(payout, "paid")

    assert refused.json["type"].endswith(":decision-contradicted")
    assert world.state_of(payout) == "needs_person"


def test_what_the_bank_shows_after_all_outweighs_the_person(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=True)
    world.line.stop_rewriting()

    refused = Operator(world).decide(payout, "dead")

    assert (refused.status_code, refused.json["came"]) == (409, "transferStatus 20")
    world.run_for(hours=2, every_seconds=600)
    assert world.state_of(payout) == "settled"


def test_nothing_is_recorded_while_the_bank_cannot_be_asked(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)
    world.fault("received", "status", operation="GET /accounts/transactions")

    assert Operator(world).decide(payout, "dead").status_code == 503
    assert world.state_of(payout) == "needs_person"
    assert Operator(world, seed=7).decide(payout, "dead").status_code == 200


def test_a_statement_proves_nothing_before_the_day_is_over(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.line.time_out_before_arrival("/transfer/request")
    world.line.rewrite("/transfer/status", lambda reply: reply.update(transferDetails=[], count="0", hasNext=False))
    payout = world.request_payout()
    world.step()
    world.consent()
    world.remember_tokens()
    world.run_for(minutes=2)
    assert world.state_of(payout) == "needs_person"
    operator = Operator(world)

    too_early = operator.decide(payout, "dead", "statement")

    assert too_early.json["type"].endswith(":decision-too-early")
    assert operator.decide(payout, "dead", "bank_staff").status_code == 200


def test_only_a_payout_that_needs_a_person_can_be_decided(world: World) -> None:
    payout = world.request_payout()
    operator = Operator(world)

    assert operator.decide(payout, "dead").status_code == 409
    assert operator.decide("po_" + "0" * 24, "dead").status_code == 404
    assert world.recore("POST", f"/v1/companies/{COMPANY_ID}/payouts/{payout}/decision", json={}).status_code == 403


def test_who_decided_and_why_stands_in_the_audit(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)
    Operator(world).decide(payout, "dead")

    chain_all(world.db)
    with world.db.read() as tx:
        rows = [row.entry for row in audit.rows_of(tx, COMPANY_ID)]
    decided = next(row for row in rows if row.what == "doubt.decided")
    assert (decided.who, decided.subject) == ("person:担当者A", payout)
    assert "銀行に確認した" in (decided.after or "")
    assert {row.who.split(":")[0] for row in rows} >= {"key", "worker", "person"}
    assert verify(world.db)[1] == []


def test_a_payout_before_a_person_takes_no_cancel(world: World) -> None:
    payout = doubt_that_needs_a_person(world, is_at_bank=False)

    refused = world.cancel(payout)

    assert refused.status_code == 409
    assert world.state_of(payout) == "needs_person"

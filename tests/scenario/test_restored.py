"""A database that was restored from a backup: whatever was done since, each payout is paid once."""

from datetime import datetime, timedelta

import pytest

from integrator.auditing import verify
from integrator.restoring import BackupInFuture, Declaration, declare
from tests.builders import COMPANY_ID
from tests.scenario.supervising import Backup, Operator, restore_backup, take_backup
from tests.world import World


def go_back(world: World, backup: Backup, at: datetime) -> None:
    """The database is lost and restored; a person declares it before any worker runs."""
    restore_backup(world, backup)
    declare(world.db, Declaration(at, "担当者A"), at=world.clock.now())


def test_payouts_that_were_paid_since_the_backup_are_found_and_not_paid_again(world: World) -> None:
    world.change_customer(confirmation_required=False)
    before = [world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in range(3)]
    backup, at = take_backup(world), world.clock.now()
    world.run_for(minutes=3)
    assert len(world.payments()) == 3
    sent = len(world.line.orders())

    go_back(world, backup, at)
    assert [world.state_of(payout) for payout in before] == ["in_doubt"] * 3
    assert world.payout(before[0])["problem"]["type"].endswith(":restored-from-backup")
    world.run_for(hours=2, every_seconds=60)

    assert [world.state_of(payout) for payout in before] == ["settled"] * 3
    assert len(world.payments()) == 3
    assert len(world.line.orders()) == sent
    assert Operator(world).differences() == []


def test_payouts_that_were_never_sent_are_paid_once_after_the_bank_was_asked(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()

    go_back(world, backup, at)
    world.run_for(minutes=50, every_seconds=60)
    assert world.line.orders() == [], "nothing leaves before the list was read after the hold"
    stops = world.recore("GET", f"/v1/companies/{COMPANY_ID}/connection").json["payout_stops"]
    assert [stop["cause"] for stop in stops] == ["restored"]
    world.run_for(minutes=30, every_seconds=60)

    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1
    assert world.recore("GET", f"/v1/companies/{COMPANY_ID}/connection").json["payout_stops"] == []


def test_payouts_placed_after_the_backup_are_known_by_their_marks_when_they_are_placed_again(world: World) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    world.request_payout(key="order-1")
    world.request_payout(key="order-2", amount_yen=2000)
    world.run_for(minutes=3)
    assert len(world.payments()) == 2
    sent = len(world.line.orders())

    go_back(world, backup, at)
    world.run_for(hours=2, every_seconds=60)
    operator = Operator(world)
    unknown = operator.differences()
    assert sorted((each["kind"], each["amount_yen"]) for each in unknown) == [
        ("unknown_order", 2000),
        ("unknown_order", 50_000),
    ]

    again = [world.request_payout(key="order-1"), world.request_payout(key="order-2", amount_yen=2000)]
    world.run_for(minutes=5)

    assert [world.state_of(payout) for payout in again] == ["settled"] * 2
    assert len(world.payments()) == 2
    assert len(world.line.orders()) == sent
    other = world.recore(
        "POST",
        f"/v1/companies/{COMPANY_ID}/payouts",
        json={**world.order(), "amount_yen": 7},
        headers={"Idempotency-Key": "order-1"},
    )
    assert other.status_code == 409


def test_an_order_placed_again_with_another_amount_under_a_key_that_the_bank_knows_is_refused(world: World) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    world.request_payout(key="order-1")
    world.run_for(minutes=3)
    go_back(world, backup, at)
    world.run_for(hours=2, every_seconds=60)

    other = world.recore(
        "POST",
        f"/v1/companies/{COMPANY_ID}/payouts",
        json={**world.order(), "amount_yen": 7},
        headers={"Idempotency-Key": "order-1"},
    )

    assert other.status_code == 409
    world.request_payout(key="order-1")
    world.run_for(minutes=5)
    assert len(world.payments()) == 1


@pytest.mark.parametrize("is_at_bank", [True, False], ids=["done at the bank", "lost on its way"])
def test_a_call_that_was_under_way_in_the_backup_is_settled_as_a_doubt(world: World, is_at_bank: bool) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    taken: list[Backup] = []
    world.kill_switches[0].do_at("bank.before", lambda: taken.append(take_backup(world)))
    if not is_at_bank:
        world.line.time_out_before_arrival("/transfer/request")
    world.step()
    at = world.clock.now()

    go_back(world, taken[0], at)
    world.run_for(hours=2, every_seconds=60)

    assert world.state_of(payout) == "settled"
    assert len(world.payments()) == 1


def test_an_unsent_payout_like_an_order_that_nobody_knows_is_left_to_a_person(world: World) -> None:
    # ReCORE may have placed that order in its stead, after this one was refused; the answer is lost.
    world.change_customer(confirmation_required=False)
    world.line.refuse_connections = 99
    first = world.request_payout(key="order-1")
    backup, at = take_backup(world), world.clock.now()
    world.cancel(first)
    world.line.refuse_connections = 0
    world.request_payout(key="order-2", replaces=first)
    world.run_for(minutes=3)
    assert len(world.payments()) == 1

    go_back(world, backup, at)
    world.run_for(hours=3, every_seconds=60)

    assert world.state_of(first) == "needs_person"
    assert len(world.payments()) == 1
    decided = Operator(world).decide(first, "dead")
    assert (decided.status_code, decided.json["type"].rsplit(":")[-1]) == (409, "decision-contradicted")
    again = world.request_payout(key="order-2")
    world.run_for(minutes=5)
    assert world.state_of(again) == "settled"


def test_an_old_backup_leaves_what_it_does_not_find_to_a_person(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.line.refuse_connections = 99
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()
    world.advance(hours=25)
    world.line.refuse_connections = 0

    go_back(world, backup, at)
    world.run_for(hours=2, every_seconds=120)

    assert world.state_of(payout) == "needs_person"
    assert world.payments() == []


def test_a_cancel_asked_for_again_after_the_restore_is_heard(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()
    world.cancel(payout)

    go_back(world, backup, at)
    assert world.cancel(payout).status_code == 202
    world.run_for(hours=25, every_seconds=1800)

    assert world.line.orders() == []
    assert world.state_of(payout) == "needs_person"


def test_a_list_that_cannot_be_read_keeps_the_company_stopped(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()
    go_back(world, backup, at)
    world.fault("received", "status", operation="GET /transfer/status", times=9999)

    world.run_for(hours=2, every_seconds=120)

    assert world.line.orders() == []
    assert world.state_of(payout) == "in_doubt"


def test_a_backup_cannot_be_younger_than_now_and_a_second_declaration_only_adds(world: World) -> None:
    now = world.clock.now()
    with pytest.raises(BackupInFuture):
        declare(world.db, Declaration(now + timedelta(hours=1), "担当者A"), at=now)
    declare(world.db, Declaration(now, "担当者A"), at=now)
    declare(world.db, Declaration(now, "担当者A"), at=now + timedelta(seconds=1))

    world.run_for(hours=2, every_seconds=60)

    assert world.recore("GET", f"/v1/companies/{COMPANY_ID}/connection").json["payout_stops"] == []
    assert verify(world.db)[1] == []

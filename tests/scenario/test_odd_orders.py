"""Features that were built apart, met in odd orders: still nothing is paid twice, and nothing false is said."""

from datetime import datetime, timedelta

import pytest

from integrator.desk import LEASE
from integrator.restoring import Declaration, declare
from tests.builders import COMPANY_ID
from tests.scenario.supervising import Backup, Operator, restore_backup, take_backup
from tests.world import WorkerKilled, World


def go_back(world: World, backup: Backup, at: datetime) -> None:
    """The database is lost and restored; a person declares it before any worker runs."""
    restore_backup(world, backup)
    declare(world.db, Declaration(at, "担当者A"), at=world.clock.now())


def break_work_on_doubt(world: World) -> None:
    """Every worker that looks the doubt up dies of it, until a person is asked."""
    for _ in range(10):
        world.advance(seconds=LEASE.total_seconds())
        world.kill_switches[0].kill_at("bank.before")
        with pytest.raises(WorkerKilled):
            world.step()
    world.advance(seconds=LEASE.total_seconds())
    world.run_until_idle()


def test_a_payout_placed_again_before_the_list_was_read_is_followed_and_not_paid_again(world: World) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    world.request_payout(key="order-1")
    world.run_for(minutes=3)
    assert len(world.payments()) == 1
    world.advance(hours=30)  # the bank has forgotten the duplicate key

    go_back(world, backup, at)
    again = world.request_payout(key="order-1")
    world.run_for(hours=2, every_seconds=120)

    assert world.state_of(again) == "settled"
    assert len(world.payments()) == 1
    assert Operator(world).differences() == []


def test_a_restore_finds_a_batch_out_of_which_one_payout_was_cancelled(world: World) -> None:
    world.change_customer(confirmation_required=False)
    first, second = (world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in (1, 2))
    world.line.refuse_connections = 1
    world.step()
    assert world.cancel(first).json["state"] == "cancelled"
    backup, at = take_backup(world), world.clock.now()

    go_back(world, backup, at)
    assert [world.state_of(payout) for payout in (first, second)] == ["cancelled", "in_doubt"]
    world.run_for(hours=2, every_seconds=120)

    assert world.state_of(first) == "cancelled"
    assert {payment.amount_yen for payment in world.payments()} <= {1002}


def test_what_staff_said_of_one_line_of_a_doubt_is_not_undone_by_repeating_the_others(world: World) -> None:
    world.change_customer(confirmation_required=False)
    first, second = (world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in (1, 2))
    world.line.time_out_before_arrival("/transfer/request")
    world.step()
    break_work_on_doubt(world)
    assert world.state_of(first) == "needs_person"

    assert Operator(world).decide(first, "dead", "bank_staff").status_code == 200
    replacement = world.request_payout(key="order-3", replaces=first, amount_yen=1001)
    world.run_for(hours=26, every_seconds=1800)

    assert world.state_of(first) == "not_executed"
    assert world.state_of(replacement) == "settled"
    assert sorted(payment.amount_yen for payment in world.payments()) == [1001]
    assert world.state_of(second) == "needs_person"


def test_a_clock_that_was_ahead_and_is_set_right_never_makes_a_forgotten_key_look_young(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    world.clock.sleep(timedelta(days=3).total_seconds())
    world.fault("committed", "drop")
    world.step()
    sent = len(world.line.orders())
    world.line.rewrite("/transfer/status", lambda reply: reply.update(transferDetails=[], count="0", hasNext=False))
    world.clock.sleep(-timedelta(days=2).total_seconds())

    world.run_for(hours=1, every_seconds=60)

    assert len(world.line.orders()) == sent
    assert world.state_of(payout) == "needs_person"


def test_a_declaration_that_is_corrected_to_an_older_backup_makes_the_doubts_older_as_well(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.line.refuse_connections = 999
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()
    world.advance(hours=30)
    world.line.refuse_connections = 0

    restore_backup(world, backup)
    declare(world.db, Declaration(world.clock.now() - timedelta(hours=1), "担当者A"), at=world.clock.now())
    world.advance(seconds=1)
    declare(world.db, Declaration(at, "担当者A"), at=world.clock.now())
    world.run_for(hours=3, every_seconds=120)

    assert world.line.orders() == []
    assert world.state_of(payout) == "needs_person"


def test_a_replacement_waits_when_what_it_replaces_turns_up_alive(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout()
    world.line.time_out_before_arrival("/transfer/request")
    world.step()
    break_work_on_doubt(world)
    operator = Operator(world)
    assert operator.decide(payout, "dead", "bank_staff").status_code == 200
    operator.stop(COMPANY_ID)
    replacement = world.request_payout(key="order-2", replaces=payout)
    from integrator.domain.payout import PayoutState
    from integrator.store import payouts as payout_rows

    with world.db.begin() as tx:
        payout_rows.move(tx, payout, PayoutState.NEEDS_PERSON, at=world.clock.now())
    operator.resume(COMPANY_ID)
    world.run_for(minutes=5)

    assert world.line.orders()[1:] == []
    assert world.state_of(replacement) == "accepted"

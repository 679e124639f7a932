"""Features that were built apart, met in odd orders: still nothing is paid twice, and nothing false is said."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from integrator.desk import LEASE
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutState
from integrator.restoring import Declaration, declare
from integrator.store import payouts as payout_rows
from integrator.store.schema import submissions
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
    world.run_for(minutes=3, every_seconds=30)
    assert len(world.payments()) == 1
    world.advance(hours=30)  # the bank has forgotten the duplicate key

    go_back(world, backup, at)
    again = world.request_payout(key="order-1")
    world.run_for(hours=2, every_seconds=600)

    assert world.state_of(again) == "settled"
    assert len(world.payments()) == 1
    assert Operator(world).differences() == []


@pytest.mark.parametrize("is_night_in_japan", [False, True])
def test_a_payout_placed_again_with_another_amount_is_not_sent_and_a_person_is_asked(
    world: World, is_night_in_japan: bool
) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    world.request_payout(key="order-1")
    world.run_for(minutes=3, every_seconds=30)
    world.advance(hours=30)
    if is_night_in_japan:  # its day is not that of Greenwich
        world.advance(hours=(25 - (world.clock.now().hour + 9)) % 24)

    go_back(world, backup, at)
    again = world.request_payout(key="order-1", amount_yen=70_000)
    world.run_for(hours=2, every_seconds=600)

    told = world.payout(again)
    assert (told["state"], told["problem"]["type"].rpartition(":")[2]) == ("needs_person", "other-order-at-bank")
    assert [payment.amount_yen for payment in world.payments()] == [50_000]
    with world.db.read() as tx:
        days = tx.scalars(select(submissions.c.designated_date)).all()
    assert set(days) == {civil_date(world.clock.now()).isoformat()}


def test_a_restore_finds_a_batch_out_of_which_one_payout_was_cancelled(world: World) -> None:
    world.change_customer(confirmation_required=False)
    first, second = (world.request_payout(key=f"order-{number}", amount_yen=1000 + number) for number in (1, 2))
    world.line.refuse_connections = 1
    world.step()
    assert world.cancel(first).json["state"] == "cancelled"
    backup, at = take_backup(world), world.clock.now()

    go_back(world, backup, at)
    assert [world.state_of(payout) for payout in (first, second)] == ["cancelled", "in_doubt"]
    world.run_for(hours=2, every_seconds=600)

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

    world.run_for(hours=1, every_seconds=600)

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
    world.run_for(hours=3, every_seconds=600)

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
    with world.db.begin() as tx:
        payout_rows.move(tx, payout, PayoutState.NEEDS_PERSON, at=world.clock.now())
    operator.resume(COMPANY_ID)
    world.run_for(minutes=5, every_seconds=30)

    assert world.line.orders()[1:] == []
    assert world.state_of(replacement) == "accepted"


def test_a_debit_of_what_staff_called_dead_is_told_the_morning_after(world: World) -> None:
    world.change_customer(confirmation_required=False)
    world.fault("committed", "drop")
    world.line.rewrite("/transfer/status", lambda reply: reply.update(transferDetails=[], count="0", hasNext=False))
    payout = world.request_payout(designated_date="2026-04-03")
    world.step()
    assert world.consent().status_code == 200  # so that nothing is repeated
    world.remember_tokens()
    world.run_for(minutes=1, every_seconds=20)
    assert Operator(world).decide(payout, "dead").json["state"] == "not_executed"

    world.run_for(days=3, every_seconds=43_200)

    shown = world.payout(payout)
    assert (shown["state"], shown["problem"]["type"].rpartition(":")[2]) == ("needs_person", "alive-after-all")
    world.line.stop_rewriting()
    assert Operator(world, seed=98).decide(payout, "paid", "statement").json["state"] == "settled"
    assert len(world.payments()) == 1


def test_what_recore_hears_after_a_restore_is_newer_than_all_that_it_heard_before(world: World) -> None:
    payout = world.request_payout()
    backup, at = take_backup(world), world.clock.now()
    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=3, every_seconds=30)
    before = world.pulled_events()
    cursor = len(before)

    go_back(world, backup, at)
    world.run_for(hours=2, every_seconds=600)

    known = {event["event_id"] for event in before}
    heard = [event for event in world.pulled_events(after=cursor) if event["event_id"] not in known]
    assert heard[0]["payout"]["state"] == "in_doubt"
    assert heard[-1]["payout"]["state"] == world.state_of(payout) == "settled"
    assert min(event["sequence"] for event in heard) > max(event["sequence"] for event in before)


def test_a_payout_sent_a_second_time_before_the_loss_is_known_by_its_second_mark(world: World) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    placed = {"order-1": 1001, "order-2": 1002}
    for key, amount_yen in placed.items():
        world.request_payout(key=key, amount_yen=amount_yen)
    world.line.refuse_connections = 1
    world.step()
    world.advance(days=1)  # what was frozen is outdated: each goes anew, with another mark
    world.run_for(minutes=5, every_seconds=30)
    assert len(world.payments()) == 2

    go_back(world, backup, at)
    early = world.request_payout(key="order-1", amount_yen=1001)
    world.run_for(hours=2, every_seconds=600)
    late = world.request_payout(key="order-2", amount_yen=1002)
    world.run_for(minutes=5, every_seconds=30)

    assert [world.state_of(payout) for payout in (early, late)] == ["settled"] * 2
    assert len(world.payments()) == 2


def test_an_application_that_is_known_in_parts_is_cancelled_only_as_a_whole(world: World) -> None:
    world.change_customer(confirmation_required=False)
    backup, at = take_backup(world), world.clock.now()
    orders = [{"key": f"order-{number}", "designated_date": "2026-04-10"} for number in (1, 2)]
    for order in orders:
        world.request_payout(**order)
    world.run_for(minutes=1, every_seconds=20)
    assert len(world.line.orders()) == 1

    go_back(world, backup, at)
    world.run_for(minutes=70, every_seconds=600)
    first = world.request_payout(**orders[0])
    world.run_for(minutes=20, every_seconds=300)
    assert world.state_of(first) == "reserved"
    assert world.cancel(first).json["state"] == "cancelling"
    world.run_for(minutes=20, every_seconds=300)
    second = world.request_payout(**orders[1])
    world.run_for(minutes=20, every_seconds=300)

    assert [world.state_of(payout) for payout in (first, second)] == ["cancelling", "reserved"]
    assert not any(sent.path.endswith("/transfer/cancel") for sent in world.line.sent)


class TestALateAnswer:
    @pytest.fixture
    def worker_count(self) -> int:
        return 2

    def test_that_contradicts_a_person_is_an_alarm_and_stops_the_replacement(self, world: World) -> None:
        operator, made = Operator(world), []

        def decided_meanwhile() -> None:
            world.clock.sleep(LEASE.total_seconds() + 1)
            world.step(1)
            assert world.consent().status_code == 200  # so that nothing is repeated
            world.remember_tokens()
            world.clock.sleep(5)
            world.step(1)
            assert world.state_of(payout) == "needs_person"
            assert operator.decide(payout, "dead").json["state"] == "not_executed"
            operator.stop(COMPANY_ID)
            made.append(world.request_payout(key="order-2", replaces=payout))

        payout = world.request_payout()
        world.kill_switches[0].do_at("bank.after", decided_meanwhile)
        world.step(0)

        shown = world.payout(payout)
        assert (shown["state"], shown["problem"]["type"].rpartition(":")[2]) == ("needs_person", "alive-after-all")
        operator.resume(COMPANY_ID)
        world.confirm_all()
        world.run_for(hours=2, every_seconds=300)
        assert world.state_of(payout) == "settled"
        assert world.payout(made[0])["problem"]["type"].endswith(":replaced-may-still-pay")
        assert len(world.payments()) == 1
        assert world.cancel(made[0]).json["state"] == "cancelled"

"""Slow people and wishes to cancel: nothing is paid behind anybody's back, nothing is called dead too early."""

from tests.world import World


def test_what_nobody_confirms_in_time_expires_and_pays_nothing(world: World) -> None:
    payout = world.request_payout()
    world.run_for(minutes=11)

    told = world.payout(payout)
    assert told["state"] == "expired"
    assert told["problem"]["type"].endswith("not-confirmed-in-time")
    assert world.payments() == []


def test_an_expired_payout_is_replaced_by_a_new_one_and_paid_once(world: World) -> None:
    old = world.request_payout()
    world.run_for(minutes=11)

    new = world.request_payout(key="order-2", replaces=old)
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)

    assert world.state_of(new) == "settled"
    assert world.payout(new)["replaces"] == old
    assert len(world.payments()) == 1


def test_a_payout_that_may_still_be_paid_cannot_be_replaced(world: World) -> None:
    old = world.request_payout()
    world.run_until_idle()

    refused = world.recore(
        "POST",
        "/v1/companies/shop-0001/payouts",
        json={**world.order(), "replaces": old},
        headers={"Idempotency-Key": "order-2"},
    )

    assert refused.status_code == 422
    assert refused.json["field"] == "/replaces"


def test_a_cancel_before_confirmation_is_cancelling_until_the_limit_has_made_it_dead(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()

    assert world.cancel(payout).json["state"] == "cancelling"
    world.run_for(minutes=5)
    assert world.state_of(payout) == "cancelling"
    world.run_for(minutes=6)

    assert world.state_of(payout) == "cancelled"
    assert world.payments() == []


def test_a_holder_who_confirms_against_the_cancel_is_told_to_recore_as_paid(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()
    world.cancel(payout)

    world.confirm_all()
    world.run_for(minutes=3)

    told = world.payout(payout)
    assert told["state"] == "settled"
    assert len(world.payments()) == 1


def test_a_reserved_payout_is_cancelled_at_the_bank_when_the_holder_confirms_the_cancel(world: World) -> None:
    payout = world.request_payout(designated_date="2026-04-06")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=1)
    assert world.state_of(payout) == "reserved"

    world.cancel(payout)
    world.run_for(seconds=30)
    assert world.state_of(payout) == "cancelling"
    world.confirm_all()
    world.run_for(minutes=2)

    assert world.state_of(payout) == "cancelled"
    world.run_for(days=6, every_seconds=3600)
    assert world.payments() == []


def test_a_cancel_that_nobody_confirms_leaves_the_reservation_alive(world: World) -> None:
    payout = world.request_payout(designated_date="2026-04-06")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=1)

    world.cancel(payout)
    world.run_for(minutes=15)

    told = world.payout(payout)
    assert told["state"] == "reserved"
    assert told["problem"]["type"].endswith("cancel-failed")
    world.run_for(days=6, every_seconds=3600)
    assert world.state_of(payout) == "settled"


def test_a_lost_reply_to_a_cancel_is_cleared_up_and_cancels_once(world: World) -> None:
    world.change_customer(confirmation_required=False)
    payout = world.request_payout(designated_date="2026-04-06")
    world.run_for(minutes=1)
    world.fault("committed", "drop", operation="POST /transfer/cancel")

    world.cancel(payout)
    world.run_for(minutes=5)

    assert world.state_of(payout) == "cancelled"


def test_a_refused_order_is_rejected_with_the_banks_code_and_never_sent_again(world: World) -> None:
    world.change_customer(transfer_limit_yen={"101010012345": 10_000})

    payout = world.request_payout(amount_yen=50_000)
    world.run_for(minutes=5)

    told = world.payout(payout)
    assert told["state"] == "rejected"
    assert "220011" in told["problem"]["came"]
    assert len(world.line.orders()) == 1


def test_what_the_other_bank_refuses_at_once_is_not_executed(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()
    (waiting,) = world.pending()
    world.confirm(waiting["apply_no"])
    world.control("POST", f"/transfers/{waiting['apply_no']}/fail")
    world.run_for(minutes=2)

    assert world.state_of(payout) == "not_executed"
    assert "fee_yen" not in world.payout(payout), "the bank gave the fee back"

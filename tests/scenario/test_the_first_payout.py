"""The good road: accepted, submitted, confirmed by the holder, settled; told to ReCORE as it happens."""

from tests.invariants import assert_limit_was_kept
from tests.world import World


def test_a_payout_is_paid_once_after_the_holder_confirmed_it(world: World) -> None:
    payout = world.request_payout(amount_yen=50_000)
    world.run_until_idle()
    assert world.state_of(payout) == "awaiting_confirmation"

    world.confirm_all()
    world.run_for(minutes=2)

    told = world.payout(payout)
    (payment,) = world.payments()
    assert told["state"] == "settled"
    assert told["bank_status"] == "20"
    assert told["fee_yen"] == 143
    assert told["apply_no"] == payment.apply_no
    assert (payment.amount_yen, payment.beneficiary_name) == (50_000, "ﾔﾏﾀﾞ ﾀﾛｳ")
    assert world.history_of(payout) == [
        "accepted", "submitting", "awaiting_confirmation", "processing", "settled"
    ]  # fmt: skip
    assert_limit_was_kept(world)


def test_without_confirmation_a_payout_within_the_bank_settles_by_itself(world: World) -> None:
    world.change_customer(confirmation_required=False)
    beneficiary = {"bank_code": "0310", "branch_code": "101", "account_type": "1", "account_number": "7654321"}

    payout = world.request_payout(beneficiary={**beneficiary, "name": "サンプル　ハナコ"})
    world.run_for(minutes=1)

    assert world.state_of(payout) == "settled"
    assert world.payout(payout)["fee_yen"] == 0


def test_a_payout_for_a_later_day_is_reserved_and_paid_on_that_day(world: World) -> None:
    payout = world.request_payout(designated_date="2026-04-03")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=1)
    assert world.state_of(payout) == "reserved"
    assert world.payments() == []

    world.run_for(hours=48, every_seconds=600)

    assert world.state_of(payout) == "settled"
    (payment,) = world.payments()
    assert payment.debited_at.isoformat() == "2026-04-03T00:00:00+00:00"  # 09:00 in Japan


def test_two_payouts_asked_with_one_key_are_one(world: World) -> None:
    first = world.request_payout(key="order-7")
    second = world.request_payout(key="order-7")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)

    assert first == second
    assert len(world.payments()) == 1


def test_money_given_back_days_later_is_told(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)
    (payment,) = world.payments()

    world.advance(days=3)
    world.control("POST", f"/transfers/{payment.apply_no}/return-funds")
    world.run_for(days=2, every_seconds=6 * 3600)

    assert world.state_of(payout) == "returned"
    assert world.payout(payout)["fee_yen"] == 143, "the bank keeps its fee"


def test_a_settled_payout_is_followed_for_sixty_days_and_no_longer(world: World) -> None:
    payout = world.request_payout()
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=2)

    world.run_for(days=62, every_seconds=24 * 3600)
    before = len(world.line.sent)
    world.run_for(days=5, every_seconds=24 * 3600)

    assert world.state_of(payout) == "settled"
    assert {sent.path.rpartition("/")[2] for sent in world.line.sent[before:]} == {"transactions"}, (
        "the daily statement"
    )

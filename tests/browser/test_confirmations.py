"""A payout waits at the bank until its holder confirms it there with the transaction password, within ten minutes."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.person import TRANSACTION_PASSWORD, Person
from tests.world import World

pytestmark = pytest.mark.browser

MINUTES_LEFT = re.compile(r"残り 9分[0-9]{2}秒\s+9 min [0-9]{2} s left")


@pytest.fixture
def holder(person: Person, world: World) -> Person:
    """The holder of a connected account, logged in at the bank."""
    world.consent()
    person.open_bank()
    person.log_in()
    expect(person.heading("確認待ちのお手続き")).to_be_visible()
    return person


def test_a_payout_is_confirmed_with_the_right_password_only_and_then_paid(holder: Person, world: World) -> None:
    payout = world.request_payout(amount_yen=123_456)
    world.run_for(seconds=5)
    holder.refresh()

    order = holder.orders()
    expect(order).to_have_count(1)
    for words in ("123,456", "ﾔﾏﾀﾞ ﾀﾛｳ", "普通 1234567", MINUTES_LEFT):
        expect(order).to_contain_text(words)

    holder.confirm_with("wrong")
    expect(holder.alert()).to_contain_text("取引パスワードが正しくありません。お手続きは行われていません。")
    expect(holder.alert()).to_contain_text("The transaction password is not right. Nothing was done.")
    expect(holder.page.get_by_label("取引パスワード")).to_be_focused()
    assert world.payments() == []

    holder.confirm_with(TRANSACTION_PASSWORD)
    expect(holder.status()).to_contain_text("お手続きを確定しました。")
    expect(holder.page.get_by_text("確認待ちのお手続きはありません。")).to_be_visible()
    world.run_for(minutes=2)
    assert world.state_of(payout) == "settled"
    assert [payment.amount_yen for payment in world.payments()] == [123_456]


def test_the_minutes_left_are_those_of_the_banks_clock(holder: Person, world: World) -> None:
    world.request_payout()
    world.run_for(seconds=5)
    holder.refresh()
    expect(holder.orders()).to_contain_text(MINUTES_LEFT)

    world.advance(minutes=8)
    holder.refresh()

    expect(holder.orders()).to_contain_text("残り 1分")


def test_what_was_left_too_long_says_that_it_has_expired_and_is_never_paid(holder: Person, world: World) -> None:
    payout = world.request_payout()
    world.run_for(seconds=5)
    holder.refresh()
    expect(holder.orders()).to_have_count(1)
    world.advance(minutes=10)

    holder.confirm_with(TRANSACTION_PASSWORD)

    expect(holder.alert()).to_contain_text("このお手続きは期限切れか、すでに確定済みです。")
    expect(holder.alert()).to_contain_text("This request has expired or was confirmed already.")
    expect(holder.orders()).to_have_count(0)
    world.run_for(minutes=2)
    assert world.state_of(payout) == "expired"
    assert world.payments() == []


def test_confirming_in_two_windows_pays_once(holder: Person, world: World) -> None:
    world.request_payout()
    world.run_for(seconds=5)
    holder.refresh()
    other = Person(holder.page.context.new_page(), holder.addresses)
    other.open_bank()
    expect(other.orders()).to_have_count(1)

    holder.confirm_with(TRANSACTION_PASSWORD)
    expect(holder.status()).to_contain_text("お手続きを確定しました。")
    other.confirm_with(TRANSACTION_PASSWORD)

    expect(other.alert()).to_contain_text("すでに確定済みです。")
    assert len(world.payments()) == 1


def test_a_cancel_is_confirmed_like_the_transfer_that_it_ends(holder: Person, world: World) -> None:
    payout = world.request_payout(designated_date="2026-04-03")
    world.run_until_idle()
    world.confirm_all()
    world.run_for(minutes=1)
    assert world.cancel(payout).status_code == 202
    world.run_for(seconds=10)
    holder.refresh()
    expect(holder.orders().get_by_role("heading", name="振込の取消")).to_be_visible()

    holder.confirm_with(TRANSACTION_PASSWORD, button="取消を確定する")

    expect(holder.status()).to_contain_text("お手続きを確定しました。")
    world.run_for(minutes=2)
    assert world.state_of(payout) == "cancelled"


def test_after_logging_out_nothing_is_shown_without_a_new_log_in(holder: Person, world: World) -> None:
    world.request_payout()
    world.run_for(seconds=5)
    holder.refresh()
    expect(holder.orders()).to_have_count(1)

    holder.press("ログアウト")
    expect(holder.heading("ログアウトしました")).to_be_visible()
    holder.page.go_back()

    expect(holder.heading("ログイン")).to_be_visible()
    expect(holder.orders()).to_have_count(0)

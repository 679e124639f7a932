"""A company with business-ID management: what its holder confirmed waits for its approver."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import TRANSACTION_PASSWORD, Person
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
def approver(person: Person, world: World) -> Person:
    """Somebody logged in at the bank, where one payout of the company waits for its holder first."""
    world.change_customer(business_id_management=True)
    world.consent()
    world.request_payout()
    world.run_for(seconds=5)
    person.open_bank()
    person.log_in()
    expect(person.orders()).to_have_count(1)
    return person


def the_payout(world: World) -> str:
    """Return the id of the one payout of the story."""
    (payout,) = world.recore("GET", "/v1/companies/shop-0001/payouts").json["payouts"]
    return str(payout["payout_id"])


def test_a_payout_is_confirmed_then_approved_then_paid(approver: Person, world: World) -> None:
    approver.confirm_with(TRANSACTION_PASSWORD)
    expect(approver.status()).to_contain_text("承認者の承認をお待ちください。")
    world.run_for(minutes=2)
    assert world.state_of(the_payout(world)) == "awaiting_approval"

    approver.page.get_by_role("link", name="承認待ち 1件").click()
    expect(approver.heading("承認待ちの申請")).to_be_visible()
    expect(approver.orders()).to_contain_text("承認期限 04月01日 24:00")
    approver.confirm_with("wrong", button="承認する")
    expect(approver.alert()).to_contain_text("取引パスワードが正しくありません。")
    approver.confirm_with(TRANSACTION_PASSWORD, button="承認する")

    expect(approver.status()).to_contain_text("申請を承認しました。")
    expect(approver.page.get_by_text("承認待ちの申請はありません。")).to_be_visible()
    world.run_for(minutes=3)
    assert world.state_of(the_payout(world)) == "settled"


def test_what_the_approver_sends_back_is_not_paid(approver: Person, world: World) -> None:
    approver.confirm_with(TRANSACTION_PASSWORD)
    approver.page.get_by_role("link", name="承認待ち").click()

    approver.confirm_with(TRANSACTION_PASSWORD, button="差し戻す")

    expect(approver.status()).to_contain_text("申請を差し戻しました。")
    world.run_for(minutes=3)
    assert world.state_of(the_payout(world)) == "needs_person"
    assert world.payments() == []

"""What holds on every page, on a desk and on a phone: language, one heading, labels, nothing that sticks out."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.person import TRANSACTION_PASSWORD, Person
from tests.world import World

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 320, "height": 640}
FACTS = """() => ({
  language: document.documentElement.lang,
  title: document.title,
  too_wide: document.scrollingElement.scrollWidth - window.innerWidth,
  unlabelled: [...document.forms].flatMap(form => [...form.elements])
    .filter(field => field.type !== "hidden" && field.tagName !== "BUTTON" && field.labels.length === 0)
    .map(field => field.name),
})"""


def walk(person: Person, world: World) -> Iterator[str]:
    """Visit every page there is, and yield the heading that each must show."""
    person.follow_the_link_of_recore(world)
    yield "ログイン"
    person.log_in("wrong")
    yield "ログイン"
    person.log_in()
    yield "サービスとの連携の確認"
    person.press("許可する")
    yield "口座連携が完了しました"
    person.follow_the_link_of_recore(world)
    person.press("許可しない")
    yield "連携が許可されませんでした"
    person.page.goto(f"{person.addresses.public_url}/refresh_token/shop-0001?code=made-up&state=made-up")
    yield "この連携リンクは使用できません"
    person.open_bank()
    yield "確認待ちのお手続き"
    world.change_customer(business_id_management=True)
    world.request_payout(amount_yen=1_000_000)
    world.run_for(seconds=5)
    person.refresh()
    yield "確認待ちのお手続き"
    person.confirm_with("wrong")
    expect(person.alert()).to_be_visible()
    yield "確認待ちのお手続き"
    person.confirm_with(TRANSACTION_PASSWORD)
    expect(person.status()).to_be_visible()
    yield "確認待ちのお手続き"
    person.page.get_by_role("link", name="承認待ち").click()
    yield "承認待ちの申請"
    person.press("ログアウト")
    yield "ログアウトしました"
    person.open_bank("/site/nothing-here")
    yield "ページが見つかりません"
    person.open_bank("/ganb/api/auth/v1/authorization?client_id=nobody")
    yield "ご利用のサービスを確認できません"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_in_japanese_labelled_and_fits(person: Person, world: World, size: ViewportSize) -> None:
    person.page.set_viewport_size(size)

    for heading in walk(person, world):
        expect(person.page.get_by_role("main").get_by_role("heading", level=1, name=heading)).to_be_visible()
        expect(person.page.get_by_role("heading", level=1)).to_have_count(1)
        facts = facts_of(person.page)
        assert facts["language"] == "ja"
        assert facts["title"] != ""
        assert facts["unlabelled"] == [], heading
        assert facts["too_wide"] <= 0, heading


def facts_of(page: Page) -> Any:
    """Return what a page says about itself once it is complete."""
    page.wait_for_load_state("load")
    return page.evaluate(FACTS)

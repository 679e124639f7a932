"""A company connects its account: from ReCORE's link through the bank's pages to the integrator's page."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.world import World

pytestmark = pytest.mark.browser


def test_who_logs_in_and_allows_reads_that_the_account_is_connected(person: Person, world: World) -> None:
    person.follow_the_link_of_recore(world)
    expect(person.page).to_have_title("ログイン | 模擬銀行 テストサイト")
    person.log_in(password="wrong")
    expect(person.alert()).to_contain_text("お客さま番号またはログインパスワードが正しくありません。")
    expect(person.alert()).to_contain_text("The customer number or the log-in password is not right.")

    person.log_in()
    expect(person.heading("サービスとの連携の確認")).to_be_visible()
    expect(person.page.get_by_role("main")).to_contain_text("ReCORE")
    person.press("許可する")

    expect(person.heading("口座連携が完了しました")).to_be_visible()
    expect(person.heading("The account is connected")).to_be_visible()
    connection = world.recore("GET", "/v1/companies/shop-0001/connection").json
    assert connection["connected"] is True


def test_the_consent_page_names_who_asks_for_what_in_both_languages(person: Person, world: World) -> None:
    person.follow_the_link_of_recore(world)
    person.log_in()

    expect(person.page.get_by_text("Do you allow ReCORE")).to_be_visible()
    expect(person.page.get_by_role("listitem")).to_have_text(
        [
            "口座情報（残高・入出金明細）の照会 View accounts, balances and statements",
            "振込・振替の依頼と照会 Request and view transfers",
            "次回からのログインなしでの継続利用 Keep access without a new log-in",
        ]
    )
    rows = person.page.get_by_role("table").get_by_role("row")
    expect(rows.filter(has_text="0012345")).to_contain_text("見本商事株式会社")
    expect(person.page.get_by_text(f"{person.addresses.public_url}/refresh_token/shop-0001")).to_be_visible()


def test_who_denies_reads_so_and_nothing_is_connected(person: Person, world: World) -> None:
    person.follow_the_link_of_recore(world)
    person.log_in()
    person.press("許可しない")

    expect(person.heading("連携が許可されませんでした")).to_be_visible()
    expect(person.heading("Consent was denied")).to_be_visible()
    connection = world.recore("GET", "/v1/companies/shop-0001/connection").json
    assert connection["connected"] is False


def test_who_goes_back_after_allowing_cannot_allow_twice(person: Person, world: World) -> None:
    person.follow_the_link_of_recore(world)
    person.log_in()
    person.press("許可する")
    expect(person.heading("口座連携が完了しました")).to_be_visible()

    person.page.go_back()

    expect(person.heading("お手続きを続けられません")).to_be_visible()
    expect(person.alert()).to_contain_text("ご利用のサービスからやり直してください。")


def test_the_keyboard_alone_is_enough(person: Person, world: World) -> None:
    person.follow_the_link_of_recore(world)
    keyboard = person.page.keyboard
    expect(person.page.get_by_label("お客さま番号")).to_be_focused()

    keyboard.type("corporate")
    keyboard.press("Tab")
    keyboard.type("mihon-login-2026")
    keyboard.press("Enter")
    expect(person.heading("サービスとの連携の確認")).to_be_visible()
    person.page.get_by_role("button", name="許可する").focus()
    keyboard.press("Enter")

    expect(person.heading("口座連携が完了しました")).to_be_visible()

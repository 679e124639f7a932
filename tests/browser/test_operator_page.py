"""An operator at the browser: in with a one-time password, on to the overview, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from integrator.operators import OperatorRole, Operators
from tests.browser.test_every_page import DESK, PHONE, facts_of
from tests.builders import make_new_text
from tests.world import Addresses, World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CHOSEN = "correct horse battery"


class Desk:
    """The operator's browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self) -> None:
        self.page.goto(f"{self.url}/operator")

    def log_in(self, name: str, password: str) -> None:
        self.page.get_by_label("名前").fill(name)
        self.page.get_by_label("パスワード").fill(password)
        self.page.get_by_role("button", name="ログイン").click()

    def choose_password(self, old: str) -> None:
        self.page.get_by_label("今のパスワード").fill(old)
        self.page.get_by_label("新しいパスワード（12文字以上）").fill(CHOSEN)
        self.page.get_by_label("新しいパスワード（確認）").fill(CHOSEN)
        self.page.get_by_role("button", name="変更する").click()

    def heading(self, name: str) -> None:
        expect(self.page.get_by_role("main").get_by_role("heading", level=1, name=re.compile(name))).to_be_visible()
        facts = facts_of(self.page)
        assert facts["language"] == "ja"
        assert facts["unlabelled"] == [], name
        assert facts["too_wide"] <= 0, name


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_operator_comes_in_and_sees_what_is_stuck(
    page: Page, online: tuple[World, Addresses], size: ViewportSize
) -> None:
    world, addresses = online
    one_time = Operators(world.db, new_text=make_new_text()).add("hanako", OperatorRole.OPERATOR, at=world.clock.now())
    assert world.consent().status_code == 200
    world.line.time_out_before_arrival("/transfer/request")
    doubtful = world.request_payout(key="order-1", amount_yen=123_456)
    world.step()
    world.line.refuse_connections = 1_000
    stuck = world.request_payout(key="order-2")
    world.run_for(minutes=4)
    page.set_viewport_size(size)
    desk = Desk(page, addresses.public_url)

    desk.open()
    desk.heading("ログイン")
    desk.log_in("hanako", "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    desk.log_in("hanako", one_time.reveal())
    desk.heading("パスワードの変更")
    desk.choose_password(one_time.reveal())
    expect(page.get_by_role("status")).to_be_visible()
    desk.open()
    desk.heading("状況")
    expect(page.get_by_role("region", name=re.compile("止まっている支払")).get_by_text(stuck)).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("結果が不明")).get_by_text(doubtful)).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("口座連携"))).to_contain_text("連携中")
    expect(page.get_by_role("region", name=re.compile("ワーカー"))).to_contain_text("動いているワーカーがありません")
    page.get_by_label("停止の理由").fill("不審な依頼がある")
    page.get_by_role("button", name="支払を停止する").click()
    expect(page.get_by_role("region", name=re.compile("緊急停止"))).to_contain_text("不審な依頼がある")
    desk.heading("状況")
    page.get_by_label("再開の理由").fill("確認済み")
    page.get_by_role("button", name="再開する").click()
    expect(page.get_by_role("region", name=re.compile("緊急停止"))).to_contain_text("停止していません")
    page.get_by_role("button", name="ログアウト").click()
    desk.heading("ログイン")

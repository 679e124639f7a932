"""What a person of the company does at the browser, by role and label only."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from tests.builders import COMPANY_ID
from tests.world import Addresses, World

# As in the scenario `corporate`.
CUSTOMER = "corporate"
PASSWORD = "mihon-login-2026"
TRANSACTION_PASSWORD = "mihon-torihiki-2026"


@dataclass
class Person:
    """A browser window, and where the bank and the integrator are."""

    page: Page
    addresses: Addresses

    def open_bank(self, path: str = "/site/") -> None:
        """Go to a page of the bank's site."""
        self.page.goto(self.addresses.bank_url + path)

    def follow_the_link_of_recore(self, world: World) -> None:
        """Open the link that ReCORE got for connecting the company."""
        begun = world.recore("POST", f"/v1/companies/{COMPANY_ID}/authorization")
        self.page.goto(begun.json["authorization_url"])

    def log_in(self, password: str = PASSWORD) -> None:
        """Fill in and send the bank's log-in page."""
        self.page.get_by_label("お客さま番号").fill(CUSTOMER)
        self.page.get_by_label("ログインパスワード").fill(password)
        self.page.get_by_role("button", name="ログイン").click()

    def press(self, name: str) -> None:
        """Press the one button of that name."""
        self.page.get_by_role("button", name=name).click()

    def refresh(self) -> None:
        """Ask the bank's list for what waits now."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name="最新の状態に更新").click()

    def confirm_with(self, transaction_password: str, *, button: str = "振込を確定する") -> None:
        """Give the transaction password of the one order on the page, and press."""
        self.page.get_by_label("取引パスワード").fill(transaction_password)
        with self.page.expect_navigation():
            self.press(button)

    def heading(self, words: str) -> Locator:
        """Return the heading with these words."""
        return self.page.get_by_role("heading", name=words)

    def alert(self) -> Locator:
        """Return what the page warns of."""
        return self.page.get_by_role("alert")

    def status(self) -> Locator:
        """Return what the page reports as done."""
        return self.page.get_by_role("status")

    def orders(self) -> Locator:
        """Return the orders that a list of the bank shows."""
        return self.page.get_by_role("article")

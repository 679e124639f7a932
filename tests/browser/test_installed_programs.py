"""The road once through the programs as they are installed, each in a process of its own, with a browser in front."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from mock_gmo.bank.days import JAPAN, ONE_DAY, civil_date
from tests.browser.person import Person
from tests.world import PAYOUT, Addresses
from tools.sandbox import Sandbox

pytestmark = pytest.mark.browser

LOOKS_MAX, INQUIRIES_MAX = 300, 30
# Within the bank, so that it is paid at once on every day of the year.
COLLEAGUE = {"bank_code": "0310", "branch_code": "101", "account_type": "1", "account_number": "7654321"}
BODY = {**PAYOUT, "beneficiary": {**COLLEAGUE, "name": "サンプル　ハナコ"}}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """Bank, web and worker on free ports; none of their processes outlives the story."""
    log = tmp_path / "programs.log"
    try:
        with Sandbox(bank_port=0, integrator_port=0, log=log) as running:
            go_on_to_noon(running.bank_url)
            yield running
    finally:
        print(log.read_text())  # noqa: T201  (pytest shows it when the story fails)


def go_on_to_noon(bank_url: str) -> None:
    """Move the bank's clock to the next day's noon: whenever this runs, no midnight comes in between."""
    now = datetime.fromisoformat(httpx.get(f"{bank_url}/_sandbox/v1/clock").raise_for_status().json()["now"])
    noon = datetime.combine(civil_date(now) + ONE_DAY, time(12, 0), tzinfo=JAPAN)
    httpx.post(f"{bank_url}/_sandbox/v1/clock", json={"set": noon.isoformat()}).raise_for_status()


class ReCORE:
    """The point of sale, over real HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._http = httpx.Client(
            base_url=f"{sandbox.integrator_url}/v1/companies/{sandbox.facts['company_id']}",
            headers={"Authorization": f"Bearer {sandbox.facts['api_key']}"},
            timeout=30,
        )

    def __enter__(self) -> "ReCORE":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """Call the integrator; returns the JSON."""
        return self._http.request(method, path, **given).raise_for_status().json()


def test_a_company_connects_and_pays_through_the_installed_programs(sandbox: Sandbox, page: Page) -> None:
    facts = sandbox.facts
    person = Person(page, Addresses(sandbox.bank_url, sandbox.integrator_url))
    with ReCORE(sandbox) as recore:
        page.goto(recore.ask("POST", "/authorization")["authorization_url"])
        person.log_in(facts["password"])
        person.press("許可する")
        expect(person.heading("口座連携が完了しました")).to_be_visible()

        placed = recore.ask("POST", "/payouts", json=BODY, headers={"Idempotency-Key": "order-1"})
        person.open_bank()
        look_until_something_waits(person)
        person.confirm_with(facts["transaction_password"])
        expect(person.status()).to_contain_text("お手続きを確定しました。")

        assert state_after_some_inquiries(recore, placed["payout_id"], until="settled") == "settled"
    payments = httpx.get(f"{sandbox.bank_url}/_sandbox/v1/payments").raise_for_status().json()["payments"]
    assert [payment["amount_yen"] for payment in payments] == [BODY["amount_yen"]]


def look_until_something_waits(person: Person) -> None:
    """Refresh the bank's list, as a person would, until the worker has placed the order."""
    for _ in range(LOOKS_MAX):
        person.refresh()
        if person.orders().count():
            return
    raise AssertionError(f"after {LOOKS_MAX} looks nothing waits for confirmation")


def state_after_some_inquiries(recore: ReCORE, payout_id: str, *, until: str) -> str:
    """Return the payout's state. Inquiries are answered by the worker, so time passes with each of them."""
    state = ""
    for _ in range(INQUIRIES_MAX):
        recore.ask("GET", "/balances")
        state = recore.ask("GET", f"/payouts/{payout_id}")["state"]
        if state == until:
            break
    return state

"""One whole payout told step by step, against a bank of its own: consent, a lost reply, confirmation, settlement.

Everything is real: three processes, HTTP between them, a connection that really breaks. It ends with exit 0
only when the bank's own list of debits shows the beneficiary paid once.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from sandbox import COMPANY_ID, Sandbox, StartFailed

AMOUNT_YEN = 50_000
BENEFICIARY = "ヤマダ　タロウ"
WAIT_SECONDS_MAX = 40.0
POLL_SECONDS = 0.1
LOG_LINES_SHOWN = 20
ORDER = {
    "amount_yen": AMOUNT_YEN,
    "beneficiary": {
        "bank_code": "0001",
        "branch_code": "001",
        "account_type": "1",
        "account_number": "1234567",
        "name": BENEFICIARY,
    },
    "case": {"type": "店頭買取", "reference": "C-2026-000123"},
}


class DemoFailed(Exception):
    """The story did not go as it must. The message says at which step."""


class Story:
    """The people of the story and what they do, over HTTP."""

    def __init__(self, sandbox: Sandbox, console: Console) -> None:
        self._facts = sandbox.facts
        self._console = console
        self._http = httpx.Client(timeout=30)
        self._step = 0
        self._told = 0

    def tell(self, japanese: str, english: str) -> None:
        """Print the next step."""
        self._step += 1
        self._console.print(f"\n[bold cyan]{self._step}. {japanese}[/]\n   [dim]{english}[/]")

    def bank(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the bank's control surface."""
        reply = self._http.request(method, f"{self._facts['bank_url']}/_sandbox/v1{path}", json=body)
        return reply.raise_for_status().json()

    def recore(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        """Call the integrator as ReCORE."""
        url = f"{self._facts['integrator_url']}/v1/companies/{COMPANY_ID}{path}"
        authorization = {"Authorization": f"Bearer {self._facts['api_key']}", **headers}
        return self._http.request(method, url, json=body, headers=authorization).raise_for_status().json()

    def consent(self) -> None:
        """The account holder consents at the bank; the browser follows the redirect to the integrator."""
        begun = self.recore("POST", "/authorization")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun["authorization_url"]).query).items()}
        wanted = {name: asked[name] for name in ("client_id", "scope", "redirect_uri", "state")}
        given = self.bank("POST", "/consents", {**wanted, "customer_id": self._facts["customer_id"]})
        self._http.get(given["location"]).raise_for_status()
        if not self.recore("GET", "/connection")["connected"]:
            raise DemoFailed("the company is not connected after its consent")

    def wait_for(self, payout_id: str, state: str, *, moving_the_clock: bool = False) -> dict[str, Any]:
        """Return the payout once it is in this state, printing every state on the way.

        With `moving_the_clock` the bank's clock goes on meanwhile: by hours while the order is reserved, because
        on a holiday the bank moves it to the next business day, by seconds otherwise.
        """
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            payout: dict[str, Any] = self.recore("GET", f"/payouts/{payout_id}")
            for entry in payout["history"][self._told :]:
                self._console.print(f"   → [yellow]{entry['state']}[/] [dim]{entry['at']}[/]")
            self._told = len(payout["history"])
            if payout["state"] == state:
                return payout
            if moving_the_clock:
                seconds = 3600 if payout["state"] == "reserved" else 5
                self.bank("POST", "/clock", {"advance_seconds": seconds})
            time.sleep(POLL_SECONDS)
        raise DemoFailed(f"the payout is {payout['state']} and not {state} after {WAIT_SECONDS_MAX:g} s")

    def run(self) -> str:
        """Tell the whole story and return its last line."""
        balance_before = self._balance()
        self.tell("口座の残高を確認します", f"The company's balance at the bank is ¥{balance_before:,}.")
        self.tell(
            "会社が銀行で ReCORE の接続に同意します", "The company consents; tokens are sealed before they are stored."
        )
        self.consent()
        self.tell(
            "次の振込依頼の応答が失われるようにします",
            "The bank will do the next order and its reply will be lost on the way.",
        )
        fault = {"operation": "POST /transfer/request", "point": "committed", "effect": "drop", "times": 1}
        self.bank("POST", "/faults", fault)
        self.tell(
            f"店頭買取の代金 ¥{AMOUNT_YEN:,} を {BENEFICIARY} 様へ支払います",
            "ReCORE places the payout. The integrator sends it, hears nothing, and looks before it repeats.",
        )
        placed = self.recore("POST", "/payouts", ORDER, **{"Idempotency-Key": "demo-1"})
        waiting = self.wait_for(placed["payout_id"], "awaiting_confirmation")
        self.tell("会社の担当者が銀行サイトで承認します", "The holder confirms on the bank's site, outside the API.")
        self.bank("POST", f"/transfers/{waiting['apply_no']}/confirm")
        self.tell("時計を進めて、銀行が処理を終えるのを待ちます", "The bank's clock goes on; the integrator follows.")
        settled = self.wait_for(placed["payout_id"], "settled", moving_the_clock=True)
        return self._verdict(settled, balance_before)

    def _verdict(self, settled: dict[str, Any], balance_before: int) -> str:
        payments = self.bank("GET", "/payments")["payments"]
        table = Table(
            "受付番号",
            "金額",
            "受取人",
            "EDI",
            "状態",
            title="銀行が実際に引き落とした振込 / every debit that happened",
        )
        for paid in payments:
            table.add_row(
                paid["apply_no"],
                f"¥{paid['amount_yen']:,}",
                paid["beneficiary"]["name"],
                paid["edi_info"],
                paid["state_name"],
            )
        self._console.print()
        self._console.print(table)
        if len(payments) != 1 or payments[0]["apply_no"] != settled["apply_no"]:
            raise DemoFailed(f"expected one debit with apply number {settled['apply_no']}, found {len(payments)}")
        spent = balance_before - self._balance()
        if spent != AMOUNT_YEN + settled["fee_yen"]:
            raise DemoFailed(f"expected ¥{AMOUNT_YEN} and ¥{settled['fee_yen']} fee to be spent, found ¥{spent}")
        if self.bank("GET", "/postings/check")["sum_yen"] != 0:
            raise DemoFailed("the bank's books do not sum to zero")
        return f"paid once: ¥{AMOUNT_YEN} to {payments[0]['beneficiary']['name']}, apply number {settled['apply_no']}"

    def _balance(self) -> int:
        accounts = self.bank("GET", "/customers")["customers"][0]["accounts"]
        return int(next(a["balance_yen"] for a in accounts if a["account_id"] == self._facts["account_id"]))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def main() -> int:
    """Tell the story; 0 when the beneficiary was paid once, 1 otherwise with the log of the three programs."""
    console = Console()
    console.print(Panel("一件の支払を、最初から最後まで / One payout from beginning to end", style="bold"))
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        log = Path(folder) / "programs.log"
        try:
            with Sandbox(bank_port=0, integrator_port=0, log=log) as sandbox:
                story = Story(sandbox, console)
                try:
                    last_line = story.run()
                finally:
                    story.close()
        except (DemoFailed, StartFailed, httpx.HTTPError) as failure:
            console.print(f"[bold red]failed:[/] {failure}")
            lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
            console.print("\n".join(lines[-LOG_LINES_SHOWN:]), markup=False)
            return 1
    console.print()
    console.print(last_line, highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

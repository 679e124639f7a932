"""A long life of one bank in any scenario, told by calls: something of everything that it remembers. No asserts."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mock_gmo.scenarios.loader import load_scenario
from tests.unit.gateway.calling import API, CLIENT_ID, CONTROL, REDIRECT_URI, TOKEN_URL, make_line, token_form
from tests.unit.gateway.persons import PERSONAL
from tests.unit.notifications.receiving import BASE, credentials

FAMILIES: Final = ("account", "transfer", "bulk-transfer", "virtual-account")
ENDPOINT: Final = "http://127.0.0.1:9999/notified"
SCENARIOS: Final = ("approvals", "corporate", "individual", "sole-proprietor")
DAY: Final = 86_400


@dataclass
class Life:
    """Calls to one world, behind its prefix, and every byte that was answered."""

    client: FlaskClient
    scenario: str
    prefix: str = ""
    heard: list[tuple[int, tuple[tuple[str, str], ...], bytes]] = field(default_factory=list)
    token: str = ""
    account_id: str = ""
    side_account_id: str = ""
    applications: list[str] = field(default_factory=list)

    def say(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> TestResponse:
        """Make a call and note the answer."""
        reply = self.client.open(self.prefix + path, method=method, headers=headers, **given)
        self.heard.append((reply.status_code, tuple(reply.headers), reply.data))
        return reply

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call and return what it tells."""
        return self.say(method, CONTROL + path, json=body).json

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Make a call at the bank as the customer and return what it tells."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.say(method, self.api + path, json=body, headers={"x-access-token": self.token, **named}).json

    def wait(self, seconds: float) -> None:
        """Let the bank's time pass."""
        self.control("POST", "/clock", {"advance_seconds": seconds})

    @property
    def api(self) -> str:
        """The API of the scenario's customer."""
        return API if self.scenario in ("approvals", "corporate") else PERSONAL

    def begin(self) -> None:
        """Consent, get tokens, ask for notifications."""
        self.control("PATCH", f"/clients/{CLIENT_ID}", {"requests_per_second": None, "notification_url": ENDPOINT})
        self.control("PATCH", f"/customers/{self.scenario}", {"virtual_accounts_enabled": True})
        self.connect()
        accounts = self.control("GET", "/customers")["customers"][0]["accounts"]
        self.account_id, self.side_account_id = accounts[0]["account_id"], accounts[-1]["account_id"]
        self.webhook("POST", "/subscribe", {
            "subscribeStatus": "1", "eventTypes": [{"eventType": "va-deposit-transaction"}],
        })  # fmt: skip

    def connect(self) -> None:
        """Consent, and get tokens twice."""
        family = "private" if self.api == API else "personal"
        scope = " ".join((*(f"{family}:{name}" for name in FAMILIES), "offline_access"))
        consent = {"client_id": CLIENT_ID, "customer_id": self.scenario, "scope": scope, "redirect_uri": REDIRECT_URI}
        code = self.control("POST", "/consents", consent)["code"]
        tokens = self.say("POST", TOKEN_URL, data=token_form(code=code)).json
        again = token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        self.token = self.say("POST", TOKEN_URL, data=again).json["access_token"]

    def webhook(self, method: str, path: str, body: Any = None) -> None:
        """Make a call of the client itself."""
        self.say(method, BASE + path, json=body, headers={"Authorization": credentials()})

    def live(self) -> "Life":
        """Live through everything once; some of it is still under way at the end."""
        self.begin()
        va_ids = [it["vaId"] for it in self._issue(3)]
        self._pay_in(va_ids)
        self._pay_all(va_ids[:1])
        self._move_between_purses()
        self.wait(40)
        self._change_minds()
        self.control("POST", "/faults", {"operation": "GET /accounts", "point": "received", "effect": "status",
                                         "times": 2})  # fmt: skip
        self.wait(4_000)
        self._pay_in(va_ids)
        self._pay_all(va_ids[1:2])
        self.call(
            "POST", "/va/status-change", {"vaStatusChangeCode": "1", "vaIdList": [{"vaId": it} for it in va_ids[2:]]}
        )
        self.inquire()
        return self

    def go_on(self) -> "Life":
        """Live a few days more, over a night, a weekend and the end of a month."""
        for seconds in (1, 700, 4_000, DAY, 3 * DAY, 28 * DAY):
            self.wait(seconds)
            self.connect()
            self.inquire()
        self._pay_all([])
        self._issue(1)
        self.wait(2 * DAY)
        self.inquire()
        return self

    def inquire(self) -> None:
        """Ask for everything that can be asked for."""
        account = f"accountId={self.account_id}"
        for path in (
            "/accounts",
            "/accounts/balances",
            f"/accounts/transactions?{account}",
            f"/accounts/deposit-transactions?{account}",
            f"/va/deposit-transactions?raId={self.side_account_id}",
            f"/transfer/status?{account}&queryKeyClass=2",
            f"/bulktransfer/status?{account}&queryKeyClass=2",
        ):
            self.call("GET", path)
        for apply_no in self.applications:
            self.call("GET", f"/transfer/status?{account}&queryKeyClass=1&applyNo={apply_no}")
            self.call("GET", f"/bulktransfer/status?{account}&queryKeyClass=1&applyNo={apply_no}")
        self.call("POST", "/va/list", {})
        self.webhook("GET", "/subscribe-status")
        for path in ("/payments", "/postings/check", "/customers", "/notifications", "/beneficiaries", "/clients"):
            self.control("GET", path)

    def _issue(self, count: int) -> list[dict[str, str]]:
        order = {"vaTypeCode": "2", "issueRequestCount": str(count), "raId": self.side_account_id}
        return list(self.call("POST", "/va/issue", order).get("vaList", []))

    def _pay_in(self, va_ids: list[str]) -> None:
        places = [{"account_id": self.account_id}, *({"va_id": va_id} for va_id in va_ids)]
        for yen, place in enumerate(places, start=500):
            self.control("POST", "/deposits", {**place, "amount": yen, "remitter_name": "ﾃｽﾄ"})

    def _pay_all(self, va_ids: list[str]) -> None:
        """Pay every listed beneficiary, one line and in bulk, some today and some later, and confirm."""
        today = date.fromisoformat(self.control("GET", "/clock")["today"])
        listed = load_scenario("corporate").beneficiaries
        lines = [
            make_line(
                transferAmount=str(1_000 + place), beneficiaryBankCode=it.bank_code,
                beneficiaryBranchCode=it.branch_code, accountTypeCode=it.account_type,
                accountNumber=it.account_number, beneficiaryName=it.name_kana,
            )
            for place, it in enumerate(listed)
        ]  # fmt: skip
        for va_id in va_ids:
            lines.append(
                make_line(beneficiaryBankCode="0310", beneficiaryBranchCode=va_id[:3], accountNumber=va_id[3:])
            )
        for place, line in enumerate(lines):
            day = (today + timedelta(days=1 + place % 3 if place % 4 == 3 else 0)).isoformat()
            order = {"accountId": self.account_id, "transferDesignatedDate": day, "transfers": [line]}
            self._place("/transfer/request", order, key=f"key-{len(self.applications)}")
        numbered = [{**line, "itemId": str(place)} for place, line in enumerate(lines, start=1)]
        plain = [{name: value for name, value in line.items() if name != "ediInfo"} for line in numbered]
        order = {
            "accountId": self.account_id, "transferDesignatedDate": (today + timedelta(days=2)).isoformat(),
            "totalCount": str(len(plain)), "totalAmount": str(sum(int(it["transferAmount"]) for it in plain)),
            "bulkTransfers": plain,
        }  # fmt: skip
        self._place("/bulktransfer/request", order, key=None)

    def _place(self, path: str, order: dict[str, Any], *, key: str | None) -> None:
        headers = {"Idempotency_Key": key} if key is not None else {}
        placed = self.call("POST", path, order, **headers)
        if "applyNo" not in placed:
            return
        self.applications.append(placed["applyNo"])
        if len(self.applications) % 5:
            for step in ("confirm", "approve"):
                self.control("POST", f"/transfers/{placed['applyNo']}/{step}", {})

    def _change_minds(self) -> None:
        """Try every step on some application; most are not possible."""
        steps = ("recall", "withdraw", "send-back", "return-funds", "fail", "recall-agree", "recall")
        for place, apply_no in enumerate(self.applications):
            self.control("POST", f"/transfers/{apply_no}/{steps[place % len(steps)]}", {})
            cancel = {"accountId": self.account_id, "cancelTargetKeyClass": str(1 + place % 2), "applyNo": apply_no}
            if place % 3 == 0:
                self.call("POST", "/transfer/cancel", cancel)

    def _move_between_purses(self) -> None:
        if self.scenario == "individual":
            to, back = "SP502011047569", f"SP{self.account_id}"
            for debit, deposit in ((back, to), (to, back), (back, to)):
                move = {"depositSpAccountId": deposit, "debitSpAccountId": debit, "paymentAmount": "500"}
                self.call("POST", "/transfer/spaccounts-transfer", move)

"""A bank as a test holds it: its people, its clock, its faults and its books, by the control API. Knows no server.

The same verbs for a bank in process, on a port of this machine, or started by others with `mock-gmo serve`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

import httpx

from mock_gmo.testing.beliefs import read_debits
from mock_gmo.testing.verdict import Claim, Debit, Verdict, judge

CONTROL: Final = "/_sandbox/v1"
TOKEN: Final = "/ganb/api/auth/v1/token"  # noqa: S105  (a path)
SCOPES: Final = "private:account private:transfer offline_access"
TRANSFER: Final = "POST /transfer/request"
TIMEOUT_SECONDS: Final = 30.0


class BankUnreachable(Exception):
    """There is no sandbox bank at this address; the message says why."""


class ControlRefused(Exception):
    """The bank's control API said no; the message is its reason."""


class BooksDoNotBalance(AssertionError):
    """The postings do not sum to zero, or an account's balance is not what its postings give: the bank is broken."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client as it is registered with the bank, with its first redirect URL."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Consent:
    """An account holder's consent: the code, and where the browser would have been sent with it."""

    code: str = field(repr=False)
    location: str = field(repr=False)


class Control:
    """Calls of a bank's control API. Raises BankUnreachable and ControlRefused."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON of the answer; None when it has none."""
        try:
            answer = self._http.request(method, CONTROL + path, json=body)
        except httpx.HTTPError as broken:
            raise BankUnreachable(f"{method} {CONTROL}{path}: {str(broken) or type(broken).__name__}") from broken
        try:
            told = answer.json() if answer.content else None
        except ValueError as unreadable:
            raise BankUnreachable(f"{method} {CONTROL}{path}: {_not_a_sandbox(answer)}") from unreadable
        if answer.is_success:
            return told
        if not (isinstance(told, dict) and isinstance(told.get("error"), dict)):
            raise BankUnreachable(f"{method} {CONTROL}{path}: {_not_a_sandbox(answer)}")
        error = told["error"]
        raise ControlRefused(f"{method} {path}: {answer.status_code} {error.get('code')}: {error.get('message_en')}")


class Clock:
    """The bank's clock. In a test it stands still until somebody moves it, and then all that fell due happens."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        """Return the bank's present instant, aware."""
        return datetime.fromisoformat(self._control("GET", "/clock")["now"])

    def advance(self, **delta: float) -> datetime:
        """Go forward by so much (days, hours, minutes, seconds) and return the new instant."""
        return self._move({"advance_seconds": timedelta(**delta).total_seconds()})

    def go_to(self, at: datetime) -> datetime:
        """Go forward to an aware instant. Raises ControlRefused when it lies behind."""
        return self._move({"set": at.isoformat()})

    def run(self, *, rate: float = 1.0) -> datetime:
        """Let the clock go on by itself, `rate` bank seconds a real second."""
        return self._move({"frozen": False, "rate": rate})

    def stop(self) -> datetime:
        """Let the clock stand still."""
        return self._move({"frozen": True})

    def _move(self, change: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(self._control("POST", "/clock", change)["now"])


class Faults:
    """Which call fails, at which point of its life, and how. `operation` is as in the bank's document."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def set(self, operation: str, point: str, effect: str, *, times: int | None = 1, **more: Any) -> str:
        """Let calls fail; return the fault's id. `more` is client_id, status or delay_ms; times=None has no end."""
        fault = {"operation": operation, "point": point, "effect": effect, "times": times, **more}
        return str(self._control("POST", "/faults", fault)["fault_id"])

    def lose_request(self, operation: str = TRANSFER, *, times: int = 1) -> str:
        """The connection breaks before the bank has done anything."""
        return self.set(operation, "received", "drop", times=times)

    def lose_reply(self, operation: str = TRANSFER, *, times: int = 1) -> str:
        """The connection breaks after the bank has done it: the caller cannot know."""
        return self.set(operation, "committed", "drop", times=times)

    def refuse(self, operation: str = TRANSFER, *, status: int = 503, times: int = 1) -> str:
        """The bank answers with an error before it has done anything."""
        return self.set(operation, "received", "status", status=status, times=times)

    def left(self) -> list[dict[str, Any]]:
        """Return the faults that can still strike; `times` is what is left of them."""
        found: list[dict[str, Any]] = self._control("GET", "/faults")["faults"]
        return found

    def clear(self) -> None:
        """Let no call fail any more."""
        self._control("DELETE", "/faults")


class Bank:
    """One bank. `base_url` is what an integrator is configured with; `http` calls it from the test."""

    def __init__(self, base_url: str, http: httpx.Client) -> None:
        self.base_url = base_url.rstrip("/")
        self.http = http
        self.control = Control(http)
        self.clock = Clock(self.control)
        self.faults = Faults(self.control)

    @classmethod
    def at(cls, base_url: str) -> Self:
        """Return the running bank at this address, which answers. Raises BankUnreachable."""
        try:
            http = httpx.Client(base_url=base_url, trust_env=False, timeout=TIMEOUT_SECONDS)
            bank = cls(base_url, http)
            bank.control("GET", "/health")
        except (httpx.InvalidURL, ControlRefused) as wrong:
            raise BankUnreachable(f"{base_url}: {wrong}") from wrong
        except BankUnreachable as unreachable:
            http.close()
            raise BankUnreachable(f"{base_url}: {unreachable}") from unreachable
        return bank

    def close(self) -> None:
        """End the connections to it."""
        self.http.close()

    @property
    def client(self) -> Client:
        """Return the client that is registered from the start."""
        return _client(self.control("GET", "/clients")["clients"][0])

    @property
    def customer_id(self) -> str:
        """Return the first customer, who consents."""
        return str(self._customers()[0]["customer_id"])

    @property
    def account_id(self) -> str:
        """Return the first customer's first account, which pays."""
        return str(self._customers()[0]["accounts"][0]["account_id"])

    def register_client(self, name: str, *redirect_uris: str, scopes: Sequence[str] = ()) -> Client:
        """Register one more client, called from this machine, without a request limit, by default with every scope."""
        registration = {
            "name": name,
            "redirect_uris": list(redirect_uris),
            "networks": ["127.0.0.0/8", "::1/128"],
            "scopes": list(scopes) or self.control("GET", "/clients")["clients"][0]["scopes"],
            "requests_per_second": None,
        }
        return _client(self.control("POST", "/clients", registration))

    def limit_requests(self, per_second: int | None, *, client_id: str | None = None) -> None:
        """Let the bank answer 429 above so many calls in any real second; never when None."""
        path = f"/clients/{client_id or self.client.client_id}"
        self.control("PATCH", path, {"requests_per_second": per_second})

    def consent(self, *, client: Client | None = None, scope: str = SCOPES, state: str = "", **more: str) -> Consent:
        """Consent as the account holder, without a browser. `more` is customer_id, login_id, redirect_uri or nonce."""
        asking = client or self.client
        wish = {
            "client_id": asking.client_id,
            "customer_id": more.pop("customer_id", None) or self.customer_id,
            "redirect_uri": asking.redirect_uri,
            "scope": scope,
            "state": state,
            **more,
        }
        given = self.control("POST", "/consents", wish)
        return Consent(given["code"], given["location"])

    def access_token(self, *, client: Client | None = None, scope: str = SCOPES) -> str:
        """Return a token that works, by the whole flow."""
        asking = client or self.client
        form = {
            "grant_type": "authorization_code",
            "code": self.consent(client=asking, scope=scope).code,
            "redirect_uri": asking.redirect_uri,
            "client_id": asking.client_id,
            "client_secret": asking.client_secret,
        }
        answer = self.http.post(TOKEN, data=form)
        if not answer.is_success:
            raise ControlRefused(f"no token: {answer.status_code}")
        return str(answer.json()["access_token"])

    def change_customer(self, **changed: Any) -> None:
        """Change how the bank treats the first customer: confirmation_required, business_id_management, …"""
        self.control("PATCH", f"/customers/{self.customer_id}", changed)

    def pending(self) -> list[str]:
        """Return the apply numbers that wait for somebody's confirmation on the bank's site."""
        return [waiting["apply_no"] for customer in self._customers() for waiting in customer["pending_confirmations"]]

    def confirm(self, apply_no: str) -> None:
        """Confirm a request on the bank's site, as the account holder."""
        self.step(apply_no, "confirm")

    def confirm_all(self) -> None:
        """Confirm whatever waits for it."""
        for apply_no in self.pending():
            self.confirm(apply_no)

    def step(self, apply_no: str, step: str, **more: Any) -> None:
        """Do one step outside the API: withdraw, approve, send-back, fail, return-funds, recall, recall-agree, …"""
        self.control("POST", f"/transfers/{apply_no}/{step}", more or None)

    def deliver_notifications(self) -> None:
        """Send the messages about deposits that are due."""
        self.control("POST", "/notifications/deliver")

    def journal(self) -> list[dict[str, Any]]:
        """Return the calls that came in, oldest first, secrets masked."""
        entries: list[dict[str, Any]] = self.control("GET", "/journal")["entries"]
        return entries

    def debits(self, *, accounts: Sequence[str] = ()) -> list[Debit]:
        """Return the truth: every debit that happened; only those of `accounts`, when some are named."""
        return read_debits(self.control("GET", "/payments")["payments"], accounts=accounts)

    def verdict(
        self, claims: Iterable[Claim], *, open_for_at_most: timedelta | None = None, accounts: Sequence[str] = ()
    ) -> Verdict:
        """Judge what is believed by what the books hold now. Raises BooksDoNotBalance."""
        self.check_books()
        return judge(claims, self.debits(accounts=accounts), at=self.clock.now(), open_for_at_most=open_for_at_most)

    def check_books(self) -> None:
        """Add up the books again. Raises BooksDoNotBalance."""
        books = self.control("GET", "/postings/check")
        if books["sum_yen"] != 0 or books["differing"]:
            raise BooksDoNotBalance(
                f"the bank's postings sum to {books['sum_yen']} yen instead of 0; differing: {books['differing']}"
            )

    def _customers(self) -> list[dict[str, Any]]:
        customers: list[dict[str, Any]] = self.control("GET", "/customers")["customers"]
        return customers


def _client(told: dict[str, Any]) -> Client:
    return Client(told["client_id"], told["client_secret"], told["redirect_uris"][-1])


def _not_a_sandbox(answer: httpx.Response) -> str:
    return f"{answer.status_code}, which is no answer of a sandbox's control API; is this a bank of `mock-gmo serve`?"

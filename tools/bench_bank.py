"""Figures of the mock bank: its gateway beside a bare Flask route, cold start, reset, a new world, a snapshot.

The two servers of a ratio run at the same time on the same core, and rounds alternate between them, so that whatever
else the machine does weighs on both.
"""

import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
from bench_load import NUMBER, NUMBER_WIDTH, Load
from bench_process import BIN, TOOLS, MeasurementFailed, measure, port_of, serving, start, stop

PAIRS: Final = 15
ROUND_SECONDS: Final = 0.5
WARM_UP_SECONDS: Final = 0.15
CONNECTIONS: Final = 4
COLD_STARTS: Final = 7
COLD_START_SECONDS_MAX: Final = 20.0
COLD_POLL_SECONDS: Final = 0.002
RESETS: Final = 21
ORDERS_BEFORE_RESET: Final = 100
CALLS_BEFORE_RESET: Final = 200
WORLDS: Final = 201
SNAPSHOTS: Final = 21

SERVE: Final = (str(BIN / "mock-gmo"), "serve", "--port", "0")

JAPAN: Final = timezone(timedelta(hours=9))
CORPORATION: Final = "/ganb/api/corporation/v1"
CONTROL: Final = "/_sandbox/v1"
TOKEN_PATH: Final = "/ganb/api/auth/v1/token"  # noqa: S105  (a path)
SCOPE: Final = "private:account private:transfer offline_access"
REDIRECT_URI: Final = "http://127.0.0.1/callback"
KEY: Final = "bench-" + NUMBER.decode()


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bank's API, as a client sends it over and over, and the status that it must get."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: str = ""

    def text(self, port: int) -> str:
        """Return the whole HTTP request."""
        length = {"Content-Type": "application/json", "Content-Length": str(len(self.body.encode()))}
        headers = {"Host": f"127.0.0.1:{port}", "Accept": "application/json", **self.headers}
        lines = [f"{name}: {value}" for name, value in (headers | (length if self.body else {})).items()]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", self.body])


@dataclass(frozen=True, slots=True)
class Bank:
    """A running mock bank, a token that opens it, and the account that pays."""

    url: str
    token: str
    account_id: str
    today: str

    def balances(self) -> Call:
        """GET 残高照会 of every account."""
        return Call("GET", f"{CORPORATION}/accounts/balances", 200, {"x-access-token": self.token})

    def transfer(self) -> Call:
        """POST 振込依頼 of one line, under a key of its own each time."""
        order = {
            "accountId": self.account_id,
            "transferDesignatedDate": self.today,
            "transferDateHolidayCode": "1",
            "totalCount": "1",
            "totalAmount": "1",
            "transfers": [
                {
                    "itemId": "1",
                    "transferAmount": "1",
                    "ediInfo": "RBENCH0000000000001",
                    "beneficiaryBankCode": "0001",
                    "beneficiaryBranchCode": "001",
                    "accountTypeCode": "1",
                    "accountNumber": "1234567",
                    "beneficiaryName": "ﾔﾏﾀﾞ ﾀﾛｳ",
                }
            ],
        }
        headers = {"x-access-token": self.token, "Idempotency-Key": KEY}
        body = json.dumps(order, ensure_ascii=False, separators=(",", ":"))
        return Call("POST", f"{CORPORATION}/transfer/request", 201, headers, body=body)


@dataclass(frozen=True, slots=True)
class Target:
    """A server on this machine and what it is asked for."""

    port: int
    call: Call

    def load(self, *, connections: int, first_number: int) -> Load:
        """Return one round."""
        return Load(
            port=self.port,
            request=self.call.text(self.port),
            status=self.call.status,
            connections=connections,
            seconds=ROUND_SECONDS,
            warm_up_seconds=WARM_UP_SECONDS,
            first_number=first_number,
        )


def gateway_balances_vs_bare_flask() -> float:
    """Return balance inquiries a second through everything ÷ the same reply from a bare Flask route."""
    with running_bank() as bank:
        return _ratio(bank, bank.balances())


def gateway_transfer_vs_bare_flask() -> float:
    """Return transfer requests a second through everything ÷ the same reply from a bare Flask route."""
    with running_bank() as bank:
        return _ratio(bank, bank.transfer())


def cold_start_seconds() -> float:
    """Return the median time from starting the process `mock-gmo serve` to the first 200 of its health check."""
    return median(_cold_start() for _ in range(COLD_STARTS))


def reset_ms() -> float:
    """Return the median time of POST /reset, as a caller on a kept connection sees it, of a bank that holds orders."""
    times = []
    with running_bank() as bank, httpx.Client(base_url=bank.url, timeout=10) as caller:
        for _ in range(RESETS):
            order = replace(bank, token=new_token(caller)).transfer()
            for number in range(ORDERS_BEFORE_RESET):
                send(caller, order, number=number)
            started = time.perf_counter()
            caller.post(f"{CONTROL}/reset", json={}).raise_for_status()
            times.append(time.perf_counter() - started)
            _lift_limit(caller)
    return 1_000 * median(times)


def world_ms() -> float:
    """Return the median time of POST /worlds, as a caller on a kept connection sees it."""
    with running_bank() as bank, httpx.Client(base_url=bank.url + CONTROL, timeout=10) as control:
        times = []
        for _ in range(WORLDS):
            started = time.perf_counter()
            control.post("/worlds", json={}).raise_for_status()
            times.append(time.perf_counter() - started)
    return 1_000 * median(times)


def snapshot_ms() -> float:
    """Return the median time of GET /snapshot of a bank with 200 transfers and the journal of 200 calls."""
    with running_bank() as bank, httpx.Client(base_url=bank.url + CONTROL, timeout=10) as control:
        call = bank.transfer()
        with httpx.Client(base_url=bank.url) as caller:
            for number in range(CALLS_BEFORE_RESET):
                headers = {**call.headers, "Idempotency-Key": f"bench-{number}", "Content-Type": "application/json"}
                caller.post(call.path, headers=headers, content=call.body.encode()).raise_for_status()
        times = []
        for _ in range(SNAPSHOTS):
            started = time.perf_counter()
            control.get("/snapshot").raise_for_status()
            times.append(time.perf_counter() - started)
    return 1_000 * median(times)


@contextlib.contextmanager
def running_bank(*options: str, command: Sequence[str] = SERVE) -> Iterator[Bank]:
    """Run a bank, without the limit of one call a second, and get a token at it."""
    with serving([*command, *options]) as url, httpx.Client(base_url=url, timeout=10) as caller:
        _lift_limit(caller)
        token = new_token(caller)
        account_id = _control(caller, "/customers")["customers"][0]["accounts"][0]["account_id"]
        now = datetime.fromisoformat(_control(caller, "/clock")["now"])
        yield Bank(url, token, account_id, now.astimezone(JAPAN).date().isoformat())


def _lift_limit(caller: httpx.Client) -> None:
    """The limit of one call a second is a rule, not a cost: it is the client's registration that changes."""
    client_id = _control(caller, "/clients")["clients"][0]["client_id"]
    caller.patch(f"{CONTROL}/clients/{client_id}", json={"requests_per_second": None}).raise_for_status()


def new_token(caller: httpx.Client, scope: str = SCOPE) -> str:
    """Return an access token of those scopes, for the first customer and the first client."""
    client = _control(caller, "/clients")["clients"][0]
    customer = _control(caller, "/customers")["customers"][0]
    wanted = {
        "client_id": client["client_id"],
        "customer_id": customer["customer_id"],
        "scope": scope,
        "redirect_uri": REDIRECT_URI,
    }
    code = caller.post(f"{CONTROL}/consents", json=wanted).raise_for_status().json()["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    return str(caller.post(TOKEN_PATH, data=form).raise_for_status().json()["access_token"])


def _control(caller: httpx.Client, path: str) -> Any:
    return caller.get(CONTROL + path).raise_for_status().json()


def send(caller: httpx.Client, call: Call, *, number: int) -> httpx.Response:
    """Send a call once, outside of any measurement. Raises MeasurementFailed when the bank refuses."""
    digits = f"{number:0{NUMBER_WIDTH}}"
    headers = {name: value.replace(NUMBER.decode(), digits) for name, value in call.headers.items()}
    content_type = {"Content-Type": "application/json"} if call.body else {}
    content = call.body.encode() or None
    got = caller.request(call.method, call.path, headers={**headers, **content_type}, content=content)
    if got.status_code != call.status:
        raise MeasurementFailed(f"{call.method} {call.path}: expected {call.status}, came {got.status_code} {got.text}")
    return got


def _ratio(bank: Bank, call: Call) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        replies = Path(folder) / "replies.json"
        replies.write_text(json.dumps([_reply_of(bank, call)]), encoding="utf-8")
        bare = [sys.executable, str(TOOLS / "bench_bare.py"), "--replies", str(replies)]
        with serving(bare) as bare_url:
            ours, theirs = Target(port_of(bank.url), call), Target(port_of(bare_url), call)
            return paired_ratio(ours, theirs, connections=CONNECTIONS)


def paired_ratio(ours: Target, theirs: Target, *, connections: int, pairs: int = PAIRS) -> float:
    """Alternate rounds between two servers; return the median of the ratios of neighbouring rounds."""
    rates: tuple[list[float], list[float]] = ([], [])
    sent = 0
    for pair in range(pairs):
        # The order changes from pair to pair, so that a drift does not favour one of the two.
        order = ((ours, rates[0]), (theirs, rates[1]))
        for target, measured in order if pair % 2 else reversed(order):
            tally = measure(target.load(connections=connections, first_number=sent))
            measured.append(tally.per_second)
            sent += tally.sent_count
    ratios = [one / other for one, other in zip(*rates, strict=True)]
    print(f"  {median(rates[0]):,.0f} ÷ {median(rates[1]):,.0f} requests a second", end="")
    print(f"; ratios {min(ratios):.2f}–{max(ratios):.2f}")
    return median(ratios)


def _reply_of(bank: Bank, call: Call) -> dict[str, Any]:
    """Ask the bank once, under a number that no round reaches; the bare route gives these bytes."""
    with httpx.Client(base_url=bank.url, timeout=10) as caller:
        got = send(caller, call, number=10**NUMBER_WIDTH - 1)
    return {
        "method": call.method,
        "path": call.path,
        "status": got.status_code,
        "content_type": got.headers["content-type"],
        "body": got.text,
    }


def _cold_start() -> float:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    request = f"GET {CONTROL}/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    started = time.perf_counter()
    process = start([str(BIN / "mock-gmo"), "serve", "--port", str(port)], {})
    try:
        while time.perf_counter() - started < COLD_START_SECONDS_MAX:
            if process.poll() is not None:
                raise MeasurementFailed(f"mock-gmo serve ended with {process.returncode} before it answered")
            if _answers(port, request):
                return time.perf_counter() - started
            time.sleep(COLD_POLL_SECONDS)
        raise MeasurementFailed(f"mock-gmo serve did not answer within {COLD_START_SECONDS_MAX:g} s")
    finally:
        stop(process)


def _answers(port: int, request: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=COLD_START_SECONDS_MAX) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False

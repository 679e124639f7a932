"""A minute of mixed calls over many connections at once, and what a changing call costs when the state is kept.

No call may be answered with 5xx, and the books must balance at the end.
"""

import json
import os
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from http.client import HTTPConnection, HTTPException
from random import Random
from statistics import median, quantiles
from typing import Final

import httpx
from bench_bank import CONTROL, CORPORATION, Bank, Target, new_token, running_bank, send
from bench_process import MeasurementFailed, measure, port_of

CONNECTIONS: Final = 50
SECONDS_VARIABLE: Final = "BENCH_SOAK_SECONDS"
SECONDS: Final = 60.0
VA_SCOPE: Final = "private:account private:transfer private:bulk-transfer private:virtual-account offline_access"
KEPT_ORDERS: Final = 10_000
KEPT_ROUNDS: Final = 41
FILL_SECONDS_MAX: Final = 55.0
FILL_CONNECTIONS: Final = 8


CALL_SECONDS_MAX: Final = 30

LINE: Final = {
    "itemId": "1",
    "transferAmount": "1",
    "beneficiaryBankCode": "0001",
    "beneficiaryBranchCode": "001",
    "accountTypeCode": "1",
    "accountNumber": "1234567",
    "beneficiaryName": "ﾔﾏﾀﾞ ﾀﾛｳ",
}
ORDER: Final = {
    "accountId": "ACCOUNT",
    "transferDesignatedDate": "TODAY",
    "transferDateHolidayCode": "1",
    "totalCount": "1",
    "totalAmount": "1",
}
SEARCH: Final = "accountId=ACCOUNT&queryKeyClass"


def _body(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


# Method, path and body of every kind of call; a kind that stands twice is twice as likely.
MIX: Final[tuple[tuple[str, str, str | None], ...]] = (
    ("GET", f"{CORPORATION}/accounts/balances", None),
    ("GET", f"{CORPORATION}/accounts/balances?accountId=ACCOUNT", None),
    ("GET", f"{CORPORATION}/accounts/transactions?accountId=ACCOUNT", None),
    ("GET", f"{CORPORATION}/transfer/status?{SEARCH}=1&applyNo=APPLY", None),
    ("GET", f"{CORPORATION}/transfer/status?{SEARCH}=2", None),
    ("GET", f"{CORPORATION}/transfer/request-result?accountId=ACCOUNT&applyNo=APPLY", None),
    ("POST", f"{CORPORATION}/transfer/request", _body({**ORDER, "transfers": [LINE]})),
    ("POST", f"{CORPORATION}/transfer/request", _body({**ORDER, "transfers": [LINE]})),
    (
        "POST",
        f"{CORPORATION}/transfer/cancel",
        _body({"accountId": "ACCOUNT", "cancelTargetKeyClass": "2", "applyNo": "APPLY"}),
    ),
    ("POST", f"{CORPORATION}/bulktransfer/request", _body({**ORDER, "bulkTransfers": [LINE]})),
    ("GET", f"{CORPORATION}/bulktransfer/status?{SEARCH}=2&detailInfoNecessity=false", None),
    ("POST", f"{CORPORATION}/va/issue", _body({"vaTypeCode": "2", "issueRequestCount": "1", "raId": "ACCOUNT"})),
    ("POST", f"{CONTROL}/deposits", _body({"account_id": "ACCOUNT", "amount": 1000, "remitter_name": "ﾃｽﾄ"})),
)


@dataclass(slots=True)
class Tally:
    """What the callers of a soak saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@cache
def soak() -> dict[str, float]:
    """Return the figures of the soak by name; it runs once. Raises MeasurementFailed for a call that broke."""
    seconds = float(os.environ.get(SECONDS_VARIABLE, SECONDS))
    with running_bank() as plain:
        bank = _prepared(plain)
        tally = Tally()
        until = time.monotonic() + seconds
        callers = [_Caller(bank, number, tally, until=until) for number in range(CONNECTIONS)]
        started = time.perf_counter()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        passed = time.perf_counter() - started
        with httpx.Client(base_url=bank.url, timeout=30) as control:
            books = control.get(f"{CONTROL}/postings/check").raise_for_status().json()
    if tally.broken:
        raise MeasurementFailed(f"{len(tally.broken)} calls broke, the first: {tally.broken[0]}")
    p99 = 1_000 * quantiles(tally.seconds, n=100)[98]
    print(f"  {passed:.0f} s, {CONNECTIONS} connections, p99 {p99:.0f} ms: {dict(sorted(tally.statuses.items()))}")
    if books["differing"]:
        raise MeasurementFailed(f"the books do not balance: {books}")
    return {
        "soak_5xx": sum(count for told, count in tally.statuses.items() if told.rpartition(" ")[2] >= "500"),
        "soak_requests_per_second": len(tally.seconds) / passed,
        "soak_books_sum": books["sum_yen"],
        "soak_p99_ms": p99,
    }


def _prepared(bank: Bank) -> Bank:
    """Let the customer do everything that the callers ask for, without waiting for a holder's confirmation."""
    with httpx.Client(base_url=bank.url, timeout=10) as caller:
        customer_id = caller.get(f"{CONTROL}/customers").json()["customers"][0]["customer_id"]
        switches = {"confirmation_required": False, "virtual_accounts_enabled": True}
        caller.patch(f"{CONTROL}/customers/{customer_id}", json=switches).raise_for_status()
        return replace(bank, token=new_token(caller, VA_SCOPE))


class _Caller(threading.Thread):
    """One caller with one kept connection: draws call after call until the time is over."""

    def __init__(self, bank: Bank, number: int, tally: Tally, *, until: float) -> None:
        super().__init__()
        self._bank, self._tally, self._until = bank, tally, until
        self._chance = Random(number)  # noqa: S311  (the same mix in every run)
        self._connection = HTTPConnection("127.0.0.1", port_of(bank.url), timeout=CALL_SECONDS_MAX)
        self._apply_no = ""
        self._count, self._number = 0, number

    def run(self) -> None:
        """Call on and on. What breaks is told once, and ends this caller."""
        try:
            while time.monotonic() < self._until:
                self._call(*self._chance.choice(MIX))
        except (OSError, HTTPException) as broken:
            self._tally.broken.append(repr(broken))
        finally:
            self._connection.close()

    def _call(self, method: str, path: str, body: str | None) -> None:
        self._count += 1
        texts = {"ACCOUNT": self._bank.account_id, "TODAY": self._bank.today, "APPLY": self._apply_no or "0" * 16}
        for name, text in texts.items():
            path = path.replace(name, text)
            body = body.replace(name, text) if body is not None else None
        headers = {"x-access-token": self._bank.token, "Content-Type": "application/json"}
        if "/request" in path and method == "POST":
            headers["Idempotency-Key"] = f"soak-{self._number}-{self._count}"
        started = time.perf_counter()
        self._connection.request(method, path, body.encode() if body is not None else None, headers)
        reply = self._connection.getresponse()
        content = reply.read()
        self._tally.seconds.append(time.perf_counter() - started)
        self._tally.statuses[f"{method} {path.partition('?')[0].rpartition('v1/')[2]} {reply.status}"] += 1
        if path.endswith("/transfer/request") and reply.status < 300:
            self._apply_no = json.loads(content)["applyNo"]


def state_change_cost_10k_vs_0() -> float:
    """Return what POST transfer/request costs with --state and 10,000 transfers in it ÷ with none."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_bank("--state", f"{folder}/few") as few,
        running_bank("--state", f"{folder}/many") as many,
        httpx.Client(base_url=few.url) as one,
        httpx.Client(base_url=many.url) as other,
    ):
        _fill(many)
        return median(
            _seconds(other, many, number=10**9 + number) / _seconds(one, few, number=number)
            for number in range(KEPT_ROUNDS)
        )


def _fill(bank: Bank) -> None:
    sent, deadline = 0, time.monotonic() + 4 * FILL_SECONDS_MAX
    target = Target(port_of(bank.url), bank.transfer())
    while sent < KEPT_ORDERS:
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"only {sent} transfers could be made in time")
        sent += measure(target.load(connections=FILL_CONNECTIONS, first_number=sent)).sent_count


def _seconds(caller: httpx.Client, bank: Bank, *, number: int) -> float:
    started = time.perf_counter()
    send(caller, bank.transfer(), number=number)
    return time.perf_counter() - started

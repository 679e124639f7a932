"""A bank client whose bank is a function of the test: what was sent, what was logged, what was passed on the way."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import httpx

from integrator.bank_client.api import BankClient
from integrator.bank_client.calls import CallPorts, Calls, Departures, TimeLimits, new_http_client
from integrator.bank_client.oauth import Client, OAuthClient
from integrator.bank_client.wire import TransferLine, transfer_body
from integrator.secret import Secret
from tests.bank_contract import expect_lawful

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
TODAY = date(2026, 4, 1)
ACCOUNT_ID = "101010012345"
APPLY_NO = "2026040100000001"
TOKEN = "k3JxP0b7QmZt9LrVw2Ys8NcHd5GfA1Ee"
CLIENT_SECRET = "not a real & secret"
BASE_URL = "http://127.0.0.1:8310"
LIMITS = TimeLimits(connect_seconds=3, read_seconds=30)


@dataclass(frozen=True)
class Access:
    company_id: str = "shop-0001"
    client_id: str = "client-a"
    token: Secret = field(default_factory=lambda: Secret(TOKEN))


ACCESS = Access()
CLIENT = Client("shop-0001", "client-a", Secret(CLIENT_SECRET))


class FixedClock:
    def now(self) -> datetime:
        return NOON

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the bank client never waits")


class AnyTime:
    """A gate that is always open."""

    def depart(self) -> None:
        return

    def arrived(self, status: int | None) -> None:
        return

    def travelled(self, seconds: float) -> None:
        return


class Lines(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class Bench:
    """One client and its bank, which answers every request with the same response or failure, or is a real server."""

    def __init__(
        self,
        reply: httpx.Response | Exception,
        *,
        is_real: bool = False,
        base_url: str = BASE_URL,
        limits: TimeLimits = LIMITS,
        departures: Departures | None = None,
    ) -> None:
        self.requests: list[httpx.Request] = []
        self.passed: list[str] = []
        self.lines = Lines()
        self.on_point: Callable[[str], None] = lambda _point: None
        self.seconds = count(0.0, 0.125)
        self._reply = reply
        log = logging.Logger("integrator.bank_call", logging.INFO)
        log.addHandler(self.lines)
        numbers = count(1)
        ports = CallPorts(
            clock=FixedClock(),
            checkpoints=self,
            timer=lambda: next(self.seconds),
            new_request_id=lambda: f"rq-{next(numbers)}",
            log=log,
            departures=departures or AnyTime(),
        )
        self.http = new_http_client(None if is_real else httpx.MockTransport(self._answer))
        calls = Calls(self.http, base_url, environment="local", limits=limits, ports=ports)
        self.bank = BankClient(calls)
        self.oauth = OAuthClient(calls)

    def reached(self, point: str) -> None:
        self.passed.append(point)
        self.on_point(point)

    @property
    def line(self) -> dict[str, Any]:
        """The one line that was logged."""
        assert len(self.lines.texts) == 1
        line: dict[str, Any] = json.loads(self.lines.texts[0])
        return line

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        expect_lawful(request)
        self.passed.append("sent")
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


def make_line(**changes: Any) -> TransferLine:
    """Return an honest line; `changes` replace members."""
    members: dict[str, Any] = {
        "item_id": 1,
        "amount_yen": 10_000,
        "mark": "RA1B2C3D4E5F6G7H8I9J",
        "bank_code": "0398",
        "branch_code": "111",
        "account_type": "1",
        "account_number": "7654321",
        "name_kana": "ｻﾝﾌﾟﾙ ﾊﾅｺ",
    }
    return TransferLine(**{**members, **changes})


def make_body(*lines: TransferLine, remitter_name: str | None = None) -> bytes:
    """Return an order's body: one honest line unless told otherwise."""
    return transfer_body(ACCOUNT_ID, lines or (make_line(),), designated_date=TODAY, remitter_name=remitter_name)


def accepted(**changes: Any) -> httpx.Response:
    """Return the bank's 201 to an order; `changes` replace members, None leaves one out."""
    members = {"accountId": ACCOUNT_ID, "resultCode": "2", "applyNo": APPLY_NO, **changes}
    return httpx.Response(201, json={name: value for name, value in members.items() if value is not None})


def refused(status: int, code: str = "220011", *details: str) -> httpx.Response:
    """Return a refusal in the bank's own shape."""
    listed = [{"errorDetailsCode": detail, "errorDetailsMessage": f"詳細{detail}"} for detail in details]
    body = {"errorCode": code, "errorMessage": "エラーが発生しました。", "errorDetails": listed}
    return httpx.Response(status, json={**body, "transferErrorDetails": []})

"""Banks that are verified in process: ours as it is, and ours with an answer changed on its way out."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from mock_gmo.profiles import PROFILES
from mock_gmo.secret import Secret
from mock_gmo.verify.calling import Bounds, Call, Caller, Clock, Reply, Send
from mock_gmo.verify.documents import Contracts
from mock_gmo.verify.run import Run, Verification
from mock_gmo.verify.safety import SAFE, check_operations, check_target
from mock_gmo.verify.telling import tell_differences
from tests.unit.gateway.calling import ACCOUNT_ID, NOON, HandClock, make_line, make_order
from tests.unit.gateway.calling import Caller as BankCaller

SCOPES = "openid private:account private:transfer private:bulk-transfer private:virtual-account offline_access"
BASE = "http://127.0.0.1"
AT = datetime.fromtimestamp(NOON, UTC)

# Gets the path of a call and the answer to it; returns another answer.
Drift = Callable[[Call, Reply], Reply]


def sender_of(application: WSGIApplication, *, sent: list[Call] | None = None, drift: Drift | None = None) -> Send:
    """Return what sends to an application in process; a body without a length has none."""

    def send(base: str, call: Call) -> Reply:
        if sent is not None:
            sent.append(call)
        told: list[Any] = []
        body = b"".join(
            application(_environ(call), lambda status, headers, _=None: told.append((status, headers)) or print)
        )
        reply = Reply(int(told[0][0][:3]), tuple(told[0][1]), body)
        return drift(call, reply) if drift is not None else reply

    return send


def _environ(call: Call) -> WSGIEnvironment:
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": call.method,
        "PATH_INFO": call.path,
        "QUERY_STRING": call.target.partition("?")[2],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(call.body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if call.body is not None:
        environ["CONTENT_LENGTH"] = str(len(call.body))
    for name, value in call.headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


@dataclass
class Verified:
    """One run, and what was sent."""

    found: Verification
    caller: Caller
    sent: list[Call] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [difference.line() for difference in tell_differences(self.found)]


def verify(
    bank: BankCaller,
    *,
    documents: tuple[str, ...] = ("corporation",),
    profile: str = "bank",
    allow: tuple[str, ...] = (),
    drift: Drift | None = None,
    bounds: Bounds | None = None,
) -> Verified:
    """Verify a bank in process; time passes only where the run waits."""
    contracts = Contracts(documents)
    operations = check_operations(
        contracts.operations, allowed=allow, target=check_target(BASE), is_production_confirmed=False
    )
    hand = HandClock()
    sent: list[Call] = []
    caller = Caller(
        BASE,
        Secret(bank.token),
        send=sender_of(bank.app.wsgi_app, sent=sent, drift=drift),
        clock=Clock(hand, hand, hand.sleep),
        bounds=bounds or Bounds(),
        unsafe=[it for it in contracts.operations if not SAFE[it.operation_id].is_safe],
    )
    return Verified(Run(caller, contracts, profile=PROFILES[profile]).verify(operations), caller, sent)


def live_in(bank: BankCaller) -> None:
    """Let something have happened: orders, virtual accounts, and more postings than a page holds."""
    placed = [bank.post("/transfer/request", make_order()).json["applyNo"] for _ in range(2)]
    line = {name: value for name, value in make_line(itemId="1").items() if name != "ediInfo"}
    bulk = {"totalCount": "1", "totalAmount": line["transferAmount"], "bulkTransfers": [line]}
    order = {name: value for name, value in make_order(**bulk).items() if name != "transfers"}
    placed.append(bank.post("/bulktransfer/request", order).json["applyNo"])
    for apply_no in placed[1:]:
        bank.control("POST", f"/transfers/{apply_no}/confirm")
    issued = bank.post("/va/issue", {"vaTypeCode": "1", "issueRequestCount": "2", "raId": ACCOUNT_ID}).json
    for number in range(501):
        bank.world.bank.outside.deposit(ACCOUNT_ID, amount_yen=1 + number, remitter_name="ﾐﾎﾝ ﾀﾛｳ", at=AT)
    deposit(bank, va_id=issued["vaList"][0]["vaId"], amount=700)
    bank.control("POST", "/clock", {"advance_seconds": 3_600})


def deposit(bank: BankCaller, **given: Any) -> None:
    reply = bank.control("POST", "/deposits", {"remitter_name": "ｻﾝﾌﾟﾙ ﾊﾅｺ", **given})
    assert reply.status_code < 300, reply.text


def changing(change: Callable[[Any], Any], *, path: str, statuses: Iterable[int] = (200,)) -> Drift:
    """Return a drift of the JSON in answers of some statuses to calls of one path."""
    wanted = frozenset(statuses)

    def drift(call: Call, reply: Reply) -> Reply:
        if not call.path.endswith(path) or reply.status not in wanted:
            return reply
        content = json.loads(reply.body)
        content = change(content) or content
        return Reply(reply.status, reply.headers, json.dumps(content).encode())

    return drift

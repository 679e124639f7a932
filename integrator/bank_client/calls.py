"""One call to the bank: sent once, read within bounds, logged in one line. What a reply means is decided elsewhere.

The log line is the API execution log that the bank's connection test asks for; it holds no query, header or body.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol, TypeVar

import httpx

from integrator import trail
from integrator.clock import Clock
from integrator.domain.outcome import Fact
from integrator.domain.turns import NoTurn
from integrator.effects import Checkpoints
from integrator.tally import Tally

REPLY_BYTES_MAX = 8 * 1024 * 1024  # a full page of 500 transfers stays far below
TOTAL_FACTOR = 2  # a reply that trickles in may take this many times the read limit
USER_AGENT = "gmo-bank-integrator"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent. `scope` and `context` are for the log: the right that the call needs, and what made it."""

    method: str
    path: str
    company_id: str
    scope: str
    context: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole reply came. Its body may still be anything."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """No whole reply came. `fact` says how far it got; `reason` is a word for the log."""

    fact: Fact
    reason: str


Received = Answered | Failed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Our own judgement of a call, for its log line."""

    result: str
    reason: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. `read` is the longest silence; the whole reply may take twice as long."""

    connect_seconds: float
    read_seconds: float


class Departures(Protocol):
    """The gate as a call meets it."""

    def depart(self) -> None:
        """Return at the instant at which the call may leave. Raises NoTurn when it may not."""

    def arrived(self, status: int | None) -> None:
        """Take note of the answer's status; None when none came."""

    def travelled(self, seconds: float) -> None:
        """Take note of how long a connection took to come about."""


@dataclass(frozen=True, slots=True)
class CallPorts:
    """What a call touches besides the network. `timer` counts real seconds, whatever `clock` says."""

    clock: Clock
    checkpoints: Checkpoints
    timer: Callable[[], float]
    new_request_id: Callable[[], str]
    log: logging.Logger
    departures: Departures
    tally: Tally = field(default_factory=Tally)


class ConnectsFirst(httpx.Client):
    """A client whose transport tells when it is connected: a call waits for its slot with the connection open.

    So the time that a connection takes delays no call against another.
    """


def new_http_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that does no more than asked: no redirects, no cookies, no proxies or log-ins from outside.

    Every call has a connection of its own: a kept one that the bank closes while an order goes out on it would
    make a doubt of nothing, and at about one call a second it saves nothing.
    """
    kind = ConnectsFirst if transport is None else httpx.Client
    return kind(
        transport=transport,
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"},
    )


class Calls:
    """Sends calls to one bank. Never repeats one: whoever calls knows whether that is safe."""

    def __init__(
        self, http: httpx.Client, base_url: str, *, environment: str, limits: TimeLimits, ports: CallPorts
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._environment = environment
        self._limits = limits
        self._ports = ports

    def perform(self, call: Call, *, read: Callable[[Received], T], judge: Callable[[T], Verdict]) -> T:
        """Send `call` once and return what `read` makes of what came; log it with what `judge` makes of that.

        `read` and `judge` must not raise for anything that a server can send.
        """
        ports = self._ports
        way = _Way(ports, call.context)
        received = self._departed(call, way)
        ports.departures.arrived(received.status if isinstance(received, Answered) else None)
        value = read(received)
        verdict = judge(value)
        self._write_line(call, received, verdict, way)
        ports.tally.add("bank_calls", call.context, verdict.result)
        ports.tally.add_seconds("bank_call", call.context, way.seconds())
        return value

    def _departed(self, call: Call, way: "_Way") -> Received:
        try:
            if not isinstance(self._http, ConnectsFirst):
                way.depart()
            self._ports.checkpoints.reached("bank.before")
            received = self._exchange(call, way)
            self._ports.checkpoints.reached("bank.after")
        except NoTurn:
            return Failed(Fact.NOT_CONNECTED, "NoTurn")
        return received

    def _exchange(self, call: Call, way: "_Way") -> Received:
        try:
            with self._http.stream(
                call.method,
                self._base_url + call.path,
                params=call.query or None,
                headers=list(call.headers),
                content=call.body,
                timeout=httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds),
                extensions={"trace": way.event},
            ) as response:
                return self._whole(response, way)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Failed(Fact.NOT_CONNECTED, type(error).__name__)
        except httpx.TimeoutException as error:
            return Failed(Fact.TIMED_OUT, type(error).__name__)
        except httpx.DecodingError as error:
            return Failed(Fact.UNREADABLE, type(error).__name__)
        except httpx.RequestError as error:
            return Failed(Fact.BROKEN, type(error).__name__)

    def _whole(self, response: httpx.Response, way: "_Way") -> Received:
        if response.headers.get("content-encoding", "identity") != "identity":
            return Failed(Fact.UNREADABLE, "ContentEncoding")
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > REPLY_BYTES_MAX:
                return Failed(Fact.UNREADABLE, "ReplyTooLong")
            if way.seconds() > self._limits.connect_seconds + TOTAL_FACTOR * self._limits.read_seconds:
                return Failed(Fact.TIMED_OUT, "ReplyTooSlow")
        promised = response.headers.get("content-length", "")
        if promised.isdecimal() and int(promised) != len(body):
            return Failed(Fact.BROKEN, "ReplyTooShort")
        return Answered(response.status_code, bytes(body))

    def _write_line(self, call: Call, received: Received, verdict: Verdict, way: "_Way") -> None:
        call_id = self._ports.new_request_id()
        line = {
            "ts": way.sent_at.isoformat(timespec="milliseconds"),
            "event": "bank.called",
            "env": self._environment,
            "direction": "out",
            "company_id": call.company_id,
            "scope": call.scope,
            "context": call.context,
            "method": call.method,
            "path": call.path,
            "status": received.status if isinstance(received, Answered) else None,
            "duration_ms": round(way.seconds() * 1000),
            "error_code": verdict.error_code,
            "call_id": call_id,
            "request_id": call_id,  # of a call that nobody asked for; ReCORE's takes its place
            **trail.members(),
            "result": verdict.result,
            "reason": verdict.reason,
        }
        self._ports.log.info("%s", json.dumps(line, ensure_ascii=False))


class _Way:
    """Follows one call: when it left, how long it took, how long its connection took to come about."""

    def __init__(self, ports: CallPorts, operation: str) -> None:
        self._ports = ports
        self._operation = operation
        self.sent_at = ports.clock.now()
        self._left_at: float | None = None
        self._began_at: float | None = None

    def depart(self) -> None:
        """Wait for the slot; the time of the call counts from here. Raises NoTurn."""
        self._ports.departures.depart()
        self.sent_at, self._left_at = self._ports.clock.now(), self._ports.timer()

    def seconds(self) -> float:
        """Return how long the call has taken; 0 when it never left."""
        return 0.0 if self._left_at is None else self._ports.timer() - self._left_at

    def event(self, name: str, _info: dict[str, Any]) -> None:
        """Hear of what the transport does: once it is connected, the call waits for its slot."""
        match name:
            case "connection.connect_tcp.started":
                self._began_at = self._ports.timer()
            case "connection.connect_tcp.complete" if self._began_at is not None:
                self._ports.departures.travelled(self._ports.timer() - self._began_at)
            case "http11.send_request_headers.started":
                self.depart()
            case "http11.send_request_body.complete":
                self._ports.checkpoints.reached(f"{self._operation}.sent")
            case "http11.receive_response_body.complete":
                self._ports.checkpoints.reached(f"{self._operation}.answered")
            case _:
                pass

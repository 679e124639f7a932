"""One call to the bank: sent once, read within bounds, logged in one line. What a reply means is decided elsewhere.

The log line is the API execution log that the bank's connection test asks for; it holds no query, header or body.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx

from integrator.clock import Clock
from integrator.domain.outcome import Fact
from integrator.effects import Checkpoints

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


@dataclass(frozen=True, slots=True)
class CallPorts:
    """What a call touches besides the network. `timer` counts real seconds, whatever `clock` says."""

    clock: Clock
    checkpoints: Checkpoints
    timer: Callable[[], float]
    new_request_id: Callable[[], str]
    log: logging.Logger


def new_http_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that does no more than asked: no redirects, no cookies, no proxies or log-ins from outside.

    Every call has a connection of its own: a kept one that the bank closes while an order goes out on it would
    make a doubt of nothing, and at about one call a second it saves nothing.
    """
    return httpx.Client(
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
        sent_at, started = ports.clock.now(), ports.timer()
        ports.checkpoints.reached("bank.before")
        received = self._exchange(call, started)
        ports.checkpoints.reached("bank.after")
        value = read(received)
        self._write_line(call, received, judge(value), sent_at, ports.timer() - started)
        return value

    def _exchange(self, call: Call, started: float) -> Received:
        try:
            with self._http.stream(
                call.method,
                self._base_url + call.path,
                params=call.query or None,
                headers=list(call.headers),
                content=call.body,
                timeout=httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds),
            ) as response:
                return self._whole(response, started)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Failed(Fact.NOT_CONNECTED, type(error).__name__)
        except httpx.TimeoutException as error:
            return Failed(Fact.TIMED_OUT, type(error).__name__)
        except httpx.DecodingError as error:
            return Failed(Fact.UNREADABLE, type(error).__name__)
        except httpx.RequestError as error:
            return Failed(Fact.BROKEN, type(error).__name__)

    def _whole(self, response: httpx.Response, started: float) -> Received:
        if response.headers.get("content-encoding", "identity") != "identity":
            return Failed(Fact.UNREADABLE, "ContentEncoding")
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > REPLY_BYTES_MAX:
                return Failed(Fact.UNREADABLE, "ReplyTooLong")
            if self._ports.timer() - started > self._limits.connect_seconds + TOTAL_FACTOR * self._limits.read_seconds:
                return Failed(Fact.TIMED_OUT, "ReplyTooSlow")
        promised = response.headers.get("content-length", "")
        if promised.isdecimal() and int(promised) != len(body):
            return Failed(Fact.BROKEN, "ReplyTooShort")
        return Answered(response.status_code, bytes(body))

    def _write_line(
        self, call: Call, received: Received, verdict: Verdict, sent_at: datetime, duration_seconds: float
    ) -> None:
        line = {
            "ts": sent_at.isoformat(timespec="milliseconds"),
            "env": self._environment,
            "direction": "out",
            "company_id": call.company_id,
            "scope": call.scope,
            "context": call.context,
            "method": call.method,
            "path": call.path,
            "status": received.status if isinstance(received, Answered) else None,
            "duration_ms": round(duration_seconds * 1000),
            "error_code": verdict.error_code,
            "request_id": self._ports.new_request_id(),
            "result": verdict.result,
            "reason": verdict.reason,
        }
        self._ports.log.info("%s", json.dumps(line, ensure_ascii=False))

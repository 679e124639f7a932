"""Calls to the bank that is verified: paced, bounded in number and time, never to an operation that moves anything.

The token is put into a call here and nowhere else. No redirect is followed and no proxy used.
"""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import urlencode, urlsplit

from mock_gmo.contract import TOKEN_HEADER, Operation
from mock_gmo.errors import JSON_TYPE
from mock_gmo.journal import MASK
from mock_gmo.secret import Secret
from mock_gmo.verify.safety import is_path_of_unsafe

REPLY_BYTES_MAX: Final = 8 * 1024 * 1024
READ_BYTES: Final = 65_536
ANSWER_SECONDS: Final = 30.0
MARGIN_SECONDS: Final = 0.05  # the bank counts by its own clock, and a call takes now longer, now shorter
USER_AGENT: Final = "mock-gmo-verify"
USUAL_HEADERS: Final = (("Accept", JSON_TYPE), ("User-Agent", USER_AGENT))
WRONG_TOKEN: Final = "verifyNoSuchToken00000000000000"  # noqa: S105  (opens nothing)
WITH_TOKEN: Final = "token"  # noqa: S105  (a way to call, not a token)
WITHOUT_TOKEN: Final = "no token"  # noqa: S105
WITH_WRONG_TOKEN: Final = "wrong token"  # noqa: S105
AS_BEARER: Final = "bearer"

Query = tuple[tuple[str, str], ...]


class Unreachable(Exception):
    """Nobody can be verified there: no connection, no answer, no bank. The message is a sentence for people."""


class LimitReached(Exception):
    """The run has made as many calls, or taken as long, as it may."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `access` says how the token goes with it; `headers` replace the usual ones of the same name."""

    method: str
    path: str
    query: Query = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    access: str = WITH_TOKEN

    @property
    def target(self) -> str:
        """Return path and query as they stand in the request line."""
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names as they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever the case of its name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, when its call left, and how long it took."""

    reply: Reply
    at: datetime
    seconds: float


# Sends a whole request to a base URL; raises Unreachable.
Send = Callable[[str, Call], Reply]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a run may ask."""

    requests_per_second: float = 1.0
    requests_max: int = 900
    seconds_max: float = 1_800.0


@dataclass(frozen=True, slots=True)
class Clock:
    """What a run knows of time: instants in seconds since 1970, a count of seconds, and how to let some pass."""

    real: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


class Caller:
    """Makes the calls of one run. Every call counts, and none starts sooner than the limit of the client allows."""

    def __init__(
        self,
        base: str,
        token: Secret,
        *,
        send: Send,
        clock: Clock,
        bounds: Bounds,
        unsafe: Iterable[Operation],
    ) -> None:
        self._base, self._token, self._send = base, token, send
        self._clock, self._bounds = clock, bounds
        self._unsafe = tuple(unsafe)
        self._began_at = clock.monotonic()
        self._last_at: float | None = None
        self.count = 0

    def ask(self, call: Call) -> Answer:
        """Make a call. Raises Unreachable and LimitReached."""
        assert not is_path_of_unsafe(call.path, self._unsafe), f"{call.path} is never called"
        if self.count >= self._bounds.requests_max:
            raise LimitReached(f"{self._bounds.requests_max} requests were made (--requests-max)")
        if self._clock.monotonic() - self._began_at >= self._bounds.seconds_max:
            raise LimitReached(f"{self._bounds.seconds_max:g} seconds are over (--seconds-max)")
        self._wait()
        self.count += 1
        started, at = self._clock.monotonic(), datetime.fromtimestamp(self._clock.real(), UTC)
        reply = self._send(self._base, replace(call, headers=dressed(call, self._token.reveal())))
        return Answer(reply, at, self._clock.monotonic() - started)

    def holds_token(self, reply: Reply) -> bool:
        """Tell whether an answer has our token in it, anywhere."""
        token = self._token.reveal().encode()
        return token in reply.body or any(token in value.encode("utf-8", "replace") for _, value in reply.headers)

    def without_token(self, text: str) -> str:
        """Return a text in which the token, should it be there, is masked."""
        return text.replace(self._token.reveal(), MASK)

    def _wait(self) -> None:
        gap = 1 / self._bounds.requests_per_second + MARGIN_SECONDS
        now = self._clock.monotonic()
        if self._last_at is not None and now - self._last_at < gap:
            self._clock.sleep(gap - (now - self._last_at))
        self._last_at = self._clock.monotonic()


def dressed(call: Call, token: str) -> tuple[tuple[str, str], ...]:
    """Return every header of a call as it is sent, but for the length; an empty value leaves a usual one out."""
    given = {name.lower() for name, _ in call.headers}
    headers = [(name, value) for name, value in USUAL_HEADERS if name.lower() not in given]
    headers += [(name, value) for name, value in call.headers if value]
    if call.body is not None and "content-type" not in given:
        headers.append(("Content-Type", JSON_TYPE))
    return (*headers, *_access(call, token))


def _access(call: Call, token: str) -> Query:
    # A call that spells the token's header in its own way names it without a value.
    spelt = next((name for name, value in call.headers if name.lower() == TOKEN_HEADER and not value), TOKEN_HEADER)
    ways = {
        WITH_TOKEN: ((spelt, token),),
        WITH_WRONG_TOKEN: ((TOKEN_HEADER, WRONG_TOKEN),),
        AS_BEARER: (("Authorization", f"Bearer {token}"),),
    }
    return ways.get(call.access, ())


def network_sender(monotonic: Callable[[], float]) -> Send:
    """Return what sends over HTTP or HTTPS and reads the whole answer, within bounds of bytes and seconds."""

    def send(base: str, call: Call) -> Reply:
        parts = urlsplit(base)
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        ends_at = monotonic() + ANSWER_SECONDS
        try:
            answer = _answer(connection, parts.path + call.target, call)
            body = bytearray()
            while piece := answer.read1(READ_BYTES):
                body += piece
                if len(body) > REPLY_BYTES_MAX or monotonic() > ends_at:
                    raise Unreachable(f"{base} answers too much or too slowly")
            if answer.length:
                raise Unreachable(f"{base} broke off in the middle of an answer")
        except (OSError, HTTPException, ValueError) as broken:
            raise Unreachable(f"{base} does not answer: {_reason(broken)}") from broken
        finally:
            connection.close()
        return Reply(answer.status, tuple(answer.getheaders()), bytes(body))

    return send


def _answer(connection: HTTPConnection, target: str, call: Call) -> HTTPResponse:
    connection.putrequest(call.method, target, skip_accept_encoding=True)
    for name, value in call.headers:
        connection.putheader(name, value)
    if call.body is not None:
        connection.putheader("Content-Length", str(len(call.body)))
    connection.putheader("Connection", "close")
    connection.endheaders(call.body)
    return connection.getresponse()


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=ssl.create_default_context())
    return HTTPConnection(host, port, timeout=ANSWER_SECONDS)


def _reason(broken: Exception) -> str:
    # Messages of http.client quote what was sent or came; only the kind of the failure is told of those.
    if isinstance(broken, OSError) and broken.strerror:
        return broken.strerror
    return "no answer in time" if isinstance(broken, TimeoutError) else type(broken).__name__

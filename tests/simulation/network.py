"""All ways between the programs: worker to bank, worker to ReCORE's receiver, ReCORE to the integrator.

A `Trouble` is set by the story and befalls the next message that it fits. What a message says is not looked at here,
but for the secrets that it carries, which the search for secrets needs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from flask import Flask

from integrator.courier import Parcel, Receipt
from mock_gmo.gateway.connection import ConnectionDropped
from tests.simulation.baton import Actor, Baton

READ_SECONDS = 30.0  # how long a worker waits for the bank's reply
LATE_SECONDS = (31.0, 1500.0)  # how late a message can arrive that its sender has given up
LIMIT_WINDOW_SECONDS = 1.2
BANK, CALLBACK, API = "bank", "callback", "api"
NO_JSON = b"<html><title>Bad Gateway</title></html>"
LIMITED = {"errorCode": "WG_ERR_154", "errorMessage": "APIの利用上限を超過しています。"}

# What can befall a message, by the way that it takes, in the words of the story.
TROUBLES: dict[str, dict[str, str]] = {
    BANK: {
        "refused": "no connection comes about",
        "lost": "the request is lost on its way",
        "reply lost": "the reply is lost on its way",
        "reset": "the connection breaks before the request has arrived",
        "late": "the request arrives long after the sender has given up",
        "slow": "the reply takes its time",
        "twice": "the request arrives twice, and the second reply comes back",
        "twice, later": "the request arrives once more long afterwards",
        "torn": "half of the reply arrives",
        "corrupt": "the reply arrives as noise",
        "garbled": "the request arrives as noise",
        "failed": "the bank carries it out, and a program before it answers with a server error",
        "limited": "a program before the bank answers that the limit is reached",
    },
    CALLBACK: {
        "lost": "the callback is lost on its way",
        "reply lost": "the receiver's answer is lost on its way",
        "late": "the callback arrives long after the sender has given up",
        "twice": "the callback arrives twice",
        "corrupt": "the callback arrives as noise",
        "broken": "the receiver answers 500",
        "slow": "the receiver takes its time",
    },
    API: {
        "lost": "ReCORE's request is lost on its way",
        "reply lost": "ReCORE does not get the answer",
        "twice": "ReCORE's request arrives twice at once",
    },
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What shall befall the next message of this way whose path ends so."""

    way: str
    what: str
    path: str
    number: int = 0


@dataclass
class Network:
    """What all lines share: the troubles that wait, what is told of them, and the secrets that went by."""

    baton: Baton
    tell: Callable[[str], None]
    waiting: list[Trouble] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    address: str = "127.0.0.1"
    limit_broken: str | None = None
    on_order: Callable[[], None] = field(default=lambda: None)  # an order of payouts leaves for the bank
    on_event: Callable[[bytes], None] = field(default=lambda _body: None)  # a callback leaves
    sent: int = 0
    excused: int = 0  # calls that the bank may answer 429 because the story wanted it
    disturbed_at: float = -1e9  # when the world itself last put calls too close together

    def take(self, way: str, path: str) -> Trouble | None:
        """Return, once, the trouble that waits for such a message."""
        for trouble in self.waiting:
            if trouble.way == way and path.endswith(trouble.path):
                self.waiting.remove(trouble)
                return trouble
        return None

    def disturb(self) -> None:
        """Note that the world, not the integrator, decides just now when calls arrive."""
        self.disturbed_at = self.baton.clock.elapsed

    def is_excused(self) -> bool:
        """Whether a 429 of this instant is the story's doing and not the integrator's. Uses an excuse up."""
        if self.baton.clock.elapsed - self.disturbed_at < LIMIT_WINDOW_SECONDS:
            return True
        if self.excused:
            self.excused -= 1
            return True
        return False

    def learn(self, *texts: str | None) -> None:
        """Remember secrets for the search."""
        self.secrets.update(text for text in texts if text)


@dataclass(frozen=True, slots=True)
class Letter:
    """A request to the bank as it left."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def path(self) -> str:
        """The path without query."""
        return urlsplit(self.url).path


class LineToBank(httpx.BaseTransport):
    """The way of one process to the bank."""

    def __init__(self, network: Network, bank: Flask) -> None:
        self._network = network
        self._bank = bank

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request, and befall it with what waits for it."""
        letter = Letter(request.method, str(request.url), tuple(request.headers.multi_items()), request.read())
        network = self._network
        network.sent += 1
        if letter.path.endswith("/transfer/request"):
            network.on_order()
        network.learn(request.headers.get("x-access-token"))
        if letter.path.endswith("/token"):
            asked = parse_qs(letter.body.decode())
            network.learn(
                *(value for name in ("code", "refresh_token", "client_secret") for value in asked.get(name, ()))
            )
        trouble = network.take(BANK, letter.path)
        if trouble is None:
            return self._delivered(letter, request)
        called = "/".join(letter.path.rsplit("/", 2)[-2:])
        network.tell(f"on the line, {called}: {TROUBLES[BANK][trouble.what]}")
        return self._befallen(letter, request, trouble)

    def _befallen(self, letter: Letter, request: httpx.Request, trouble: Trouble) -> httpx.Response:
        network, chance = self._network, Random(trouble.number)  # noqa: S311  (a seeded world)
        sleep = network.baton.sleep
        match trouble.what:
            case "refused":
                raise httpx.ConnectError("connection refused", request=request)
            case "reset":
                raise httpx.ReadError("connection reset by peer", request=request)
            case "lost":
                sleep(READ_SECONDS)
                raise httpx.ReadTimeout("no answer in time", request=request)
            case "late":
                self._later(letter, chance)
                sleep(READ_SECONDS)
                raise httpx.ReadTimeout("no answer in time", request=request)
            case "reply lost":
                self._delivered(letter, request)
                sleep(READ_SECONDS)
                raise httpx.ReadTimeout("no answer in time", request=request)
            case "slow":
                response = self._delivered(letter, request)
                sleep(chance.uniform(0.5, READ_SECONDS - 1))
                return response
            case "twice":
                first = self._delivered(letter, request)
                network.disturb()
                second = self._delivered(letter, request)
                # Whoever doubles a call stands behind the bank's limit: a 429 says that nothing was carried out.
                return first if second.status_code == httpx.codes.TOO_MANY_REQUESTS else second
            case "twice, later":
                self._later(letter, chance)
                return self._delivered(letter, request)
            case "garbled":
                noise = bytes(byte ^ 0x15 for byte in letter.body)
                return self._delivered(Letter(letter.method, letter.url, letter.headers, noise), request)
        return self._answered_badly(letter, request, trouble)

    def _answered_badly(self, letter: Letter, request: httpx.Request, trouble: Trouble) -> httpx.Response:
        match trouble.what:
            case "limited":
                return httpx.Response(429, json=LIMITED, request=request)
            case "torn":
                response = self._delivered(letter, request)
                return _with_content(response, request, response.content[: len(response.content) // 2])
            case "corrupt":
                response = self._delivered(letter, request)
                return _with_content(response, request, bytes(byte ^ 0x55 for byte in response.content))
            case "failed":
                self._delivered(letter, request)
                status = Random(trouble.number).choice((500, 502, 503, 504))  # noqa: S311  (a seeded world)
                return httpx.Response(status, content=NO_JSON, request=request)
        raise AssertionError(f"no such trouble: {trouble.what}")

    def _later(self, letter: Letter, chance: Random) -> None:
        network = self._network

        def arrive() -> None:
            network.disturb()
            try:
                end = f"is answered {self._at_bank(letter).status_code}"
            except ConnectionDropped:
                end = "ends with a broken connection"
            network.disturb()
            network.tell(f"a late request arrives at the bank: {letter.path.rsplit('/', 1)[-1]} {end}, to nobody")

        network.baton.spawn("a late request", arrive, process="network", delay=chance.uniform(*LATE_SECONDS))

    def _delivered(self, letter: Letter, request: httpx.Request) -> httpx.Response:
        try:
            response = self._at_bank(letter)
        except ConnectionDropped:
            raise httpx.ReadError("connection reset by peer", request=request) from None
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS and not self._network.is_excused():
            self._network.limit_broken = f"the bank refused {letter.path} with 429: two calls came within its second"
        return httpx.Response(response.status_code, headers=response.headers, content=response.content, request=request)

    def _at_bank(self, letter: Letter) -> httpx.Response:
        request = httpx.Request(letter.method, letter.url, headers=list(letter.headers), content=letter.body)
        inner = httpx.WSGITransport(app=self._bank, remote_addr=self._network.address)  # type: ignore[arg-type]
        try:
            response = inner.handle_request(request)
            response.read()
        except ConnectionDropped:
            if letter.path.endswith("/token"):
                self._network.disturb()
            raise
        if letter.path.endswith("/token"):
            self._learn_tokens(response)
        return response

    def _learn_tokens(self, response: httpx.Response) -> None:
        try:
            found: Any = json.loads(response.content)
        except ValueError:
            return
        if isinstance(found, dict):
            self._network.learn(found.get("access_token"), found.get("refresh_token"))


def _with_content(response: httpx.Response, request: httpx.Request, content: bytes) -> httpx.Response:
    # The promised length stays, as it does when a connection breaks in the middle.
    return httpx.Response(response.status_code, headers=response.headers, stream=_Bytes(content), request=request)


class _Bytes(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Any:
        yield self._content


class Mail:
    """The way of the callbacks. `take_in` is the receiver: it reads headers and body and returns its HTTP status."""

    def __init__(self, network: Network, take_in: Callable[[dict[str, str], bytes], int]) -> None:
        self._network = network
        self._take_in = take_in

    def post(self, parcel: Parcel) -> Receipt:
        """Carry one callback, and befall it with what waits for it."""
        network = self._network
        network.on_event(parcel.body)
        network.baton.pause("callback on its way")
        trouble = network.take(CALLBACK, "")
        if trouble is None:
            return self._receipt(parcel)
        network.tell(f"on the line: {TROUBLES[CALLBACK][trouble.what]}")
        chance = Random(trouble.number)  # noqa: S311  (a seeded world)
        match trouble.what:
            case "lost":
                network.baton.sleep(5)
                return Receipt("timed_out")
            case "reply lost":
                self._receipt(parcel)
                network.baton.sleep(5)
                return Receipt("timed_out")
            case "late":
                self._later(parcel, delay=chance.uniform(*LATE_SECONDS))
                network.baton.sleep(5)
                return Receipt("timed_out")
            case "twice":
                self._later(parcel, delay=chance.uniform(0, 60))
                return self._receipt(parcel)
            case "slow":
                network.baton.sleep(chance.uniform(2, 4))
                return self._receipt(parcel)
            case "corrupt":
                noise = bytes(byte ^ 0x55 for byte in parcel.body)
                return Receipt("refused", self._take_in(dict(parcel.headers), noise))
            case "broken":
                return Receipt("refused", 500)
        raise AssertionError(f"no such trouble: {trouble.what}")

    def _later(self, parcel: Parcel, *, delay: float) -> Actor:
        return self._network.baton.spawn(
            "a late callback", lambda: self._receipt(parcel), process="network", delay=delay
        )

    def _receipt(self, parcel: Parcel) -> Receipt:
        status = self._take_in(dict(parcel.headers), parcel.body)
        return Receipt("taken" if status < 300 else "refused", status)

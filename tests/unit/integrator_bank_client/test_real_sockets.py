"""The network library and real connections on loopback: how far a call got is what the socket says it was."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest

from integrator.bank_client.calls import Departures, TimeLimits
from integrator.domain.outcome import Accepted, Attempt, Fact, InDoubt, NotCarriedOut, Outcome
from integrator.domain.turns import NoTurn
from tests.unit.integrator_bank_client.bench import ACCESS, APPLY_NO, Bench, accepted, make_body

ANSWER_SECONDS_MAX = 5
BODY = accepted().content
HEAD = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n".encode()


def read_request(connection: socket.socket) -> bytes:
    """Return one whole request: its head, and as much body as the head promises."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(
        next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1]
    )
    while len(body) < length:
        body += _more(connection)
    return body


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("the client closed")
    return piece


class Server:
    """Accepts connections one after the other and treats each as the test says; remembers the bodies it read."""

    def __init__(self, *behaviours: Callable[["Server", socket.socket], None]) -> None:
        self.bodies: list[bytes] = []
        self._behaviours = behaviours
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(ANSWER_SECONDS_MAX)
        self._thread = Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(ANSWER_SECONDS_MAX)
        self._listener.close()

    def _serve(self) -> None:
        for behaviour in self._behaviours:
            connection, _ = self._listener.accept()
            with connection:
                connection.settimeout(ANSWER_SECONDS_MAX)
                behaviour(self, connection)


def close_at_once(_server: Server, _connection: socket.socket) -> None:
    pass


def close_after_reading(server: Server, connection: socket.socket) -> None:
    server.bodies.append(read_request(connection))


def reset_after_reading(server: Server, connection: socket.socket) -> None:
    server.bodies.append(read_request(connection))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answering(*pieces: bytes) -> Callable[[Server, socket.socket], None]:
    def answer(server: Server, connection: socket.socket) -> None:
        server.bodies.append(read_request(connection))
        for piece in pieces:
            connection.sendall(piece)

    return answer


def fall_silent(server: Server, connection: socket.socket) -> None:
    server.bodies.append(read_request(connection))
    connection.recv(1)  # until the client gives up


@contextmanager
def client_of(url: str, *, gate: Departures | None = None) -> Iterator[Callable[[], Outcome]]:
    limits = TimeLimits(1.0, 0.3)
    bench = Bench(httpx.Response(500), is_real=True, base_url=url, limits=limits, departures=gate)
    with bench.http:
        yield lambda: bench.bank.request_transfer(ACCESS, make_body(), key="nk-1", attempt=Attempt.FIRST)


@pytest.mark.parametrize(
    ("behaviour", "fact", "reads"),
    [
        (close_at_once, Fact.BROKEN, 0),
        (close_after_reading, Fact.BROKEN, 1),
        (reset_after_reading, Fact.BROKEN, 1),
        (answering(b"HTTP/1.1 20"), Fact.BROKEN, 1),
        (answering(b"no HTTP at all\r\n\r\n"), Fact.BROKEN, 1),
        (answering(HEAD, b"\r\n", BODY[:-5]), Fact.BROKEN, 1),
        (answering(b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"ap'), Fact.BROKEN, 1),
        (answering(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n", BODY[:-5]), Fact.UNREADABLE, 1),
        (fall_silent, Fact.TIMED_OUT, 1),
    ],
)
def test_a_connection_that_ends_badly_is_a_doubt_and_nothing_is_sent_twice(
    behaviour: Callable[[Server, socket.socket], None], fact: Fact, reads: int
) -> None:
    with Server(behaviour) as server, client_of(server.url) as order:
        outcome = order()

    assert isinstance(outcome, InDoubt)
    assert outcome.fact is fact
    assert server.bodies == [make_body()] * reads


def test_a_port_where_nobody_listens_is_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with client_of(url) as order:
        assert order() == NotCarriedOut(Fact.NOT_CONNECTED)


def test_a_server_without_tls_never_sees_an_order_meant_for_tls() -> None:
    def no_tls(server: Server, connection: socket.socket) -> None:
        server.bodies.append(_more(connection))
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Server(no_tls) as server, client_of(server.url.replace("http:", "https:")) as order:
        assert order() == NotCarriedOut(Fact.NOT_CONNECTED)
    assert b"accountId" not in server.bodies[0]


def test_every_call_has_a_connection_of_its_own() -> None:
    def good_and_open(server: Server, connection: socket.socket) -> None:
        answering(HEAD, b"\r\n", BODY)(server, connection)
        with pytest.raises(ConnectionError):
            _more(connection)  # the client closes, though we would have kept it open

    with Server(good_and_open, good_and_open) as server, client_of(server.url) as order:
        assert [order(), order()] == [Accepted(APPLY_NO, "2")] * 2

    assert server.bodies == [make_body()] * 2


class RecordingGate:
    """Tells what it was told, in order; lets nothing leave when it is closed."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.heard: list[str] = []
        self._is_open = is_open

    def depart(self) -> None:
        self.heard.append("depart")
        if not self._is_open:
            raise NoTurn("closed")

    def arrived(self, status: int | None) -> None:
        self.heard.append(f"arrived {status}")

    def travelled(self, seconds: float) -> None:
        self.heard.append("connected")


def test_a_call_connects_first_and_leaves_at_its_slot() -> None:
    gate = RecordingGate()
    with Server(answering(HEAD, b"\r\n", BODY)) as server, client_of(server.url, gate=gate) as order:
        assert isinstance(order(), Accepted)

    assert gate.heard == ["connected", "depart", "arrived 201"]


def test_not_one_byte_leaves_without_a_turn() -> None:
    gate = RecordingGate(is_open=False)
    received: list[bytes] = []

    def listen(_server: Server, connection: socket.socket) -> None:
        received.append(connection.recv(65536))

    with Server(listen) as server, client_of(server.url, gate=gate) as order:
        assert order() == NotCarriedOut(Fact.NOT_CONNECTED)

    assert received == [b""]
    assert gate.heard == ["connected", "depart", "arrived None"]

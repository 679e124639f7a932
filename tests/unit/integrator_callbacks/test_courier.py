"""One post over real connections on loopback: within its time, to checked addresses, following nobody."""

import socket
import ssl
from collections.abc import Callable
from itertools import count

import pytest

from integrator.courier import TOTAL_SECONDS, Courier, Parcel, Receipt
from tests.unit.integrator_bank_client.test_real_sockets import Server, read_request

BODY = b'{"event_id":"ev_1"}'
NOT_ENCRYPTED = ssl.create_default_context()


def loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def make_courier(
    resolve: Callable[[str, int], list[str]] = loopback,
    *,
    is_local: bool = True,
    timer: Callable[[], float] = lambda: 0.0,
) -> Courier:
    return Courier(is_local=is_local, resolve=resolve, timer=timer, ssl_context=NOT_ENCRYPTED)


def post(url: str, courier: Courier | None = None) -> Receipt:
    parcel = Parcel(f"{url}/hook", (("Content-Type", "application/json"), ("webhook-id", "ev_1")), BODY)
    return (courier or make_courier()).post(parcel)


def answering(head: str) -> Callable[[Server, socket.socket], None]:
    def behave(server: Server, connection: socket.socket) -> None:
        server.bodies.append(read_request(connection))
        connection.sendall(f"HTTP/1.1 {head}\r\n\r\n".encode())

    return behave


@pytest.mark.parametrize(
    ("head", "receipt"),
    [
        ("200 OK\r\nContent-Length: 0", Receipt("taken", 200)),
        ("204 No Content", Receipt("taken", 204)),
        ("301 Moved Permanently\r\nLocation: http://127.0.0.1/elsewhere", Receipt("redirected", 301)),
        ("307 Temporary Redirect\r\nLocation: http://169.254.169.254/", Receipt("redirected", 307)),
        ("400 Bad Request", Receipt("refused", 400)),
        ("410 Gone", Receipt("refused", 410)),
        ("500 Internal Server Error", Receipt("refused", 500)),
        ("200 OK\r\nContent-Length: 999999999", Receipt("taken", 200)),
    ],
)
def test_the_status_alone_decides_and_no_redirect_is_followed(head: str, receipt: Receipt) -> None:
    with Server(answering(head)) as server:
        assert post(server.url) == receipt

    assert server.bodies == [BODY]


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2"])
def test_an_answer_that_is_none_is_told_as_broken(answer: bytes) -> None:
    def behave(server: Server, connection: socket.socket) -> None:
        server.bodies.append(read_request(connection))
        connection.sendall(answer)

    with Server(behave) as server:
        assert post(server.url) == Receipt("broken")


def test_an_answer_that_trickles_in_gains_no_time_by_it() -> None:
    seconds = count(0, TOTAL_SECONDS / 6)

    def trickle(server: Server, connection: socket.socket) -> None:
        server.bodies.append(read_request(connection))
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return

    with Server(trickle) as server:
        assert post(server.url, make_courier(timer=lambda: next(seconds))) == Receipt("timed_out")


def test_nobody_listening_is_told_as_not_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert post(f"http://127.0.0.1:{port}") == Receipt("not_connected")


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["169.254.169.254"], ["13.113.217.217", "127.0.0.1"], ["::ffff:10.0.0.1"], ["fd00::1"]]
)
def test_a_name_that_leads_inside_is_not_called_even_when_one_address_is_good(addresses: list[str]) -> None:
    courier = make_courier(lambda _host, _port: addresses, is_local=False)

    assert post("https://recore.example", courier) == Receipt("address_forbidden")


def test_a_name_is_resolved_once_and_called_at_the_address_that_was_checked() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    with Server(answering("204 No Content")) as server:
        port = server.url.rpartition(":")[2]
        receipt = post(f"http://recore.example:{port}", make_courier(lambda _host, _port: next(answers)))

    assert receipt == Receipt("taken", 204)
    assert next(answers) == ["10.0.0.1"], "the second answer was never asked for"


def test_a_name_without_an_address_is_told_so() -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    assert post("https://recore.example", make_courier(resolve)) == Receipt("name_unresolved")


def test_a_host_that_speaks_no_tls_is_told_as_not_connected() -> None:
    def speak_clear(_server: Server, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with Server(speak_clear) as server:
        assert post(server.url.replace("http:", "https:")) == Receipt("not_connected")

"""The real way out, against real sockets: every end that an attempt can have, each within its time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mock_gmo.notifications.messages import Outcome
from mock_gmo.notifications.posting import post_notification
from mock_gmo.notifications.sending import DeliveryFailed

LIMIT = 0.3
PATIENCE = 20.0
Answer = Callable[[socket.socket, threading.Event], None]


@contextmanager
def receiver(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A receiver that reads one request, then does what `answer` says; gives its URL and the bytes that came."""
    came: list[bytes] = []
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                came.append(read_request(connection))
                answer(connection, done)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/notified?shop=1", came
        finally:
            done.set()
            thread.join(PATIENCE)


def read_request(connection: socket.socket) -> bytes:
    content = b""
    while b"\r\n\r\n" not in content or not content.endswith(b"}"):
        content += connection.recv(65_536)
    return content


def with_status(line: str) -> Answer:
    def answer(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode())

    return answer


def hanging(connection: socket.socket, done: threading.Event) -> None:
    done.wait(PATIENCE)


def dribbling(connection: socket.socket, done: threading.Event) -> None:
    """One byte of a status line now and then: no single read is late, the answer is."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500:
            connection.sendall(bytes([byte]))
            if done.wait(0.05):
                return
    except OSError:
        return


def cutting(connection: socket.socket, done: threading.Event) -> None:
    connection.close()


def cutting_in_the_middle(connection: socket.socket, done: threading.Event) -> None:
    connection.sendall(b"HTTP/1.")


def babbling(connection: socket.socket, done: threading.Event) -> None:
    connection.sendall(b"no http at all\r\n\r\n")


def post(url: str, *, answer_seconds: float = PATIENCE) -> int:
    headers = {"Content-Type": "application/json;charset=UTF-8", "x-eventType": "va-deposit-transaction"}
    return post_notification(url, headers, b'{"messageId":"1"}', answer_seconds=answer_seconds)


@pytest.mark.parametrize(
    ("line", "status"),
    [("200 OK", 200), ("201 Created", 201), ("204 No Content", 204), ("500 Failed", 500),
     ("302 Found\r\nLocation: http://127.0.0.1:1/elsewhere", 302)],
)  # fmt: skip
def test_the_status_of_the_answer_comes_back_and_no_redirect_is_followed(line: str, status: int) -> None:
    with receiver(with_status(line)) as (url, came):
        assert post(url) == status
    assert len(came) == 1


def test_the_request_is_one_post_with_the_bytes_and_header_fields_given() -> None:
    with receiver(with_status("200 OK")) as (url, came):
        post(url)

    head, _, body = came[0].partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    assert lines[0] == "POST /notified?shop=1 HTTP/1.1"
    assert "Content-Length: 17" in lines
    assert "x-eventType: va-deposit-transaction" in lines
    assert body == b'{"messageId":"1"}'


@pytest.mark.parametrize("answer", [hanging, dribbling])
def test_a_receiver_that_takes_too_long_has_not_answered(answer: Answer) -> None:
    with receiver(answer) as (url, _), pytest.raises(DeliveryFailed) as failed:
        post(url, answer_seconds=LIMIT)
    assert failed.value.outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize("answer", [cutting, cutting_in_the_middle, babbling])
def test_a_connection_that_breaks_is_no_answer_either(answer: Answer) -> None:
    with receiver(answer) as (url, _), pytest.raises(DeliveryFailed) as failed:
        post(url)
    assert failed.value.outcome is Outcome.NOT_CONNECTED


def test_nobody_listening_and_no_tls_are_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for scheme in ("http", "https"):
        with pytest.raises(DeliveryFailed) as failed:
            post(f"{scheme}://127.0.0.1:{port}/n")
        assert failed.value.outcome is Outcome.NOT_CONNECTED

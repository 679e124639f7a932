"""What arrives on a real socket, whole or not, is answered or cut off within seconds, and the bank goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.unit.gateway.calling import ACCOUNT_ID, CONTROL

ROOT = Path(__file__).resolve().parents[2]
# More than the silence that the server bears, less than anybody's patience.
PATIENCE_SECONDS = 9.0
DEPOSIT = json.dumps({"account_id": ACCOUNT_ID, "amount": 7, "remitter_name": "TEST"}).encode()
HEAD = (
    b"POST /_sandbox/v1/deposits HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED: dict[str, bytes] = {
    "another protocol": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "a version to come": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "a path without end": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a path that is no ASCII": b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "a header without end": HEAD + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
    "headers without number": HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(300)) + b"\r\n",
    "NUL in a header": HEAD + b"X-Nul: a\x00b\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a length and chunks": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a length beyond the bound": HEAD + b"Content-Length: 99999999999\r\n\r\n{}",
    "a body beyond the bound": HEAD + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000,
    "chunks beyond the bound": CHUNKED + b"100000\r\n" + b"x" * 0x100000 + b"\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n",
    "a chunk that lies about its size": CHUNKED + b"2\r\n" + DEPOSIT + b"\r\n0\r\n\r\n",
    "no host": b"POST /_sandbox/v1/deposits HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "another method": b"BREW /_sandbox/v1/deposits HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "everything at once": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
}
HALVES: dict[str, bytes] = {
    "nothing": b"",
    "half a head": HEAD[:-2],
    "half a body": HEAD + b"Content-Length: %d\r\n\r\n" % len(DEPOSIT) + DEPOSIT[:-1],
    "half a chunk": CHUNKED + b"%x\r\n" % len(DEPOSIT) + DEPOSIT[:-1],
    "no last chunk": CHUNKED + b"%x\r\n" % len(DEPOSIT) + DEPOSIT + b"\r\n",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bank in a process of its own."""
    folder = tmp_path_factory.mktemp("served")
    ready = folder / "url"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_gmo", "serve", "--port", "0", "--ready-file", str(ready)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    process.stdout.readline()
    yield ready.read_text(encoding="utf-8").strip()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=PATIENCE_SECONDS)


def answer_to(url: str, content: bytes) -> bytes:
    """Send bytes and return all that comes until the bank closes; a bank that does neither fails by its timeout."""
    with connect(url) as connection:
        answer = b""
        try:
            connection.sendall(content)
            while more := connection.recv(65_536):
                answer += more
        except ConnectionError:
            # Whoever sends more than is read is reset; what came before counts.
            return answer
        return answer


def balance(url: str) -> int:
    return int(httpx.get(f"{url}{CONTROL}/postings/check").json()["balances"][ACCOUNT_ID])


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_and_changes_nothing(url: str, name: str) -> None:
    before = balance(url)

    answer = answer_to(url, REFUSED[name])

    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert balance(url) == before


def test_chunks_are_as_good_as_a_length(url: str) -> None:
    before = balance(url)
    first, second = DEPOSIT[:20], DEPOSIT[20:]
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(first), first, len(second), second)

    assert answer_to(url, CHUNKED + chunks).startswith(b"HTTP/1.1 201")
    assert balance(url) == before + 7


@pytest.mark.parametrize("name", HALVES)
def test_clients_that_end_in_the_middle_of_a_call_have_done_nothing(url: str, name: str) -> None:
    before = balance(url)
    for _ in range(10):
        with connect(url) as connection:
            connection.sendall(HALVES[name])

    assert balance(url) == before


def test_clients_that_fall_silent_keep_nobody_waiting_for_long(url: str) -> None:
    before = balance(url)
    silent = []
    for content in HALVES.values():
        for _ in range(2):
            silent.append(connect(url))
            silent[-1].sendall(content)
    try:
        found = httpx.get(f"{url}{CONTROL}/postings/check", timeout=3 * PATIENCE_SECONDS).json()
    finally:
        for connection in silent:
            connection.close()

    assert found["balances"][ACCOUNT_ID] == before

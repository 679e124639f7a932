"""A cheap load client: one thread, a few keep-alive connections, raw sockets; a process of its own beside the server.

Reads one `Load` as JSON from standard input and prints one `Tally` as JSON. It only speaks to loopback, stops at its
time or its number of requests, and fails at the first reply whose status is not the expected one.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

CONNECTIONS_MAX: Final = 64
SECONDS_MAX: Final = 60.0
REQUESTS_MAX: Final = 200_000
SILENCE_SECONDS_MAX: Final = 10.0
RECEIVE_BYTES: Final = 65_536
NUMBER: Final = b"{number}"  # in a request: replaced by a number that no other request has
NUMBER_WIDTH: Final = 12

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class LoadFailed(Exception):
    """The server did not answer as expected; the message shows the beginning of what came."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send where. `request` is the text of a whole HTTP request; the first `warm_up_seconds` do not count."""

    port: int
    request: str
    status: int
    connections: int
    seconds: float
    warm_up_seconds: float
    first_number: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many replies came in how many seconds, and how many requests were sent in all, warm-up included."""

    replies_count: int
    seconds: float
    sent_count: int

    @property
    def per_second(self) -> float:
        """Replies a second."""
        return self.replies_count / self.seconds


class _Line:
    """One connection: what has arrived of the present reply."""

    __slots__ = ("arrived", "connection", "expected")

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS_MAX)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.arrived = b""
        self.expected = 0

    def receive(self, expected_start: bytes) -> bool:
        """Take in what is there; True when the reply is whole. Raises LoadFailed for another status or a closed end."""
        part = self.connection.recv(RECEIVE_BYTES)
        self.arrived += part
        if not part:
            raise LoadFailed(f"the server closed the connection after {self.arrived[:200]!r}")
        if not self.expected:
            self.expected = _whole_length(self.arrived)
        if not self.expected or len(self.arrived) < self.expected:
            return False
        if not self.arrived.startswith(expected_start):
            came = self.arrived[:400].decode("utf-8", "replace")
            raise LoadFailed(f"expected {expected_start.decode()}, came {came}")
        self.arrived, self.expected = b"", 0
        return True


def run(load: Load) -> Tally:
    """Send the load and count. Raises LoadFailed."""
    assert 0 < load.connections <= CONNECTIONS_MAX, "connections out of bounds"
    assert 0 < load.warm_up_seconds + load.seconds <= SECONDS_MAX, "seconds out of bounds"
    request, start = load.request.encode(), f"HTTP/1.1 {load.status} ".encode()
    lines = [_Line(load.port) for _ in range(load.connections)]
    with selectors.DefaultSelector() as selector:
        try:
            for number, line in enumerate(lines, start=load.first_number):
                selector.register(line.connection, selectors.EVENT_READ, line)
                line.connection.sendall(_numbered(request, number))
            return _exchange(selector, load, request, start)
        finally:
            for line in lines:
                line.connection.close()


def _exchange(selector: selectors.BaseSelector, load: Load, request: bytes, start: bytes) -> Tally:
    clock = time.perf_counter
    sent = load.connections
    counted_from = clock() + load.warm_up_seconds
    until = counted_from + load.seconds
    counted = 0
    while True:
        ready = selector.select(SILENCE_SECONDS_MAX)
        if not ready:
            raise LoadFailed(f"no reply for {SILENCE_SECONDS_MAX:g} s")
        now = clock()
        for key, _ in ready:
            line: _Line = key.data
            if not line.receive(start):
                continue
            counted += now >= counted_from
            line.connection.sendall(_numbered(request, load.first_number + sent))
            sent += 1
        if now >= until or sent >= REQUESTS_MAX:
            return Tally(counted, max(now - counted_from, 1e-9), sent)


def _numbered(request: bytes, number: int) -> bytes:
    return request.replace(NUMBER, b"%0*d" % (NUMBER_WIDTH, number), 1)


def _whole_length(arrived: bytes) -> int:
    """Return the length of head and body together once the head is there; 0 before."""
    head_end = arrived.find(_HEAD_END)
    if head_end < 0:
        return 0
    head = arrived[:head_end].lower()
    at = head.find(_LENGTH)
    if at < 0:
        raise LoadFailed(f"a reply without Content-Length: {arrived[:400]!r}")
    line_end = head.find(b"\r", at)
    digits = head[at + len(_LENGTH) : line_end if line_end >= 0 else len(head)]
    return head_end + len(_HEAD_END) + int(digits)


def main() -> int:
    """Read, run, print. 1 when the server did not answer as expected."""
    told: dict[str, Any] = json.load(sys.stdin)
    try:
        tally = run(Load(**told))
    except (LoadFailed, OSError) as failure:
        print(f"load: {failure}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(tally)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

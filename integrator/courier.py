"""One callback over the network: to a checked address, within a time, without following where the receiver points.

The name is resolved here and the connection goes to the very address that was checked, so that a name that
changes its mind in between (DNS rebinding) gains nothing. Nothing of the reply is read but its status.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore

from integrator.domain.callback import may_connect

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0  # from the name's address to the status, however slowly either side sends
USER_AGENT = "gmo-bank-integrator"

Resolve = Callable[[str, int], list[str]]
"""(host, port) -> IP addresses. Raises OSError for a name that has none."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is posted, and where."""

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How it went. `status` is None when nobody answered, and `outcome` says why in a word."""

    outcome: str
    status: int | None = None

    @property
    def is_taken(self) -> bool:
        """True when the receiver said so with a 2xx."""
        return self.status is not None and 200 <= self.status < 300


Post = Callable[[Parcel], Receipt]


class _AddressForbidden(httpcore.ConnectError):
    pass


class _NameUnresolved(httpcore.ConnectError):
    pass


class Courier:
    """Posts to receivers. Never raises for anything that a receiver or a name server can do."""

    def __init__(
        self, *, is_local: bool, resolve: Resolve, timer: Callable[[], float], ssl_context: ssl.SSLContext
    ) -> None:
        self._is_local = is_local
        self._resolve = resolve
        self._timer = timer
        self._ssl_context = ssl_context

    def post(self, parcel: Parcel) -> Receipt:
        """Send once and return what became of it, within about TOTAL_SECONDS and the time that its name takes."""
        backend = _CheckedNetwork(
            self._resolve, self._timer, is_local=self._is_local, is_encrypted=urlsplit(parcel.url).scheme == "https"
        )
        headers = [("User-Agent", USER_AGENT), ("Connection", "close"), *parcel.headers]
        limits = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS, "pool": TOTAL_SECONDS}
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._ssl_context, max_keepalive_connections=0, network_backend=backend
                ) as pool,
                pool.stream(
                    "POST", parcel.url, headers=headers, content=parcel.body, extensions={"timeout": limits}
                ) as response,
            ):
                return _receipt(response.status)
        except _AddressForbidden:
            return Receipt("address_forbidden")
        except _NameUnresolved:
            return Receipt("name_unresolved")
        except httpcore.TimeoutException:
            return Receipt("timed_out")
        except httpcore.ConnectError:
            return Receipt("not_connected")
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return Receipt("broken")


def system_addresses(host: str, port: int) -> list[str]:
    """Return the addresses that this machine's resolver knows for a host. Raises OSError when it knows none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _receipt(status: int) -> Receipt:
    if 200 <= status < 300:
        return Receipt("taken", status)
    return Receipt("redirected" if 300 <= status < 400 else "refused", status)


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing take longer than the whole may take."""

    def __init__(self, resolve: Resolve, timer: Callable[[], float], *, is_local: bool, is_encrypted: bool) -> None:
        self._resolve = resolve
        self._timer = timer
        self._deadline = timer() + TOTAL_SECONDS
        self._is_local = is_local
        self._is_encrypted = is_encrypted
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check every address, connect to the first."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise _NameUnresolved("the name has no address")
        # One bad address among good ones is how a check is slipped past: then none is used.
        allowed = {"is_local": self._is_local, "is_encrypted": self._is_encrypted}
        if not all(may_connect(address, **allowed) for address in addresses):
            raise _AddressForbidden("the address is not public")
        stream = self._sockets.connect_tcp(addresses[0], port, self.bounded(timeout), local_address, socket_options)
        return _BoundedStream(stream, self.bounded)

    def bounded(self, timeout: float | None) -> float:
        """Return the time that the next step may take. Raises ReadTimeout when there is none left."""
        left = self._deadline - self._timer()
        if left <= 0:
            raise httpcore.ReadTimeout("the receiver takes too long")
        return left if timeout is None else min(left, timeout)


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose steps share one deadline: a reply that trickles in gains no time by it."""

    def __init__(self, inner: httpcore.NetworkStream, bounded: Callable[[float | None], float]) -> None:
        self._inner = inner
        self._bounded = bounded

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._bounded(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _BoundedStream(
            self._inner.start_tls(ssl_context, server_hostname, self._bounded(timeout)), self._bounded
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

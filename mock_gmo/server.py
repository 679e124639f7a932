"""Serving one bank: one process with eight threads, because its state lives in its memory. Quick to start and to stop.

How to choose the server was measured; connection faults need the socket, which gunicorn hands out. No rule lives here.
"""

import errno
import gc
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication
from gunicorn.errors import HaltServer

THREADS: Final = 8
BACKLOG: Final = 256
KEEPALIVE_SECONDS: Final = 75
# Within this time calls under way may finish after a signal; then the process ends.
STOP_SECONDS: Final = 1
# For so long a client may be silent in the middle of its call, or leave its reply unread, before it is cut off.
SILENCE_SECONDS: Final = 5
UNREAD_SECONDS: Final = 30
GARBAGE_THRESHOLDS: Final = (10_000, 50, 20)


class Beside(Protocol):
    """Something that works beside the answering of calls."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, soon."""


class PortTaken(OSError):
    """The address cannot be listened on; the message says which and how to choose another."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on host and port (0 = any free one). Raises PortTaken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as taken:
        way_out = (
            "choose another address with --host H or MOCK_GMO_HOST=H"
            if isinstance(taken, socket.gaierror) or taken.errno == errno.EADDRNOTAVAIL
            else "choose another port with --port N or MOCK_GMO_PORT=N (0 takes any free one)"
        )
        raise PortTaken(f"cannot listen on {host} port {port}: {taken.strerror or taken}; {way_out}") from taken
    _bound_waiting(listener)
    return listener


def _bound_waiting(listener: socket.socket) -> None:
    """Keep eight silent clients from taking all eight threads; connections have these options from their listener."""
    for option, seconds in ((socket.SO_RCVTIMEO, SILENCE_SECONDS), (socket.SO_SNDTIMEO, UNREAD_SECONDS)):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))
    if hasattr(socket, "TCP_DEFER_ACCEPT"):
        # Who has connected and said nothing yet, as browsers do, waits outside.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENCE_SECONDS)


def base_url(listener: socket.socket) -> str:
    """Return the URL under which the socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    application: WSGIApplication,
    listener: socket.socket,
    *,
    ready_file: Path | None,
    ready: Callable[[str], None],
    beside: Beside | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; does not return. `ready` gets the base URL once calls are answered.

    `beside` works in the process that answers, from before the first call to after the last.

    The process ends with 0 after a signal, and with 1 when the worker died: its state is gone, and a fresh one in
    its place would answer as if nothing had ever been paid.
    """
    url = base_url(listener)

    def tell_ready(_worker: object) -> None:
        if beside is not None:
            beside.start()
        if ready_file is not None:
            _write_whole(ready_file, url + "\n")
        ready(url)

    def stop_beside(_server: object, _worker: object) -> None:
        if beside is not None:
            beside.stop()

    options = {
        "bind": [f"fd://{listener.fileno()}"],
        "worker_class": "gthread",
        "workers": 1,
        "threads": THREADS,
        "backlog": BACKLOG,
        "keepalive": KEEPALIVE_SECONDS,
        "timeout": 0,
        "graceful_timeout": STOP_SECONDS,
        "loglevel": "warning",
        "control_socket_disable": True,
        "forwarded_allow_ips": "",
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108  (a heartbeat file)
        "post_worker_init": tell_ready,
        "worker_exit": stop_beside,
        "child_exit": _end_with_worker,
    }
    # Applications and bookings only pile up and form no cycles: looking through all of them, again and again, for
    # garbage took a tenth of every request and 200 ms at a time.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    _Server(application, options).run()


class _Server(BaseApplication):  # type: ignore[misc]
    """Hands application and options to gunicorn, past its own command line and files."""

    def __init__(self, application: WSGIApplication, options: dict[str, Any]) -> None:
        self._application = application
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        return self._application


def _end_with_worker(server: Any, _worker: object) -> None:
    # While it stops, the server has closed its sockets already, and the worker's end is what it waits for.
    if server.LISTENERS:
        raise HaltServer("the bank's process ended and its state is lost", 1)


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that who waits for it never reads half of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)

"""The world of tests/world.py behind two real sockets on loopback, so that a browser can visit it.

The servers run in threads of this process; workers still step when a test tells them to, or while the web waits.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.world import Addresses, World, build_world

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Says nothing about requests: their lines would hold codes."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextlib.contextmanager
def world_online(database_url: str) -> Iterator[tuple[World, Addresses]]:
    """Yield a world that is reached under these addresses. At the end its threads and sockets are gone."""
    with contextlib.ExitStack() as stack:
        bank, web = (stack.enter_context(socket.create_server((HOST, 0))) for _ in range(2))
        addresses = Addresses(bank_url=_url(bank), public_url=_url(web))
        world = build_world(database_url, addresses=addresses)
        stack.callback(world.close)
        stack.enter_context(_served(world.bank_app, bank))
        stack.enter_context(_served(world.web_app, web))
        yield world, addresses


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


@contextlib.contextmanager
def _served(app: WSGIApplication, listener: socket.socket) -> Iterator[None]:
    host, port = listener.getsockname()
    server = make_server(host, port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name=f"serving-{port}")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The edge between the application and the connection: a reply that is never sent, or breaks off in the middle.

Flask turns exceptions into replies, so the decision travels in the WSGI environment and is carried out here,
outside of Flask.
"""

import errno
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DROP: Final = "mock_gmo.drop"
TRUNCATE: Final = "mock_gmo.truncate"
SERVER_SOCKET: Final = "gunicorn.socket"
# On, and zero seconds: closing discards what waits and resets the connection, so that not one byte arrives.
_RESET: Final = struct.pack("ii", 1, 0)


class ConnectionDropped(ConnectionResetError):
    """The bank closed the connection. The server takes it for a reset; a test transport makes a network error of it."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "connection closed by a fault")


class ConnectionEdge:
    """Wraps the application; lets through every reply but those that a fault takes away."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        content = self._application(environ, start_response)
        if DROP in environ:
            _close(content)
            drop_connection(environ)
            raise ConnectionDropped
        if TRUNCATE in environ:
            return _first_half(content, environ)
        return content


def drop_connection(environ: WSGIEnvironment) -> None:
    """Reset the client's connection, where the server hands it out; in process there is none."""
    connection = environ.get(SERVER_SOCKET)
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.close()


def _first_half(content: Iterable[bytes], environ: WSGIEnvironment) -> Iterator[bytes]:
    whole = b"".join(content)
    _close(content)
    yield whole[: len(whole) // 2]
    # The bytes must leave before the end comes, so this is an orderly end and not a reset.
    connection = environ.get(SERVER_SOCKET)
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionDropped


def _close(content: Any) -> None:
    if hasattr(content, "close"):
        content.close()

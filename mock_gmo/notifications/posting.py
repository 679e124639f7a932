"""The real way out: one POST over HTTP or HTTPS, its whole answer bounded in time, no redirect followed, no proxy."""

import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR
from threading import Event, Timer
from typing import Final
from urllib.parse import urlsplit

from mock_gmo.notifications.messages import Outcome
from mock_gmo.notifications.sending import DeliveryFailed

HTTPS: Final = "https"


def post_notification(url: str, headers: Mapping[str, str], body: bytes, *, answer_seconds: float) -> int:
    """Return the status of the receiver's answer; its body is not read.

    Raises DeliveryFailed: NOT_CONNECTED when nobody listens or the connection breaks, NO_ANSWER when the time is over.
    """
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, answer_seconds=answer_seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    is_over = Event()
    watch = Timer(answer_seconds, _cut, (connection, is_over))
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
        if is_over.is_set():
            raise TimeoutError
        connection.request("POST", target, body=body, headers=dict(headers))
        return connection.getresponse().status
    except TimeoutError as late:
        raise DeliveryFailed(Outcome.NO_ANSWER) from late
    except (OSError, HTTPException, ValueError) as broken:
        raise DeliveryFailed(Outcome.NO_ANSWER if is_over.is_set() else Outcome.NOT_CONNECTED) from broken
    finally:
        watch.cancel()
        connection.close()


def _connection(scheme: str, host: str, port: int | None, *, answer_seconds: float) -> HTTPConnection:
    if scheme == HTTPS:
        return HTTPSConnection(host, port, timeout=answer_seconds, context=ssl.create_default_context())
    return HTTPConnection(host, port, timeout=answer_seconds)


def _cut(connection: HTTPConnection, is_over: Event) -> None:
    """A receiver that sends one byte now and then keeps every single read in time, but not the whole answer."""
    is_over.set()
    sock = connection.sock
    if sock is not None:
        try:
            # A read under way ends by this, and not by a mere close.
            sock.shutdown(SHUT_RDWR)
        except OSError:
            return

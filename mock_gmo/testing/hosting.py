"""Banks for tests: one application for the whole run, and a world of its own for each test, in process or on a port.

A world costs a millisecond; the application, and the port when somebody asks for it, are made once.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from threading import Thread
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import httpx
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from mock_gmo.app import create_app, worlds_of
from mock_gmo.gateway.connection import SERVER_SOCKET, ConnectionDropped
from mock_gmo.notifications.posting import post_notification
from mock_gmo.settings import Settings
from mock_gmo.testing.bank import TIMEOUT_SECONDS, Bank
from mock_gmo.worlds import PREFIX

BEGIN: Final = datetime(2026, 3, 31, 3, 0, tzinfo=UTC)
NOON: Final = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
IN_PROCESS_URL: Final = "http://127.0.0.1:8310"
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Wish:
    """What a test wants its world to be.

    By default noon of a business day in Japan (Wednesday, 1 April 2026) at the default scenario's bank, no request
    limit, ids and tokens that are the same at every run. `at` is an aware instant from the day before on.
    """

    scenario: str | None = None
    seed: int | None = 1
    at: datetime = NOON
    requests_per_second: int | None = None
    confirmation_required: bool | None = None


class BankInProcess(Bank):
    """A bank behind a transport: no socket, no waiting. `wsgi` is the same for clients that speak WSGI."""

    def __init__(self, wsgi: WSGIApplication, *, name: str) -> None:
        self.name = name
        self.wsgi = wsgi
        http = httpx.Client(base_url=IN_PROCESS_URL, transport=self.transport(), trust_env=False)
        super().__init__(IN_PROCESS_URL, http)

    def transport(self) -> httpx.BaseTransport:
        """Return a transport for one more httpx.Client; faults of the connection become its network errors."""
        return _InProcess(self.wsgi)


class Host:
    """The application with its worlds. `monotonic` and `sleep` are those of the machine."""

    def __init__(self, *, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        began = monotonic()
        self._app = create_app(
            Settings(),
            real_time=lambda: BEGIN.timestamp() + monotonic() - began,
            monotonic=monotonic,
            random_source=SystemRandom(),
            sleep=sleep,
            send_notification=post_notification,
        )
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def open(self, wish: Wish) -> BankInProcess:
        """Make a world and return it in process. Raises whatever keeps it from being as wished."""
        world = worlds_of(self._app).create(scenario=wish.scenario, seed=wish.seed)
        bank = BankInProcess(_in_world(self._app.wsgi_app, world.name), name=world.name)
        with ExitStack() as unless_as_wished:
            unless_as_wished.callback(self.drop, bank)
            bank.clock.stop()
            bank.clock.go_to(wish.at)
            bank.limit_requests(wish.requests_per_second)
            if wish.confirmation_required is not None:
                bank.change_customer(confirmation_required=wish.confirmation_required)
            unless_as_wished.pop_all()
        return bank

    def serve(self, bank: BankInProcess) -> Bank:
        """Return the same world behind a port of this machine, which is opened now if it is not yet."""
        if self._server is None:
            self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_Handler)
            self._thread = Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True, name="gmo-bank")
            self._thread.start()
        url = f"http://127.0.0.1:{self._server.server_port}{PREFIX}{bank.name}"
        # No call of it is encrypted, and to load the authorities that it would trust takes longer than a test.
        trusts_nobody = SSLContext(PROTOCOL_TLS_CLIENT)
        return Bank(url, httpx.Client(base_url=url, verify=trusts_nobody, trust_env=False, timeout=TIMEOUT_SECONDS))

    def drop(self, bank: BankInProcess) -> None:
        """Forget a world."""
        bank.close()
        worlds_of(self._app).drop(bank.name)

    def close(self) -> None:
        """Close the port, if one was opened."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _InProcess(httpx.BaseTransport):
    """Calls the application, and turns a connection that it closed into the error that a socket would give."""

    def __init__(self, wsgi: WSGIApplication) -> None:
        self._inner = httpx.WSGITransport(app=wsgi)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = self._inner.handle_request(request)
            content = answer.read()
        except ConnectionDropped as dropped:
            raise httpx.ReadError("connection reset by peer", request=request) from dropped
        return httpx.Response(answer.status_code, headers=answer.headers, content=content, request=request)


class _Handler(WSGIRequestHandler):
    """One connection. Says nothing, and lets the bank close it."""

    def make_environ(self) -> WSGIEnvironment:
        environ: WSGIEnvironment = super().make_environ()
        environ[SERVER_SOCKET] = self.connection
        return environ

    def connection_dropped(self, _error: BaseException, _environ: WSGIEnvironment | None = None) -> None:
        # Or it would wait for the next call on a connection that is closed.
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (the name is werkzeug's)
        pass


def _in_world(application: WSGIApplication, name: str) -> WSGIApplication:
    def enter(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = f"{PREFIX}{name}{environ.get('PATH_INFO', '')}"
        environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "0"
        return application(environ, start_response)

    return enter

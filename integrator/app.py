"""The web side: the only file that builds its parts and joins them, and the server that runs it.

It is given the intake public key and no other: it can seal for the worker and open nothing.
"""

import errno
import logging
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx
from flask import Blueprint, Flask
from gunicorn.app.base import BaseApplication

from integrator import callbacks, companies, payout_checks, payouts
from integrator.callbacks import Places
from integrator.clock import BankClock, Clock, SystemClock
from integrator.companies import NewText
from integrator.directory import BankUnknown, Directory
from integrator.domain.callback import CallbackURLRefused
from integrator.domain.kana import NameNotTransferable
from integrator.effects import NoCheckpoints
from integrator.gate import never
from integrator.installation import check_web
from integrator.jobs import NotAnswered
from integrator.operators import Operators
from integrator.settings import ClockSource, WebSettings
from integrator.store.database import Database
from integrator.store.migrate import is_current
from integrator.vault import Intake
from integrator.web import access_log
from integrator.web import banks as banks_web
from integrator.web import callbacks as callbacks_web
from integrator.web import companies as companies_web
from integrator.web import connections as connections_web
from integrator.web import health as health_web
from integrator.web import inquiries as inquiries_web
from integrator.web import operator as operator_web
from integrator.web import payouts as payouts_web
from integrator.web import supervision as supervision_web
from integrator.web.allowance import Allowance
from integrator.web.contract import BODY_BYTES_MAX, own_contract
from integrator.web.metrics import Figures
from integrator.web.operator_pages import OperatorPages
from integrator.web.pages import Pages
from integrator.web.problems import WebProblem, Words, problem, refused
from integrator.web.serving import Door, Refusals
from integrator.web.waiting import Waiting

THREADS = 32
STOP_SECONDS = 3  # how long requests under way may take after SIGTERM; none waits for the worker then
REQUEST_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class AddressTaken(Exception):
    """The address cannot be listened on. The message says which, why, and how to choose another."""


def create_app(
    settings: WebSettings,
    *,
    database: Database,
    clock: Clock,
    pause: Callable[[float], None],
    new_text: NewText,
    timer: Callable[[], float] = time.monotonic,
    machine_clock: Clock | None = None,
    is_stopping: Callable[[], bool] = never,
) -> Flask:
    """Return the web application. Two of them share nothing but what is passed in; `timer` counts real seconds.

    Raises ContractMismatch when an operation of contracts/integrator.yaml has no handler, or the reverse.
    """
    app = _bare_app()
    parts = _Parts(
        settings,
        database,
        clock,
        new_text,
        pages=Pages(),
        waiting=Waiting(database, clock=clock, pause=pause, new_text=new_text, is_stopping=is_stopping),
        figures=Figures(database, clock=clock, machine_clock=machine_clock or clock, timer=timer),
        machine_clock=machine_clock or clock,
    )
    door = Door(
        own_contract(),
        db=database,
        pages=parts.pages,
        new_instance=lambda: new_text(20, REQUEST_ID_ALPHABET),
        allowance=Allowance(settings.key_requests_per_second, timer=timer),
    )
    door.install_request_ids(app)
    parts.figures.watch(app)
    for blueprint in _blueprints(door, parts):
        app.register_blueprint(blueprint)
    door.check_complete(app)
    door.install_refusals(app, REFUSALS)
    access_log.install(app, environment=settings.environment, clock=clock)
    return app


def _bare_app() -> Flask:
    app = Flask("integrator", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.url_map.merge_slashes = False
    return app


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: WebSettings
    db: Database
    clock: Clock
    new_text: NewText
    pages: Pages
    waiting: Waiting
    figures: Figures
    machine_clock: Clock


def _blueprints(door: Door, parts: _Parts) -> tuple[Blueprint, ...]:
    settings, db, clock, new_text, ask = parts.settings, parts.db, parts.clock, parts.new_text, parts.waiting.ask
    intake = Intake(settings.intake_public_key, environment=settings.environment)
    connection_parts = connections_web.Parts(
        settings=settings,
        db=db,
        clock=clock,
        intake=intake,
        new_text=new_text,
        pages=parts.pages,
        wait_for_answer=parts.waiting.for_exchange,
    )
    of = settings.environment
    directory = Directory()
    return (
        companies_web.blueprint(door, settings=settings, db=db, clock=clock, intake=intake, new_text=new_text),
        connections_web.blueprint(door, connection_parts),
        payouts_web.blueprint(door, payouts_web.Parts(db, of, clock, ask, new_text, directory)),
        callbacks_web.blueprint(door, Places(db, of, intake, new_text), clock=clock),
        supervision_web.blueprint(door, supervision_web.Parts(db, of, clock, ask, new_text)),
        banks_web.blueprint(door, directory),
        inquiries_web.blueprint(door, db=db, environment=of, clock=clock, ask=ask),
        health_web.blueprint(door, db=db, environment=of, figures=parts.figures),
        operator_web.blueprint(_operator_parts(parts)),
    )


def _operator_parts(parts: _Parts) -> operator_web.Parts:
    return operator_web.Parts(
        parts.db,
        parts.clock,
        parts.machine_clock,
        Operators(parts.db, new_text=parts.new_text),
        OperatorPages(environment=parts.settings.environment),
        is_secure=parts.settings.public_url.startswith("https:"),
    )


def _not_answered(failed: NotAnswered) -> WebProblem:
    said = failed.message
    words = Words(
        came=failed.came,
        detail=f"銀行の回答: {said}（{failed.came}）" if said else None,
    )
    return problem(failed.problem, words)


def _cancel_refused(failed: payouts.CancelRefused) -> WebProblem:
    return problem(
        "cancel-refused", Words(field="state", expected="a state before the bank processes it", came=failed.state)
    )


def _name_refused(failed: NameNotTransferable) -> WebProblem:
    return problem("name-not-transferable", Words(field="/remitter_name", expected=failed.expected, came=failed.came))


# Every refusal that can leave the layers below, and how the caller is told.
REFUSALS: Refusals = {
    companies.CompanyUnknown: lambda _failed: problem("company-unknown", Words(field="company_id")),
    companies.CompanyTaken: lambda failed: problem("company-exists", Words(field=f"/{failed.which}")),
    companies.OtherEnvironment: lambda failed: problem(
        "other-environment", Words(field="/environment", expected=failed.expected, came=failed.came)
    ),
    companies.RedirectURITooLong: lambda failed: problem(
        "redirect-uri-too-long", Words(field="/company_id", expected="at most 256 characters", came=str(failed.length))
    ),
    callbacks.CallbackUnknown: lambda _failed: problem("callback-unknown"),
    CallbackURLRefused: lambda failed: problem(
        "callback-url-refused", Words(field="/url", expected=failed.expected, came=failed.came)
    ),
    BankUnknown: lambda _failed: problem("bank-unknown", Words(field="bank_code")),
    NameNotTransferable: _name_refused,
    NotAnswered: _not_answered,
    payout_checks.PayoutRefused: lambda failed: refused(failed.problem),
    payouts.PayoutUnknown: lambda _failed: problem("payout-unknown"),
    payouts.IdempotencyConflict: lambda _failed: problem("idempotency-conflict", Words(field="Idempotency-Key")),
    payouts.CancelRefused: _cancel_refused,
}


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket, by its descriptor, and the URL under which it answers."""

    descriptor: int
    url: str


def serve(settings: WebSettings, *, ready_file: Path | None) -> None:
    """Run the web side until SIGTERM or SIGINT; then it answers what is under way, within 3 seconds. Does not return.

    Raises AddressTaken before anything else happens, and SettingsError for a database of another environment.
    `ready_file` receives the base URL once it answers.
    """
    listener = _listen(settings.host, settings.port)
    _check_database(settings)
    serving: list[Any] = []  # the one worker of the server, once it serves

    def load() -> Flask:
        return create_app(
            settings,
            database=Database(settings.database_url, effects=NoCheckpoints()),
            clock=_clock(settings),
            machine_clock=SystemClock(),
            is_stopping=lambda: any(not worker.alive for worker in serving),
            pause=time.sleep,
            new_text=random_text,
        )

    def say_ready(worker: object) -> None:
        serving.append(worker)
        print(f"integrator web: {listener.url}", file=sys.stderr, flush=True)  # noqa: T201
        if ready_file is not None:
            ready_file.write_text(listener.url + "\n", encoding="utf-8")

    logging.getLogger("gunicorn.error").addFilter(without_request_text)
    options = {
        "bind": f"fd://{listener.descriptor}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "graceful_timeout": STOP_SECONDS,
        "loglevel": "warning",
        "accesslog": None,  # its lines would hold the query, and with it authorization codes
        "control_socket_disable": True,
        "post_worker_init": say_ready,
    }
    _Server(load, options).run()


def _check_database(settings: WebSettings) -> None:
    database = Database(settings.database_url, effects=NoCheckpoints())
    try:
        if is_current(database):  # until it is migrated the web says that it is not ready
            intake = Intake(settings.intake_public_key, environment=settings.environment)
            check_web(database, intake, environment=settings.environment)
    finally:
        database.close()


def without_request_text(record: logging.LogRecord) -> bool:
    """Take what a caller sent out of the server's own complaints: a key or a code may stand in it."""
    if isinstance(record.msg, str) and record.msg.startswith(("Invalid request", "Error handling request")):
        record.msg, record.args = "a request could not be read or handled", ()
    return True


def random_text(length: int, alphabet: str) -> str:
    """Return `length` characters chosen from `alphabet` by the operating system's source of secrets."""
    return "".join(SystemRandom().choices(alphabet, k=length))


def _clock(settings: WebSettings) -> Clock:
    if settings.clock is ClockSource.BANK:
        return BankClock(settings.bank_url, http=httpx.Client(trust_env=False))
    return SystemClock()


def _listen(host: str, port: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        reason = "the port is taken" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
        raise AddressTaken(
            f"INTEGRATOR_PORT: cannot listen on {host}:{port}: {reason}. "
            "Choose another with --port or INTEGRATOR_PORT; 0 takes any free one."
        ) from None
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listening.getsockname()[1]}"
    return Listener(listening.detach(), url)  # the server owns the descriptor from here on


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, load: Callable[[], Flask], options: Mapping[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()

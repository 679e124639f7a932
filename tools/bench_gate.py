"""Figures of the gate: how much of the bank's limit four processes use together, and how often they break it.

The processes are real ones: each takes turns at one database, stores a row as an intent is stored, and calls over
HTTP. The bank is a bare server that lets each request travel for 0 to 50 ms more before it counts it, and answers
after 300 ms. Arrivals are counted there, by one monotonic clock.
"""

import contextlib
import json
import logging
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Final

from bench_process import MeasurementFailed, start, stop
from sqlalchemy import insert

from integrator.app import random_text
from integrator.bank_client.calls import Call, CallPorts, Calls, TimeLimits, Verdict, new_http_client
from integrator.clock import SystemClock
from integrator.domain.turns import NoTurn, Urgency
from integrator.effects import NoCheckpoints
from integrator.gate import Gate, GatePorts
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.store.schema import gate_waits
from tests.postgres import private_postgres

PROCESSES: Final = 4
SECONDS: Final = 22.0
ANSWER_SECONDS: Final = 0.3
JITTER_SECONDS: Final = 0.05
WINDOW_SECONDS: Final = 1.0
CALLS_LEAST: Final = 10
CLIENT_ID: Final = "benchclient"
SEED: Final = 20260401


class _Bank(ThreadingHTTPServer):
    """Counts arrivals. Binds loopback only."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.arrivals: list[float] = []
        self.random = random.Random(SEED)  # noqa: S311  (a seeded way)
        self.lock = threading.Lock()


class _Answer(BaseHTTPRequestHandler):
    server: _Bank

    def do_GET(self) -> None:
        with self.server.lock:
            way = self.server.random.uniform(0, JITTER_SECONDS)
        time.sleep(way)
        with self.server.lock:
            self.server.arrivals.append(time.monotonic())
        time.sleep(ANSWER_SECONDS)
        with contextlib.suppress(ConnectionError):  # a caller that was ended in its call
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def gate_use_4proc_300ms() -> float:
    """The part of the allowance that was used: the smaller one of both databases."""
    return min(_use(arrivals) for arrivals in _measured())


def gate_violations() -> float:
    """Calls that came within a second of the one before, on both databases together."""
    return sum(later - earlier < WINDOW_SECONDS for arrivals in _measured() for earlier, later in pairwise(arrivals))


def _use(arrivals: tuple[float, ...]) -> float:
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


@cache
def _measured() -> tuple[tuple[float, ...], ...]:
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as folder, private_postgres() as postgres_url:
        return tuple(_arrivals(url) for url in (f"sqlite:///{Path(folder) / 'gate.sqlite3'}", postgres_url))


def _arrivals(database_url: str) -> tuple[float, ...]:
    with contextlib.closing(Database(database_url, effects=NoCheckpoints())) as db:
        migrate(db)
    with _bank() as bank:
        settings = {"PYTHONPATH": os.pathsep.join(sys.path)}
        task = json.dumps({"database_url": database_url, "bank_url": f"http://127.0.0.1:{bank.server_port}"})
        callers = [start([sys.executable, __file__, task], settings, is_pinned=False) for _ in range(PROCESSES)]
        try:
            time.sleep(SECONDS)
            if any(caller.poll() is not None for caller in callers):
                raise MeasurementFailed("a caller ended by itself; its own message stands above")
        finally:
            for caller in callers:
                stop(caller)
        arrivals = tuple(sorted(bank.arrivals))
    if len(arrivals) < CALLS_LEAST:
        raise MeasurementFailed(f"only {len(arrivals)} calls arrived in {SECONDS:g} s")
    return arrivals


@contextlib.contextmanager
def _bank() -> Iterator[_Bank]:
    bank = _Bank()
    thread = threading.Thread(target=bank.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield bank
    finally:
        bank.shutdown()
        thread.join()
        bank.server_close()


def _call_for_ever(database_url: str, bank_url: str) -> None:
    db, clock = Database(database_url, effects=NoCheckpoints()), SystemClock()
    gate = Gate(GatePorts(db, clock, NoCheckpoints(), random_text), jitter_seconds=JITTER_SECONDS)
    ports = CallPorts(
        clock=clock,
        checkpoints=NoCheckpoints(),
        timer=time.monotonic,
        new_request_id=lambda: random_text(20, "abcdef"),
        log=logging.getLogger("bench"),
        departures=gate,
    )
    calls = Calls(new_http_client(), bank_url, environment="local", limits=TimeLimits(3, 10), ports=ports)
    call = Call("GET", "/", company_id="bench", scope="bench", context="bench")
    while True:
        try:
            gate.wait(CLIENT_ID, Urgency.PAY)
        except NoTurn:
            continue
        _store_like_an_intent(db, clock.now())
        calls.perform(call, read=lambda received: received, judge=lambda _: Verdict("done"))


def _store_like_an_intent(db: Database, at: datetime) -> None:
    # A commit of its own, as every intent is. The ticket is nobody's.
    ticket = {
        "ticket_id": random_text(32, "0123456789abcdef"),
        "client_id": "nobody",
        "urgency": Urgency.PAY.value,
        "rank_at": at,
        "until": at,
    }
    with db.begin() as tx:
        tx.execute(insert(gate_waits), ticket)


if __name__ == "__main__":
    _call_for_ever(**json.loads(sys.argv[1]))

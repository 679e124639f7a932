"""The worker: the only process that opens secrets and calls the bank. Its parts are built and joined here.

Any number of workers may run; they meet in the database alone. Each carries many companies at once, in threads.
A signal lets the pieces of work under way end and nothing new begin.
"""

import logging
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

import httpx

from integrator.app import random_text
from integrator.auditing import Chainer
from integrator.bank_client.api import BankClient
from integrator.bank_client.calls import CallPorts, Calls, TimeLimits, new_http_client
from integrator.bank_client.oauth import OAuthClient
from integrator.cancelling import cancel_one
from integrator.clock import BankClock, Clock, SystemClock
from integrator.connections import TokenPorts, Tokens
from integrator.courier import Courier, Post, system_addresses
from integrator.crew import Crew, KindOfWork
from integrator.delivering import Deliverer, deliver_one, delivering_beside
from integrator.desk import Desk
from integrator.doubt import resolve_one
from integrator.effects import Checkpoints, NoCheckpoints, checkpoints_of
from integrator.following import follow_some
from integrator.gate import Gate, GatePorts, never
from integrator.installation import check_worker
from integrator.jobs import run_one_job
from integrator.keys import LocalKeys, RandomBytes
from integrator.lanes import NEAR, Lanes
from integrator.payouts import NewText
from integrator.pulse import ClockWatch, Pulse, beating_beside
from integrator.purging import purging_beside
from integrator.reconciling import Reconciler
from integrator.renewing import Renewer
from integrator.restoring import Restorer
from integrator.settings import ClockSource, Environment, WorkerSettings
from integrator.store.callbacks import Lane
from integrator.store.database import Database, DatabaseUnusable
from integrator.store.due import Due, kinds_due
from integrator.store.migrate import is_current
from integrator.submitting import submit_one
from integrator.tally import Tally
from integrator.vault import Vault

ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

log = logging.getLogger("integrator.worker")


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything through which a worker touches the outside. Tests give their own.

    `machine_clock` counts real seconds, as leases and the bank's limit do; `clock` may be the mock bank's.
    """

    db: Database
    http: httpx.Client
    clock: Clock
    machine_clock: Clock
    timer: Callable[[], float]
    checkpoints: Checkpoints
    new_text: NewText
    random_bytes: Callable[[int], bytes]
    post: Post
    is_stopping: Callable[[], bool] = never
    tally: Tally = field(default_factory=Tally)


class Worker:
    """One worker: its parts, and the kinds of work that it does one piece of at a time.

    `lanes` tells whose work it may claim; without, it claims everybody's and waits for the slot, as `step` does.
    """

    def __init__(self, settings: WorkerSettings, ports: Ports, *, lanes: Lanes | None = None) -> None:
        ports = replace(ports, db=ports.db.acting("worker"))
        gate = _gate(settings, ports)
        call_ports = CallPorts(
            clock=ports.clock,
            checkpoints=ports.checkpoints,
            timer=ports.timer,
            new_request_id=lambda: ports.new_text(20, ID_ALPHABET),
            log=logging.getLogger("integrator.bank_call"),
            departures=gate,
            tally=ports.tally,
        )
        self._vault = _vault(settings, ports.random_bytes)
        calls = Calls(
            ports.http, settings.bank_url, environment=settings.environment, limits=_limits(settings), ports=call_ports
        )
        tokens = Tokens(
            TokenPorts(
                db=ports.db,
                vault=self._vault,
                oauth=OAuthClient(calls),
                gate=gate,
                clock=ports.clock,
                machine_clock=ports.machine_clock,
                new_text=ports.new_text,
            )
        )
        self.desk = Desk(
            db=ports.db,
            bank=BankClient(calls),
            tokens=tokens,
            gate=gate,
            clock=ports.clock,
            machine_clock=ports.machine_clock,
            new_text=ports.new_text,
            lanes=lanes or Lanes(),
            crashes_max=settings.crashes_max,
        )

        self.deliverer = _deliverer(ports, self._vault)
        desk = self.desk
        self.kinds_of_work = _kinds_of_work(desk, self._vault)

    def step(self) -> bool:
        """Do what is due, one piece of each kind: waiting people, then money, then questions. False when idle.

        A process runs the deliveries beside this, so that no receiver can hold up a payout.
        """
        deliveries = KindOfWork(lambda: deliver_one(self.deliverer, Lane.ANY))
        is_busy = False
        seen = self.look()
        for kind in (*self.kinds_of_work, deliveries):
            if not kind.is_worth_a_try(seen):
                continue
            try:
                has_done = kind.do_one()
            finally:
                self.desk.lanes.leave()
            if has_done or kind.due is not None:
                seen = self.look()  # what was done may have made something else due
            is_busy = is_busy or has_done
        return is_busy

    def look(self) -> frozenset[Due]:
        """Return what the database says is due now."""
        at = self.desk.times()
        with self.desk.db.read() as tx:
            return kinds_due(tx, at)


def _kinds_of_work(desk: Desk, vault: Vault) -> tuple[KindOfWork, ...]:
    return (
        KindOfWork(lambda: run_one_job(desk, vault), Due.JOB),
        KindOfWork(lambda: submit_one(desk), Due.SUBMIT),
        KindOfWork(lambda: resolve_one(desk), Due.RESOLVE),
        KindOfWork(lambda: cancel_one(desk), Due.CANCEL),
        KindOfWork(lambda: follow_some(desk), Due.FOLLOW),
        KindOfWork(Renewer(desk).renew_one),
        KindOfWork(Restorer(desk).scan_one, Due.RESTORE),
        KindOfWork(Reconciler(desk).reconcile_one),
        KindOfWork(Chainer(desk.db, lambda: desk.machine_clock.now().timestamp()).chain_some),
    )


def _limits(settings: WorkerSettings) -> TimeLimits:
    return TimeLimits(settings.connect_seconds, settings.read_seconds)


def _vault(settings: WorkerSettings, random_bytes: RandomBytes) -> Vault:
    keys = LocalKeys(settings.master_keys, random_bytes=random_bytes)
    return Vault(keys, environment=settings.environment, random_bytes=random_bytes)


def _deliverer(ports: Ports, vault: Vault) -> Deliverer:
    return Deliverer(
        db=ports.db,
        vault=vault,
        post=ports.post,
        clock=ports.clock,
        machine_clock=ports.machine_clock,
        timer=ports.timer,
        checkpoints=ports.checkpoints,
        new_text=ports.new_text,
    )


def _gate(settings: WorkerSettings, ports: Ports) -> Gate:
    gate_ports = GatePorts(
        db=ports.db,
        clock=ports.machine_clock,
        checkpoints=ports.checkpoints,
        new_text=ports.new_text,
        is_stopping=ports.is_stopping,
        tally=ports.tally,
    )
    return Gate(gate_ports, jitter_seconds=settings.gate_jitter_seconds)


@contextmanager
def at_hand(settings: WorkerSettings) -> Iterator[Worker]:
    """Yield a worker for one errand of the command line; it shares gate and leases with those that run.

    Raises DatabaseUnusable when the database is not migrated, SettingsError when it is of another environment or keys.
    """
    db = Database(settings.database_url, effects=NoCheckpoints())
    try:
        if not is_current(db):
            raise DatabaseUnusable("the database does not answer or lacks migrations: run integrator migrate")
        with new_http_client() as http, httpx.Client(trust_env=False) as clock_http:
            check_worker(db, _vault(settings, secrets.token_bytes), environment=settings.environment)
            yield Worker(settings, _ports(settings, db, http, clock_http))
    finally:
        db.close()


def run(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises DatabaseUnusable when the database is not migrated, SettingsError when it belongs to another environment or
    to other keys.
    """
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    checkpoints = checkpoints_of(settings.fail_point)
    db = Database(settings.database_url, effects=checkpoints)
    try:
        if not is_current(db):
            raise DatabaseUnusable("the database does not answer or lacks migrations: run integrator migrate")
        check_worker(db, _vault(settings, secrets.token_bytes), environment=settings.environment)
        with new_http_client() as http, httpx.Client(trust_env=False) as clock_http:
            lanes = Lanes(near=NEAR)
            ports = _ports(settings, db, http, clock_http)
            ports = replace(ports, is_stopping=stopping.is_set, checkpoints=checkpoints)
            worker = Worker(settings, ports, lanes=lanes)
            log.info("worker.started environment=%s threads=%d", settings.environment, settings.threads)
            purging = purging_beside(db, stopping, clock=ports.clock, machine_clock=ports.machine_clock)
            with beating_beside(_pulse(settings, ports)), delivering_beside(worker.deliverer, stopping), purging:
                Crew(
                    worker.kinds_of_work,
                    lanes,
                    look=worker.look,
                    count=settings.threads,
                    stopping=stopping,
                    timer=ports.timer,
                ).run()
    finally:
        db.close()
    log.info("worker.stopped")


def _pulse(settings: WorkerSettings, ports: Ports) -> Pulse:
    clock = ports.machine_clock
    return Pulse(
        ports.db,
        clock,
        ports.tally,
        worker_id=ports.new_text(20, ID_ALPHABET),
        started_at=clock.now(),
        watch=ClockWatch(settings.clock_skew_ms),
    )


def _ports(settings: WorkerSettings, db: Database, http: httpx.Client, clock_http: httpx.Client) -> Ports:
    own = SystemClock()
    is_banks = settings.clock is ClockSource.BANK
    return Ports(
        db=db,
        http=http,
        clock=BankClock(settings.bank_url, http=clock_http) if is_banks else own,
        machine_clock=own,
        timer=time.monotonic,
        checkpoints=NoCheckpoints(),
        new_text=random_text,
        random_bytes=secrets.token_bytes,
        post=Courier(
            is_local=settings.environment is Environment.LOCAL,
            resolve=system_addresses,
            timer=time.monotonic,
            ssl_context=httpx.create_ssl_context(trust_env=False),
        ).post,
    )

"""The processes of the integrator: workers and the web, each with its own database object, clock and way to the bank.

A process lives until it is killed; then nothing of it happens any more, and a new one of the same name can start.
"""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

from flask import Flask
from sqlalchemy.exc import OperationalError

from integrator import app as web
from integrator.bank_client.calls import new_http_client
from integrator.delivering import deliver_one
from integrator.lanes import NEAR, Lanes
from integrator.settings import (
    MasterKey,
    WebSettings,
    WorkerSettings,
    read_web_settings,
    read_worker_settings,
    written_master_key,
)
from integrator.store.callbacks import Lane
from integrator.store.database import Database
from integrator.vault import intake_public_key
from integrator.worker import Ports, Worker
from tests.builders import make_new_text
from tests.simulation.baton import Baton, Killed, MachineClock
from tests.simulation.network import LineToBank, Mail, Network

BANK_URL = "http://127.0.0.1:8310"
PUBLIC_URL = "http://127.0.0.1:8320"
IDLE_SECONDS = 0.2
AFTER_FAILURE_SECONDS = 1.0
# Points at which a transaction of SQLite is open: nobody else may move there, or it would wait for the lock for ever.
INSIDE_TRANSACTION = frozenset({"commit.before"})

log = logging.getLogger("tests.simulation")


class InjectedFailure(Exception):
    """What the driver of a broken database would raise."""


@dataclass
class Mishaps:
    """What the story has planned for one process: deaths and failures of its database, by the point of the effect."""

    deaths: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    was_struck: bool = False

    def strikes(self, plan: dict[str, int], point: str) -> bool:
        """Count a visit; True when it was the planned one."""
        if point not in plan:
            return False
        plan[point] -= 1
        if plan[point] > 0:
            return False
        del plan[point]
        return True


class ProcessCheckpoints:
    """The integrator's checkpoints, as one process meets them: here the baton is given away, here it dies or fails."""

    def __init__(self, process: "Process") -> None:
        self._process = process

    def reached(self, point: str) -> None:
        """Give the baton away, unless a transaction is open; die or fail here when the story wants it."""
        process = self._process
        actor = process.baton.current
        if process.is_dead or (actor is not None and actor.is_killed):
            raise Killed(point)
        if process.mishaps.strikes(process.mishaps.deaths, point):
            process.is_dead = True
            process.tell(f"{process.name} is killed at {point}")
            raise Killed(point)
        if point == "commit.after":
            process.on_commit(process)
        if process.mishaps.strikes(process.mishaps.failures, point):
            process.mishaps.was_struck = True
            process.tell(f"the database of {process.name} fails at {point}")
            raise OperationalError("COMMIT", {}, InjectedFailure("disk I/O error, or database is locked"))
        if point not in INSIDE_TRANSACTION:
            process.baton.pause(point)


@dataclass(eq=False)
class Process:
    """One process: what it has of its own, and how it ends."""

    name: str
    baton: Baton
    tell: Callable[[str], None]
    on_commit: Callable[["Process"], None]
    machine_clock: MachineClock
    mishaps: Mishaps = field(default_factory=Mishaps)
    is_dead: bool = False

    def open(self, url: str) -> Database:
        """Return a database object of this process."""
        return Database(url, effects=ProcessCheckpoints(self))


@dataclass(frozen=True)
class Installation:
    """What all processes of one integrator are installed with."""

    database_url: str
    web: WebSettings
    worker: WorkerSettings
    keys: tuple[MasterKey, ...] = ()

    @classmethod
    def make(cls, path: Path, chance: Random) -> "Installation":
        """Return settings over the database in this file, with keys of their own."""
        key = MasterKey("simkey01", chance.randbytes(32))
        url = f"sqlite:///{path}"
        public = base64.b64encode(intake_public_key(key)).decode()
        return cls(
            url,
            read_web_settings(
                {
                    **_common(url),
                    "INTEGRATOR_PUBLIC_URL": PUBLIC_URL,
                    "INTEGRATOR_KEY_REQUESTS_PER_SECOND": "100000",
                    "INTEGRATOR_INTAKE_PUBLIC_KEY": public,
                }
            ),
            _worker_settings(url, (key,)),
            (key,),
        )

    def with_new_key(self, chance: Random) -> "Installation":
        """Return settings in which workers have one more master key, before all others. The web seals as before."""
        keys = (MasterKey(f"simkey{len(self.keys) + 1:02}", chance.randbytes(32)), *self.keys)
        return replace(self, worker=_worker_settings(self.database_url, keys), keys=keys)


def _common(url: str) -> dict[str, str]:
    return {"INTEGRATOR_ENVIRONMENT": "local", "INTEGRATOR_BANK_URL": BANK_URL, "INTEGRATOR_DATABASE_URL": url}


def _worker_settings(url: str, keys: tuple[MasterKey, ...]) -> WorkerSettings:
    return read_worker_settings({**_common(url), "INTEGRATOR_MASTER_KEY": ",".join(map(written_master_key, keys))})


class WorkerProcess:
    """A worker: one actor looks for work, another delivers events."""

    def __init__(
        self, process: Process, installation: Installation, *, bank: Flask, mail: Mail, network: Network, chance: Random
    ) -> None:
        self.process = process
        self._baton = process.baton
        self._next_kind = 0
        self.db = process.open(installation.database_url)
        self.worker = Worker(
            installation.worker,
            Ports(
                db=self.db,
                http=new_http_client(LineToBank(network, bank)),
                clock=_SharedClock(process.baton),
                machine_clock=process.machine_clock,
                timer=process.machine_clock.seconds,
                checkpoints=ProcessCheckpoints(process),
                new_text=make_new_text(chance.getrandbits(64)),
                random_bytes=chance.randbytes,
                post=mail.post,
            ),
            lanes=Lanes(near=NEAR),
        )
        self._baton.spawn(process.name, self._work, process=process.name)
        self._baton.spawn(f"{process.name}, callbacks", self._deliver, process=process.name)

    def close(self) -> None:
        """Give the connections back, as the operating system does for the dead."""
        self.db.close()

    def _work(self) -> None:
        self._look_for_ever(self._do_next, "looks for work")

    def _deliver(self) -> None:
        deliverer = self.worker.deliverer
        self._look_for_ever(lambda: deliver_one(deliverer, Lane.ANY), "looks for events")

    def _look_for_ever(self, look: Callable[[], bool], point: str) -> None:
        idle = IDLE_SECONDS
        while True:
            self._baton.pause(point)
            is_busy = self._look(look)
            idle = self._baton.briskness if is_busy else min(idle * 5, self._baton.patience)
            if not is_busy:
                self._baton.sleep(idle, point="idle")

    def _do_next(self) -> bool:
        # As the crew does it: one look at what is due, then the first kind of work in turn that finds something.
        seen, kinds = self.worker.look(), self.worker.kinds_of_work
        for _ in kinds:
            kind = kinds[self._next_kind]
            self._next_kind = (self._next_kind + 1) % len(kinds)
            if kind.is_worth_a_try(seen):
                self._baton.pause(f"begins to {kind.due or 'tidy up'}")
                if kind.do_one():
                    return True
        return False

    def _look(self, look: Callable[[], bool]) -> bool:
        # What the crew of a real worker does around each piece of work; only what the story broke may break here.
        try:
            return look()
        except OperationalError as failed:
            if not isinstance(failed.orig, InjectedFailure):
                raise
            self._baton.sleep(AFTER_FAILURE_SECONDS)
            return True
        finally:
            self.worker.desk.lanes.leave()


class WebProcess:
    """The web side. Each request is an actor of its own; see `recore`."""

    def __init__(self, process: Process, installation: Installation, *, chance: Random) -> None:
        self.process = process
        self.db = process.open(installation.database_url)
        self.app = web.create_app(
            installation.web,
            database=self.db,
            clock=_SharedClock(process.baton),
            machine_clock=process.machine_clock,
            timer=process.machine_clock.seconds,
            pause=process.baton.sleep,
            new_text=make_new_text(chance.getrandbits(64)),
        )

    def close(self) -> None:
        """Give the connections back."""
        self.db.close()


class _SharedClock:
    """The bank's clock, which the environment `local` goes by."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton

    def now(self) -> datetime:
        return self._baton.clock.now()

    def sleep(self, seconds: float) -> None:
        self._baton.sleep(seconds)

"""A storm: worker processes that are killed again and again while they carry payouts, and what became of the money.

Who is killed when follows from a seed. Half of the kills come from outside, at any moment; the others come at a named
fail point between sending an order and recording how it ended. The verdict is the bank's list of debits against what
was asked for; what the integrator says of itself counts for one figure only, what is still open.
"""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from tools.storm_field import BIN, POLL_SECONDS, Field, FieldFailed, begin, end

FAIL_POINTS: Final = ("requestTransfer.sent", "requestTransfer.answered")
KILLED: Final = -signal.SIGKILL
LOOK_SECONDS: Final = 1.0
ENTRIES_MAX: Final = "10000"
TOO_MANY_REQUESTS: Final = "429"
PAID: Final = "settled"


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard it blows. `visits_max`: the orders that a worker sends before the one that kills it."""

    workers: int
    kills: int
    kills_in_call: int
    seed: int
    seconds_between: float
    visits_max: int
    seconds_max: float
    threads: int = 16


@dataclass(frozen=True, slots=True)
class Damage:
    """What a storm did. Only kills may be more than nothing."""

    kills: int
    kills_in_call: int
    paid_twice: int
    lost: int
    open: int
    calls: int
    refused_for_limit: int
    seconds: float
    storm_seconds: float


@dataclass(slots=True)
class Workers:
    """The worker processes of one storm: each one that dies is replaced at once."""

    plan: Plan
    settings: Mapping[str, str]
    folder: Path
    chance: random.Random
    kills: int = 0
    kills_in_call: int = 0
    _processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        """Start them all."""
        self._processes = [self._new(number) for number in range(self.plan.workers)]

    def replace_the_dead(self) -> None:
        """Put a new one in the place of each that reached its fail point. Raises FieldFailed for any other end."""
        for number, process in enumerate(self._processes):
            ended = process.poll()
            if ended is None:
                continue
            if ended != KILLED:
                raise FieldFailed(f"a worker ended by itself with {ended}; see {self._log(number)}")
            self.kills += 1
            self.kills_in_call += 1
            self._processes[number] = self._new(number)

    def kill_one(self) -> None:
        """Kill one of them, wherever it stands, and put a new one in its place."""
        number = self.chance.randrange(len(self._processes))
        process = self._processes[number]
        if process.poll() is not None:
            return  # it has just reached its fail point
        process.kill()
        process.wait()
        self.kills += 1
        self._processes[number] = self._new(number)

    def spare(self) -> None:
        """Start workers without a fail point: the storm is over."""
        self._processes = [self._begun(number, {}) for number in range(self.plan.workers)]

    def stop(self) -> None:
        """End them all."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            end(process)

    @property
    def kills_at_random(self) -> int:
        """How many were killed from outside."""
        return self.kills - self.kills_in_call

    @property
    def is_over(self) -> bool:
        """True once enough were killed, in both ways."""
        is_enough_in_call = self.kills_in_call >= self.plan.kills_in_call
        return is_enough_in_call and self.kills >= self.plan.kills

    def _new(self, number: int) -> "subprocess.Popen[bytes]":
        if self.kills_in_call >= self.plan.kills_in_call:
            return self._begun(number, {})
        point = self.chance.choice(FAIL_POINTS)
        visit = self.chance.randint(1, self.plan.visits_max)
        return self._begun(number, {"INTEGRATOR_FAIL_POINT": f"{point}:{visit}"})

    def _begun(self, number: int, more: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        settings = {**self.settings, "INTEGRATOR_WORKER_THREADS": str(self.plan.threads), **more}
        return begin([str(BIN / "integrator"), "work"], settings, log=self._log(number))

    def _log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"


def blow(
    field_: Field, plan: Plan, *, folder: Path, payouts_each: int, on_calm: Callable[[], None] = lambda: None
) -> Damage:
    """Let it blow over the field until all kills are done, then wait until nothing is open, and count the damage.

    `on_calm` is called in between, when the last kill is done and no worker runs. Logs of the workers stay in `folder`.
    """
    began = time.monotonic()
    workers = Workers(plan, field_.worker_settings, folder, random.Random(plan.seed))  # noqa: S311  (a seeded storm)
    workers.start()
    try:
        _kill(workers, plan, began)
        storm_seconds = time.monotonic() - began
        workers.stop()
        on_calm()
        workers.spare()
        wanted = payouts_each * len(field_.firms)
        open_count = _wait_until_settled(field_, wanted, deadline=began + plan.seconds_max)
        seconds = time.monotonic() - began
    finally:
        workers.stop()
    twice, lost = _compare(field_, payouts_each)
    calls, refused = _calls(field_)
    return Damage(
        kills=workers.kills,
        kills_in_call=workers.kills_in_call,
        paid_twice=twice,
        lost=lost,
        open=open_count,
        calls=calls,
        refused_for_limit=refused,
        seconds=seconds,
        storm_seconds=storm_seconds,
    )


def let_leases_lapse(field_: Field) -> None:
    """Let go of what the dead held as if two minutes had passed. Nobody who lives may hold anything."""
    with field_.database() as db, db.begin() as tx:
        lapsed = {"long_ago": datetime(2026, 1, 1, tzinfo=UTC)}
        tx.execute(text("UPDATE submissions SET lease_until = :long_ago WHERE lease_until IS NOT NULL"), lapsed)


def _kill(workers: Workers, plan: Plan, began: float) -> None:
    next_kill = began + plan.seconds_between
    while not workers.is_over:
        now = time.monotonic()
        if now - began > plan.seconds_max:
            raise FieldFailed(
                f"only {workers.kills} kills, {workers.kills_in_call} in a call, within {now - began:.0f} s"
            )
        workers.replace_the_dead()
        if now >= next_kill and workers.kills_at_random < plan.kills - plan.kills_in_call:
            workers.kill_one()
            next_kill = now + workers.chance.expovariate(1 / plan.seconds_between)
        time.sleep(POLL_SECONDS)


def _wait_until_settled(field_: Field, wanted: int, *, deadline: float) -> int:
    with field_.database() as db:
        while True:
            with db.read() as tx:
                statement = "SELECT count(*) FROM payouts WHERE state = :paid"
                settled: int = tx.execute(text(statement), {"paid": PAID}).scalar_one()
            if settled >= wanted or time.monotonic() > deadline:
                return wanted - settled
            time.sleep(LOOK_SECONDS)


def _compare(field_: Field, payouts_each: int) -> tuple[int, int]:
    """Return how many payouts were paid more than once, and how many not at all or as nobody asked."""
    asked = Counter(
        (firm.account_id, firm.payout(number).amount_yen) for firm in field_.firms for number in range(payouts_each)
    )
    payments = field_.bank_answer("/payments")["payments"]
    paid = Counter((payment["account_id"], payment["amount_yen"]) for payment in payments if not _came_back(payment))
    twice = sum(count - 1 for count in paid.values() if count > 1)
    lost = len(asked.keys() - paid.keys()) + len(paid.keys() - asked.keys())
    return twice, lost


def _came_back(payment: Mapping[str, Any]) -> bool:
    return bool(payment["came_back_yen"])


def _calls(field_: Field) -> tuple[int, int]:
    # What a killed worker had not logged is at the bank all the same, so the bank's own record counts. Each company
    # took one call to connect before it began.
    entries = field_.bank_answer("/journal", limit=ENTRIES_MAX)["entries"]
    refused = field_.bank_answer("/journal", limit=ENTRIES_MAX, status=TOO_MANY_REQUESTS)["entries"]
    if len(entries) == int(ENTRIES_MAX):
        raise FieldFailed(f"the bank keeps {ENTRIES_MAX} calls, and there were more")
    return len(entries) - len(field_.firms), len(refused)

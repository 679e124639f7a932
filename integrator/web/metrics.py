"""The figures in Prometheus' text form: what stands in the database at the scrape, and this process's own requests.

What the workers count comes through the database (docs/decisions/0015), so every web process tells the same of it. No
label holds anything but our own words, the operations of the contract and the ids of registered companies.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from integrator.clock import Clock, ClockUnavailable
from integrator.domain.payout import PayoutState
from integrator.store import overview
from integrator.store import pulse as pulse_rows
from integrator.store.database import Database
from integrator.store.migrate import is_current
from integrator.store.overview import Pile
from integrator.tally import BEYOND, SECONDS_BOUNDS, Entry

PREFIX = "integrator_"
ALIVE_SECONDS = 30.0  # six beats of a worker
DAY_SECONDS = 86_400.0
HTTP_BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
OF_A_COMPANY = 'company_id="'
NO_OPERATION = "none"  # the operation of a request that no route took

# Counters of the workers: name in the tally, name told, help, labels.
COUNTED = (
    (
        "bank_calls",
        "bank_calls",
        "Calls to the bank by operation and our judgement of the outcome.",
        ("operation", "outcome"),
    ),
    ("gate_limit_reached", "gate_limit_reached", "Answers 429: the bank refused for its limit.", ()),
    ("gate_no_turn", "gate_no_turn", "Waits at the gate that ended without a turn.", ("urgency",)),
    (
        "gate_departure_missed",
        "gate_departure_missed",
        "Calls that stood still after their turn; nothing was sent.",
        (),
    ),
    ("gate_jitter_exceeded", "gate_jitter_exceeded", "Ways to the bank that varied by more than the bound.", ()),
    (
        "clock_skewed",
        "clock_skewed",
        "Beats of workers whose clock was further from the database's than the bound.",
        (),
    ),
)
TIMED = (
    ("bank_call", "bank_call_seconds", "How long calls to the bank took.", "operation"),
    ("gate_wait", "gate_wait_seconds", "How long calls waited for their turn.", "urgency"),
)


class Figures:
    """The figures of one web process. Two of them share nothing."""

    def __init__(self, db: Database, *, clock: Clock, machine_clock: Clock, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._registry = CollectorRegistry()
        self._registry.register(StoreFigures(db, clock=clock, machine_clock=machine_clock))
        self._requests = Counter(
            f"{PREFIX}http_requests",
            "Requests by operation and status.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            f"{PREFIX}http_request_seconds",
            "How long requests took.",
            ("operation",),
            buckets=HTTP_BOUNDS,
            registry=self._registry,
        )

    def text(self, *, company_id: str | None = None) -> str:
        """Return all figures as they stand now; with `company_id` nothing that is said of another company."""
        told = generate_latest(self._registry).decode()
        if company_id is None:
            return told
        own = f'company_id="{company_id}"'
        return "".join(line for line in told.splitlines(keepends=True) if OF_A_COMPANY not in line or own in line)

    def watch(self, app: Flask) -> None:
        """Count the requests of `app` from now on."""

        def begin() -> None:
            g.began = self._timer()

        def end(response: Response) -> Response:
            operation = (request.endpoint or "").rpartition(".")[2] or NO_OPERATION
            self._requests.labels(operation, str(response.status_code)).inc()
            if "began" in g:
                self._seconds.labels(operation).observe(self._timer() - g.began)
            return response

        app.before_request(begin)
        app.after_request(end)


@dataclass(frozen=True, slots=True)
class _Present:
    now: datetime | None
    machine: datetime


class StoreFigures(Collector):
    """Reads the database at each scrape, in one short transaction. Without a database it says only that."""

    def __init__(self, db: Database, *, clock: Clock, machine_clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._machine_clock = machine_clock

    def describe(self) -> list[Metric]:
        """Say nothing at registration: that would read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return the figures as they stand now."""
        up = _gauge("database_up", "1 when the database answers.")
        current = _gauge("database_migrated", "1 when the database has exactly the schema of this release.")
        try:
            read = list(self._read())
            is_up = True
        except SQLAlchemyError:
            read, is_up = [], False
        up.add_metric([], float(is_up))
        current.add_metric([], float(is_up and is_current(self._db)))
        yield from (up, current, *read)

    def _read(self) -> Iterator[Metric]:
        try:
            now = self._clock.now()
        except ClockUnavailable:
            now = None
        present = _Present(now, self._machine_clock.now())
        with self._db.read() as tx:
            yield from _payouts(tx, present)
            yield from _consents(tx, present)
            yield from _gate(tx, present)
            yield from _workers(tx, present)
            counted = pulse_rows.all_counters(tx)
        yield from _counters(counted)
        yield from _histograms(counted)


def _gauge(name: str, help_text: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, help_text, labels=labels)


def _age(since: datetime | None, now: datetime | None) -> float:
    return 0.0 if since is None or now is None else max(0.0, (now - since).total_seconds())


def _payouts(tx: Connection, present: _Present) -> Iterator[Metric]:
    by_state = _gauge("payouts", f"Payouts by state, counted up to {overview.COUNT_MAX}.", ("state",))
    for state, pile in overview.payouts_by_state(tx, states=PayoutState).items():
        by_state.add_metric([state.value], pile.count)
    yield by_state
    waiting = _gauge("queue_payouts", "Orders that wait to be sent.", ("connected",))
    age = _gauge("queue_age_seconds", "Age of the oldest order that waits to be sent; 0 for none.", ("connected",))
    for is_connected, word in ((True, "yes"), (False, "no")):
        pile = overview.queue(tx, is_connected=is_connected)
        waiting.add_metric([word], pile.count)
        age.add_metric([word], _age(pile.oldest_at, present.now))
    yield from (waiting, age)
    questions = _gauge("questions_waiting", "Questions of the web to the workers that are not answered.")
    questions.add_metric([], overview.open_questions(tx))
    yield questions
    yield from _pile("doubt", "Orders in doubt", overview.doubt(tx), present)
    yield from _pile("callback_backlog", "Events that receivers have not taken", overview.backlog(tx), present)


def _pile(name: str, what: str, pile: Pile, present: _Present) -> Iterator[Metric]:
    count = _gauge(name, f"{what}.")
    count.add_metric([], pile.count)
    age = _gauge(f"{name}_age_seconds", f"{what}: age of the oldest; 0 for none.")
    age.add_metric([], _age(pile.oldest_at, present.now))
    yield from (count, age)


def _consents(tx: Connection, present: _Present) -> Iterator[Metric]:
    days = _gauge("consent_days_left", "Days until a person must consent again; 0 without consent.", ("company_id",))
    if present.now is not None:
        for row in overview.consents(tx):
            seconds = (row.until - present.now).total_seconds() if row.until and row.state == "connected" else 0.0
            days.add_metric([row.company_id], max(0.0, seconds / DAY_SECONDS))
    yield days


def _gate(tx: Connection, present: _Present) -> Iterator[Metric]:
    waiting, limited = overview.gate_totals(tx, machine=present.machine)
    waits = _gauge("gate_waiting", "Calls that wait for their turn now.")
    waits.add_metric([], waiting)
    closed = _gauge("gate_limited_clients", "Client ids whose last call the bank refused for its limit.")
    closed.add_metric([], limited)
    yield from (waits, closed)


def _workers(tx: Connection, present: _Present) -> Iterator[Metric]:
    ages = [_age(seen_at, present.machine) for _, _, seen_at in pulse_rows.all_workers(tx)]
    alive = _gauge("workers", f"Workers that have said something within {ALIVE_SECONDS:.0f} seconds.")
    alive.add_metric([], sum(age <= ALIVE_SECONDS for age in ages))
    yield alive
    ahead = pulse_rows.clocks_ahead_ms(tx, since=present.machine - timedelta(seconds=ALIVE_SECONDS))
    skew = _gauge("clock_skew_seconds", "The largest certain distance of a living worker's clock to the database's.")
    if ahead:
        skew.add_metric([], max(map(abs, ahead)) / 1000)
    yield skew
    if ages:
        seen = _gauge("worker_seen_age_seconds", "Seconds since any worker said something. Absent: never.")
        seen.add_metric([], min(ages))
        yield seen


def _counters(counted: dict[Entry, int]) -> Iterator[Metric]:
    for name, told, help_text, labels in COUNTED:
        family = CounterMetricFamily(PREFIX + told, help_text, labels=labels)
        found = {entry[1:]: value for entry, value in counted.items() if entry[0] == name}
        for values, value in (found or ({} if labels else {("", ""): 0})).items():
            family.add_metric(values[: len(labels)], value)
        yield family


def _histograms(counted: dict[Entry, int]) -> Iterator[Metric]:
    for name, told, help_text, label in TIMED:
        family = HistogramMetricFamily(PREFIX + told, help_text, labels=(label,))
        for value in sorted({first for found, first, _ in counted if found == name}):
            total = 0
            buckets = []
            for bound in (*map(str, SECONDS_BOUNDS), BEYOND):
                total += counted.get((name, value, bound), 0)
                buckets.append((bound, total))
            family.add_metric([value], buckets, sum_value=counted.get((f"{name}_ms", value, ""), 0) / 1000)
        yield family

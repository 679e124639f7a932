"""Both programs in one process: bank, integrator web, workers and ReCORE as a caller, on one clock, without sockets.

Nothing moves unless a test moves it: a worker steps when told, the clock goes on when told or when somebody
sleeps. Between worker and bank sits `BankLine`, on which requests are recorded and can be lost on the way.
"""

import base64
import contextlib
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from flask import Flask

from integrator import app as web
from integrator import companies
from integrator.companies import NewKey, Registration, Role
from integrator.effects import NoCheckpoints
from integrator.secret import Secret
from integrator.settings import (
    MasterKey,
    read_web_settings,
    read_worker_settings,
    written_master_key,
)
from integrator.store.database import Database
from integrator.vault import Intake, intake_public_key
from integrator.worker import Ports, Worker
from mock_gmo.app import create_app, world_of
from mock_gmo.bank.payments import Payment
from mock_gmo.gateway.connection import ConnectionDropped
from mock_gmo.settings import Settings
from tests.bank_contract import expect_lawful
from tests.builders import COMPANY_ID, NOON, make_new_text
from tests.receiver import Receiver
from tests.sightings import observed

BANK_URL = "http://127.0.0.1:8310"
PUBLIC_URL = "http://127.0.0.1:8320"
CALLBACK_URL = "http://127.0.0.1:8330/bank/events"
SCOPE = "private:account private:transfer offline_access"
PAYOUT = {
    "amount_yen": 50_000,
    "beneficiary": {
        "bank_code": "0001",
        "branch_code": "001",
        "account_type": "1",
        "account_number": "1234567",
        "name": "ヤマダ　タロウ",
    },
    "case": {"type": "店頭買取", "reference": "C-2026-000123"},
}
STEPS_MAX = 400


class WorkerKilled(BaseException):
    """A worker process ended here, as if by kill -9: no handler of the program sees it."""


class VirtualClock:
    """One clock for bank, limit, integrator and gate. Sleeping moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def seconds(self) -> float:
        return self._now.timestamp()


class KillSwitch:
    """Kills the worker that reaches a point, the given number of times from now. Counts what it saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._plan: dict[str, int] = {}
        self._actions: dict[str, tuple[int, Callable[[], object]]] = {}

    def kill_at(self, point: str, *, visit: int = 1) -> None:
        """The worker dies at its `visit`-th arrival at `point` from now on."""
        self._plan[point] = visit

    def do_at(self, point: str, action: Callable[[], object], *, visit: int = 1) -> None:
        """At its `visit`-th arrival at `point` the worker stands still until `action` has been done by others."""
        self._actions[point] = (visit, action)

    def spare(self) -> None:
        """Forget every plan."""
        self._plan.clear()
        self._actions.clear()

    def reached(self, point: str) -> None:
        self.seen.append(point)
        visit, action = self._actions.pop(point, (0, None))
        if action is not None and visit > 1:
            self._actions[point] = (visit - 1, action)
        elif action is not None:
            action()
        if point in self._plan:
            self._plan[point] -= 1
            if self._plan[point] == 0:
                del self._plan[point]
                raise WorkerKilled(point)


@dataclass
class Sent:
    """One request as it left for the bank."""

    method: str
    path: str
    query: str
    headers: httpx.Headers
    body: bytes
    status: int | None = None


class BankLine(httpx.BaseTransport):
    """The way to the bank. Records every request; loses one before it arrives when told to."""

    def __init__(self, bank: Flask) -> None:
        self._bank = bank
        self.address = "127.0.0.1"
        self.sent: list[Sent] = []
        self.refuse_connections = 0
        self._time_out: list[str] = []
        self._rewrites: list[tuple[str, Callable[[dict[str, Any]], None]]] = []
        self._dropped_parameters: set[str] = set()

    def rewrite(self, path: str, change: Callable[[dict[str, Any]], None]) -> None:
        """From now on every JSON reply of this path arrives changed: a bank that says surprising things."""
        self._rewrites.append((path, change))

    def rewrite_queries_without(self, name: str) -> None:
        """From now on the bank never gets this parameter: the rewritten replies decide what it stands for."""
        self._dropped_parameters.add(name)

    def stop_rewriting(self) -> None:
        self._rewrites.clear()
        self._dropped_parameters.clear()

    def time_out_before_arrival(self, path: str) -> None:
        """The next request to this path is lost on its way: the bank never sees it, the worker waits in vain."""
        self._time_out.append(path)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        split = urlsplit(str(request.url))
        sent = Sent(request.method, split.path, split.query, request.headers, request.read())
        if self.refuse_connections > 0:
            self.refuse_connections -= 1
            raise httpx.ConnectError("connection refused", request=request)
        self.sent.append(sent)
        expect_lawful(request)
        if any(split.path.endswith(path) for path in self._time_out):
            self._time_out = [path for path in self._time_out if not split.path.endswith(path)]
            raise httpx.ReadTimeout("no answer in time", request=request)
        for name in self._dropped_parameters:
            request.url = request.url.copy_remove_param(name)
        try:
            inner = httpx.WSGITransport(app=self._bank, remote_addr=self.address)  # type: ignore[arg-type]
            response = inner.handle_request(request)
            content = response.read()
        except ConnectionDropped:
            raise httpx.ReadError("connection reset by peer", request=request) from None
        sent.status = response.status_code
        for path, change in self._rewrites:
            if split.path.endswith(path) and content.startswith(b"{"):
                members = json.loads(content)
                change(members)
                content = json.dumps(members, ensure_ascii=False).encode()
                response.headers.pop("content-length", None)
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)

    def orders(self) -> list[Sent]:
        """Return the transfer requests that were sent, in order."""
        return [sent for sent in self.sent if sent.path.endswith("/transfer/request")]


@dataclass
class World:
    """The whole, with the verbs of its people."""

    clock: VirtualClock
    bank_app: Flask
    line: BankLine
    db: Database
    web_app: Flask
    workers: list[Worker]
    kill_switches: list[KillSwitch]
    api_key: Secret
    receiver: Receiver
    secrets_seen: set[str] = field(default_factory=set)

    # --- ReCORE -------------------------------------------------------------------------------------------

    def recore(self, method: str, path: str, **options: Any) -> Any:
        """Call the integrator as ReCORE; returns the test client's response."""
        headers = {"Authorization": f"Bearer {self.api_key.reveal()}", **options.pop("headers", {})}
        return self.web_app.test_client().open(path, method=method, headers=headers, **options)

    def request_payout(self, *, key: str = "order-1", **changed: Any) -> str:
        """Place a payout and return its id."""
        response = self.recore(
            "POST", f"/v1/companies/{COMPANY_ID}/payouts", json={**PAYOUT, **changed}, headers={"Idempotency-Key": key}
        )
        assert response.status_code == 202, response.get_data(as_text=True)
        return str(response.json["payout_id"])

    def payout(self, payout_id: str) -> dict[str, Any]:
        """Return a payout as ReCORE sees it."""
        response = self.recore("GET", f"/v1/companies/{COMPANY_ID}/payouts/{payout_id}")
        assert response.status_code == 200, response.get_data(as_text=True)
        found: dict[str, Any] = response.json
        return found

    def state_of(self, payout_id: str) -> str:
        return str(self.payout(payout_id)["state"])

    def history_of(self, payout_id: str) -> list[str]:
        return [step["state"] for step in self.payout(payout_id)["history"]]

    def cancel(self, payout_id: str) -> Any:
        return self.recore("POST", f"/v1/companies/{COMPANY_ID}/payouts/{payout_id}/cancel")

    def set_callback(self, url: str = CALLBACK_URL) -> Any:
        """Ask for events at `url`; returns the answer, and remembers the secret if it came with one."""
        response = self.recore("PUT", f"/v1/companies/{COMPANY_ID}/callback", json={"url": url})
        assert response.status_code in (200, 201), response.get_data(as_text=True)
        return self._learn_secret(response.json)

    def rotate_callback_secret(self) -> Any:
        response = self.recore("POST", f"/v1/companies/{COMPANY_ID}/callback/rotate-secret")
        assert response.status_code == 201, response.get_data(as_text=True)
        return self._learn_secret(response.json)

    def callback(self) -> dict[str, Any]:
        found: dict[str, Any] = self.recore("GET", f"/v1/companies/{COMPANY_ID}/callback").json
        return found

    def pulled_events(self, *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Return every event after a position but the connection's, page by page."""
        found = self._pulled(after=after, limit=limit)
        return [event for event in found if event["type"] != "connection.changed"]

    def connection_events(self) -> list[dict[str, Any]]:
        """Return what was told of the connection: each event's `connection`, in order of its sequence."""
        found = [event for event in self._pulled(after=0, limit=100) if event["type"] == "connection.changed"]
        assert [event["sequence"] for event in found] == list(range(1, len(found) + 1))
        return [event["connection"] for event in found]

    def _pulled(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        page = self.recore("GET", f"/v1/companies/{COMPANY_ID}/events?after={after}&limit={limit}").json
        rest = self._pulled(after=page["next_after"], limit=limit) if page["has_more"] else []
        return [*page["events"], *rest]

    def _learn_secret(self, answer: dict[str, Any]) -> dict[str, Any]:
        if "secret" in answer:
            self.receiver.secrets.append(answer["secret"])
            self.secrets_seen.add(answer["secret"])
        return answer

    # --- the account holder and the bank's staff ----------------------------------------------------------------

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the bank's control surface; returns the JSON."""
        environ = {"REMOTE_ADDR": "127.0.0.1"}
        response = self.bank_app.test_client().open(
            f"/_sandbox/v1{path}", method=method, json=body, environ_overrides=environ
        )
        assert response.status_code < 300, response.get_data(as_text=True)
        return response.json if response.data else None

    def consent(self, *, company_id: str = COMPANY_ID) -> Any:
        """Consent at the bank and follow the redirect; returns the integrator's page."""
        begun = self.recore("POST", f"/v1/companies/{company_id}/authorization")
        assert begun.status_code == 201, begun.get_data(as_text=True)
        asked = parse_qs(urlsplit(begun.json["authorization_url"]).query)
        given = self.control(
            "POST",
            "/consents",
            {
                "client_id": asked["client_id"][0],
                "customer_id": "corporate",
                "scope": asked["scope"][0],
                "redirect_uri": asked["redirect_uri"][0],
                "state": asked["state"][0],
            },
        )
        self.secrets_seen.add(given["code"])
        arrived = urlsplit(given["location"])
        return self.web_app.test_client().get(f"{arrived.path}?{arrived.query}")

    def confirm(self, apply_no: str) -> None:
        self.control("POST", f"/transfers/{apply_no}/confirm")

    def pending(self) -> list[dict[str, Any]]:
        """Return what waits for the holder's confirmation."""
        found: list[dict[str, Any]] = self.control("GET", "/customers")["customers"][0]["pending_confirmations"]
        return found

    def confirm_all(self) -> None:
        for waiting in self.pending():
            self.confirm(waiting["apply_no"])

    def change_customer(self, **changed: Any) -> None:
        self.control("PATCH", "/customers/corporate", changed)

    def fault(
        self, point: str, effect: str, *, operation: str = "POST /transfer/request", times: int = 1, **more: Any
    ) -> None:
        body = {"operation": operation, "point": point, "effect": effect, "times": times, **more}
        self.control("POST", "/faults", body)

    def payments(self) -> list[Payment]:
        """Return the truth: every debit that really happened."""
        world_of(self.bank_app).tick()
        return world_of(self.bank_app).bank.payments()

    # --- time and workers -------------------------------------------------------------------------------------------

    def advance(self, **delta: float) -> None:
        """Let so much time pass. The bank settles what falls due."""
        self.clock.sleep(timedelta(**delta).total_seconds())
        world_of(self.bank_app).tick()

    def step(self, worker: int = 0) -> bool:
        """Let one worker do what is due."""
        return self.workers[worker].step()

    def step_and_die(self, worker: int = 0) -> str:
        """Let one worker step into its death; returns the point where it died."""
        try:
            while self.workers[worker].step():
                pass
        except WorkerKilled as killed:
            return str(killed)
        raise AssertionError("the worker was expected to die and did not")

    def run_until_idle(self) -> None:
        """Let all workers work until none finds anything due."""
        for _ in range(STEPS_MAX):
            if not sum(worker.step() for worker in self.workers):
                return
        raise AssertionError(f"still busy after {STEPS_MAX} rounds")

    def run_for(self, *, every_seconds: float = 5, **delta: float) -> None:
        """Let time pass in small steps, the workers working all the while."""
        until = self.clock.now() + timedelta(**delta)
        self.run_until_idle()
        while self.clock.now() < until:
            self.advance(seconds=min(every_seconds, (until - self.clock.now()).total_seconds()))
            self.run_until_idle()

    def run_with_deaths_for(self, **delta: float) -> None:
        """Like `run_for`, and every worker that is killed is followed by a new one a little later."""
        until = self.clock.now() + timedelta(**delta)
        while self.clock.now() < until:
            for worker in self.workers:
                with contextlib.suppress(WorkerKilled):
                    worker.step()
            self.advance(seconds=5)

    # --- what only the test may see ---------------------------------------------------------------------------------

    def access_token(self) -> str:
        """Return the token that the worker uses now."""
        access = self.workers[0].desk.tokens.access(COMPANY_ID)
        assert access is not None, "the company is connected"
        return access.token.reveal()

    def client_id(self) -> str:
        return str(_first_client(self.bank_app)["client_id"])

    def order(self) -> dict[str, Any]:
        """Return the body of an ordinary payout."""
        return {**PAYOUT}

    def remember_tokens(self) -> None:
        """Keep every secret seen on the line, for the search for secrets in clear."""
        for sent in self.line.sent:
            self.secrets_seen.add(sent.headers.get("x-access-token", ""))
            if sent.path.endswith("/token"):
                for name in ("code", "refresh_token", "client_secret"):
                    self.secrets_seen.update(parse_qs(sent.body.decode()).get(name, []))

    def close(self) -> None:
        self.db.close()
        for worker in self.workers:
            worker.desk.db.close()


@dataclass(frozen=True)
class Addresses:
    """Where the bank and the integrator believe to be reached: browsers are sent there."""

    bank_url: str = BANK_URL
    public_url: str = PUBLIC_URL


def build_world(
    database_url: str,
    *,
    seed: int = 1,
    start: datetime = NOON,
    worker_count: int = 1,
    addresses: Addresses = Addresses(),
    worker_url: str | None = None,
) -> World:
    """Return a world with one registered company. The database is migrated by the caller.

    `worker_url` lets the workers come to the same database by an account of their own.
    """
    clock = VirtualClock(start)
    bank_app = observed(
        create_app(
            Settings.from_env({"INTEGRATOR_PORT": str(urlsplit(addresses.public_url).port)}),
            real_time=clock.seconds,
            monotonic=clock.seconds,
            random_source=random.Random(seed),  # noqa: S311  (a seeded world)
            sleep=clock.sleep,
        )
    )
    line = BankLine(bank_app)
    key = MasterKey("testkey1", secrets.token_bytes(32))
    common = {
        "INTEGRATOR_ENVIRONMENT": "local",
        "INTEGRATOR_BANK_URL": addresses.bank_url,
        "INTEGRATOR_DATABASE_URL": database_url,
    }
    web_settings = read_web_settings(
        {
            **common,
            "INTEGRATOR_PUBLIC_URL": addresses.public_url,
            "INTEGRATOR_KEY_REQUESTS_PER_SECOND": "100000",
            "INTEGRATOR_INTAKE_PUBLIC_KEY": base64.b64encode(intake_public_key(key)).decode(),
        }
    )
    worker_settings = read_worker_settings({**common, "INTEGRATOR_MASTER_KEY": written_master_key(key)})
    new_text = make_new_text(seed)
    receiver = Receiver()
    switches = [KillSwitch() for _ in range(worker_count)]
    workers = [
        Worker(
            worker_settings,
            Ports(
                db=Database(worker_url or database_url, effects=switch),
                http=httpx.Client(transport=line),
                clock=clock,
                machine_clock=clock,
                timer=clock.seconds,
                checkpoints=switch,
                new_text=new_text,
                random_bytes=secrets.token_bytes,
                post=receiver.post,
            ),
        )
        for switch in switches
    ]
    db = Database(database_url, effects=NoCheckpoints())

    def pause(seconds: float) -> None:
        # The web waits for a worker: in one process that means to let one work.
        clock.sleep(seconds)
        workers[0].step()

    web_app = observed(web.create_app(web_settings, database=db, clock=clock, pause=pause, new_text=new_text))
    client = _first_client(bank_app)
    companies.register(
        db,
        Registration(
            company_id=COMPANY_ID,
            name="見本商事株式会社",
            environment="local",
            client_id=client["client_id"],
            client_secret=Secret(client["client_secret"]),
            account_id="101010012345",
            remitter_name=None,
            payout_limit_yen=1_000_000,
            requests_per_second=1,
        ),
        site=web_settings,
        intake=Intake(web_settings.intake_public_key, environment=web_settings.environment),
        at=clock.now(),
        new_text=new_text,
    )
    wanted = NewKey(role=Role.COMPANY, company_id=COMPANY_ID, name="ReCORE")
    api_key, _ = companies.create_key(db, wanted, at=clock.now(), new_text=new_text)
    world = World(clock, bank_app, line, db, web_app, workers, switches, api_key, receiver)
    world.secrets_seen |= {client["client_secret"], api_key.reveal()}
    return world


def _first_client(bank_app: Flask) -> dict[str, Any]:
    found = bank_app.test_client().get("/_sandbox/v1/clients", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).json
    assert found is not None, "the control surface speaks JSON"
    client: dict[str, Any] = found["clients"][0]
    return client

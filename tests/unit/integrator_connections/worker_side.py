"""A worker at a bank that says what the test tells it to say: the real parts, the network and the clocks ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
from sqlalchemy import select

from integrator import connections
from integrator.companies import Registration, Site, register
from integrator.connections import Access
from integrator.effects import NoCheckpoints
from integrator.jobs import run_one_job
from integrator.secret import Secret
from integrator.settings import ClockSource, Environment, MasterKey, WorkerSettings
from integrator.store.companies import Company, find_company
from integrator.store.connections import StandingConsent, find_connection
from integrator.store.database import Database
from integrator.store.schema import companies, consent_requests, jobs
from integrator.store.schema import connections as connections_table
from integrator.vault import Intake, Kind, intake_public_key
from integrator.worker import Ports, Worker
from tests.builders import NOON, make_new_text
from tests.receiver import Receiver

MASTER_KEY = MasterKey("testkey1", bytes(range(32)))
BANK_URL = "http://127.0.0.1:8310"
PUBLIC_URL = "http://127.0.0.1:8320"
CLIENT_SECRET = "made-up-client-secret"
SCOPES = "private:account private:transfer offline_access"
THIRTY_DAYS = 2_592_000
TABLES = (companies, consent_requests, connections_table, jobs)


class SteppingClock:
    """Stands still unless it is moved; sleeping moves it."""

    def __init__(self) -> None:
        self.present = NOON

    def now(self) -> datetime:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)

    def advance(self, **span: float) -> None:
        self.present += timedelta(**span)


Scripted = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class ScriptedBank(httpx.BaseTransport):
    """Answers call by call from a list; what was asked stays in `requests`."""

    script: list[Scripted] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def will_say(self, *replies: Scripted) -> None:
        self.script.extend(replies)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, httpx.Response) else said(request)

    def form(self, number: int) -> dict[str, str]:
        """Return the form fields of one of the requests."""
        return dict(httpx.QueryParams(self.requests[number].content.decode()))


_tokens = count(1)


def tokens_reply(*, access: str = "", refresh: str | None = "", expires_in: int = THIRTY_DAYS) -> httpx.Response:
    """Return a 200 of the token endpoint with new tokens."""
    number = next(_tokens)
    members: dict[str, Any] = {
        "access_token": access or f"access-{number}",
        "refresh_token": refresh if refresh is None else refresh or f"refresh-{number}",
        "scope": SCOPES,
        "token_type": "Bearer",
        "expires_in": expires_in,
    }
    return httpx.Response(200, json={name: value for name, value in members.items() if value is not None})


def error_reply(error: str, status: int = 400) -> httpx.Response:
    """Return an OAuth error."""
    return httpx.Response(status, json={"error": error})


def token_refused() -> httpx.Response:
    """Return the corporation API's 401."""
    return httpx.Response(401, json={"errorCode": "WG_ERR_105", "errorMessage": "認可エラー"})


LOST_REPLY = httpx.ReadTimeout("no answer")
NO_CONNECTION = httpx.ConnectError("refused")


class WorkerSide:
    """One database, one scripted bank, one worker; and the web's half of the flows, called directly."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.bank = ScriptedBank()
        self.clock = SteppingClock()
        self.machine_clock = SteppingClock()
        self.new_text = make_new_text()
        self.intake = Intake(intake_public_key(MASTER_KEY), environment=Environment.LOCAL)
        self.http = httpx.Client(transport=self.bank)
        self.worker = self.another_worker()

    def advance(self, **span: float) -> None:
        """Let time pass on both clocks alike."""
        self.clock.advance(**span)
        self.machine_clock.advance(**span)

    def another_worker(self) -> Worker:
        settings = WorkerSettings(
            environment=Environment.LOCAL,
            database_url="",
            bank_url=BANK_URL,
            clock=ClockSource.OWN,
            master_keys=(MASTER_KEY,),
            gate_jitter_seconds=0.05,
            connect_seconds=3.0,
            read_seconds=30.0,
            threads=1,
            crashes_max=10,
        )
        ports = Ports(
            db=self.db,
            http=self.http,
            clock=self.clock,
            machine_clock=self.machine_clock,
            timer=lambda: 0.0,
            checkpoints=NoCheckpoints(),
            new_text=self.new_text,
            random_bytes=lambda length: self.new_text(length, "abcdefgh").encode(),
            post=Receiver().post,
        )
        return Worker(settings, ports)

    def register(self, company_id: str = "mihon-001") -> Company:
        registration = Registration(
            company_id=company_id,
            name="見本商事株式会社",
            environment="local",
            client_id=f"client-{company_id}",
            client_secret=Secret(CLIENT_SECRET),
            account_id="101010012345",
            remitter_name=None,
            payout_limit_yen=1_000_000,
            requests_per_second=1,
        )
        site = Site(Environment.LOCAL, PUBLIC_URL)
        return register(
            self.db, registration, site=site, intake=self.intake, at=self.clock.now(), new_text=self.new_text
        )

    def company(self, company_id: str = "mihon-001") -> Company:
        with self.db.read() as tx:
            found = find_company(tx, company_id)
        assert found is not None
        return found

    def begin(self, company_id: str = "mihon-001") -> Secret:
        """Start a consent and return its state."""
        begun = connections.begin(
            self.db, self.company(company_id), bank_url=BANK_URL, at=self.clock.now(), new_text=self.new_text
        )
        return Secret(httpx.URL(begun.authorization_url).params["state"])

    def accept(self, state: Secret, *, company_id: str = "mihon-001", code: str = "code-1") -> str:
        """Bring the code back as the web does and return the job's id."""
        sealed = self.intake.seal(Secret(code), company_id=company_id, kind=Kind.AUTHORIZATION_CODE)
        return connections.accept_code(
            self.db, company_id, state, sealed_code=sealed, at=self.clock.now(), new_text=self.new_text
        )

    def do_job(self) -> bool:
        return run_one_job(self.worker.desk, self.worker._vault)

    def connect(self, company_id: str = "mihon-001", reply: httpx.Response | None = None) -> Access:
        """Register, consent and exchange; return the access that the worker then has."""
        self.register(company_id)
        assert self.do_job()
        self.bank.will_say(reply or tokens_reply())
        self.accept(self.begin(company_id), company_id=company_id)
        assert self.do_job()
        self.bank.requests.clear()
        access = self.worker.desk.tokens.access(company_id)
        assert access is not None
        return access

    def consent(self, company_id: str = "mihon-001") -> StandingConsent:
        with self.db.read() as tx:
            found = find_connection(tx, company_id)
        assert found is not None
        return found

    def raw_rows(self) -> str:
        """Return everything that the database holds of companies, consents, connections and jobs, as one text."""
        with self.db.engine.connect() as connection:
            return str([connection.execute(select(table)).all() for table in TABLES])

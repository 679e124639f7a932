"""The web side in process: the real application on a database file, its clock and its waiting ours."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from integrator.app import create_app
from integrator.companies import NewKey, Registration, Role, Site, create_key, register
from integrator.secret import Secret
from integrator.settings import ClockSource, Environment, MasterKey, WebSettings
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.store.jobs import Job, JobAnswer, JobKind, claim_job, record_answer
from integrator.store.schema import metadata
from integrator.store.submissions import Times
from integrator.vault import Intake, intake_public_key
from tests.builders import NOON, make_new_text
from tests.sightings import observed

MASTER_KEY = MasterKey("testkey1", bytes(range(32)))
BANK_URL = "http://127.0.0.1:8310"
PUBLIC_URL = "http://127.0.0.1:8320"


class StandingClock:
    """Stands still unless the test moves it."""

    def __init__(self) -> None:
        self.present = NOON

    def now(self) -> Any:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.present += timedelta(seconds=seconds)


def make_settings(**changed: Any) -> WebSettings:
    """Return the settings of a web process in the environment local."""
    members: dict[str, Any] = {
        "environment": Environment.LOCAL,
        "database_url": "sqlite://",
        "bank_url": BANK_URL,
        "public_url": PUBLIC_URL,
        "clock": ClockSource.OWN,
        "intake_public_key": intake_public_key(MASTER_KEY),
        "host": "127.0.0.1",
        "port": 0,
        "requests_per_second": 1,
        "key_requests_per_second": 100_000,
    }
    return WebSettings(**{**members, **changed})


def make_order(**changed: Any) -> dict[str, Any]:
    """Return the body of a payout order."""
    order: dict[str, Any] = {
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
    return {**order, **changed}


class WebSide:
    """One application, two companies, their keys and an operator's. `while_waiting` runs at every pause."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = StandingClock()
        self.new_text = make_new_text()
        self.while_waiting: Callable[[], object] = lambda: None
        self.pauses: list[float] = []
        self.settings = make_settings()
        self.app = observed(
            create_app(self.settings, database=db, clock=self.clock, pause=self._pause, new_text=self.new_text)
        )
        self.client: FlaskClient = self.app.test_client()
        self.register("mihon-001")
        self.register("mihon-002")
        self.operator_key = self.make_key(Role.OPERATOR, None)
        self.company_key = self.make_key(Role.COMPANY, "mihon-001")
        self.other_key = self.make_key(Role.COMPANY, "mihon-002")
        self.answer_next_job()
        self.answer_next_job()

    def use(self, settings: WebSettings, *, timer: Callable[[], float]) -> None:
        """Go on with an application of other settings on the same database."""
        self.app = observed(
            create_app(
                settings, database=self.db, clock=self.clock, pause=self._pause, new_text=self.new_text, timer=timer
            )
        )
        self.client = self.app.test_client()

    def register(self, company_id: str) -> Company:
        registration = Registration(
            company_id=company_id,
            name="見本商事株式会社",
            environment="local",
            client_id=f"client-{company_id}",
            client_secret=Secret("made-up-client-secret"),
            account_id="101010012345",
            remitter_name=None,
            payout_limit_yen=1_000_000,
            requests_per_second=1,
        )
        intake = Intake(self.settings.intake_public_key, environment=Environment.LOCAL)
        site = Site(Environment.LOCAL, PUBLIC_URL)
        return register(self.db, registration, site=site, intake=intake, at=NOON, new_text=self.new_text)

    def make_key(self, role: Role, company_id: str | None) -> str:
        made, _ = create_key(self.db, NewKey(role, company_id, "test"), at=NOON, new_text=self.new_text)
        return made.reveal()

    def call(self, method: str, path: str, *, key: str | None = None, **sent: Any) -> TestResponse:
        """Call as the first company unless another key is given; an empty key sends none."""
        chosen = self.company_key if key is None else key
        headers = {**({"Authorization": f"Bearer {chosen}"} if chosen else {}), **sent.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **sent)

    def place(self, order: dict[str, Any] | None = None, *, idempotency_key: str = "key-1") -> TestResponse:
        """Order a payout."""
        return self.call(
            "POST",
            "/v1/companies/mihon-001/payouts",
            json=make_order() if order is None else order,
            headers={"Idempotency-Key": idempotency_key},
        )

    def answer_next_job(self, answer: JobAnswer | Mapping[JobKind, JobAnswer] | None = None) -> Job | None:
        """Do the worker's part: take the oldest job and record this answer, or that of its kind. Returns the job."""
        at = Times(now=self.clock.now(), machine=self.clock.now())
        with self.db.begin() as tx:
            job = claim_job(tx, at=at, owner="worker", lease_until=at.machine + timedelta(minutes=3))
        if job is not None:
            said = answer[job.kind] if isinstance(answer, Mapping) else answer or JobAnswer(is_done=True, result={})
            with self.db.begin() as tx:
                record_answer(tx, job.job_id, said, owner="worker")
        return job

    def raw_rows(self, *tables: str) -> str:
        """Return everything that these tables hold, as one text."""
        with self.db.engine.connect() as connection:
            return str([connection.execute(select(metadata.tables[name])).all() for name in tables])

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.while_waiting()

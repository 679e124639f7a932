"""The field of a storm: a mock bank with many companies, a migrated database that knows them, all of them connected.

Everything goes the product's own way, but for the browser: companies are registered and consents are exchanged by the
functions that web and worker use, and the payouts are taken by the function that the web calls. Nothing is killed here.
"""

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from integrator.app import random_text
from integrator.clock import BankClock
from integrator.companies import NewKey, Registration, Role, Site, create_key, redirect_uri_of, register
from integrator.domain.payout import PayoutRequest
from integrator.effects import NoCheckpoints
from integrator.payout_checks import Payer
from integrator.payouts import request_payout
from integrator.secret import Secret
from integrator.settings import Environment, MasterKey, read_worker_settings, written_master_key
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.vault import Intake, intake_public_key, new_master_key
from integrator.worker import at_hand
from tests.world import SCOPE

BIN: Final = Path(sys.executable).parent
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 20.0
POLL_SECONDS: Final = 0.02
HANDS: Final = 8
TAKERS: Final = 2  # one speaks while the database works for the other
OURS: Final = ("INTEGRATOR_", "MOCK_GMO_")
# A Wednesday morning in Japan: the whole storm fits into this day of the bank.
CLOCK_START: Final = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
PAYOUT_LIMIT_YEN: Final = 1_000_000

BENEFICIARY: Final = {
    "bank_code": "0001",
    "branch_code": "001",
    "account_type": "1",
    "account_number": "1234567",
    "name": "ヤマダ　タロウ",
}


class FieldFailed(Exception):
    """A program did not come up or did not go on. The message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Firm:
    """One company: its number says everything about it."""

    number: int

    @property
    def company_id(self) -> str:
        """The integrator's name for it."""
        return f"shop-{self.number:04d}"

    @property
    def client_id(self) -> str:
        """The bank's name for its program."""
        return f"st0rmC1ient{self.number:05d}"

    @property
    def account_id(self) -> str:
        """The account that it pays from."""
        return f"10101{self.account_number}"

    @property
    def account_number(self) -> str:
        """The number of that account."""
        return f"{1_000_000 + self.number}"

    def payout(self, number: int) -> PayoutRequest:
        """Return its payout of this number. No two of a company have the same amount, so any debit can be told."""
        return PayoutRequest(
            amount_yen=1_000 + number, case_type="店頭買取", case_reference=f"C-{number}", **BENEFICIARY
        )


@dataclass(frozen=True, slots=True)
class Field:
    """What a storm goes over: where the programs are and with which settings they run."""

    bank_url: str
    database_url: str
    firms: Sequence[Firm]
    worker_settings: Mapping[str, str] = field(repr=False)
    web_settings: Mapping[str, str] = field(repr=False)

    def bank_answer(self, path: str, **query: str) -> dict[str, Any]:
        """Return what the bank's control surface says."""
        reply = httpx.get(f"{self.bank_url}/_sandbox/v1{path}", params=query, timeout=60, trust_env=False)
        answer: dict[str, Any] = reply.raise_for_status().json()
        return answer

    def set_rate(self, rate: float) -> None:
        """Let the bank's clock run so many times as fast as the machine's."""
        url = f"{self.bank_url}/_sandbox/v1/clock"
        httpx.post(url, json={"rate": rate}, timeout=60, trust_env=False).raise_for_status()

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The integrator's database, for a while."""
        with contextlib.closing(Database(self.database_url, effects=NoCheckpoints())) as db:
            yield db


@contextlib.contextmanager
def prepared_field(firms_count: int, *, database_url: str, folder: Path) -> Iterator[Field]:
    """Yield a bank and a database with so many connected companies; the bank is gone afterwards."""
    firms = [Firm(number) for number in range(firms_count)]
    scenario, ready = folder / "storm.yaml", folder / "bank.url"
    scenario.write_text(json.dumps(_scenario(firms), ensure_ascii=False), encoding="utf-8")
    bank_command = [str(BIN / "mock-gmo"), "serve", "--port", "0", "--scenario", str(scenario), "--ready-file"]
    with running([*bank_command, str(ready)], {}, log=folder / "bank.log") as bank:
        bank_url = url_in(ready, bank)
        master_key = new_master_key(secrets.token_bytes)
        common = {
            "INTEGRATOR_ENVIRONMENT": "local",
            "INTEGRATOR_BANK_URL": bank_url,
            "INTEGRATOR_DATABASE_URL": database_url,
            "INTEGRATOR_CLOCK": "bank",
        }
        intake_key = base64.b64encode(intake_public_key(master_key)).decode()
        public_url = "http://127.0.0.1:8320"
        field_ = Field(
            bank_url=bank_url,
            database_url=database_url,
            firms=firms,
            worker_settings={
                **common,
                "INTEGRATOR_MASTER_KEY": written_master_key(master_key),
            },
            web_settings={
                **common,
                "INTEGRATOR_PUBLIC_URL": public_url,
                "INTEGRATOR_INTAKE_PUBLIC_KEY": intake_key,
            },
        )
        _register(field_, public_url, master_key)
        _connect(field_, public_url)
        yield field_


@contextlib.contextmanager
def running(command: Sequence[str], settings: Mapping[str, str], *, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run one program with these settings and none of the terminal's own, and end it."""
    process = begin(command, settings, log=log)
    try:
        yield process
    finally:
        end(process)


def begin(command: Sequence[str], settings: Mapping[str, str], *, log: Path) -> "subprocess.Popen[bytes]":
    """Start one program; what it says is added to `log`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            env={**clean, **settings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a program: asked first, killed when it does not go."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def url_in(ready: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the base URL that a program writes once it answers. Raises FieldFailed."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not ready.exists() or not (url := ready.read_text(encoding="utf-8").strip()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise FieldFailed(f"{process.args!r} did not come up; its own message stands in its log")
        time.sleep(POLL_SECONDS)
    return url


def take_payouts(field_: Field, numbers: range) -> None:
    """Take the payouts of these numbers of every company, as the web does, company after company."""
    with field_.database() as db, httpx.Client(trust_env=False) as http:
        clock = BankClock(field_.bank_url, http=http)

        def take(firm: Firm) -> None:
            payer = Payer(firm.company_id, firm.account_id, PAYOUT_LIMIT_YEN)
            for number in numbers:
                request_payout(
                    db,
                    firm.payout(number),
                    payer=payer,
                    idempotency_key=f"storm-{number}",
                    at=clock.now(),
                    new_text=random_text,
                )

        with ThreadPoolExecutor(TAKERS) as takers:
            list(takers.map(take, field_.firms))


def ask_the_web(field_: Field, number: int, *, folder: Path) -> None:
    """Ask for this payout of every company at a real `integrator serve`, with a key of its own. Raises FieldFailed."""
    ready = folder / "web.url"
    command = [str(BIN / "integrator"), "serve", "--port", "0", "--ready-file", str(ready)]
    keys = company_keys(field_)
    with running(command, field_.web_settings, log=folder / "web.log") as web, httpx.Client(trust_env=False) as http:
        url = url_in(ready, web)
        for firm, key in zip(field_.firms, keys, strict=True):
            answer = http.post(
                f"{url}/v1/companies/{firm.company_id}/payouts",
                json=_body(firm.payout(number)),
                headers={"Authorization": f"Bearer {key.reveal()}", "Idempotency-Key": f"storm-{number}"},
                timeout=60,
            )
            if answer.status_code != httpx.codes.ACCEPTED:
                raise FieldFailed(f"the web answered {answer.status_code} to a payout of {firm.company_id}")


def _body(asked: PayoutRequest) -> dict[str, Any]:
    return {
        "amount_yen": asked.amount_yen,
        "beneficiary": BENEFICIARY,
        "case": {"type": asked.case_type, "reference": asked.case_reference},
    }


def company_keys(field_: Field) -> list[Secret]:
    """Return a new API key of each company, in their order."""
    with field_.database() as db:
        return [
            create_key(
                db,
                NewKey(role=Role.COMPANY, company_id=firm.company_id, name="storm"),
                at=datetime.now(UTC),
                new_text=random_text,
            )[0]
            for firm in field_.firms
        ]


def _scenario(firms: Sequence[Firm]) -> dict[str, Any]:
    customers = [
        {
            "customer_id": firm.company_id,
            "name": f"見本商店{firm.number}",
            "kind": "corporation",
            "confirmation_required": False,
            "business_id_management": False,
            "logins": [
                {
                    "login_id": firm.company_id,
                    "password": "mihon-login-2026",
                    "transaction_password": "mihon-torihiki-2026",
                }
            ],
            "accounts": [
                {
                    "branch_code": "101",
                    "branch_name": "法人営業部",
                    "type_code": "01",
                    "number": firm.account_number,
                    "primary": True,
                    "name": f"見本商店{firm.number}",
                    "name_kana": "ﾐﾎﾝｼﾖｳﾃﾝ",
                    "opened_on": "2019-04-01",
                    "opening_balance_yen": 10_000_000,
                    "transfer_limit_yen": 10_000_000,
                }
            ],
        }
        for firm in firms
    ]
    return {"title": "a storm", "clock_start": CLOCK_START.isoformat(), "customers": customers}


def _register(field_: Field, public_url: str, master_key: MasterKey) -> None:
    with field_.database() as db:
        migrate(db)
        intake = Intake(intake_public_key(master_key), environment=Environment.LOCAL)
        for firm in field_.firms:
            registration = Registration(
                company_id=firm.company_id,
                name=f"見本商店{firm.number}",
                environment=Environment.LOCAL,
                client_id=firm.client_id,
                client_secret=_client_secret(firm),
                account_id=firm.account_id,
                remitter_name=None,
                payout_limit_yen=PAYOUT_LIMIT_YEN,
                requests_per_second=1,
            )
            register(
                db,
                registration,
                site=Site(Environment.LOCAL, public_url),
                intake=intake,
                at=datetime.now(UTC),
                new_text=random_text,
            )


def _client_secret(firm: Firm) -> Secret:
    return Secret(f"st0rm{firm.number:05d}" * 5)


def _connect(field_: Field, public_url: str) -> None:
    with at_hand(read_worker_settings(field_.worker_settings)) as worker, httpx.Client(trust_env=False) as bank:

        def connect(firm: Firm) -> None:
            code = _consent(bank, field_.bank_url, firm, redirect_uri_of(public_url, firm.company_id))
            worker.desk.tokens.exchange(firm.company_id, Secret(code))

        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(connect, field_.firms))
        seals = worker.kinds_of_work[0].do_one  # the questions: what registering asked of the worker
        while seals():
            worker.desk.lanes.leave()


def _consent(bank: httpx.Client, bank_url: str, firm: Firm, redirect_uri: str) -> str:
    client = {
        "client_id": firm.client_id,
        "client_secret": _client_secret(firm).reveal(),
        "name": firm.company_id,
        "company_id": firm.company_id,
        "redirect_uris": [redirect_uri],
        "networks": ["127.0.0.1/32"],
        "scopes": SCOPE.split(),
    }
    consent = {
        "client_id": firm.client_id,
        "customer_id": firm.company_id,
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
    }
    control = f"{bank_url}/_sandbox/v1"
    bank.post(f"{control}/clients", json=client, timeout=60).raise_for_status()
    code: str = bank.post(f"{control}/consents", json=consent, timeout=60).raise_for_status().json()["code"]
    return code

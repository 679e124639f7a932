"""Figures of the integrator: payouts accepted a second on each database, and bank calls for one payout.

Accepting is measured at the real program `integrator serve`, over HTTP, with every payout under a key of its own.
The calls are counted in the tests' world, where both programs run in one process on one clock, so that the count
depends on the integrator's decisions alone and not on the machine.
"""

import base64
import contextlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from bench_load import NUMBER, Load
from bench_process import BIN, MeasurementFailed, measure, port_of, serving

from integrator.app import random_text
from integrator.companies import NewKey, Registration, Role, Site, create_key, register
from integrator.effects import NoCheckpoints
from integrator.secret import Secret
from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.vault import Intake, intake_public_key, new_master_key
from tests.postgres import private_postgres
from tests.world import PAYOUT, build_world

ROUNDS: Final = 5
ROUND_SECONDS: Final = 2.0
WARM_UP_SECONDS: Final = 0.5
CONNECTIONS: Final = 4
COMPANY_ID: Final = "shop-0001"
PUBLIC_URL: Final = "http://127.0.0.1:8320"
# The web process of these figures never calls the bank; the setting only has to name one.
BANK_URL: Final = "http://127.0.0.1:8310"

CONFIRMED_AFTER_SECONDS: Final = 60.0
SETTLED_WITHIN_SECONDS: Final = 600
SETTLED: Final = "settled"


@dataclass(frozen=True, slots=True)
class Web:
    """A running `integrator serve` and a key of the company that pays."""

    port: int
    api_key: Secret


def payouts_accepted_per_second_sqlite() -> float:
    """Return POST payouts answered 202 a second, on a SQLite file."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return _accepted_per_second(f"sqlite:///{Path(folder) / 'integrator.sqlite3'}")


def payouts_accepted_per_second_postgresql() -> float:
    """Return POST payouts answered 202 a second, on a private PostgreSQL."""
    with private_postgres() as url:
        return _accepted_per_second(url)


def calls_per_payout_1() -> float:
    """Return the calls at the bank until one payout is known settled; its holder confirms it after a minute."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'integrator.sqlite3'}"
        migrate_database(url)
        world = build_world(url)
        try:
            world.consent()
            before = len(world.line.sent)
            payout_id = world.request_payout()
            world.run_for(seconds=CONFIRMED_AFTER_SECONDS, every_seconds=1)
            world.confirm_all()
            for _ in range(SETTLED_WITHIN_SECONDS):
                world.run_for(seconds=1, every_seconds=1)
                if world.state_of(payout_id) == SETTLED:
                    return float(len(world.line.sent) - before)
            raise MeasurementFailed(f"not settled within {SETTLED_WITHIN_SECONDS} s but {world.state_of(payout_id)}")
        finally:
            world.close()


def _accepted_per_second(database_url: str) -> float:
    with _running_web(database_url) as web:
        rates, sent = [], 0
        for _ in range(ROUNDS):
            load = Load(
                port=web.port,
                request=_request(web),
                status=202,
                connections=CONNECTIONS,
                seconds=ROUND_SECONDS,
                warm_up_seconds=WARM_UP_SECONDS,
                first_number=sent,
            )
            tally = measure(load)
            rates.append(tally.per_second)
            sent += tally.sent_count
    print(f"  rounds {min(rates):,.0f}–{max(rates):,.0f} a second, {sent:,} payouts in the database")
    return median(rates)


def _request(web: Web) -> str:
    body = json.dumps(PAYOUT, ensure_ascii=False)
    lines = (
        f"POST /v1/companies/{COMPANY_ID}/payouts HTTP/1.1",
        f"Host: 127.0.0.1:{web.port}",
        f"Authorization: Bearer {web.api_key.reveal()}",
        f"Idempotency-Key: bench-{NUMBER.decode()}",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        "",
        body,
    )
    return "\r\n".join(lines)


@contextlib.contextmanager
def _running_web(database_url: str) -> Iterator[Web]:
    intake_key = intake_public_key(new_master_key(secrets.token_bytes))
    api_key = _prepare(database_url, intake_key)
    settings = {
        "INTEGRATOR_ENVIRONMENT": "local",
        "INTEGRATOR_BANK_URL": BANK_URL,
        "INTEGRATOR_DATABASE_URL": database_url,
        "INTEGRATOR_PUBLIC_URL": PUBLIC_URL,
        "INTEGRATOR_KEY_REQUESTS_PER_SECOND": "100000",
        "INTEGRATOR_INTAKE_PUBLIC_KEY": base64.b64encode(intake_key).decode(),
    }
    with serving([str(BIN / "integrator"), "serve", "--port", "0"], settings) as url:
        yield Web(port_of(url), api_key)


def migrate_database(database_url: str) -> None:
    """Bring a database to the present schema."""
    with contextlib.closing(Database(database_url, effects=NoCheckpoints())) as db:
        migrate(db)


def _prepare(database_url: str, intake_key: bytes) -> Secret:
    """Migrate, register a company and return a key of it."""
    migrate_database(database_url)
    with contextlib.closing(Database(database_url, effects=NoCheckpoints())) as db:
        register(
            db,
            Registration(
                company_id=COMPANY_ID,
                name="見本商事株式会社",
                environment=Environment.LOCAL,
                client_id="loCa1C1ientShop1",
                client_secret=Secret(random_text(52, "abcdefghijklmnopqrstuvwxyz0123456789")),
                account_id="101010012345",
                remitter_name=None,
                payout_limit_yen=1_000_000,
                requests_per_second=1,
            ),
            site=Site(Environment.LOCAL, PUBLIC_URL),
            intake=Intake(intake_key, environment=Environment.LOCAL),
            at=datetime.now(UTC),
            new_text=random_text,
        )
        wanted = NewKey(role=Role.COMPANY, company_id=COMPANY_ID, name="bench")
        api_key, _ = create_key(db, wanted, at=datetime.now(UTC), new_text=random_text)
    return api_key

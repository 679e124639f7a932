"""A company's connection is rehearsed: nothing moves, nothing is spent unasked, and what is wrong is named."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from integrator.companies import get_company
from integrator.domain.payout import Beneficiary
from integrator.onboarding.checks import Result
from integrator.onboarding.evidence import Evidence, table
from integrator.onboarding.rehearsal import Rehearsed, Wanted, rehearse
from integrator.settings import ClockSource, Environment, WorkerSettings
from integrator.store.schema import companies, connections
from tests.builders import COMPANY_ID
from tests.world import BANK_URL, World

TO = Beneficiary("0001", "001", "1", "1234567", "テスト", "ﾃｽﾄ")
SETTINGS = WorkerSettings(
    environment=Environment.LOCAL,
    database_url="",
    bank_url=BANK_URL,
    clock=ClockSource.OWN,
    master_keys=(),
    gate_jitter_seconds=0.05,
    connect_seconds=3.0,
    read_seconds=30.0,
    threads=1,
    crashes_max=10,
)


def run(world: World, *, with_refresh: bool = False) -> Rehearsed:
    company = get_company(world.db, COMPANY_ID, environment=Environment.LOCAL)
    return rehearse(world.workers[0].desk, SETTINGS, Wanted(company, TO, 1, with_refresh))


def failed(done: Rehearsed) -> list[str]:
    return [check.name for check in done.checks if check.result is Result.FAIL]


def not_done(done: Rehearsed) -> int:
    return sum(check.result is Result.NOT_DONE for check in done.checks)


def test_a_good_connection_passes_every_check_moves_nothing_and_leaves_evidence(world: World, tmp_path: Path) -> None:
    before = world.access_token()
    world.line.sent.clear()

    done = run(world)

    assert done.is_passed, table(done.checks)
    assert [sent.path.rpartition("/v1")[2] for sent in world.line.sent] == [
        "/authorization",
        "/accounts",
        "/accounts/balances",
        "/transfer/transferfee",
    ]
    assert (world.payments(), world.access_token()) == ([], before)
    company = get_company(world.db, COMPANY_ID, environment=Environment.LOCAL)
    for path in Evidence(company, SETTINGS, world.clock.now(), done).write(tmp_path / "evidence"):
        text = path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not [secret for secret in (before, company.account_id, company.client_id) if secret in text]
        if path.suffix == ".json":
            told = json.loads(text)
            assert {call["request_id"] for call in told["calls"]} == {
                check["request_id"] for check in told["checks"] if "request_id" in check
            }


def test_a_refresh_is_spent_only_when_it_was_asked_for(world: World) -> None:
    before = world.access_token()

    done = run(world, with_refresh=True)

    assert done.is_passed, table(done.checks)
    assert world.access_token() != before


def _unregister(world: World) -> None:
    with world.db.begin() as tx:
        tx.execute(update(companies).values(redirect_uri=f"https://other.example/refresh_token/{COMPANY_ID}"))


def _other_environment(world: World) -> None:
    with world.db.begin() as tx:
        url = f"https://gmo-bank-integrator.nvst.jp/refresh_token/{COMPANY_ID}"
        tx.execute(update(companies).values(redirect_uri=url))


def _lose_consent(world: World) -> None:
    with world.db.begin() as tx:
        tx.execute(update(connections).values(state="needs_consent", told_state="needs_consent"))


def _narrow(world: World) -> None:
    with world.db.begin() as tx:
        tx.execute(update(connections).values(scopes="private:account offline_access"))


def _other_account(world: World) -> None:
    with world.db.begin() as tx:
        tx.execute(update(companies).values(account_id="101019999999"))


@pytest.mark.parametrize(
    ("wrong", "names", "left"),
    [
        (_unregister, ["redirect_registered"], 0),
        (_other_environment, ["redirect_form", "redirect_registered"], 0),
        (lambda world: setattr(world.line, "refuse_connections", 9), ["reachable"], 8),
        (_lose_consent, ["connection"], 6),
        (_narrow, ["scopes"], 0),
        (lambda world: world.advance(days=28), [], 0),
        (lambda world: world.advance(days=31), ["token"], 3),
        (lambda world: world.control("POST", "/tokens/expire", {"access_token": world.access_token()}), None, 0),
        (_other_account, ["accounts", "balances", "fee"], 0),
    ],
    ids=["redirect", "environment", "silent", "consent", "scopes", "28 days", "31 days", "401", "account"],
)
def test_what_is_wrong_is_named_and_what_hangs_on_it_is_not_done(
    world: World, wrong: Callable[[World], object], names: list[str] | None, left: int
) -> None:
    wrong(world)

    done = run(world)

    assert failed(done) == (["accounts", "balances", "fee"] if names is None else names), table(done.checks)
    assert not_done(done) == left
    assert done.is_passed is (failed(done) == [])
    assert not [sent for sent in world.line.sent if b"grant_type=refresh_token" in sent.body], "no refresh unasked"

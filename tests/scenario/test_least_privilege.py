"""Web, worker and purge each with an account of their own on PostgreSQL: enough for their work, and no more."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from integrator.effects import NoCheckpoints
from integrator.installation import check_web, check_worker
from integrator.purging import purge
from integrator.rotation import key_use, rotate
from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.store.rewriting import MAINTAIN_SINCE, SEALED_TABLES
from integrator.store.roles import ACCESS, ROLES, SEALED_COLUMNS, RoleNames, grant_roles
from integrator.store.schema import metadata
from integrator.vault import Intake
from tests.invariants import assert_all_is_well
from tests.unit.integrator_safety.safety_side import NEW, OLD, make_vault
from tests.world import World, build_world

NAMES = RoleNames("local")


@pytest.fixture
def accounts(postgres_url: str) -> dict[str, str]:
    """The URL of each role's account at a migrated database."""
    owner = Database(postgres_url, effects=NoCheckpoints())
    migrate(owner)
    grant_roles(owner, NAMES)
    with owner.begin() as tx:
        known = set(tx.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
        for role in ROLES:
            if f"account_{role}" not in known:
                tx.exec_driver_sql(f"CREATE USER account_{role} IN ROLE {NAMES.of(role)}")
    owner.close()
    return {
        role: make_url(postgres_url).set(username=f"account_{role}").render_as_string(hide_password=False)
        for role in ROLES
    }


@pytest.fixture
def world(accounts: dict[str, str]) -> Iterator[World]:
    """A connected world in which web and worker have nothing but their roles."""
    built = build_world(accounts["web"], worker_url=accounts["worker"])
    assert built.consent().status_code == 200
    yield built
    assert_all_is_well(built)
    built.close()


def test_the_roles_suffice_for_a_payouts_whole_life(world: World) -> None:
    world.set_callback()
    world.rotate_callback_secret()
    kept, cancelled = world.request_payout(), world.request_payout(key="order-2")
    assert world.cancel(cancelled).status_code in (200, 202)
    world.run_for(seconds=30)
    world.confirm_all()
    world.run_for(minutes=5)

    assert world.state_of(kept) == "settled"
    assert world.pulled_events() != []
    assert world.recore("GET", "/v1/companies/shop-0001/balances").status_code == 200
    assert world.recore("DELETE", "/v1/companies/shop-0001/callback").status_code == 200


def test_the_roles_suffice_for_start_rotation_and_purge(accounts: dict[str, str], postgres_url: str) -> None:
    web, worker, purging = (Database(accounts[role], effects=NoCheckpoints()) for role in ROLES)
    vault = make_vault(NEW, OLD)
    world = build_world(accounts["web"], worker_url=accounts["worker"])
    intake = world.workers[0]._vault.intake_fingerprints
    world.consent()
    check_worker(worker, vault, environment=Environment.LOCAL)
    assert intake != vault.intake_fingerprints
    rotate(worker, vault)
    assert key_use(worker, vault).needed[NEW.key_id] >= 1

    done = purge(purging, now=world.clock.now(), machine_now=world.clock.now(), pause=lambda _seconds: None)

    with purging.engine.connect() as connection:
        version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    hindered = [f"{table}: this role may not rewrite it" for table in SEALED_TABLES] if version < MAINTAIN_SINCE else []
    assert [told.partition(": integrator")[0] for told in done.rewritten.hindrances] == hindered
    for database in (web, worker, purging):
        database.close()
    world.close()


@pytest.mark.parametrize("role", ["web", "purge"])
@pytest.mark.parametrize(("table", "column"), sorted(SEALED_COLUMNS))
def test_a_sealed_column_is_denied(accounts: dict[str, str], role: str, table: str, column: str) -> None:
    engine = create_engine(accounts[role])
    for statement in (select(metadata.tables[table].c[column]), select(metadata.tables[table])):
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("web", "UPDATE connections SET state = 'connected'"),
        ("web", "INSERT INTO connections (company_id) VALUES ('x')"),
        ("web", "DELETE FROM payouts"),
        ("web", "DELETE FROM events"),
        ("web", "UPDATE payout_history SET state = 'settled'"),
        ("web", "UPDATE companies SET account_id = '1'"),
        ("web", "UPDATE installation SET sealed_canary = NULL"),
        ("web", "DELETE FROM gate_slots"),
        ("worker", "SELECT * FROM api_keys"),
        ("worker", "INSERT INTO api_keys (key_id) VALUES ('x')"),
        ("worker", "DELETE FROM payouts"),
        ("worker", "DELETE FROM companies"),
        ("worker", "UPDATE payout_history SET state = 'settled'"),
        ("purge", "SELECT * FROM payouts"),
        ("purge", "SELECT * FROM api_keys"),
        ("purge", "DELETE FROM companies"),
        ("purge", "UPDATE connections SET scopes = 'all'"),
        ("web", "CREATE TABLE mine (x int)"),
        ("worker", "DROP TABLE payouts"),
        ("purge", "ALTER TABLE connections ADD COLUMN x int"),
    ],
)
def test_what_a_role_does_not_need_it_may_not(accounts: dict[str, str], role: str, statement: str) -> None:
    engine = create_engine(accounts[role])
    with engine.connect() as connection, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        connection.execute(text(statement))
    engine.dispose()


def test_rights_that_were_given_by_hand_are_taken_back(accounts: dict[str, str], postgres_url: str) -> None:
    owner = Database(postgres_url, effects=NoCheckpoints())
    with owner.begin() as tx:
        tx.execute(text("GRANT ALL ON connections TO integrator_local_web"))
        tx.execute(text("GRANT SELECT (sealed_refresh_token) ON connections TO integrator_local_web"))

    grant_roles(owner, NAMES)

    owner.close()
    engine = create_engine(accounts["web"])
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SELECT sealed_refresh_token FROM connections"))
    engine.dispose()


def test_every_table_has_a_row_in_the_table_of_rights() -> None:
    assert set(ACCESS) == {*metadata.tables, "alembic_version"}


def test_statistics_hold_no_samples_of_sealed_columns(accounts: dict[str, str], postgres_url: str) -> None:
    world = build_world(accounts["web"], worker_url=accounts["worker"])
    world.consent()
    world.close()
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        sampled = connection.execute(text("SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'")).all()
    engine.dispose()

    assert {(row[0], row[1]) for row in sampled} & SEALED_COLUMNS == set()
    assert ("companies", "client_id") in {(row[0], row[1]) for row in sampled}


def test_the_web_starts_with_its_role(accounts: dict[str, str], world: World) -> None:
    vault = world.workers[0]._vault
    worker = Database(accounts["worker"], effects=NoCheckpoints())
    check_worker(worker, vault, environment=Environment.LOCAL)
    public = vault._keys.intake_keys()[0][1].public_key().public_bytes_raw()
    web = Database(accounts["web"], effects=NoCheckpoints())

    check_web(web, Intake(public, environment=Environment.LOCAL), environment=Environment.LOCAL)

    for database in (web, worker):
        database.close()

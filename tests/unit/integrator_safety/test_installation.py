"""One environment is one closed set: a database, keys or addresses of another stop the start with the way out."""

import pytest
from sqlalchemy import text, update

from integrator.effects import NoCheckpoints
from integrator.installation import check_before_migration, check_environment, check_web, check_worker
from integrator.settings import Environment, SettingsError
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.store.schema import companies
from integrator.vault import Intake, intake_public_key
from tests.unit.integrator_connections.worker_side import WorkerSide
from tests.unit.integrator_safety.safety_side import NEW, OLD, make_vault
from tests.unit.integrator_store.test_migrations import BEFORE_EVENTS, migrate_to

LOCAL, PRODUCTION = Environment.LOCAL, Environment.PRODUCTION


def make_intake(key: object = OLD) -> Intake:
    return Intake(intake_public_key(key), environment=LOCAL)  # type: ignore[arg-type]


def test_a_database_remembers_its_first_environment_and_refuses_every_other(db: Database) -> None:
    check_environment(db, LOCAL)
    check_environment(db, LOCAL)

    for other in (Environment.DEVELOPMENT, PRODUCTION):
        with pytest.raises(SettingsError, match=f"belongs to the environment local, and .* is {other}") as refused:
            check_environment(db, other)
        assert "Name a database of" in str(refused.value)


def test_a_database_with_companies_from_before_belongs_to_their_environment(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    migrate_to(database, "0003")
    with database.begin() as tx:
        tx.execute(text(BEFORE_EVENTS[0]))
    check_before_migration(database, PRODUCTION)

    migrate(database)

    with pytest.raises(SettingsError, match="belongs to the environment local"):
        check_before_migration(database, PRODUCTION)
    check_environment(database, LOCAL)
    database.close()


def test_a_worker_with_keys_of_another_database_does_not_start(db: Database) -> None:
    check_worker(db, make_vault(OLD), environment=LOCAL)
    check_worker(db, make_vault(OLD), environment=LOCAL)

    with pytest.raises(SettingsError, match="do not open what this database holds") as refused:
        check_worker(db, make_vault(NEW), environment=LOCAL)
    assert refused.value.variable == "INTEGRATOR_MASTER_KEY"
    check_worker(db, make_vault(NEW, OLD), environment=LOCAL)


def test_a_web_that_seals_for_keys_of_another_database_does_not_start(db: Database) -> None:
    check_web(db, make_intake(NEW), environment=LOCAL)  # no worker has told its keys yet
    check_worker(db, make_vault(OLD), environment=LOCAL)
    check_web(db, make_intake(OLD), environment=LOCAL)

    with pytest.raises(SettingsError, match="no worker of this database opens") as refused:
        check_web(db, make_intake(NEW), environment=LOCAL)
    assert refused.value.variable == "INTEGRATOR_INTAKE_PUBLIC_KEY"


def test_while_the_key_changes_a_web_may_seal_for_either(db: Database) -> None:
    check_worker(db, make_vault(OLD), environment=LOCAL)
    check_worker(db, make_vault(NEW, OLD), environment=LOCAL)

    for key in (OLD, NEW):
        check_web(db, make_intake(key), environment=LOCAL)


@pytest.mark.parametrize("host", ["gmo-bank-integrator.nvst.jp", "dev.gmo-bank-integrator.nvst.jp"])
def test_a_redirect_url_of_another_environment_stops_the_web(side: WorkerSide, host: str) -> None:
    side.register()
    with side.db.begin() as tx:
        tx.execute(update(companies).values(redirect_uri=f"https://{host}/refresh_token/mihon-001"))

    with pytest.raises(SettingsError, match="mihon-001 has a redirect URL of the environment"):
        check_web(side.db, side.intake, environment=LOCAL)

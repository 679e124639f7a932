"""The schema: made by migrations, equal to the tables in code, and never laid over something foreign."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from integrator.effects import NoCheckpoints
from integrator.store.database import Database, DatabaseUnusable
from integrator.store.migrate import MIGRATIONS, is_current, migrate
from integrator.store.schema import metadata


def test_the_migrations_make_exactly_the_tables_of_the_code(db: Database) -> None:
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_a_second_migration_changes_nothing(db: Database) -> None:
    migrate(db)

    assert is_current(db)


def test_a_database_of_the_first_release_keeps_its_rows_and_gains_the_gates_queue(database_url: str) -> None:
    database = Database(database_url, effects=NoCheckpoints())
    with database.engine.connect() as connection, connection.begin():
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO gate_slots (client_id, next_slot_at) VALUES ('client-a', '2026-04-01 03:00:00')")
        )

    migrate(database)

    with database.read() as tx:
        kept = tx.execute(text("SELECT client_id, limited_count FROM gate_slots")).all()
        waiting = tx.execute(text("SELECT count(*) FROM gate_waits")).scalar_one()
    assert is_current(database)
    assert [tuple(row) for row in kept] == [("client-a", 0)]
    assert waiting == 0
    database.close()


def test_an_empty_database_is_not_current(database_url: str) -> None:
    database = Database(database_url, effects=NoCheckpoints())

    assert not is_current(database)
    database.close()


def test_a_database_with_foreign_tables_is_left_alone(database_url: str) -> None:
    database = Database(database_url, effects=NoCheckpoints())
    with database.begin() as tx:
        tx.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))

    with pytest.raises(DatabaseUnusable, match="did not make"):
        migrate(database)

    database.close()


def test_a_database_of_a_newer_release_is_left_alone(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnusable, match="revision 9999"):
        migrate(db)
    assert not is_current(db)


def test_a_file_that_is_no_database_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are somebody's notes, not a database " * 40)
    before = file.read_bytes()
    database = Database(f"sqlite:///{file}", effects=NoCheckpoints())

    with pytest.raises(DatabaseUnusable, match="was left as it is"):
        migrate(database)

    database.close()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "said"), [("nonsense", "expected sqlite:///"), ("mysql://u@h/d", "only sqlite and postgresql")]
)
def test_a_url_that_names_no_database_of_ours_is_refused_with_the_way_out(url: str, said: str) -> None:
    with pytest.raises(DatabaseUnusable, match=said):
        Database(url, effects=NoCheckpoints())

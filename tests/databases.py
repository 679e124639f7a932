"""Databases for the tests: the schema is made once a process, and every test gets a fresh database that has it."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, delete, text
from sqlalchemy.engine import make_url

from integrator.effects import NoCheckpoints
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.store.schema import metadata

NUMBERS_BEGIN_ANEW = "SELECT setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences"
# Rows that a migrated database has from the beginning.
ROWS_OF_THE_MIGRATIONS = (
    "INSERT INTO chores (name, due_at) VALUES ('purge', '1970-01-01 00:00:00')",
    "INSERT INTO installation (number) VALUES (1)",
)


def make_migrated_file(path: Path) -> str:
    """Write a migrated SQLite database without rows and return its URL."""
    path.write_bytes(_migrated_file())
    return f"sqlite:///{path}"


@cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory(prefix="migrated-") as folder:
        path = Path(folder) / "integrator.sqlite3"
        migrate_url(f"sqlite:///{path}")
        return path.read_bytes()


def migrate_url(url: str) -> None:
    """Bring the database at this URL to the schema of this release."""
    with closing(Database(url, effects=NoCheckpoints())) as database:
        migrate(database)


@contextmanager
def postgres_database(server_url: str, name: str) -> Iterator[str]:
    """Yield the URL of a new, empty database on this server; it is gone afterwards, whoever still uses it."""
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def clear_postgres(engine: Engine) -> None:
    """Take every row out of a migrated database, and end whoever still uses it.

    Deleting few rows is quicker than a new database by far, and than TRUNCATE, which makes every table's files anew.
    """
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        emptied = [str(delete(table)) for table in reversed(metadata.sorted_tables)]
        connection.execute(text("; ".join((*emptied, NUMBERS_BEGIN_ANEW, *ROWS_OF_THE_MIGRATIONS))))

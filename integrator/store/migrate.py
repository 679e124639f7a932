"""Bring a database to the schema of this release. Forward only; nothing that is not ours is ever overwritten."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DatabaseError

from integrator.store.database import Database, DatabaseUnusable

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(db: Database) -> None:
    """Apply every migration that is missing. Raises DatabaseUnusable for a file or schema that is not ours."""
    try:
        with db.engine.connect() as connection:
            _refuse_foreign(connection)
            connection.rollback()
            with connection.begin():
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except DatabaseError as error:
        raise DatabaseUnusable(_explained(db, error)) from error


def is_current(db: Database) -> bool:
    """True when the database answers and has exactly the schema of this release."""
    try:
        with db.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == _head()
    except DatabaseError:
        return False


def has_installation(db: Database) -> bool:
    """True when the database can already remember an environment, whatever release made it."""
    try:
        with db.engine.connect() as connection:
            return inspect(connection).has_table("installation")
    except DatabaseError:
        return False  # `migrate` explains


def _refuse_foreign(connection: Connection) -> None:
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseUnusable(
            f"the database is at revision {revision}, which this release does not know: start the release that made it"
        )
    tables = set(inspect(connection).get_table_names())
    if revision is None and tables:
        raise DatabaseUnusable(
            f"the database holds {len(tables)} tables that this program did not make: choose an empty database"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _explained(db: Database, error: DatabaseError) -> str:
    where = db.url.render_as_string(hide_password=True)
    return f"the database {where} cannot be used and was left as it is: {error.orig}"

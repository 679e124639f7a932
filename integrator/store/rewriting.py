"""Making deleted bytes leave the disk, as far as a database lets us: the file and journal of SQLite, heap and WAL of
PostgreSQL. Deletes no row. What could not be done is told, never passed over.
"""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from psycopg.errors import Diagnostic
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from integrator.store.database import Database

# Everything that a sealed text ever lay in. They are small: a row a company, and jobs that live an hour.
SEALED_TABLES = ("companies", "connections", "consent_requests", "jobs", "callback_secrets", "installation")
TRIES = 5
PAUSE_SECONDS = 0.2
LOCK_WAIT_MS = 1000
MAINTAIN_SINCE = 170000  # the server release that has the privilege MAINTAIN
_COUNT = re.compile(r"[0-9]+")

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is left on disk. `hindrances` say what could not be rewritten, why, and what mends it."""

    hindrances: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing hindered it."""
        return not self.hindrances


def rewrite(db: Database, *, pause: Pause) -> Rewritten:
    """Rewrite what held secrets so that deleted rows leave no bytes in files of the database."""
    if db.url.get_backend_name() == "sqlite":
        return _rewrite_sqlite(db, pause)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = {LOCK_WAIT_MS}")
        try:
            hindrances = [told for table in SEALED_TABLES if (told := _rewrite_table(connection, table, pause))]
            return Rewritten((*hindrances, *_end_wal(connection)))
        finally:
            # The connection goes back to the others, who wait for locks as long as it takes.
            connection.exec_driver_sql("RESET lock_timeout")


def _rewrite_sqlite(db: Database, pause: Pause) -> Rewritten:
    with db.alone() as raw, closing(raw.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
        try:
            # The second one empties the journal of what VACUUM moved.
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                if not _is_done(cursor, statement, pause):
                    return Rewritten(("the file is in use without a pause: the journal still holds deleted bytes",))
        finally:
            cursor.execute("PRAGMA busy_timeout=30000")
    return Rewritten()


def _is_done(cursor: Any, statement: str, pause: Pause) -> bool:
    for _ in range(TRIES):
        try:
            row = cursor.execute(statement).fetchone()
        except sqlite3.OperationalError:
            row = (1,)
        if row is None or row[0] == 0:
            return True
        pause(PAUSE_SECONDS)
    return False


def _rewrite_table(connection: Connection, table: str, pause: Pause) -> str | None:
    if not _may_rewrite(connection, table):
        # VACUUM would only warn, and leave the table as it is.
        return f"{table}: this role may not rewrite it: integrator roles grants that, on PostgreSQL 17 or later"
    hindered = None
    for _ in range(TRIES):
        hindered = _vacuum(connection, table)
        if hindered is None:
            return None
        pause(PAUSE_SECONDS)
    return hindered


def _vacuum(connection: Connection, table: str) -> str | None:
    kept: list[int] = []

    def listen(notice: Diagnostic) -> None:
        # The first number of the detail: dead rows that an older transaction can still see. Its words are translated.
        counted = _COUNT.search(notice.message_detail or "")
        if counted is not None:
            kept.append(int(counted[0]))

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(listen)
    try:
        connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {table}")
    except OperationalError:
        return f"{table}: it is locked by a long transaction"
    finally:
        driver.remove_notice_handler(listen)
    return f"{table}: a transaction that began earlier still sees deleted rows" if any(kept) else None


def _may_rewrite(connection: Connection, table: str) -> bool:
    owner = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(:t)")
    if connection.execute(owner, {"t": table}).scalar():
        return True
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if version < MAINTAIN_SINCE:
        return False
    return bool(connection.execute(text("SELECT has_table_privilege(:t, 'MAINTAIN')"), {"t": table}).scalar())


def _end_wal(connection: Connection) -> list[str]:
    hindrances = []
    # What the log held until now lies in finished segments after the first, and is let go by the second.
    for statement, needed in (
        ("SELECT pg_switch_wal()", "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO the purge role"),
        ("CHECKPOINT", "GRANT pg_checkpoint TO the purge role"),
    ):
        try:
            connection.exec_driver_sql(statement)
        except ProgrammingError:
            hindrances.append(f"write-ahead log: {statement} is not permitted: {needed}")
    if connection.exec_driver_sql("SHOW wal_recycle").scalar_one() == "on":
        hindrances.append("write-ahead log: old segments are kept to be written over: set wal_recycle = off")
    if connection.exec_driver_sql("SHOW archive_mode").scalar_one() != "off":
        hindrances.append("write-ahead log: archive_mode is on: archived segments are outside our reach")
    return hindrances

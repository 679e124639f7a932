"""The engine and the short transaction: the only way to the tables. Works alike on SQLite and PostgreSQL."""

import contextlib
import copy
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from integrator.effects import Checkpoints

OWNER_ONLY = 0o600

_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an answered payout survives a power cut, not only a crash of ours
    "busy_timeout=30000",
    "foreign_keys=ON",
    "secure_delete=ON",
)

PROGRAM = "program"  # who acts when nobody says
ACTOR_LENGTH_MAX = 160
CONNECTIONS_MAX = 8  # of one process, however many threads it has: a server's connections are few


class DatabaseUnusable(Exception):
    """The database cannot be opened or read as ours. The message says what was found and what to do."""


class Database:
    """One engine. `begin` and `read` are transactions; none may be open during a call to the bank."""

    def __init__(self, url: str, *, effects: Checkpoints) -> None:
        self._actor = PROGRAM
        self.url = _parsed(url)
        self.engine = _engine(self.url)
        self._effects = effects
        # SQLite lets one writer in at a time; threads that queue here do not poll for its lock.
        is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writing: AbstractContextManager[object] = threading.Lock() if is_sqlite else nullcontext()

    def acting(self, actor: str) -> "Database":
        """Return the same database whose changes the audit ascribes to `actor`: a key, a person, the worker."""
        other = copy.copy(self)
        other._actor = actor[:ACTOR_LENGTH_MAX]
        return other

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction: committed when the block ends, rolled back when it raises."""
        engine = self.engine.execution_options(actor=self._actor)
        with self._writing, engine.connect() as connection, connection.begin():
            yield connection
            self._effects.reached("commit.before")
        self._effects.reached("commit.after")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A reading transaction: one consistent view, and no lock that a writer would wait for."""
        with self.engine.connect().execution_options(reads_only=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Any]:
        """A bare connection of the driver, outside every transaction; no thread of ours writes meanwhile."""
        with self._writing:
            raw = self.engine.raw_connection()
            try:
                yield raw
            finally:
                raw.close()

    def close(self) -> None:
        """Give every connection back to the operating system."""
        self.engine.dispose()


def actor_of(connection: Connection) -> str:
    """Return who makes the changes of this transaction."""
    actor: str = connection.get_execution_options().get("actor", PROGRAM)
    return actor


def for_claim(statement: Select[Any], connection: Connection, *, of: Any) -> Select[Any]:
    """Return `statement` so that two claimers never wait for, nor get, the same row of table `of`.

    On SQLite the writing transaction already excludes every other one.
    """
    if connection.dialect.name == "postgresql":
        return statement.with_for_update(skip_locked=True, of=of)
    return statement


def for_change(statement: Select[Any], connection: Connection, *, of: Any) -> Select[Any]:
    """Return `statement` so that the rows read of table `of` stay as they are until we commit."""
    if connection.dialect.name == "postgresql":
        return statement.with_for_update(of=of)
    return statement


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(
            "INTEGRATOR_DATABASE_URL is no database URL: expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise DatabaseUnusable(
            f"INTEGRATOR_DATABASE_URL names {parsed.get_backend_name()}: only sqlite and postgresql are supported"
        )
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, pool_size=CONNECTIONS_MAX, max_overflow=0, hide_parameters=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "do_connect", _create_privately)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_privately(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    # Its journal and shared memory take the mode of the file, so nobody else reads them either.
    name = arguments[0] if arguments else ":memory:"
    if name != ":memory:" and not name.startswith("file:"):
        with contextlib.suppress(OSError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own idea of it loses writes
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

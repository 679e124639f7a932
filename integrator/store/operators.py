"""Rows of operators, their log-ins and their failures. Passwords and cookies come in hashed already."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.store.database import for_change
from integrator.store.schema import login_failures, operator_sessions, operators

OPERATORS_MAX = 500


@dataclass(frozen=True, slots=True)
class Operator:
    """A person with an account. `one_time_until` is None once the person has chosen a password."""

    name: str
    role: str
    password_hash: str = field(repr=False)
    one_time_until: datetime | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in as stored, with its person."""

    created_at: datetime
    seen_at: datetime
    operator: Operator


def insert_operator(tx: Connection, operator: Operator) -> None:
    """Store a new person. Raises IntegrityError for a name that is taken."""
    tx.execute(
        insert(operators).values(
            name=operator.name,
            role=operator.role,
            password_hash=operator.password_hash,
            one_time_until=operator.one_time_until,
            created_at=operator.created_at,
        )
    )


def find_operator(tx: Connection, name: str) -> Operator | None:
    """Return the person of this name, disabled ones as well."""
    row = tx.execute(select(operators).where(operators.c.name == name)).one_or_none()
    return None if row is None else _operator(row)


def all_operators(tx: Connection) -> list[Operator]:
    """Return the people by name."""
    return [_operator(row) for row in tx.execute(select(operators).order_by(operators.c.name).limit(OPERATORS_MAX))]


def set_password(tx: Connection, name: str, password_hash: str, *, one_time_until: datetime | None) -> bool:
    """Give a person another password and end all log-ins. False when there is no such person."""
    values = {"password_hash": password_hash, "one_time_until": one_time_until}
    end_sessions(tx, name)
    return tx.execute(update(operators).where(operators.c.name == name).values(values)).rowcount == 1


def disable(tx: Connection, name: str, *, at: datetime) -> bool:
    """Let a person in no more, and end all log-ins. False when there is no such person."""
    end_sessions(tx, name)
    return tx.execute(update(operators).where(operators.c.name == name).values(disabled_at=at)).rowcount == 1


def insert_session(tx: Connection, session_hash: str, name: str, *, at: datetime) -> None:
    """Store a log-in."""
    row = {"session_hash": session_hash, "name": name, "created_at": at, "seen_at": at}
    tx.execute(insert(operator_sessions).values(row))


def find_session(tx: Connection, session_hash: str) -> Session | None:
    """Return the log-in of this hash, however old."""
    joined = select(operator_sessions.c.created_at.label("began_at"), operator_sessions.c.seen_at, operators).join(
        operators, operators.c.name == operator_sessions.c.name
    )
    row = tx.execute(joined.where(operator_sessions.c.session_hash == session_hash)).one_or_none()
    return None if row is None else Session(row.began_at, row.seen_at, _operator(row))


def see_session(tx: Connection, session_hash: str, *, at: datetime) -> None:
    """Take note that the person is still there."""
    seen = update(operator_sessions).where(operator_sessions.c.session_hash == session_hash)
    tx.execute(seen.values(seen_at=at))


def end_session(tx: Connection, session_hash: str) -> None:
    """Forget one log-in."""
    tx.execute(delete(operator_sessions).where(operator_sessions.c.session_hash == session_hash))


def end_sessions(tx: Connection, name: str) -> None:
    """Forget every log-in of a person."""
    tx.execute(delete(operator_sessions).where(operator_sessions.c.name == name))


def delete_sessions_before(tx: Connection, instant: datetime) -> None:
    """Forget the log-ins that nobody used since `instant`."""
    tx.execute(delete(operator_sessions).where(operator_sessions.c.seen_at < instant))


def failures_for_change(tx: Connection, bucket: str, *, at: datetime) -> tuple[int, datetime]:
    """Return (failures in a row, blocked until) of a bucket, and hold its row until the transaction ends."""
    dialect: Any = postgresql if tx.dialect.name == "postgresql" else sqlite
    new = dialect.insert(login_failures).values(bucket=bucket, count=0, blocked_until=at)
    tx.execute(new.on_conflict_do_nothing())
    statement = select(login_failures.c.count, login_failures.c.blocked_until).where(login_failures.c.bucket == bucket)
    row = tx.execute(for_change(statement, tx, of=login_failures)).one()
    return row[0], row[1]


def set_failures(tx: Connection, bucket: str, count: int, *, blocked_until: datetime) -> None:
    """Store how often in a row a log-in failed."""
    values = {"count": count, "blocked_until": blocked_until}
    tx.execute(update(login_failures).where(login_failures.c.bucket == bucket).values(values))


def _operator(row: Row[Any]) -> Operator:
    return Operator(
        name=row.name,
        role=row.role,
        password_hash=row.password_hash,
        one_time_until=row.one_time_until,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )

"""Rows of the audit: who changed what, in the transaction of the change, each chained to the one before it.

Whoever appends holds the head of the chain until the commit, so concurrent writers cannot fork it. It is the last
row that a transaction locks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.domain.audit import FIRST_HASH, Entry, entry_hash
from integrator.store.database import actor_of
from integrator.store.supervised import audit_heads, audit_rows

ALL = "*"  # the chain of what belongs to no company
READ_AT_ONCE = 500

# Written once, with the values beside them: every change of a payout runs them.
_TAKE_HEAD = (
    update(audit_heads)
    .where(audit_heads.c.chain == bindparam("of_chain"))
    .values(number=audit_heads.c.number + 1)
    .returning(audit_heads.c.number, audit_heads.c.hash)
)
_FIRST_HEAD = {
    "sqlite": sqlite.insert(audit_heads).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(audit_heads).on_conflict_do_nothing(),
}
_APPEND = insert(audit_rows)
_MOVE_HEAD = update(audit_heads).where(audit_heads.c.chain == bindparam("of_chain")).values(hash=bindparam("new_hash"))


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed. `before` and `after` hold JSON values and instants, never a secret or an account number."""

    what: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it stands in the database, with the hashes that it claims."""

    entry: Entry
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the number and hash of its last row."""

    chain: str
    number: int
    hash: str


def note(tx: Connection, chain: str, change: Change, *, at: datetime) -> None:
    """Append a row to a chain: a company's, or ALL. Who is the transaction's own."""
    number, previous = _take_head(tx, chain)
    entry = Entry(
        chain=chain,
        number=number,
        at=at,
        who=actor_of(tx),
        what=change.what,
        subject=change.subject,
        before=_text(change.before),
        after=_text(change.after),
    )
    found = entry_hash(previous, entry)
    values = {
        "chain": chain,
        "number": number,
        "at": at,
        "who": entry.who,
        "what": entry.what,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
        "previous_hash": previous,
        "hash": found,
    }
    tx.execute(_APPEND, values)
    tx.execute(_MOVE_HEAD, {"of_chain": chain, "new_hash": found})


def heads(tx: Connection) -> list[Head]:
    """Return where each chain ends, by name."""
    return [Head(row.chain, row.number, row.hash) for row in tx.execute(select(audit_heads).order_by("chain"))]


def chains_with_rows(tx: Connection) -> list[str]:
    """Return the chains that have rows, whether or not they still have a head."""
    return list(tx.execute(select(audit_rows.c.chain).distinct().order_by(audit_rows.c.chain)).scalars())


def rows_of(tx: Connection, chain: str) -> Iterator[Stored]:
    """Return the rows of a chain in order, read piece by piece."""
    after = 0
    while True:
        statement = (
            select(audit_rows)
            .where(audit_rows.c.chain == chain, audit_rows.c.number > after)
            .order_by(audit_rows.c.number)
            .limit(READ_AT_ONCE)
        )
        found = tx.execute(statement).all()
        yield from (_stored(row) for row in found)
        if len(found) < READ_AT_ONCE:
            return
        after = found[-1].number


def _take_head(tx: Connection, chain: str) -> tuple[int, str]:
    row = tx.execute(_TAKE_HEAD, {"of_chain": chain}).one_or_none()
    if row is None:
        tx.execute(_FIRST_HEAD[tx.dialect.name], {"chain": chain, "number": 0, "hash": FIRST_HASH})
        row = tx.execute(_TAKE_HEAD, {"of_chain": chain}).one()
    return row.number, row.hash


def _text(values: Mapping[str, Any] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_written)


def _written(value: object) -> str:
    assert isinstance(value, datetime), "what is audited is JSON and instants"
    return value.isoformat()


def _stored(row: Row[Any]) -> Stored:
    entry = Entry(row.chain, row.number, row.at, row.who, row.what, row.subject, row.before, row.after)
    return Stored(entry, row.previous_hash, row.hash)

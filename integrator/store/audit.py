"""Rows of the audit: who changed what, in the transaction of the change, and the chain that they are put into.

Writers never wait for one another: a row gets its number and hashes after the commit, from whoever holds the head
of its chain. Only what is committed is seen then, so concurrent writers cannot fork a chain, and nothing is left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.domain.audit import FIRST_HASH, Entry, entry_hash
from integrator.store.database import actor_of, for_change
from integrator.store.supervised import audit_heads, audit_rows

ALL = "*"  # the chain of what belongs to no company
READ_AT_ONCE = 500

CHAINED_AT_ONCE = 1000
_FIRST_HEAD = {
    "sqlite": sqlite.insert(audit_heads).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(audit_heads).on_conflict_do_nothing(),
}
# Written once, with the values beside them: every change of a payout runs it.
_APPEND = insert(audit_rows)
_CHAIN = (
    update(audit_rows)
    .where(audit_rows.c.row_id == bindparam("of_row"))
    .values(number=bindparam("new_number"), previous_hash=bindparam("new_previous"), hash=bindparam("new_hash"))
)


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
    """Write a row for a chain: a company's, or ALL. Who is the transaction's own."""
    note_all(tx, [(chain, change)], at=at)


def note_all(tx: Connection, notes: Sequence[tuple[str, Change]], *, at: datetime) -> None:
    """Write rows, each for its chain, as `note` does."""
    rows = [
        {
            "chain": chain,
            "at": at,
            "who": actor_of(tx),
            "what": change.what,
            "subject": change.subject,
            "before": _text(change.before),
            "after": _text(change.after),
        }
        for chain, change in notes
    ]
    if rows:
        tx.execute(_APPEND, rows)


def find_unchained(tx: Connection, *, limit: int) -> list[str]:
    """Return up to `limit` chains that have rows without a number, by name."""
    waiting = select(audit_rows.c.chain).where(audit_rows.c.number.is_(None)).distinct()
    return list(tx.execute(waiting.order_by(audit_rows.c.chain).limit(limit)).scalars())


def chain_rows(tx: Connection, chain: str) -> int:
    """Put committed rows behind the head of their chain, which is held until the commit; return how many."""
    tx.execute(_FIRST_HEAD[tx.dialect.name], {"chain": chain, "number": 0, "hash": FIRST_HASH})
    held = for_change(select(audit_heads).where(audit_heads.c.chain == chain), tx, of=audit_heads)
    head = tx.execute(held).one()
    number, previous = head.number, head.hash
    table = audit_rows.c
    waiting = select(audit_rows).where(table.chain == chain, table.number.is_(None))
    rows = tx.execute(waiting.order_by(table.row_id).limit(CHAINED_AT_ONCE)).all()
    chained = []
    for row in rows:
        number += 1
        found = entry_hash(previous, _entry(row, number))
        chained.append({"of_row": row.row_id, "new_number": number, "new_previous": previous, "new_hash": found})
        previous = found
    if chained:
        tx.execute(_CHAIN, chained)
        tx.execute(update(audit_heads).where(audit_heads.c.chain == chain).values(number=number, hash=previous))
    return len(chained)


def heads(tx: Connection) -> list[Head]:
    """Return where each chain ends, by name."""
    return [Head(row.chain, row.number, row.hash) for row in tx.execute(select(audit_heads).order_by("chain"))]


def chains_with_rows(tx: Connection) -> list[str]:
    """Return the chains that have rows, whether or not they still have a head."""
    return list(
        tx.execute(
            select(audit_rows.c.chain).where(audit_rows.c.number.is_not(None)).distinct().order_by(audit_rows.c.chain)
        ).scalars()
    )


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


def _text(values: Mapping[str, Any] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_written)


def _written(value: object) -> str:
    assert isinstance(value, datetime), "what is audited is JSON and instants"
    return value.isoformat()


def _stored(row: Row[Any]) -> Stored:
    return Stored(_entry(row, row.number), row.previous_hash, row.hash)


def _entry(row: Row[Any], number: int) -> Entry:
    return Entry(row.chain, number, row.at, row.who, row.what, row.subject, row.before, row.after)

"""Rows of events: written with the change they tell of, handed to the deliveries, read in order by those who pull."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, insert, literal, select, update

from integrator.domain.connection import ConnectionView, ToldChange
from integrator.domain.event import (
    EventKind,
    check_event,
    connection_event,
    connection_event_id,
    connection_stream,
    event_id_of,
    payout_event,
)
from integrator.domain.payout import PayoutView
from integrator.store.companies import hold_company
from integrator.store.schema import Instant, callbacks, deliveries, events
from integrator.store.supervised import restores

SEQUENCE_LEAP, POSITION_LEAP = 1000, 1_000_000  # more events than a payout, or a company, has since any backup
NUMBERED_AT_ONCE = 1000  # more than a page, so that a page is full whenever it can be

# Written once, with the values beside them: every change of a payout runs them.
_INSERT = insert(events)
_LAST_SEQUENCES = (
    select(events.c.payout_id, func.max(events.c.sequence).label("sequence"))
    .where(events.c.payout_id.in_(bindparam("payout_ids", expanding=True)))
    .group_by(events.c.payout_id)
)
_HAND_OVER = insert(deliveries).from_select(
    ["event_id", "company_id", "stream", "sequence", "due_at", "attempt_count"],
    select(
        bindparam("event_id"),
        callbacks.c.company_id,
        bindparam("stream"),
        bindparam("sequence"),
        bindparam("due_at", type_=Instant()),
        literal(0),
    ).where(callbacks.c.company_id == bindparam("of_company")),
)


def next_sequences(tx: Connection, payout_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of each payout's next event. Whoever asks holds the payouts' rows."""
    found = {row.payout_id: row.sequence for row in tx.execute(_LAST_SEQUENCES, {"payout_ids": payout_ids})}
    return {payout_id: found.get(payout_id, 0) + 1 for payout_id in payout_ids}


def tell(tx: Connection, view: PayoutView, *, sequence: int, at: datetime) -> None:
    """Store the event of a change of this payout, to be delivered if the company has a callback."""
    tell_all(tx, [(view, sequence)], at=at)


def tell_all(tx: Connection, told: Sequence[tuple[PayoutView, int]], *, at: datetime) -> None:
    """Store the events of changes of payouts, each with its number, as `tell` does."""
    _store(tx, [(_event(view, sequence, at=at), view.payout_id) for view, sequence in told])


def _event(view: PayoutView, sequence: int, *, at: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id_of(view.payout_id, sequence),
        "company_id": view.company_id,
        "payout_id": view.payout_id,
        "kind": EventKind.PAYOUT_CHANGED.value,
        "sequence": sequence,
        "body": payout_event(view, sequence=sequence, at=at),
        "occurred_at": at,
    }


def tell_connection(tx: Connection, view: ConnectionView, told: ToldChange, *, at: datetime) -> None:
    """Store the event of a change of this connection. Whoever tells holds the connection's row."""
    sequence = _next_of_connection(tx, view.company_id)
    changed = {
        "event_id": connection_event_id(view.company_id, sequence),
        "company_id": view.company_id,
        "payout_id": None,
        "kind": EventKind.CONNECTION_CHANGED.value,
        "sequence": sequence,
        "body": connection_event(view, told, sequence=sequence, at=at),
        "occurred_at": at,
    }
    _store(tx, [(changed, connection_stream(view.company_id))])


def _next_of_connection(tx: Connection, company_id: str) -> int:
    """Return the number of the connection's next event: beyond all that may have been heard before a restore."""
    of_connection = and_(events.c.company_id == company_id, events.c.kind == EventKind.CONNECTION_CHANGED.value)
    last = tx.execute(select(func.max(events.c.sequence), func.max(events.c.occurred_at)).where(of_connection)).one()
    restored_at = tx.scalar(select(func.max(restores.c.declared_at)).where(restores.c.company_id == company_id))
    is_first_since = restored_at is not None and (last[1] is None or last[1] <= restored_at)
    return (last[0] or 0) + (SEQUENCE_LEAP if is_first_since else 0) + 1


def tell_test(tx: Connection, company_id: str, event_id: str, *, at: datetime) -> None:
    """Store a test event, to be delivered if the company has a callback."""
    event = {
        "event_id": event_id,
        "company_id": company_id,
        "payout_id": None,
        "kind": EventKind.CALLBACK_TEST.value,
        "sequence": 1,
        "body": check_event(event_id, company_id, at=at),
        "occurred_at": at,
    }
    _store(tx, [(event, event_id)])


def leap(tx: Connection, company_id: str) -> None:
    """Let the company's positions go on beyond all that can have been read before the database was restored."""
    while is_anything_new(tx, company_id):
        give_positions(tx, company_id)
    last = select(func.max(events.c.position)).where(events.c.company_id == company_id).scalar_subquery()
    tx.execute(
        update(events)
        .where(events.c.company_id == company_id, events.c.position == last)
        .values(position=events.c.position + POSITION_LEAP)
    )


def is_anything_new(tx: Connection, company_id: str) -> bool:
    """True when the company has events without a position."""
    some = select(events.c.number).where(events.c.company_id == company_id, events.c.position.is_(None)).limit(1)
    return tx.execute(some).first() is not None


def give_positions(tx: Connection, company_id: str) -> None:
    """Give positions to the company's events that have none, after all that have one.

    Only what is committed is seen here, and one caller at a time numbers: so nothing ever appears before a
    position that somebody has read. The events of one payout keep their order, because each is written by a
    transaction that holds the payout, and numbers grow.
    """
    hold_company(tx, company_id)
    last = tx.scalar(select(func.max(events.c.position)).where(events.c.company_id == company_id)) or 0
    waiting = (
        select(events.c.number)
        .where(events.c.company_id == company_id, events.c.position.is_(None))
        .order_by(events.c.number)
        .limit(NUMBERED_AT_ONCE)
        .subquery()
    )
    ranked = select(waiting.c.number, func.row_number().over(order_by=waiting.c.number).label("rank")).subquery()
    tx.execute(
        update(events)
        .where(events.c.number == ranked.c.number)
        .values(position=bindparam("last_position", last, type_=BigInteger()) + ranked.c.rank)
    )


def page_of_events(tx: Connection, company_id: str, *, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """Return up to `limit` events with their positions, those after `after`, in order."""
    statement = (
        select(events.c.position, events.c.body)
        .where(events.c.company_id == company_id, events.c.position > after)
        .order_by(events.c.position)
        .limit(limit)
    )
    return [(row.position, json.loads(row.body)) for row in tx.execute(statement)]


def _store(tx: Connection, told: Sequence[tuple[dict[str, Any], str]]) -> None:
    """Store events, each with the stream in which a receiver gets it in order."""
    tx.execute(_INSERT, [values for values, _ in told])
    handed = [
        {
            "event_id": values["event_id"],
            "stream": stream,
            "sequence": values["sequence"],
            "due_at": values["occurred_at"],
            "of_company": values["company_id"],
        }
        for values, stream in told
    ]
    tx.execute(_HAND_OVER, handed)

"""Rows of events: written with the change they tell of, handed to the deliveries, read in order by those who pull."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, literal, select, update

from integrator.domain.event import EventKind, check_event, event_id_of, payout_event
from integrator.domain.payout import PayoutView
from integrator.store.schema import Instant, callbacks, companies, deliveries, events

NUMBERED_AT_ONCE = 1000  # more than a page, so that a page is full whenever it can be

# Written once, with the values beside them: every change of a payout runs them.
_INSERT = insert(events)
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
    last = (
        select(events.c.payout_id, func.max(events.c.sequence).label("sequence"))
        .where(events.c.payout_id.in_(payout_ids))
        .group_by(events.c.payout_id)
    )
    found = {row.payout_id: row.sequence for row in tx.execute(last)}
    return {payout_id: found.get(payout_id, 0) + 1 for payout_id in payout_ids}


def tell(tx: Connection, view: PayoutView, *, sequence: int, at: datetime) -> None:
    """Store the event of a change of this payout, to be delivered if the company has a callback."""
    tell_all(tx, [(view, sequence)], at=at)


def tell_all(tx: Connection, told: Sequence[tuple[PayoutView, int]], *, at: datetime) -> None:
    """Store the events of changes of payouts, each with its number, as `tell` does."""
    _store(tx, [_event(view, sequence, at=at) for view, sequence in told])


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
    _store(tx, [event])


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
    held = select(companies.c.company_id).where(companies.c.company_id == company_id)
    if tx.dialect.name == "postgresql":
        held = held.with_for_update(key_share=True)  # lets go on who only refers to the company
    tx.execute(held)
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


def _store(tx: Connection, told: Sequence[dict[str, Any]]) -> None:
    tx.execute(_INSERT, told)
    handed = [
        {
            "event_id": event["event_id"],
            "stream": event["payout_id"] or event["event_id"],
            "sequence": event["sequence"],
            "due_at": event["occurred_at"],
            "of_company": event["company_id"],
        }
        for event in told
    ]
    tx.execute(_HAND_OVER, handed)

"""Rows of the gate: the next free slot of each client id, and who waits for it. One short transaction a motion."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, String, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from integrator.domain.turns import LATE_MAX, STALE_AFTER, Turn, Urgency, limited_wait, opens_at, slot_at, spacing
from integrator.store.schema import Instant, companies, gate_slots, gate_waits

REQUESTS_PER_SECOND_LEAST = 1  # of a client id that no company has


# Written once, with the values beside them: every call runs most of them.
_OF_CLIENT = bindparam("of_client", type_=String())
_RANK = bindparam("rank_at", type_=Instant())
_SLOT = select(gate_slots.c.next_slot_at, gate_slots.c.limited_count).where(gate_slots.c.client_id == _OF_CLIENT)
_LOCK = {"sqlite": _SLOT, "postgresql": _SLOT.with_for_update(of=gate_slots)}
_FIRST_SLOT = {
    "sqlite": sqlite.insert(gate_slots).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(gate_slots).on_conflict_do_nothing(),
}
_WAIT = {
    "sqlite": sqlite.insert(gate_waits).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(gate_waits).on_conflict_do_nothing(),
}
_BETTER = select(func.count()).where(
    gate_waits.c.client_id == _OF_CLIENT,
    gate_waits.c.until > bindparam("present", type_=Instant()),
    or_(
        gate_waits.c.rank_at < _RANK,
        and_(gate_waits.c.rank_at == _RANK, gate_waits.c.ticket_id < bindparam("own_ticket")),
    ),
)
_SERVE = delete(gate_waits).where(gate_waits.c.client_id == _OF_CLIENT, gate_waits.c.rank_at <= _RANK)
_LIMIT = select(companies.c.requests_per_second).where(companies.c.client_id == _OF_CLIENT)
_MOVE_SLOT = (
    update(gate_slots)
    .where(gate_slots.c.client_id == _OF_CLIENT)
    .values(next_slot_at=bindparam("free_at", type_=Instant()))
)


@dataclass(frozen=True, slots=True)
class Waiter:
    """One who waits for a turn. `rank_at` is its place in the queue; after `until` its ticket counts no more."""

    ticket_id: str
    client_id: str
    urgency: Urgency
    rank_at: datetime
    until: datetime


def try_turn(tx: Connection, waiter: Waiter, *, now: Callable[[], datetime], jitter: timedelta) -> Turn | datetime:
    """Take the next slot when it is this waiter's turn; else keep its ticket and return when to try again.

    Who takes a turn although better ones wait deletes their tickets: they are late or dead. The living come again.
    Locks the client's row until the transaction ends. `now` is asked only once the row is ours: the wait for the
    lock may be longer than a slot.
    """
    free_at, limited_count = _locked(tx, waiter.client_id, now)
    present = now()
    free_at = present if free_at > present + STALE_AFTER else free_at
    opens = opens_at(free_at, better=_better(tx, waiter, present))
    if present < opens:
        tx.execute(_WAIT[tx.dialect.name], _ticket(waiter))
        return opens
    tx.execute(_SERVE, {"of_client": waiter.client_id, "rank_at": waiter.rank_at})
    slot = slot_at(free_at, present)
    following = slot + spacing(_limit(tx, waiter.client_id), jitter=jitter)
    _set_next(tx, waiter.client_id, following)
    return Turn(waiter.client_id, slot, following, taken_at=present, limited_count=limited_count)


def leave(tx: Connection, waiter: Waiter) -> None:
    """Wait no longer."""
    tx.execute(delete(gate_waits).where(gate_waits.c.ticket_id == waiter.ticket_id))


def move_turn(
    tx: Connection, turn: Turn, *, now: Callable[[], datetime], late_max: timedelta, jitter: timedelta
) -> Turn | None:
    """Put a turn that was missed at the present, with `late_max` to leave. None when the next slot is somebody else's.

    The slot after it moves away by what this call may be later than others.
    """
    free_at, _ = _locked(tx, turn.client_id, now)
    if free_at != turn.following:
        return None
    slot = now()
    following = slot + spacing(_limit(tx, turn.client_id), jitter=jitter) + (late_max - LATE_MAX)
    _set_next(tx, turn.client_id, following)
    return replace(turn, slot=slot, following=following, late_max=late_max)


def close_for_a_while(tx: Connection, client_id: str, *, now: Callable[[], datetime]) -> tuple[int, timedelta]:
    """The bank said 429: let nobody call for a while. Returns how many came in a row, and the wait."""
    free_at, limited_count = _locked(tx, client_id, now)
    wait = limited_wait(limited_count + 1)
    values = {"limited_count": limited_count + 1, "next_slot_at": max(free_at, now() + wait)}
    tx.execute(update(gate_slots).where(gate_slots.c.client_id == client_id).values(values))
    return limited_count + 1, wait


def forget_limit(tx: Connection, client_id: str, *, count: int) -> bool:
    """The bank takes calls again. False when another 429 has come since the one numbered `count`."""
    same = and_(gate_slots.c.client_id == client_id, gate_slots.c.limited_count == count)
    return tx.execute(update(gate_slots).where(same).values(limited_count=0)).rowcount == 1


def far_companies() -> Select[tuple[str]]:
    """Return the companies whose next slot lies after the parameter `near`. Further parameter: stale."""
    return select(companies.c.company_id).where(companies.c.client_id.in_(_far_clients()))


def closed_companies(urgency: Urgency) -> Select[tuple[str]]:
    """Return the companies for which a call of this urgency need not be begun now.

    Their next slot is far, or somebody waits already with the same urgency. Parameters: near, stale, machine (the
    present).
    """
    is_waited_for = and_(
        gate_waits.c.urgency == urgency.value, gate_waits.c.until > bindparam("machine", type_=Instant())
    )
    client_ids = _far_clients().union_all(select(gate_waits.c.client_id).where(is_waited_for))
    return select(companies.c.company_id).where(companies.c.client_id.in_(client_ids))


def _far_clients() -> Select[tuple[str]]:
    is_far = gate_slots.c.next_slot_at > bindparam("near", type_=Instant())
    is_stale = gate_slots.c.next_slot_at > bindparam("stale", type_=Instant())
    return select(gate_slots.c.client_id).where(is_far, ~is_stale)


def _locked(tx: Connection, client_id: str, now: Callable[[], datetime]) -> tuple[datetime, int]:
    locked, of_client = _LOCK[tx.dialect.name], {"of_client": client_id}
    found = tx.execute(locked, of_client).one_or_none()
    if found is None:
        first = {"client_id": client_id, "next_slot_at": now(), "limited_count": 0}
        tx.execute(_FIRST_SLOT[tx.dialect.name], first)
        found = tx.execute(locked, of_client).one()
    return found.next_slot_at, found.limited_count


def _better(tx: Connection, waiter: Waiter, present: datetime) -> int:
    own = {"of_client": waiter.client_id, "rank_at": waiter.rank_at, "own_ticket": waiter.ticket_id, "present": present}
    count: int = tx.execute(_BETTER, own).scalar_one()
    return count


def _ticket(waiter: Waiter) -> dict[str, object]:
    return {
        "ticket_id": waiter.ticket_id,
        "client_id": waiter.client_id,
        "urgency": waiter.urgency.value,
        "rank_at": waiter.rank_at,
        "until": waiter.until,
    }


def _limit(tx: Connection, client_id: str) -> int:
    return tx.execute(_LIMIT, {"of_client": client_id}).scalar_one_or_none() or REQUESTS_PER_SECOND_LEAST


def _set_next(tx: Connection, client_id: str, at: datetime) -> None:
    tx.execute(_MOVE_SLOT, {"of_client": client_id, "free_at": at})

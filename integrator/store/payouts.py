"""Rows of payouts and their history. Every change that ReCORE can see goes through `move_all`.

It keeps the table of moves, and writes the event that tells of the change in the same transaction.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, tuple_, update
from sqlalchemy.sql.dml import Update

from integrator.domain.payout import (
    DEAD,
    Beneficiary,
    PayoutFilter,
    PayoutState,
    PayoutView,
    check_move,
    is_reconciled,
)
from integrator.domain.problem import Problem
from integrator.store import audit
from integrator.store.audit import Change
from integrator.store.events import next_sequences, tell, tell_all
from integrator.store.schema import payout_history, payouts, submission_lines, submissions

PAGE_MAX = 100
UNSEEN = frozenset({"cancel_requested_at"})  # columns that are no part of what ReCORE sees


@dataclass(frozen=True, slots=True)
class NewPayout:
    """A payout about to be stored for the first time."""

    payout_id: str
    company_id: str
    idempotency_key: str
    request_hash: str
    amount_yen: int
    beneficiary: Beneficiary = field(repr=False)
    case_type: str
    case_reference: str
    designated_date: str | None
    replaces: str | None
    mark: str
    request_id: str | None = None


# Written once, with the values beside them: every request runs them, and writing a statement costs more than that.
_INSERT = insert(payouts)
_INSERT_STEP = insert(payout_history)
_BY_KEY = select(payouts.c.payout_id, payouts.c.request_hash).where(
    payouts.c.company_id == bindparam("company_id"), payouts.c.idempotency_key == bindparam("idempotency_key")
)
_ONE = select(payouts).where(
    payouts.c.company_id == bindparam("company_id"), payouts.c.payout_id == bindparam("payout_id")
)
_HISTORIES = (
    select(payout_history)
    .where(payout_history.c.payout_id.in_(bindparam("payout_ids", expanding=True)))
    .order_by(payout_history.c.payout_id, payout_history.c.sequence)
)

_SOME = (
    select(payouts)
    .where(payouts.c.payout_id.in_(bindparam("payout_ids", expanding=True)))
    .order_by(payouts.c.payout_id)  # so that two never wait for one another
)
_HOLD = {"sqlite": _SOME, "postgresql": _SOME.with_for_update(of=payouts)}
_MARKS = (
    select(submission_lines.c.payout_id, submission_lines.c.mark)
    .join(submissions, submissions.c.submission_id == submission_lines.c.submission_id)
    .where(submission_lines.c.payout_id.in_(bindparam("payout_ids", expanding=True)))
    .order_by(submissions.c.created_at, submission_lines.c.is_live, submissions.c.submission_id)
)


def insert_payout(tx: Connection, new: NewPayout, *, at: datetime) -> PayoutView:
    """Store a payout as `accepted` with its first event, and return it.

    Raises IntegrityError when its key or its replaced payout is taken.
    """
    who = new.beneficiary
    values = {
        "payout_id": new.payout_id,
        "company_id": new.company_id,
        "idempotency_key": new.idempotency_key,
        "request_hash": new.request_hash,
        "amount_yen": new.amount_yen,
        "beneficiary_bank_code": who.bank_code,
        "beneficiary_branch_code": who.branch_code,
        "beneficiary_account_type": who.account_type,
        "beneficiary_account_number": who.account_number,
        "beneficiary_name": who.name,
        "beneficiary_name_kana": who.name_kana,
        "case_type": new.case_type,
        "case_reference": new.case_reference,
        "designated_date": new.designated_date,
        "replaces": new.replaces,
        "request_id": new.request_id,
        "state": PayoutState.ACCEPTED.value,
        "created_at": at,
        "updated_at": at,
    }
    tx.execute(_INSERT, values)
    tx.execute(_INSERT_STEP, _step(new.payout_id, 1, PayoutState.ACCEPTED, at=at))
    view = _new_view(new, at=at.astimezone(UTC))
    tell(tx, view, sequence=1, at=at)
    told = {name: values[name] for name in ("state", "amount_yen", "case_reference", "idempotency_key", "replaces")}
    audit.note(tx, new.company_id, Change("payout.placed", new.payout_id, None, told), at=at)
    return view


def find_by_key(tx: Connection, company_id: str, idempotency_key: str) -> tuple[str, str] | None:
    """Return (payout_id, request_hash) of the payout that first used this key, for ever."""
    row = tx.execute(_BY_KEY, {"company_id": company_id, "idempotency_key": idempotency_key}).one_or_none()
    return None if row is None else (row.payout_id, row.request_hash)


def find_replacement(tx: Connection, payout_id: str) -> str | None:
    """Return the payout that replaces this one, if any."""
    return tx.scalar(select(payouts.c.payout_id).where(payouts.c.replaces == payout_id))


def replacing_living(tx: Connection, payout_ids: Sequence[str]) -> Sequence[str]:
    """Return which of these payouts replace one that is not known dead."""
    old = payouts.alias()
    statement = (
        select(payouts.c.payout_id)
        .join(old, old.c.payout_id == payouts.c.replaces)
        .where(payouts.c.payout_id.in_(payout_ids), old.c.state.not_in([state.value for state in DEAD]))
        .order_by(payouts.c.payout_id)
    )
    return tx.scalars(statement).all()


def state_for_change(tx: Connection, payout_id: str) -> PayoutState:
    """Return the state, and hold the row until the transaction ends."""
    return standing_for_change(tx, [payout_id])[payout_id][0]


def is_cancel_wanted(tx: Connection, payout_id: str) -> bool:
    """True when ReCORE has asked for a cancel that is still open."""
    return tx.scalar(select(payouts.c.cancel_requested_at).where(payouts.c.payout_id == payout_id)) is not None


def own_key(tx: Connection, payout_id: str) -> str:
    """Return the key under which ReCORE placed the payout."""
    key: str = tx.execute(select(payouts.c.idempotency_key).where(payouts.c.payout_id == payout_id)).scalar_one()
    return key


def is_told_by_bank(tx: Connection, payout_id: str) -> bool:
    """True when the payout stands where the bank's own status has brought it."""
    return tx.scalar(select(payouts.c.bank_status).where(payouts.c.payout_id == payout_id)) is not None


def created_at(tx: Connection, payout_id: str) -> datetime:
    """Return when ReCORE asked for the payout: the order in which payouts go."""
    instant: datetime = tx.execute(select(payouts.c.created_at).where(payouts.c.payout_id == payout_id)).scalar_one()
    return instant


def forget_cancel(tx: Connection, payout_id: str) -> None:
    """End ReCORE's wish to cancel: it came about, or it no longer can."""
    tx.execute(update(payouts).where(payouts.c.payout_id == payout_id).values(cancel_requested_at=None))


@dataclass(frozen=True, slots=True)
class Move:
    """Where one payout goes, and what is learned on the way. `facts` are columns: apply_no, bank_status, fee_yen."""

    payout_id: str
    to: PayoutState
    problem: Problem | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def move(
    tx: Connection,
    payout_id: str,
    to: PayoutState,
    *,
    at: datetime,
    problem: Problem | None = None,
    facts: Mapping[str, Any] | None = None,
) -> PayoutState:
    """Bring one payout into state `to` and return where it was, as `move_all` does."""
    return move_all(tx, [Move(payout_id, to, problem, facts or {})], at=at)[0]


def move_all(tx: Connection, moves: Sequence[Move], *, at: datetime) -> list[PayoutState]:
    """Bring each of these payouts into its state and return where they were. Raises IllegalMove outside the table.

    A problem is kept until the payout moves on without one. Whatever of this ReCORE can see is told by an event; what
    changes nothing is none. However many payouts there are, the statements are as few as for one.
    """
    ids = [each.payout_id for each in moves]
    found = {row.payout_id: row for row in tx.execute(_HOLD[tx.dialect.name], {"payout_ids": ids})}
    changes = [_change(found[each.payout_id], each) for each in moves]
    _write(tx, [each for each in changes if each.values], at=at)
    _tell(tx, [each for each in changes if each.is_seen], at=at)
    audit.note_all(tx, [(each.row.company_id, each.note) for each in changes if each.values], at=at)
    return [each.was for each in changes]


@dataclass(frozen=True, slots=True)
class _Changed:
    row: Row[Any]
    was: PayoutState
    to: PayoutState
    values: dict[str, Any]
    is_seen: bool

    @property
    def note(self) -> Change:
        before = {name: self.row._mapping[name] for name in self.values}
        return Change("payout.changed", self.row.payout_id, before, self.values)


def _change(row: Row[Any], wanted: Move) -> _Changed:
    was = PayoutState(row.state)
    check_move(was, wanted.to)
    values: dict[str, Any] = {**wanted.facts, "state": wanted.to.value}
    if wanted.problem is not None or was is not wanted.to:
        values["problem"] = _text(wanted.problem)
    changed = {name: value for name, value in values.items() if row._mapping[name] != value}
    return _Changed(row, was, wanted.to, changed, is_seen=not changed.keys() <= UNSEEN)


def _text(problem: Problem | None) -> str | None:
    return None if problem is None else json.dumps(problem.as_json(), ensure_ascii=False)


def _write(tx: Connection, changes: Sequence[_Changed], *, at: datetime) -> None:
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for each in changes:
        values = {**each.values, "updated_at": at} if each.is_seen else each.values
        alike[tuple(values)].append({"of_payout": each.row.payout_id, **{f"new_{n}": v for n, v in values.items()}})
    for names, rows in alike.items():
        tx.execute(_update_of(names), rows)


@cache
def _update_of(names: tuple[str, ...]) -> Update:
    new = {name: bindparam(f"new_{name}", type_=payouts.c[name].type) for name in names}
    return update(payouts).where(payouts.c.payout_id == bindparam("of_payout")).values(new)


def _tell(tx: Connection, changes: Sequence[_Changed], *, at: datetime) -> None:
    if not changes:
        return
    ids = [each.row.payout_id for each in changes]
    histories, marks, sequences = _histories(tx, ids), _marks(tx, ids), next_sequences(tx, ids)
    steps, told = [], []
    for each in changes:
        history = histories[each.row.payout_id]
        if each.was is not each.to:
            steps.append(_step(each.row.payout_id, len(history) + 1, each.to, at=at))
            history.append((each.to, at.astimezone(UTC)))
        now = SimpleNamespace(**{**each.row._mapping, **each.values, "updated_at": at.astimezone(UTC)})
        view = _view(now, tuple(history), tuple(marks[each.row.payout_id]))
        told.append((view, sequences[each.row.payout_id]))
    if steps:
        tx.execute(_INSERT_STEP, steps)
    tell_all(tx, told, at=at)


def standing_for_change(tx: Connection, payout_ids: Sequence[str]) -> dict[str, tuple[PayoutState, bool]]:
    """Return (state, whether a cancel is wanted) of each, and hold the rows until the transaction ends."""
    rows = tx.execute(_HOLD[tx.dialect.name], {"payout_ids": payout_ids})
    return {row.payout_id: (PayoutState(row.state), row.cancel_requested_at is not None) for row in rows}


def find_view(tx: Connection, company_id: str, payout_id: str) -> PayoutView | None:
    """Return one payout of this company with its history."""
    row = tx.execute(_ONE, {"company_id": company_id, "payout_id": payout_id}).one_or_none()
    return None if row is None else _views(tx, [row])[0]


def page_of_views(
    tx: Connection,
    company_id: str,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
    wanted: PayoutFilter,
) -> list[PayoutView]:
    """Return up to `limit` payouts, oldest first, strictly after the (created_at, payout_id) given."""
    statement = select(payouts).where(payouts.c.company_id == company_id, *_conditions(wanted))
    if after is not None:
        statement = statement.where(tuple_(payouts.c.created_at, payouts.c.payout_id) > after)
    statement = statement.order_by(payouts.c.created_at, payouts.c.payout_id).limit(min(limit, PAGE_MAX + 1))
    return _views(tx, list(tx.execute(statement)))


def _conditions(wanted: PayoutFilter) -> Iterator[ColumnElement[bool]]:
    table = payouts.c
    equal = {
        table.state: None if wanted.state is None else wanted.state.value,
        table.case_reference: wanted.case_reference,
        table.amount_yen: wanted.amount_yen,
        table.apply_no: wanted.apply_no,
    }
    yield from (column == value for column, value in equal.items() if value is not None)
    if wanted.created_from is not None:
        yield table.created_at >= wanted.created_from
    if wanted.created_before is not None:
        yield table.created_at < wanted.created_before


def is_dead(state: PayoutState) -> bool:
    """True when the bank can no longer pay the order, or has given all of it back."""
    return state in DEAD


def _step(payout_id: str, sequence: int, state: PayoutState, *, at: datetime) -> dict[str, Any]:
    return {"payout_id": payout_id, "sequence": sequence, "state": state.value, "at": at}


def _views(tx: Connection, rows: list[Row[Any]]) -> list[PayoutView]:
    payout_ids = [row.payout_id for row in rows]
    histories, marks = _histories(tx, payout_ids), _marks(tx, payout_ids)
    return [_view(row, tuple(histories[row.payout_id]), tuple(marks[row.payout_id])) for row in rows]


def _histories(tx: Connection, payout_ids: list[str]) -> dict[str, list[tuple[PayoutState, datetime]]]:
    histories: dict[str, list[tuple[PayoutState, datetime]]] = {payout_id: [] for payout_id in payout_ids}
    for entry in tx.execute(_HISTORIES, {"payout_ids": payout_ids}):
        histories[entry.payout_id].append((PayoutState(entry.state), entry.at))
    return histories


def _marks(tx: Connection, payout_ids: list[str]) -> dict[str, list[str]]:
    marks: dict[str, list[str]] = {payout_id: [] for payout_id in payout_ids}
    for line in tx.execute(_MARKS, {"payout_ids": payout_ids}):
        marks[line.payout_id].append(line.mark)
    return marks


def _new_view(new: NewPayout, *, at: datetime) -> PayoutView:
    return PayoutView(
        payout_id=new.payout_id,
        company_id=new.company_id,
        amount_yen=new.amount_yen,
        beneficiary=new.beneficiary,
        case_type=new.case_type,
        case_reference=new.case_reference,
        designated_date=new.designated_date,
        replaces=new.replaces,
        state=PayoutState.ACCEPTED,
        fee_yen=None,
        apply_no=None,
        bank_status=None,
        created_at=at,
        updated_at=at,
        history=((PayoutState.ACCEPTED, at),),
        problem=None,
        is_reconciled=False,
        marks=(new.mark,),
    )


def _view(
    row: Row[Any] | SimpleNamespace, history: tuple[tuple[PayoutState, datetime], ...], marks: tuple[str, ...]
) -> PayoutView:
    return PayoutView(
        payout_id=row.payout_id,
        company_id=row.company_id,
        amount_yen=row.amount_yen,
        beneficiary=Beneficiary(
            bank_code=row.beneficiary_bank_code,
            branch_code=row.beneficiary_branch_code,
            account_type=row.beneficiary_account_type,
            account_number=row.beneficiary_account_number,
            name=row.beneficiary_name,
            name_kana=row.beneficiary_name_kana,
        ),
        case_type=row.case_type,
        case_reference=row.case_reference,
        designated_date=row.designated_date,
        replaces=row.replaces,
        state=PayoutState(row.state),
        fee_yen=row.fee_yen,
        apply_no=row.apply_no,
        bank_status=row.bank_status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        history=history,
        problem=None if row.problem is None else json.loads(row.problem),
        is_reconciled=is_reconciled(PayoutState(row.state), row.debited_on, row.returned_on),
        marks=marks,
    )

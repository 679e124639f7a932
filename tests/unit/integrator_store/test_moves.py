"""Payouts of one request that are moved together: each as if alone, and with as few statements as one."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from integrator import payouts
from integrator.domain.payout import IllegalMove, PayoutState
from integrator.domain.problem import Problem
from integrator.store import payouts as payout_rows
from integrator.store.database import Database
from integrator.store.payouts import Move
from integrator.store.schema import events
from integrator.store.supervised import audit_rows
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company

LATER = NOON + timedelta(seconds=5)
PROBLEM = Problem(code="c", title="題", detail="詳", detail_en="detail")


def place(db: Database, count: int) -> list[str]:
    store_company(db)
    new_text = make_new_text(1)
    return [
        payouts.request_payout(
            db,
            make_payout_request(),
            payer=make_payer(),
            idempotency_key=f"key-{number}",
            at=NOON,
            new_text=new_text,
        )[0].payout_id
        for number in range(count)
    ]


def move_all(db: Database, moves: list[Move]) -> tuple[list[PayoutState], int]:
    """Return where they were, and how many statements it took."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        with db.begin() as tx:
            before = payout_rows.move_all(tx, moves, at=LATER)
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    return before, len(said)


def test_each_payout_moves_as_if_alone(db: Database) -> None:
    first, second, third = place(db, 3)
    moves = [
        Move(third, PayoutState.SUBMITTING, facts={"apply_no": "2026040100000001"}),
        Move(first, PayoutState.NEEDS_PERSON, PROBLEM),
        Move(second, PayoutState.ACCEPTED),
    ]

    before, _ = move_all(db, moves)

    assert before == [PayoutState.ACCEPTED] * 3
    with db.read() as tx:
        told = tx.execute(select(events.c.payout_id, events.c.sequence, events.c.body).order_by(events.c.number)).all()
        noted = tx.execute(
            select(audit_rows.c.subject, audit_rows.c.before, audit_rows.c.after)
            .where(audit_rows.c.what == "payout.changed")
            .order_by(audit_rows.c.row_id)
        ).all()
        views = {each: payout_rows.find_view(tx, make_payer().company_id, each) for each in (first, second, third)}
    assert [(row.payout_id, row.sequence) for row in told[3:]] == [(third, 2), (first, 2)]
    assert json.loads(told[3].body)["payout"]["apply_no"] == "2026040100000001"
    assert [row.subject for row in noted] == [third, first]
    assert json.loads(noted[0].before)["state"] == "accepted"
    assert json.loads(noted[0].after) == {"apply_no": "2026040100000001", "state": "submitting"}
    shown = {each: view for each, view in views.items() if view is not None}
    assert [len(shown[each].history) for each in (first, second, third)] == [2, 1, 2]
    assert shown[first].problem == PROBLEM.as_json()
    assert shown[second].updated_at == NOON
    assert shown[third].updated_at == LATER


def test_many_payouts_take_as_many_statements_as_one(db: Database) -> None:
    ids = place(db, 12)

    _, of_one = move_all(db, [Move(ids[0], PayoutState.SUBMITTING)])
    _, of_many = move_all(db, [Move(each, PayoutState.SUBMITTING) for each in ids[1:]])

    assert of_many == of_one


def test_one_illegal_move_moves_none(db: Database) -> None:
    first, second = place(db, 2)

    with pytest.raises(IllegalMove):
        move_all(db, [Move(first, PayoutState.SUBMITTING), Move(second, PayoutState.RETURNED)])

    with db.read() as tx:
        view = payout_rows.find_view(tx, make_payer().company_id, first)
    assert view is not None
    assert view.state is PayoutState.ACCEPTED

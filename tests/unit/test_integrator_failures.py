"""What the log says of a failure: where and of what kind, never with a value of a row."""

import pytest
from sqlalchemy.exc import IntegrityError

from integrator import payouts
from integrator.failures import told
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.submissions import NewLine
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company


def test_a_broken_constraint_is_told_without_the_row_that_broke_it(db: Database) -> None:
    store_company(db)
    view, _ = payouts.request_payout(
        db, make_payout_request(), payer=make_payer(), idempotency_key="key-1", at=NOON, new_text=make_new_text()
    )
    values = {"company_id": "shop-0001", "account_id": "101010012345", "bank_key": "other", "due_at": NOON}

    with pytest.raises(IntegrityError) as broken, db.begin() as tx:
        rows.insert_submission(
            tx, "su_other", (NewLine(1, view.payout_id, "OTHERMARK", 50_000),), at=NOON, values=values
        )
    line = told(broken.value)

    assert "sqlalchemy.exc.IntegrityError" in line
    assert "store/submissions.py" in line
    assert "insert_submission" in line
    for value in (view.payout_id, "su_other", "OTHERMARK", "101010012345"):
        assert value not in line
    if db.engine.dialect.name == "postgresql":
        assert "constraint_name=uq_submission_lines_live_payout" in line
        assert "sqlstate=23505" in line


def test_the_causes_are_told_and_no_message_is() -> None:
    def fail() -> None:
        try:
            int("account 1234567")
        except ValueError as error:
            raise RuntimeError("account 1234567") from error

    with pytest.raises(RuntimeError) as failed:
        fail()
    line = told(failed.value)

    assert "1234567" not in line
    assert line.startswith("builtins.RuntimeError at ")
    assert " because of builtins.ValueError at " in line
    assert "\n" not in line

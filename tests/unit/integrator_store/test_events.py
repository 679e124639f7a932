"""Events: one for every change that ReCORE can see, in the same transaction, in an order that never changes."""

from datetime import timedelta
from typing import Any

import pytest

from integrator import payouts
from integrator.callbacks import pull_events
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.effects import NoCheckpoints
from integrator.store import payouts as payout_rows
from integrator.store.database import Database
from tests.builders import COMPANY_ID, NOON, make_new_text, make_payer, make_payout_request, store_company


def place(db: Database, number: int = 1) -> str:
    view, _ = payouts.request_payout(
        db,
        make_payout_request(),
        payer=make_payer(),
        idempotency_key=f"key-{number}",
        at=NOON,
        new_text=make_new_text(number),
    )
    return view.payout_id


def move(db: Database, payout_id: str, to: PayoutState, **more: Any) -> None:
    with db.begin() as tx:
        payout_rows.move(tx, payout_id, to, at=NOON + timedelta(seconds=5), **more)


def pull(db: Database, after: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pull_events(db, COMPANY_ID, after=after, limit=100)["events"]
    return found


def test_a_new_payout_is_its_own_first_event(db: Database) -> None:
    store_company(db)
    payout_id = place(db)

    (event,) = pull(db)

    view = payouts.find_payout(db, COMPANY_ID, payout_id)
    assert view is not None
    assert event == {
        "event_id": f"ev_{payout_id.removeprefix('po_')}_1",
        "type": "payout.changed",
        "company_id": COMPANY_ID,
        "occurred_at": "2026-04-01T03:00:00.000000Z",
        "sequence": 1,
        "payout": view.as_json(),
    }


@pytest.mark.parametrize(
    ("to", "more"),
    [
        (PayoutState.AWAITING_CONFIRMATION, {}),
        (PayoutState.SUBMITTING, {"facts": {"apply_no": "2026040100000001"}}),
        (PayoutState.SUBMITTING, {"facts": {"bank_status": "2"}}),
        (PayoutState.SUBMITTING, {"facts": {"fee_yen": 143}}),
        (PayoutState.SUBMITTING, {"problem": Problem("not-sent-yet", "題", "詳細", "detail")}),
    ],
    ids=["state", "apply number", "bank status", "fee", "problem"],
)
def test_every_visible_change_is_one_event_that_shows_the_payout_after_it(
    db: Database, to: PayoutState, more: dict[str, Any]
) -> None:
    store_company(db)
    payout_id = place(db)
    move(db, payout_id, PayoutState.SUBMITTING)

    move(db, payout_id, to, **more)
    move(db, payout_id, to, **more)

    view = payouts.find_payout(db, COMPANY_ID, payout_id)
    assert view is not None
    events = pull(db)
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert events[-1]["payout"] == view.as_json()


def test_what_changes_nothing_is_no_event_and_no_update(db: Database) -> None:
    store_company(db)
    payout_id = place(db)

    move(db, payout_id, PayoutState.ACCEPTED)
    move(db, payout_id, PayoutState.ACCEPTED, facts={"cancel_requested_at": NOON})

    (event,) = pull(db)
    assert event["payout"]["updated_at"] == event["payout"]["created_at"]
    with db.read() as tx:
        assert payout_rows.is_cancel_wanted(tx, payout_id)


def test_a_change_that_is_rolled_back_is_no_event(db: Database) -> None:
    store_company(db)
    payout_id = place(db)

    with db.engine.connect() as tx, tx.begin() as transaction:
        payout_rows.move(tx, payout_id, PayoutState.SUBMITTING, at=NOON)
        transaction.rollback()

    assert len(pull(db)) == 1


def test_whoever_goes_on_from_the_last_page_misses_nothing_and_sees_nothing_twice(db: Database) -> None:
    store_company(db)
    for number in range(1, 4):
        place(db, number)
    first = pull_events(db, COMPANY_ID, after=0, limit=2)
    move(db, first["events"][0]["payout"]["payout_id"], PayoutState.SUBMITTING)

    second = pull_events(db, COMPANY_ID, after=first["next_after"], limit=2)
    third = pull_events(db, COMPANY_ID, after=second["next_after"], limit=2)

    assert [page["has_more"] for page in (first, second, third)] == [True, False, False]
    assert len(third["events"]) == 0
    assert third["next_after"] == second["next_after"]
    seen = [event["event_id"] for page in (first, second) for event in page["events"]]
    assert len(seen) == len(set(seen)) == 4
    assert pull(db) == [*first["events"], *second["events"]]


def test_one_company_never_sees_the_events_of_another(db: Database) -> None:
    store_company(db)
    store_company(db, company_id="shop-0002")
    place(db)

    assert pull_events(db, "shop-0002", after=0, limit=10) == {"events": [], "next_after": 0, "has_more": False}


def test_an_event_that_is_committed_late_comes_after_what_was_pulled_before(migrated_postgres_url: str) -> None:
    """Numbers are given when rows are written, positions when they are read: only the second order is safe."""
    database = Database(migrated_postgres_url, effects=NoCheckpoints())
    store_company(database)
    slow, quick = place(database, 1), place(database, 2)
    start = pull_events(database, COMPANY_ID, after=0, limit=100)["next_after"]

    with database.begin() as tx:
        payout_rows.move(tx, slow, PayoutState.SUBMITTING, at=NOON)
        move(database, quick, PayoutState.SUBMITTING)
        before = pull_events(database, COMPANY_ID, after=start, limit=100)
    after = pull_events(database, COMPANY_ID, after=before["next_after"], limit=100)

    assert [event["payout"]["payout_id"] for event in before["events"]] == [quick]
    assert [event["payout"]["payout_id"] for event in after["events"]] == [slow]
    database.close()

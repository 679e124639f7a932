"""Who goes with whom: what is taken into an order before it is sent, and what is looked at together."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from integrator import payouts
from integrator.domain.payout import PayoutState
from integrator.domain.submission import CancelState, SubmissionState
from integrator.effects import NoCheckpoints
from integrator.store import batches
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.schema import companies, connections, submission_lines, submissions
from integrator.store.submissions import Submission, Times, Work
from tests.builders import COMPANY_ID, NOON, make_new_text, make_payer, make_payout_request, store_company

LEASE = timedelta(seconds=120)
TIMES = Times(NOON, NOON)
TODAY = date(2026, 4, 1)


def place(db: Database, number: int, *, account_id: str = "101010012345", **request: Any) -> str:
    view, _ = payouts.request_payout(
        db,
        make_payout_request(**request),
        payer=make_payer(account_id=account_id),
        idempotency_key=f"key-{number}",
        at=NOON - timedelta(seconds=100 - number),
        new_text=make_new_text(number),
    )
    return view.payout_id


def change(db: Database, payout_id: str, **values: Any) -> None:
    mine = select(submission_lines.c.submission_id).where(submission_lines.c.payout_id == payout_id)
    with db.begin() as tx:
        tx.execute(update(submissions).where(submissions.c.submission_id.in_(mine)).values(**values))


def claim(db: Database, work: Work = Work.SUBMIT, holder: str = "A") -> Submission:
    with db.begin() as tx:
        held = rows.claim(tx, work, holder=holder, at=TIMES, until=NOON + LEASE)
    assert held is not None
    return held


def taken_in(db: Database, held: Submission) -> list[str]:
    with db.begin() as tx:
        lines = batches.take_in(tx, held, at=TIMES, day=TODAY, is_today=True)
    assert [line.item_id for line in lines] == list(range(1, len(lines) + 1))
    return [line.payout_id for line in lines]


def test_what_waits_is_taken_in_oldest_first_and_nothing_is_left_of_where_it_was(db: Database) -> None:
    store_company(db)
    placed = [place(db, number) for number in (1, 2, 3)]

    assert taken_in(db, claim(db)) == placed

    with db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(submissions)) == 1
        assert tx.scalar(select(func.count()).where(submission_lines.c.is_live)) == 3


@pytest.mark.parametrize(
    "values",
    [
        {"state": SubmissionState.IN_DOUBT.value},
        {"state": SubmissionState.SENDING.value},
        {"body": b"{}"},  # frozen: it goes as it was
        {"claim_count": 1},  # it broke a worker
        {"together_max": 49},  # it was refused with others
        {"due_at": NOON + timedelta(seconds=1)},
        {"lease_owner": "B", "lease_until": NOON + LEASE},
    ],
)
def test_what_may_be_at_the_bank_or_is_in_other_hands_is_never_taken_in(db: Database, values: dict[str, Any]) -> None:
    store_company(db)
    first, other = place(db, 1), place(db, 2)
    change(db, other, **values)

    assert taken_in(db, claim(db)) == [first]


@pytest.mark.parametrize(
    ("request_", "goes_with"),
    [
        ({"designated_date": TODAY}, True),
        ({"designated_date": date(2026, 4, 2)}, False),
        ({"bank_code": "0310", "branch_code": "101"}, False),
        ({"account_id": "101010099999"}, False),
    ],
)
def test_only_what_the_bank_treats_alike_goes_together(db: Database, request_: dict[str, Any], goes_with: bool) -> None:
    store_company(db)
    first, other = place(db, 1), place(db, 2, **request_)

    assert taken_in(db, claim(db)) == ([first, other] if goes_with else [first])


def test_another_companys_payouts_are_not_taken_in(db: Database) -> None:
    store_company(db)
    first, other = place(db, 1), place(db, 2)
    with db.begin() as tx:
        tx.execute(insert(companies).from_select(list(companies.c.keys()), _copy_of_the_company()))
        tx.execute(
            insert(connections).values(
                company_id="shop-0002", state="connected", grant_id="g", version=1, scopes="s",
                access_expires_at=NOON, granted_at=NOON,
            )
        )  # fmt: skip
    change(db, other, company_id="shop-0002")

    assert taken_in(db, claim(db)) == [first]


def _copy_of_the_company() -> Any:
    columns = [
        column if column.name not in ("company_id", "client_id") else func.replace(column, "0001", "0002")
        for column in companies.c
    ]
    return select(*columns)


def test_no_more_are_taken_in_than_may_go_together(db: Database) -> None:
    store_company(db)
    placed = [place(db, number) for number in (1, 2, 3, 4)]
    for payout_id in placed:
        change(db, payout_id, together_max=3)

    assert taken_in(db, claim(db)) == placed[:3]
    assert taken_in(db, claim(db, holder="B")) == placed[3:]


def test_a_cancel_that_waits_while_its_payout_goes_over_finds_it_where_it_is(db: Database, database_url: str) -> None:
    store_company(db)
    place(db, 1)
    other = place(db, 2)
    held = claim(db)
    web = Database(database_url, effects=NoCheckpoints())
    told: list[PayoutState] = []
    cancel = threading.Thread(target=lambda: told.append(payouts.request_cancel(web, COMPANY_ID, other, at=NOON).state))

    with db.begin() as tx:
        lines = batches.take_in(tx, held, at=TIMES, day=TODAY, is_today=True)
        cancel.start()
        cancel.join(0.3)
        assert cancel.is_alive(), "it waits for the row that is going over"
        rows.change_held(tx, held, at=TIMES, values={"state": SubmissionState.SENDING.value})
        for line in lines:
            payout_rows.move(tx, line.payout_id, PayoutState.SUBMITTING, at=NOON)
    cancel.join(30)

    assert told == [PayoutState.SUBMITTING], "it is on its way to the bank; the wish is kept"
    with db.read() as tx:
        assert payout_rows.is_cancel_wanted(tx, other)
        assert rows.find_live_of(tx, other) == (held.submission_id, SubmissionState.SENDING)
    web.close()


def follow(db: Database, payout_id: str, **values: Any) -> None:
    change(db, payout_id, **{"state": SubmissionState.FOLLOWED.value, "first_attempt_at": NOON, **values})


def test_all_that_a_company_has_at_the_bank_is_held_by_one_worker(db: Database) -> None:
    store_company(db)
    first, second, later = place(db, 1), place(db, 2), place(db, 3)
    for payout_id in (first, second):
        follow(db, payout_id)
    follow(db, later, due_at=NOON + timedelta(hours=1))
    held = claim(db, Work.FOLLOW)

    with db.begin() as tx:
        assert rows.claim(tx, Work.FOLLOW, holder="B", at=TIMES, until=NOON + LEASE) is None, "one asks for the company"
        beside = batches.claim_beside(tx, held, at=TIMES, until=NOON + LEASE, crashes_max=1)

    assert [line.payout_id for other in beside for line in other.lines] == [second, later]
    assert {other.holder for other in beside} == {"A"}


@pytest.mark.parametrize(
    "values",
    [
        {"first_attempt_at": NOON - timedelta(days=2)},  # another list shows it
        {"followed_since": NOON},  # watched, no longer followed
        {"cancel_state": CancelState.DUE.value},
        {"cancel_state": CancelState.REQUESTED.value},
        {"claim_count": 2},
        {"account_id": "101010099999"},
        {"state": SubmissionState.IN_DOUBT.value},
    ],
)
def test_what_has_questions_of_its_own_is_not_looked_at_with_the_rest(db: Database, values: dict[str, Any]) -> None:
    store_company(db)
    first, other = place(db, 1), place(db, 2)
    follow(db, first)
    follow(db, other, **values)
    held = claim(db, Work.FOLLOW)

    with db.begin() as tx:
        beside = batches.claim_beside(tx, held, at=TIMES, until=NOON + LEASE, crashes_max=1)

    assert held.lines[0].payout_id == first
    assert beside == []


def test_what_is_held_together_is_held_on_together_until_it_is_given_back(db: Database) -> None:
    store_company(db)
    for number in (1, 2):
        follow(db, place(db, number))
    held = claim(db, Work.FOLLOW)
    with db.begin() as tx:
        (beside,) = batches.claim_beside(tx, held, at=TIMES, until=NOON + LEASE, crashes_max=1)
        assert rows.change_held(tx, held, at=TIMES, values=rows.release({}))
    late = Times(NOON + LEASE, NOON + LEASE)

    with db.begin() as tx:
        assert not batches.prolong(tx, held, at=TIMES, until=NOON + 2 * LEASE), "given back"
        assert batches.prolong(tx, beside, at=TIMES, until=NOON + 2 * LEASE)
        assert rows.change_held(tx, beside, at=late, values={"attempt_count": 1})


def test_the_bank_cancels_all_or_none(db: Database) -> None:
    store_company(db)
    first, second = place(db, 1), place(db, 2)
    held = claim(db)
    assert taken_in(db, held) == [first, second]
    follow(db, first, lease_owner=None, lease_until=None)

    with db.begin() as tx:
        assert batches.payouts_beside(tx, held.submission_id, first) == [second]
        assert not batches.is_cancel_wanted_by_all(tx, held.submission_id)
        rows.bury_line(tx, held.submission_id, second)
        assert batches.payouts_beside(tx, held.submission_id, first) == []

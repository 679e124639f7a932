"""Whose work is claimed by a worker that carries many companies: nobody's that would have to wait for its slot."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from integrator import payouts
from integrator.domain.submission import LEASE, SubmissionState
from integrator.domain.turns import STANDS_BACK, Urgency
from integrator.store import jobs as job_rows
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.jobs import Job, JobKind
from integrator.store.schema import companies, gate_slots, gate_waits, submissions
from integrator.store.submissions import Openings, Submission, Times, Work
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company

NEAR = timedelta(milliseconds=400)
TIMES = Times(NOON, NOON)


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


def claim(db: Database, work: Work = Work.SUBMIT, *, full: tuple[str, ...] = ()) -> Submission | None:
    openings = Openings(near=NOON + NEAR, full=full)
    with db.begin() as tx:
        is_ready = rows.has_ready(tx, work, at=TIMES, openings=openings)
        held = rows.claim(tx, work, holder="A", at=TIMES, until=NOON + timedelta(seconds=120), openings=openings)
    assert is_ready == (held is not None)
    return held


def set_slot(db: Database, away: timedelta) -> None:
    with db.begin() as tx:
        client_id = tx.execute(companies.select()).one().client_id
        tx.execute(insert(gate_slots).values(client_id=client_id, next_slot_at=NOON + away))


def put_ticket(db: Database, urgency: Urgency, *, seconds: float = 30) -> None:
    with db.begin() as tx:
        client_id = tx.execute(companies.select()).one().client_id
        until = NOON + timedelta(seconds=seconds)
        values = {"ticket_id": "t", "client_id": client_id, "urgency": urgency.value, "rank_at": NOON, "until": until}
        tx.execute(insert(gate_waits).values(values))


@pytest.mark.parametrize(
    ("away", "is_claimed"),
    [
        (timedelta(seconds=-5), True),
        (NEAR, True),
        (NEAR + timedelta(milliseconds=1), False),
        (timedelta(hours=2), True),  # left by a clock that went back: it closes nothing
    ],
)
def test_a_company_whose_slot_is_far_waits_without_a_thread(db: Database, away: timedelta, is_claimed: bool) -> None:
    store_company(db)
    place(db)
    set_slot(db, away)

    assert (claim(db) is not None) == is_claimed


@pytest.mark.parametrize(
    ("waiting", "seconds", "is_claimed"),
    [(Urgency.PAY, 30, False), (Urgency.PAY, 0, True), (Urgency.SOON, 30, True), (Urgency.LATER, 30, True)],
)
def test_one_waiter_of_each_urgency_is_enough_for_a_company(
    db: Database, waiting: Urgency, seconds: float, is_claimed: bool
) -> None:
    store_company(db)
    place(db)
    put_ticket(db, waiting, seconds=seconds)

    assert (claim(db) is not None) == is_claimed


def test_a_company_that_this_process_is_busy_with_is_left_to_others(db: Database) -> None:
    store_company(db)
    place(db)

    assert claim(db, full=("shop-0001",)) is None
    assert claim(db, full=("another",)) is not None


@pytest.mark.parametrize(
    ("due_for", "is_claimed"), [(timedelta(0), False), (STANDS_BACK[Urgency.LATER], True)], ids=["new", "stood back"]
)
def test_questions_stand_back_while_payouts_wait_but_not_for_ever(
    db: Database, due_for: timedelta, is_claimed: bool
) -> None:
    store_company(db)
    place(db)
    asked = claim(db)
    assert asked is not None
    values = {"state": SubmissionState.FOLLOWED.value, "due_at": NOON - due_for, "lease_until": None}
    with db.begin() as tx:
        mine = submissions.c.submission_id == asked.submission_id
        tx.execute(update(submissions).where(mine).values(values))
    assert claim(db, Work.FOLLOW) is not None, "nothing waits to be paid"
    with db.begin() as tx:
        tx.execute(update(submissions).where(mine).values(values))

    place(db, 2)

    assert (claim(db, Work.FOLLOW) is not None) == is_claimed


@pytest.mark.parametrize(
    ("kind", "away", "full", "is_claimed"),
    [
        (JobKind.QUOTE, NEAR, (), True),
        (JobKind.QUOTE, 2 * NEAR, (), False),
        (JobKind.QUOTE, NEAR, ("shop-0001",), False),
        (JobKind.SEAL_CLIENT_SECRET, 2 * NEAR, ("shop-0001",), True),  # needs no call
    ],
)
def test_a_persons_question_is_begun_although_a_look_up_in_doubt_waits(
    db: Database, kind: JobKind, away: timedelta, full: tuple[str, ...], is_claimed: bool
) -> None:
    store_company(db)
    set_slot(db, away)
    put_ticket(db, Urgency.SOON)
    openings = Openings(near=NOON + NEAR, full=full)

    with db.begin() as tx:
        job_rows.insert_job(tx, Job("jo_1", kind, "shop-0001", {}, NOON, NOON + timedelta(seconds=30)))
        job = job_rows.claim_job(tx, at=TIMES, owner="A", lease_until=NOON + timedelta(seconds=180), openings=openings)

    assert (job is not None) == is_claimed


@pytest.mark.parametrize(("seconds_ago", "is_claimed"), [(0, False), (4, False), (6, True)])
def test_an_account_that_somebody_has_just_begun_with_is_left_to_him_for_five_seconds(
    db: Database, seconds_ago: int, is_claimed: bool
) -> None:
    store_company(db)
    place(db, 1)
    place(db, 2)
    with db.begin() as tx:
        first = tx.execute(submissions.select().order_by(submissions.c.due_at, submissions.c.submission_id)).first()
        assert first is not None
        until = NOON + LEASE - timedelta(seconds=seconds_ago)
        here = submissions.c.submission_id == first.submission_id
        tx.execute(update(submissions).where(here).values(lease_owner="B", lease_until=until))

    assert (claim(db) is not None) is is_claimed

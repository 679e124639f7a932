"""What a worker's one look sees: each kind of work as soon as it is due, and nothing before."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from integrator import payouts
from integrator.domain.submission import CancelState, SubmissionState
from integrator.store import jobs as job_rows
from integrator.store import restores as restore_rows
from integrator.store.database import Database
from integrator.store.due import Due, kinds_due
from integrator.store.jobs import Job, JobKind
from integrator.store.restores import Restore
from integrator.store.schema import submissions
from integrator.store.submissions import Times
from tests.builders import COMPANY_ID, NOON, make_new_text, make_payer, make_payout_request, store_company

SECOND = timedelta(seconds=1)


def look(db: Database, *, after: timedelta = timedelta(0)) -> frozenset[Due]:
    with db.read() as tx:
        return kinds_due(tx, Times(NOON + after, NOON + after))


def place(db: Database) -> None:
    payouts.request_payout(
        db, make_payout_request(), payer=make_payer(), idempotency_key="key-1", at=NOON, new_text=make_new_text()
    )


def submission_in(state: SubmissionState, cancel: CancelState = CancelState.NONE) -> Callable[[Database], None]:
    def store(db: Database) -> None:
        place(db)
        with db.begin() as tx:
            tx.execute(update(submissions).values(state=state.value, cancel_state=cancel.value))

    return store


def job(db: Database) -> None:
    with db.begin() as tx:
        job_rows.insert_job(tx, Job("job-1", JobKind.INQUIRY_ACCOUNTS, COMPANY_ID, {}, NOON, NOON + SECOND))


def restore(db: Database) -> None:
    with db.begin() as tx:
        waiting = Restore(COMPANY_ID, NOON, NOON, NOON, holder="")
        restore_rows.insert_restore(tx, waiting, declared_by="担当者A", due_at=NOON)


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (job, Due.JOB),
        (submission_in(SubmissionState.WAITING), Due.SUBMIT),
        (submission_in(SubmissionState.SENDING), Due.RESOLVE),
        (submission_in(SubmissionState.IN_DOUBT), Due.RESOLVE),
        (submission_in(SubmissionState.NEEDS_PERSON), Due.RESOLVE),
        (submission_in(SubmissionState.FOLLOWED, CancelState.DUE), Due.CANCEL),
        (submission_in(SubmissionState.FOLLOWED), Due.FOLLOW),
        (restore, Due.RESTORE),
    ],
)
def test_each_kind_of_work_is_seen_when_it_is_due(
    db: Database, store: Callable[[Database], None], expected: Due
) -> None:
    store_company(db)
    assert look(db) == frozenset()

    store(db)

    assert look(db) == {expected}


def test_what_is_held_or_not_due_yet_is_not_seen(db: Database) -> None:
    store_company(db)
    place(db)
    with db.begin() as tx:
        tx.execute(update(submissions).values(due_at=NOON + SECOND))
    assert look(db) == frozenset()
    assert look(db, after=SECOND) == {Due.SUBMIT}

    with db.begin() as tx:
        tx.execute(update(submissions).values(lease_owner="another", lease_until=NOON + 2 * SECOND))

    assert look(db, after=SECOND) == frozenset()
    assert look(db, after=2 * SECOND) == {Due.SUBMIT}

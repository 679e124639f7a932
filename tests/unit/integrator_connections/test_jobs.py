"""The queue between web and worker: oldest first, bounded in time, a spent code never tried twice."""

from datetime import timedelta

import pytest

from integrator import inquiries, jobs
from integrator.inquiries import Question
from integrator.jobs import LEASE, QUESTION_TIME_MAX, NotAnswered
from integrator.secret import Secret
from integrator.store import jobs as rows
from integrator.store.jobs import JobAnswer, JobKind
from integrator.vault import Kind
from tests.unit.integrator_connections.worker_side import WorkerSide


def put(side: WorkerSide, question: Question | None = None) -> str:
    asked = question or inquiries.accounts("mihon-001")
    return jobs.put(side.db, asked, at=side.clock.now(), new_text=side.new_text)


def claim(side: WorkerSide, owner: str = "worker-1") -> rows.Job | None:
    at = side.worker.desk.times()
    with side.db.begin() as tx:
        rows.clear_away(tx, at=at)
        return rows.claim_job(tx, at=at, owner=owner, lease_until=at.machine + LEASE)


def answer_of(side: WorkerSide, job_id: str) -> JobAnswer | None:
    with side.db.read() as tx:
        return rows.find_answer(tx, job_id)


@pytest.fixture
def registered(side: WorkerSide) -> WorkerSide:
    """A company whose secret is kept, so that the queue is empty."""
    side.register()
    side.do_job()
    return side


def test_the_job_that_waits_longest_is_done_first_and_by_one_worker(registered: WorkerSide) -> None:
    first = put(registered)
    registered.clock.advance(seconds=1)
    second = put(registered)

    taken = [claim(registered, owner) for owner in ("worker-1", "worker-2", "worker-3")]

    assert [None if job is None else job.job_id for job in taken] == [first, second, None]


def test_an_empty_queue_writes_nothing(registered: WorkerSide) -> None:
    assert not registered.do_job()


def test_a_question_that_nobody_waits_for_any_more_is_not_asked(registered: WorkerSide) -> None:
    job_id = put(registered)
    registered.clock.present += QUESTION_TIME_MAX

    assert not registered.do_job()
    assert answer_of(registered, job_id) is None
    assert registered.bank.requests == []


def test_an_inquiry_whose_worker_was_lost_is_asked_again(registered: WorkerSide) -> None:
    now = registered.clock.now()
    with registered.db.begin() as tx:
        rows.insert_job(tx, rows.Job("jo_1", JobKind.QUOTE, "mihon-001", {}, now, now + timedelta(hours=1)))
    assert claim(registered) is not None
    assert claim(registered, "worker-2") is None

    registered.machine_clock.present += LEASE

    again = claim(registered, "worker-2")
    assert again is not None
    assert again.job_id == "jo_1"


def test_a_code_whose_worker_was_lost_is_failed_and_forgotten_because_it_may_be_spent(registered: WorkerSide) -> None:
    job_id = registered.accept(registered.begin(), code="the-code")
    taken = claim(registered)
    assert taken is not None
    assert taken.intake_secret is not None
    registered.machine_clock.present += LEASE

    assert claim(registered, "worker-2") is None

    assert answer_of(registered, job_id) == JobAnswer(is_done=False, result={"problem": "worker_lost"})
    with registered.db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM jobs WHERE intake_secret IS NOT NULL").scalar() == 0


def test_moving_the_banks_clock_takes_no_job_from_its_worker(registered: WorkerSide) -> None:
    registered.accept(registered.begin())
    question = put(registered)
    taken = [claim(registered), claim(registered)]

    registered.clock.advance(days=3)

    assert claim(registered, "worker-2") is None
    for job in taken:
        assert job is not None
        with registered.db.begin() as tx:
            assert rows.record_answer(tx, job.job_id, JobAnswer(is_done=True, result={}), owner="worker-1")
    assert answer_of(registered, question) is not None


def test_a_worker_that_wakes_up_late_records_nothing(registered: WorkerSide) -> None:
    job_id = registered.accept(registered.begin())
    claim(registered)
    registered.machine_clock.present += LEASE
    claim(registered, "worker-2")

    with registered.db.begin() as tx:
        assert not rows.record_answer(tx, job_id, JobAnswer(is_done=True, result={}), owner="worker-1")


def test_an_answer_is_waited_for_and_then_taken_away(registered: WorkerSide) -> None:
    job_id = put(registered)
    paused = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        registered.do_job()

    answer = jobs.wait_for_answer(registered.db, job_id, pause=pause, seconds=5)

    assert answer == JobAnswer(is_done=False, result={"problem": "not-connected"})
    assert paused == [jobs.POLL_SECONDS]
    with pytest.raises(NotAnswered) as failed:
        jobs.take_away(registered.db, job_id, answer)
    assert failed.value.problem == "not-connected"
    assert answer_of(registered, job_id) is None
    with registered.db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM jobs WHERE kind <> 'seal_client_secret'").scalar() == 0


def test_waiting_for_an_answer_ends_at_its_limit(registered: WorkerSide) -> None:
    job_id = put(registered)
    paused: list[float] = []

    assert jobs.wait_for_answer(registered.db, job_id, pause=paused.append, seconds=5) is None

    assert sum(paused) == pytest.approx(5, abs=2 * jobs.POLL_SECONDS)
    with pytest.raises(NotAnswered, match="no-answer-in-time"):
        jobs.take_away(registered.db, job_id, None)


def test_an_answer_that_nobody_fetched_does_not_stay(registered: WorkerSide) -> None:
    job_id = put(registered)
    registered.do_job()
    assert answer_of(registered, job_id) is not None

    registered.clock.present += QUESTION_TIME_MAX
    registered.do_job()

    assert answer_of(registered, job_id) is None


def test_a_code_moved_to_another_company_does_not_open(registered: WorkerSide) -> None:
    # A code that company 2's browser brought, moved into a job of company 1.
    sealed = registered.intake.seal(Secret("the-code"), company_id="mihon-002", kind=Kind.AUTHORIZATION_CODE)
    now = registered.clock.now()
    with registered.db.begin() as tx:
        rows.insert_job(
            tx, rows.Job("jo_1", JobKind.EXCHANGE_CODE, "mihon-001", {}, now, now + timedelta(minutes=9), sealed)
        )

    assert registered.do_job()

    assert answer_of(registered, "jo_1") == JobAnswer(is_done=False, result={"problem": "seal-broken"})
    assert registered.bank.requests == []

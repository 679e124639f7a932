"""What the web asks of the worker: put a question, wait for its answer; take one, do it, record the answer.

The web cannot open a secret and never calls the bank; everything that needs either comes through here.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from integrator import deciding, inquiries, trail
from integrator.bank_client.oauth import TokenGrant, TokenRefused
from integrator.connections import ALPHABET, NewText
from integrator.desk import Desk
from integrator.domain.turns import NoTurn, Urgency
from integrator.gate import never
from integrator.inquiries import Question
from integrator.store import jobs as rows
from integrator.store.database import Database
from integrator.store.jobs import Job, JobAnswer, JobKind
from integrator.vault import Kind, SealBroken, Vault

ANSWER_SECONDS_MAX = 25.0  # how long the web waits for an inquiry: a turn at the gate and a reply
EXCHANGE_SECONDS_MAX = 10.0  # how long a browser waits for its page
QUESTION_TIME_MAX = timedelta(seconds=30)  # afterwards nobody is waiting any more
POLL_SECONDS = 0.1
LEASE = timedelta(seconds=180)

log = logging.getLogger("integrator.job")


class NotAnswered(Exception):
    """A question had no good answer. `problem` is a code; `came` and `message` say what the bank said, if it did."""

    def __init__(self, problem: str, *, came: str | None = None, message: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.came = came
        self.message = message


def put(db: Database, question: Question, *, at: datetime, new_text: NewText) -> str:
    """Store a question for the worker and return its job's id."""
    job = Job(
        job_id=f"jo_{new_text(24, ALPHABET)}",
        kind=question.kind,
        company_id=question.company_id,
        arguments=question.arguments,
        created_at=at,
        expires_at=at + QUESTION_TIME_MAX,
        request_id=trail.request_id(),
    )
    with db.begin() as tx:
        rows.insert_job(tx, job)
    return job.job_id


def wait_for_answer(
    db: Database,
    job_id: str,
    *,
    pause: Callable[[float], None],
    seconds: float,
    is_stopping: Callable[[], bool] = never,
) -> JobAnswer | None:
    """Return the answer of a job, or None when it did not come within about so many seconds, or we are to stop."""
    for _ in range(int(seconds / POLL_SECONDS) + 1):
        with db.read() as tx:
            answer = rows.find_answer(tx, job_id)
        if answer is not None:
            return answer
        if is_stopping():
            return None
        pause(POLL_SECONDS)
    return None


def take_away(db: Database, job_id: str, answer: JobAnswer | None) -> dict[str, Any]:
    """Forget a question, answered or not, and return the value of a good answer. Raises NotAnswered."""
    with db.begin() as tx:
        rows.delete_job(tx, job_id)
    if answer is None:
        raise NotAnswered("no-answer-in-time")
    if not answer.is_done:
        found = answer.result
        raise NotAnswered(
            _PROBLEMS.get(found["problem"], found["problem"]), came=found.get("came"), message=found.get("message")
        )
    return answer.result


# How the queue's own failures look to who asked.
_PROBLEMS = {"expired": "no-answer-in-time", "worker_lost": "bank-unavailable"}


def run_one_job(desk: Desk, vault: Vault) -> bool:
    """Do the job that has waited longest and record its answer. Returns False when there is none.

    The lease is taken under a name never used before, so a worker that wakes up late records nothing.
    """
    at = desk.times()
    with desk.db.read() as tx:
        if not rows.has_work(tx, at=at):
            return False
    owner = desk.new_text(32, ALPHABET)
    with desk.db.begin() as tx:
        rows.clear_away(tx, at=at)
        openings = desk.openings(Urgency.SOON, at)
        job = rows.claim_job(tx, at=at, owner=owner, lease_until=at.machine + LEASE, openings=openings)
    if job is None:
        return False
    desk.lanes.enter(job.company_id, Urgency.SOON)
    trail.take_up((job.request_id,), job=job.job_id)
    answer = _do(desk, vault, job)
    with desk.db.begin() as tx:
        is_recorded = rows.record_answer(tx, job.job_id, answer, owner=owner)
    log.info("job.done kind=%s company=%s done=%s recorded=%s", job.kind, job.company_id, answer.is_done, is_recorded)
    return True


def _do(desk: Desk, vault: Vault, job: Job) -> JobAnswer:
    try:
        match job.kind:
            case JobKind.EXCHANGE_CODE:
                return _exchange(desk, vault, job)
            case JobKind.SEAL_CLIENT_SECRET:
                desk.tokens.keep_client_secret(job.company_id)
                return JobAnswer(is_done=True, result={})
            case JobKind.DECISION:
                return deciding.answer(desk, job)
            case _:
                return inquiries.answer(desk, job)
    except NoTurn:
        return JobAnswer(is_done=False, result={"problem": "bank-unavailable"})
    except SealBroken as broken:
        log.error("job.seal_broken kind=%s company=%s reason=%s", job.kind, job.company_id, broken)
        return JobAnswer(is_done=False, result={"problem": "seal-broken"})


def _exchange(desk: Desk, vault: Vault, job: Job) -> JobAnswer:
    assert job.intake_secret is not None, "an exchange brings its code"
    code = vault.open_intake(job.intake_secret, company_id=job.company_id, kind=Kind.AUTHORIZATION_CODE)
    match desk.tokens.exchange(job.company_id, code):
        case TokenGrant(scopes=scopes):
            return JobAnswer(is_done=True, result={"scopes": list(scopes)})
        case TokenRefused(error=error):
            return JobAnswer(is_done=False, result={"problem": "refused", "error": error})
        case _:
            return JobAnswer(is_done=False, result={"problem": "bank-unavailable"})

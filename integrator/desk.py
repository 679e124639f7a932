"""What a worker works with, and the motions that every piece of work shares: a lease, a token, a turn, a question."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from integrator import trail
from integrator.bank_client.api import BankClient
from integrator.bank_client.wire import Refused, Unavailable
from integrator.clock import Clock
from integrator.connections import Access, Tokens
from integrator.domain.outcome import Fact
from integrator.domain.payout import MOVES, PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import LEASE as LEASE
from integrator.domain.submission import CancelState
from integrator.domain.turns import NoTurn, Urgency
from integrator.gate import Gate
from integrator.lanes import Lanes
from integrator.payouts import MARK_ALPHABET, NewText
from integrator.store import batches as batch_rows
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.submissions import Openings, Submission, Times, Work

NO_TOKEN_WAIT_SECONDS = 30
NO_TURN_WAIT_SECONDS = 5
LIMITED_TRIES_MAX = 3  # a question answered by 429 is asked again; the gate makes it wait ever longer
ASIDE = timedelta(hours=24)  # what a person looks at is tried once more by then: the fault may be mended
TOGETHER_CRASHES_MAX = 2
CLAIMS_MAX = 20  # broken pieces of work that one look for work can put aside
NO_TURN = Unavailable(Fact.NOT_CONNECTED, "no turn")

log = logging.getLogger("integrator.gate")
log_payout = logging.getLogger("integrator.payout")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """One worker's place: everything that reaches outside comes in here."""

    db: Database
    bank: BankClient
    tokens: Tokens
    gate: Gate
    clock: Clock
    machine_clock: Clock
    new_text: NewText
    lanes: Lanes
    crashes_max: int

    def times(self) -> Times:
        """Return the present by both clocks."""
        return Times(now=self.clock.now(), machine=self.machine_clock.now())

    def openings(self, urgency: Urgency, at: Times) -> Openings | None:
        """Return whose work may be begun now; None when everybody's may, because its slot is waited for."""
        if self.lanes.near is None:
            return None
        return Openings(near=at.machine + self.lanes.near, full=self.lanes.full(urgency))


def claim(desk: Desk, work: Work) -> Submission | None:
    """Take the submission that has waited longest for this kind of work, under a name never used before.

    One whose work has failed each time is put before a person instead.
    """
    at = desk.times()
    openings = desk.openings(work.urgency, at)
    if openings is not None:
        with desk.db.read() as tx:
            if not rows.has_ready(tx, work, at=at, openings=openings):
                return None
    for _ in range(CLAIMS_MAX):
        holder = desk.new_text(32, MARK_ALPHABET)
        with desk.db.begin() as tx:
            held = rows.claim(tx, work, holder=holder, at=at, until=at.machine + LEASE, openings=openings)
            if held is not None and held.claim_count > desk.crashes_max:
                _put_aside(tx, desk, held, at)
                continue
        if held is not None:
            desk.lanes.enter(held.company_id, work.urgency)
            trail.take_up((line.request_id for line in held.lines), submission=held.submission_id)
        return held
    return None


def claim_together(desk: Desk) -> tuple[Submission, ...]:
    """Take what has waited longest to be followed, with all that one list inquiry shows besides.

    Empty when none is due. A cancel has its own questions; and what broke a worker twice is looked at alone, so
    that it breaks no others.
    """
    held = claim(desk, Work.FOLLOW)
    if held is None:
        return ()
    if held.cancel_state is CancelState.REQUESTED or held.claim_count > TOGETHER_CRASHES_MAX:
        return (held,)
    at = desk.times()
    with desk.db.begin() as tx:
        beside = batch_rows.claim_beside(
            tx, held, at=at, until=at.machine + LEASE, crashes_max=TOGETHER_CRASHES_MAX - 1
        )
    return (held, *beside)


def prolong(desk: Desk, held: Submission) -> bool:
    """Hold what was claimed with `held` for another lease: long work, and nobody else should begin it anew."""
    at = desk.times()
    with desk.db.begin() as tx:
        return batch_rows.prolong(tx, held, at=at, until=at.machine + LEASE)


def give_back(desk: Desk, held: Submission) -> None:
    """Give a claimed submission back as it is, due as it was."""
    at = desk.times()
    with desk.db.begin() as tx:
        rows.change_held(tx, held, at=at, values=rows.release({}))


def _put_aside(tx: Connection, desk: Desk, held: Submission, at: Times) -> None:
    # What is known of it stays as it is; a person learns of it, and by then it has one more try.
    rows.set_aside(tx, held, at=at, until=at.machine + ASIDE, claim_count=desk.crashes_max - 1)
    problem = person_problem(
        "work-fails",
        f"この支払の処理が{desk.crashes_max}回続けて途中で終わりました。",
        f"Our own work on this payout broke off {desk.crashes_max} times in a row; support has to look at it.",
    )
    for line in held.lines:
        if PayoutState.NEEDS_PERSON in MOVES[payout_rows.state_for_change(tx, line.payout_id)]:
            payout_rows.move(tx, line.payout_id, PayoutState.NEEDS_PERSON, at=at.now, problem=problem)
    log_payout.error(
        "payout.needs_person submission=%s reason=work_fails state=%s attempts=%d",
        held.submission_id,
        held.state,
        held.attempt_count,
    )


def postpone(desk: Desk, held: Submission, *, seconds: int) -> None:
    """Give a claimed submission back as it is, to be looked at again later."""
    at = desk.times()
    with desk.db.begin() as tx:
        has_new_wish = rows.cancel_state_for_change(tx, held.submission_id) is not held.cancel_state
        due_at = at.now if has_new_wish else later(at.now, seconds)
        rows.change_held(tx, held, at=at, values=rows.release({"due_at": due_at}))


def later(now: datetime, seconds: int) -> datetime:
    """Return the instant `seconds` after `now`."""
    return now + timedelta(seconds=seconds)


def ask(
    desk: Desk, access: Access, question: Callable[[Access], T | Refused | Unavailable], *, urgency: Urgency
) -> T | Refused | Unavailable:
    """Ask the bank something that changes nothing, at the company's turn.

    Once more with a new token after a 401; and after a 429 again a few times, when the gate opens again.
    """
    answer = ask_with(desk, access, question, urgency=urgency)
    if isinstance(answer, Refused) and answer.status == 401:
        renewed = desk.tokens.renew(access)
        if renewed is not None:
            return ask_with(desk, renewed, question, urgency=urgency)
    return answer


def ask_with(
    desk: Desk, access: Access, question: Callable[[Access], T | Refused | Unavailable], *, urgency: Urgency
) -> T | Refused | Unavailable:
    """Ask the bank with this token and no other, at the company's turn; after a 429 again a few times."""
    for _ in range(LIMITED_TRIES_MAX):
        if not has_turn(desk, access, urgency):
            return NO_TURN
        answer = question(access)
        if not (isinstance(answer, Unavailable) and answer.fact is Fact.LIMITED):
            return answer
    return answer


def has_turn(desk: Desk, access: Access, urgency: Urgency, *, due_at: datetime | None = None) -> bool:
    """Wait for the company's turn to call. False, and nothing may be sent, when it does not come in time.

    `due_at` is since when the work has been due: what is due longer goes first.
    """
    waited = timedelta(0) if due_at is None else desk.clock.now() - due_at
    try:
        desk.gate.wait(access.client_id, urgency, waited=waited)
    except NoTurn as no_turn:
        log.warning("gate.no_turn company=%s reason=%s", access.company_id, no_turn)
        return False
    return True


def person_problem(code: str, reason: str, reason_en: str) -> Problem:
    """Return the problem of a payout that only a person can decide. It never offers to pay again."""
    return Problem(
        code=code,
        title="担当者の確認が必要です",
        detail=f"{reason}銀行のサイトまたは明細で確認してください。確認が済むまで、同じ支払を再度依頼しないでください。",
        detail_en=f"{reason_en} Look it up at the bank's site or statement; do not pay again until it is settled.",
    )

"""What a worker works with, and the motions that every piece of work shares: a lease, a token, a turn, a question."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from integrator.bank_client.api import BankClient
from integrator.bank_client.wire import Refused, Unavailable
from integrator.clock import Clock
from integrator.connections import Access, Tokens
from integrator.domain.outcome import Fact
from integrator.domain.problem import Problem
from integrator.gate import Gate, NoTurn
from integrator.payouts import MARK_ALPHABET, NewText
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.submissions import Submission, Times, Work

LEASE = timedelta(seconds=120)  # longer than the longest call, its wait at the gate and a refresh before it
NO_TOKEN_WAIT_SECONDS = 30
NO_TURN_WAIT_SECONDS = 5
AFTER_LIMIT_SECONDS = (1, 2, 4)  # a 429 although we took our turn: others call with this client id, or clocks differ
NO_TURN = Unavailable(Fact.NOT_CONNECTED, "no turn")

log = logging.getLogger("integrator.gate")

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

    def times(self) -> Times:
        """Return the present by both clocks."""
        return Times(now=self.clock.now(), machine=self.machine_clock.now())


def claim(desk: Desk, work: Work) -> Submission | None:
    """Take the submission that has waited longest for this kind of work, under a name never used before."""
    at = desk.times()
    with desk.db.begin() as tx:
        return rows.claim(tx, work, holder=desk.new_text(32, MARK_ALPHABET), at=at, until=at.machine + LEASE)


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
    desk: Desk, access: Access, question: Callable[[Access], T | Refused | Unavailable]
) -> T | Refused | Unavailable:
    """Ask the bank something that changes nothing, at the company's turn.

    Once more with a new token after a 401; and after a 429 again a few times, at growing distances.
    """
    answer = _ask_patiently(desk, access, question)
    if isinstance(answer, Refused) and answer.status == 401:
        renewed = desk.tokens.renew(access)
        if renewed is not None:
            return _ask_patiently(desk, renewed, question)
    return answer


def _ask_patiently(
    desk: Desk, access: Access, question: Callable[[Access], T | Refused | Unavailable]
) -> T | Refused | Unavailable:
    for wait_seconds in AFTER_LIMIT_SECONDS:
        if not has_turn(desk, access):
            return NO_TURN
        answer = question(access)
        if not (isinstance(answer, Unavailable) and answer.fact is Fact.LIMITED):
            return answer
        log.warning("gate.limit_reached company=%s", access.company_id)
        desk.machine_clock.sleep(wait_seconds)
    return answer


def has_turn(desk: Desk, access: Access) -> bool:
    """Wait for the company's turn to call. False, and nothing may be sent, when it does not come in time."""
    try:
        desk.gate.wait(access.client_id)
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

"""A person's part in doubt: record what the bank's statement or its staff say of a payout. Never "send again".

Above: what the web asks. Below: how the worker records it, after it has looked once more itself; what the bank
shows outweighs what a person says.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from integrator import connections
from integrator.bank_client.wire import StatusLine
from integrator.connections import Access
from integrator.desk import LEASE, Desk
from integrator.domain.days import civil_date
from integrator.domain.payout import DEAD, PayoutState, PayoutView, written_instant
from integrator.domain.reconciliation import LineKind
from integrator.domain.submission import KEY_LIFE, STANDINGS, UNKNOWN_STANDING, SubmissionState
from integrator.doubt import look_up
from integrator.inquiries import Question
from integrator.payouts import MARK_ALPHABET
from integrator.reconciling import FLAGGED, StatementUnread, read_statement
from integrator.standings import store_standings
from integrator.store import audit
from integrator.store import payouts as payout_rows
from integrator.store import reconciliations as statement_rows
from integrator.store import submissions as rows
from integrator.store.audit import Change
from integrator.store.database import Database
from integrator.store.jobs import Job, JobAnswer, JobKind
from integrator.store.submissions import Submission, SubmissionLine

PAID, DEAD_WORD = "paid", "dead"
STATEMENT, BANK_STAFF = "statement", "bank_staff"

log = logging.getLogger("integrator.payout")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person records: `outcome` paid or dead, `source` statement or bank_staff, why, and who."""

    outcome: str
    source: str
    reason: str
    by: str


class DecisionRefused(Exception):
    """Nothing was recorded. `code` is a problem's; `came` says what speaks against it."""

    def __init__(self, code: str, came: str) -> None:
        super().__init__(f"{code}: {came}")
        self.code = code
        self.came = came


def question(company_id: str, payout_id: str, decision: Decision) -> Question:
    """Ask the worker to record a decision."""
    arguments = {
        "payout_id": payout_id,
        "outcome": decision.outcome,
        "source": decision.source,
        "reason": decision.reason,
        "by": decision.by,
    }
    return Question(JobKind.DECISION, company_id, arguments)


def doubts_json(db: Database, found: list[PayoutView]) -> list[dict[str, Any]]:
    """Return payouts that wait for a person with all that is known of what was sent."""
    with db.read() as tx:
        sent = rows.what_was_sent(tx, [view.payout_id for view in found])
    return [{"payout": view.as_json(), "sent": _written(sent.get(view.payout_id, {}))} for view in found]


def answer(desk: Desk, job: Job) -> JobAnswer:
    """Record the decision that the job brings, or say what speaks against it. Raises NoTurn."""
    given = job.arguments
    decision = Decision(given["outcome"], given["source"], given["reason"], given["by"])
    try:
        record_decision(desk, job.company_id, given["payout_id"], decision)
    except DecisionRefused as refused:
        return JobAnswer(is_done=False, result={"problem": refused.code, "came": refused.came})
    except StatementUnread as unread:
        log.warning("payout.decision_unchecked company=%s reason=%s", job.company_id, unread.reason)
        return JobAnswer(is_done=False, result={"problem": "bank-unavailable"})
    return JobAnswer(is_done=True, result={})


def record_decision(desk: Desk, company_id: str, payout_id: str, decision: Decision) -> None:
    """Record what a person says of a payout in needs_person. Raises DecisionRefused, StatementUnread."""
    holder = desk.new_text(32, MARK_ALPHABET)
    at = desk.times()
    with desk.db.begin() as tx:
        view = payout_rows.find_view(tx, company_id, payout_id)
        if view is None or view.state is not PayoutState.NEEDS_PERSON:
            raise DecisionRefused("decision-not-open", "unknown" if view is None else view.state.value)
        held = rows.hold_latest_of(tx, payout_id, holder=holder, at=at, until=at.machine + LEASE)
    if held is None:
        raise DecisionRefused("decision-not-open", "being looked up just now")
    line = next(each for each in held.lines if each.payout_id == payout_id)
    try:
        if not _is_settled_by_bank(desk, held, line, decision):
            _record(desk, held, line, decision)
    except (DecisionRefused, StatementUnread):
        _give_back(desk, held)
        raise


def _is_settled_by_bank(desk: Desk, held: Submission, line: SubmissionLine, decision: Decision) -> bool:
    """Look once more. True when the bank itself shows what the person says; then its word is recorded."""
    if held.first_attempt_at is None:
        if decision.outcome == PAID:
            raise DecisionRefused("decision-contradicted", "nothing of it was ever sent")
        return False
    access = desk.tokens.access(held.company_id)
    if access is None:
        is_connected = connections.view(desk.db, held.company_id).state == "connected"
        raise DecisionRefused("bank-unavailable" if is_connected else "not-connected", "no token")
    inquiry = look_up(desk, access, held)
    shown = inquiry.found.get(line.mark)
    if shown is not None and not inquiry.is_ambiguous:
        if _agrees(shown, decision):
            store_standings(desk, held, inquiry.found)
            return True
        if STANDINGS.get(shown.status, UNKNOWN_STANDING).payout is not PayoutState.NEEDS_PERSON:
            raise DecisionRefused("decision-contradicted", f"transferStatus {shown.status}")
    elif shown is not None and decision.outcome != PAID:
        raise DecisionRefused("decision-contradicted", "two orders of it stand at the bank")
    if not inquiry.is_complete:
        raise StatementUnread("the bank's list of transfers was not read to its end")
    _check_statement(desk, access, held, line, decision)
    return False


def _agrees(shown: StatusLine, decision: Decision) -> bool:
    state = STANDINGS.get(shown.status, UNKNOWN_STANDING).payout
    return state is PayoutState.SETTLED if decision.outcome == PAID else state in DEAD


def _check_statement(desk: Desk, access: Access, held: Submission, line: SubmissionLine, decision: Decision) -> None:
    now = desk.clock.now()
    today = civil_date(now)
    assert held.first_attempt_at is not None, "what was never sent is not looked up"
    first_day = civil_date(held.first_attempt_at) - timedelta(days=1)
    day = max(held.designated_date or first_day, civil_date(held.first_attempt_at))
    if decision.outcome == DEAD_WORD and decision.source == STATEMENT:
        too_early = today <= day or now - held.first_attempt_at < KEY_LIFE
        if too_early:
            raise DecisionRefused("decision-too-early", day.isoformat())
    free = _free_debits(desk, access, held, line, (first_day, max(today, first_day)))
    if decision.outcome == DEAD_WORD and free > 0:
        raise DecisionRefused("decision-contradicted", "the statement shows a debit of this amount and name")
    if decision.outcome == PAID and free <= 0:
        raise DecisionRefused("decision-contradicted", "the statement shows no debit of this amount and name")


def _free_debits(desk: Desk, access: Access, held: Submission, line: SubmissionLine, days: tuple[date, date]) -> int:
    """Return how many such debits the statement shows beyond those of other payouts alike."""
    lines = read_statement(desk, access, held.account_id, days)
    alike = [
        each
        for each in lines
        if each.kind is LineKind.TRANSFER and (each.amount_yen, each.name) == (line.amount_yen, line.name_kana)
    ]
    if any(each.mark == line.mark for each in alike):
        return len(alike)
    with desk.db.read() as tx:
        others = statement_rows.candidates(tx, held.company_id, states=FLAGGED)
    explained = sum(
        (each.amount_yen, each.name_kana) == (line.amount_yen, line.name_kana)
        and each.payout_id != line.payout_id
        and _was_paid_in(each, days)
        for each in others
    )
    return len(alike) - explained


def _was_paid_in(each: statement_rows.Candidate, days: tuple[date, date]) -> bool:
    if each.debited_on is not None:
        return days[0] <= each.debited_on <= days[1]
    seen = each.steps.get(PayoutState.PROCESSING) or each.steps.get(PayoutState.SETTLED)
    return seen is not None and days[0] <= civil_date(seen) <= days[1]


def _record(desk: Desk, held: Submission, line: SubmissionLine, decision: Decision) -> None:
    at = desk.times()
    is_paid = decision.outcome == PAID
    others = [each for each in held.lines if each.payout_id != line.payout_id]
    with desk.db.acting(f"person:{decision.by}").begin() as tx:
        values = _values_after(tx, held, others, is_paid=is_paid)
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            raise DecisionRefused("decision-not-open", "being looked up just now")
        if others or not is_paid:
            # Nobody misses it among the others from now on, and with a line less they are not repeated.
            rows.bury_line(tx, held.submission_id, line.payout_id)
        payout_rows.forget_cancel(tx, line.payout_id)
        told = {"outcome": decision.outcome, "source": decision.source, "reason": decision.reason, "by": decision.by}
        state = PayoutState.SETTLED if is_paid else PayoutState.NOT_EXECUTED
        payout_rows.move(tx, line.payout_id, state, at=at.now)
        audit.note(tx, held.company_id, Change("doubt.decided", line.payout_id, None, told), at=at.now)
    log.warning("payout.decided payout=%s outcome=%s source=%s", line.payout_id, decision.outcome, decision.source)


def _values_after(tx: Connection, held: Submission, others: list[SubmissionLine], *, is_paid: bool) -> dict[str, Any]:
    """Return where the submission goes: what was decided of one line is never undone by repeating the others."""
    if not others:
        return {"state": (SubmissionState.FINISHED if is_paid else SubmissionState.DEAD).value}
    if held.state in (SubmissionState.WAITING, SubmissionState.FOLLOWED):
        return {}  # unsent, they go anew; at the bank, they are followed on
    if any(_waits_for_person(tx, each) for each in others):
        return {"state": SubmissionState.NEEDS_PERSON.value}
    return {"state": SubmissionState.FINISHED.value}


def _waits_for_person(tx: Connection, line: SubmissionLine) -> bool:
    return payout_rows.state_for_change(tx, line.payout_id) is PayoutState.NEEDS_PERSON


def _give_back(desk: Desk, held: Submission) -> None:
    at = desk.times()
    with desk.db.begin() as tx:
        rows.change_held(tx, held, at=at, values=rows.release({}))


def _written(sent: dict[str, Any]) -> dict[str, Any]:
    return {
        name: written_instant(value) if isinstance(value, datetime) else value
        for name, value in sent.items()
        if value is not None
    }

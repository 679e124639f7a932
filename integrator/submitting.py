"""Sending a submission for the first time, and recording how a call that moves money ended.

The order is always: intent stored, transaction closed, call, outcome stored. A worker that dies in between
leaves a lapsed lease, which is a doubt and belongs to `doubt`.
"""

import logging
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from integrator.bank_client import wire
from integrator.connections import Access
from integrator.desk import (
    LEASE,
    NO_TOKEN_WAIT_SECONDS,
    NO_TURN_WAIT_SECONDS,
    Desk,
    claim,
    has_turn,
    later,
    person_problem,
    postpone,
)
from integrator.domain.days import civil_date
from integrator.domain.outcome import Accepted, Attempt, Fact, InDoubt, NotCarriedOut, Outcome, Rejected, kind_of
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import (
    AFTER_CALL,
    DOUBT_LOOK_SECONDS,
    KEY_LIFE,
    NOT_SENT_PROBLEM_AFTER,
    RETRY_DELAYS_SECONDS,
    SubmissionState,
    delay_seconds,
    shown_to_recore,
)
from integrator.domain.turns import Urgency
from integrator.payouts import new_bank_key, new_id, new_mark
from integrator.store import payouts as payout_rows
from integrator.store import stops
from integrator.store import submissions as rows
from integrator.store.submissions import NewLine, Submission, Times, Work

UNKNOWN_APPLY_NO = "unknown"

log = logging.getLogger("integrator.payout")


def submit_one(desk: Desk) -> bool:
    """Send the submission that has waited longest, once. Returns False when none is due.

    Only connected companies are served; one whose token cannot be had just now waits a little.
    """
    held = claim(desk, Work.SUBMIT)
    if held is None:
        return False
    access = desk.tokens.access(held.company_id)
    if access is None:
        postpone(desk, held, seconds=NO_TOKEN_WAIT_SECONDS)
        return True
    if not has_turn(desk, access, Urgency.PAY, due_at=held.due_at):
        postpone(desk, held, seconds=NO_TURN_WAIT_SECONDS)
        return True
    sent = _store_intent(desk, held, access)
    if sent is None:
        return True
    call(desk, sent, access, Attempt.FIRST)
    return True


def call(desk: Desk, sent: Submission, access: Access, attempt: Attempt) -> None:
    """Make the call whose intent is stored in `sent`, and record how it ended."""
    assert sent.body is not None, "the body is frozen with the intent"
    if not _is_still_ours(desk, sent):
        # This process stood still since its intent; by now the order is a doubt, and others settle it.
        log.error("payout.not_sent_too_late submission=%s", sent.submission_id)
        return
    if is_stopped_now(desk, sent.company_id):
        # Stopped since the intent was stored, which is as if no connection had come about.
        log.warning("payout.not_sent_stopped submission=%s", sent.submission_id)
        record(desk, sent, NotCarriedOut(Fact.NOT_CONNECTED))
        return
    outcome = desk.bank.request_transfer(access, sent.body, key=sent.bank_key, attempt=attempt)
    record(desk, sent, outcome)
    if isinstance(outcome, NotCarriedOut | InDoubt) and outcome.fact is Fact.TOKEN_REFUSED:
        desk.tokens.renew(access)


def is_stopped_now(desk: Desk, company_id: str) -> bool:
    """True while no order of this company may leave."""
    with desk.db.read() as tx:
        return stops.is_stopped(tx, company_id)


def _is_still_ours(desk: Desk, sent: Submission) -> bool:
    at = desk.times()
    assert sent.first_attempt_at is not None, "the intent is stored"
    return at.machine < sent.lease_until and at.now - sent.first_attempt_at < KEY_LIFE


def record(desk: Desk, sent: Submission, outcome: Outcome) -> None:
    """Store how the call ended, if we still hold it. A late worker writes nothing: others have decided since."""
    at = desk.times()
    now = at.now
    after = AFTER_CALL[sent.state, kind_of(outcome)]
    assert after is not None, "a call belongs to a submission that is being sent"
    submission_state, payout_state = after
    values = {"state": submission_state.value, **_learned(sent, outcome, now)}
    with desk.db.begin() as tx:
        if not rows.change_held(tx, sent, at=at, values=rows.release(values)):
            _record_late(tx, sent, outcome, at=now)
            return
        for line in sent.lines:
            _move_line(tx, sent, line.payout_id, payout_state, outcome, at=now)
        if submission_state is SubmissionState.DEAD:
            rows.bury_lines(tx, sent.submission_id)
    log.info("payout.call_recorded submission=%s outcome=%s state=%s", sent.submission_id, kind_of(outcome), after[0])


def _record_late(tx: Connection, sent: Submission, outcome: Outcome, *, at: datetime) -> None:
    log.warning("payout.outcome_came_late submission=%s outcome=%s", sent.submission_id, kind_of(outcome))
    assert sent.first_attempt_at is not None, "the intent is stored"
    is_key_forgotten = at - sent.first_attempt_at >= KEY_LIFE
    stray = _stray(outcome, is_key_forgotten=is_key_forgotten)
    if stray is None or not rows.keep_stray(tx, sent.submission_id, stray, at=at, is_key_forgotten=is_key_forgotten):
        return
    # The bank forgot the key and took the order again: the one thing that must never go unseen.
    log.error("payout.second_order submission=%s apply_no=%s", sent.submission_id, stray)
    for line in sent.lines:
        problem = second_order(stray)
        payout_rows.move(tx, line.payout_id, PayoutState.NEEDS_PERSON, at=at, problem=problem)


def _stray(outcome: Outcome, *, is_key_forgotten: bool) -> str | None:
    match outcome:
        case Accepted(apply_no=apply_no):
            return apply_no
        case InDoubt() if is_key_forgotten:
            return UNKNOWN_APPLY_NO  # the key was no protection any more, and nobody heard what the bank did
        case _:
            return None


def second_order(apply_no: str) -> Problem:
    """Return the problem of a payout of which the bank has two orders."""
    return person_problem(
        "second-order-at-bank",
        f"同じ支払の振込依頼がもう一件、銀行にあります（受付番号 {apply_no}）。至急、銀行で取り消してください。",
        f"The bank has a second order of this payout (apply number {apply_no}). Have it cancelled at once.",
    )


def _move_line(
    tx: Connection, sent: Submission, payout_id: str, state: PayoutState, outcome: Outcome, *, at: datetime
) -> None:
    cancel_wanted = payout_rows.is_cancel_wanted(tx, payout_id)
    facts: dict[str, Any] = {}
    problem = None
    match outcome:
        case Accepted(apply_no=apply_no, result_code=result_code):
            facts["apply_no"] = apply_no
            if result_code == wire.WAITS_FOR_CONFIRMATION:
                state = PayoutState.AWAITING_CONFIRMATION
        case Rejected():
            problem = _rejection(outcome)
        case NotCarriedOut() if not cancel_wanted and sent.attempt_count >= NOT_SENT_PROBLEM_AFTER:
            problem = _not_sent(outcome)
        case NotCarriedOut() if cancel_wanted:
            # Nothing of it is at the bank, and ReCORE no longer wants it: it dies here.
            rows.change_unheld(
                tx,
                sent.submission_id,
                state=SubmissionState.WAITING,
                now=at,
                values={"state": SubmissionState.DEAD.value},
            )
            rows.bury_lines(tx, sent.submission_id)
        case _:
            pass
    shown = shown_to_recore(state, cancel_wanted=cancel_wanted)
    payout_rows.move(tx, payout_id, shown, at=at, problem=problem, facts=facts)


def _learned(sent: Submission, outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome:
        case Accepted(apply_no=apply_no):
            return {"apply_no": apply_no, "due_at": later(now, 1), "doubt_since": None, "doubt_reason": None}
        case Rejected():
            return {"due_at": now}
        case NotCarriedOut():
            return {"due_at": later(now, delay_seconds(RETRY_DELAYS_SECONDS, sent.attempt_count))}
        case InDoubt(reason=reason):
            return {
                "due_at": later(now, DOUBT_LOOK_SECONDS[0]),
                "doubt_since": rows.first_doubt(now),
                "doubt_reason": reason[:200],
            }


def _not_sent(outcome: NotCarriedOut) -> Problem:
    return Problem(
        code="not-sent-yet",
        title="まだ銀行に送信できていません",
        detail=f"銀行が呼び出しを受け付けないため、送信を繰り返しています（{outcome.fact}）。振込は行われていません。",
        detail_en=f"The bank does not take our calls ({outcome.fact}); we keep trying. Nothing has been paid.",
        came=outcome.fact.value,
    )


def _rejection(outcome: Rejected) -> Problem:
    codes = "・".join((outcome.code, *outcome.detail_codes))
    return Problem(
        code="bank-refused",
        title="銀行が振込依頼を受け付けませんでした",
        detail=f"{outcome.message}（{codes}）内容を直して、新しい支払として依頼してください。",
        detail_en=f"The bank refused the order ({codes}). Correct it and place a new payout.",
        came=codes,
    )


def _store_intent(desk: Desk, held: Submission, access: Access) -> Submission | None:
    """Freeze what is about to be sent. None when the lease is gone or the submission had to be made anew."""
    at = desk.times()
    now = at.now
    today = civil_date(now)
    with desk.db.begin() as tx:
        if stops.is_stopped(tx, held.company_id):
            rows.change_held(tx, held, at=at, values=rows.release({}))
            return None
        if held.designated_date is not None and held.designated_date < today:
            _replace_unsent(tx, desk, held, at)
            return None
        sent = _frozen(held, access, today=today, at=at)
        values = {
            "state": sent.state.value,
            "body": sent.body,
            "designated_date": sent.designated_date.isoformat() if sent.designated_date else None,
            "grant_id": sent.grant_id,
            "first_attempt_at": now,  # earlier attempts, if any, were provably not carried out
            "attempt_count": sent.attempt_count,
            "lease_until": sent.lease_until,
        }
        if not rows.change_held(tx, held, at=at, values=values):
            return None
        for line in sent.lines:
            payout_rows.move(tx, line.payout_id, PayoutState.SUBMITTING, at=now)
    return sent


def _frozen(held: Submission, access: Access, *, today: date, at: Times) -> Submission:
    day = held.designated_date or max((line.designated_date or today for line in held.lines), default=today)
    day = max(day, today)
    return replace(
        held,
        state=SubmissionState.SENDING,
        body=held.body
        or wire.transfer_body(held.account_id, held.lines, designated_date=day, remitter_name=held.remitter_name),
        designated_date=day,
        grant_id=access.grant_id,
        first_attempt_at=at.now,
        attempt_count=held.attempt_count + 1,
        lease_until=at.machine + LEASE,  # the call has the whole lease, however long its turn took
    )


def _replace_unsent(tx: Connection, desk: Desk, held: Submission, at: Times) -> None:
    # Frozen for a day that has passed, and provably never carried out: it dies, and a new one with a new key,
    # new marks and a new day takes its place.
    if not rows.change_held(tx, held, at=at, values=rows.release({"state": SubmissionState.DEAD.value})):
        return
    rows.bury_lines(tx, held.submission_id)
    lines = tuple(
        NewLine(line.item_id, line.payout_id, new_mark(desk.new_text), line.amount_yen) for line in held.lines
    )
    values = {
        "company_id": held.company_id,
        "account_id": held.account_id,
        "bank_key": new_bank_key(desk.new_text),
        "due_at": at.now,
    }
    rows.insert_submission(tx, new_id("su", desk.new_text), lines, at=at.now, values=values)

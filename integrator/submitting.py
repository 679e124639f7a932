"""Sending a submission for the first time, and recording how a call that moves money ended.

The order is always: intent stored, transaction closed, call, outcome stored. A worker that dies in between
leaves a lapsed lease, which is a doubt and belongs to `doubt`.
"""

import logging
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from integrator import batches, keeping_back, trail
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
    postpone,
)
from integrator.domain.days import civil_date
from integrator.domain.outcome import Accepted, Attempt, Fact, InDoubt, NotCarriedOut, Outcome, Rejected, kind_of
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import (
    AFTER_CALL,
    COMPLETE_LOOK_SECONDS,
    CONFIRMATION_LOOK_SECONDS,
    DOUBT_LOOK_SECONDS,
    KEY_LIFE,
    NOT_SENT_PROBLEM_AFTER,
    RETRY_DELAYS_SECONDS,
    SubmissionState,
    delay_seconds,
    shown_to_recore,
)
from integrator.domain.turns import Urgency
from integrator.standings import alive_after_all, second_order
from integrator.store import payouts as payout_rows
from integrator.store import stops
from integrator.store import submissions as rows
from integrator.store.payouts import Move
from integrator.store.submissions import Submission, Times, Work

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
    # What was gathered since the claim is on the same errand now.
    trail.take_up((line.request_id for line in sent.lines), submission=sent.submission_id)
    # A stop since the intent was stored is as if no connection had come about.
    desk.gate.hold_back_if(lambda: is_stopped_now(desk, sent.company_id))
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
        match outcome:
            case Rejected():
                batches.refuse(tx, desk, sent, outcome, at=now)
            case NotCarriedOut() if any(payout_rows.is_cancel_wanted(tx, line.payout_id) for line in sent.lines):
                # Nothing of it is at the bank: what ReCORE no longer wants dies here, the rest goes without it.
                _give_up_unsent(tx, desk, sent, at=now, due_at=values["due_at"])
            case _:
                _move_lines(tx, sent, payout_state, outcome, at=now)
    log.info("payout.call_recorded submission=%s outcome=%s state=%s", sent.submission_id, kind_of(outcome), after[0])


def _record_late(tx: Connection, sent: Submission, outcome: Outcome, *, at: datetime) -> None:
    log.warning("payout.outcome_came_late submission=%s outcome=%s", sent.submission_id, kind_of(outcome))
    assert sent.first_attempt_at is not None, "the intent is stored"
    if isinstance(outcome, Accepted) and (revived := rows.revive(tx, sent.submission_id, at=at)):
        log.error("payout.alive_after_all submission=%s apply_no=%s", sent.submission_id, outcome.apply_no)
        for payout_id in revived:
            payout_rows.move(tx, payout_id, PayoutState.NEEDS_PERSON, at=at, problem=alive_after_all(outcome.apply_no))
        return
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


def _move_lines(tx: Connection, sent: Submission, state: PayoutState, outcome: Outcome, *, at: datetime) -> None:
    facts: dict[str, Any] = {}
    problem = None
    match outcome:
        case Accepted(apply_no=apply_no, result_code=result_code):
            facts["apply_no"] = apply_no
            if result_code == wire.WAITS_FOR_CONFIRMATION:
                state = PayoutState.AWAITING_CONFIRMATION
        case NotCarriedOut() if sent.attempt_count >= NOT_SENT_PROBLEM_AFTER:
            problem = _not_sent(outcome)
        case _:
            pass
    standing = payout_rows.standing_for_change(tx, [line.payout_id for line in sent.lines])
    moves = [
        Move(line.payout_id, shown_to_recore(state, cancel_wanted=standing[line.payout_id][1]), problem, facts)
        for line in sent.lines
    ]
    payout_rows.move_all(tx, moves, at=at)


def _give_up_unsent(tx: Connection, desk: Desk, sent: Submission, *, at: datetime, due_at: datetime | None) -> None:
    rows.end(tx, sent.submission_id, at=at)
    batches.send_again(tx, desk, sent, sent.live_lines, at=at, due_at=due_at, together_max=sent.together_max)


def _learned(sent: Submission, outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome:
        case Accepted(apply_no=apply_no, result_code=result_code):
            is_waiting = result_code == wire.WAITS_FOR_CONFIRMATION
            wait = CONFIRMATION_LOOK_SECONDS[0] if is_waiting else COMPLETE_LOOK_SECONDS
            return {"apply_no": apply_no, "due_at": later(now, wait), "doubt_since": None, "doubt_reason": None}
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


def _store_intent(desk: Desk, held: Submission, access: Access) -> Submission | None:
    """Freeze what is about to be sent, with all that may go with it.

    None when the lease is gone or the submission had to be made anew.
    """
    at = desk.times()
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values={"lease_until": at.machine + LEASE}):
            return None
        if stops.is_stopped(tx, held.company_id):
            rows.change_held(tx, held, at=at, values=rows.release({}))
            return None
        if keeping_back.is_followed_instead(tx, held, at=at):
            return None
        is_kept = keeping_back.waits_for_replaced(tx, held, at=at)
        if is_kept and len(held.live_lines) == 1:
            keeping_back.give_back(tx, held, at=at)
            return None
        if is_kept or _is_outdated(held, today=civil_date(at.now)):
            # Frozen, and provably never carried out: it dies, and new ones with new keys, marks and a new day
            # take its place.
            _give_up_unsent(tx, desk, held, at=at.now, due_at=None)
            return None
        sent = _frozen(batches.gather(tx, held, at=at), access, at=at)
        values = {
            "state": sent.state.value,
            "body": sent.body,
            "designated_date": sent.designated_date.isoformat() if sent.designated_date else None,
            "grant_id": sent.grant_id,
            "first_attempt_at": at.now,  # earlier attempts, if any, were provably not carried out
            "attempt_count": sent.attempt_count,
            "lease_until": sent.lease_until,
        }
        changed = rows.change_held(tx, held, at=at, values=values)
        assert changed, "held in this very transaction"
        payout_rows.move_all(tx, [Move(line.payout_id, PayoutState.SUBMITTING) for line in sent.lines], at=at.now)
    return sent


def _is_outdated(held: Submission, *, today: date) -> bool:
    has_passed = held.designated_date is not None and held.designated_date < today
    return has_passed or len(held.live_lines) < len(held.lines)


def _frozen(held: Submission, access: Access, *, at: Times) -> Submission:
    day = held.designated_date or batches.day_to_send(held.lines, today=civil_date(at.now))
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

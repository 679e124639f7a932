"""Settling doubt: look the order up at the bank, and repeat only what cannot pay twice.

An inquiry covers every day since the day before the first attempt, and all pages; lines are known by their
marks. `domain.submission.next_in_doubt` decides; here the decision is carried out.
"""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from integrator.bank_client.wire import StatusLine
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
    prolong,
)
from integrator.domain.days import civil_date
from integrator.domain.outcome import Attempt, OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import (
    AFTER_CALL,
    CLOCK_DISTRUST,
    CLOCK_TOLERANCE,
    PERSON_LOOK_OFTEN_FOR,
    PERSON_LOOK_SECONDS,
    DoubtFacts,
    DoubtStep,
    SubmissionState,
    look_again_seconds,
    next_in_doubt,
    person_look_seconds,
)
from integrator.domain.turns import Urgency
from integrator.listing import Ending, Search, read_list
from integrator.standings import store_standings
from integrator.store import payouts as payout_rows
from integrator.store import restores as restore_rows
from integrator.store import stops
from integrator.store import submissions as rows
from integrator.store.payouts import Move
from integrator.store.submissions import Submission, Work
from integrator.submitting import call, is_stopped_now

log = logging.getLogger("integrator.payout")

STOPPED_WAIT_SECONDS = 60  # a doubt goes on being looked up while orders are stopped
PAGES_MAX = 200  # 100,000 transfers in the days of one doubt: beyond it an inquiry counts as unanswered


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What the bank shows of our marks. Only a complete inquiry says anything about what is not there."""

    is_complete: bool
    found: dict[str, StatusLine]
    is_ambiguous: bool = False


def resolve_one(desk: Desk) -> bool:
    """Look up the submission in doubt that has waited longest, and take the one safe next step.

    A call whose lease lapsed is put into doubt first. Returns False when nothing is in doubt and due.
    """
    held = claim(desk, Work.RESOLVE)
    if held is None:
        return False
    if held.state in (SubmissionState.SENDING, SubmissionState.REPEATING):
        _lapse(desk, held)
        return True
    if held.first_attempt_at is not None and held.first_attempt_at - desk.clock.now() > CLOCK_TOLERANCE:
        held = _distrust(desk, held)
    access = desk.tokens.access(held.company_id)
    inquiry = Inquiry(is_complete=False, found={}) if access is None else look_up(desk, access, held)
    _act(desk, held, access, inquiry)
    return True


def look_up(desk: Desk, access: Access, held: Submission) -> Inquiry:
    """Search the bank's list for our marks, all pages, from the day before the first attempt to today.

    After a week nothing more is added to those days; an order is listed under the day of its application.
    """
    assert held.first_attempt_at is not None, "what is in doubt was attempted"
    marks = {line.mark for line in held.lines}
    date_from = civil_date(held.first_attempt_at) - timedelta(days=1)
    date_to = min(civil_date(desk.clock.now()), date_from + PERSON_LOOK_OFTEN_FOR)

    def goes_on(pages: int, _lines: object) -> bool:
        return pages < PAGES_MAX and prolong(desk, held)

    search = Search(held.account_id, date_from, max(date_from, date_to))
    listed = read_list(desk, access, search, urgency=Urgency.SOON, goes_on=goes_on)
    seen = [line for line in listed.lines if line.mark in marks]
    return _inquiry(seen, is_complete=listed.ending is Ending.COMPLETE)


def _inquiry(seen: list[StatusLine], *, is_complete: bool) -> Inquiry:
    found = {line.mark: line for line in seen if line.mark is not None}
    is_numbered = all(line.apply_no is not None for line in seen)
    orders = {line.apply_no for line in seen}
    return Inquiry(is_complete=is_complete, found=found, is_ambiguous=len(orders) > 1 or not is_numbered)


def _act(desk: Desk, held: Submission, access: Access | None, inquiry: Inquiry) -> None:
    assert held.first_attempt_at is not None, "what is in doubt was attempted"
    assert held.designated_date is not None, "the day is frozen with the first attempt"
    at = desk.times()
    now = at.now
    facts = DoubtFacts(
        inquiry_complete=inquiry.is_complete,
        is_found=bool(inquiry.found),
        is_ambiguous=inquiry.is_ambiguous or held.stray_apply_no is not None,
        first_attempt_at=held.first_attempt_at,
        designated_date=held.designated_date,
        is_same_grant=access is not None and access.grant_id == held.grant_id,
        cancel_wanted=all(line.is_cancel_wanted for line in held.lines),
        is_whole=len(held.live_lines) == len(held.lines),
    )
    step = next_in_doubt(facts, at=now, today=civil_date(now))
    if held.state is SubmissionState.NEEDS_PERSON and step is not DoubtStep.ADOPT:
        postpone(desk, held, seconds=person_look_seconds(now - held.first_attempt_at))
        return
    log.info("payout.doubt submission=%s step=%s", held.submission_id, step)
    match step:
        case DoubtStep.ADOPT:
            store_standings(desk, held, inquiry.found)
        case DoubtStep.REPEAT:
            assert access is not None, "only a complete inquiry leads to a repetition"
            _repeat(desk, held, access)
        case DoubtStep.LOOK_AGAIN:
            wait = look_again_seconds(now - held.first_attempt_at)
            postpone(desk, held, seconds=wait if access is not None else max(wait, NO_TOKEN_WAIT_SECONDS))
        case DoubtStep.ASK_PERSON:
            _ask_person(desk, held)


def _repeat(desk: Desk, held: Submission, access: Access) -> None:
    if is_stopped_now(desk, held.company_id):
        postpone(desk, held, seconds=STOPPED_WAIT_SECONDS)
        return
    if _is_held_by_unknown_order(desk, held):
        return
    if not has_turn(desk, access, Urgency.PAY, due_at=held.due_at):
        postpone(desk, held, seconds=NO_TURN_WAIT_SECONDS)
        return
    at = desk.times()
    now = at.now
    sent = replace(
        held,
        state=SubmissionState.REPEATING,
        attempt_count=held.attempt_count + 1,
        lease_until=at.machine + LEASE,
    )
    values = {"state": sent.state.value, "attempt_count": sent.attempt_count, "lease_until": sent.lease_until}
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=values):
            return
        if all(payout_rows.is_cancel_wanted(tx, line.payout_id) for line in held.lines):
            # Asked for between our look and now: give it back unrepeated.
            back = rows.release({"state": SubmissionState.IN_DOUBT.value, "due_at": now})
            rows.change_held(tx, held, at=at, values=back)
            return
        if stops.is_stopped(tx, held.company_id):
            back = rows.release({"state": SubmissionState.IN_DOUBT.value, "due_at": later(now, STOPPED_WAIT_SECONDS)})
            rows.change_held(tx, held, at=at, values=back)
            return
    call(desk, sent, access, Attempt.REPEAT)


def _is_held_by_unknown_order(desk: Desk, held: Submission) -> bool:
    # After a restore the bank may show an order that ReCORE placed in this one's stead, and that nobody here knows:
    # of the same amount most likely, corrected perhaps. The others may yet be placed again, which explains them.
    assert held.first_attempt_at is not None, "what is repeated was attempted"
    with desk.db.read() as tx:
        amounts = restore_rows.unplaced_amounts(tx, held.company_id, since=held.first_attempt_at)
    if any(line.amount_yen in amounts for line in held.lines):
        _ask_person(desk, held)
    elif amounts:
        postpone(desk, held, seconds=look_again_seconds(desk.clock.now() - held.first_attempt_at))
    return bool(amounts)


def _distrust(desk: Desk, held: Submission) -> Submission:
    """The clock went back behind the first attempt: how old the bank's key is, nobody knows. So it is too old."""
    at = desk.times()
    earlier = at.now - CLOCK_DISTRUST
    with desk.db.begin() as tx:
        rows.change_held(tx, held, at=at, values={"first_attempt_at": earlier})
    log.error("payout.clock_went_back submission=%s first_attempt_at=%s", held.submission_id, held.first_attempt_at)
    return replace(held, first_attempt_at=earlier)


def _lapse(desk: Desk, held: Submission) -> None:
    after = AFTER_CALL[held.state, OutcomeKind.IN_DOUBT]
    assert after is not None, "a call in flight can fall into doubt"
    at = desk.times()
    now = at.now
    values = {
        "state": after[0].value,
        "due_at": now,
        "doubt_since": rows.first_doubt(now),
        "doubt_reason": "the worker that made the call did not come back",
    }
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        payout_rows.move_all(tx, [Move(line.payout_id, after[1]) for line in held.live_lines], at=now)
    log.warning("payout.lease_lapsed submission=%s", held.submission_id)


def _ask_person(desk: Desk, held: Submission) -> None:
    at = desk.times()
    now = at.now
    problem = person_problem(
        "doubt-unresolved",
        "振込依頼が銀行に届いたかどうかを確認できません。",
        "It cannot be told whether the order reached the bank.",
    )
    values = {"state": SubmissionState.NEEDS_PERSON.value, "due_at": later(now, PERSON_LOOK_SECONDS)}
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        for line in held.live_lines:
            payout_rows.move(tx, line.payout_id, PayoutState.NEEDS_PERSON, at=now, problem=problem)
    log.error("payout.needs_person submission=%s reason=doubt_unresolved", held.submission_id)

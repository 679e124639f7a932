"""Recording what the bank shows of a submission: its states, its end, a cancel that came to nothing.

Nothing here calls the bank. ReCORE may have asked for a cancel while we were calling, so that wish is read anew
in every transaction.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from integrator.bank_client.wire import StatusLine
from integrator.desk import Desk, later, person_problem
from integrator.domain.payout import MOVES, PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import (
    AWAITING_CONFIRMATION_WAIT_SECONDS,
    CANCEL_CLASS,
    CARRIED_OUT,
    FOLLOW_SETTLED_FOR,
    PAST_CANCEL,
    STANDINGS,
    UNKNOWN_STANDING,
    UNSEEN_LOOK_SECONDS,
    UNSEEN_PERSON_AFTER,
    CancelState,
    Standing,
    SubmissionState,
    confirmation_look_seconds,
    look_again_seconds,
    processing_look_seconds,
    shown_to_recore,
)
from integrator.store import batches as batch_rows
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.payouts import Move
from integrator.store.submissions import Submission, SubmissionLine

CANCEL_FAILED_WAIT_SECONDS = 60

log = logging.getLogger("integrator.payout")


def store_waiting(desk: Desk, held: Submission) -> None:
    """The request waits for the holder's confirmation."""
    at = desk.times()
    assert held.first_attempt_at is not None, "what waits was sent"
    wait = confirmation_look_seconds(at.now - held.first_attempt_at)
    values = {"due_at": later(at.now, wait), "unseen_since": None}
    with desk.db.begin() as tx:
        if rows.change_held(tx, held, at=at, values=rows.release(values)):
            for line in held.live_lines:
                show(tx, line, PayoutState.AWAITING_CONFIRMATION, at=at.now)


def store_expired(desk: Desk, held: Submission) -> None:
    """The request died unconfirmed: the order can no longer be paid."""
    at = desk.times()
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release({"state": SubmissionState.DEAD.value})):
            return
        rows.bury_lines(tx, held.submission_id)
        for line in held.live_lines:
            show(tx, line, PayoutState.EXPIRED, at=at.now, problem=_not_confirmed())
    log.info("payout.expired submission=%s apply_no=%s", held.submission_id, held.apply_no)


def store_unseen(desk: Desk, held: Submission, *, person_after: timedelta = UNSEEN_PERSON_AFTER) -> None:
    """The bank has the order and does not show it, or does not answer. After a time that needs a person.

    A settled one is let go when its time of being followed is over.
    """
    at = desk.times()
    unseen_since = held.unseen_since or at.now
    age = at.now - unseen_since
    values: dict[str, Any] = {
        "unseen_since": unseen_since,
        "due_at": later(at.now, look_again_seconds(age, UNSEEN_LOOK_SECONDS)),
    }
    if held.followed_since is not None and at.now - held.followed_since >= FOLLOW_SETTLED_FOR:
        values["state"] = SubmissionState.FINISHED.value
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        if age >= person_after and held.followed_since is None:
            for line in held.live_lines:
                show(tx, line, PayoutState.NEEDS_PERSON, at=at.now, problem=_not_shown())


def store_standings(
    desk: Desk, held: Submission, found: dict[str, StatusLine], *, is_absence_news: bool = True
) -> None:
    """The bank shows these lines of ours, by their marks; each goes its own way.

    What the bank does not show stays as it is, and is missed when its absence is news: not when only changes were
    asked for.
    """
    at = desk.times()
    seen = _seen(held, found, is_absence_news=is_absence_news)
    with desk.db.begin() as tx:
        cancel_state = rows.cancel_state_for_change(tx, held.submission_id)
        is_wanted_by_all = batch_rows.is_cancel_wanted_by_all(tx, held.submission_id)
        values = {
            **submission_values(held, seen, at.now),
            **_cancel_values(cancel_state, found, at.now, is_wanted_by_all=is_wanted_by_all),
        }
        apply_no = next((line.apply_no for line in found.values() if line.apply_no), held.apply_no)
        if not rows.change_held(tx, held, at=at, values=rows.release({**values, "apply_no": apply_no})):
            return
        _store_lines(tx, held, found, at=at.now)
        for line in seen.missing:
            _store_missing(tx, held, line, values["unseen_since"], at=at.now)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the lines that can still be paid: where they stand, and which the bank failed to show."""

    standings: tuple[Standing, ...]
    missing: tuple[SubmissionLine, ...]


def _seen(held: Submission, found: dict[str, StatusLine], *, is_absence_news: bool) -> Seen:
    missing = tuple(line for line in held.live_lines if line.mark not in found)
    standings = [_standing(found[line.mark]) for line in held.live_lines if line.mark in found]
    if is_absence_news:
        return Seen(tuple(standings), missing)
    return Seen((*standings, *(STANDINGS.get(line.bank_status or "", UNKNOWN_STANDING) for line in missing)), ())


def store_cancel_failed(desk: Desk, held: Submission, found: dict[str, StatusLine], code: str) -> None:
    """The cancel is dead (8), or the bank never had it (1 speaks of the transfer): the payout lives on."""
    at = desk.times()
    values = {
        "cancel_state": CancelState.NONE.value,
        "cancel_first_attempt_at": None,
        "due_at": later(at.now, CANCEL_FAILED_WAIT_SECONDS),
    }
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        for line in held.lines:
            if line.mark in found and payout_rows.is_cancel_wanted(tx, line.payout_id):
                give_up_cancel(tx, line, found[line.mark].status, code, at=at.now)


def store_second_order(desk: Desk, held: Submission, apply_no: str) -> None:
    """The bank shows a line of ours under a number that is not ours: only a person may decide."""
    at = desk.times()
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release({})):
            return
        if rows.keep_stray(tx, held.submission_id, apply_no, at=at.now, is_key_forgotten=False):
            problem = second_order(apply_no)
            for line in held.live_lines:
                payout_rows.move(tx, line.payout_id, PayoutState.NEEDS_PERSON, at=at.now, problem=problem)
    log.error("payout.second_order submission=%s apply_no=%s", held.submission_id, apply_no)


def second_order(apply_no: str) -> Problem:
    """Return the problem of a payout of which the bank has two orders."""
    return person_problem(
        "second-order-at-bank",
        f"同じ支払の振込依頼がもう一件、銀行にあります（受付番号 {apply_no}）。至急、銀行で取り消してください。",
        f"The bank has a second order of this payout (apply number {apply_no}). Have it cancelled at once.",
    )


def alive_after_all(shown: str) -> Problem:
    """Return the problem of a payout that was recorded as dead, and of which the bank tells otherwise."""
    return person_problem(
        "alive-after-all",
        f"支払われないと記録された支払が、銀行で有効でした（{shown}）。差し替えた支払がある場合は至急止めてください。",
        f"This payout was recorded as dead, and the bank has it ({shown}). Stop its replacement, if there is one.",
    )


def give_up_cancel(tx: Connection, line: SubmissionLine, status: str | None, code: str, *, at: datetime) -> None:
    """End ReCORE's wish to cancel one payout, which stands at the bank as `status` and goes on."""
    payout_rows.forget_cancel(tx, line.payout_id)
    state = STANDINGS.get(status or "", UNKNOWN_STANDING).payout
    show(tx, line, state, at=at, problem=cancel_failed(code))


def show(
    tx: Connection,
    line: SubmissionLine,
    to: PayoutState,
    *,
    at: datetime,
    problem: Problem | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Move a payout to what the bank shows. What the table does not allow is the bank's contradiction, not our bug."""
    standing = payout_rows.standing_for_change(tx, [line.payout_id])[line.payout_id]
    payout_rows.move_all(tx, [_shown(standing, Move(line.payout_id, to, problem, facts or {}))], at=at)


def _shown(standing: tuple[PayoutState, bool], seen: Move) -> Move:
    """Return the move that ReCORE is shown, of a payout in this state with this wish to cancel it."""
    current, is_cancel_wanted = standing
    problem = seen.problem
    shown = shown_to_recore(seen.to, cancel_wanted=is_cancel_wanted)
    if shown is not current and shown not in MOVES[current]:
        problem = person_problem(
            "bank-contradicts",
            f"銀行の状態が前に確認した状態（{current}）と合いません（{seen.to}）。",
            f"The bank shows {seen.to} after {current}.",
        )
        shown = PayoutState.NEEDS_PERSON
    if shown is PayoutState.CANCELLED and seen.to is PayoutState.EXPIRED:
        problem = None  # not an accident but what ReCORE asked for
    if current is PayoutState.CANCELLING and shown in (PayoutState.PROCESSING, PayoutState.SETTLED):
        problem = cancel_failed("too-late")
    return Move(seen.payout_id, shown, problem, seen.facts)


def cancel_failed(code: str) -> Problem:
    """Return the problem of a payout whose cancel did not come about; the payout itself goes on."""
    return Problem(
        code="cancel-failed",
        title="取消はできませんでした",
        detail=f"銀行で取消が成立しませんでした（{code}）。振込は予定どおり行われます。",
        detail_en=f"The cancel did not come about at the bank ({code}). The transfer goes on; ask again if need be.",
    )


def submission_values(held: Submission, seen: Seen, now: datetime) -> dict[str, Any]:
    """Return where a submission goes on from here: followed as long as one line can still move."""
    open_standings = [standing for standing in seen.standings if standing.submission is SubmissionState.FOLLOWED]
    is_settled = not seen.missing and all(standing.payout is PayoutState.SETTLED for standing in open_standings)
    followed_since = held.followed_since or (now if is_settled else None)
    if all(standing.submission is SubmissionState.DEAD for standing in seen.standings) and not seen.missing:
        state = SubmissionState.DEAD
    elif not open_standings and not seen.missing:
        state = SubmissionState.FINISHED
    else:
        state = SubmissionState.FOLLOWED
        if is_settled and followed_since is not None and now - followed_since >= FOLLOW_SETTLED_FOR:
            state = SubmissionState.FINISHED
    unseen_since = (held.unseen_since or now) if seen.missing else None
    waits = [_wait_seconds(held, standing, now) for standing in open_standings]
    if unseen_since is not None:
        waits.append(look_again_seconds(now - unseen_since, UNSEEN_LOOK_SECONDS))
    return {
        "state": state.value,
        "followed_since": followed_since,
        "unseen_since": unseen_since,
        "doubt_since": None,
        "doubt_reason": None,
        "due_at": later(now, min(waits, default=0)),
    }


def _wait_seconds(held: Submission, standing: Standing, now: datetime) -> int:
    if standing is CARRIED_OUT and held.first_attempt_at is not None:
        return processing_look_seconds(now - held.first_attempt_at)
    return standing.wait_seconds


def _cancel_values(
    cancel_state: CancelState, found: dict[str, StatusLine], now: datetime, *, is_wanted_by_all: bool
) -> dict[str, Any]:
    if cancel_state is CancelState.NONE:
        return {}
    if any(line.status in CANCEL_CLASS for line in found.values()):
        if cancel_state is CancelState.REQUESTED:
            # Somebody is about to confirm the cancel.
            return {"due_at": later(now, AWAITING_CONFIRMATION_WAIT_SECONDS)}
        if is_wanted_by_all:
            return {"cancel_state": CancelState.DUE.value, "due_at": now}
    elif all(line.status in PAST_CANCEL for line in found.values()):
        return {"cancel_state": CancelState.NONE.value, "cancel_first_attempt_at": None}
    return {"cancel_state": CancelState.WANTED.value} if cancel_state is CancelState.DUE else {}


def _store_missing(
    tx: Connection, held: Submission, line: SubmissionLine, unseen_since: datetime, *, at: datetime
) -> None:
    if at - unseen_since >= UNSEEN_PERSON_AFTER:
        show(tx, line, PayoutState.NEEDS_PERSON, at=at, problem=_not_shown())
    elif held.state is not SubmissionState.FOLLOWED:
        # The order is found, so this line of it is at the bank as well.
        show(tx, line, PayoutState.SUBMITTING, at=at, facts={"apply_no": held.apply_no})


def _store_lines(tx: Connection, held: Submission, found: dict[str, StatusLine], *, at: datetime) -> None:
    lines = [(line, found[line.mark]) for line in held.lines if line.mark in found]
    before = payout_rows.standing_for_change(tx, [line.payout_id for line, _ in lines])
    moves = [_shown(before[line.payout_id], _seen_move(held, line, seen)) for line, seen in lines]
    payout_rows.move_all(tx, moves, at=at)
    for line, seen in lines:
        if seen.status in PAST_CANCEL and before[line.payout_id][1]:
            payout_rows.forget_cancel(tx, line.payout_id)
        if _standing(seen).submission is SubmissionState.DEAD:
            rows.bury_line(tx, held.submission_id, line.payout_id)


def _seen_move(held: Submission, line: SubmissionLine, seen: StatusLine) -> Move:
    facts: dict[str, Any] = {"bank_status": seen.status, "apply_no": seen.apply_no or held.apply_no}
    if seen.fee_yen is not None:
        facts["fee_yen"] = seen.fee_yen
    to = _standing(seen).payout
    return Move(line.payout_id, to, _unclear(seen.status) if to is PayoutState.NEEDS_PERSON else None, facts)


def _standing(line: StatusLine) -> Standing:
    return STANDINGS.get(line.status or "", UNKNOWN_STANDING)


def _not_confirmed() -> Problem:
    return Problem(
        code="not-confirmed-in-time",
        title="時間内に銀行サイトで承認されませんでした",
        detail="振込は行われていません。支払が必要な場合は、この支払を差し替える新しい支払を依頼してください。",
        detail_en="Nobody confirmed in time; nothing was paid. Place a new payout that replaces this one.",
    )


def _not_shown() -> Problem:
    return person_problem(
        "bank-does-not-show-it",
        "銀行が受け付けた振込が、振込状況照会に表示されません。",
        "The bank took the order and its status inquiry does not show it.",
    )


def _unclear(status: str | None) -> Problem:
    return person_problem(
        "bank-status-unclear",
        f"銀行の振込ステータスは {status} です。",
        f"The bank shows transfer status {status}.",
    )

"""Following what is at the bank: confirmation, states, returns. The bank's word is taken, never guessed."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from integrator.bank_client import wire
from integrator.bank_client.wire import Refused, RequestResult, StatusLine, StatusPage, Unavailable
from integrator.connections import Access
from integrator.desk import NO_TOKEN_WAIT_SECONDS, Desk, ask, claim, later, person_problem, postpone
from integrator.domain.payout import MOVES, PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import (
    AWAITING_CONFIRMATION_WAIT_SECONDS,
    CANCEL_CLASS,
    FOLLOW_SETTLED_FOR,
    INVISIBLE_WAIT_SECONDS,
    STANDINGS,
    UNKNOWN_STANDING,
    CancelState,
    Standing,
    SubmissionState,
    shown_to_recore,
)
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.submissions import Submission, SubmissionLine, Work

log = logging.getLogger("integrator.payout")

UNANSWERED_WAIT_SECONDS = 30


def follow_one(desk: Desk) -> bool:
    """Ask the bank about the submission at the bank that has waited longest. False when none is due."""
    held = claim(desk, Work.FOLLOW)
    if held is None:
        return False
    access = desk.tokens.access(held.company_id)
    if access is None:
        postpone(desk, held, seconds=NO_TOKEN_WAIT_SECONDS)
    elif all(line.bank_status is None for line in held.lines):
        _follow_unseen(desk, held, access)
    else:
        _follow_seen(desk, held, access)
    return True


def adopt(desk: Desk, held: Submission, found: dict[str, StatusLine]) -> None:
    """Take over a submission that an inquiry found at the bank by its marks."""
    _store_standings(desk, held, found)


def _follow_unseen(desk: Desk, held: Submission, access: Access) -> None:
    # 依頼中 is invisible in status, so the request itself is asked for; no cancel can have been made of it yet,
    # so the answer speaks of the transfer.
    result = _request_result(desk, held, access)
    match result:
        case RequestResult(result_code=wire.WAITS_FOR_CONFIRMATION):
            _store_waiting(desk, held)
        case RequestResult(result_code=wire.EXPIRED):
            _store_expired(desk, held)
        case RequestResult():
            _follow_seen(desk, held, access)
        case _:
            postpone(desk, held, seconds=UNANSWERED_WAIT_SECONDS)


def _follow_seen(desk: Desk, held: Submission, access: Access) -> None:
    cancel_result: RequestResult | None = None
    if held.cancel_state is CancelState.REQUESTED:
        # The cancel's own end is asked for before the state: a state read later still shows what it did.
        answer = _request_result(desk, held, access)
        if not isinstance(answer, RequestResult):
            postpone(desk, held, seconds=UNANSWERED_WAIT_SECONDS)
            return
        cancel_result = answer
    page = _status(desk, held, access)
    if isinstance(page, Refused | Unavailable):
        postpone(desk, held, seconds=UNANSWERED_WAIT_SECONDS)
        return
    found = _ours(held, page)
    if not found:
        postpone(desk, held, seconds=INVISIBLE_WAIT_SECONDS)
    elif cancel_result is not None and _is_cancel_over(cancel_result, found):
        _store_cancel_failed(desk, held, found, cancel_result)
    else:
        _store_standings(desk, held, found)


def _is_cancel_over(result: RequestResult, found: dict[str, StatusLine]) -> bool:
    # 8: nobody confirmed the cancel. 1 while the order is still alive speaks of the order: there was no cancel.
    is_alive = any(line.status in CANCEL_CLASS for line in found.values())
    return is_alive and result.result_code != wire.WAITS_FOR_CONFIRMATION


def _status(desk: Desk, held: Submission, access: Access) -> StatusPage | Refused | Unavailable:
    assert held.apply_no is not None, "what is followed has its number"
    apply_no = held.apply_no

    def question(with_access: Access) -> StatusPage | Refused | Unavailable:
        return desk.bank.find_transfer(with_access, held.account_id, apply_no)

    return ask(desk, access, question)


def _request_result(desk: Desk, held: Submission, access: Access) -> RequestResult | Refused | Unavailable:
    assert held.apply_no is not None, "what is followed has its number"
    apply_no = held.apply_no

    def question(with_access: Access) -> RequestResult | Refused | Unavailable:
        return desk.bank.request_result(with_access, held.account_id, apply_no)

    return ask(desk, access, question)


def _ours(held: Submission, page: StatusPage) -> dict[str, StatusLine]:
    by_mark = {line.mark: line for line in page.lines if line.mark is not None}
    return {line.mark: by_mark[line.mark] for line in held.lines if line.mark in by_mark}


def _store_waiting(desk: Desk, held: Submission) -> None:
    at = desk.times()
    now = at.now
    values = {"due_at": later(now, AWAITING_CONFIRMATION_WAIT_SECONDS)}
    with desk.db.begin() as tx:
        if rows.change_held(tx, held, at=at, values=rows.release(values)):
            for line in held.lines:
                _move(tx, line, PayoutState.AWAITING_CONFIRMATION, at=now)


def _store_expired(desk: Desk, held: Submission) -> None:
    at = desk.times()
    now = at.now
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release({"state": SubmissionState.DEAD.value})):
            return
        rows.bury_lines(tx, held.submission_id)
        for line in held.lines:
            _move(tx, line, PayoutState.EXPIRED, at=now, problem=_not_confirmed())
    log.info("payout.expired submission=%s apply_no=%s", held.submission_id, held.apply_no)


def _store_standings(desk: Desk, held: Submission, found: dict[str, StatusLine]) -> None:
    at = desk.times()
    now = at.now
    standings = {mark: _standing(line) for mark, line in found.items()}
    values = _submission_values(held, found, standings, now)
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        for line in held.lines:
            if line.mark in found:
                _store_line(tx, held, line, (found[line.mark], standings[line.mark]), at=now)


def _submission_values(
    held: Submission, found: dict[str, StatusLine], standings: dict[str, Standing], now: datetime
) -> dict[str, Any]:
    states = {standing.submission for standing in standings.values()}
    is_settled = all(standing.payout is PayoutState.SETTLED for standing in standings.values())
    followed_since = held.followed_since or (now if is_settled else None)
    if len(found) < len(held.lines) or SubmissionState.FOLLOWED in states:
        state = SubmissionState.FOLLOWED
        if is_settled and followed_since is not None and now - followed_since >= FOLLOW_SETTLED_FOR:
            state = SubmissionState.FINISHED
    else:
        state = SubmissionState.DEAD if states == {SubmissionState.DEAD} else SubmissionState.FINISHED
    values: dict[str, Any] = {
        "state": state.value,
        "apply_no": next(iter(found.values())).apply_no or held.apply_no,
        "followed_since": followed_since,
        "doubt_since": None,
        "doubt_reason": None,
        "due_at": later(now, min((standing.wait_seconds for standing in standings.values()), default=60)),
    }
    if held.cancel_state is CancelState.WANTED and any(line.status in CANCEL_CLASS for line in found.values()):
        values |= {"cancel_state": CancelState.DUE.value, "due_at": now}
    elif held.cancel_state is CancelState.REQUESTED and state is SubmissionState.FOLLOWED:
        values["due_at"] = later(now, AWAITING_CONFIRMATION_WAIT_SECONDS)  # somebody is about to confirm the cancel
    return values


def _standing(line: StatusLine) -> Standing:
    return STANDINGS.get(line.status or "", UNKNOWN_STANDING)


def _store_line(
    tx: Connection, held: Submission, line: SubmissionLine, shown: tuple[StatusLine, Standing], *, at: datetime
) -> None:
    seen, standing = shown
    facts: dict[str, Any] = {"bank_status": seen.status, "apply_no": seen.apply_no or held.apply_no}
    if seen.fee_yen is not None:
        facts["fee_yen"] = seen.fee_yen
    problem = _unclear(seen.status) if standing.payout is PayoutState.NEEDS_PERSON else None
    _move(tx, line, standing.payout, at=at, problem=problem, facts=facts)
    if standing.submission is SubmissionState.DEAD:
        rows.bury_line(tx, held.submission_id, line.item_id)


def _store_cancel_failed(desk: Desk, held: Submission, found: dict[str, StatusLine], result: RequestResult) -> None:
    # The cancel is dead (8), or the bank never had it (1 speaks of the transfer): the payout lives on.
    at = desk.times()
    now = at.now
    values = {"cancel_state": CancelState.NONE.value, "cancel_first_attempt_at": None, "due_at": later(now, 60)}
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        for line in held.lines:
            seen = found.get(line.mark)
            if seen is not None:
                facts = {"bank_status": seen.status, "cancel_requested_at": None}
                state = _standing(seen).payout
                payout_rows.move(
                    tx, line.payout_id, state, at=now, problem=cancel_failed(result.result_code), facts=facts
                )


def _move(
    tx: Connection,
    line: SubmissionLine,
    to: PayoutState,
    *,
    at: datetime,
    problem: Problem | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Move a payout to what the bank shows. What the table does not allow is the bank's contradiction, not our bug."""
    current = payout_rows.state_for_change(tx, line.payout_id)
    shown = shown_to_recore(to, cancel_wanted=payout_rows.is_cancel_wanted(tx, line.payout_id))
    if shown is not current and shown not in MOVES[current]:
        problem = person_problem(
            "bank-contradicts",
            f"銀行の状態が前に確認した状態（{current}）と合いません（{to}）。",
            f"The bank shows {to} after {current}.",
        )
        shown = PayoutState.NEEDS_PERSON
    if shown is PayoutState.CANCELLED and to is PayoutState.EXPIRED:
        problem = None  # not an accident but what ReCORE asked for
    if current is PayoutState.CANCELLING and shown in (PayoutState.PROCESSING, PayoutState.SETTLED):
        problem = cancel_failed("too-late")
    payout_rows.move(tx, line.payout_id, shown, at=at, problem=problem, facts=facts)


def _not_confirmed() -> Problem:
    return Problem(
        code="not-confirmed-in-time",
        title="時間内に銀行サイトで承認されませんでした",
        detail="振込は行われていません。支払が必要な場合は、この支払を差し替える新しい支払を依頼してください。",
        detail_en="Nobody confirmed in time; nothing was paid. Place a new payout that replaces this one.",
    )


def _unclear(status: str | None) -> Problem:
    return person_problem(
        "bank-status-unclear",
        f"銀行の振込ステータスは {status} です。",
        f"The bank shows transfer status {status}.",
    )


def cancel_failed(code: str) -> Problem:
    """Return the problem of a payout whose cancel did not come about; the payout itself goes on."""
    return Problem(
        code="cancel-failed",
        title="取消はできませんでした",
        detail=f"銀行で取消が成立しませんでした（{code}）。振込は予定どおり行われます。",
        detail_en=f"The cancel did not come about at the bank ({code}). The transfer goes on; ask again if need be.",
    )

"""Asking the bank to cancel what it shows as cancellable. A cancel moves no money, so it may be asked again."""

import logging
from typing import Any

from integrator.desk import LEASE, NO_TOKEN_WAIT_SECONDS, NO_TURN_WAIT_SECONDS, Desk, claim, has_turn, later, postpone
from integrator.domain.outcome import Accepted, Fact, InDoubt, NotCarriedOut, Rejected
from integrator.domain.submission import CANCEL_CLASS, RETRY_DELAYS_SECONDS, CancelState
from integrator.domain.turns import Urgency
from integrator.standings import give_up_cancel
from integrator.store import submissions as rows
from integrator.store.submissions import Submission, Work

log = logging.getLogger("integrator.payout")


def cancel_one(desk: Desk) -> bool:
    """Send the cancel request that has waited longest. Returns False when none is due."""
    held = claim(desk, Work.CANCEL)
    if held is None:
        return False
    cancel_class = next((CANCEL_CLASS[s.bank_status] for s in held.live_lines if s.bank_status in CANCEL_CLASS), None)
    access = desk.tokens.access(held.company_id)
    if cancel_class is None or access is None:
        _store(desk, held, CancelState.WANTED, wait_seconds=NO_TOKEN_WAIT_SECONDS)
        return True
    assert held.apply_no is not None, "what the bank shows has its number"
    if not has_turn(desk, access, Urgency.PAY, due_at=held.due_at):
        postpone(desk, held, seconds=NO_TURN_WAIT_SECONDS)
        return True
    if not _store_intent(desk, held):
        return True
    outcome = desk.bank.cancel_transfer(access, held.account_id, held.apply_no, cancel_class)
    log.info("payout.cancel_called submission=%s outcome=%s", held.submission_id, type(outcome).__name__)
    match outcome:
        case Accepted():
            _store(desk, held, CancelState.REQUESTED, wait_seconds=2)
        case Rejected() if held.cancel_first_attempt_at is not None:
            # An earlier try may be the one that waits at the bank: its result is asked for next.
            _store(desk, held, CancelState.REQUESTED, wait_seconds=2)
        case Rejected(code=code):
            _give_up(desk, held, code)
        case NotCarriedOut(fact=fact):
            if fact is Fact.TOKEN_REFUSED:
                desk.tokens.renew(access)
            _store(desk, held, CancelState.WANTED, wait_seconds=RETRY_DELAYS_SECONDS[1], is_first_again=True)
        case InDoubt():
            _store(desk, held, CancelState.WANTED, wait_seconds=RETRY_DELAYS_SECONDS[1])
    return True


def _store_intent(desk: Desk, held: Submission) -> bool:
    at = desk.times()
    now = at.now
    with desk.db.begin() as tx:
        values = {"cancel_first_attempt_at": held.cancel_first_attempt_at or now, "lease_until": at.machine + LEASE}
        return rows.change_held(tx, held, at=at, values=values)


def _store(
    desk: Desk, held: Submission, state: CancelState, *, wait_seconds: int, is_first_again: bool = False
) -> None:
    at = desk.times()
    now = at.now
    values: dict[str, Any] = {"cancel_state": state.value, "due_at": later(now, wait_seconds)}
    if is_first_again and held.cancel_first_attempt_at is None:
        values["cancel_first_attempt_at"] = None
    with desk.db.begin() as tx:
        rows.change_held(tx, held, at=at, values=rows.release(values))


def _give_up(desk: Desk, held: Submission, code: str) -> None:
    # The bank refused this very cancel: the transfer goes on, and the next look says where it is.
    at = desk.times()
    now = at.now
    values = {"cancel_state": CancelState.NONE.value, "cancel_first_attempt_at": None, "due_at": now}
    with desk.db.begin() as tx:
        if not rows.change_held(tx, held, at=at, values=rows.release(values)):
            return
        for line in held.live_lines:
            give_up_cancel(tx, line, line.bank_status, code, at=now)

"""Following what is at the bank: confirmation, states, returns. The bank's word is taken, never guessed."""

from datetime import timedelta

from integrator.bank_client import wire
from integrator.bank_client.wire import Refused, RequestResult, StatusLine, StatusPage, Unavailable
from integrator.connections import Access
from integrator.desk import NO_TOKEN_WAIT_SECONDS, Desk, ask, claim, postpone
from integrator.domain.submission import CANCEL_CLASS, CancelState
from integrator.domain.turns import Urgency
from integrator.standings import (
    store_cancel_failed,
    store_expired,
    store_standings,
    store_unseen,
    store_waiting,
)
from integrator.store.submissions import Submission, SubmissionLine, Work

UNANSWERED_PERSON_AFTER = timedelta(hours=24)  # longer than any maintenance


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


def _follow_unseen(desk: Desk, held: Submission, access: Access) -> None:
    # 依頼中 is invisible in status, so the request itself is asked for first.
    result = _request_result(desk, held, access)
    if isinstance(result, RequestResult) and result.result_code == wire.WAITS_FOR_CONFIRMATION:
        store_waiting(desk, held)
        return
    page = _status(desk, held, access)
    if isinstance(page, Refused | Unavailable):
        store_unseen(desk, held, person_after=UNANSWERED_PERSON_AFTER)
        return
    found = _ours(held, page)
    if found:
        store_standings(desk, held, found)
    elif not isinstance(result, RequestResult):
        # Neither its request nor its state can be asked for: it may wait for confirmation, or be paid.
        store_unseen(desk, held, person_after=UNANSWERED_PERSON_AFTER)
    elif result.result_code == wire.EXPIRED and not page.lines:
        # An 8 may speak of a cancel that somebody else asked for; only an order that is not shown is dead.
        store_expired(desk, held)
    else:
        store_unseen(desk, held)


def _follow_seen(desk: Desk, held: Submission, access: Access) -> None:
    # The cancel's own end is asked for before the state: a state read later still shows what it did. Unanswered,
    # it hides nothing: the state is what counts.
    is_asked = held.cancel_state is CancelState.REQUESTED
    cancel_result = _request_result(desk, held, access) if is_asked else None
    page = _status(desk, held, access)
    if isinstance(page, Refused | Unavailable):
        store_unseen(desk, held, person_after=UNANSWERED_PERSON_AFTER)
        return
    found = _ours(held, page)
    if not found:
        store_unseen(desk, held)
    elif isinstance(cancel_result, RequestResult) and _is_cancel_over(cancel_result, found):
        store_cancel_failed(desk, held, found, cancel_result.result_code)
    else:
        store_standings(desk, held, found)


def _is_cancel_over(result: RequestResult, found: dict[str, StatusLine]) -> bool:
    # 8: nobody confirmed the cancel. 1 while the order is still alive speaks of the order: there was no cancel.
    is_alive = any(line.status in CANCEL_CLASS for line in found.values())
    return is_alive and result.result_code != wire.WAITS_FOR_CONFIRMATION


def _status(desk: Desk, held: Submission, access: Access) -> StatusPage | Refused | Unavailable:
    apply_no = _number(held)

    def question(with_access: Access) -> StatusPage | Refused | Unavailable:
        return desk.bank.find_transfer(with_access, held.account_id, apply_no)

    return ask(desk, access, question, urgency=Urgency.LATER)


def _request_result(desk: Desk, held: Submission, access: Access) -> RequestResult | Refused | Unavailable:
    apply_no = _number(held)

    def question(with_access: Access) -> RequestResult | Refused | Unavailable:
        return desk.bank.request_result(with_access, held.account_id, apply_no)

    return ask(desk, access, question, urgency=Urgency.LATER)


def _number(held: Submission) -> str:
    assert held.apply_no is not None, "what is followed has its number"
    return held.apply_no


def _ours(held: Submission, page: StatusPage) -> dict[str, StatusLine]:
    by_mark = {line.mark: line for line in page.lines if line.mark is not None}
    found = {line.mark: by_mark[line.mark] for line in held.lines if line.mark in by_mark}
    if found or len(held.lines) != 1 or len(page.lines) != 1:
        return found
    # ediInfo is optional in the reply. The answer to our own number with our own one line is ours without it.
    (ours,), (shown,) = held.lines, page.lines
    return {ours.mark: shown} if shown.mark is None and _is_same(ours, shown) else {}


def _is_same(ours: SubmissionLine, shown: StatusLine) -> bool:
    return (ours.amount_yen, ours.bank_code, ours.branch_code, ours.account_number) == (
        shown.amount_yen,
        shown.bank_code,
        shown.branch_code,
        shown.account_number,
    )

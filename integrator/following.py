"""Following what is at the bank: confirmation, states, returns. The bank's word is taken, never guessed.

All that a company has at the bank is looked at with one list inquiry; one submission alone, and whatever the list
does not show, is asked for by its number. Decision 0012 says what that costs.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from integrator.bank_client import wire
from integrator.bank_client.wire import Refused, RequestResult, StatusLine, StatusPage, Unavailable
from integrator.connections import Access
from integrator.desk import (
    NO_TOKEN_WAIT_SECONDS,
    Desk,
    ask,
    claim_together,
    give_back,
    postpone,
    prolong,
)
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutState
from integrator.domain.submission import AFTER_SETTLED, CANCEL_CLASS, CONFIRMED_WITHIN, CancelState
from integrator.domain.turns import Urgency
from integrator.listing import Ending, Listed, Search, ours, read_list
from integrator.standings import (
    store_cancel_failed,
    store_expired,
    store_second_order,
    store_standings,
    store_unseen,
    store_waiting,
)
from integrator.store.submissions import Submission

UNANSWERED_PERSON_AFTER = timedelta(hours=24)  # longer than any maintenance
DAY = timedelta(days=1)


def follow_some(desk: Desk) -> bool:
    """Ask the bank about the submission that has waited longest, and about all that the same answer shows.

    False when none is due.
    """
    together = claim_together(desk)
    if not together:
        return False
    access = desk.tokens.access(together[0].company_id)
    if access is None:
        for held in together:
            postpone(desk, held, seconds=NO_TOKEN_WAIT_SECONDS)
    elif len(together) == 1:
        _follow_alone(desk, together[0], access)
    else:
        _follow_together(desk, together, access)
    return True


def _follow_together(desk: Desk, together: Sequence[Submission], access: Access) -> None:
    first = together[0]
    is_watch = first.followed_since is not None
    listed = _read(desk, together, access, is_watch=is_watch)
    if listed.ending is Ending.REFUSED:
        # Whatever it has against the list: each still can be asked for by its number, in its turn.
        _follow_alone(desk, first, access)
        for held in together[1:]:
            give_back(desk, held)
        return
    by_number: defaultdict[str | None, list[StatusLine]] = defaultdict(list)
    for line in listed.lines:
        by_number[line.apply_no].append(line)
    numbers = {line.mark: line.apply_no for line in listed.lines if line.mark is not None and line.apply_no is not None}
    for held in together:
        stray = next((no for line in held.lines if (no := numbers.get(line.mark)) not in (None, held.apply_no)), None)
        found = ours(held, by_number[held.apply_no])
        if stray is not None:
            store_second_order(desk, held, stray)
        elif found or (is_watch and listed.ending is Ending.COMPLETE):
            store_standings(desk, held, found, is_absence_news=not is_watch)
        elif listed.ending is Ending.UNANSWERED or is_watch:
            store_unseen(desk, held, person_after=UNANSWERED_PERSON_AFTER)
        elif listed.ending is Ending.COMPLETE and _waits_for_confirmation(desk, held):
            store_waiting(desk, held)
        elif prolong(desk, held):
            _follow_alone(desk, held, access)


def _read(desk: Desk, together: Sequence[Submission], access: Access, *, is_watch: bool) -> Listed:
    sent_at = [held.first_attempt_at for held in together if held.first_attempt_at is not None]
    today = civil_date(desk.clock.now())
    date_from = civil_date(min(sent_at)) - DAY
    date_to = today if is_watch else min(today, civil_date(max(sent_at)) + DAY)
    statuses = AFTER_SETTLED if is_watch else ()
    marks = {line.mark for held in together for line in held.live_lines}

    def goes_on(pages: int, lines: Sequence[StatusLine]) -> bool:
        # Beyond a page for each submission, asking for them by their numbers costs less.
        is_worth_it = is_watch or (pages < len(together) and not marks <= {line.mark for line in lines})
        return is_worth_it and prolong(desk, together[0])

    search = Search(together[0].account_id, date_from, max(date_from, date_to), statuses)
    return read_list(desk, access, search, urgency=Urgency.LATER, goes_on=goes_on)


def _waits_for_confirmation(desk: Desk, held: Submission) -> bool:
    # The bank said so when it took the order, and does not show it yet. Whether the limit has passed is asked
    # once it can have.
    assert held.first_attempt_at is not None, "what is followed was sent"
    is_told = any(line.state is PayoutState.AWAITING_CONFIRMATION for line in held.lines)
    return is_told and desk.clock.now() - held.first_attempt_at < CONFIRMED_WITHIN


def _follow_alone(desk: Desk, held: Submission, access: Access) -> None:
    if any(line.bank_status is not None for line in held.lines):
        _follow_seen(desk, held, access)
    elif _waits_for_confirmation(desk, held):
        _follow_waiting(desk, held, access)
    else:
        _follow_unseen(desk, held, access)


def _follow_waiting(desk: Desk, held: Submission, access: Access) -> None:
    page = _status(desk, held, access)
    found = {} if isinstance(page, Refused | Unavailable) else ours(held, page.lines)
    if found:
        store_standings(desk, held, found)
    else:
        store_waiting(desk, held)


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
    found = ours(held, page.lines)
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
    found = ours(held, page.lines)
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

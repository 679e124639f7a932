"""How transfers move on: after a confirmation or an approval, on their day, at a retry, at the end of a limit.

Every move goes through `move`, which reads the table of states.py and books its money. What a person outside the API
does is in simulation.py; the checks of a request are in requests.py.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from mock_gmo.bank.agenda import Answer, Due, DueKind
from mock_gmo.bank.answers import expect_answers, still_expected
from mock_gmo.bank.days import ONE_DAY, civil_date, instant, midnight
from mock_gmo.bank.money import entries_for, is_interbank, is_refused_here
from mock_gmo.bank.postings import PostingKind, Reference
from mock_gmo.bank.state import BankState, Moment
from mock_gmo.bank.states import Money, Move, TransferStatus, Trigger, find_move
from mock_gmo.bank.transfers import (
    Application,
    Event,
    IdempotencyKey,
    Line,
    RequestKind,
    ResultCode,
    TransferKind,
)
from mock_gmo.bank.virtual_account_deposits import record_va_deposit
from mock_gmo.bank.virtual_account_life import end_contract, expire

# Kinds of events that are no moves of the transfer itself.
CANCEL_LIMIT_PASSED = "cancel_limit_passed"
CANCEL_OVERTAKEN = "cancel_overtaken"
TRY_FAILED = "try_failed"
KEY_EXPIRED = "idempotency_key_expired"

_ACCEPTED_STATES = frozenset({TransferStatus.RESERVED, TransferStatus.IN_PROCESS})


def move(
    state: BankState,
    application: Application,
    trigger: Trigger,
    moment: Moment,
    *,
    only: frozenset[str] | None = None,
) -> Application:
    """Move the lines named by `only`, or all, and book the money. Returns the application as it is now.

    A cancel that waits for its holder ends when the transfer moves under it.
    """
    lines = []
    shared_no: str | None = None
    for line in application.lines:
        if only is not None and line.item_id not in only:
            lines.append(line)
            continue
        row = find_move(line.status, trigger)
        _book(state, application, line, row, moment)
        lines.append(_moved(state, line, row, moment, accept_no=shared_no))
        if application.kind is TransferKind.BULK:
            shared_no = lines[-1].accept_no
        if only is not None:
            moment.tell(trigger, application.apply_no, item_id=line.item_id, detail=row.target.label)
    if only is None:
        moment.tell(trigger, application.apply_no, detail=row.target.label)
    changed = state.keep(application, lines=tuple(lines))
    return _end_overtaken_cancel(state, changed, moment)


def start(state: BankState, application: Application, moment: Moment, *, today: Trigger, later: Trigger) -> Application:
    """Execute or reserve a transfer that has just been confirmed or approved.

    On its day it is executed whatever the hour. Without funds it is reserved, finds its day unfunded at once, and
    waits for the tries left on that day.
    """
    if application.designated_date > civil_date(moment.at):
        reserved = move(state, application, later, moment)
        due = instant(application.designated_date, state.rules.reserved_execution_time)
        state.agenda.add(due, DueKind.RESERVED_DAY, application.apply_no)
        return reserved
    if can_pay(state, application):
        return _pay(state, application, today, moment)
    reserved = move(state, application, later, moment)
    return _wait_for_next_try(state, move(state, reserved, Trigger.DAY_CAME_UNFUNDED, moment), moment)


def finish_confirmation(state: BankState, application: Application, moment: Moment) -> Application:
    """Complete a transfer request: its holder has confirmed it, or need not."""
    done = replace(application.request, result=ResultCode.DONE, ended_at=moment.at, deadline=None)
    application = state.keep(application, request=done, completed_at=moment.at)
    if not application.with_business_id or application.auto_approved:
        return start(state, application, moment, today=Trigger.CONFIRMED_TODAY, later=Trigger.CONFIRMED_LATER)
    state.agenda.add(approval_deadline(application), DueKind.APPROVAL_LIMIT, application.apply_no)
    return move(state, application, Trigger.CONFIRMED_TO_APPROVER, moment)


def finish_cancel(state: BankState, application: Application, moment: Moment) -> Application:
    """Complete a cancel request, which takes the transfer out of 申請中 or 予約中."""
    done = replace(application.request, result=ResultCode.DONE, ended_at=moment.at, deadline=None)
    application = state.keep(application, request=done)
    return move(state, application, cancel_trigger(application), moment)


def cancel_trigger(application: Application) -> Trigger:
    """Return what a complete cancel does in the present state: withdraw an application or cancel a reservation."""
    return Trigger.WITHDRAWN if application.stage is TransferStatus.APPLIED else Trigger.CANCELLED


def enter_limit(state: BankState, application: Application) -> None:
    """Enter the limit of a request that waits for its holder."""
    assert application.request.deadline is not None, "what waits for its holder has a limit"
    state.agenda.add(application.request.deadline, DueKind.CONFIRMATION_LIMIT, application.apply_no)


def confirmation_deadline(state: BankState, designated_date: date, *, at: datetime) -> datetime:
    """Return until when a request made at that instant may be confirmed.

    The limit ends with the designated day at the latest [GUESS], because a past day cannot be executed.
    """
    limit = at + timedelta(seconds=state.rules.confirmation_seconds)
    return min(limit, midnight(designated_date + ONE_DAY))


def approval_deadline(application: Application) -> datetime:
    """Return until when an application may be approved: the end of its designated day."""
    return midnight(application.designated_date + ONE_DAY)


def can_pay(state: BankState, application: Application) -> bool:
    """Say whether funds and what is left of the limit suffice for all lines at once."""
    total_yen = application.amount_yen + application.fee_yen
    if state.withdrawable_yen(application.account_id) < total_yen:
        return False
    account = state.accounts[application.account_id]
    paid_yen = state.limits.paid_yen(account.account_id, application.designated_date)
    counted_yen = sum(line.counted_yen for line in application.lines)
    return not counted_yen or paid_yen + counted_yen <= account.transfer_limit_yen


def settle_all_due(state: BankState, *, until: datetime) -> list[Event]:
    """Do all that falls due up to that instant, each thing at its own instant. Returns what happened, in order.

    The loop ends: an entry only ever adds entries of a later step in the life of the same transfer.
    """
    events: list[Event] = []
    while (due := state.agenda.take(until=until)) is not None:
        moment = Moment(due.at)
        _HANDLERS[due.kind](state, due, moment)
        events += moment.events
    return events


def _book(state: BankState, application: Application, line: Line, row: Move, moment: Moment) -> None:
    for entry in entries_for(state, application, line, row.money):
        reference = Reference(application.apply_no, line.item_id)
        state.books.post(entry.kind, entry.legs, at=moment.at, reference=reference)
        if entry.kind is PostingKind.TRANSFER and line.va_id is not None and not is_refused_here(state, line):
            arrived = state.books.last_line(line.paid_to)
            record_va_deposit(state, state.virtual.accounts[line.va_id], arrived, at=moment.at)


def _moved(state: BankState, line: Line, row: Move, moment: Moment, *, accept_no: str | None) -> Line:
    """Return the line after the move; `accept_no` is a number to share, None when the line gets its own."""
    changes: dict[str, object] = {"status": row.target}
    if row.target in _ACCEPTED_STATES and line.accept_no is None:
        changes |= {"accept_no": accept_no or state.next_number(moment.at), "accepted_at": moment.at}
    if row.money is Money.DEBIT:
        changes["debited_at"] = moment.at
    elif row.money in (Money.AMOUNT_BACK, Money.AMOUNT_AND_FEE_BACK):
        changes["came_back_at"] = moment.at
    elif row.target is TransferStatus.SETTLED:
        changes["settled_at"] = moment.at
    return replace(line, **changes)  # type: ignore[arg-type]


def _end_overtaken_cancel(state: BankState, application: Application, moment: Moment) -> Application:
    request = application.request
    if request.kind is not RequestKind.CANCEL or request.result is not ResultCode.WAITING:
        return application
    moment.tell(CANCEL_OVERTAKEN, application.apply_no, detail=application.stage.label)
    return state.keep(application, request=replace(request, result=ResultCode.EXPIRED, deadline=None))


def _pay(state: BankState, application: Application, trigger: Trigger, moment: Moment) -> Application:
    application = move(state, application, trigger, moment)
    interbank = [line for line in application.lines if is_interbank(line)]
    expect_answers(state, application, interbank, at=moment.at)
    refused = frozenset(line.item_id for line in application.lines if is_refused_here(state, line))
    if refused:
        application = move(state, application, Trigger.REFUSED_AT_ONCE, moment, only=refused)
    stays_here = frozenset(line.item_id for line in application.lines if not is_interbank(line))
    within = stays_here - refused
    return move(state, application, Trigger.CREDITED, moment, only=within) if within else application


def _wait_for_next_try(state: BankState, application: Application, moment: Moment) -> Application:
    for try_time in state.rules.try_times:
        due = instant(application.designated_date, try_time)
        if due > moment.at:
            state.agenda.add(due, DueKind.RETRY, application.apply_no)
            return application
    return move(state, application, Trigger.LAST_TRY_FAILED, moment)


def _end_confirmation(state: BankState, due: Due, moment: Moment) -> None:
    application = _application_of(state, due)
    request = application.request
    # An older entry of the same application may come up while a newer request waits: its own limit is later.
    if request.result is not ResultCode.WAITING or request.deadline is None or request.deadline > due.at:
        return
    expired = replace(request, result=ResultCode.EXPIRED, deadline=None)
    application = state.keep(application, request=expired)
    if request.kind is RequestKind.TRANSFER:
        move(state, application, Trigger.LIMIT_PASSED, moment)
    else:
        moment.tell(CANCEL_LIMIT_PASSED, application.apply_no, detail=application.stage.label)


def _end_approval(state: BankState, due: Due, moment: Moment) -> None:
    application = _application_of(state, due)
    if application.stage is TransferStatus.APPLIED:
        move(state, application, Trigger.DAY_PASSED, moment)


def _follow_answer(state: BankState, due: Due, moment: Moment) -> None:
    assert isinstance(due.subject, Answer), "what somebody answers names its lines"
    application = state.applications[due.subject.apply_no]
    lines = still_expected(application, due.subject)
    if lines:
        move(state, application, due.subject.trigger, moment, only=lines)


def _execute_reserved(state: BankState, due: Due, moment: Moment) -> None:
    application = _application_of(state, due)
    if application.stage is not TransferStatus.RESERVED:
        return
    if can_pay(state, application):
        _pay(state, application, Trigger.DAY_CAME, moment)
    else:
        retrying = move(state, application, Trigger.DAY_CAME_UNFUNDED, moment)
        _wait_for_next_try(state, retrying, moment)


def _retry(state: BankState, due: Due, moment: Moment) -> None:
    application = _application_of(state, due)
    assert application.stage is TransferStatus.RETRYING, "only a try ends the state リトライ中"
    if can_pay(state, application):
        _pay(state, application, Trigger.RETRIED, moment)
    else:
        moment.tell(TRY_FAILED, application.apply_no, detail=application.stage.label)
        _wait_for_next_try(state, application, moment)


def _forget_key(state: BankState, due: Due, moment: Moment) -> None:
    assert isinstance(due.subject, IdempotencyKey), "a key's limit names the key"
    reply = state.replies.pop(due.subject)
    moment.tell(KEY_EXPIRED, reply.result.apply_no)


def _application_of(state: BankState, due: Due) -> Application:
    assert isinstance(due.subject, str), "what concerns a transfer names its application"
    return state.applications[due.subject]


_HANDLERS: dict[DueKind, Callable[[BankState, Due, Moment], None]] = {
    DueKind.CONFIRMATION_LIMIT: _end_confirmation,
    DueKind.APPROVAL_LIMIT: _end_approval,
    DueKind.SETTLEMENT: _follow_answer,
    DueKind.FUNDS_RETURN: _follow_answer,
    DueKind.RECALL_ANSWER: _follow_answer,
    DueKind.RESERVED_DAY: _execute_reserved,
    DueKind.RETRY: _retry,
    DueKind.KEY_LIMIT: _forget_key,
    DueKind.VA_EXPIRY: expire,
    DueKind.VA_CONTRACT_END: end_contract,
}

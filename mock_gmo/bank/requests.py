"""The two requests of the API, transfer and cancel, and the inquiry after them. An order's checks are in checks.py.

Each function works on the bank's state at one instant and either changes it or raises a refusal.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from mock_gmo.bank.agenda import DueKind
from mock_gmo.bank.business_id import User
from mock_gmo.bank.checks import Draft, check_order
from mock_gmo.bank.customers import Customer
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.execution import (
    approval_deadline,
    confirmation_deadline,
    enter_limit,
    finish_cancel,
    finish_confirmation,
)
from mock_gmo.bank.refusals import ApplyNoUnknown, CancelNotPossible, DuplicateKeyOtherBody
from mock_gmo.bank.state import BankState, Moment, StoredReply
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import (
    Application,
    IdempotencyKey,
    LatestRequest,
    PendingApproval,
    PendingConfirmation,
    RequestKind,
    RequestResult,
    ResultCode,
    TransferKind,
    TransferOrder,
)

# What a class cancels, and the state that it must be in. Source: Corporation API, 振込取消依頼 and 総合振込取消依頼.
PLACE_OF_CLASS = {
    "1": (TransferKind.SINGLE, TransferStatus.APPLIED),
    "2": (TransferKind.SINGLE, TransferStatus.RESERVED),
    "3": (TransferKind.BULK, TransferStatus.APPLIED),
    "4": (TransferKind.BULK, TransferStatus.RESERVED),
}


def find_first_reply(state: BankState, order: TransferOrder, key: IdempotencyKey) -> RequestResult | None:
    """Return the first reply under that key, or None. Raises DuplicateKeyOtherBody when the order was another."""
    stored = state.replies.get(key)
    if stored is None:
        return None
    if stored.order != order:
        raise DuplicateKeyOtherBody
    return stored.result


def request_transfer(
    state: BankState, customer: Customer, order: TransferOrder, moment: Moment, *, user: User | None = None
) -> RequestResult:
    """Take an order: file it, then let it wait for its holder or carry it on at once."""
    draft = check_order(state, customer, order, at=moment.at)
    if needs_confirmation(state, customer):
        deadline = confirmation_deadline(state, draft.designated_date, at=moment.at)
        application = _application(draft, deadline=deadline, user=user)
        state.enter(application)
        enter_limit(state, application)
    else:
        application = _application(draft, deadline=None, user=user)
        state.enter(application)
        application = finish_confirmation(state, application, moment)
    return result_of(application, at=moment.at)


def needs_confirmation(state: BankState, customer: Customer) -> bool:
    """Say whether a request of this customer waits for the holder's transaction password."""
    return customer.confirmation_required or state.rules.confirmation_always


def remember_reply(state: BankState, key: IdempotencyKey, reply: StoredReply) -> None:
    """Keep the first reply under a key until the key's life ends."""
    state.replies[key] = reply
    state.agenda.add(reply.expires_at, DueKind.KEY_LIMIT, key)


def key_expires_at(state: BankState, *, at: datetime) -> datetime:
    """Return when a key used at that instant is forgotten."""
    return at + timedelta(seconds=state.rules.idempotency_seconds)


def request_cancel(
    state: BankState,
    application: Application,
    cancel_class: str,
    moment: Moment,
    *,
    asked_for: TransferKind,
    user: User | None = None,
) -> RequestResult:
    """Take a cancel: it waits for its holder like a transfer does, or is complete at once.

    `asked_for` is the kind that the operation speaks of. Raises CancelNotPossible when the class is not for that
    operation, this customer, this person, this kind or this state, or a cancel waits already.
    """
    customer = state.get_customer(application.customer_id)
    place = PLACE_OF_CLASS.get(cancel_class)
    allowed = application.stage is not TransferStatus.APPLIED or customer.business_id_management
    if place != (application.kind, application.stage) or not allowed:
        raise CancelNotPossible
    if application.kind is not asked_for and not _takes_over(state, asked_for):
        raise CancelNotPossible
    if customer.business_id_management and user is not None and not _may_cancel(user, application.stage):
        raise CancelNotPossible
    if application.request.result is ResultCode.WAITING:
        raise CancelNotPossible
    request = LatestRequest(RequestKind.CANCEL, ResultCode.WAITING, moment.at, cancel_class=cancel_class)
    if needs_confirmation(state, customer):
        deadline = confirmation_deadline(state, application.designated_date, at=moment.at)
        application = state.keep(application, request=replace(request, deadline=deadline))
        enter_limit(state, application)
    else:
        application = finish_cancel(state, state.keep(application, request=request), moment)
    return result_of(application, at=moment.at)


def get_requested(state: BankState, account_id: str, apply_no: str, *, kind: TransferKind | None) -> Application:
    """Return the account's application of that kind, or of any when `kind` is None. Raises ApplyNoUnknown."""
    application = state.get_own_application(account_id, apply_no)
    if kind not in (None, application.kind):
        raise ApplyNoUnknown
    return application


def result_of(application: Application, *, at: datetime) -> RequestResult:
    """Return what request-result says: of the cancel, if one was requested after the transfer.

    A limit that has passed counts at once, even before the bank has done what falls due.
    """
    request = application.request
    if request.deadline is not None and request.deadline <= at:
        return RequestResult(application.apply_no, ResultCode.EXPIRED)
    return RequestResult(application.apply_no, request.result, request.ended_at)


def pending_confirmation(application: Application) -> PendingConfirmation:
    """Return a waiting request as its holder sees it; the beneficiary is that of the first line."""
    request, first = application.request, application.lines[0]
    assert request.deadline is not None, "a request that waits has a limit"
    return PendingConfirmation(
        apply_no=application.apply_no,
        kind=request.kind,
        account_id=application.account_id,
        amount_yen=application.amount_yen,
        fee_yen=application.fee_yen,
        line_count=len(application.lines),
        beneficiary_bank=first.bank.name,
        beneficiary_branch=first.branch.name,
        beneficiary_account_type=first.account_type,
        beneficiary_account_number=first.account_number,
        beneficiary_name=first.beneficiary_name,
        designated_date=application.designated_date,
        requested_at=request.requested_at,
        expires_at=request.deadline,
        transfer_kind=application.kind,
        data_name=application.data_name,
    )


def pending_approvals(state: BankState, customer_id: str, *, at: datetime) -> list[PendingApproval]:
    """Return a customer's applications in 申請中 whose designated day has not passed at that instant, oldest first."""
    return [
        _pending_approval(application)
        for application in sorted(_planned(state, customer_id, today=civil_date(at)), key=lambda it: it.apply_no)
        if application.stage is TransferStatus.APPLIED
    ]


def _may_cancel(user: User, stage: TransferStatus) -> bool:
    """Whether it is this person's: applications are withdrawn by who applies, approvals revoked by who approves."""
    return user.may_apply if stage is TransferStatus.APPLIED else user.may_decide


def _takes_over(state: BankState, asked_for: TransferKind) -> bool:
    """Whether the operation of one kind also serves the other: only that of single transfers may, by a setting."""
    return asked_for is TransferKind.SINGLE and state.rules.bulk_cancel_under_transfer


def _planned(state: BankState, customer_id: str, *, today: date) -> Iterator[Application]:
    for account_id in state.account_ids_of.get(customer_id, ()):
        for _, apply_no in state.applications_of[account_id].from_day(today):
            yield state.applications[apply_no]


def _pending_approval(application: Application) -> PendingApproval:
    first = application.lines[0]
    return PendingApproval(
        apply_no=application.apply_no,
        account_id=application.account_id,
        amount_yen=application.amount_yen,
        fee_yen=application.fee_yen,
        line_count=len(application.lines),
        beneficiary_bank=first.bank.name,
        beneficiary_branch=first.branch.name,
        beneficiary_account_type=first.account_type,
        beneficiary_account_number=first.account_number,
        beneficiary_name=first.beneficiary_name,
        designated_date=application.designated_date,
        apply_comment=application.apply_comment,
        requested_at=application.requested_at,
        expires_at=approval_deadline(application),
        transfer_kind=application.kind,
        data_name=application.data_name,
        apply_user=application.apply_user,
    )


def _application(draft: Draft, *, deadline: datetime | None, user: User | None) -> Application:
    customer, order, at = draft.customer, draft.order, draft.at
    with_business_id = customer.business_id_management
    applies = with_business_id and (user is None or user.may_apply)
    return Application(
        apply_no=draft.state.next_number(at),
        customer_id=customer.customer_id,
        account_id=order.account_id,
        requested_at=at,
        apply_date=civil_date(at),
        remitter_name=draft.remitter_name,
        stated_date=order.designated_date,
        designated_date=draft.designated_date,
        apply_comment=order.apply_comment if applies else None,
        with_business_id=with_business_id,
        lines=draft.lines,
        request=LatestRequest(RequestKind.TRANSFER, ResultCode.WAITING, at, deadline=deadline),
        kind=order.kind,
        data_name=order.data_name,
        apply_user=user.name if user is not None and with_business_id else None,
        auto_approved=with_business_id and not applies,
    )

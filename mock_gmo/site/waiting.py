"""What waits for the visitor, ready to be printed: requests to confirm, applications to approve. Nothing is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from mock_gmo.bank.customers import Account
from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.transfers import PendingApproval, PendingConfirmation, RequestKind
from mock_gmo.site.texts import BENEFICIARY_ACCOUNT_TEXTS, TRANSFER_KIND_TEXTS, Text


@dataclass(frozen=True, slots=True)
class Order:
    """The facts of one order. Instants are in Japanese time."""

    apply_no: str
    kind: Text
    amount: str
    fee: str
    line_count: int
    beneficiary_name: str
    beneficiary_bank: str
    beneficiary_branch: str
    beneficiary_account_type: Text
    beneficiary_account_number: str
    debited_account: str
    designated_date: date
    requested_at: datetime
    expires_at: datetime
    data_name: str | None


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """A request that waits for its holder, and how long it may still be confirmed on the bank's clock."""

    order: Order
    is_cancel: bool
    minutes_left: int
    seconds_left: int


@dataclass(frozen=True, slots=True)
class ToApprove:
    """An application that waits for its approver; it may be approved until its designated day ends."""

    order: Order
    applicant: str | None
    comment: str | None


def to_confirm(
    pending: Iterable[PendingConfirmation], *, accounts: Iterable[Account], at: datetime
) -> tuple[ToConfirm, ...]:
    """Return the requests that wait for confirmation, the one that expires first on top."""
    names = _account_names(accounts)
    return tuple(_to_confirm(request, names, at=at) for request in sorted(pending, key=_by_end))


def to_approve(pending: Iterable[PendingApproval], *, accounts: Iterable[Account]) -> tuple[ToApprove, ...]:
    """Return the applications that wait for approval, the one that expires first on top."""
    names = _account_names(accounts)
    return tuple(
        ToApprove(_order(request, names), request.apply_user, request.apply_comment)
        for request in sorted(pending, key=_by_end)
    )


def _by_end(request: PendingConfirmation | PendingApproval) -> tuple[datetime, str]:
    return request.expires_at, request.apply_no


def _account_names(accounts: Iterable[Account]) -> dict[str, str]:
    return {account.account_id: f"{account.branch_name} {account.number}" for account in accounts}


def _to_confirm(request: PendingConfirmation, names: dict[str, str], *, at: datetime) -> ToConfirm:
    minutes, seconds = divmod(max(0, int((request.expires_at - at).total_seconds())), 60)
    return ToConfirm(
        order=_order(request, names),
        is_cancel=request.kind is RequestKind.CANCEL,
        minutes_left=minutes,
        seconds_left=seconds,
    )


def _order(request: PendingConfirmation | PendingApproval, names: dict[str, str]) -> Order:
    return Order(
        apply_no=request.apply_no,
        kind=TRANSFER_KIND_TEXTS[request.transfer_kind],
        amount=f"{request.amount_yen:,}",
        fee=f"{request.fee_yen:,}",
        line_count=request.line_count,
        beneficiary_name=request.beneficiary_name,
        beneficiary_bank=request.beneficiary_bank,
        beneficiary_branch=request.beneficiary_branch,
        beneficiary_account_type=BENEFICIARY_ACCOUNT_TEXTS[request.beneficiary_account_type],
        beneficiary_account_number=request.beneficiary_account_number,
        debited_account=names.get(request.account_id, request.account_id),
        designated_date=request.designated_date,
        requested_at=request.requested_at.astimezone(JAPAN),
        expires_at=request.expires_at.astimezone(JAPAN),
        data_name=request.data_name,
    )

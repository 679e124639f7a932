"""What the confirmation page says about each waiting request, ready to be printed. Nothing is confirmed here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from mock_gmo.bank.customers import Account
from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.transfers import PendingConfirmation, RequestKind


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting request: its facts, and how long it may still be confirmed on the bank's clock."""

    apply_no: str
    is_cancel: bool
    amount: str
    fee: str
    line_count: int
    beneficiary_name: str
    beneficiary_bank: str
    beneficiary_branch: str
    debited_account: str
    designated_date: date
    requested_at: datetime
    expires_at: datetime
    minutes_left: int
    seconds_left: int


def waiting_list(
    pending: Iterable[PendingConfirmation], *, accounts: Iterable[Account], at: datetime
) -> tuple[Waiting, ...]:
    """Return what waits, the one that expires first on top. Instants are given in Japanese time."""
    account_names = {account.account_id: f"{account.branch_name} {account.number}" for account in accounts}
    in_order = sorted(pending, key=lambda request: (request.expires_at, request.apply_no))
    return tuple(
        _waiting(request, debited=account_names.get(request.account_id, request.account_id), at=at)
        for request in in_order
    )


def _waiting(request: PendingConfirmation, *, debited: str, at: datetime) -> Waiting:
    minutes, seconds = divmod(max(0, int((request.expires_at - at).total_seconds())), 60)
    return Waiting(
        apply_no=request.apply_no,
        is_cancel=request.kind is RequestKind.CANCEL,
        amount=f"{request.amount_yen:,}",
        fee=f"{request.fee_yen:,}",
        line_count=request.line_count,
        beneficiary_name=request.beneficiary_name,
        beneficiary_bank=request.beneficiary_bank,
        beneficiary_branch=request.beneficiary_branch,
        debited_account=debited,
        designated_date=request.designated_date,
        requested_at=request.requested_at.astimezone(JAPAN),
        expires_at=request.expires_at.astimezone(JAPAN),
        minutes_left=minutes,
        seconds_left=seconds,
    )

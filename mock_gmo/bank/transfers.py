"""Transfers as values: the order as sent, the application that the bank makes of it, its lines, what callers get back.

All are frozen: a move makes a new Application, so whoever holds one sees a moment, not a moving thing. States and
moves are in states.py; nothing here decides.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mock_gmo.bank.directory import BankEntry, BranchEntry
from mock_gmo.bank.states import APPLY_STATUS, APPROVED, AUTO_APPROVED, TransferStatus

LINE_COUNT_MAX = 99
TOTAL_AMOUNT_MAX_YEN = 999_999_999_999


class TransferKind(StrEnum):
    """振込 of 1 to 99 lines, or 総合振込. They share one series of numbers; each has operations of its own."""

    SINGLE = "single"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class BulkMarks:
    """What only a line of a bulk transfer carries, as sent. All but the `identification` is kept for reference only."""

    clearing_house: str | None = None
    new_code: str | None = None
    identification: str | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, every text as sent; `amount_yen` is 1 or more, else ValueError."""

    item_id: str | None
    amount_yen: int
    edi_info: str | None
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    beneficiary_name: str
    bank_name: str | None = None
    branch_name: str | None = None
    marks: BulkMarks | None = None

    def __post_init__(self) -> None:
        if self.amount_yen < 1:
            raise ValueError(f"a transfer moves 1 yen or more, not {self.amount_yen}")


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """An order as sent, 1 line or more, else ValueError; equal orders count as the same body for an idempotency key."""

    account_id: str
    remitter_name: str | None
    designated_date: date
    holiday_code: str | None
    total_count: int | None
    total_amount_yen: int | None
    apply_comment: str | None
    lines: tuple[OrderLine, ...]
    kind: TransferKind = TransferKind.SINGLE
    data_name: str | None = None

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an order has 1 line or more")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's key with its scope: the client and the user behind the access token, and the kind of request."""

    client_id: str
    user: str
    key: str
    kind: TransferKind = TransferKind.SINGLE


class RequestKind(StrEnum):
    """What the latest request for an application asked for."""

    TRANSFER = "transfer"
    CANCEL = "cancel"


class ResultCode(StrEnum):
    """結果コード of a request: 完了, 未完了, 期限切."""

    DONE = "1"
    WAITING = "2"
    EXPIRED = "8"


@dataclass(frozen=True, slots=True)
class LatestRequest:
    """The latest request for an application, of which request-result speaks.

    `deadline` is there while it waits, `ended_at` once it is done, `cancel_class` for a cancel.
    """

    kind: RequestKind
    result: ResultCode
    requested_at: datetime
    deadline: datetime | None = None
    ended_at: datetime | None = None
    cancel_class: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an application: names converted, bank and branch looked up, and what became of it.

    `paid_to` is the ledger account that the money ends on, `counted_yen` what weighs on the daily limit; `va_id` is
    the virtual account that was named as the beneficiary's, if it was one.
    """

    item_id: str
    amount_yen: int
    fee_yen: int
    counted_yen: int
    edi_info: str | None
    bank: BankEntry
    branch: BranchEntry
    account_type: str
    account_number: str
    beneficiary_name: str
    paid_to: str
    status: TransferStatus
    accept_no: str | None = None
    accepted_at: datetime | None = None
    debited_at: datetime | None = None
    settled_at: datetime | None = None
    came_back_at: datetime | None = None
    marks: BulkMarks | None = None
    va_id: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A request that the bank took: `designated_date` is the day after the holiday rule, `stated_date` the one sent.

    Its lines stand in the order of their numbers; `completed_at` is when the transfer request, not a cancel, was done.
    `auto_approved` is what was ordered by a person who needs no approver.
    """

    apply_no: str
    customer_id: str
    account_id: str
    requested_at: datetime
    apply_date: date
    remitter_name: str
    stated_date: date
    designated_date: date
    apply_comment: str | None
    with_business_id: bool
    lines: tuple[Line, ...]
    request: LatestRequest
    kind: TransferKind = TransferKind.SINGLE
    data_name: str | None = None
    completed_at: datetime | None = None
    apply_user: str | None = None
    auto_approved: bool = False
    approval_user: str | None = None
    approval_comment: str | None = None

    def line(self, item_id: str) -> Line:
        """Return the line with that number, which must exist."""
        line = self.lines[bisect_left(self.lines, int(item_id), key=lambda line: int(line.item_id))]
        assert line.item_id == item_id, f"no line {item_id}"
        return line

    @property
    def stage(self) -> TransferStatus:
        """The state of all lines until they are debited; from then on, of the first line."""
        return self.lines[0].status

    @property
    def amount_yen(self) -> int:
        """The sum of all lines, without fees."""
        return sum(line.amount_yen for line in self.lines)

    @property
    def fee_yen(self) -> int:
        """The sum of all fees."""
        return sum(line.fee_yen for line in self.lines)

    @property
    def apply_status(self) -> str | None:
        """振込申請ステータス, or None without business-ID management or before the application is visible."""
        if not self.with_business_id:
            return None
        status = APPLY_STATUS.get(self.stage)
        return AUTO_APPROVED if self.auto_approved and status == APPROVED else status


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What a request or the inquiry after it answers; `ended_at` only when the result is 1."""

    apply_no: str
    result_code: ResultCode
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The fees of an order in yen, in the order of its lines: (item_id, fee)."""

    total_fee_yen: int
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A request that waits for its holder: what would be paid, or would be cancelled, and until when it may be."""

    apply_no: str
    kind: RequestKind
    account_id: str
    amount_yen: int
    fee_yen: int
    line_count: int
    beneficiary_bank: str
    beneficiary_branch: str
    beneficiary_account_type: str
    beneficiary_account_number: str
    beneficiary_name: str
    designated_date: date
    requested_at: datetime
    expires_at: datetime
    transfer_kind: TransferKind = TransferKind.SINGLE
    data_name: str | None = None


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """An application in 申請中, as its approver sees it: what would be paid, and until when it may be approved."""

    apply_no: str
    account_id: str
    amount_yen: int
    fee_yen: int
    line_count: int
    beneficiary_bank: str
    beneficiary_branch: str
    beneficiary_account_type: str
    beneficiary_account_number: str
    beneficiary_name: str
    designated_date: date
    apply_comment: str | None
    requested_at: datetime
    expires_at: datetime
    transfer_kind: TransferKind = TransferKind.SINGLE
    data_name: str | None = None
    apply_user: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `kind` is a Trigger's value or a kind of execution.py, `detail` the state after it."""

    at: datetime
    kind: str
    apply_no: str | None
    item_id: str | None
    detail: str

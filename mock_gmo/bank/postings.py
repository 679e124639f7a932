"""What a posting, its legs, and a line of a statement are. The books that hold them are in books.py.

Which posting a transfer needs is in money.py.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

OUTSIDE = "outside"  # everybody who is not an account of this bank
FEES = "fees"  # what the bank earns
SETTLEMENT = "settlement"  # debited, but not yet with the other bank
INTERNAL_LEDGERS = (OUTSIDE, FEES, SETTLEMENT)

PAGE_SIZE = 500
LEG_MAX_YEN = 999_999_999_999
CREDIT, DEBIT = "1", "2"


class PostingKind(Enum):
    """What a posting is for. The number is what the column holds."""

    OPENING = 0
    DEPOSIT = 1
    TRANSFER = 2
    TRANSFER_FEE = 3
    SETTLEMENT = 4
    TRANSFER_BACK = 5
    FEE_BACK = 6
    FUNDS_RETURNED = 7
    RECALL_FEE = 8
    RECALLED = 9
    SP_TRANSFER = 10


@dataclass(frozen=True, slots=True)
class LineText:
    """What a statement says about a posting; the payer's particulars only on incoming transfers."""

    remarks: str
    applicant_name: str | None = None
    payment_bank_name: str | None = None
    payment_branch_name: str | None = None
    edi_info: str | None = None

    @property
    def is_arrival(self) -> bool:
        """Whether the posting is an incoming transfer: those, and only those, name who pays."""
        return self.applicant_name is not None


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: a ledger account gains (or loses) `amount_yen`. Accounts of customers need a text."""

    ledger: str
    amount_yen: int
    text: LineText | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """The line of an application that a posting belongs to."""

    apply_no: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry of the books: legs that sum to zero."""

    posting_no: int
    at: datetime
    kind: PostingKind
    legs: tuple[tuple[str, int], ...]
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A posting as it was made, from which the books can be written again."""

    kind: PostingKind
    at: datetime
    legs: tuple[Leg, ...]
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement; `amount_yen` is positive, `transaction_type` says 1 for in and 2 for out."""

    item_key: str
    transaction_date: date
    value_date: date
    transaction_type: str
    amount_yen: int
    remarks: str
    balance_yen: int
    applicant_name: str | None
    payment_bank_name: str | None
    payment_branch_name: str | None
    edi_info: str | None


@dataclass(frozen=True, slots=True)
class BooksCheck:
    """The books added up again: `sum_yen` is 0 and `differing` empty when they are right."""

    sum_yen: int
    balances: dict[str, int]
    differing: tuple[str, ...]

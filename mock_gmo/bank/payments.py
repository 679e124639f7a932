"""The truth about payments: every debit that the books hold, and what came back of it.

Read from the postings, not from the states of transfers, so that it would show a debit that no state tells of.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from mock_gmo.bank.postings import Posting, PostingKind, Reference
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import Line

_KINDS = (
    PostingKind.TRANSFER,
    PostingKind.TRANSFER_FEE,
    PostingKind.TRANSFER_BACK,
    PostingKind.FEE_BACK,
    PostingKind.FUNDS_RETURNED,
    PostingKind.RECALLED,
)
_COMES_BACK = frozenset({PostingKind.TRANSFER_BACK, PostingKind.FUNDS_RETURNED, PostingKind.RECALLED})


@dataclass(frozen=True, slots=True)
class Payment:
    """One debit. `fee_yen` is what the fee costs after any refund, `came_back_yen` the returned part of the amount."""

    apply_no: str
    item_id: str
    account_id: str
    amount_yen: int
    fee_yen: int
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    beneficiary_name: str
    edi_info: str | None
    debited_at: datetime
    status: TransferStatus
    came_back_yen: int
    came_back_at: datetime | None


def list_payments(state: BankState) -> list[Payment]:
    """Return every debit in the order of the books; costs as much as the books are long."""
    found: dict[Reference, dict[PostingKind, list[Posting]]] = defaultdict(lambda: defaultdict(list))
    debits: list[tuple[Reference, Posting, int]] = []
    for posting in state.books.postings(*_KINDS):
        assert posting.reference is not None, "a posting of a transfer names its line"
        of_kind = found[posting.reference][posting.kind]
        if posting.kind is PostingKind.TRANSFER:
            debits.append((posting.reference, posting, len(of_kind)))
        of_kind.append(posting)
    return [_payment(state, debit, found[reference], nth) for reference, debit, nth in debits]


def _payment(state: BankState, debit: Posting, of_line: dict[PostingKind, list[Posting]], nth: int) -> Payment:
    """Describe a debit; fees and returns go to the debit of the same rank, should a line ever have two."""
    line = _line_of(state, debit)
    account_id, amount_yen = debit.legs[0]
    fees = sum(abs(p.legs[0][1]) for p in of_line[PostingKind.TRANSFER_FEE][nth : nth + 1])
    refunds = sum(abs(p.legs[0][1]) for p in of_line[PostingKind.FEE_BACK][nth : nth + 1])
    backs = [posting for kind in _COMES_BACK for posting in of_line[kind]][nth : nth + 1]
    return Payment(
        apply_no=_reference(debit).apply_no,
        item_id=line.item_id,
        account_id=account_id,
        amount_yen=-amount_yen,
        fee_yen=fees - refunds,
        bank_code=line.bank.code,
        branch_code=line.branch.code,
        account_type=line.account_type,
        account_number=line.account_number,
        beneficiary_name=line.beneficiary_name,
        edi_info=line.edi_info,
        debited_at=debit.at,
        status=line.status,
        came_back_yen=sum(abs(posting.legs[0][1]) for posting in backs),
        came_back_at=backs[0].at if backs else None,
    )


def _reference(posting: Posting) -> Reference:
    assert posting.reference is not None, "a posting of a transfer names its line"
    return posting.reference


def _line_of(state: BankState, debit: Posting) -> Line:
    reference = _reference(debit)
    return state.applications[reference.apply_no].line(reference.item_id)

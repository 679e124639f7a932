"""Which postings a move of a transfer makes: the debit, the way to the other bank, and whatever comes back.

When a transfer moves is decided in execution.py and simulation.py; how the books work is in postings.py.
"""

from dataclasses import dataclass

from mock_gmo.bank.deposits import HEAD_OFFICE_KANA
from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.kana import transfer_remarks
from mock_gmo.bank.postings import FEES, OUTSIDE, SETTLEMENT, Leg, LineText, PostingKind
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import Money, TransferStatus
from mock_gmo.bank.transfers import Application, Line
from mock_gmo.bank.virtual_account_deposits import takes_deposits, through_text

# Source: Corporation API, 入出金明細照会, and lifecycle, "Return and recall" [GUESS].
FEE_TEXT = LineText("振込手数料")
NOT_EXECUTED_TEXT = LineText("振込 手続不成立")
FEE_BACK_TEXT = LineText("振込手数料 返金")
FUNDS_RETURNED_TEXT = LineText("振込 資金返却")
RECALL_FEE_TEXT = LineText("組戻手数料")
RECALLED_TEXT = LineText("組戻 資金返却")


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting to be made: its kind and its legs."""

    kind: PostingKind
    legs: tuple[Leg, ...]


def entries_for(state: BankState, application: Application, line: Line, money: Money) -> tuple[Entry, ...]:
    """Return the postings of a move of that line, `line` being in the state that it leaves."""
    match money:
        case Money.DEBIT:
            return (_transfer(state, application, line), *_fee(application, line))
        case Money.AMOUNT_AND_FEE_BACK:
            back = _back(application, line, PostingKind.TRANSFER_BACK, NOT_EXECUTED_TEXT)
            return (back, *_fee_back(application, line))
        case Money.AMOUNT_BACK if line.status is TransferStatus.RECALL_IN_PROCESS:
            return (_back(application, line, PostingKind.RECALLED, RECALLED_TEXT),)
        case Money.AMOUNT_BACK:
            return (_back(application, line, PostingKind.FUNDS_RETURNED, FUNDS_RETURNED_TEXT),)
        case Money.RECALL_FEE:
            return _recall_fee(state, application)
        case Money.NONE if line.status is TransferStatus.IN_PROCESS and is_interbank(line):
            return (_settlement(line),)
    return ()


def is_interbank(line: Line) -> bool:
    """Say whether the line's money goes through the settlement between banks."""
    return line.bank.code != THIS_BANK


def is_refused_here(state: BankState, line: Line) -> bool:
    """Say whether the line is for a virtual account that takes no deposits now; then its money cannot arrive."""
    return line.va_id is not None and not takes_deposits(state.virtual.accounts[line.va_id])


def _transfer(state: BankState, application: Application, line: Line) -> Entry:
    edi_info = line.edi_info if state.rules.outgoing_remarks_carry_edi_info else None
    text = LineText(transfer_remarks(line.beneficiary_name, edi_info=edi_info))
    stays_here = is_interbank(line) or is_refused_here(state, line)
    ledger = SETTLEMENT if stays_here else line.paid_to
    arrival = _arrival_text(state, application, line) if ledger in state.accounts else None
    legs = (Leg(application.account_id, -line.amount_yen, text), Leg(ledger, line.amount_yen, arrival))
    return Entry(PostingKind.TRANSFER, legs)


def _arrival_text(state: BankState, application: Application, line: Line) -> LineText:
    payer = state.accounts[application.account_id]
    bank = state.directory.find_bank(THIS_BANK)
    va = state.virtual.accounts[line.va_id] if line.va_id is not None else None
    # What arrives through a virtual account must name bank and branch.
    unnamed = HEAD_OFFICE_KANA if va is not None else None
    remarks = transfer_remarks(application.remitter_name, edi_info=line.edi_info)
    return LineText(
        remarks=f"{remarks} {through_text(va)}" if va is not None else remarks,
        applicant_name=application.remitter_name,
        payment_bank_name=bank.name_kana if bank else unnamed,
        payment_branch_name=payer.branch_name_kana or unnamed,
        edi_info=line.edi_info,
    )


def _fee(application: Application, line: Line) -> tuple[Entry, ...]:
    if not line.fee_yen:
        return ()
    legs = (Leg(application.account_id, -line.fee_yen, FEE_TEXT), Leg(FEES, line.fee_yen))
    return (Entry(PostingKind.TRANSFER_FEE, legs),)


def _fee_back(application: Application, line: Line) -> tuple[Entry, ...]:
    if not line.fee_yen:
        return ()
    legs = (Leg(FEES, -line.fee_yen), Leg(application.account_id, line.fee_yen, FEE_BACK_TEXT))
    return (Entry(PostingKind.FEE_BACK, legs),)


def _settlement(line: Line) -> Entry:
    legs = (Leg(SETTLEMENT, -line.amount_yen), Leg(OUTSIDE, line.amount_yen))
    return Entry(PostingKind.SETTLEMENT, legs)


def _back(application: Application, line: Line, kind: PostingKind, text: LineText) -> Entry:
    ledger = SETTLEMENT if line.status is TransferStatus.IN_PROCESS else line.paid_to
    # The ledger that gives the money back may be another customer's account here, which then needs the text too.
    return Entry(kind, (Leg(ledger, -line.amount_yen, text), Leg(application.account_id, line.amount_yen, text)))


def _recall_fee(state: BankState, application: Application) -> tuple[Entry, ...]:
    fee_yen = state.rules.fees.recall_yen
    if not fee_yen:
        return ()
    legs = (Leg(application.account_id, -fee_yen, RECALL_FEE_TEXT), Leg(FEES, fee_yen))
    return (Entry(PostingKind.RECALL_FEE, legs),)

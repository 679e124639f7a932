"""Money that arrives from outside: the opening of an account and incoming transfers."""

from dataclasses import dataclass
from datetime import datetime

from mock_gmo.bank.customers import Account
from mock_gmo.bank.kana import (
    NAME_LENGTH_MAX,
    ForbiddenCharacter,
    convert_transfer_text,
    require_transfer_text,
    transfer_remarks,
)
from mock_gmo.bank.postings import LEG_MAX_YEN, OUTSIDE, Leg, LineText, PostingKind, StatementLine
from mock_gmo.bank.refusals import ForbiddenCharacterInText
from mock_gmo.bank.state import BankState

OPENING_TEXT = LineText("口座開設")
# Where a bank or a branch must be named and nobody has named one.
HEAD_OFFICE_KANA = "ﾎﾝﾃﾝ"


@dataclass(frozen=True, slots=True)
class PayingBank:
    """The bank that sent an incoming transfer, in half-width kana."""

    name_kana: str
    branch_name_kana: str | None = None


@dataclass(frozen=True, slots=True)
class Deposit:
    """An incoming transfer as its sender ordered it; `amount_yen` is 1 to LEG_MAX_YEN, else ValueError."""

    amount_yen: int
    remitter_name: str
    edi_info: str | None = None
    paying_bank: PayingBank | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.amount_yen <= LEG_MAX_YEN:
            raise ValueError(f"a deposit is 1 to {LEG_MAX_YEN} yen, not {self.amount_yen}")


def require_opening_balance(balance_yen: int) -> int:
    """Return the balance when an account may start with it: 0 to LEG_MAX_YEN, else ValueError."""
    if not 0 <= balance_yen <= LEG_MAX_YEN:
        raise ValueError(f"an account opens with 0 to {LEG_MAX_YEN} yen, not {balance_yen}")
    return balance_yen


def book_opening(state: BankState, account: Account, *, balance_yen: int, at: datetime) -> None:
    """Book what an account starts with; nothing for 0 yen."""
    if balance_yen:
        legs = (Leg(OUTSIDE, -balance_yen), Leg(account.account_id, balance_yen, OPENING_TEXT))
        state.books.post(PostingKind.OPENING, legs, at=at)


def book_deposit(
    state: BankState, account: Account, deposit: Deposit, *, through: str = "", at: datetime
) -> StatementLine:
    """Book an incoming transfer and return its statement line. Raises ForbiddenCharacterInText.

    `through` names the virtual account that it was sent to, as the statement tells it.
    """
    name = _converted_name(state, deposit.remitter_name)
    edi_info = _checked_edi(deposit.edi_info)
    text = LineText(
        remarks=" ".join(filter(None, (transfer_remarks(name, edi_info=edi_info), through))),
        applicant_name=name,
        payment_bank_name=deposit.paying_bank.name_kana if deposit.paying_bank else None,
        payment_branch_name=deposit.paying_bank.branch_name_kana if deposit.paying_bank else None,
        edi_info=edi_info,
    )
    legs = (Leg(OUTSIDE, -deposit.amount_yen), Leg(account.account_id, deposit.amount_yen, text))
    state.books.post(PostingKind.DEPOSIT, legs, at=at)
    return state.books.last_line(account.account_id)


def _converted_name(state: BankState, name: str) -> str:
    try:
        return convert_transfer_text(name, hiragana=state.rules.hiragana_converted)[:NAME_LENGTH_MAX]
    except ForbiddenCharacter:
        raise ForbiddenCharacterInText(None, "remitter_name") from None


def _checked_edi(edi_info: str | None) -> str | None:
    try:
        return require_transfer_text(edi_info) if edi_info is not None else None
    except ForbiddenCharacter:
        raise ForbiddenCharacterInText(None, "edi_info") from None

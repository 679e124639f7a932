"""The beneficiary directory: accounts at other banks, and what becomes of a transfer to each. No time passes here.

An account that is not listed takes the money. When the answers come is decided in answers.py.
Source: lifecycle, "Moves" and "Return and recall".
"""

from dataclasses import dataclass
from enum import StrEnum

from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.kana import NAME_LENGTH_MAX, ForbiddenCharacter, convert_transfer_text

ACCOUNT_TYPES = ("1", "2", "4", "9")
AFTER_SECONDS_MAX = 31_536_000


class Conduct(StrEnum):
    """What a beneficiary and its bank do with money that is sent to it, and with a recall of it."""

    TAKES = "takes"
    SLOW = "slow"
    REFUSES = "refuses"
    CLOSED = "closed"
    NAME_DIFFERS = "name_differs"
    AGREES_RECALL = "agrees_recall"
    REFUSES_RECALL = "refuses_recall"


# The other bank finds out after the settlement that it cannot credit: wrong number, wrong name.
RETURNING = frozenset({Conduct.CLOSED, Conduct.NAME_DIFFERS})
ANSWERING_RECALLS = frozenset({Conduct.AGREES_RECALL, Conduct.REFUSES_RECALL})


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """One entry; `name_kana` is the holder's name in the characters of transfers.

    `after_seconds` is how long its answer takes: settling for `slow`, returning the funds, answering a recall; None
    leaves it to the rules, and for `slow` to the next business day. Raises ValueError for what no transfer can reach.
    """

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    name_kana: str
    conduct: Conduct = Conduct.TAKES
    after_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.bank_code == THIS_BANK:
            raise ValueError("a listed beneficiary is at another bank")
        if self.account_type not in ACCOUNT_TYPES:
            raise ValueError(f"account_type is one of {', '.join(ACCOUNT_TYPES)}, not {self.account_type!r}")
        if not is_transfer_name(self.name_kana):
            raise ValueError(f"a name of 1 to {NAME_LENGTH_MAX} characters of transfers, not {self.name_kana!r}")
        if self.after_seconds is not None and self.conduct is Conduct.TAKES:
            raise ValueError("who takes the money has no time of its own; that is what slow is for")
        if self.after_seconds is not None and not 0 <= self.after_seconds <= AFTER_SECONDS_MAX:
            raise ValueError(f"after_seconds is 0 to {AFTER_SECONDS_MAX}, not {self.after_seconds}")

    @property
    def account(self) -> str:
        """Bank, branch, account type and number: what tells entries apart."""
        return account_key(self.bank_code, self.branch_code, self.account_type, self.account_number)

    def returns(self, name: str, *, length_max: int) -> bool:
        """Say whether money sent to that name, converted and cut to that length, comes back after the settlement.

        The bank checks no name before the execution, so a name that does not match ends as a return.
        """
        return self.conduct in RETURNING or self.name_kana[:length_max].rstrip(" ") != name.rstrip(" ")


def account_key(bank_code: str, branch_code: str, account_type: str, account_number: str) -> str:
    """Return one text for an account at any bank."""
    return f"{bank_code}-{branch_code}-{account_type}-{account_number}"


def is_transfer_name(name: str) -> bool:
    """Say whether a name stands in the characters of transfers as it is, and is not too long."""
    try:
        return len(name) <= NAME_LENGTH_MAX and convert_transfer_text(name) == name
    except ForbiddenCharacter:
        return False

"""What the bank knows of banks and branches. The world brings the list; no data lives here."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A bank: 4-digit code, full name, half-width kana name."""

    code: str
    name: str
    name_kana: str


@dataclass(frozen=True, slots=True)
class BranchEntry:
    """A branch of a bank: 3-digit code, full name, half-width kana name."""

    bank_code: str
    code: str
    name: str
    name_kana: str


class Directory(Protocol):
    """Finds banks and branches by code. Answers must not change while a bank uses it."""

    def find_bank(self, bank_code: str) -> BankEntry | None:
        """Return the bank, or None when the code is not in use."""

    def find_branch(self, bank_code: str, branch_code: str) -> BranchEntry | None:
        """Return the branch, or None when that bank has no such branch."""

"""Banks and branches of Japan for the bank's directory, from the zengin-code package, read file by file when asked for.

Importing that package would read all 1,200 files at once, a third of a second before the first reply.
So it is only located.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

from mock_gmo.bank.directory import BankEntry, BranchEntry
from mock_gmo.bank.kana import convert_transfer_text

PACKAGE: Final = "zengin_code"
DATA: Final = ("source-data", "data")

BANK: Final = "銀行"
# Codes of Japanese banks: city and regional, trust, second regional, and the post office's.
JAPANESE_BANKS: Final = (("0001", "0199"), ("0288", "0399"), ("0501", "0599"), ("9900", "9900"))
FULL_KINDS: Final = {"信金": "信用金庫", "信組": "信用組合", "労金": "労働金庫", "農協": "農業協同組合"}


class ZenginDirectory:
    """The directory as of the installed data. A bank's branches are read at their first use and kept."""

    def __init__(self) -> None:
        spec = find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"the package {PACKAGE} with the directory of banks is not installed")
        self._folder = Path(spec.submodule_search_locations[0], *DATA)
        self._banks: dict[str, Any] | None = None
        self._branches: dict[str, dict[str, Any]] = {}
        self._found_banks: dict[str, BankEntry] = {}
        self._found_branches: dict[tuple[str, str], BranchEntry] = {}
        self._lock = Lock()

    def find_bank(self, bank_code: str) -> BankEntry | None:
        """Return the bank of this 4-digit code, its kana name half-width, or None."""
        found = self._found_banks.get(bank_code)
        if found is None and (row := self._all_banks().get(bank_code)) is not None:
            name_kana = convert_transfer_text(row["kana"])
            found = BankEntry(code=bank_code, name=full_name(bank_code, row["name"]), name_kana=name_kana)
            self._found_banks[bank_code] = found
        return found

    def find_branch(self, bank_code: str, branch_code: str) -> BranchEntry | None:
        """Return the branch of this 3-digit code, its kana name half-width, or None."""
        found = self._found_branches.get((bank_code, branch_code))
        if found is None and (row := self._branches_of(bank_code).get(branch_code)) is not None:
            name_kana = convert_transfer_text(row["kana"])
            found = BranchEntry(bank_code=bank_code, code=branch_code, name=row["name"], name_kana=name_kana)
            self._found_branches[bank_code, branch_code] = found
        return found

    def _all_banks(self) -> dict[str, Any]:
        if self._banks is None:
            with self._lock:
                self._banks = _read(self._folder / "banks.json")
        return self._banks

    def _branches_of(self, bank_code: str) -> dict[str, Any]:
        if bank_code not in self._branches:
            if bank_code not in self._all_banks():
                return {}
            with self._lock:
                self._branches[bank_code] = _read(self._folder / "branches" / f"{bank_code}.json")
        return self._branches[bank_code]


def full_name(bank_code: str, name: str) -> str:
    """Return the full name of a bank for the short one in the data: あおぞら銀行 for あおぞら [GUESS].

    Foreign banks and whatever the data names otherwise keep the name that they have.
    """
    for short, full in FULL_KINDS.items():
        if name.endswith(short):
            return name.removesuffix(short) + full
    is_bank = any(first <= bank_code <= last for first, last in JAPANESE_BANKS)
    return name + BANK if is_bank and not name.endswith(BANK) else name


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    assert isinstance(content, dict), f"{path.name} holds no mapping"
    return content

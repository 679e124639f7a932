"""Banks and branches of Japan, from the data of the zengin-code package: looked up by code, name or kana.

Importing that package would read all its 1,200 files at once, so it is only located; a bank's branches are
read when first asked for.
"""

import json
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = "zengin_code"
BANKS_REMEMBERED = 64  # whose branches stay in memory; the largest have several hundred

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
# The directory's kana has no small letters, as transfers have none.
_SMALL_TO_LARGE = str.maketrans("ァィゥェォャュョッヮヵヶ", "アイウエオヤユヨツワカケ")
_DASHES = str.maketrans(dict.fromkeys("ー－‐‑‒–—―−-", "ー"))


class BankUnknown(LookupError):
    """There is no bank of this code."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A bank or a branch, as the directory writes it."""

    code: str
    name: str
    name_kana: str


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; a member without a value asks for nothing. Names and kana by how they begin."""

    code: str | None = None
    name: str | None = None
    kana: str | None = None


class Directory:
    """The directory as of the installed data. Never changes while the process lives."""

    def __init__(self) -> None:
        spec = find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"the package {PACKAGE} with the directory of banks is not installed")
        self._folder = Path(spec.submodule_search_locations[0], "source-data", "data")
        self._banks = lru_cache(maxsize=1)(lambda: _entries(self._folder / "banks.json"))
        self._branches = lru_cache(maxsize=BANKS_REMEMBERED)(
            lambda bank_code: _entries(self._folder / "branches" / f"{bank_code}.json")
        )

    def banks(self, wanted: Search, *, after: str | None, limit: int) -> tuple[list[Entry], str | None]:
        """Return a page of banks by code, and the code to go on after."""
        return _page(self._banks(), wanted, after=after, limit=limit)

    def branches(
        self, bank_code: str, wanted: Search, *, after: str | None, limit: int
    ) -> tuple[list[Entry], str | None]:
        """Return a page of a bank's branches by code, and the code to go on after. Raises BankUnknown."""
        if self.bank(bank_code) is None:
            raise BankUnknown(bank_code)
        return _page(self._branches(bank_code), wanted, after=after, limit=limit)

    def bank(self, bank_code: str) -> Entry | None:
        """Return the bank of this code."""
        return next((bank for bank in self._banks() if bank.code == bank_code), None)

    def branch(self, bank_code: str, branch_code: str) -> Entry | None:
        """Return a bank's branch of this code."""
        if self.bank(bank_code) is None:
            return None
        return next((branch for branch in self._branches(bank_code) if branch.code == branch_code), None)


def _page(
    entries: tuple[Entry, ...], wanted: Search, *, after: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    name = None if wanted.name is None else unicodedata.normalize("NFKC", wanted.name).strip()
    kana = None if wanted.kana is None else _spoken(wanted.kana)
    found = [
        entry
        for entry in entries
        if (after is None or entry.code > after)
        and (wanted.code is None or entry.code == wanted.code)
        and (name is None or unicodedata.normalize("NFKC", entry.name).startswith(name))
        and (kana is None or _spoken(entry.name_kana).startswith(kana))
    ]
    page = found[:limit]
    return page, page[-1].code if len(found) > limit else None


def _spoken(text: str) -> str:
    """Return kana in one form: full-width katakana, no small letters, one kind of dash."""
    folded = unicodedata.normalize("NFKC", text).strip().translate(_HIRAGANA_TO_KATAKANA)
    return folded.translate(_SMALL_TO_LARGE).translate(_DASHES).upper()


def _entries(path: Path) -> tuple[Entry, ...]:
    content: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
    return tuple(Entry(code=code, name=row["name"], name_kana=row["kana"]) for code, row in sorted(content.items()))

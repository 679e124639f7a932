"""The audit's chain: how a row is written canonically, and how its hash follows from the one before. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `before` and `after` are JSON texts exactly as stored."""

    chain: str
    number: int
    at: datetime
    who: str
    what: str
    subject: str
    before: str | None
    after: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the members of the canonical form."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {name: at if name == "at" else getattr(self, name) for name in _NAMES}


_NAMES = tuple(member.name for member in fields(Entry))


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row of a chain that does not hold, and why."""

    chain: str
    number: int
    reason: str


def entry_hash(previous_hash: str, entry: Entry) -> str:
    """Return SHA-256 over the previous row's hash and this row in canonical JSON."""
    text = json.dumps(entry.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def first_broken(chain: str, rows: Iterable[tuple[Entry, str, str]], *, head: tuple[int, str] | None) -> Broken | None:
    """Return the first row that breaks the chain, or None. `rows`: (row, claimed previous hash, claimed hash)."""
    number, previous = 0, FIRST_HASH
    for entry, claimed_previous, claimed in rows:
        if entry.number != number + 1:
            return Broken(chain, number + 1, "the row is missing")
        if claimed_previous != previous:
            return Broken(chain, entry.number, "it does not follow the row before it")
        if claimed != entry_hash(previous, entry):
            return Broken(chain, entry.number, "it was changed after it was written")
        number, previous = entry.number, claimed
    if head is None:
        return Broken(chain, number, "the head of the chain is missing") if number else None
    if head[0] != number:
        return Broken(chain, number + 1, "the rows up to the head are missing")
    return None if head[1] == previous else Broken(chain, number, "the head names another row")

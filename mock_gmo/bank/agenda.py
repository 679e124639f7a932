"""What falls due and when. What is to be done about it is in execution.py."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, unique
from heapq import heappop, heappush

from mock_gmo.bank.states import Trigger
from mock_gmo.bank.transfers import IdempotencyKey
from mock_gmo.bank.virtual_accounts import VaContractId


@dataclass(frozen=True, slots=True)
class Answer:
    """What another bank or a beneficiary will say to some lines of an application: the trigger of their next move."""

    apply_no: str
    item_ids: tuple[str, ...]
    trigger: Trigger


Subject = str | Answer | IdempotencyKey | VaContractId


@unique
class DueKind(IntEnum):
    """What falls due, in the order in which things of the same instant are done.

    Limits end first, so that what waits for a holder or an approver is dead before its day is looked at; money that
    comes in is there before money that goes out is tried.
    """

    CONFIRMATION_LIMIT = 1
    APPROVAL_LIMIT = 2
    SETTLEMENT = 3
    FUNDS_RETURN = 4
    RECALL_ANSWER = 5
    RESERVED_DAY = 6
    RETRY = 7
    KEY_LIMIT = 8
    VA_EXPIRY = 9
    VA_CONTRACT_END = 10


@dataclass(frozen=True, slots=True)
class Due:
    """One entry; `subject` is an apply number, an answer, a key whose life ends, a virtual account's id or contract."""

    at: datetime
    kind: DueKind
    subject: Subject


Entry = tuple[datetime, DueKind, int, Subject]


@dataclass(slots=True)
class AgendaNotes:
    """What has changed in an agenda: entries by their number, and the numbers of those that were taken."""

    entered: dict[int, Entry] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Agenda:
    """All entries by instant, kind and order of entry. An entry may be stale: whoever takes it looks at the state."""

    _heap: list[Entry] = field(default_factory=list)
    _entries_count: int = 0
    _notes: AgendaNotes | None = field(default=None, init=False, compare=False)

    def add(self, at: datetime, kind: DueKind, subject: Subject) -> None:
        """Enter something that falls due at that instant."""
        self._entries_count += 1
        entry = (at, kind, self._entries_count, subject)
        heappush(self._heap, entry)
        if self._notes is not None:
            self._notes.entered[self._entries_count] = entry

    def take(self, *, until: datetime) -> Due | None:
        """Remove and return the first entry due at that instant or before, or None."""
        if not self._heap or self._heap[0][0] > until:
            return None
        at, kind, number, subject = heappop(self._heap)
        if self._notes is not None and self._notes.entered.pop(number, None) is None:
            self._notes.taken.append(number)
        return Due(at=at, kind=kind, subject=subject)

    def follow(self) -> None:
        """Note what is entered and taken from now on, and forget what was noted before."""
        self._notes = AgendaNotes()

    def take_notes(self) -> AgendaNotes:
        """Return what was entered and taken since the last time."""
        notes = self._notes or AgendaNotes()
        self.follow()
        return notes

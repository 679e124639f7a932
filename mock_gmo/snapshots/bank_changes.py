"""What has changed in a bank's memory since it was last asked, as changes of its snapshot, at the cost of the change.

Only what notes its own changes is told in part. Any other member is told whole whenever its text differs, so that one
that is added to the memory is kept from its first day.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from mock_gmo.bank.agenda import Agenda
from mock_gmo.bank.bank import Bank
from mock_gmo.bank.noting import Filing, GrowingLists
from mock_gmo.bank.postings import BookEntry
from mock_gmo.bank.state import BankState
from mock_gmo.bank.transfers import Event
from mock_gmo.snapshots.banks import MEMBERS, write_memory
from mock_gmo.snapshots.beside import write_visa_cards
from mock_gmo.snapshots.codec import Codec, codec_of
from mock_gmo.snapshots.folding import Change, Path, drop, extend, grow, put, set_to, take


class BankFollower:
    """Follows one bank. Whatever it reads, it reads under the bank's lock, and of one moment."""

    def __init__(self, bank: Bank, at: Path) -> None:
        self._bank, self._at = bank, at
        self._told: dict[Path, str] = {}
        self._postings_count = 0
        self._uses_counts: dict[str, int] = {}

    def begin(self) -> dict[str, Any]:
        """Return the whole memory; changes are told from there on."""
        return self._bank.look(self._begin)

    def changes(self) -> list[Change]:
        """Return the changes since the last time."""
        return self._bank.look(lambda state, unreported: list(self._changes(state, unreported)))

    def _begin(self, state: BankState, unreported: Sequence[Event]) -> dict[str, Any]:
        self._postings_count = state.books.postings_count
        for _ in self._changes(state, unreported):
            # What was noted until here is in the whole.
            pass
        return write_memory(state, unreported)

    def _changes(self, state: BankState, unreported: Sequence[Event]) -> Iterator[Change]:
        for name, hint in MEMBERS.items():
            yield from self._member((*self._at, name), getattr(state, name), hint)
        yield from self._whole((*self._at, "unreported"), unreported, codec_of(list[Event]))
        if self._uses_counts != (counts := {name: card.uses_count for name, card in state.visa_cards.items()}):
            self._uses_counts = counts
            yield set_to((*self._at, "visa_uses"), write_visa_cards(state))
        if (first := self._postings_count) < (count := state.books.postings_count):
            self._postings_count = count
            entry = codec_of(BookEntry)
            yield extend((*self._at, "postings"), [entry.write(it) for it in state.books.entries(first)])

    def _member(self, at: Path, value: Any, hint: Any) -> Iterator[Change]:
        match value:
            case Filing():
                yield from _filed(at, value, *map(codec_of, get_args(hint)))
            case GrowingLists():
                yield from _grown(at, value, *map(codec_of, get_args(hint)))
            case Agenda():
                yield from self._agenda(at, value)
            case _ if is_dataclass(value):
                hints = get_type_hints(type(value))
                # What follows from the rest, and is no argument, is not in a snapshot either.
                for it in (it for it in fields(value) if it.init):
                    yield from self._member((*at, it.name), getattr(value, it.name), hints[it.name])
            case _:
                yield from self._whole(at, value, codec_of(hint))

    def _agenda(self, at: Path, agenda: Agenda) -> Iterator[Change]:
        notes = agenda.take_notes()
        entry = codec_of(get_args(get_type_hints(Agenda)["_heap"])[0])
        if notes.entered:
            yield extend((*at, "heap"), [entry.write(it) for it in notes.entered.values()])
        if notes.taken:
            yield take((*at, "heap"), notes.taken)
        yield from self._whole((*at, "entries_count"), agenda._entries_count, codec_of(int))

    def _whole(self, at: Path, value: Any, codec: Codec) -> Iterator[Change]:
        written = codec.write(value)
        text = json.dumps(written, ensure_ascii=False)
        if self._told.get(at) != text:
            self._told[at] = text
            yield set_to(at, written)


def _filed(at: Path, filing: Filing[Any, Any], keys: Codec, items: Codec) -> Iterator[Change]:
    dropped, changed = filing.take_notes()
    if dropped:
        yield drop(at, [keys.write(key) for key in dropped])
    if changed:
        yield put(at, [[keys.write(key), items.write(filing[key])] for key in changed])


def _grown(at: Path, lists: GrowingLists[Any, Any], keys: Codec, items: Codec) -> Iterator[Change]:
    if added := lists.take_notes():
        yield grow(at, [[keys.write(key), [items.write(it) for it in new]] for key, new in added])

"""What has changed in one world's state since it was last asked, as changes of its snapshot."""

from collections.abc import Mapping
from typing import Any

from mock_gmo.snapshots.bank_changes import BankFollower
from mock_gmo.snapshots.document import FORMAT, PARTS_AFTER_BANK, PARTS_BEFORE_BANK, PARTS_WITH_BANK, VERSION, SmallPart
from mock_gmo.snapshots.folding import Change, set_to
from mock_gmo.state import WorldState


class Follower:
    """Follows one state, alone. A world that has gone to another state needs another follower. Not locked."""

    def __init__(self, state: WorldState) -> None:
        self.state = state
        self._bank = BankFollower(state.bank, ("bank",))
        self._told: dict[str, Any] = {}

    def begin(self) -> dict[str, Any]:
        """Return the whole snapshot, without the journal; changes are told from there on."""
        return {
            "format": FORMAT,
            "version": VERSION,
            **self._changed(PARTS_BEFORE_BANK),
            **self.state.bank.look(lambda *_: self._begin_bank_and_messages()),
            **self._changed(PARTS_AFTER_BANK),
            "journal": [],
        }

    def changes(self) -> list[Change]:
        """Return the changes since the last time: folded into what was told before, they give the present snapshot."""
        before = self._changed(PARTS_BEFORE_BANK)
        bank, messages = self.state.bank.look(lambda *_: (self._bank.changes(), self._changed(PARTS_WITH_BANK)))
        after = self._changed(PARTS_AFTER_BANK)
        return [*bank, *(set_to((name,), value) for name, value in (before | messages | after).items())]

    def _begin_bank_and_messages(self) -> dict[str, Any]:
        return {"bank": self._bank.begin(), **self._changed(PARTS_WITH_BANK)}

    def _changed(self, parts: Mapping[str, SmallPart]) -> dict[str, Any]:
        changed = {}
        for name, part in parts.items():
            memory = part.look(self.state)
            if name not in self._told or self._told[name] != memory:
                self._told[name] = memory
                changed[name] = part.write(memory)
        return changed

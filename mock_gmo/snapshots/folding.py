"""Changes of a JSON document, and a document with its changes folded in. What the document means is not asked.

A mapping whose keys are no texts is a list of pairs in the document; a numbered list holds its number in each item.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from mock_gmo.snapshots.codec import SnapshotError

Path = tuple[str, ...]
Change = list[Any]  # as it stands in a file: what to do, where, with what

NUMBER_PLACE: Final = 2  # in an item of a numbered list, an entry of the agenda


def set_to(at: Path, value: Any) -> Change:
    """The member becomes this value."""
    return ["set", list(at), value]


def put(at: Path, pairs: list[list[Any]]) -> Change:
    """The mapping holds these values under these keys; a new key comes last."""
    return ["put", list(at), pairs]


def drop(at: Path, keys: list[Any]) -> Change:
    """The mapping no longer holds these keys."""
    return ["drop", list(at), keys]


def extend(at: Path, items: list[Any]) -> Change:
    """The list goes on with these items."""
    return ["extend", list(at), items]


def grow(at: Path, additions: list[list[Any]]) -> Change:
    """The lists under these keys go on with these items; a new key begins one, last."""
    return ["grow", list(at), additions]


def take(at: Path, numbers: list[int]) -> Change:
    """The numbered list no longer holds the items of these numbers, which never come again."""
    return ["take", list(at), numbers]


class Folding:
    """One document while changes are folded in, each at the cost of the change; `finish` gives the document back."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._tables: dict[Path, dict[str, list[Any]]] = {}
        self._taken: dict[Path, set[int]] = {}

    def fold(self, changes: Iterable[Any]) -> None:
        """Fold changes in, in their order. Raises SnapshotError for what is no change of this document."""
        for change in changes:
            try:
                kind, at, content = change
                self._fold(kind, tuple(at), content)
            except (LookupError, TypeError, ValueError, AttributeError) as unusable:
                raise SnapshotError("", f"a change of the document: {unusable}") from unusable

    def finish(self) -> dict[str, Any]:
        """Return the document with all changes."""
        for at, table in self._tables.items():
            self._holder(at)[at[-1]] = list(table.values())
        for at, numbers in self._taken.items():
            holder = self._holder(at)
            holder[at[-1]] = [item for item in holder[at[-1]] if item[NUMBER_PLACE] not in numbers]
        return self._document

    def _fold(self, kind: str, at: Path, content: Any) -> None:
        match kind:
            case "set":
                self._holder(at)[at[-1]] = content
            case "put":
                for key, value in content:
                    self._put(at, key, value)
            case "drop":
                for key in content:
                    self._drop(at, key)
            case "extend":
                self._member(at).extend(content)
            case "grow":
                for key, items in content:
                    self._list(at, key).extend(items)
            case "take":
                self._taken.setdefault(at, set()).update(content)
            case _:
                raise ValueError(f"no change is called {kind!r}")

    def _put(self, at: Path, key: Any, value: Any) -> None:
        if self._is_paired(at):
            self._table(at)[_name(key)] = [key, value]
        else:
            self._member(at)[key] = value

    def _drop(self, at: Path, key: Any) -> None:
        if self._is_paired(at):
            del self._table(at)[_name(key)]
        else:
            del self._member(at)[key]

    def _list(self, at: Path, key: Any) -> list[Any]:
        if self._is_paired(at):
            found: list[Any] = self._table(at).setdefault(_name(key), [key, []])[1]
        else:
            found = self._member(at).setdefault(key, [])
        return found

    def _is_paired(self, at: Path) -> bool:
        return isinstance(self._member(at), list)

    def _table(self, at: Path) -> dict[str, list[Any]]:
        if at not in self._tables:
            self._tables[at] = {_name(pair[0]): pair for pair in self._member(at)}
        return self._tables[at]

    def _member(self, at: Path) -> Any:
        return self._holder(at)[at[-1]]

    def _holder(self, at: Path) -> Any:
        holder: Any = self._document
        for name in at[:-1]:
            holder = holder[name]
        return holder


def _name(key: Any) -> str:
    return json.dumps(key)

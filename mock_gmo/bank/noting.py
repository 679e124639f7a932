"""Collections that can tell what has changed in them since somebody asked, so that writing a change costs a change.

They note nothing until somebody follows them. What may stand in them never changes in place: who changes a value
files another one.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Filing(dict[K, V]):
    """A dict that notes which keys were put into it and which were taken out."""

    __slots__ = ("_dropped", "_put")

    def __init__(self, content: Iterable[tuple[K, V]] | dict[K, V] = ()) -> None:
        super().__init__(content)
        # The keys put in since the last notes, and whether they were not there before.
        self._put: dict[K, bool] | None = None
        self._dropped: dict[K, None] = {}

    def follow(self) -> None:
        """Note every change from now on, and forget those noted before."""
        self._put, self._dropped = {}, {}

    def take_notes(self) -> tuple[list[K], list[K]]:
        """Return the keys taken out and the keys put in since the last time; first the ones, then the others.

        Dropping the former and then putting the latter, in their order, into a copy makes it equal in order as well.
        """
        dropped, put = list(self._dropped), list(self._put or ())
        self.follow()
        return dropped, put

    def __setitem__(self, key: K, value: V) -> None:
        if self._put is not None:
            if key not in self:
                self._put[key] = True
            else:
                self._put.setdefault(key, False)
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        super().__delitem__(key)
        if self._put is not None:
            is_new = self._put.pop(key, False)
            if not is_new:
                self._dropped[key] = None

    def pop(self, key: K, *default: V) -> V:  # type: ignore[override]
        """Take a key out and return its value, or the default. Raises KeyError."""
        if key not in self and default:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def setdefault(self, key: K, default: V) -> V:
        """Return the value under the key, which is the default when there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, content: Iterable[tuple[K, V]]) -> None:  # type: ignore[override]
        """Put in all pairs."""
        for key, value in content:
            self[key] = value

    def _refuse(self, *_: object) -> None:
        raise TypeError("a filing has no such way to change, for it would go unnoted")

    clear = popitem = __ior__ = _refuse  # type: ignore[assignment]


class GrowingLists(Generic[K, V], dict[K, list[V]]):
    """Lists under keys that only ever grow at their end, by `add`; notes by how much."""

    __slots__ = ("_added",)

    def __init__(self, content: Iterable[tuple[K, list[V]]] | dict[K, list[V]] = ()) -> None:
        super().__init__(content)
        self._added: dict[K, int] | None = None

    def add(self, key: K, item: V) -> None:
        """Add an item at the end of the key's list."""
        if key not in self:
            self[key] = []
        self[key].append(item)
        if self._added is not None:
            self._added[key] = self._added.get(key, 0) + 1

    def follow(self) -> None:
        """Note every addition from now on, and forget those noted before."""
        self._added = {}

    def take_notes(self) -> list[tuple[K, list[V]]]:
        """Return what was added since the last time, key by key."""
        notes = [(key, self[key][-count:]) for key, count in (self._added or {}).items()]
        self.follow()
        return notes

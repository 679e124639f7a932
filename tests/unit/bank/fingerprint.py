"""A deep picture of a bank's whole memory, for comparing it before and after a call."""

from array import array
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.calendar import BusinessCalendar
from tests.unit.bank.building import SmallDirectory

# Where the bank gets its facts from; neither is part of what it remembers.
SOURCES = (BusinessCalendar, SmallDirectory)
ATOMS = frozenset({str, int, bool, type(None), date, datetime})


def fingerprint(bank: Bank) -> Any:
    """Return plain, comparable values for everything the bank holds, in its order, except its lock."""
    return {name: _plain(value) for name, value in vars(bank).items() if name != "_lock"}


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in ATOMS:
        return value
    if slots := _slots(kind):
        return (kind.__name__, [(name, _plain(getattr(value, name))) for name in slots])
    if isinstance(value, SOURCES):
        return kind.__name__
    if isinstance(value, Mapping):
        return [(_plain(key), _plain(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque | array):
        return [_plain(item) for item in value]
    return value


@cache
def _slots(kind: type) -> tuple[str, ...]:
    """Return the members of one of the bank's own values; nothing for any other kind."""
    if not kind.__module__.startswith("mock_gmo") or issubclass(kind, (*SOURCES, Mapping, list, tuple)):
        return ()
    return tuple(name for owner in kind.__mro__ for name in getattr(owner, "__slots__", ()))

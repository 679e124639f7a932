"""A deep picture of a bank's whole memory, for comparing it before and after a call."""

from array import array
from collections import deque
from collections.abc import Mapping
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.calendar import BusinessCalendar
from tests.unit.bank.building import SmallDirectory

# Where the bank gets its facts from; neither is part of what it remembers.
SOURCES = (BusinessCalendar, SmallDirectory)


def fingerprint(bank: Bank) -> Any:
    """Return plain, comparable values for everything the bank holds, in its order, except its lock."""
    return {name: _plain(value) for name, value in vars(bank).items() if name != "_lock"}


def _plain(value: Any) -> Any:
    if isinstance(value, SOURCES):
        return type(value).__name__
    if isinstance(value, Mapping):
        return [(_plain(key), _plain(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque | array):
        return [_plain(item) for item in value]
    slots = [name for owner in type(value).__mro__ for name in getattr(owner, "__slots__", ())]
    if slots and type(value).__module__.startswith("mock_gmo"):
        return (type(value).__name__, [(name, _plain(getattr(value, name))) for name in slots])
    return value

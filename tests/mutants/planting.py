"""Planting one mistake in a program that is running, and pulling it out again without a trace.

A mistake replaces what a program really uses: a function in every module that imported it, a method, a row of a
table, a constant. A place that does not exist any more is an error, so that no mistake rots into a harmless one.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any

PROGRAMS = ("integrator", "mock_gmo")
BESIDE = "tests.simulation"  # it steps the workers itself, and so has imported what it steps
LEFT_OUT = ("__main__", ".migrations.")  # nothing can be planted where importing already does the work
_MISSING = object()


class Hunter(StrEnum):
    """Who looks for a mistake."""

    WORLD = "world"  # the world under a seed: nothing is known of the mistake, only that money must be right
    SUITE = "suite"  # the tests of `make test` that stand in the places named


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong program: what it does wrong in a sentence, and how it is planted.

    `grounds` are the paths of tests in which it is hunted, the likeliest first; without any, the world must find it.
    """

    name: str
    says: str
    plant: Callable[[], AbstractContextManager[object]]
    grounds: tuple[str, ...] = ()

    @property
    def hunter(self) -> Hunter:
        return Hunter.SUITE if self.grounds else Hunter.WORLD


class NoSuchPlace(Exception):
    """A mistake wants to be planted where nothing stands; expected: the place named in the catalogue."""


def load_programs() -> None:
    """Import every module of both programs, so that a mistake reaches each place that imported what it replaces."""
    for program in PROGRAMS:
        package = importlib.import_module(program)
        for found in pkgutil.walk_packages(package.__path__, f"{program}."):
            if not any(part in f"{found.name}." for part in LEFT_OUT):
                importlib.import_module(found.name)


@contextmanager
def everywhere(home: ModuleType, name: str, new: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what `home.name` is by `new(old)` in each module of the programs that knows it by this name."""
    old = _get(home, name)
    changed = new(old)
    with ExitStack() as planted:
        for module_name, module in sorted(sys.modules.items()):
            is_meant = module_name.split(".")[0] in PROGRAMS or module_name.startswith(BESIDE)
            if is_meant and getattr(module, name, _MISSING) is old:
                planted.enter_context(_set(module, name, changed))
        yield


@contextmanager
def member(owner: type, name: str, new: Callable[[Any], Any]) -> Iterator[None]:
    """Replace a method of a class by `new(old)`. A static method or property comes and goes as such."""
    if name not in vars(owner):
        raise NoSuchPlace(f"{owner.__module__}.{owner.__qualname__} has no {name} of its own")
    with _set(owner, name, new(vars(owner)[name])):
        yield


@contextmanager
def row(table: MutableMapping[Any, Any], key: Any, new: Any) -> Iterator[None]:
    """Replace one row of a table, which every module shares."""
    if key not in table:
        raise NoSuchPlace(f"the table has no row {key!r}")
    old = table[key]
    table[key] = new
    try:
        yield
    finally:
        table[key] = old


@contextmanager
def together(*plants: AbstractContextManager[object]) -> Iterator[None]:
    """Plant several replacements that make one mistake only together."""
    with ExitStack() as stack:
        for plant in plants:
            stack.enter_context(plant)
        yield


def _get(owner: object, name: str) -> Any:
    found = getattr(owner, name, _MISSING)
    if found is _MISSING:
        raise NoSuchPlace(f"{owner!r} has no {name}")
    return found


@contextmanager
def _set(owner: Any, name: str, value: Any) -> Iterator[None]:
    old = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, old)

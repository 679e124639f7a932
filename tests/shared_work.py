"""What every application and every database of a test would work out anew, worked out once a process or only when used.

Nothing that a program answers depends on it: statements become the same SQL, paths the same URLs.
"""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Final

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS_MAX: Final = 2000

Builder = Callable[..., tuple[str, str]]


class Statements(MutableMapping[Any, Any]):
    """Compiled statements, which all engines of one kind share: their dialects differ by identity alone."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(STATEMENTS_MAX)

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_of_kind(key)]

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._kept[_of_kind(key)] = compiled

    def __delitem__(self, key: Any) -> None:
        del self._kept[_of_kind(key)]

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what is kept, without the price of an exception for what is not."""
        return self._kept.get(_of_kind(key), default)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


class LateRule(Rule):
    """A path whose builder of URLs is written when somebody builds one; routing needs none."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        write = super()._compile_builder
        written: list[Builder] = []

        def build(*given: Any, **named: Any) -> tuple[str, str]:
            if not written:
                written.append(write(append_unknown))
            return written[0](*given, **named)

        return build


def share_work() -> None:
    """From now on every application and engine of this process does so."""
    Flask.url_rule_class = LateRule
    statements = Statements()

    @event.listens_for(Engine, "engine_connect")
    def share_statements(connection: Connection) -> None:
        connection.execution_options(compiled_cache=statements)


def _of_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return (dialect.name, dialect.driver, *rest)

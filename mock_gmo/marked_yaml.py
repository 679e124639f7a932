"""YAML files read so that every complaint says file, line, field, what was expected and what came.

Only the reading: which fields a file has is known by the loaders of scenarios and environments.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, TypeVar

import yaml

from mock_gmo.secret import Secret

T = TypeVar("T")

FILE_LENGTH_MAX: Final = 1_000_000
TEXT_LENGTH_MAX: Final = 1_000
_LOADER: Final[type] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,2}(?:_[0-9]{3})+|[1-9][0-9]{0,17})")
_KINDS: Final[dict[str, str]] = {
    "tag:yaml.org,2002:str": "a text",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number with a fraction",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:seq": "a list",
    "tag:yaml.org,2002:map": "a mapping",
}


class DocumentError(ValueError):
    """A file cannot be used. `file`, `line` (from 1) and `field` say where; the message says what to mend."""

    def __init__(self, message: str, *, file: str, line: int | None = None, field: str = "") -> None:
        place = file if line is None else f"{file}, line {line}"
        super().__init__(f"{place}: {field}: {message}" if field else f"{place}: {message}")
        self.file = file
        self.line = line
        self.field = field


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a document with its place in it."""

    node: yaml.Node
    file: str
    field: str
    error: type[DocumentError]

    def fault(self, expected: str, *, came: str | None = None) -> DocumentError:
        """Return, not raise, the complaint about this value."""
        message = f"expected {expected}, came {came if came is not None else self._what_came()}"
        return self.error(message, file=self.file, line=self.node.start_mark.line + 1, field=self.field)

    def members(self, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, "Entry"]:
        """Return the members of a mapping. Unknown, repeated and missing names are faults."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fault("a mapping")
        known = (*required, *optional)
        members: dict[str, Entry] = {}
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            entry = self._child(key, f"{self.field}.{name}" if self.field else name)
            if name not in known:
                raise entry.fault(f"one of {', '.join(known)}", came=f"the name {name!r}")
            if name in members:
                raise entry.fault("every name once", came=f"{name!r} again")
            members[name] = self._child(value, entry.field)
        for name in required:
            if name not in members:
                raise self.fault(f"the member {name!r}", came="a mapping without it")
        return members

    def items(self, *, at_least: int = 0, at_most: int = 10_000) -> tuple["Entry", ...]:
        """Return the items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fault("a list")
        count = len(self.node.value)
        if not at_least <= count <= at_most:
            raise self.fault(f"{at_least} to {at_most} items", came=str(count))
        return tuple(self._child(item, f"{self.field}[{number}]") for number, item in enumerate(self.node.value))

    def text(self, expected: str = "a text", *, pattern: str = r".+", hidden: bool = False) -> str:
        """Return a text that `pattern` matches from end to end; `hidden` keeps the value out of the complaint."""
        came = "another value (not shown)" if hidden else None
        if not self._is("str") or len(self.node.value) > TEXT_LENGTH_MAX:
            raise self.fault(f"{expected} (in quotes when it looks like a number)", came=came)
        if re.fullmatch(pattern, self.node.value) is None:
            raise self.fault(expected, came=came)
        return str(self.node.value)

    def secret(self, expected: str, *, pattern: str) -> Secret:
        """Return a text that must not be printed."""
        return Secret(self.text(expected, pattern=pattern, hidden=True))

    def integer(self, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`; underscores may part the thousands."""
        expected = f"a whole number from {low} to {high}"
        if not self._is("int") or _INTEGER.fullmatch(self.node.value) is None:
            raise self.fault(expected)
        number = int(self.node.value.replace("_", ""))
        if not low <= number <= high:
            raise self.fault(expected)
        return number

    def flag(self) -> bool:
        """Return true or false; yes, no, on and off are faults."""
        if not self._is("bool") or self.node.value not in ("true", "false"):
            raise self.fault("true or false")
        return bool(self.node.value == "true")

    def one_of(self, allowed: tuple[str, ...]) -> str:
        """Return one of the texts `allowed`."""
        expected = f"one of {', '.join(allowed)}"
        text = self.text(expected)
        if text not in allowed:
            raise self.fault(expected)
        return text

    def civil_date(self) -> date:
        """Return a date written as 2026-04-01."""
        return self._read(date.fromisoformat, r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-04-01")

    def clock_time(self) -> time:
        """Return a time of day written as "10:15" or "10:15:30"."""
        pattern = r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
        return self._read(time.fromisoformat, pattern, 'a time such as "10:15"')

    def instant(self) -> datetime:
        """Return an instant written with its offset: 2026-04-01T09:00:00+09:00."""
        pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})"
        return self._read(datetime.fromisoformat, pattern, "an instant such as 2026-04-01T09:00:00+09:00")

    def converted(self, convert: Callable[[str], T], expected: str) -> T:
        """Return a text turned into a value by `convert`; its ValueError is a fault."""
        text = self.text(expected)
        try:
            return convert(text)
        except ValueError as unreadable:
            raise self.fault(expected) from unreadable

    def _read(self, convert: Callable[[str], T], pattern: str, expected: str) -> T:
        # The form decides, not YAML's own guess: unquoted dates and times resolve to several kinds.
        if not isinstance(self.node, yaml.ScalarNode) or re.fullmatch(pattern, self.node.value) is None:
            raise self.fault(expected)
        try:
            return convert(self.node.value)
        except ValueError as impossible:
            raise self.fault(expected) from impossible

    def _is(self, kind: str) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == f"tag:yaml.org,2002:{kind}"

    def _child(self, node: yaml.Node, field: str) -> "Entry":
        return Entry(node, self.file, field, self.error)

    def _what_came(self) -> str:
        kind = _KINDS.get(self.node.tag, "something else")
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag.endswith(":null"):
            return kind
        return f"{kind}: {str(self.node.value)[:60]!r}"


def read_document(text: str, *, file: str, error: type[DocumentError]) -> Entry:
    """Return the root of the one YAML document in `text`. Raises `error` for broken YAML, with its line."""
    if len(text) > FILE_LENGTH_MAX:
        raise error(f"expected at most {FILE_LENGTH_MAX} characters, came {len(text)}", file=file)
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(broken, "problem", None) or "unreadable characters"
        raise error(f"expected one YAML document, came {problem}", file=file, line=line) from broken
    if root is None:
        raise error("expected a mapping, came an empty file", file=file, line=1)
    return Entry(root, file, "", error)

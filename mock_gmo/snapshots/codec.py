"""Values to plain JSON and back, by their type hints: a new dataclass needs nothing here. What they mean is not asked.

Reading believes nothing: every member must be there, none may be unknown, and every fault names its place.
"""

import types
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from mock_gmo.bank.noting import Filing, GrowingLists
from mock_gmo.secret import Secret

EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2399
INTEGER_MAX: Final = 2**62
TEXT_MAX: Final = 1_000_000
CAME_LENGTH_MAX: Final = 60

Writer = Callable[[Any], Any]
Reader = Callable[[Any, str], Any]


class SnapshotError(ValueError):
    """A snapshot cannot be used: `at` is the JSON pointer of the fault, the message says what was expected."""

    def __init__(self, at: str, expected: str) -> None:
        super().__init__(f"{at or '/'}: expected {expected}")
        self.at = at or "/"
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Codec:
    """How the values of one type are written and read; `accepts` tells which member of a union a value is."""

    write: Writer
    read: Reader
    accepts: Callable[[Any], bool]


@cache
def codec_of(hint: Any) -> Codec:
    """Return the codec of a type hint. Raises TypeError for a type that has none, which is a bug of ours."""
    hint = type(None) if hint is None else hint
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(hint, arguments)
    if origin is Literal:
        return Codec(_same, _choice(arguments), lambda value: value in arguments)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](*arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    raise TypeError(f"a snapshot has no way to write {hint!r}")


def read_members(content: Any, at: str, names: frozenset[str]) -> Mapping[str, Any]:
    """Return an object that has exactly these members. Raises SnapshotError."""
    members: Mapping[str, Any] = _expect(content, dict, at, "an object")
    if missing := sorted(names - members.keys()):
        raise SnapshotError(f"{at}/{missing[0]}", "this member, and it is missing")
    if unknown := sorted(members.keys() - names):
        raise SnapshotError(f"{at}/{_escape(unknown[0])}", "no such member")
    return members


def _same(value: Any) -> Any:
    return value


def _expect(content: Any, kind: type, at: str, expected: str) -> Any:
    # A truth value is an int to Python, and to nobody else.
    if not isinstance(content, kind) or (isinstance(content, bool) and kind is not bool):
        raise SnapshotError(at, expected)
    return content


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:CAME_LENGTH_MAX]


def _read_text(content: Any, at: str) -> str:
    text: str = _expect(content, str, at, "a text")
    if len(text) > TEXT_MAX:
        raise SnapshotError(at, f"at most {TEXT_MAX} characters")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise SnapshotError(at, "whole characters, no half of a surrogate pair")
    return text


def _read_integer(content: Any, at: str) -> int:
    number: int = _expect(content, int, at, "a whole number")
    if abs(number) > INTEGER_MAX:
        raise SnapshotError(at, f"a whole number up to {INTEGER_MAX}")
    return number


def _read_number(content: Any, at: str) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float) or not abs(content) <= INTEGER_MAX:
        raise SnapshotError(at, f"a number up to {INTEGER_MAX}")
    return float(content)


def _read_instant(content: Any, at: str) -> datetime:
    expected = f"an instant with its offset, {EARLIEST_YEAR} to {LATEST_YEAR}"
    try:
        instant = datetime.fromisoformat(_expect(content, str, at, expected))
        # Before it is turned into UTC: the turn itself fails at both ends of the calendar.
        if instant.tzinfo is None or not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
            raise SnapshotError(at, expected)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as unreadable:
        raise SnapshotError(at, expected) from unreadable


def _read_date(content: Any, at: str) -> date:
    expected = f"a date such as 2026-04-01, {EARLIEST_YEAR} to {LATEST_YEAR}"
    try:
        day = date.fromisoformat(_expect(content, str, at, expected))
    except ValueError as unreadable:
        raise SnapshotError(at, expected) from unreadable
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise SnapshotError(at, expected)
    return day


def _parsed(parse: Callable[[str], Any], expected: str) -> Reader:
    def read(content: Any, at: str) -> Any:
        try:
            return parse(_expect(content, str, at, expected))
        except ValueError as unreadable:
            raise SnapshotError(at, expected) from unreadable

    return read


def _write_bytes(value: bytes) -> Any:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def _read_bytes(content: Any, at: str) -> bytes:
    if isinstance(content, str):
        return _read_text(content, at).encode()
    members = read_members(content, at, frozenset({"hex"}))
    octets: bytes = _parsed(bytes.fromhex, "hexadecimal digits")(members["hex"], f"{at}/hex")
    return octets


def _choice(choices: tuple[Any, ...]) -> Reader:
    def read(content: Any, at: str) -> Any:
        if content not in choices:
            raise SnapshotError(at, f"one of {', '.join(map(str, choices))}")
        return content

    return read


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _only(kind: type, expected: str) -> Reader:
    return lambda content, at: _expect(content, kind, at, expected)


def _network() -> Codec:
    return Codec(str, _parsed(ip_network, "a network such as 192.0.2.0/24"), _is((IPv4Network, IPv6Network)))  # type: ignore[arg-type]


_PLAIN: Final[dict[Any, Codec]] = {
    str: Codec(_same, _read_text, _is(str)),
    bool: Codec(_same, _only(bool, "true or false"), _is(bool)),
    int: Codec(_same, _read_integer, _is(int)),
    float: Codec(_same, _read_number, _is(float)),
    type(None): Codec(_same, _only(type(None), "null"), _is(type(None))),
    bytes: Codec(_write_bytes, _read_bytes, _is(bytes)),
    datetime: Codec(lambda at: at.isoformat(), _read_instant, _is(datetime)),
    date: Codec(lambda day: day.isoformat(), _read_date, _is(date)),
    time: Codec(lambda at: at.isoformat(), _parsed(time.fromisoformat, "a time such as 09:00"), _is(time)),
    Secret: Codec(lambda secret: secret.reveal(), lambda it, at: Secret(_read_text(it, at)), _is(Secret)),
    IPv4Network | IPv6Network: _network(),
}


def _enum(kind: type[Enum]) -> Codec:
    by_name = {member.name: member for member in kind}
    expected = f"one of {', '.join(by_name)}"

    def read(content: Any, at: str) -> Any:
        if not isinstance(content, str) or content not in by_name:
            raise SnapshotError(at, expected)
        return by_name[content]

    return Codec(lambda member: member.name, read, _is(kind))


def _record(kind: type) -> Codec:
    hints = get_type_hints(kind)
    # A member that a class keeps to itself has an underscore, which is nobody's business outside.
    members = [(it.name, it.name.lstrip("_"), codec_of(hints[it.name])) for it in fields(kind) if it.init]
    names = frozenset(told for _, told, _ in members)

    def write(value: Any) -> Any:
        return {told: codec.write(getattr(value, name)) for name, told, codec in members}

    def read(content: Any, at: str) -> Any:
        came = read_members(content, at, names)
        values = {name: codec.read(came[told], f"{at}/{told}") for name, told, codec in members}
        try:
            return kind(**values)
        except SnapshotError:
            raise
        except ValueError as impossible:
            raise SnapshotError(at, f"a {kind.__name__} that can be: {impossible}") from impossible

    return Codec(write, read, _is(kind))


def _union(hint: Any, members: tuple[Any, ...]) -> Codec:
    codecs = [codec_of(member) for member in members]
    telling = [codec_of(member) for member in members if member is not type(None)]

    def write(value: Any) -> Any:
        for codec in codecs:
            if codec.accepts(value):
                return codec.write(value)
        raise TypeError(f"{type(value).__name__} is no {hint}")

    def read(content: Any, at: str) -> Any:
        if content is None and type(None) in members:
            return None
        faults = []
        for codec in telling:
            try:
                return codec.read(content, at)
            except SnapshotError as fault:
                faults.append(fault)
        # The fault that lies deepest belongs to the member that was meant.
        raise max(faults, key=lambda fault: fault.at.count("/"))

    return Codec(write, read, lambda value: any(codec.accepts(value) for codec in codecs))


def _sequence(make: Callable[[list[Any]], Any], kind: type) -> Callable[..., Codec]:
    def build(item: Any, *_: Any) -> Codec:
        codec = codec_of(item)

        def read(content: Any, at: str) -> Any:
            items = _expect(content, list, at, "a list")
            return make([codec.read(value, f"{at}/{index}") for index, value in enumerate(items)])

        return Codec(lambda values: [codec.write(value) for value in values], read, _is(kind))

    return build


def _set(item: Any) -> Codec:
    listed = _sequence(frozenset, frozenset)(item)
    return Codec(lambda values: sorted(listed.write(values)), listed.read, _is(frozenset))


def _tuple(*items: Any) -> Codec:
    if items[-1] is Ellipsis:
        return _sequence(tuple, tuple)(items[0])
    codecs = [codec_of(item) for item in items]

    def write(values: Any) -> Any:
        return [codec.write(value) for codec, value in zip(codecs, values, strict=True)]

    def read(content: Any, at: str) -> Any:
        values = _expect(content, list, at, "a list")
        if len(values) != len(codecs):
            raise SnapshotError(at, f"a list of {len(codecs)}")
        return tuple(
            codec.read(value, f"{at}/{index}") for index, (codec, value) in enumerate(zip(codecs, values, strict=True))
        )

    return Codec(write, read, _is(tuple))


def _mapping(key: Any, item: Any) -> Codec:
    keys, items = codec_of(key), codec_of(item)
    if key not in (str, date):
        return _pairs(keys, items)

    def read(content: Any, at: str) -> Any:
        members = _expect(content, dict, at, "an object")
        return {
            keys.read(name, f"{at}/{_escape(name)}"): items.read(value, f"{at}/{_escape(name)}")
            for name, value in members.items()
        }

    return Codec(lambda value: {keys.write(k): items.write(v) for k, v in value.items()}, read, _is(dict))


def _pairs(keys: Codec, items: Codec) -> Codec:
    """A mapping whose keys are no texts is a list of pairs."""

    def read(content: Any, at: str) -> Any:
        found: dict[Hashable, Any] = {}
        for index, pair in enumerate(_expect(content, list, at, "a list of pairs")):
            if not isinstance(pair, list) or len(pair) != 2:
                raise SnapshotError(f"{at}/{index}", "a key and its value")
            key = keys.read(pair[0], f"{at}/{index}/0")
            if key in found:
                raise SnapshotError(f"{at}/{index}/0", "every key once")
            found[key] = items.read(pair[1], f"{at}/{index}/1")
        return found

    return Codec(lambda value: [[keys.write(k), items.write(v)] for k, v in value.items()], read, _is(dict))


def _counter(key: Any) -> Codec:
    counted = _mapping(key, int)
    return Codec(counted.write, lambda content, at: Counter(counted.read(content, at)), _is(Counter))


def _filing(key: Any, item: Any) -> Codec:
    kept = _mapping(key, item)
    return Codec(kept.write, lambda content, at: Filing(kept.read(content, at)), kept.accepts)


def _growing_lists(key: Any, item: Any) -> Codec:
    kept = _mapping(key, list[item])
    return Codec(kept.write, lambda content, at: GrowingLists(kept.read(content, at)), kept.accepts)


_CONTAINERS: Final[dict[Any, Callable[..., Codec]]] = {
    list: _sequence(list, list),
    deque: _sequence(deque, deque),
    tuple: _tuple,
    frozenset: _set,
    dict: _mapping,
    Mapping: _mapping,
    Counter: _counter,
    Filing: _filing,
    GrowingLists: _growing_lists,
}

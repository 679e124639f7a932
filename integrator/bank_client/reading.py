"""Reading JSON of the bank member by member: lenient in form, strict in meaning. No endpoint is known here.

Lenient: unknown members are ignored, an empty or null member is an absent one, counts and amounts may be
numbers or strings, flags booleans or strings. Whatever still cannot be read is Unreadable, never a default.
Source: quirks.md, what a production client should do.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

JSONObject = Mapping[str, Any]

APPLY_NO = re.compile(r"[0-9]{16}")
ACCOUNT_ID = re.compile(r"[A-Za-z0-9]{12,29}")
CODE = re.compile(r"[0-9]{1,4}")
AMOUNT = re.compile(r"-?[0-9]{1,20}")
YEN_MAX = 10**15  # a thousand times all there is in Japan, and still fits every column
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,6})?")
COUNT = re.compile(r"[0-9]{1,7}")
ITEM_KEY = re.compile(r"[A-Za-z0-9]{1,24}")
ERROR_CODE = re.compile(r"[A-Za-z0-9_]{1,32}")
ANY_TEXT = re.compile(r".*", re.DOTALL)

_FLAGS = {"true": True, "false": False}


class Unreadable(ValueError):
    """A reply does not say what it must. The message names the member, never its value."""


def read_object(body: bytes) -> JSONObject:
    """Return the JSON object that `body` is. Raises Unreadable, also for a member that stands there twice."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON text") from None
    return as_object(value, "the body")


def as_object(value: Any, name: str) -> JSONObject:
    """Return `value` when it is a JSON object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is no object")
    return value


def find_text(members: JSONObject, name: str, form: re.Pattern[str] = ANY_TEXT) -> str | None:
    """Return a member as text; None when it is absent, null or empty. Raises Unreadable when it breaks `form`."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not form.fullmatch(value) or not _is_writable(value):
        raise Unreadable(f"{name} has another form than documented")
    return value


def need_text(members: JSONObject, name: str, form: re.Pattern[str] = ANY_TEXT) -> str:
    """Return a member that must be there. Raises Unreadable."""
    value = find_text(members, name, form)
    if value is None:
        raise Unreadable(f"{name} is missing")
    return value


def find_yen(members: JSONObject, name: str) -> int | None:
    """Return whole yen, with a minus where the bank sends one. Raises Unreadable."""
    digits = find_text(members, name, AMOUNT)
    return None if digits is None else _yen(digits, name)


def need_yen(members: JSONObject, name: str) -> int:
    """Return whole yen that must be there. Raises Unreadable."""
    return _yen(need_text(members, name, AMOUNT), name)


def find_flag(members: JSONObject, name: str) -> bool | None:
    """Return a flag sent as a boolean or as the text true or false in any case. Raises Unreadable."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    flag = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if flag is None:
        raise Unreadable(f"{name} is no flag")
    return flag


def find_objects(members: JSONObject, name: str) -> Sequence[JSONObject]:
    """Return a list of objects; an absent list is an empty one. Raises Unreadable."""
    value = members.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Unreadable(f"{name} is no list")
    return tuple(as_object(item, f"an element of {name}") for item in value)


def find_date(members: JSONObject, name: str) -> date | None:
    """Return a civil date in Japan. Raises Unreadable."""
    text = find_text(members, name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{name} is no date") from None


def need_date(members: JSONObject, name: str) -> date:
    """Return a civil date that must be there. Raises Unreadable."""
    value = find_date(members, name)
    if value is None:
        raise Unreadable(f"{name} is missing")
    return value


def find_instant(members: JSONObject, name: str) -> datetime | None:
    """Return a date and time with offset as a UTC instant. Raises Unreadable."""
    text = find_text(members, name)
    return None if text is None else _instant(text, name)


def need_as_of(members: JSONObject) -> datetime:
    """Return the instant that `baseDate` and `baseTime` name together, in UTC. Raises Unreadable."""
    return _instant(f"{need_text(members, 'baseDate')}T{need_text(members, 'baseTime')}", "baseTime")


def _yen(digits: str, name: str) -> int:
    yen = int(digits)
    if abs(yen) > YEN_MAX:
        raise Unreadable(f"{name} is no amount of money")
    return yen


def _instant(text: str, name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise Unreadable(f"{name} has no offset")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        # Overflow: the first of January of the year 1 in Japan lies before the first instant in UTC.
        raise Unreadable(f"{name} is no instant") from None


def _is_writable(text: str) -> bool:
    # JSON can spell half of a character pair, which no database and no log can write.
    return not any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("a member stands there twice")
    return members


def _no_constant(_name: str) -> None:
    raise Unreadable("NaN and Infinity are no JSON numbers")

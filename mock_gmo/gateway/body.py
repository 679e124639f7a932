"""Bytes of a request body to a JSON object or form fields; everything that cannot be one thing only is refused.

What the members mean is not asked here.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from flask import Request
from gunicorn.http.errors import ParseException

from mock_gmo.contract import BODY_BYTES_MAX

# A line of a bulk transfer with every member at its longest, and every kana as an escape of six bytes.
LINE_BYTES_MAX = 1_600
DEPTH_MAX = 16
FORM_FIELDS_MAX = 100


class Unreadable(ValueError):
    """The body is not the one thing that the contract expects."""


def body_bytes_max(*, lines_max: int) -> int:
    """Return how long a body may be whose longest list has that many lines."""
    return max(BODY_BYTES_MAX, lines_max * LINE_BYTES_MAX)


def read_bytes(request: Request, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Return the whole body, by length or chunked.

    Raises Unreadable beyond `bytes_max`, and when it breaks off or its sender falls silent.
    """
    try:
        return _read_bytes(request, bytes_max)
    except (OSError, ParseException) as broken:
        raise Unreadable("broken off, or chunks that are none") from broken


def _read_bytes(request: Request, bytes_max: int) -> bytes:
    environ = request.environ
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not length:
        # Without a length only a server that ends the stream itself, as with chunks, can be read to the end.
        content: bytes = environ["wsgi.input"].read(bytes_max + 1) if environ.get("wsgi.input_terminated") else b""
        if len(content) > bytes_max:
            raise Unreadable("too long")
        return content
    if not (length.isascii() and length.isdigit()) or int(length) > bytes_max:
        raise Unreadable("too long")
    content = environ["wsgi.input"].read(int(length))
    if len(content) < int(length):
        raise Unreadable("broken off")
    return content


def read_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object in `content`.

    Raises Unreadable for anything but an object, a member named twice, NaN or Infinity, nesting deeper than DEPTH_MAX,
    bytes that are not UTF-8, and half a surrogate pair.
    """
    try:
        text = content.decode("utf-8")
        value = _decode(text)
    except (ValueError, RecursionError) as broken:
        raise Unreadable("not JSON") from broken
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    # Most bodies have fewer brackets than they may have levels.
    if text.count("{") + text.count("[") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise Unreadable("too deep")
    if "\\ud" in text or "\\uD" in text:
        _require_whole_characters(value)
    return value


def read_form(content: bytes) -> dict[str, str]:
    """Return the fields of a form body. Raises Unreadable.

    A field that comes twice counts as missing, for nobody knows which was meant. Source: RFC 6749, section 3.2.
    """
    try:
        pairs = parse_qsl(
            content.decode("ascii"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict"
        )
    except ValueError as broken:
        raise Unreadable("not a form") from broken
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Unreadable("a member comes twice")
    return members


def _no_constant(name: str) -> float:
    raise Unreadable(f"{name} is not JSON")


# Made once: `json.loads` with hooks makes a decoder for every text.
_decode = json.JSONDecoder(object_pairs_hook=_members_once, parse_constant=_no_constant).decode


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        holder, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > DEPTH_MAX:
            return depth
        children = holder.values() if isinstance(holder, dict) else holder
        waiting.extend((child, depth + 1) for child in children if isinstance(child, dict | list))
    return deepest


def _require_whole_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as half:
        raise Unreadable("half a surrogate pair") from half

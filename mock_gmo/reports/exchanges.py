"""One request and its answer as reports show them: secrets masked, and where asked for values as well."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mock_gmo.gateway.explaining import shape_of
from mock_gmo.journal import MASK, SECRET_NAMES, mask_body, mask_query

Headers = tuple[tuple[str, str], ...]

# What says nothing about a customer: codes and words of refusals, flags and counts.
OPEN_MEMBERS: Final = frozenset({
    "errorCode", "errorMessage", "errorDetailsCode", "errorDetailsMessage", "count", "hasNext", "baseDate", "baseTime",
    "queryKeyClass", "acceptanceKeyClass", "dateFrom", "dateTo",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call. `status` None means that no answer came."""

    at: datetime
    method: str
    url: str
    request_headers: Headers
    request_body: bytes | None = field(repr=False)
    status: int | None
    reply_headers: Headers
    reply_body: bytes = field(repr=False)
    seconds: float
    comment: str = ""


def without_secrets(exchange: Exchange, *, keeps_values: bool) -> Exchange:
    """Return the exchange with every secret masked; unless `keeps_values`, values are told as shapes only."""
    return replace(
        exchange,
        url=_url(exchange.url, keeps_values=keeps_values),
        request_headers=_headers(exchange.request_headers),
        request_body=None if exchange.request_body is None else _body(exchange.request_body, keeps_values=keeps_values),
        reply_headers=_headers(exchange.reply_headers),
        reply_body=_body(exchange.reply_body, keeps_values=keeps_values),
    )


def _headers(headers: Headers) -> Headers:
    return tuple((name, MASK if _is_secret(name) else value) for name, value in headers)


def _is_secret(name: str) -> bool:
    return name.lower() in SECRET_NAMES or name.lower() in ("set-cookie", "cookie")


def _url(url: str, *, keeps_values: bool) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(mask_query(parts.query), keep_blank_values=True)
    query = urlencode(pairs if keeps_values else [(name, _shown(name, value)) for name, value in pairs])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _body(body: bytes, *, keeps_values: bool) -> bytes:
    if not keeps_values:
        try:
            content = _shapes(json.loads(body)) if body else None
        except (ValueError, RecursionError):
            return f"[{len(body)} bytes that are no JSON]".encode()
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") if body else b""
    return mask_body(body, is_form=False)


def _shapes(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {
            name: _shapes(value) if isinstance(value, Mapping | list) else _shown(name, value)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [_shapes(value) for value in content]
    return shape_of(content)


def _shown(name: str, value: Any) -> Any:
    return value if name in OPEN_MEMBERS or isinstance(value, bool) or value in ("", None) else f"[{shape_of(value)}]"

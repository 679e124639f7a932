"""HAR 1.2, as browsers and proxies read it. Exchanges come in masked; nothing is hidden here."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mock_gmo.reports.exchanges import Exchange, Headers

UNKNOWN = -1  # of a size or a span that nobody measured
HTTP_VERSION = "HTTP/1.1"


def write_har(exchanges: Iterable[Exchange], *, version: str) -> bytes:
    """Return the document, in UTF-8."""
    log = {
        "version": "1.2",
        "creator": {"name": "mock-gmo", "version": version},
        "entries": [_entry(exchange) for exchange in exchanges],
    }
    return (json.dumps({"log": log}, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _entry(exchange: Exchange) -> Mapping[str, Any]:
    milliseconds = round(exchange.seconds * 1000, 3)
    return {
        "startedDateTime": _instant(exchange.at),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": exchange.comment,
    }


def _request(exchange: Exchange) -> Mapping[str, Any]:
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": UNKNOWN,
        "bodySize": len(exchange.request_body or b""),
    }
    if exchange.request_body is not None:
        request["postData"] = {
            "mimeType": _media_type(exchange.request_headers),
            "text": exchange.request_body.decode("utf-8", "replace"),
        }
    return request


def _response(exchange: Exchange) -> Mapping[str, Any]:
    status = exchange.status or 0
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "",
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(exchange.reply_headers),
        "content": {
            "size": len(exchange.reply_body),
            "mimeType": _media_type(exchange.reply_headers),
            "text": exchange.reply_body.decode("utf-8", "replace"),
        },
        "redirectURL": "",
        "headersSize": UNKNOWN,
        "bodySize": len(exchange.reply_body),
    }


def _pairs(pairs: Iterable[tuple[str, str]] | Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _media_type(headers: Headers) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")

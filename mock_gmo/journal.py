"""What came in, what went out, which check answered: a bounded record whose secrets are masked when it is written.

No rule and no reply is made here.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode

ENTRIES_MAX = 10_000
BYTES_MAX = 64 * 1024 * 1024
BODY_BYTES_MAX = 16 * 1024
MASK = "[masked]"

SECRET_NAMES = frozenset({
    "access_token", "refresh_token", "id_token", "code", "code_verifier", "client_secret", "password",
    "transaction_password", "authorization", "x-access-token", "token", "secret", "vacontractauthkey",
    "state", "nonce", "code_challenge",
})  # fmt: skip
# WSGI name, and the name under which the journal shows it.
KEPT_HEADERS = (
    ("HTTP_ACCEPT", "Accept"), ("HTTP_AUTHORIZATION", "Authorization"), ("CONTENT_LENGTH", "Content-Length"),
    ("CONTENT_TYPE", "Content-Type"), ("HTTP_IDEMPOTENCY_KEY", "Idempotency-Key"), ("HTTP_USER_AGENT", "User-Agent"),
    ("HTTP_X_ACCESS_TOKEN", "X-Access-Token"), ("HTTP_X_FORWARDED_FOR", "X-Forwarded-For"),
)  # fmt: skip
_KEPT_HEADERS = tuple((key, name, name.lower() in SECRET_NAMES) for key, name in KEPT_HEADERS)
# Nearly no body names a secret, so a look for these beginnings saves taking every body apart. Lower case.
# A form can spell any letter with %, and JSON with \\u; both are taken apart to be sure.
_HINTS = (
    "token",
    "secret",
    "password",
    "authorization",
    '"code',
    "code=",
    '"state',
    "state=",
    '"nonce',
    "nonce=",
    "\\u",
    "%",
    "authkey",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call was refused: the field, the shape of what came (never the value), the rule, and what would do."""

    field: str | None
    shape: str | None
    rule_ja: str
    rule_en: str
    page: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One call at the bank, secrets already masked."""

    at: datetime
    client_id: str | None
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    request_body: bytes
    status: int | None
    reply_body: bytes
    refusal_id: str | None
    check: str | None
    apply_no: str | None
    fault: str | None
    duration_ms: float
    explanation: Explanation | None = None

    @property
    def size(self) -> int:
        """Roughly the bytes that this entry keeps alive."""
        return 1_000 + len(self.request_body) + len(self.reply_body) + len(self.query)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries somebody wants to see; None means any."""

    client_id: str | None = None
    path: str | None = None
    status: int | None = None
    apply_no: str | None = None
    limit: int = 100


class Journal:
    """The last calls, newest last, bounded in number and in bytes."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._entries: deque[Entry] = deque()
        self._entries_max, self._bytes_max = entries_max, bytes_max
        self._bytes = 0
        self._lock = Lock()

    def write(self, entry: Entry) -> None:
        """Keep one entry; the oldest give way."""
        with self._lock:
            self._entries.append(entry)
            self._bytes += entry.size
            while len(self._entries) > self._entries_max or self._bytes > self._bytes_max:
                self._bytes -= self._entries.popleft().size

    def all(self) -> list[Entry]:
        """Return every entry that is kept, oldest first."""
        with self._lock:
            return list(self._entries)

    def find(self, wanted: Filter) -> list[Entry]:
        """Return the newest `limit` entries that fit, oldest of them first."""
        with self._lock:
            entries = list(self._entries)
        found: list[Entry] = []
        for entry in reversed(entries):
            if _fits(entry, wanted):
                found.append(entry)
                if len(found) >= wanted.limit:
                    break
        return found[::-1]


def mask_query(query: str) -> str:
    """Return a query string with the value of every secret parameter masked."""
    if not query or not _may_name_a_secret(query.encode()):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, MASK if name.lower() in SECRET_NAMES else value) for name, value in pairs], safe="[]")


def mask_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers worth keeping from a WSGI environment, with credentials masked."""
    return {
        name: MASK if is_secret else str(value) for key, name, is_secret in _KEPT_HEADERS if (value := environ.get(key))
    }


def mask_body(body: bytes, *, is_form: bool) -> bytes:
    """Return a body fit to be kept: bounded, secrets masked, left out when it names a secret and is unreadable."""
    if not _may_name_a_secret(body):
        return body if len(body) <= BODY_BYTES_MAX else body[:BODY_BYTES_MAX] + b" [cut]"
    if is_form:
        return mask_query(body.decode("utf-8", "replace")).encode()[:BODY_BYTES_MAX]
    try:
        masked = json.dumps(_masked(json.loads(body)), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return f"[not kept: {len(body)} bytes that name a secret and are not readable]".encode()
    # Half a surrogate pair can be written in JSON, but it is no character that could be kept.
    return masked.encode("utf-8", "replace")[:BODY_BYTES_MAX]


def _may_name_a_secret(body: bytes) -> bool:
    # One character a byte: a look into a text is faster than one into bytes.
    lower = body.lower().decode("latin-1")
    for hint in _HINTS:  # noqa: SIM110  (every call passes here, and a generator costs more than the looks)
        if hint in lower:
            return True
    return False


def _masked(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: MASK if name.lower() in SECRET_NAMES else _masked(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_masked(value) for value in content]
    return content


def _fits(entry: Entry, wanted: Filter) -> bool:
    return (
        wanted.client_id in (None, entry.client_id)
        and (wanted.path is None or wanted.path in entry.path)
        and wanted.status in (None, entry.status)
        and wanted.apply_no in (None, entry.apply_no)
    )

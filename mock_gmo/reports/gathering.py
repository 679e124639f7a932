"""Where reports come from: a bank's control API, a log file, a claims file. Everything read is bounded."""

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mock_gmo.reports.records import Line, read_lines
from mock_gmo.testing.beliefs import ClaimsUnusable, read_claims
from mock_gmo.testing.verdict import Claim

CONTROL: Final = "/_sandbox/v1"
JOURNAL_MAX: Final = 10_000
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
LOG_LINES_MAX: Final = 1_000_000
LINE_LENGTH_MAX: Final = 65_536
CLAIMS_BYTES_MAX: Final = 64 * 1024 * 1024
ANSWER_SECONDS: Final = 60.0


class SourceUnusable(Exception):
    """A bank, a log or a claims file cannot be read. The message says which, and what was expected."""


def read_bank(base: str) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], str]:
    """Return the journal, the payments and the present instant of a mock bank. Raises SourceUnusable."""
    journal = _control(base, f"/journal?limit={JOURNAL_MAX}")
    payments = _control(base, "/payments")
    return journal["entries"], payments["payments"], str(_control(base, "/clock")["now"])


def read_log(path: Path) -> tuple[list[Line], int]:
    """Return the facts of a log in JSON lines and how many lines were no facts. Raises SourceUnusable."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines, others = read_lines(_lines(file))
    except OSError as unreadable:
        raise SourceUnusable(f"{path}: {unreadable.strerror}; expected a log in JSON lines") from unreadable
    if not lines:
        raise SourceUnusable(f"{path}: no line is a fact; expected JSON objects with `ts` and `event`, one a line")
    return lines, others


def read_claims_file(path: Path) -> list[Claim]:
    """Return the claims of a file. Raises SourceUnusable with the place at fault."""
    try:
        if path.stat().st_size > CLAIMS_BYTES_MAX:
            raise SourceUnusable(f"{path}: more than {CLAIMS_BYTES_MAX} bytes")
        return read_claims(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError) as unreadable:
        reason = str(unreadable) if isinstance(unreadable, ClaimsUnusable) else "expected a claims file"
        raise SourceUnusable(f"{path}: {reason}") from unreadable


def _lines(file: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(file):
        if number >= LOG_LINES_MAX:
            raise SourceUnusable(f"the log has more than {LOG_LINES_MAX} lines; cut out the time that matters")
        yield line if len(line) <= LINE_LENGTH_MAX else ""


def _control(base: str, path: str) -> Any:
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceUnusable(f"--bank: {base!r} is no URL; expected one like http://127.0.0.1:8310")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
        connection.request("GET", parts.path.rstrip("/") + CONTROL + path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(ANSWER_BYTES_MAX)
        connection.close()
        if answer.status == 200:
            return json.loads(body)
    except (OSError, HTTPException, ValueError) as broken:
        raise SourceUnusable(f"{base} is no mock bank that can be asked: {type(broken).__name__}") from broken
    raise SourceUnusable(
        f"{base} answers {answer.status} to {CONTROL}; expected a mock bank that this host may control"
    )

"""Of whom a bank's journal and an integrator's log speak: marks, numbers and ids, and which line is which call.

Pure. Join keys: the mark in ediInfo, the application's number, the ids on a log line. No id travels to the bank, so a
line and an entry are the same call when method, path and status agree and their order and time fit.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

JSON = Mapping[str, Any]

CALLED: Final = "bank.called"
NEAR: Final = timedelta(seconds=2)
FAR: Final = timedelta(minutes=15)  # a test clock that jumps reaches the integrator a little later
_MARK: Final = re.compile(r'"ediInfo": ?"([^"\\]{1,20})"')
_NUMBER: Final = re.compile(r'"applyNo": ?"([0-9]{16})"')
ORDERS: Final = ("/transfer/request", "/bulktransfer/request")


@dataclass(frozen=True)
class Entry:
    """One call in the bank's journal."""

    index: int
    at: datetime
    content: JSON = field(repr=False)
    marks: frozenset[str]
    numbers: frozenset[str]
    is_order: bool

    @property
    def is_about_one(self) -> bool:
        """Tell whether it places or asks for named applications, and is no search over all."""
        return self.is_order or self.content["apply_no"] is not None


@dataclass(frozen=True)
class Line:
    """One line of the integrator's log. `entry` is the same call in the bank's journal."""

    index: int
    at: datetime
    content: JSON = field(repr=False)
    entry: Entry | None = None

    @property
    def event(self) -> str:
        """Return what happened."""
        return str(self.content["event"])

    @property
    def submission(self) -> str | None:
        """Return the order that the line is about."""
        found = self.content.get("submission")
        return found if isinstance(found, str) else None

    @property
    def request_ids(self) -> frozenset[str]:
        """Return the ids of the requests that the line is on an errand for."""
        several = self.content.get("request_ids")
        ids = several if isinstance(several, list) else [self.content.get("request_id")]
        return frozenset(it for it in ids if isinstance(it, str))


def read_entries(journal: Iterable[JSON]) -> list[Entry]:
    """Return the entries of a journal with the names they hold, in the journal's order."""
    entries = []
    for index, content in enumerate(journal):
        text = f"{_text(content['request_body'])}\n{_text(content['reply_body'])}"
        numbers = {*_NUMBER.findall(text), *([content["apply_no"]] if content["apply_no"] else [])}
        entries.append(
            Entry(
                index=index,
                at=datetime.fromisoformat(content["at"]),
                content=content,
                marks=frozenset(_MARK.findall(text)),
                numbers=frozenset(numbers),
                is_order=content["method"] == "POST" and content["path"].endswith(ORDERS),
            )
        )
    return entries


def read_lines(log: Iterable[str]) -> tuple[list[Line], int]:
    """Return the facts of a log in JSON lines, and how many lines were none: other programs may write there too."""
    lines: list[Line] = []
    others = 0
    for text in log:
        content = _fact(text)
        if content is None:
            others += bool(text.strip())
        else:
            lines.append(Line(len(lines), datetime.fromisoformat(content["ts"]), content))
    return lines, others


def match_calls(lines: Sequence[Line], entries: Sequence[Entry]) -> list[Line]:
    """Return the lines, those of calls with the bank's entry of the same call where one is found."""
    waiting: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        waiting[entry.content["method"], entry.content["path"]].append(entry)
    return [_matched(line, waiting) if line.event == CALLED else line for line in lines]


def _matched(line: Line, waiting: Mapping[tuple[str, str], list[Entry]]) -> Line:
    content = line.content
    left = waiting.get((str(content.get("method")), str(content.get("path"))), [])
    status = content.get("status")
    # Without a status no answer came, whatever the bank has sent.
    fitting = [entry for entry in left if status is None or entry.content["status"] == status]
    near = [entry for entry in fitting if abs(entry.at - line.at) <= NEAR]
    far = [entry for entry in fitting[:1] if abs(entry.at - line.at) <= FAR]
    found = min(near, key=lambda entry: abs(entry.at - line.at), default=next(iter(far), None))
    if found is None:
        return line
    left.remove(found)
    return Line(line.index, line.at, content, found)


def _fact(text: str) -> JSON | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("event"), str):
        return None
    try:
        instant = datetime.fromisoformat(content["ts"])
    except (KeyError, TypeError, ValueError):
        return None
    return content if instant.tzinfo is not None else None


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)

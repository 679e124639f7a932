"""One JSON object a fact on standard output: event, time, level and ids. Secrets cannot reach it: their type hides.

A fact is logged as `event name=%s other=%d`: the event first, then its members. A house rule holds every call of
the program to that form. Nothing else is known here.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from integrator import trail

FACT = re.compile(r"(?P<event>[a-z]+(?:\.[a-z_]+)+)(?P<members>(?: [a-z_]+=(?:%[sd]|[a-z_]+))*)")
OTHER_EVENT = "log.other"  # what a library says in words of its own
_MEMBER = re.compile(r" ([a-z_]+)=(%[sd]|[a-z_]+)")


class JSONLines(logging.Formatter):
    """A record as one JSON object; a message that already is one (a call's own line) keeps its members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break inside."""
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": OTHER_EVENT,
            "logger": record.name,
            **trail.members(),
            **_said(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Send every record of this program, from INFO on, to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("integrator").setLevel(logging.INFO)


def _said(record: logging.LogRecord) -> dict[str, Any]:
    message = record.getMessage()
    if message.startswith("{"):
        try:
            whole = json.loads(message)
        except ValueError:
            return {"message": message}
        return dict(whole)
    fact = FACT.fullmatch(record.msg) if isinstance(record.msg, str) else None
    if fact is None:
        return {"message": message}
    values = iter(record.args if isinstance(record.args, tuple) else ())
    members = {
        name: _value(next(values), written) if written.startswith("%") else written
        for name, written in _MEMBER.findall(fact["members"])
    }
    return {"event": fact["event"], **members}


def _value(value: Any, written: str) -> Any:
    if written == "%d":
        return int(value)
    return value if value is None or type(value) in (bool, int) else str(value)

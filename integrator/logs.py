"""One JSON line a fact on standard output. Secrets cannot reach it, because their type does not print."""

import json
import logging
import sys
from datetime import UTC, datetime


class JSONLines(logging.Formatter):
    """A record as one JSON object; a message that already is one (a call's own line) passes as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a line break inside."""
        message = record.getMessage()
        if message.startswith("{"):
            return message
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
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

"""An entry of the bank's journal as an exchange. Secrets are masked there already."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mock_gmo.errors import JSON_TYPE
from mock_gmo.reports.exchanges import Exchange


def read_exchange(entry: Mapping[str, Any], *, base: str) -> Exchange:
    """Return the call of an entry as it was made at `base`; the journal keeps no header of the answer."""
    query = f"?{entry['query']}" if entry["query"] else ""
    told = [f"{name}: {entry[name]}" for name in ("check", "refusal_id", "apply_no", "fault") if entry[name]]
    return Exchange(
        at=datetime.fromisoformat(entry["at"]),
        method=entry["method"],
        url=base.rstrip("/") + entry["path"] + query,
        request_headers=tuple(entry["headers"].items()),
        request_body=None if entry["request_body"] is None else _bytes(entry["request_body"]),
        status=entry["status"],
        reply_headers=(("Content-Type", JSON_TYPE),) if isinstance(entry["reply_body"], dict) else (),
        reply_body=b"" if entry["reply_body"] is None else _bytes(entry["reply_body"]),
        seconds=entry["duration_ms"] / 1000,
        comment="; ".join(told),
    )


def _bytes(body: Any) -> bytes:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")

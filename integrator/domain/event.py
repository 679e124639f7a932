"""An event: what ReCORE is told of one change. The same text goes out by callback and to those who pull."""

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from integrator.domain.connection import ConnectionView, ToldChange
from integrator.domain.payout import PayoutView, written_instant


class EventKind(StrEnum):
    PAYOUT_CHANGED = "payout.changed"
    CONNECTION_CHANGED = "connection.changed"
    CALLBACK_TEST = "callback.test"  # asked for by ReCORE, to see that its receiver works


def event_id_of(payout_id: str, sequence: int) -> str:
    """Return the id of a payout's event. It follows from both, so an event can never get a second one."""
    return f"ev_{payout_id.removeprefix('po_')}_{sequence}"


def payout_event(view: PayoutView, *, sequence: int, at: datetime) -> str:
    """Return the event "this payout is now like this" as JSON. `sequence` counts the payout's events from 1."""
    members = _members(event_id_of(view.payout_id, sequence), EventKind.PAYOUT_CHANGED, view.company_id, at=at)
    return _text({**members, "sequence": sequence, "payout": view.as_json()})


def connection_stream(company_id: str) -> str:
    """Return the name under which a company's connection events follow each other; short, whatever the id."""
    return f"cn_{hashlib.sha256(company_id.encode()).hexdigest()[:24]}"


def connection_event_id(company_id: str, sequence: int) -> str:
    """Return the id of a connection event. It follows from company and sequence, so there is never a second one."""
    return f"ev_{connection_stream(company_id).replace('_', '')}_{sequence}"


def connection_event(view: ConnectionView, told: ToldChange, *, sequence: int, at: datetime) -> str:
    """Return the event "this happened to the connection, and so it stands" as JSON."""
    event_id = connection_event_id(view.company_id, sequence)
    members = _members(event_id, EventKind.CONNECTION_CHANGED, view.company_id, at=at)
    shown = {name: value for name, value in view.as_json().items() if name != "company_id"}
    return _text({**members, "sequence": sequence, "connection": {"happened": told.value, **shown}})


def check_event(event_id: str, company_id: str, *, at: datetime) -> str:
    """Return an event of the kind callback.test as JSON."""
    return _text({**_members(event_id, EventKind.CALLBACK_TEST, company_id, at=at), "sequence": 1})


def _members(event_id: str, kind: EventKind, company_id: str, *, at: datetime) -> dict[str, Any]:
    return {"event_id": event_id, "type": kind.value, "company_id": company_id, "occurred_at": written_instant(at)}


def _text(members: dict[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))

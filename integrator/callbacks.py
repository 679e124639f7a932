"""Where a company wants its events: set, read, remove, new secret, test; and the same events for those who pull.

The secret is made here, shown once to whoever asked, and sealed at once; nothing here can open it again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from integrator.domain.callback import BASE64_ALPHABET, OVERLAP, SECRET_CHARACTERS, SECRET_PREFIX, check_url
from integrator.domain.payout import written_instant
from integrator.secret import Secret
from integrator.settings import Environment
from integrator.store import audit
from integrator.store import callbacks as rows
from integrator.store import events as event_rows
from integrator.store.audit import Change
from integrator.store.callbacks import StoredCallback, StoredSecret
from integrator.store.database import Database
from integrator.vault import Intake, Kind

ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""


class CallbackUnknown(LookupError):
    """This company has no callback."""


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A callback as ReCORE sees it: never a secret, but which ones sign and until when."""

    stored: StoredCallback
    secrets: tuple[StoredSecret, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the wire form; members without a value are left out."""
        stored = self.stored
        members: dict[str, Any] = {
            "url": stored.url,
            "secrets": [_secret_json(secret) for secret in self.secrets],
            "waiting_events": stored.waiting,
            "oldest_waiting_at": _written(stored.oldest_waiting_at),
            "paused_until": _written(stored.paused_until) if stored.failures else None,
            "last_attempt": _last_attempt(stored),
            "created_at": written_instant(stored.created_at),
            "updated_at": written_instant(stored.updated_at),
        }
        return _present(members)


@dataclass(frozen=True, slots=True)
class Places:
    """What a change of a callback works with."""

    db: Database
    environment: Environment
    intake: Intake
    new_text: NewText = field(repr=False)


def set_callback(places: Places, company_id: str, url: str, *, at: datetime) -> tuple[CallbackView, Secret | None]:
    """Send the company's events to `url`. Return the callback, and its secret when it is a new one.

    A new callback gets the events from now on; a changed URL gets what still waits as well. Raises
    CallbackURLRefused.
    """
    check_url(url, is_local=places.environment is Environment.LOCAL)
    try:
        return _set(places, company_id, url, at=at)
    except IntegrityError:
        # Somebody else stored the company's first callback between our look and our insert.
        return _set(places, company_id, url, at=at)


def get_callback(db: Database, company_id: str, *, at: datetime) -> CallbackView:
    """Return the company's callback. Raises CallbackUnknown."""
    with db.read() as tx:
        return _view(tx, company_id, at=at)


def remove_callback(db: Database, company_id: str) -> None:
    """Send no more events, and forget which were waiting; they can still be pulled. Raises CallbackUnknown."""
    with db.begin() as tx:
        _hold(tx, company_id)
        rows.delete_callback(tx, company_id)


def rotate_secret(places: Places, company_id: str, *, at: datetime) -> tuple[CallbackView, Secret]:
    """Make a new secret. The one so far signs beside it for OVERLAP more. Raises CallbackUnknown."""
    with places.db.begin() as tx:
        _hold(tx, company_id)
        rows.retire_secrets(tx, company_id, valid_until=at + OVERLAP)
        secret = _new_secret(tx, places, company_id, at=at)
        audit.note(tx, company_id, Change("callback.secret_rotated", company_id), at=at)
        return _view(tx, company_id, at=at), secret


def send_test(db: Database, company_id: str, *, at: datetime, new_text: NewText) -> str:
    """Queue one test event and return its id. It is tried once. Raises CallbackUnknown."""
    event_id = f"ev_{new_text(24, ID_ALPHABET)}"
    with db.begin() as tx:
        _hold(tx, company_id)
        event_rows.tell_test(tx, company_id, event_id, at=at)
    return event_id


def pull_events(db: Database, company_id: str, *, after: int, limit: int) -> dict[str, Any]:
    """Return a page of the company's events in order, and where to go on from.

    Whoever goes on from `next_after` sees every event, and each payout's in order.
    """
    with db.read() as tx:
        is_anything_new = event_rows.is_anything_new(tx, company_id)
    if is_anything_new:
        with db.begin() as tx:
            event_rows.give_positions(tx, company_id)
    with db.read() as tx:
        found = event_rows.page_of_events(tx, company_id, after=after, limit=limit + 1)
    page = found[:limit]
    return {
        "events": [event for _, event in page],
        "next_after": page[-1][0] if page else after,
        "has_more": len(found) > limit,
    }


def _set(places: Places, company_id: str, url: str, *, at: datetime) -> tuple[CallbackView, Secret | None]:
    with places.db.begin() as tx:
        known = rows.url_for_change(tx, company_id)
        secret = None
        if known is None:
            rows.insert_callback(tx, company_id, url, at=at)
            secret = _new_secret(tx, places, company_id, at=at)
        elif known != url:
            rows.change_url(tx, company_id, url, at=at)
        if known != url:
            before = None if known is None else {"host": urlsplit(known).hostname}
            change = Change("callback.set", company_id, before, {"host": urlsplit(url).hostname})
            audit.note(tx, company_id, change, at=at)
        return _view(tx, company_id, at=at), secret


def _new_secret(tx: Connection, places: Places, company_id: str, *, at: datetime) -> Secret:
    secret = Secret(SECRET_PREFIX + places.new_text(SECRET_CHARACTERS, BASE64_ALPHABET))
    sealed = places.intake.seal(secret, company_id=company_id, kind=Kind.CALLBACK_SECRET)
    rows.insert_secret(tx, company_id, f"cs_{places.new_text(24, ID_ALPHABET)}", intake_secret=sealed, at=at)
    return secret


def _hold(tx: Connection, company_id: str) -> None:
    if rows.url_for_change(tx, company_id) is None:
        raise CallbackUnknown(company_id)


def _view(tx: Connection, company_id: str, *, at: datetime) -> CallbackView:
    stored = rows.find_callback(tx, company_id)
    if stored is None:
        raise CallbackUnknown(company_id)
    return CallbackView(stored, rows.secret_terms(tx, company_id, now=at))


def _secret_json(secret: StoredSecret) -> dict[str, Any]:
    return _present(
        {
            "secret_id": secret.secret_id,
            "created_at": written_instant(secret.created_at),
            "valid_until": _written(secret.valid_until),
        }
    )


def _last_attempt(stored: StoredCallback) -> dict[str, Any] | None:
    if stored.last_at is None:
        return None
    return _present(
        {
            "event_id": stored.last_event_id,
            "at": written_instant(stored.last_at),
            "outcome": stored.last_outcome,
            "status": stored.last_status,
        }
    )


def _written(at: datetime | None) -> str | None:
    return None if at is None else written_instant(at)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

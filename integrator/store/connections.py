"""Rows of consent requests and connections. Tokens pass through here only sealed; a state only as its hash."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from integrator.domain.connection import ConnectionState, ConnectionSummary, ConnectionView, ToldChange
from integrator.store import events as event_rows
from integrator.store.database import for_change
from integrator.store.schema import connections, consent_requests


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """One authorization URL given out."""

    company_id: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """What a token reply leaves behind. `refresh_token` is None when the bank issued none, or its time is over."""

    access_token: bytes | None = field(repr=False)  # None when it was purged after its time
    access_expires_at: datetime
    refresh_token: bytes | None = field(repr=False)
    refresh_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class StandingConsent:
    """One company's connection as stored. `state` is connected or needs_consent."""

    company_id: str
    state: str
    grant_id: str
    version: int
    scopes: tuple[str, ...]
    tokens: SealedTokens | None
    granted_at: datetime
    refreshed_at: datetime | None
    refresh_in_doubt_at: datetime | None


def insert_consent_request(
    tx: Connection, state_hash: str, company_id: str, *, at: datetime, expires_at: datetime
) -> None:
    """Remember that an authorization URL with this state went out; forget the company's expired ones."""
    old = and_(consent_requests.c.company_id == company_id, consent_requests.c.expires_at <= at)
    tx.execute(delete(consent_requests).where(old))
    values = {"state_hash": state_hash, "company_id": company_id, "created_at": at, "expires_at": expires_at}
    tx.execute(insert(consent_requests).values(values))


def find_consent_request(tx: Connection, state_hash: str) -> ConsentRequest | None:
    """Return the request of this state, and hold it against a second use until the transaction ends."""
    statement = select(consent_requests).where(consent_requests.c.state_hash == state_hash)
    row = tx.execute(for_change(statement, tx, of=consent_requests)).one_or_none()
    return None if row is None else ConsentRequest(row.company_id, row.expires_at, row.used_at)


def use_consent_request(tx: Connection, state_hash: str, *, at: datetime) -> None:
    """Mark a state as used."""
    tx.execute(update(consent_requests).where(consent_requests.c.state_hash == state_hash).values(used_at=at))


def find_summary(tx: Connection, company_id: str) -> ConnectionSummary | None:
    """Return where a company's connection stands. Touches no sealed column."""
    table = connections.c
    row = tx.execute(
        select(
            table.state,
            table.scopes,
            table.granted_at,
            table.refreshed_at,
            table.access_expires_at,
            table.refresh_expires_at,
            table.refresh_in_doubt_at,
            table.announced_days,
        ).where(table.company_id == company_id)
    ).one_or_none()
    if row is None:
        return None
    scopes = tuple(row.scopes.split(" ")) if row.scopes else ()
    return ConnectionSummary(
        state=row.state,
        scopes=scopes,
        granted_at=row.granted_at,
        refreshed_at=row.refreshed_at,
        access_expires_at=row.access_expires_at,
        refresh_expires_at=row.refresh_expires_at,
        refresh_in_doubt_at=row.refresh_in_doubt_at,
        announced_days=row.announced_days,
    )


def find_connection(tx: Connection, company_id: str) -> StandingConsent | None:
    """Return a company's connection."""
    row = tx.execute(select(connections).where(connections.c.company_id == company_id)).one_or_none()
    return None if row is None else _consent(row)


def store_grant(tx: Connection, consent: StandingConsent) -> None:
    """Store a new consent in place of whatever stood there, and tell ReCORE; the tokens it replaces are gone."""
    assert consent.tokens is not None, "a grant brings tokens"
    values: dict[str, object] = {
        "state": consent.state,
        "grant_id": consent.grant_id,
        "version": consent.version,
        "scopes": " ".join(consent.scopes),
        "granted_at": consent.granted_at,
        "refreshed_at": None,
        "refresh_in_doubt_at": None,
        "announced_days": None,
        "told_state": ConnectionState.CONNECTED.value,
        **_NOBODY,
        **_token_columns(consent.tokens),
    }
    there = update(connections).where(connections.c.company_id == consent.company_id).values(values)
    if tx.execute(there).rowcount == 0:
        tx.execute(insert(connections).values(company_id=consent.company_id, **values))
    tell(tx, consent.company_id, ToldChange.CONNECTED, at=consent.granted_at)


def claim_refresh(tx: Connection, company_id: str, *, version: int, now: datetime, lease: tuple[str, datetime]) -> bool:
    """Reserve the refresh of token `version` for lease[0] until lease[1]. False when it is another by now or held."""
    free = or_(connections.c.refresh_until.is_(None), connections.c.refresh_until <= now)
    same = and_(connections.c.company_id == company_id, connections.c.version == version, free)
    held = {"refresh_owner": lease[0], "refresh_until": lease[1]}
    return tx.execute(update(connections).where(same).values(held)).rowcount == 1


def find_abandoned_refresh(tx: Connection, company_id: str, *, now: datetime) -> bool:
    """True when somebody began a refresh and did not come back within its lease."""
    same = and_(connections.c.company_id == company_id, connections.c.refresh_until <= now)
    owner = select(connections.c.refresh_owner).where(same)
    return tx.execute(for_change(owner, tx, of=connections)).scalar() is not None


def note_refresh_in_doubt(tx: Connection, company_id: str, *, version: int, at: datetime) -> bool:
    """Remember since when it is not known whether the refresh token still lives."""
    return _change(tx, company_id, version, {"refresh_in_doubt_at": at})


def store_refreshed(
    tx: Connection, company_id: str, *, version: int, tokens: SealedTokens, scopes: tuple[str, ...], at: datetime
) -> bool:
    """Replace the tokens of `version` by their successors. False when another version stands there by now."""
    values = {
        "version": version + 1,
        "scopes": " ".join(scopes),
        "refreshed_at": at,
        "state": "connected",
        "refresh_in_doubt_at": None,
        **_NOBODY,
        **_token_columns(tokens),
    }
    return _change(tx, company_id, version, values)


def end_refresh(
    tx: Connection, company_id: str, *, version: int, not_before: datetime, in_doubt_at: datetime | None
) -> bool:
    """Give up a refresh without new tokens: the old ones stay, nobody tries again before `not_before`."""
    values: dict[str, object] = {"refresh_owner": None, "refresh_until": not_before}
    if in_doubt_at is not None:
        values["refresh_in_doubt_at"] = in_doubt_at
    return _change(tx, company_id, version, values)


def require_consent(tx: Connection, company_id: str, *, version: int, at: datetime) -> bool:
    """The bank renews no more: drop the tokens of `version`, ask for a new consent, and tell ReCORE."""
    values = {"state": "needs_consent", "sealed_access_token": None, "sealed_refresh_token": None, **_NOBODY}
    if not _change(tx, company_id, version, values):
        return False
    return tell_lost(tx, company_id, at=at)


def tell_lost(tx: Connection, company_id: str, *, at: datetime) -> bool:
    """Tell ReCORE that the connection is lost, unless it was told or is not. The purge can end one and tells nobody."""
    lost = ConnectionState.NEEDS_CONSENT.value
    table = connections.c
    untold = and_(table.company_id == company_id, table.state == lost, table.told_state != lost)
    is_news = tx.execute(update(connections).where(untold).values(told_state=lost)).rowcount == 1
    if is_news:
        tell(tx, company_id, ToldChange.LOST, at=at)
    return is_news


def tell(tx: Connection, company_id: str, told: ToldChange, *, at: datetime) -> None:
    """Store the event of what this transaction did to the connection; it holds the row."""
    event_rows.tell_connection(tx, ConnectionView(company_id, find_summary(tx, company_id)), told, at=at)


_NOBODY: dict[str, object] = {"refresh_owner": None, "refresh_until": None}


def _change(tx: Connection, company_id: str, version: int, values: dict[str, object]) -> bool:
    same = and_(connections.c.company_id == company_id, connections.c.version == version)
    return tx.execute(update(connections).where(same).values(values)).rowcount == 1


def _token_columns(tokens: SealedTokens) -> dict[str, object]:
    return {
        "sealed_access_token": tokens.access_token,
        "access_expires_at": tokens.access_expires_at,
        "sealed_refresh_token": tokens.refresh_token,
        "refresh_expires_at": tokens.refresh_expires_at,
    }


def _consent(row: Row[tuple[object, ...]]) -> StandingConsent:
    columns = row._mapping
    access, refresh = columns["sealed_access_token"], columns["sealed_refresh_token"]
    tokens = None
    if access is not None or refresh is not None:
        tokens = SealedTokens(
            access_token=access,
            access_expires_at=columns["access_expires_at"],
            refresh_token=refresh,
            refresh_expires_at=columns["refresh_expires_at"],
        )
    return StandingConsent(
        company_id=columns["company_id"],
        state=columns["state"],
        grant_id=columns["grant_id"],
        version=columns["version"],
        scopes=tuple(columns["scopes"].split(" ")) if columns["scopes"] else (),
        tokens=tokens,
        granted_at=columns["granted_at"],
        refreshed_at=columns["refreshed_at"],
        refresh_in_doubt_at=columns["refresh_in_doubt_at"],
    )

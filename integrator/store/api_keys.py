"""Rows of API keys: who may call us. Only a hash of a key is ever stored."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from integrator.store.schema import api_keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored. `role` is company (then `company_id` names it) or operator."""

    key_id: str
    key_hash: str = field(repr=False)
    role: str
    company_id: str | None
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


# Written once: every request asks it, and writing a statement costs more than asking it.
_KEY = select(api_keys).where(api_keys.c.key_id == bindparam("key_id"))


def insert_key(tx: Connection, key: ApiKey) -> None:
    """Store a new key. Raises IntegrityError for a company that does not exist."""
    tx.execute(
        insert(api_keys).values(
            key_id=key.key_id,
            key_hash=key.key_hash,
            role=key.role,
            company_id=key.company_id,
            name=key.name,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )
    )


def find_key(tx: Connection, key_id: str) -> ApiKey | None:
    """Return the key of this id, revoked ones as well."""
    row = tx.execute(_KEY, {"key_id": key_id}).one_or_none()
    return None if row is None else _key(row)


def all_keys(tx: Connection, *, company_id: str | None = None) -> list[ApiKey]:
    """Return the keys, oldest first, of one company or all."""
    statement = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    if company_id is not None:
        statement = statement.where(api_keys.c.company_id == company_id)
    return [_key(row) for row in tx.execute(statement)]


def revoke_key(tx: Connection, key_id: str, *, at: datetime) -> bool:
    """Revoke a key for ever. Returns False when there is no such key; a second time changes nothing."""
    if find_key(tx, key_id) is None:
        return False
    unrevoked = (api_keys.c.key_id == key_id) & api_keys.c.revoked_at.is_(None)
    tx.execute(update(api_keys).where(unrevoked).values(revoked_at=at))
    return True


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    columns = row._mapping
    return ApiKey(
        key_id=columns["key_id"],
        key_hash=columns["key_hash"],
        role=columns["role"],
        company_id=columns["company_id"],
        name=columns["name"],
        created_at=columns["created_at"],
        revoked_at=columns["revoked_at"],
    )

"""Rows of companies. A client secret passes through here only sealed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from integrator.store.schema import companies


@dataclass(frozen=True, slots=True)
class Company:
    """A registered company. `has_kept_secret` turns true once the worker has sealed the client secret for keeping."""

    company_id: str
    name: str
    environment: str
    client_id: str
    account_id: str
    remitter_name: str | None
    redirect_uri: str
    payout_limit_yen: int
    requests_per_second: int
    created_at: datetime
    has_kept_secret: bool = False


# Never the sealed columns: the web asks this, and its database role need not be able to read them.
_COLUMNS = (
    companies.c.company_id,
    companies.c.name,
    companies.c.environment,
    companies.c.client_id,
    companies.c.account_id,
    companies.c.remitter_name,
    companies.c.redirect_uri,
    companies.c.payout_limit_yen,
    companies.c.requests_per_second,
    companies.c.created_at,
    companies.c.has_kept_secret,
)
# Written once: every request asks it, and writing a statement costs more than asking it.
_COMPANY = select(*_COLUMNS).where(companies.c.company_id == bindparam("company_id"))


def insert_company(tx: Connection, company: Company, *, intake_client_secret: bytes) -> None:
    """Store a new company. Raises IntegrityError when its company_id or client_id is taken."""
    tx.execute(
        insert(companies).values(
            company_id=company.company_id,
            name=company.name,
            environment=company.environment,
            client_id=company.client_id,
            intake_client_secret=intake_client_secret,
            has_kept_secret=False,
            account_id=company.account_id,
            remitter_name=company.remitter_name,
            redirect_uri=company.redirect_uri,
            payout_limit_yen=company.payout_limit_yen,
            requests_per_second=company.requests_per_second,
            created_at=company.created_at,
        )
    )


def find_company(tx: Connection, company_id: str) -> Company | None:
    """Return one company."""
    row = tx.execute(_COMPANY, {"company_id": company_id}).one_or_none()
    return None if row is None else _company(row)


def hold_company(tx: Connection, company_id: str) -> None:
    """Let nobody else hold this company until the transaction ends; who only refers to it goes on."""
    held = select(companies.c.company_id).where(companies.c.company_id == company_id)
    if tx.dialect.name == "postgresql":
        held = held.with_for_update(key_share=True)
    tx.execute(held)


def find_taken(tx: Connection, company_id: str, client_id: str) -> str | None:
    """Return which of the two names another company has already: company_id, client_id, or neither."""
    taken = (companies.c.company_id == company_id) | (companies.c.client_id == client_id)
    rows = tx.execute(select(companies.c.company_id).where(taken)).scalars().all()
    if not rows:
        return None
    return "company_id" if company_id in rows else "client_id"


def page_of_companies(tx: Connection, *, after: str | None, limit: int) -> list[Company]:
    """Return at most `limit` companies by company_id, those after `after`."""
    statement = select(*_COLUMNS).order_by(companies.c.company_id).limit(limit)
    if after is not None:
        statement = statement.where(companies.c.company_id > after)
    return [_company(row) for row in tx.execute(statement)]


def find_client_secret(tx: Connection, company_id: str) -> tuple[bytes | None, bytes | None]:
    """Return (sealed by the web for the worker, sealed by the worker for keeping); both None for no such company."""
    columns = (companies.c.intake_client_secret, companies.c.sealed_client_secret)
    row = tx.execute(select(*columns).where(companies.c.company_id == company_id)).one_or_none()
    return (None, None) if row is None else (row[0], row[1])


def keep_client_secret(tx: Connection, company_id: str, *, sealed: bytes) -> None:
    """Replace the intake envelope by the seal for keeping."""
    values = {"sealed_client_secret": sealed, "intake_client_secret": None, "has_kept_secret": True}
    tx.execute(update(companies).where(companies.c.company_id == company_id).values(values))


def _company(row: Row[*tuple[Any, ...]]) -> Company:
    columns = row._mapping
    return Company(
        company_id=columns["company_id"],
        name=columns["name"],
        environment=columns["environment"],
        client_id=columns["client_id"],
        account_id=columns["account_id"],
        remitter_name=columns["remitter_name"],
        redirect_uri=columns["redirect_uri"],
        payout_limit_yen=columns["payout_limit_yen"],
        requests_per_second=columns["requests_per_second"],
        created_at=columns["created_at"],
        has_kept_secret=columns["has_kept_secret"],
    )

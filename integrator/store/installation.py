"""The one row that tells whose database this is: its environment, a text that its keys open, its intake keys."""

import json
from dataclasses import dataclass, field

from sqlalchemy import Connection, select, update

from integrator.store.schema import companies, installation


@dataclass(frozen=True, slots=True)
class Installation:
    """What the database remembers; None for what nobody told it yet."""

    environment: str | None
    intake_keys: tuple[str, ...] | None
    sealed_canary: bytes | None = field(repr=False, default=None)


def find_installation(tx: Connection, *, with_canary: bool = False) -> Installation:
    """Return the row. The canary only for those who may read sealed columns: the worker."""
    columns = [installation.c.environment, installation.c.intake_keys]
    row = tx.execute(select(*columns)).one()
    keys = None if row.intake_keys is None else tuple(json.loads(row.intake_keys))
    canary = tx.execute(select(installation.c.sealed_canary)).scalar() if with_canary else None
    return Installation(row.environment, keys, canary)


def remember_environment(tx: Connection, environment: str) -> None:
    """Give a database that belongs to no environment yet to this one."""
    nobodys = installation.c.environment.is_(None)
    tx.execute(update(installation).where(nobodys).values(environment=environment))


def remember_keys(tx: Connection, intake_keys: tuple[str, ...], *, sealed_canary: bytes | None) -> None:
    """Note which public keys the workers open, and the canary when it is new."""
    values: dict[str, object] = {"intake_keys": json.dumps(intake_keys)}
    if sealed_canary is not None:
        values["sealed_canary"] = sealed_canary
    tx.execute(update(installation).values(values))


def redirect_uris(tx: Connection) -> list[tuple[str, str]]:
    """Return (company_id, redirect URL) of every company."""
    statement = select(companies.c.company_id, companies.c.redirect_uri).order_by(companies.c.company_id)
    return [(row[0], row[1]) for row in tx.execute(statement)]

"""A connected company whose tokens are known, and the bytes of every file that its database keeps."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from integrator.effects import NoCheckpoints
from integrator.keys import LocalKeys
from integrator.settings import Environment, MasterKey
from integrator.store.database import Database
from integrator.store.schema import connections
from integrator.vault import Vault

OLD = MasterKey("k2025-01", bytes(range(32, 64)))
NEW = MasterKey("k2026-01", bytes(range(64, 96)))


def make_vault(*keys: MasterKey, environment: Environment = Environment.LOCAL) -> Vault:
    """Return a vault with these master keys, the first one sealing."""
    return Vault(
        LocalKeys(keys, random_bytes=secrets.token_bytes), environment=environment, random_bytes=secrets.token_bytes
    )


def sealed_tokens(db: Database, company_id: str = "mihon-001") -> list[bytes]:
    """Return the sealed tokens of a company as they lie in its row."""
    columns = (connections.c.sealed_access_token, connections.c.sealed_refresh_token)
    with db.read() as tx:
        row = tx.execute(select(*columns).where(connections.c.company_id == company_id)).one()
    return [sealed for sealed in row if sealed is not None]


def files_of(db: Database) -> Iterator[Path]:
    """Return every file that may hold what the database holds: of PostgreSQL the whole data directory."""
    if db.url.get_backend_name() == "sqlite":
        file = Path(str(db.url.database))
        yield from (found for found in file.parent.glob(f"{file.name}*") if found.is_file())
        return
    with db.engine.connect() as connection:
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    yield from (found for found in folder.rglob("*") if found.is_file())


def files_with(db: Database, marks: list[bytes]) -> dict[str, list[int]]:
    """Return which files hold which of the marks, by their numbers."""
    found: dict[str, list[int]] = {}
    for file in files_of(db):
        content = file.read_bytes()
        held = [number for number, mark in enumerate(marks) if mark in content]
        if held:
            found[file.name] = held
    return found


def settle_on_disk(db: Database) -> None:
    """Let the database write what it holds in memory, so that a search of its files means something."""
    if db.url.get_backend_name() == "sqlite":
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))


def another_database(db: Database, **changed: Any) -> Database:
    """Return the same database through another account or connection."""
    url = db.url.set(**changed).render_as_string(hide_password=False)
    return Database(url, effects=NoCheckpoints())

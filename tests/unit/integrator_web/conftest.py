"""The web side on SQLite; the store's own tests run it on both databases."""

from collections.abc import Iterator

import pytest

from integrator.effects import NoCheckpoints
from integrator.store.database import Database
from tests.unit.integrator_web.web_side import WebSide


@pytest.fixture
def web(migrated_sqlite_url: str) -> Iterator[WebSide]:
    """An application with two companies, `mihon-001` and `mihon-002`."""
    database = Database(migrated_sqlite_url, effects=NoCheckpoints())
    yield WebSide(database)
    database.close()

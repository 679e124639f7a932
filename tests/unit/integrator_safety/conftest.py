"""The worker side on each database."""

from collections.abc import Iterator

import pytest

from integrator.store.database import Database
from tests.unit.integrator_connections.worker_side import WorkerSide


@pytest.fixture
def side(db: Database) -> Iterator[WorkerSide]:
    """A worker at a scripted bank."""
    made = WorkerSide(db)
    yield made
    made.http.close()

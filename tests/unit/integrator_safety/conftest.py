"""The worker side on each database; the PostgreSQL server keeps no old log."""

from collections.abc import Iterator

import pytest

from integrator.store.database import Database
from tests.unit.integrator_connections.worker_side import WorkerSide
from tests.unit.integrator_safety.safety_side import never_keep_old_log


@pytest.fixture
def side(db: Database) -> Iterator[WorkerSide]:
    """A worker at a scripted bank."""
    if db.url.get_backend_name() == "postgresql":
        never_keep_old_log(db.url.render_as_string(hide_password=False))
    made = WorkerSide(db)
    yield made
    made.http.close()

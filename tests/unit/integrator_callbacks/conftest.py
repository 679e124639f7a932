"""The bench of the deliveries, on each database."""

import pytest

from integrator.store.database import Database
from tests.unit.integrator_callbacks.callback_side import Bench


@pytest.fixture
def bench(db: Database) -> Bench:
    """Three companies with a callback each, and one deliverer for all of them."""
    return Bench(db)

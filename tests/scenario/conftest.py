"""A connected world for each story, checked by the invariants at its end; each story is told on both databases."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrator.store.database import Database
from tests.invariants import assert_all_is_well, assert_no_secret_in_clear
from tests.world import World, build_world


@pytest.fixture
def worker_count() -> int:
    """How many workers the world has; a story that needs more says so by its own fixture."""
    return 1


@pytest.fixture
def world(
    db: Database, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, worker_count: int
) -> Iterator[World]:
    """One company, connected. Whatever the story did, the invariants hold when it ends."""
    caplog.set_level(logging.DEBUG)
    built = build_world(database_url, worker_count=worker_count)
    page = built.consent()
    assert page.status_code == 200, page.get_data(as_text=True)
    built.remember_tokens()
    yield built
    built.remember_tokens()
    assert_all_is_well(built)
    journal = str(built.control("GET", "/journal"))
    assert_no_secret_in_clear(built, {"log": caplog.text, "journal": journal}, list(tmp_path.glob("*.sqlite3*")))
    built.close()

"""Resources that every kind of test shares: databases, profiles of Hypothesis, guards. No data, no builders."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from sqlalchemy import Connection, Engine, create_engine, event

from integrator.effects import NoCheckpoints
from integrator.store.database import Database
from tests.bank_contract import BROKEN
from tests.databases import clear_postgres, make_migrated_file, migrate_url, postgres_database
from tests.matrix import MatrixOfTheRun
from tests.postgres import private_postgres
from tests.shared_work import share_work

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
settings.register_profile(
    "dev",
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    print_blob=True,
    phases=_PHASES,
    suppress_health_check=_QUIET,
)
settings.register_profile("ci", parent=settings.get_profile("dev"), max_examples=40, derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option of ours: the matrix of a narrow run."""
    parser.addoption("--matrix", action="store_true", help="write build/matrix.* and tell its holes after any run")


def pytest_configure(config: pytest.Config) -> None:
    """Every run notes what the programs answer; a whole one is held to what the contracts declare.

    What every test would work out again is worked out once.
    """
    config.pluginmanager.register(MatrixOfTheRun(config))
    share_work()


_IS_UNSYNCED = "tests.is_unsynced"


@event.listens_for(Engine, "begin")
def do_not_wait_for_the_disk(connection: Connection) -> None:
    """No test cuts the power: a commit of this process to a SQLite file stays with the operating system.

    The same is said to PostgreSQL when it is started.
    """
    if connection.dialect.name == "sqlite" and _IS_UNSYNCED not in connection.info:
        driver = connection.connection.driver_connection
        assert driver is not None, "it was just taken out of the pool"
        driver.execute("PRAGMA synchronous=OFF")
        connection.info[_IS_UNSYNCED] = True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, started once for the run."""
    with private_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str) -> Iterator[Engine]:
    """A migrated database on our own PostgreSQL, which one test after the other uses."""
    with postgres_database(postgres_server, "shared") as url:
        migrate_url(url)
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database on our own PostgreSQL."""
    with postgres_database(postgres_server, "empty") as url:
        yield url


@pytest.fixture
def migrated_postgres_url(shared_postgres: Engine) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database without rows."""
    yield shared_postgres.url.render_as_string(hide_password=False)
    clear_postgres(shared_postgres)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'integrator.sqlite3'}"


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path) -> str:
    """The URL of a migrated SQLite database without rows."""
    return make_migrated_file(tmp_path / "integrator.sqlite3")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once with SQLite, once with PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database, once with SQLite, once with PostgreSQL: the store behaves alike on both."""
    is_sqlite = request.param == "sqlite"
    url: str = request.getfixturevalue("migrated_sqlite_url" if is_sqlite else "migrated_postgres_url")
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A migrated database, on each engine."""
    database = Database(database_url, effects=NoCheckpoints())
    yield database
    database.close()


@pytest.fixture(autouse=True)
def every_request_to_the_bank_is_lawful() -> Iterator[None]:
    """Whatever a test is about: what the integrator sent on its way is what the bank's contract describes."""
    yield
    broken = BROKEN.copy()
    BROKEN.clear()
    assert broken == [], "the integrator broke the bank's contract"


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    """A test that leaves a thread running has not ended."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in set(threading.enumerate()) - before if thread.is_alive() and not thread.daemon]
    assert not left, f"the test left threads behind: {left}"

"""The pytest plugin. Every test run where the package is installed loads it: it imports pytest and nothing else.

The bank is imported when a test first asks for one.
"""

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

MARKER = "gmo_bank"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    members = "scenario, seed, at, requests_per_second, confirmation_required"
    config.addinivalue_line("markers", f"{MARKER}({members}): what the bank of this test is like (docs/testing.md).")


@pytest.fixture(scope="session")
def gmo_bank_host() -> Iterator[Any]:
    """The application behind all banks of this run."""
    host = import_module("mock_gmo.testing.hosting").Host(monotonic=time.monotonic, sleep=time.sleep)
    yield host
    host.close()


@pytest.fixture
def gmo_world(gmo_bank_host: Any) -> Iterator[Callable[..., Any]]:
    """Make one more bank, in process: `gmo_world(scenario="individual", at=…)`. Its books are checked at the end."""
    hosting = import_module("mock_gmo.testing.hosting")
    made: list[Any] = []

    def make(**wished: Any) -> Any:
        made.append(gmo_bank_host.open(hosting.Wish(**wished)))
        return made[-1]

    yield make
    try:
        for bank in made:
            bank.check_books()
    finally:
        for bank in made:
            gmo_bank_host.drop(bank)


@pytest.fixture
def gmo_bank(request: pytest.FixtureRequest, gmo_world: Callable[..., Any]) -> Any:
    """This test's bank, in process: a `BankInProcess`. The marker `gmo_bank` says what it is like."""
    wished: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        if marker.args:
            raise TypeError(f"@pytest.mark.{MARKER} takes named arguments only")
        wished.update(marker.kwargs)
    return gmo_world(**wished)


@pytest.fixture
def gmo_bank_server(gmo_bank_host: Any, gmo_bank: Any) -> Iterator[Any]:
    """This test's bank on a port of this machine, for any client: the same world as `gmo_bank`, under `base_url`."""
    bank = gmo_bank_host.serve(gmo_bank)
    yield bank
    bank.close()


@pytest.fixture
def gmo_clock(gmo_bank: Any) -> Any:
    """The clock of this test's bank."""
    return gmo_bank.clock


@pytest.fixture
def gmo_faults(gmo_bank: Any) -> Any:
    """The faults of this test's bank."""
    return gmo_bank.faults


@pytest.fixture
def gmo_verdict(gmo_bank: Any) -> Callable[..., Any]:
    """Judge claims by the books of this test's bank, and fail with the table when the verdict is not good.

    `gmo_verdict(claims)` returns the Verdict; with `expect_good=False` it fails nothing.
    """

    def judge(claims: Any, *, expect_good: bool = True, **given: Any) -> Any:
        verdict = gmo_bank.verdict(claims, **given)
        if expect_good and not verdict.is_good:
            pytest.fail(f"the verdict is not good\n{verdict.as_table()}", pytrace=False)
        return verdict

    return judge

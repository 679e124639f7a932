"""The plugin as others use it: in a run of its own, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "test_my_integrator.py"
TO_FAIL = """
import sys
import pytest
from datetime import UTC, datetime

def test_whoever_asks_for_no_bank_pays_for_none():
    assert not {"flask", "werkzeug", "yaml", "sqlalchemy", "mock_gmo.app"} & set(sys.modules)

@pytest.mark.gmo_bank(scenario="atlantis")
def test_unknown_scenario(gmo_bank): pass

@pytest.mark.gmo_bank(at=datetime(2020, 1, 1, tzinfo=UTC))
def test_the_past(gmo_bank): pass

@pytest.mark.gmo_bank(colour="red")
def test_unknown_wish(gmo_bank): pass

@pytest.mark.gmo_bank("corporate")
def test_wish_without_a_name(gmo_bank_server): pass

def test_books_that_do_not_balance(gmo_bank):
    gmo_bank.control = lambda *call: {"sum_yen": 1, "differing": []}

def test_a_verdict_that_is_not_good(gmo_bank, gmo_verdict):
    from mock_gmo.testing.verdict import Belief, Claim
    gmo_verdict([Claim("P1", 500, Belief.PAID)])

def test_one_more_world(gmo_bank, gmo_world):
    other = gmo_world(scenario="individual", seed=2, requests_per_second=1, at=datetime(2026, 4, 2, tzinfo=UTC))
    other.change_customer(confirmation_required=False)
    assert other.account_id != gmo_bank.account_id
    assert other.clock.now() > gmo_bank.clock.now()
    assert other.client.client_id == gmo_bank.client.client_id
    mine = other.register_client("Mine", "http://127.0.0.1:8320/mine")
    assert other.access_token(client=mine, scope="private:account") != gmo_bank.access_token()
    assert mine.client_secret not in repr(mine)
    assert other.journal() and other.journal() != gmo_bank.journal()
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run of pytest over the documented file and over one that is to fail."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "test_bad_worlds.py").write_text(TO_FAIL, encoding="utf-8")
    shutil.copy(EXAMPLE, folder)
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-p", "mock_gmo.testing.plugin", "-p", "no:cacheprovider", "-W", "error"]
    return subprocess.run(
        [*command, "--strict-markers", "-q", "-rA", "--tb=short", str(folder)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def told(ran: subprocess.CompletedProcess[str], file: str) -> list[str]:
    lines = (line.split(" - ")[0] for line in ran.stdout.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR")))
    return [line.replace(f"{file}::", "") for line in lines if file in line]


def test_the_documented_file_runs_as_shown(ran: subprocess.CompletedProcess[str]) -> None:
    shown = EXAMPLE.read_text(encoding="utf-8")

    assert f"```python\n{shown}```" in (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    results = told(ran, EXAMPLE.name)
    assert len(results) == 13, ran.stdout + ran.stderr
    assert all(result.startswith("PASSED") for result in results), ran.stdout + ran.stderr


def test_a_world_that_cannot_be_set_up_passes_no_test_and_a_bad_verdict_fails_it(
    ran: subprocess.CompletedProcess[str],
) -> None:
    assert told(ran, "test_bad_worlds.py") == [
        "PASSED test_whoever_asks_for_no_bank_pays_for_none",
        "PASSED test_books_that_do_not_balance",
        "PASSED test_one_more_world",
        "ERROR test_unknown_scenario",
        "ERROR test_the_past",
        "ERROR test_unknown_wish",
        "ERROR test_wish_without_a_name",
        "ERROR test_books_that_do_not_balance",
        "FAILED test_a_verdict_that_is_not_good",
    ], ran.stdout + ran.stderr
    assert "the bank's postings sum to 1 yen instead of 0" in ran.stdout
    assert "the verdict is not good" in ran.stdout
    assert "BAD  lost     P1      500      0     told paid; no debit" in ran.stdout
    assert "clock_backwards" in ran.stdout

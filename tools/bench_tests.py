"""Figures of the tests themselves: which documented successes generated calls reach, and how long everything takes."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from bench_process import MeasurementFailed

ROOT: Final = Path(__file__).resolve().parents[1]
SUCCESSES: Final = "tests/contract/test_generated_successes.py"
CONTRACT: Final = "tests/contract/test_mock_keeps_contract.py"
GENERATED: Final = "keep_their_contract or Stories"
ALL_PASSED, SOME_FAILED = 0, 1
SUCCESSES_SECONDS_MAX: Final = 300.0
TESTS_SECONDS_MAX: Final = 1_200.0


def successes_reached() -> float:
    """Return how many of the documented successes generated calls reach ÷ how many there are."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", SUCCESSES]
        if _run(command, seconds_max=SUCCESSES_SECONDS_MAX) not in (ALL_PASSED, SOME_FAILED):
            raise MeasurementFailed(f"{SUCCESSES} could not be run")
        suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314  (pytest has just written it)
    assert suite is not None, "pytest writes one suite a run"
    all_count, *lost = (int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped"))
    return (all_count - sum(lost)) / all_count


def contract_cases_per_second() -> float:
    """Return how many generated calls to the bank in process are made and judged a second, by all checks and ours."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", CONTRACT]
        if _run([*command, "-k", GENERATED], seconds_max=SUCCESSES_SECONDS_MAX) != ALL_PASSED:
            raise MeasurementFailed(f"{CONTRACT} did not pass")
        suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314  (pytest has just written it)
    assert suite is not None, "pytest writes one suite a run"
    cases = next(found.attrib["value"] for found in suite.iter("property") if found.attrib["name"] == "cases")
    return int(cases) / sum(float(test.attrib["time"]) for test in suite.iter("testcase"))


def test_wall_seconds() -> float:
    """Return how long `make test` takes. Raises MeasurementFailed when a test fails."""
    started = time.monotonic()
    if _run(["make", "--no-print-directory", "test"], seconds_max=TESTS_SECONDS_MAX) != ALL_PASSED:
        raise MeasurementFailed("not every test passed: run `make test`")
    return time.monotonic() - started


def _run(command: list[str], *, seconds_max: float) -> int:
    try:
        return subprocess.run(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=seconds_max
        ).returncode
    except subprocess.TimeoutExpired as late:
        raise MeasurementFailed(f"{' '.join(command)} did not end within {seconds_max:g} s") from late

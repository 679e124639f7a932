"""Figures of the harness: the pace of the world, and what the last `make mutants` found in these very sources."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench_process import MeasurementFailed

ROOT: Final = Path(__file__).resolve().parents[1]
WORLD: Final = "from tests.simulation.measuring import measure; print(measure())"
WORLD_SECONDS_MAX: Final = 300.0
HUNT_SECONDS_MAX: Final = 1_800.0
REPORTS: Final = {"mutants": "tests.mutants", "mutation-score": "tests.mutants.score"}


def world_steps_per_second() -> float:
    """Return the steps of the world for each second of one core, every invariant included."""
    return float(_said([sys.executable, "-c", WORLD], seconds_max=WORLD_SECONDS_MAX))


def find_in_report(report: str, name: str) -> float | None:
    """Return a figure of a report in build/, or None when there is none of these very sources."""
    found = _read(report)
    return None if found is None else float(found["figures"][name])


def from_report(report: str, name: str) -> float:
    """Return a figure of a report, which is made first when there is none of these very sources."""
    if _read(report) is None:
        # A survivor ends it with 1 and stands in the report all the same.
        _run([sys.executable, "-m", REPORTS[report]], seconds_max=HUNT_SECONDS_MAX)
    value = find_in_report(report, name)
    if value is None:
        raise MeasurementFailed(f"python -m {REPORTS[report]} has written no report")
    return value


def _read(report: str) -> dict[str, Any] | None:
    path = ROOT / "build" / f"{report}.json"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    present = _said([sys.executable, "-m", "tests.mutants.sources"], seconds_max=60).strip()
    return found if found.get("sources") == present else None


def _said(command: list[str], *, seconds_max: float) -> str:
    done = _run(command, seconds_max=seconds_max)
    if done.returncode != 0:
        raise MeasurementFailed(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else str(done.args))
    return done.stdout


def _run(command: list[str], *, seconds_max: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds_max)
    except subprocess.TimeoutExpired as late:
        raise MeasurementFailed(f"{' '.join(command)} did not end within {seconds_max:g} s") from late

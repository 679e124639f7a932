"""Processes of a measurement: start one on a core of its own, wait until it answers, end it. No figure is made here."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench_load import SECONDS_MAX, Load, Tally

TOOLS: Final = Path(__file__).resolve().parent
BIN: Final = Path(sys.executable).parent
START_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 5.0
POLL_SECONDS: Final = 0.005
OURS: Final = ("INTEGRATOR_", "MOCK_GMO_")


class MeasurementFailed(Exception):
    """A figure could not be made. The message is for the person at the terminal."""


def cores() -> tuple[int, int] | None:
    """Return a core for the server and another for its callers; None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[-1]) if len(usable) > 1 else None


@contextlib.contextmanager
def pinned_to(core: int | None) -> Iterator[None]:
    """Children started inside the block run on that core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start(command: Sequence[str], settings: Mapping[str, str], *, is_pinned: bool = True) -> subprocess.Popen[bytes]:
    """Start a program on the server's core, or on any, with these settings and none of the terminal's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    chosen = cores()
    with pinned_to(chosen[0] if chosen and is_pinned else None):
        return subprocess.Popen(
            command,
            env={**clean, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program: asked first, killed when it does not go. Whatever it started and left behind ends with it."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_SECONDS_MAX)
    # `start` gave it a session of its own, so its id is that of its whole group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def serving(command: Sequence[str], settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a server that takes `--ready-file`; yields its base URL once it answers."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ready = Path(folder) / "url"
        process = start([*command, "--ready-file", str(ready)], settings or {})
        try:
            yield _url_in(ready, process)
        finally:
            stop(process)


def measure(load: Load) -> Tally:
    """Run the load client on the callers' core. Raises MeasurementFailed."""
    chosen = cores()
    with pinned_to(chosen[1] if chosen else None):
        done = subprocess.run(
            [sys.executable, str(TOOLS / "bench_load.py")],
            input=json.dumps(asdict(load)),
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * SECONDS_MAX,
        )
    if done.returncode != 0:
        raise MeasurementFailed(done.stderr.strip())
    return Tally(**json.loads(done.stdout))


def port_of(url: str) -> int:
    """Return the port in a base URL."""
    return int(url.rstrip("/").rpartition(":")[2])


def _url_in(ready: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS_MAX
    while not (ready.exists() and (url := ready.read_text(encoding="utf-8").strip())):
        if process.poll() is not None:
            raise MeasurementFailed(f"{process.args!r} ended by itself; its own message stands above")
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"{process.args!r} did not answer within {START_SECONDS_MAX:g} s")
        time.sleep(POLL_SECONDS)
    return url

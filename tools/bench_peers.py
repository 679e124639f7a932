"""Our bank beside Prism, which serves the same contract from its examples, and beside itself under other servers.

Prism and the other servers are no part of the project: they are installed once, into a folder of the user's cache.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from bench_bank import CORPORATION, Bank, Call, Target, paired_ratio, running_bank, send
from bench_process import TOOLS, MeasurementFailed, port_of, start, stop

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gmo-bank-in-a-box"
PRISM: Final = "@stoplight/prism-cli@5.14.2"
SERVERS: Final = ("waitress==3.0.2", "granian==2.8.7")
CONTRACT: Final = TOOLS.parent / "contracts" / "corporation.yaml"
INSTALL_SECONDS_MAX: Final = 300
START_SECONDS_MAX: Final = 30.0
PAIRS: Final = 9
POLL_SECONDS: Final = 0.05
CONNECTIONS: Final = (1, 8, 32)
CALLS: Final[dict[str, Callable[[Bank], Call]]] = {"get": Bank.balances, "post": Bank.transfer}


def gateway_vs_prism(call: str, connections: int) -> float:
    """Return calls a second of our bank ÷ those of Prism, with that many connections kept open."""
    with running_bank() as bank, _prism() as port:
        ours = CALLS[call](bank)
        # Prism knows the paths of the document and not the prefix of its server.
        theirs = replace(ours, path=ours.path.removeprefix(CORPORATION))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as caller:
            send(caller, theirs, number=0)
        return paired_ratio(Target(port_of(bank.url), ours), Target(port, theirs), connections=connections, pairs=PAIRS)


def figures() -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield the names of the figures and what measures them."""
    for call in CALLS:
        for connections in CONNECTIONS[1:]:
            yield f"gateway_vs_prism_{call}_{connections}", partial(gateway_vs_prism, call, connections)


def main() -> None:
    """Print our bank under other servers ÷ under its own, for the table of docs/decisions/0004."""
    uv = shutil.which("uv") or str(TOOLS.parent / ".uv" / "bin" / "uv")
    packages = _installed("servers", [uv, "pip", "install", "-q", "--system-certs", "--target", ".", *SERVERS])
    for server in (name.partition("==")[0] for name in SERVERS):
        command = (sys.executable, str(TOOLS / "bench_app.py"), "--server", server, "--packages", str(packages))
        for name, call in CALLS.items():
            for connections in CONNECTIONS:
                with running_bank() as own, running_bank(command=command) as other:
                    print(f"{server} ÷ gunicorn, {name}, {connections} connections", flush=True)
                    theirs, ours = (Target(port_of(bank.url), call(bank)) for bank in (other, own))
                    print(f"  {paired_ratio(theirs, ours, connections=connections, pairs=PAIRS):.2f}", flush=True)


@contextlib.contextmanager
def _prism() -> Iterator[int]:
    folder = _installed("prism", ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", PRISM])
    port = _free_port()
    command = [str(folder / "node_modules" / ".bin" / "prism"), "mock", "--port", str(port), str(CONTRACT)]
    process = start(command, {})
    try:
        _wait_for(port, process)
        yield port
    finally:
        stop(process)


def _installed(name: str, command: list[str]) -> Path:
    """Return the folder of a peer, installed at the first use. Raises MeasurementFailed."""
    folder = CACHE / name
    done = folder / ".installed"
    if not (done.exists() and done.read_text(encoding="utf-8") == command[-1]):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(command, cwd=folder, check=True, timeout=INSTALL_SECONDS_MAX, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as failure:
            raise MeasurementFailed(f"{name} cannot be installed here: {failure}") from failure
        done.write_text(command[-1], encoding="utf-8")
    return folder


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: Any) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/")
            return
        time.sleep(POLL_SECONDS)
    raise MeasurementFailed("Prism did not answer")


if __name__ == "__main__":
    main()

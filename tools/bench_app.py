"""The mock bank's application under another server than its own, for the table of docs/decisions/0004.

`--server waitress` or `granian`; both are installed beside the project, into the folder that `--packages` names.
"""

import argparse
import contextlib
import importlib
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import Any, Final
from wsgiref.types import WSGIApplication

from mock_gmo.app import create_app
from mock_gmo.server import THREADS, base_url, listen
from mock_gmo.settings import Settings

SERVERS: Final = ("waitress", "granian")
POLL_SECONDS: Final = 0.05


def application() -> WSGIApplication:
    """Return the bank as `mock-gmo serve` builds it without options. Granian calls this in its worker."""
    return create_app(
        Settings(), real_time=time.time, monotonic=time.monotonic, random_source=SystemRandom(), sleep=time.sleep
    )


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=SERVERS, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    told = parser.parse_args()
    sys.path.append(str(told.packages))
    server: Any = importlib.import_module(told.server)
    run: Callable[[Any, Path], None] = {"waitress": _waitress, "granian": _granian}[told.server]
    run(server, told.ready_file)


def _waitress(waitress: Any, ready_file: Path) -> None:
    listener = listen("127.0.0.1", 0)
    ready_file.write_text(base_url(listener), encoding="utf-8")
    waitress.serve(application(), sockets=[listener], threads=THREADS)


def _granian(granian: Any, ready_file: Path) -> None:
    with listen("127.0.0.1", 0) as probe:
        url, port = base_url(probe), probe.getsockname()[1]
    server = granian.Granian(
        "bench_app:application",
        factory=True,
        interface="wsgi",
        address="127.0.0.1",
        port=port,
        blocking_threads=THREADS,
        log_enabled=False,
    )
    threading.Thread(target=_tell_ready, args=(url, port, ready_file), daemon=True).start()
    server.serve()


def _tell_ready(url: str, port: int, ready_file: Path) -> None:
    """Its own hook comes before its worker listens."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            ready_file.write_text(url, encoding="utf-8")
            return
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()

"""The figures: those that the documents claim are those that can be made, and the load client counts honestly."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.bench_load import NUMBER, Load, LoadFailed, run

ROOT = Path(__file__).resolve().parents[2]
CLAIMED = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)


class Answering(BaseHTTPRequestHandler):
    """Answers every GET with 200 and remembers the paths."""

    protocol_version = "HTTP/1.1"
    server: "Recorder"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Recorder(ThreadingHTTPServer):
    """A server that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.paths: list[str] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that goes away in the middle: the load client does so at its end."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def make_load(server: Recorder, **changed: int) -> Load:
    """Return a short load of two connections."""
    told = {"port": server.server_address[1], "status": 200, "connections": 2, **changed}
    request = f"GET /{NUMBER.decode()} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    return Load(request=request, seconds=0.05, warm_up_seconds=0.02, **told)


def test_the_load_client_counts_no_more_replies_than_there_were_and_repeats_no_request(recorder: Recorder) -> None:
    tally = run(make_load(recorder, first_number=7))

    assert 0 < tally.replies_count < tally.sent_count
    assert tally.per_second == tally.replies_count / tally.seconds
    assert len(set(recorder.paths)) == len(recorder.paths) <= tally.sent_count
    assert min(recorder.paths) == "/000000000007"


def test_the_load_client_fails_at_a_reply_of_another_status(recorder: Recorder) -> None:
    with pytest.raises(LoadFailed, match=r"expected HTTP/1\.1 202"):
        run(make_load(recorder, status=202))


def test_the_documents_claim_exactly_the_figures_that_can_be_made() -> None:
    done = subprocess.run(
        [sys.executable, "tools/bench.py", "--only", "none"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    known = done.stderr.strip().partition("known are ")[2].split(", ")
    assert CLAIMED.findall((ROOT / "docs/performance.md").read_text(encoding="utf-8")) == known


def test_the_measurements_of_long_books_start_from_a_bank() -> None:
    built = subprocess.run(
        [sys.executable, "-c", "import bench_books; print(len(bench_books._bank().bank.customers()))"],
        cwd=ROOT / "tools", env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert built.stdout.strip() == "1", built.stderr

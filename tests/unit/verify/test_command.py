"""The command line: what is refused before the first call, and how a run over a real connection ends."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from mock_gmo.__main__ import main

TOKEN = "accessExample000000000000000000a"
FOUND: list[str] = []


class _Elsewhere(BaseHTTPRequestHandler):
    """No bank: sends everybody to another place."""

    def do_GET(self) -> None:
        FOUND.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    FOUND.clear()
    server = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(tmp_path: Path, *arguments: str, token: str = TOKEN) -> Result:
    file = tmp_path / "token"
    file.write_text(token)
    return CliRunner().invoke(main, ["verify", "--token-file", str(file), *arguments])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "http://bank.example"], "must be https"),
        (["--target", "https://api.gmo-aozora.com"], "--production-read-only"),
        (["--target", "https://api.gmo-aozora.com", "--production-read-only"], "--allow"),
        (["--target", "https://bank.example", "--allow", "requestTransfer"], "never called, it moves money"),
        (["--target", "https://bank.example", "--allow", "getUserInfo"], "not in the chosen documents"),
    ],
)
def test_what_is_not_safe_is_refused_with_the_reason(tmp_path: Path, arguments: list[str], told: str) -> None:
    result = run(tmp_path, *arguments)

    assert (result.exit_code, told in result.output) == (2, True), result.output


@pytest.mark.parametrize("token", ["", "two tokens", "x" * 129, "トークン", "a\nb"])
def test_what_is_no_token_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    result = run(tmp_path, "--target", "https://bank.example", token=token)

    assert result.exit_code == 2
    assert "expected one access token" in result.output
    assert not token or token not in result.output


def test_a_redirect_is_not_followed_and_is_no_bank(tmp_path: Path, elsewhere: str) -> None:
    result = run(tmp_path, "--target", elsewhere)

    assert result.exit_code == 2
    assert "it is not the bank's API" in result.output
    assert len(FOUND) == 1
    assert TOKEN not in result.output


def test_nobody_at_the_address_is_told_in_one_sentence(tmp_path: Path, elsewhere: str) -> None:
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as gone:
        port = gone.server_port

    result = run(tmp_path, "--target", f"http://127.0.0.1:{port}")

    assert result.exit_code == 2
    assert "does not answer" in result.output

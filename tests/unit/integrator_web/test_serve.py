"""`integrator serve` as a process: it says when it answers, refuses a taken port, and ends when told to."""

import base64
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from integrator.app import random_text
from integrator.settings import MasterKey
from integrator.vault import intake_public_key

COMMAND = (sys.executable, "-m", "integrator", "serve")
STARTS_WITHIN_SECONDS = 20.0
ENDS_WITHIN_SECONDS = 10.0  # 2 on a quiet machine; this one may be busy


@pytest.fixture
def variables(migrated_sqlite_url: str) -> dict[str, str]:
    """Settings of a web process on a migrated database."""
    public = intake_public_key(MasterKey("testkey1", bytes(range(32))))
    return {
        "PATH": os.environ["PATH"],
        "INTEGRATOR_ENVIRONMENT": "local",
        "INTEGRATOR_DATABASE_URL": migrated_sqlite_url,
        "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310",
        "INTEGRATOR_PUBLIC_URL": "http://127.0.0.1:8320",
        "INTEGRATOR_INTAKE_PUBLIC_KEY": base64.b64encode(public).decode(),
    }


@pytest.fixture
def ready_file(tmp_path: Path) -> Path:
    """A named pipe: reading it returns as soon as the server has written its URL, without looking again and again."""
    pipe = tmp_path / "ready"
    os.mkfifo(pipe)
    return pipe


@pytest.fixture
def server(variables: dict[str, str], ready_file: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running server on any free port, and its URL."""
    command = (*COMMAND, "--port", "0", "--ready-file", str(ready_file))
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process, ready_file.read_text(encoding="utf-8").strip()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_when_it_says_so_and_ends_soon_after_a_signal(
    server: tuple[subprocess.Popen[bytes], str], number: signal.Signals
) -> None:
    process, url = server
    with httpx.Client(trust_env=False) as http:
        assert http.get(f"{url}/healthz").json() == {"status": "ok"}
        assert http.get(f"{url}/readyz").status_code == 200

    process.send_signal(number)

    assert process.wait(ENDS_WITHIN_SECONDS) == 0


def test_a_taken_port_is_named_with_the_way_to_choose_another(variables: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = subprocess.run(
            (*COMMAND, "--port", str(port)),
            env=variables,
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN_SECONDS,
            check=False,
        )

    assert ended.returncode == 2
    assert f"127.0.0.1:{port}: the port is taken" in ended.stderr
    assert "--port" in ended.stderr


def test_random_texts_are_of_the_alphabet_and_length_asked_for() -> None:
    assert set(random_text(200, "ab")) == {"a", "b"}
    assert len(random_text(43, "abc")) == 43

"""The bank's state in a file: what was answered is there after any end, and what is no state is not taken for one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_gmo.app import STATE_FILE
from mock_gmo.gateway.connection import ConnectionDropped
from mock_gmo.keeping import StateFileUnusable
from tests.unit.gateway.calling import Caller, make_caller, make_order

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Caller]]:
    """Start a bank on the state file; the one before has ended."""
    running: list[Caller] = []

    def begin(**settings: Any) -> Caller:
        for caller in running:
            caller.app.extensions[STATE_FILE].close()
        running.append(make_caller(state=tmp_path / "bank.json", **settings))
        return running[-1]

    yield begin
    for caller in running:
        caller.app.extensions[STATE_FILE].close()


def test_a_bank_goes_on_where_it_ended(start: Callable[..., Caller]) -> None:
    first = start()
    apply_no = first.post("/transfer/request", make_order()).json["applyNo"]
    first.control("POST", f"/transfers/{apply_no}/confirm")

    second = start()
    old_token = second.call("GET", "/ganb/api/corporation/v1/accounts", headers={"x-access-token": first.token})

    assert old_token.status_code == 200
    assert [payment["apply_no"] for payment in second.control("GET", "/payments").json["payments"]] == [apply_no]


def test_what_was_done_is_kept_even_when_its_reply_is_lost(start: Callable[..., Caller]) -> None:
    first = start()
    first.control("POST", "/faults", {"operation": "POST /transfer/request", "point": "committed", "effect": "drop"})
    with pytest.raises(ConnectionDropped):
        first.post("/transfer/request", make_order())

    assert len(start().world.snapshot()["bank"]["applications"]) == 1


def test_while_the_bank_is_down_its_time_passes(start: Callable[..., Caller], tmp_path: Path) -> None:
    first = start()
    first.control("POST", "/clock", {"advance_seconds": 3_600})
    then = first.world.clock.now()
    path = tmp_path / "bank.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**state, "saved_at": state["saved_at"] - 60}), encoding="utf-8")

    assert (start().world.clock.now() - then).total_seconds() == 60


def test_two_processes_do_not_share_a_state(start: Callable[..., Caller], tmp_path: Path) -> None:
    start()

    with pytest.raises(StateFileUnusable, match="another process"):
        make_caller(state=tmp_path / "bank.json")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format":"mock-gmo-state","version":1,"saved_at":0}', "\x80"])
def test_a_file_that_holds_no_state_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bank.json"
    path.write_bytes(content.encode("latin-1"))

    with pytest.raises(StateFileUnusable, match="move it away"):
        make_caller(state=path)
    assert path.read_bytes() == content.encode("latin-1")


def test_nobody_else_on_the_machine_may_read_it(start: Callable[..., Caller], tmp_path: Path) -> None:
    start()

    assert (tmp_path / "bank.json").stat().st_mode & 0o777 == 0o600


class Served:
    """A bank in a process of its own that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.ready = folder / "url"
        self.ready.unlink(missing_ok=True)
        command = ["-m", "mock_gmo", "serve", "--port", "0", "--state", str(folder / "bank.json")]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--ready-file", str(self.ready)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self.url = self.ready.read_text(encoding="utf-8").strip() + "/_sandbox/v1"

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    deposit = {"account_id": "101010012345", "amount": 1, "remitter_name": "ﾃｽﾄ"}
    answered = 10_000_000
    for _ in range(3):
        served = Served(tmp_path)
        try:
            before = httpx.get(f"{served.url}/postings/check").json()["balances"]["101010012345"]
            assert before == answered
            for _ in range(5):
                answered = httpx.post(f"{served.url}/deposits", json=deposit).json()["balance_yen"]
        finally:
            served.kill()

    assert answered == 10_000_015

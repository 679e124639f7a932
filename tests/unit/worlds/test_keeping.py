"""The bank's state in a file: what was answered is there after any end, and what is no state is not taken for one."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from mock_gmo.app import STATE_FILE
from mock_gmo.gateway.connection import ConnectionDropped
from mock_gmo.keeping import StateFile, StateFileUnusable
from mock_gmo.records import RecordsDamaged, read_records, write_record
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CLIENT_ID,
    NOON,
    REDIRECT_URI,
    Caller,
    make_caller,
    make_order,
)
from tests.unit.notifications.receiving import BASE, credentials
from tests.unit.worlds.stories import Life

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


@pytest.mark.parametrize("prefix", ["/ganb/api/auth/v1", "/ganb/stg-api/auth/v1"])
def test_a_consent_page_that_was_promised_is_there_after_a_restart(start: Callable[..., Caller], prefix: str) -> None:
    query = {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI,
        "scope": "private:account", "state": "s" * 32,
    }  # fmt: skip
    page = start().client.get(f"{prefix}/authorization", query_string=query).headers["Location"]

    assert start().client.get(page).status_code == 200


def test_a_message_that_was_fetched_is_not_fetched_again_after_a_restart(start: Callable[..., Caller]) -> None:
    life = Life(start().client, "corporate")
    life.begin()
    order = {"vaTypeCode": "2", "issueRequestCount": "1", "raId": life.side_account_id}
    va_id = life.call("POST", "/va/issue", order)["vaList"][0]["vaId"]
    life.control("POST", "/deposits", {"va_id": va_id, "amount": 5, "remitter_name": "ﾃｽﾄ"})
    unsent = f"{BASE}/unsentlist/va-deposit-transaction"
    headers = {"Authorization": credentials()}
    assert life.say("GET", unsent, headers=headers).status_code == 200

    assert start().client.get(unsent, headers=headers).status_code == 404


def test_while_the_bank_is_down_its_time_passes(start: Callable[..., Caller], tmp_path: Path) -> None:
    first = start()
    first.control("POST", "/clock", {"advance_seconds": 3_600})
    then = first.world.clock.now()
    path = tmp_path / "bank.json"
    records = [json.loads(record) for record in read_records(path.read_bytes())]
    earlier = [{**record, "saved_at": record["saved_at"] - 60} for record in records]
    path.write_bytes(b"".join(write_record(json.dumps(record).encode()) for record in earlier))

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


def deposit(caller: Caller) -> int:
    paid = {"account_id": ACCOUNT_ID, "amount": 1, "remitter_name": "ﾃｽﾄ"}
    return int(caller.control("POST", "/deposits", paid).json["balance_yen"])


def balance(caller: Caller) -> int:
    return caller.world.bank.check_books().balances[ACCOUNT_ID]


def test_a_change_costs_its_own_bytes_and_not_those_of_the_state(start: Callable[..., Caller], tmp_path: Path) -> None:
    caller, path = start(), tmp_path / "bank.json"
    lengths = []
    for _ in range(50):
        before = path.stat().st_size
        deposit(caller)
        lengths.append(path.stat().st_size - before)

    assert max(lengths) - min(lengths) < 20
    assert max(lengths) < 1_500


def test_a_file_cut_at_any_byte_of_its_changes_holds_all_records_before_the_cut(
    start: Callable[..., Caller], tmp_path: Path
) -> None:
    caller, path = start(), tmp_path / "bank.json"
    lengths = {path.stat().st_size: balance(caller)}
    for _ in range(2):
        yen = deposit(caller)
        lengths[path.stat().st_size] = yen
    written = path.read_bytes()
    other, cut = make_caller(), tmp_path / "cut.json"

    for end in range(min(lengths), len(written) + 1):
        cut.write_bytes(written[:end])
        file = StateFile(cut, other.world, real_time=lambda: NOON)
        file.open()
        file.close()
        assert balance(other) == lengths[max(length for length in lengths if length <= end)], end
        assert len(read_records(cut.read_bytes())) == 1


def test_a_record_that_is_damaged_in_the_middle_is_not_passed_over(
    start: Callable[..., Caller], tmp_path: Path
) -> None:
    caller, path = start(), tmp_path / "bank.json"
    whole_length = path.stat().st_size
    deposit(caller)
    deposit(caller)
    caller.app.extensions[STATE_FILE].close()
    written = bytearray(path.read_bytes())
    written[whole_length + 40] ^= 1
    path.write_bytes(written)

    with pytest.raises(StateFileUnusable, match="record 4 of 5 is damaged"):
        make_caller(state=path)
    assert path.read_bytes() == bytes(written)


def test_no_byte_of_a_record_can_change_unnoticed() -> None:
    record = write_record(b'{"a":1}')

    for place in range(len(record)):
        changed = bytearray(record)
        changed[place] ^= 1
        with pytest.raises(RecordsDamaged):
            read_records(bytes(changed) + record)
        with pytest.raises(RecordsDamaged):
            read_records(record + bytes(changed))


def test_a_record_that_broke_off_is_left_out() -> None:
    record = write_record(b'{"a":1}')

    for end in range(len(record)):
        assert read_records(record + record[:end]) == [b'{"a":1}']
    assert read_records(record + b"\0" * 512) == [b'{"a":1}']


def test_when_changes_outgrow_the_state_a_new_file_takes_its_place(tmp_path: Path) -> None:
    caller, path = make_caller(), tmp_path / "bank.json"
    file = StateFile(path, caller.world, real_time=lambda: NOON, changes_bytes_min=2_000)
    file.open()
    counts = []
    for _ in range(200):
        deposit(caller)
        file.save()
        counts.append(len(read_records(path.read_bytes())))
    file.close()

    assert 1 < max(counts) < 150
    assert counts.count(1) > 0
    again = make_caller(state=path)
    again.app.extensions[STATE_FILE].close()
    assert balance(again) == balance(caller)


def test_a_reset_begins_the_file_anew(start: Callable[..., Caller], tmp_path: Path) -> None:
    caller = start()
    deposit(caller)
    caller.control("POST", "/reset", {})
    first = balance(caller)

    assert len(read_records((tmp_path / "bank.json").read_bytes())) == 1
    assert balance(start()) == first


def test_after_a_writing_that_failed_the_next_one_holds_everything(tmp_path: Path) -> None:
    caller, path = make_caller(), tmp_path / "bank.json"
    file = StateFile(path, caller.world, real_time=lambda: NOON)
    file.open()
    deposit(caller)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    taken = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            file.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, taken)
    deposit(caller)
    file.save()
    file.close()

    again = make_caller(state=path)
    again.app.extensions[STATE_FILE].close()
    assert balance(again) == balance(caller)


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


class Payer(Thread):
    """Pays in on and on until the bank is gone; keeps the highest balance that it was told."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.told = 0
        self.was_answered = Event()

    def run(self) -> None:
        deposit = {"account_id": ACCOUNT_ID, "amount": 1, "remitter_name": "ﾃｽﾄ"}
        with httpx.Client(base_url=self.url) as client, suppress(httpx.HTTPError):
            while True:
                self.told = client.post("/deposits", json=deposit).json()["balance_yen"]
                self.was_answered.set()
                seen = client.get("/postings/check").json()["balances"][ACCOUNT_ID]
                self.told = max(self.told, seen)


@pytest.mark.parametrize("seconds", [0.003, 0.11, 0.23])
def test_a_kill_at_any_moment_loses_nothing_that_was_answered(tmp_path: Path, seconds: float) -> None:
    told = 10_000_000
    for _ in range(2):
        served = Served(tmp_path)
        payers = [Payer(served.url) for _ in range(4)]
        try:
            found = httpx.get(f"{served.url}/postings/check").json()["balances"][ACCOUNT_ID]
            # What was done and not answered any more may be there as well: one call a payer.
            assert told <= found <= told + len(payers)
            for payer in payers:
                payer.start()
            assert all(payer.was_answered.wait(timeout=10) for payer in payers)
            payers[0].join(timeout=seconds)
        finally:
            served.kill()
        for payer in payers:
            payer.join()
        told = max(found, *(payer.told for payer in payers))

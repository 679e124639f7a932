"""Notifications survive what a bank survives: a snapshot, a state file, a killed process; the postman delivers."""

import json
import socket
import subprocess
import sys
import threading
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from mock_gmo import Settings, create_app
from mock_gmo.app import STATE_FILE, world_of, worlds_of
from mock_gmo.postman import Postman
from mock_gmo.records import read_records
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.diff import diff_snapshots
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, HandClock, token_form
from tests.unit.notifications.receiving import BASE, SCOPES, credentials, make_notified

PATIENCE = 30.0
HALF_A_WISH = {"state": "RUNNING", "since": None, "asked": "START", "works_at": None}


def test_a_snapshot_brings_back_messages_and_the_state_of_delivery() -> None:
    bank = make_notified()
    bank.subscribe()
    bank.receiver.answers = [500]
    bank.pay_in()
    bank.advance(0)
    before, log = json.loads(json.dumps(bank.world.snapshot())), bank.log()
    bank.advance(7200)

    assert bank.control("PUT", "/snapshot", before).status_code == 200

    assert bank.log() == log
    assert [event["at"][11:19] for event in bank.advance(10)] == ["03:00:10"]


def test_deposits_of_which_nobody_took_notice_are_in_a_snapshot() -> None:
    bank = make_notified()
    world = bank.world
    snapshot = world.snapshot()
    bank.pay_in()
    record = bank.world.bank.look(lambda state, _: state.virtual.deposits_of_va[bank.va_id][0])
    world.restore(world.snapshot())
    world.bank.look(lambda state, _: state.virtual.untold.append((world.clock.now(), record)))
    world.restore(json.loads(json.dumps(world.snapshot())))

    assert bank.states() == ["waiting", "waiting"]
    assert snapshot["bank"]["virtual"]["untold"] == []


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"number": 9}, "/notifications/messages"),
        ({"message_id": "same"}, "/notifications/messages"),
        ({"client_id": "nobody"}, "/notifications/messages/1/client_id"),
        ({"turn": 99}, "/notifications/messages/1"),
        ({"copies_left": -1}, "/notifications/messages/1"),
        ({"due_at": None}, "/notifications/messages/1/due_at"),
        ({"delete_at": "2026-04-01T03:00:00+00:00"}, "/notifications/messages/1/delete_at"),
        ({"state": "DELIVERED", "due_at": None}, "/notifications/messages/1/ended_at"),
        ({"state": "somewhere"}, "/notifications/messages/1/state"),
        ({"clients": {"a": HALF_A_WISH}}, "/notifications/clients/a"),
        ({"account_id": "999999999999"}, "/notifications/messages/1/account"),
        ({"untold": "999999999999"}, "/bank/virtual/untold"),
    ],
    ids=str,
)  # fmt: skip
def test_a_memory_that_cannot_be_is_refused(change: dict[str, Any], at: str) -> None:
    bank = make_notified()
    bank.subscribe()
    bank.pay_in()
    bank.pay_in()
    snapshot = deepcopy(bank.world.snapshot())
    first, second = snapshot["notifications"]["messages"]
    if "message_id" in change:
        first["message_id"] = second["message_id"]
    elif "clients" in change:
        snapshot["notifications"]["clients"] |= change["clients"]
    elif "account_id" in change:
        second["account"]["account_id"] = change["account_id"]
    elif "untold" in change:
        unknown = {**deepcopy(second["deposit"]), "account_id": change["untold"]}
        snapshot["bank"]["virtual"]["untold"] = [[second["made_at"], unknown]]
    else:
        second |= change

    with pytest.raises(SnapshotError) as refused:
        bank.world.restore(snapshot)

    assert refused.value.at == at


def test_a_difference_tells_new_messages_and_what_became_of_others() -> None:
    bank = make_notified()
    bank.pay_in(1_000)
    before = bank.world.snapshot()
    bank.subscribe()
    bank.advance(0)
    bank.pay_in(2_000)
    old, new = (message.message_id for message in bank.world.notifications.messages())

    lines = [change.line() for change in diff_snapshots(before, bank.world.snapshot()).notifications]

    assert lines == [
        f"~ delivery to {CLIENT_ID}  stopped_by_request → running",
        f"~ {old}  waiting (0 attempts) → delivered (1 attempts)",
        f"+ {new}  to {CLIENT_ID}: ¥2,000 at {bank.va_id}, waiting (0 attempts)",
    ]


def test_the_state_file_holds_a_message_before_it_is_sent(tmp_path: Path) -> None:
    kept: list[bool] = []

    def reading(url: str, headers: Any, body: bytes, *, answer_seconds: float) -> int:
        written = [json.loads(record) for record in read_records((tmp_path / "state.json").read_bytes())]
        kept.append(json.loads(body)["messageId"] in json.dumps(written))
        return 200

    bank = make_notified(sender=reading, state=tmp_path / "state.json")
    bank.subscribe()
    bank.pay_in()
    bank.world.deliver_notifications(late=True)
    bank.app.extensions[STATE_FILE].close()
    again = create_app(
        Settings(state=tmp_path / "state.json"),
        real_time=bank.real, monotonic=HandClock(), random_source=Random(1), sleep=bank.real.sleep,  # noqa: S311
    )  # fmt: skip

    assert kept == [True]
    assert [str(message.state) for message in world_of(again).notifications.messages()] == ["delivered"]
    again.extensions[STATE_FILE].close()


def test_the_postman_delivers_in_every_world_until_he_is_stopped() -> None:
    arrived = threading.Semaphore(0)

    def answering(url: str, headers: Any, body: bytes, *, answer_seconds: float) -> int:
        arrived.release()
        return 200

    bank = make_notified(sender=answering)
    bank.subscribe()
    bank.pay_in()
    worlds_of(bank.app).fork(bank.world, "fork")
    postman = Postman(worlds_of(bank.app), pause_seconds=0.01)
    postman.start()
    try:
        assert arrived.acquire(timeout=PATIENCE)
        assert arrived.acquire(timeout=PATIENCE)
    finally:
        postman.stop()

    assert not any(thread.name == "postman" for thread in threading.enumerate())


def test_a_mistake_in_one_world_does_not_end_the_delivery_of_all(caplog: pytest.LogCaptureFixture) -> None:
    arrived = threading.Event()

    def breaking_once(url: str, headers: Any, body: bytes, *, answer_seconds: float) -> int:
        if not caplog.records:
            raise RuntimeError("a bug of ours")
        arrived.set()
        return 200

    bank = make_notified(sender=breaking_once)
    bank.subscribe()
    bank.pay_in()
    postman = Postman(worlds_of(bank.app), pause_seconds=0.01)
    postman.start()
    try:
        while not caplog.records and postman.is_running:
            arrived.wait(0.01)
        bank.real.seconds += 10
        assert arrived.wait(PATIENCE)
    finally:
        postman.stop()

    assert "notifications.failed" in caplog.text


class Served:
    """A bank in a process of its own, as `mock-gmo serve` runs it."""

    def __init__(self, folder: Path) -> None:
        ready = folder / "ready"
        command = [sys.executable, "-m", "mock_gmo", "serve", "--port", "0", "--state", str(folder / "state.json")]
        self.process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[1]
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.http.request(method, "/_sandbox/v1" + path, json=body).raise_for_status().json()

    def kill(self) -> None:
        self.http.close()
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


def prepare(served: Served, url: str) -> str:
    """Register the receiver, consent, issue a virtual account, start delivery; return the account."""
    change = {"notification_url": url, "requests_per_second": None}
    served.control("PATCH", f"/clients/{CLIENT_ID}", change)
    consent = {"client_id": CLIENT_ID, "customer_id": "corporate", "scope": SCOPES, "redirect_uri": REDIRECT_URI}
    code = served.control("POST", "/consents", consent)["code"]
    token = served.http.post("/ganb/api/auth/v1/token", data=token_form(code=code)).json()["access_token"]
    order = {"vaTypeCode": "2", "issueRequestCount": "1", "raId": ACCOUNT_ID}
    headers = {"x-access-token": token}
    issued = served.http.post("/ganb/api/corporation/v1/va/issue", json=order, headers=headers).json()
    events = [{"eventType": "va-deposit-transaction"}]
    begun = served.http.post(
        BASE + "/subscribe",
        json={"subscribeStatus": "1", "eventTypes": events},
        headers={"Authorization": credentials(CLIENT_ID, CLIENT_SECRET)},
    )
    assert begun.status_code == 200
    return str(issued["vaList"][0]["vaId"])


def receive_one(listener: socket.socket, answer: bytes) -> dict[str, Any]:
    """Take one notification, send that answer, return its body."""
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(PATIENCE)
        content = b""
        while not content.endswith(b"}}"):
            content += connection.recv(65_536)
        connection.sendall(answer)
    message: dict[str, Any] = json.loads(content.partition(b"\r\n\r\n")[2])
    return message


def test_a_served_bank_that_is_killed_goes_on_with_the_same_message(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        served = Served(tmp_path)
        try:
            va_id = prepare(served, f"http://127.0.0.1:{listener.getsockname()[1]}/n")
            served.control("POST", "/deposits", {"va_id": va_id, "amount": 9_000, "remitter_name": "ﾔﾏﾀﾞ"})
            first = receive_one(listener, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        finally:
            served.kill()
        served = Served(tmp_path)
        try:
            # It goes out at once where the kill came before the first outcome was noted, else with the clock.
            mover = threading.Thread(target=served.control, args=("POST", "/clock", {"advance_seconds": 10}))
            mover.start()
            second = receive_one(listener, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            mover.join(PATIENCE)
            # Whoever sent it has noted the outcome before the next delivery begins.
            served.control("POST", "/notifications/deliver")
            (told,) = served.control("GET", "/notifications")["notifications"]
        finally:
            served.kill()

    assert second == first
    assert (told["message_id"], told["state"]) == (first["messageId"], "delivered")


def test_a_served_bank_stops_at_once_although_a_receiver_hangs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        served = Served(tmp_path)
        try:
            va_id = prepare(served, f"http://127.0.0.1:{listener.getsockname()[1]}/n")
            served.control("POST", "/deposits", {"va_id": va_id, "amount": 9_000, "remitter_name": "ﾔﾏﾀﾞ"})
            connection, _ = listener.accept()
            with connection:
                served.process.terminate()
                assert served.process.wait(timeout=8) == 0
        finally:
            served.kill()

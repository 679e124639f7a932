"""Many worlds at once, and one world under many calls: nothing of one is ever seen in another, nothing stays behind."""

import gc
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import perf_counter
from typing import Any

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.world import World
from mock_gmo.worlds import Worlds
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    API,
    CLIENT_ID,
    CONTROL,
    REDIRECT_URI,
    SCOPES,
    TOKEN_URL,
    Caller,
    make_caller,
    make_order,
    token_form,
)
from tests.unit.worlds.stories import Life

THREADS = 6
PASSWORDS = {"login_id": "corporate", "password": "mihon-login-2026"}
CONSENT = {"client_id": CLIENT_ID, "customer_id": "corporate", "scope": SCOPES, "redirect_uri": REDIRECT_URI}


@pytest.fixture
def caller() -> Caller:
    return make_caller()


@pytest.fixture
def worlds(caller: Caller) -> Worlds:
    return worlds_of(caller.app)


@pytest.fixture
def threads_change_often() -> Iterator[None]:
    """Between nearly any two steps another thread may have its turn."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def live_alone(caller: Caller, number: int) -> dict[str, Any]:
    """Make a world, leave a mark of this number on every part of it, tell what stands there, drop it."""
    client = caller.app.test_client()
    name = client.post(f"{CONTROL}/worlds", json={}).json["world"]
    life = Life(client, "corporate", prefix=f"/w/{name}")
    life.begin()
    va_id = life.call("POST", "/va/issue", {
        "vaTypeCode": "2", "issueRequestCount": "1", "raId": life.side_account_id,
    })["vaList"][0]["vaId"]  # fmt: skip
    for _ in range(number):
        life.control("POST", "/deposits", {"va_id": va_id, "amount": 1, "remitter_name": "ﾃｽﾄ"})
        life.control("POST", "/faults", {"operation": "GET /userinfo", "point": "received", "effect": "drop"})
    life.control("POST", "/clock", {"advance_seconds": number * 100_000, "frozen": True})
    life.control("PATCH", f"/clients/{CLIENT_ID}", {"name": f"client of {number}"})
    # The token of another world, and of the first, opens nothing here.
    stranger = client.get(f"/w/{name}{API}/accounts", headers={"x-access-token": caller.token})
    page = client.get(f"/w/{name}/site/login").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    done = client.post(f"/w/{name}/site/login", data={**hidden, **PASSWORDS})
    cookie = done.headers["Set-Cookie"].split(";")[0]
    told = {
        "stranger": stranger.status_code,
        "own": client.get(f"/w/{name}{API}/accounts", headers={"x-access-token": life.token}).status_code,
        "days": life.control("GET", "/clock")["today"],
        "faults": len(life.control("GET", "/faults")["faults"]),
        "name": life.control("GET", "/clients")["clients"][0]["name"],
        "notifications": len(life.control("GET", "/notifications")["notifications"]),
        "entries": len(life.control("GET", "/journal?limit=10000")["entries"]),
        "balance": life.control("GET", "/postings/check")["balances"][life.side_account_id],
        "cookie elsewhere": caller.app.test_client(use_cookies=False)
        .get("/site/confirmations", headers={"Cookie": cookie})
        .status_code,
    }
    assert client.delete(f"{CONTROL}/worlds/{name}").status_code == 204
    assert client.get(f"/w/{name}{API}/accounts").status_code == 404
    return told


def without_chance(caller: Caller) -> dict[str, Any]:
    """Return what the first world remembers, but for the lots that were drawn for the names of the others."""
    return {name: part for name, part in caller.world.snapshot().items() if name != "chance"}


@pytest.mark.usefixtures("threads_change_often")
def test_worlds_that_live_at_the_same_time_are_as_if_each_were_alone(caller: Caller, worlds: Worlds) -> None:
    alone = [live_alone(caller, number) for number in range(THREADS)]
    first = without_chance(caller)

    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda number: live_alone(caller, number), list(range(THREADS)) * 3))

    assert together == alone * 3
    assert len({told["days"] for told in alone}) == THREADS
    assert {(told["stranger"], told["own"], told["cookie elsewhere"]) for told in alone} == {(401, 200, 303)}
    assert worlds.names() == []
    assert without_chance(caller) == first


@pytest.mark.usefixtures("threads_change_often")
def test_a_world_that_is_dropped_under_a_call_ends_it_well(caller: Caller, worlds: Worlds) -> None:
    def call_until_gone(name: str) -> list[int]:
        client, statuses = caller.app.test_client(), []
        while not statuses or statuses[-1] != 404:
            statuses.append(client.get(f"/w/{name}{CONTROL}/customers").status_code)
        return statuses

    for _ in range(10):
        name = worlds.create().name
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(call_until_gone, name) for _ in range(3)]
            worlds.drop(name)
            assert {status for call in calls for status in call.result()} <= {200, 404}


@pytest.mark.usefixtures("threads_change_often")
def test_a_name_is_given_once_however_many_ask_at_the_same_moment(worlds: Worlds) -> None:
    start = Barrier(THREADS)

    def ask(_: int) -> str:
        start.wait()
        try:
            return worlds.create("mine").name
        except ValueError:
            return "refused"

    with ThreadPoolExecutor(THREADS) as pool:
        assert sorted(pool.map(ask, range(THREADS))) == ["mine", *["refused"] * (THREADS - 1)]


def test_two_thousand_worlds_leave_no_memory_behind(worlds: Worlds) -> None:
    def come_and_go(count: int) -> int:
        for _ in range(count):
            world = worlds.create()
            world.tick()
            worlds.drop(world.name)
        gc.collect()
        return sys.getallocatedblocks()

    before = come_and_go(200)
    after = come_and_go(2_000)

    assert after - before < 2_000, "less than a block a world"
    assert sum(isinstance(it, World) for it in gc.get_objects()) < 50


def test_calls_to_worlds_that_are_gone_leave_no_memory_behind(caller: Caller) -> None:
    client = caller.app.test_client(use_cookies=False)

    def come_and_go(count: int) -> None:
        for _ in range(count):
            name = client.post(f"{CONTROL}/worlds", json={}).json["world"]
            for path in (f"{API}/accounts", "/site/login", f"{CONTROL}/journal"):
                client.get(f"/w/{name}{path}")
            client.delete(f"{CONTROL}/worlds/{name}")

    come_and_go(20)
    worlds_before = sum(isinstance(it, World) for it in gc.get_objects())
    come_and_go(50)
    gc.collect()

    assert sum(isinstance(it, World) for it in gc.get_objects()) <= worlds_before


def test_a_world_is_made_in_less_than_two_milliseconds(worlds: Worlds) -> None:
    seconds = []
    for _ in range(50):
        began = perf_counter()
        worlds.create()
        seconds.append(perf_counter() - began)

    assert min(seconds) < 0.002


CALLS: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"{API}/accounts", None),
    ("POST", f"{API}/transfer/request", make_order()),
    ("GET", f"{API}/accounts/balances?accountId={ACCOUNT_ID}", None),
    ("GET", f"{CONTROL}/customers", None),
    ("GET", f"{CONTROL}/snapshot", None),
    ("POST", f"{CONTROL}/deposits", {"account_id": ACCOUNT_ID, "amount": 1, "remitter_name": "ﾃｽﾄ"}),
    ("POST", f"{CONTROL}/clock", {"advance_seconds": 1}),
    ("POST", f"{CONTROL}/consents", CONSENT),
    ("PATCH", f"{CONTROL}/customers/corporate", {"confirmation_required": True}),
)


@pytest.mark.usefixtures("threads_change_often")
def test_a_call_keeps_to_the_state_that_it_began_in_whoever_resets_or_restores_meanwhile(caller: Caller) -> None:
    snapshots = [caller.control("GET", "/snapshot").json]
    caller.control("POST", "/reset", {"scenario": "individual"})
    snapshots.append(caller.control("GET", "/snapshot").json)
    ended = Event()

    def call(_: int) -> list[tuple[str, str, int]]:
        client, seen = caller.app.test_client(), []
        while not ended.is_set():
            for method, path, body in CALLS:
                reply = client.open(path, method=method, json=body, headers={"x-access-token": caller.token})
                seen.append((method, path, reply.status_code))
        return seen

    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(call, number) for number in range(3)]
        try:
            for turn in range(160):
                caller.world.restore(snapshots[turn % 2])
                caller.world.reset("individual" if turn % 4 < 2 else "corporate")
        finally:
            ended.set()
        seen = [it for done in calls for it in done.result()]

    assert [it for it in seen if it[2] >= 500] == []
    assert caller.world.bank.check_books().sum_yen == 0


def test_a_call_sees_the_state_that_it_put_in_place_itself(caller: Caller) -> None:
    caller.control("POST", "/clock", {"advance_seconds": 3_600})

    reset = caller.control("POST", "/reset", {"scenario": "individual"}).json

    assert reset["scenario"] == "individual"
    assert reset["now"].startswith("2026-04-01T03:00:00")


def _pay_in(client: Any) -> None:
    client.post(f"{CONTROL}/deposits", json={"va_id": "5021000001", "amount": 1, "remitter_name": "ﾃｽﾄ"})


def _subscribe(client: Any) -> None:
    client.get(f"{CONTROL}/notifications")
    client.post(f"{CONTROL}/notifications/deliveries", json={})


def _renew(client: Any) -> None:
    code = client.post(f"{CONTROL}/consents", json=CONSENT).json["code"]
    client.post(TOKEN_URL, data=token_form(code=code))
    client.post(f"{CONTROL}/tokens/expire", json={"client_id": CLIENT_ID})


def _set_faults(client: Any) -> None:
    fault = {"operation": "notification", "point": "notified", "effect": "duplicate", "times": 1}
    client.post(f"{CONTROL}/faults", json=fault)
    client.delete(f"{CONTROL}/faults")


def _look(client: Any) -> None:
    client.get(f"{CONTROL}/snapshot")


def _move(client: Any) -> None:
    client.post(f"{CONTROL}/clock", json={"advance_seconds": 5})


@pytest.mark.usefixtures("threads_change_often")
@pytest.mark.parametrize("turns", [25])
def test_no_two_parts_of_a_world_wait_for_each_other(caller: Caller, turns: int) -> None:
    life = Life(caller.app.test_client(), "corporate")
    life.begin()
    life.call("POST", "/va/issue", {"vaTypeCode": "2", "issueRequestCount": "1", "raId": life.side_account_id})

    def work(act: Callable[[Any], None]) -> None:
        client = caller.app.test_client()
        for _ in range(turns):
            act(client)

    acts = (_pay_in, _pay_in, _subscribe, _renew, _set_faults, _look, _move)
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(work, act) for act in acts]:
            done.result(timeout=60)

    told = caller.world.notifications.messages()
    balance = caller.world.bank.check_books().balances[life.side_account_id]
    assert {it.deposit.line.amount_yen for it in told} == {1}
    assert balance == 1_000_000 + 2 * turns
    assert len(told) == 2 * turns

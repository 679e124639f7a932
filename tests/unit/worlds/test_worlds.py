"""Banks beside the first: what each has of its own, and that no call ever reaches another one."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mock_gmo.app import worlds_of
from mock_gmo.scenarios.loader import ScenarioError
from mock_gmo.world import World
from mock_gmo.worlds import TooManyWorlds, WorldNameTaken, WorldNameUnusable, Worlds
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


@pytest.fixture
def caller() -> Caller:
    return make_caller()


@pytest.fixture
def worlds(caller: Caller) -> Worlds:
    return worlds_of(caller.app)


class Visitor:
    """Calls to one world through its prefix."""

    def __init__(self, caller: Caller, name: str) -> None:
        self.prefix = f"/w/{name}"
        self.client = caller.app.test_client()
        self.token = ""

    def control(self, method: str, path: str, body: Any = None) -> TestResponse:
        return self.client.open(self.prefix + CONTROL + path, method=method, json=body)

    def call(self, method: str, path: str, body: Any = None) -> TestResponse:
        return self.client.open(
            self.prefix + API + path, method=method, json=body, headers={"x-access-token": self.token}
        )

    def connect(self) -> "Visitor":
        self.control("PATCH", f"/clients/{CLIENT_ID}", {"requests_per_second": None})
        consent = {
            "client_id": CLIENT_ID, "customer_id": "corporate", "scope": SCOPES, "redirect_uri": REDIRECT_URI,
        }  # fmt: skip
        code = self.control("POST", "/consents", consent).json["code"]
        self.token = self.client.post(self.prefix + TOKEN_URL, data=token_form(code=code)).json["access_token"]
        return self


@pytest.fixture
def visitor(caller: Caller, worlds: Worlds) -> Visitor:
    worlds.create("shop")
    return Visitor(caller, "shop").connect()


def test_a_transfer_in_one_world_is_a_transfer_in_no_other(caller: Caller, visitor: Visitor) -> None:
    apply_no = visitor.call("POST", "/transfer/request", make_order()).json["applyNo"]

    assert visitor.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    assert len(visitor.control("GET", "/payments").json["payments"]) == 1
    assert caller.control("GET", "/payments").json["payments"] == []
    assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 404


def test_every_part_of_a_world_is_its_own(caller: Caller, visitor: Visitor) -> None:
    visitor.control("POST", "/clock", {"advance_seconds": 1_000})
    visitor.control("POST", "/faults", {"operation": "*", "point": "received", "effect": "status"})
    visitor.control("PATCH", f"/clients/{CLIENT_ID}", {"name": "renamed"})

    assert caller.control("GET", "/clock").json["now"] < visitor.control("GET", "/clock").json["now"]
    assert caller.control("GET", "/faults").json == {"faults": []}
    assert caller.control("GET", "/clients").json["clients"][0]["name"] == "ReCORE"
    assert caller.get("/accounts").status_code == 200
    assert len(caller.control("GET", "/journal").json["entries"]) == 2
    assert len(visitor.control("GET", "/journal").json["entries"]) == 1


def test_a_token_of_one_world_opens_nothing_in_another(caller: Caller, visitor: Visitor) -> None:
    caller.token, visitor.token = visitor.token, caller.token

    assert caller.get("/accounts").status_code == 401
    assert visitor.call("GET", "/accounts").status_code == 401


def test_the_request_limit_of_a_world_is_its_own(caller: Caller, visitor: Visitor) -> None:
    for control in (caller.control, visitor.control):
        control("PATCH", f"/clients/{CLIENT_ID}", {"requests_per_second": 1})

    assert [visitor.call("GET", "/accounts").status_code for _ in range(2)] == [200, 429]
    assert caller.get("/accounts").status_code == 200


def test_the_site_works_behind_the_prefix_with_links_and_cookies_of_its_own(caller: Caller, visitor: Visitor) -> None:
    query = {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI,
        "scope": "private:account", "state": "s" * 32,
    }  # fmt: skip
    asked = visitor.client.get("/w/shop/ganb/api/auth/v1/authorization", query_string=query)
    assert asked.headers["Location"].startswith("/w/shop/site/login?request=")

    page = visitor.client.get(asked.headers["Location"])
    links = re.findall(r'(?:href|action)="(/[^"]*)"', page.text)
    assert links
    assert all(link.startswith("/w/shop/site/") for link in links)
    with visitor.client.get("/w/shop/site/static/site.css") as style:
        assert style.status_code == 200
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    done = visitor.client.post(
        "/w/shop/site/login", data={**hidden, "login_id": "corporate", "password": "mihon-login-2026"}
    )
    assert done.headers["Location"].startswith("/w/shop/site/consent?request=")
    assert "Path=/w/shop/site;" in done.headers["Set-Cookie"]


def test_a_cookie_of_one_world_is_not_believed_in_another(caller: Caller, visitor: Visitor, worlds: Worlds) -> None:
    page = visitor.client.get("/w/shop/site/login")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    done = visitor.client.post(
        "/w/shop/site/login", data={**hidden, "login_id": "corporate", "password": "mihon-login-2026"}
    )
    cookie = done.headers["Set-Cookie"].split(";")[0]
    worlds.create("other")
    stranger = caller.app.test_client(use_cookies=False)

    assert stranger.get("/w/shop/site/confirmations", headers={"Cookie": cookie}).status_code == 200
    for path in ("/w/other/site/confirmations", "/site/confirmations"):
        assert stranger.get(path, headers={"Cookie": cookie}).status_code == 303


def test_worlds_are_made_listed_and_dropped_through_the_control_surface(caller: Caller) -> None:
    made = caller.control("POST", "/worlds", {"scenario": "corporate", "seed": 5})
    assert made.status_code == 201
    name = made.json["world"]
    assert made.json["base_url"] == f"http://localhost/w/{name}"
    assert caller.control("POST", "/worlds/mine").json["world"] == "mine"
    assert [world["world"] for world in caller.control("GET", "/worlds").json["worlds"]] == [name, "mine"]

    assert caller.control("DELETE", "/worlds/mine").status_code == 204
    assert caller.control("DELETE", "/worlds/mine").status_code == 404
    gone = caller.client.get(f"/w/mine{CONTROL}/health")
    assert (gone.status_code, gone.json["error"]["code"]) == (404, "world_unknown")
    assert caller.client.get(f"/w/{name}{CONTROL}/health").status_code == 200
    assert caller.control("DELETE", "/worlds").status_code == 204
    assert caller.control("GET", "/worlds").json == {"worlds": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/worlds/taken", {}, 409, "world_exists"),
        ("POST", "/worlds", {"scenario": "no-such"}, 400, "scenario_unusable"),
        ("POST", "/worlds", {"seed": -1}, 400, "field_invalid"),
        ("POST", "/worlds", {"seed": "1"}, 400, "field_invalid"),
        ("POST", "/worlds", {"name": "x"}, 400, "field_invalid"),
        ("POST", "/worlds/a.b", {}, 400, "field_invalid"),
        ("PUT", "/worlds", {}, 405, "method_not_allowed"),
    ],
)
def test_a_world_that_cannot_be_is_refused(
    caller: Caller, worlds: Worlds, method: str, path: str, body: Any, status: int, code: str
) -> None:
    worlds.create("taken")

    reply = caller.control(method, path, body)

    assert (reply.status_code, reply.json["error"]["code"]) == (status, code)
    assert worlds.names() == ["taken"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", ""), ("POST", "/x"), ("DELETE", "/shop")]
)
def test_nobody_reaches_other_worlds_from_inside_one(
    caller: Caller, visitor: Visitor, worlds: Worlds, method: str, path: str
) -> None:
    reply = visitor.control(method, f"/worlds{path}")

    assert (reply.status_code, reply.json["error"]["code"]) == (404, "worlds_from_first_only")
    assert worlds.names() == ["shop"]


@pytest.mark.parametrize(
    "path", ["/w/nobody/site/login", "/w/nobody", "/w/", "/w//site/login", f"/w/nobody{API}/accounts"]
)
def test_behind_an_unknown_name_there_is_no_bank(caller: Caller, path: str) -> None:
    reply = caller.client.get(path)

    assert (reply.status_code, reply.json["error"]["code"]) == (404, "world_unknown")


def test_a_dropped_world_leaves_nothing_behind(worlds: Worlds) -> None:
    first = worlds.create("again")
    worlds.drop("again")

    assert worlds.find("again") is None
    assert worlds.create("again") is not first


def test_the_number_of_worlds_is_bounded(caller: Caller) -> None:
    worlds = Worlds(caller.world, worlds_max=2)
    worlds.create()
    worlds.create()

    with pytest.raises(TooManyWorlds, match="at most 2 worlds"):
        worlds.create()
    worlds.drop(worlds.names()[0])
    assert worlds.create().name in worlds.names()


def test_a_refused_world_is_not_made(worlds: Worlds) -> None:
    worlds.create("one")

    for name, scenario, error in (
        ("one", None, WorldNameTaken),
        ("a/b", None, WorldNameUnusable),
        ("x" * 65, None, WorldNameUnusable),
        ("a\n", None, WorldNameUnusable),
        ("two", "no-such", ScenarioError),
    ):
        with pytest.raises(error):
            worlds.create(name, scenario=scenario)
    assert worlds.names() == ["one"]


def test_worlds_made_at_the_same_moment_all_exist_and_none_meets_another(caller: Caller, worlds: Worlds) -> None:
    def live(number: int) -> int:
        world = worlds.create(f"w{number}")
        at = world.tick()
        for _ in range(number):
            world.bank.outside.deposit(ACCOUNT_ID, amount_yen=1, remitter_name="ﾃｽﾄ", at=at)
        return world.bank.balance_of(ACCOUNT_ID, at=at).balance_yen

    with ThreadPoolExecutor(4) as pool:
        balances = list(pool.map(live, range(20)))

    assert balances == [10_000_000 + number for number in range(20)]


def test_a_fork_goes_on_from_the_present_and_then_goes_its_own_way(caller: Caller, worlds: Worlds) -> None:
    apply_no = caller.post("/transfer/request", make_order()).json["applyNo"]
    fork = worlds.fork(caller.world, "fork")
    visitor = Visitor(caller, "fork")
    visitor.token = caller.token

    assert visitor.call("GET", "/accounts").status_code == 200
    assert visitor.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    assert len(fork.bank.payments()) == 1
    assert caller.world.bank.payments() == []


def made_up_secrets(world: World) -> list[str]:
    return [world.random_text(32) for _ in range(3)] + [world.site_key.reveal()]


def test_worlds_of_the_same_seed_have_the_same_secrets_to_come_and_others_have_not(worlds: Worlds) -> None:
    assert made_up_secrets(worlds.create(seed=1)) == made_up_secrets(worlds.create(seed=1))
    assert made_up_secrets(worlds.create(seed=1)) != made_up_secrets(worlds.create(seed=2))
    assert made_up_secrets(worlds.create()) != made_up_secrets(worlds.create())


def test_with_a_seed_at_the_start_worlds_repeat_themselves_as_well() -> None:
    first, second = (worlds_of(make_caller(seed=3).app) for _ in range(2))

    made = [(worlds.create(), worlds.create()) for worlds in (first, second)]

    assert [world.name for world in made[0]] == [world.name for world in made[1]]
    assert [made_up_secrets(world) for world in made[0]] == [made_up_secrets(world) for world in made[1]]
    assert made_up_secrets(made[0][0]) != made_up_secrets(made[0][1])

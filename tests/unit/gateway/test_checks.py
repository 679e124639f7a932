"""The gateway's checks: each with a request that breaks it, and their order as a table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import combinations
from typing import Any

import pytest

from mock_gmo.gateway import CHECKS
from tests.unit.gateway.calling import API, CLIENT_ID, TOKEN_URL, Caller, make_caller, make_order, token_form

FOREIGN = "192.0.2.9"
NEIGHBOUR = "198.51.100.7"


@dataclass
class Attempt:
    """A transfer request in the making, which breaks may spoil before it is sent."""

    caller: Caller
    method: str = "POST"
    path: str = API + "/transfer/request"
    body: str = ""
    headers: dict[str, str] | None = None
    environ: dict[str, Any] | None = None


def from_foreign_address(attempt: Attempt) -> None:
    attempt.environ = {**(attempt.environ or {}), "REMOTE_ADDR": FOREIGN}


def to_unknown_path(attempt: Attempt) -> None:
    attempt.path += "/"


def without_length(attempt: Attempt) -> None:
    attempt.environ = {**(attempt.environ or {}), "CONTENT_LENGTH": ""}


def with_other_content_type(attempt: Attempt) -> None:
    attempt.headers = {**(attempt.headers or {}), "Content-Type": "text/plain"}


def wanting_html(attempt: Attempt) -> None:
    attempt.headers = {**(attempt.headers or {}), "Accept": "text/html"}


def from_another_clients_address(attempt: Attempt) -> None:
    attempt.environ = {**(attempt.environ or {}), "REMOTE_ADDR": NEIGHBOUR}


def beyond_the_limit(attempt: Attempt) -> None:
    attempt.caller.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)
    attempt.caller.world.limiter.lets_through(CLIENT_ID, requests_per_second=1)


def with_expired_token(attempt: Attempt) -> None:
    attempt.caller.world.oauth.expire(at=attempt.caller.world.tick(), client_id=CLIENT_ID)


def with_narrow_scope(attempt: Attempt) -> None:
    attempt.caller.token = attempt.caller.new_token("private:account")["access_token"]


def without_account(attempt: Attempt) -> None:
    attempt.body = "{}"


# In the order of the bank: what is broken, and what answers.
BREAKS: tuple[tuple[Callable[[Attempt], None], int, str], ...] = (
    (from_foreign_address, 403, "MOCK403"),
    (to_unknown_path, 405, "WG_ERR_019"),
    (without_length, 411, "MOCK411"),
    (with_other_content_type, 415, "MOCK415"),
    (wanting_html, 406, "MOCK406"),
    (from_another_clients_address, 403, "MOCK403"),
    (beyond_the_limit, 429, "WG_ERR_154"),
    (with_expired_token, 401, "WG_ERR_105"),
    (with_narrow_scope, 403, "MOCK403"),
    (without_account, 400, "WG_ERR_110"),
)
NAMES = [broken.__name__ for broken, _, _ in BREAKS]
# Both set the caller's address or the token, so one request cannot break both.
EXCLUSIVE = ({"from_foreign_address", "from_another_clients_address"}, {"with_expired_token", "with_narrow_scope"})


@pytest.fixture
def caller() -> Caller:
    caller = make_caller(profile="strict")
    caller.control("POST", "/clients", {
        "name": "neighbour", "redirect_uris": ["https://neighbour.example/cb"], "networks": [f"{NEIGHBOUR}/32"],
        "scopes": ["private:account"],
    })  # fmt: skip
    return caller


def send(caller: Caller, *breaks: Callable[[Attempt], None]) -> tuple[int, str | None]:
    attempt = Attempt(caller, body="")
    for broken in sorted(breaks, key=lambda b: b.__name__ == "beyond_the_limit"):
        broken(attempt)
    body = attempt.body or json.dumps(make_order())
    headers = {"Content-Type": "application/json", **(attempt.headers or {})}
    reply = caller.call(
        attempt.method, attempt.path, data=body, headers=headers, environ_overrides=attempt.environ or {}
    )
    return reply.status_code, reply.json.get("errorCode")


def test_a_request_that_breaks_nothing_is_taken(caller: Caller) -> None:
    assert send(caller) == (201, None)


@pytest.mark.parametrize(("broken", "status", "code"), BREAKS, ids=NAMES)
def test_each_check_refuses_what_breaks_it(
    caller: Caller, broken: Callable[[Attempt], None], status: int, code: str
) -> None:
    assert send(caller, broken) == (status, code)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pair
        for pair in combinations(BREAKS, 2)
        if not any({pair[0][0].__name__, pair[1][0].__name__} == both for both in EXCLUSIVE)
    ],
    ids=lambda row: row[0].__name__,
)
def test_of_two_broken_checks_the_earlier_one_answers(caller: Caller, first: Any, second: Any) -> None:
    assert send(caller, first[0], second[0]) == first[1:]


def test_the_table_of_checks_has_the_banks_order() -> None:
    assert [check.name for check in CHECKS] == [
        "any client's address", "operation", "content length", "content type", "accept", "maintenance", "client",
        "client's address", "request limit", "client's credentials", "token", "holder", "feature", "scope",
    ]  # fmt: skip


def test_during_maintenance_everything_is_503() -> None:
    caller = make_caller(maintenance=True)

    for method, path in (("GET", API + "/accounts"), ("POST", TOKEN_URL), ("GET", "/ganb/api/auth/v1/authorization")):
        reply = caller.call(method, path, data="{}")
        assert (reply.status_code, reply.json["errorCode"]) == (503, "WG_ERR_300")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "NONSENSE"])
def test_another_method_is_405_without_allow(method: str) -> None:
    reply = make_caller().call(method, API + "/accounts")

    assert reply.status_code == 405
    assert "Allow" not in reply.headers


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json;charset=UTF-8", "application/json; charset=utf-8"]
)
def test_every_spelling_of_json_is_json(content_type: str) -> None:
    reply = make_caller(profile="strict").post("/transfer/request", make_order(), content_type=content_type)

    assert reply.status_code == 201


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json;charset=UTF-8", 200),
        ("application/json;charset=utf-8", 200),
        ("application/json", 200),
        ("application/*", 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.1", 200),
        ("", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("*/*;q=0", 406),
    ],
)
def test_the_strict_profile_takes_every_accept_that_json_meets(accept: str, status: int) -> None:
    caller = make_caller(profile="strict")

    assert caller.get("/accounts", headers={"Accept": accept}).status_code == status


def test_the_lenient_profile_reads_json_whatever_it_is_called() -> None:
    caller = make_caller()

    reply = caller.post("/transfer/request", make_order(), content_type="text/plain", headers={"Accept": "text/html"})

    assert reply.status_code == 201
    assert reply.content_type == "application/json;charset=UTF-8"


def test_the_limit_counts_token_calls_and_opens_after_a_second() -> None:
    caller = make_caller()
    caller.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)

    assert caller.client.post(TOKEN_URL, data=token_form(code="wrong")).status_code == 400
    assert caller.get("/accounts").status_code == 429
    caller.monotonic.seconds += 0.999
    assert caller.get("/accounts").status_code == 429
    caller.monotonic.seconds += 0.001
    assert caller.get("/accounts").status_code == 200


def test_somebody_elses_wrong_secret_does_not_use_up_a_clients_limit() -> None:
    caller = make_caller()
    caller.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)

    assert caller.client.post(TOKEN_URL, data=token_form(client_secret="wrong", code="x")).status_code == 401
    assert caller.get("/accounts").status_code == 200


@pytest.mark.parametrize("token", ["", "short", "x" * 129, "x" * 32])
def test_a_missing_or_unknown_token_is_401(token: str) -> None:
    caller = make_caller()
    caller.token = token

    reply = caller.get("/accounts")

    assert (reply.status_code, reply.json["errorCode"]) == (401, "WG_ERR_105")


def test_a_token_ends_at_the_very_second() -> None:
    caller = make_caller()

    caller.real.seconds += 2_592_000 - 1
    assert caller.get("/accounts").status_code == 200
    caller.real.seconds += 1
    assert caller.get("/accounts").status_code == 401


def test_a_spoofed_forwarding_header_is_not_believed() -> None:
    caller = make_caller()

    reply = caller.get(
        "/accounts", headers={"X-Forwarded-For": "127.0.0.1"}, environ_overrides={"REMOTE_ADDR": FOREIGN}
    )

    assert reply.status_code == 403


PROXY = "203.0.113.1"


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("127.0.0.1", 200),
        ("192.0.2.1, 127.0.0.1", 200),
        ("127.0.0.1, 192.0.2.1", 403),
        ("127.0.0.1, 203.0.113.1", 200),
        ("not-an-address", 403),
        ("127.0.0.1, not-an-address", 403),
        ("::ffff:127.0.0.1", 200),
    ],
)
def test_behind_a_trusted_proxy_the_rightmost_foreign_address_counts(forwarded: str, status: int) -> None:
    caller = make_caller(trusted_proxies=(ip_network(PROXY),))

    reply = caller.get("/accounts", headers={"X-Forwarded-For": forwarded}, environ_overrides={"REMOTE_ADDR": PROXY})

    assert reply.status_code == status


@pytest.mark.parametrize(
    ("path", "bank", "strict"),
    [
        ("/ganb/stg-api/corporation/v1/accounts", 200, 200),
        ("/ganb/api/corporate/v1/accounts", 200, 405),
        ("/corporate/v1/accounts", 200, 405),
        ("/ganb/stg-api/corporate/v1/accounts", 200, 405),
        ("/ganb/api/simulator/corporation/v1/accounts", 200, 200),
        ("/corporation/v1/accounts", 405, 405),
        ("/ganb/api/corporation/v1/virtual-accounts", 405, 405),
        ("/", 405, 405),
    ],
)
def test_known_aliases_lead_to_the_same_operation(path: str, bank: int, strict: int) -> None:
    assert make_caller().call("GET", path).status_code == bank
    assert make_caller(profile="strict").call("GET", path).status_code == strict

"""The contract makes the routes: nothing is served that it does not describe, nothing described is not served."""

import copy
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

import contracts
from integrator.web.allowance import Allowance
from integrator.web.contract import Contract, ContractMismatch, InputInvalid, ReplyBroken, parse_json
from integrator.web.pages import Pages
from integrator.web.problems import KINDS
from integrator.web.serving import Door, Reply
from tests.unit.integrator_web.web_side import WebSide


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The integrator's own document."""
    return Contract(contracts.load("integrator"))


def make_door(contract: Contract, web: WebSide) -> Door:
    return Door(contract, db=web.db, pages=Pages(), new_instance=lambda: "1", allowance=Allowance(1, timer=lambda: 0.0))


def test_an_operation_without_a_handler_stops_the_start(contract: Contract, web: WebSide) -> None:
    door = make_door(contract, web)
    app = Flask("test")
    app.register_blueprint(door.blueprint("health", {"getHealth": lambda _call: Reply(200, {})}))

    with pytest.raises(ContractMismatch, match="operations without a handler: beginAuthorization, "):
        door.check_complete(app)


def test_a_handler_without_an_operation_stops_the_start(contract: Contract, web: WebSide) -> None:
    with pytest.raises(ContractMismatch, match="payTwice"):
        make_door(contract, web).blueprint("payouts", {"payTwice": lambda _call: Reply(200, {})})


@pytest.mark.parametrize(
    ("status", "media_type", "value"),
    [
        (201, "application/json", {"status": "ok"}),
        (200, "text/html", "ok"),
        (200, "application/json", {"status": "ok", "token": "x"}),
        (200, "application/json", {}),
    ],
    ids=["status", "media type", "member", "missing member"],
)
def test_a_reply_that_the_contract_does_not_describe_is_a_bug(
    contract: Contract, status: int, media_type: str, value: Any
) -> None:
    with pytest.raises(ReplyBroken):
        contract.operations["getHealth"].check_reply(status, media_type, value)


def test_the_examples_of_the_contract_are_what_it_describes(contract: Contract) -> None:
    document = contracts.load("integrator")
    for name, example in document["components"]["examples"].items():
        contract.check(name, example["value"])
    checked = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    if "example" in content:
                        replies = contract.operations[operation["operationId"]]
                        replies.check_reply(int(status), media_type, content["example"])
                        checked += 1
    assert checked >= 2


def _schemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield path, node
        for key, value in node.items():
            yield from _schemas(value, f"{path}/{key}")


def test_every_object_of_the_contract_is_closed_and_every_member_explained() -> None:
    for path, schema in _schemas(copy.deepcopy(contracts.load("integrator"))):
        assert schema.get("additionalProperties") is False, path
        for name, member in schema["properties"].items():
            assert "$ref" in member or "description" in member, f"{path}/{name}"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("1.0", 1), ("5e4", 50_000), ("-0.0", 0), ("0.5", 0.5), ('"ア"', "ア"), ("[1,null]", [1, None])],
)
def test_json_is_read_with_whole_numbers_as_integers(text: str, value: Any) -> None:
    found = parse_json(text.encode())

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("raw", "came"),
    [
        (b"", "an empty body"),
        (b"{'a':1}", "something else"),
        (b'{"a":1,"a":1}', "a member that stands twice"),
        (b'{"a":{"b":1,"b":2}}', "a member that stands twice"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b'"\\udc00"', "something else"),
        ("ア".encode("shift_jis"), "something else"),
        (b"9" * 5000, "something else"),
    ],
)
def test_json_of_no_or_two_meanings_is_refused(raw: bytes, came: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_json(raw)

    assert refused.value.came == came


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/healthz/", 404),
        ("GET", "//healthz", 404),
        ("DELETE", "/healthz", 405),
        ("OPTIONS", "/v1/companies", 405),
        ("TRACE", "/v1/companies", 405),
    ],
)
def test_what_is_not_in_the_contract_is_refused_as_a_problem(web: WebSide, method: str, path: str, status: int) -> None:
    response = web.call(method, path)

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert (response.headers.get("Allow") is not None) == (status == 405)


def test_a_bug_of_ours_is_a_problem_that_names_its_request_and_nothing_else(
    web: WebSide, caplog: pytest.LogCaptureFixture
) -> None:
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE api_keys")

    with caplog.at_level(logging.INFO):
        response = web.call("GET", "/v1/companies/mihon-001/connection")

    found = response.get_json()
    assert response.status_code == 500
    assert found["type"] == "urn:gmo-bank-integrator:problem:failure"
    assert found["instance"].rpartition(":")[2] in caplog.text
    assert "api_keys" not in response.get_data(as_text=True)


def test_a_bug_behind_the_redirect_url_is_a_page(web: WebSide) -> None:
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE submission_lines")
        connection.exec_driver_sql("ALTER TABLE consent_requests RENAME TO gone")

    response = web.client.get("/refresh_token/mihon-001?code=the-code&state=x")

    assert response.status_code == 500
    assert response.mimetype == "text/html"
    assert "the-code" not in response.get_data(as_text=True)


def test_every_kind_of_problem_speaks_both_languages() -> None:
    for code, kind in KINDS.items():
        assert code == code.lower()
        assert 400 <= kind.status <= 599
        assert not kind.title.isascii()
        assert not kind.detail.isascii()
        assert kind.detail_en.isascii()


def test_a_body_that_is_no_component_stops_the_start() -> None:
    document = copy.deepcopy(dict(contracts.load("integrator")))
    document["paths"]["/v1/companies"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        "type": "object"
    }

    with pytest.raises(ContractMismatch, match="its body must be a schema of components/schemas"):
        Contract(document)

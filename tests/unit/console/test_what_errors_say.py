"""What a person reads who has mistyped something: what came, what would do, and which one was probably meant."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_gmo.__main__ import main
from mock_gmo.server import PortTaken, listen
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, Caller, make_caller

CONTROL_MISTAKES: list[tuple[str, str, Any, str]] = [
    (
        "POST",
        "/deposits",
        {"account_id": ACCOUNT_ID, "amount": "5", "remitter_name": "x"},
        '"5" is not of type "integer"',
    ),
    (
        "POST",
        "/deposits",
        {"account_id": ACCOUNT_ID, "amount": 0, "remitter_name": "x"},
        "0 is less than the minimum of 1",
    ),
    ("POST", "/faults", {"operation": "*", "point": "nope", "effect": "drop"}, '"nope" is not one of "received"'),
    ("PATCH", f"/clients/{CLIENT_ID}", {"client_secret": "short secret"}, "client_secret"),
    ("PATCH", "/customers/corporate", {"confirmation": True}, "'confirmation' was unexpected"),
    ("POST", "/transfers/123/confirm", {}, 'apply_no: expected a text like ^[0-9]{16}$, came "123"'),
    ("POST", "/transfers/2026040100000001/confirmed", {}, "step: expected one of confirm, approve, send-back"),
    ("GET", "/journal?limit=0", None, 'limit: expected a text like ^([1-9][0-9]{0,3}|10000)$, came "0"'),
    ("GET", "/journal?limit=1&limit=2", None, 'came "1", "2"'),
    ("GET", "/journal?clientid=x", None, 'no parameter is called "clientid"; did you mean client_id?'),
    ("GET", "/clock?x=1", None, 'no parameter is called "x"; possible: none'),
    ("POST", "/worlds", {"scenario": "corporat"}, "expected one of approvals, corporate, individual, sole-proprietor"),
    ("POST", "/clock", {"set": "2020-01-01T00:00:00Z"}, "only goes forward"),
]


@pytest.fixture(scope="module")
def caller() -> Caller:
    return make_caller()


@pytest.mark.parametrize(("method", "path", "body", "told"), CONTROL_MISTAKES)
def test_the_control_surface_says_what_came_and_what_would_do(
    caller: Caller, method: str, path: str, body: Any, told: str
) -> None:
    reply = caller.control(method, path, body)

    assert 400 <= reply.status_code < 500
    assert told in reply.json["error"]["message_en"]


def test_the_control_surface_repeats_no_secret(caller: Caller) -> None:
    for body in ({"client_secret": "s" * 200}, {"notification_basic": {"user": "u", "password": "p" * 200}}):
        reply = caller.control("PATCH", f"/clients/{CLIENT_ID}", body)

        assert reply.status_code == 400
        assert "sss" not in reply.text
        assert "ppp" not in reply.text


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(main, arguments, env=variables)


COMMAND_MISTAKES: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("serve", "--port", "abc"), {}, "--port: 'abc' cannot be used; expected a port from 0"),
    (("serve",), {"MOCK_GMO_PORT": "70000"}, "MOCK_GMO_PORT: '70000' cannot be used; expected a port from 0"),
    (("serve",), {"MOCK_GMO_PRT": "1"}, "MOCK_GMO_PRT: '1' cannot be used; expected the name of a setting; did you"),
    (("serve",), {"MOCK_GMO_PRT": "1"}, "did you mean MOCK_GMO_PORT?"),
    (("serve",), {"MOCK_GMO_XYZZY": "1"}, "serve --help and contracts/README.md list them"),
    (("serve", "--scenario", "corporat"), {}, "expected one of approvals, corporate"),
    (("serve", "--environment", "prod"), {}, "expected one of local, development, production"),
    (("serve", "--profile", "x"), {}, "expected one of bank, strict, sunabar"),
    (("serve", "--seed", "-1"), {}, "expected a whole number from 0"),
    (("serve", "--port", "0", "--state", "/nowhere/x.json"), {}, "/nowhere/x.json: cannot be read or written"),
    (("serve", "--port", "0", "--ready-file", "/nowhere/url"), {}, "/nowhere/url cannot be written"),
    (("serve", "--port", "0"), {"MOCK_GMO_READY_FILE": "/"}, "--ready-file: / cannot be written"),
    (("serve", "--host", "nowhere.invalid"), {}, "choose another address with --host H or MOCK_GMO_HOST=H"),
    (("beneficiaries", "--scenario", "nope"), {}, "expected one of approvals"),
    (("diff", "/nowhere", "/nowhere"), {}, "'/nowhere' does not exist"),
    (("diff",), {}, "Missing argument"),
    (("serv",), {}, "No such command"),
]


@pytest.mark.parametrize(("arguments", "variables", "told"), COMMAND_MISTAKES)
def test_a_wrong_command_ends_with_2_and_says_how_to_mend_it(
    arguments: tuple[str, ...], variables: dict[str, str], told: str
) -> None:
    result = run(*arguments, **variables)

    assert result.exit_code == 2
    assert told in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


def test_a_difference_says_which_of_the_two_is_no_snapshot(tmp_path: Path, caller: Caller) -> None:
    whole, broken = tmp_path / "whole.json", tmp_path / "broken.json"
    whole.write_bytes(caller.control("GET", "/snapshot").data)
    broken.write_text('{"format": "mock-gmo-snapshot", "version": 1}', encoding="utf-8")

    assert run("diff", str(whole), str(whole)).exit_code == 0
    for order, told in (((whole, broken), "after /bank"), ((broken, whole), "before /bank")):
        result = run("diff", *map(str, order))
        assert result.exit_code == 2
        assert told in result.output


def test_a_port_that_is_taken_is_answered_with_how_to_choose_another() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(PortTaken, match=r"choose another port with --port N"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("command", ["serve", "scenarios", "beneficiaries", "diff"])
def test_every_command_explains_itself_in_both_languages(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert not result.output.isascii()
    assert "Options:" in result.output


def test_scenarios_are_listed_one_a_line() -> None:
    lines = run("scenarios").output.splitlines()

    assert [line.split("\t")[0] for line in lines] == ["approvals", "corporate", "individual", "sole-proprietor"]
    assert all(line.split("\t")[1] for line in lines)

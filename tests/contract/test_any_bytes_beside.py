"""Whatever bytes arrive at the webhooks API and the control surface: a declared answer; no refusal changes a thing."""

import json
import random
from io import BytesIO
from typing import Any

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.contract import Operation, read_operations
from tests.contract.test_any_bytes import CONTENT_TYPES, FRAMINGS, NASTY, length_of
from tests.unit.gateway.calling import CLIENT_ID, Caller, make_caller
from tests.unit.notifications.receiving import credentials

OPERATIONS = {operation.operation_id: operation for operation in read_operations("webhooks", "sandbox")}
BANK = make_caller()
VALUES = (
    None, True, 0, -1, 1.5, 2**70, "", "x", "\x00", "\ud800", [], {}, [None], {"a": 1}, "2026-04-01",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "'\"<", "あ" * 500, "../../etc", "http://[::1", "%00",
)  # fmt: skip
PATH_VALUES = ("x", "%00", "%ff", "a" * 70, "..", "%2F", "2026040100000001", "confirm", "corporate", CLIENT_ID)
QUERIES = ("", "a=1", "limit=%00", "limit=9&limit=8", "client_id=%ff", "=", "&&", "limit=" + "9" * 5_000, "status=٣")


def told_of(bank: Caller) -> dict[str, Any]:
    """Return what the bank remembers; the request limit counts refused calls as well."""
    snapshot = bank.world.snapshot(with_journal=False)
    parts = {name: part for name, part in snapshot.items() if name != "limiter"}
    return {**parts, "worlds": worlds_of(bank.app).names()}


def call(operation: Operation, *, body: bytes, framing: dict[str, Any], place: str = "x", **given: Any) -> None:
    """Make a call; check that the contract knows the answer and that a refusal has changed nothing."""
    path = operation.path
    for field in operation.path_fields:
        path = path.replace(f"{{{field.name}}}", place)
    before = told_of(BANK)

    reply = BANK.client.open(
        path,
        method=operation.method,
        input_stream=BytesIO(body),
        environ_overrides=framing,
        headers={"Authorization": credentials()},
        **given,
    )

    assert reply.status_code < 500, reply.text
    assert operation.reply_is_lawful(reply.status_code, reply.json if reply.data and reply.is_json else None)
    if reply.status_code >= 400:
        assert told_of(BANK) == before
    else:
        BANK.control("POST", "/reset", {})
        BANK.control("DELETE", "/worlds")


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_no_nasty_body_and_no_framing_does_harm_beside_the_bank(operation_id: str) -> None:
    operation = OPERATIONS[operation_id]
    kind = operation.body_kind or "application/json"

    for body in NASTY.values():
        call(operation, body=body, framing=length_of(body), content_type=kind)
    for framing in FRAMINGS:
        call(operation, body=b'{"scenario":"corporate"}', framing=framing, content_type=kind)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_no_member_parameter_or_path_does_harm_beside_the_bank(operation_id: str) -> None:
    operation = OPERATIONS[operation_id]
    drawn = random.Random(operation_id)  # noqa: S311  (test data)
    for _ in range(40):
        members = {
            field.name: drawn.choice((field.example, *VALUES)) for field in operation.body if drawn.random() < 0.7
        }
        body = json.dumps(members | ({"zzz": 1} if drawn.random() < 0.1 else {})).encode()
        query = drawn.choice(QUERIES).encode().decode("latin-1")
        call(
            operation,
            body=body,
            framing=length_of(body) | {"QUERY_STRING": query},
            content_type=drawn.choice(CONTENT_TYPES) if drawn.random() < 0.2 else "application/json",
            place=drawn.choice(PATH_VALUES),
        )

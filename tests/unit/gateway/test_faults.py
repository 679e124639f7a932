"""Faults: which effect is possible where, and what is left of a transfer request that a fault struck."""

from itertools import product
from typing import Any

import pytest

from mock_gmo.faults import EFFECTS, POINTS
from mock_gmo.gateway.connection import ConnectionDropped
from tests.unit.gateway.calling import CLIENT_ID, Caller, make_caller, make_order

REQUEST = "POST /transfer/request"


@pytest.fixture
def caller() -> Caller:
    return make_caller()


def set_fault(caller: Caller, **rule: Any) -> Any:
    reply = caller.control("POST", "/faults", {"operation": REQUEST, **rule})
    assert reply.status_code == 201, reply.text
    return reply.json


def requested(caller: Caller) -> int:
    """How many requests wait for the holder."""
    customer = caller.control("GET", "/customers").json["customers"][0]
    return len(customer["pending_confirmations"])


@pytest.mark.parametrize(("point", "effect"), list(product(POINTS, EFFECTS)))
def test_an_effect_is_possible_only_where_the_table_says(caller: Caller, point: str, effect: str) -> None:
    rule = {"operation": "notification" if point == "notified" else "*", "point": point, "effect": effect}
    reply = caller.control("POST", "/faults", rule | ({"delay_ms": 1} if effect == "delay" else {}))

    if point in EFFECTS[effect]:
        assert reply.status_code == 201
    else:
        assert reply.status_code == 400
        assert all(possible in reply.json["error"]["message_en"] for possible in EFFECTS[effect])


@pytest.mark.parametrize(
    ("point", "carried_out"),
    [("received", 0), ("admitted", 0), ("validated", 0), ("committed", 1), ("reply_written", 1)],
)
@pytest.mark.parametrize("effect", ["drop", "status", "garbage", "truncate"])
def test_the_point_decides_whether_the_bank_acted(caller: Caller, point: str, effect: str, carried_out: int) -> None:
    if point not in EFFECTS[effect]:
        assert effect == "truncate"
        return
    set_fault(caller, point=point, effect=effect, times=1)

    if effect in ("drop", "truncate"):
        with pytest.raises(ConnectionDropped):
            caller.post("/transfer/request", make_order()).get_data()
    else:
        reply = caller.post("/transfer/request", make_order())
        assert reply.status_code == (503 if effect == "status" else 201)

    assert requested(caller) == carried_out
    assert caller.post("/transfer/request", make_order()).status_code == 201


@pytest.mark.parametrize(("headers", "count"), [({}, 2), ({"Idempotency-Key": "k1"}, 1)])
@pytest.mark.parametrize("point", ["received", "admitted", "validated"])
def test_a_request_that_arrives_twice_is_two_requests_without_a_key(
    caller: Caller, point: str, headers: dict[str, str], count: int
) -> None:
    set_fault(caller, point=point, effect="duplicate", times=1)

    assert caller.post("/transfer/request", make_order(), headers=headers).status_code == 201
    assert requested(caller) == count


def test_a_delay_waits_before_what_comes_after_it(caller: Caller) -> None:
    set_fault(caller, point="validated", effect="delay", delay_ms=1_500)
    set_fault(caller, point="validated", effect="status", status=504)

    reply = caller.post("/transfer/request", make_order())

    assert caller.real.slept == [1.5]
    assert (reply.status_code, reply.json["errorCode"]) == (504, "MOCK504")


def test_a_fault_strikes_only_its_operation_and_client_and_only_so_often(caller: Caller) -> None:
    set_fault(caller, operation="GET /accounts", point="received", effect="status", status=500, client_id="nobody")
    set_fault(
        caller, operation="GET /accounts", point="received", effect="status", status=500, client_id=CLIENT_ID, times=2
    )

    assert [caller.get("/accounts").status_code for _ in range(3)] == [500, 500, 200]
    assert caller.get("/accounts/balances").status_code == 200


def test_faults_are_listed_and_deleted(caller: Caller) -> None:
    first, second = (set_fault(caller, point="received", effect="drop", times=n) for n in (1, 2))

    assert caller.control("DELETE", f"/faults/{first['fault_id']}").status_code == 204
    assert caller.control("DELETE", f"/faults/{first['fault_id']}").status_code == 404
    assert caller.control("GET", "/faults").json == {"faults": [second]}
    assert caller.control("DELETE", "/faults").status_code == 204
    assert caller.control("GET", "/faults").json == {"faults": []}


@pytest.mark.parametrize("operation", ["POST /transfer/request", "POST /ganb/api/corporation/v1/transfer/request"])
def test_an_operation_is_named_short_or_in_full(caller: Caller, operation: str) -> None:
    assert set_fault(caller, operation=operation, point="received", effect="drop")["operation"] == REQUEST


def test_an_unknown_operation_is_refused_with_the_known_ones(caller: Caller) -> None:
    reply = caller.control("POST", "/faults", {"operation": "POST /transfer", "point": "received", "effect": "drop"})

    assert reply.status_code == 400
    assert REQUEST in reply.json["error"]["possible"]

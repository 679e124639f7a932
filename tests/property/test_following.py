"""Whatever a bank lives through: what was told of it at first, with all changes folded in, is the bank as it stands."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mock_gmo.snapshots.folding import Folding
from mock_gmo.snapshots.following import Follower
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, SCOPES, Caller, make_caller, make_order

SCOPE = f"{SCOPES} private:virtual-account"
ACTS = st.one_of(
    st.tuples(st.just("order"), st.integers(0, 9), st.sampled_from(["2026-04-01", "2026-04-03"])),
    st.tuples(st.just("bulk"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["confirm", "withdraw", "fail", "return-funds", "recall"]), st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("issue"), st.integers(1, 3)),
    st.tuples(st.just("stop"), st.integers(0, 5)),
    st.tuples(st.just("deposit"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([1, 31, 700, 86_400, 40 * 86_400])),
    st.tuples(st.just("customer"), st.booleans()),
    st.tuples(st.just("fault"), st.booleans()),
    st.tuples(st.just("consent")),
    st.tuples(st.just("fold")),
)


def act(caller: Caller, what: tuple[Any, ...]) -> None:
    """Let one thing happen, possible or not."""
    caller.monotonic.seconds += 2
    bank = caller.world.snapshot()["bank"]
    applications, va_ids = list(bank["applications"]), list(bank["virtual"]["accounts"])
    match what:
        case ("order", key, day):
            order = make_order(transferDesignatedDate=day)
            caller.post("/transfer/request", order, headers={"Idempotency-Key": f"key-{key}"})
        case ("bulk", count):
            lines = [{**make_order()["transfers"][0], "itemId": str(number + 1)} for number in range(count)]
            total = sum(int(line["transferAmount"]) for line in lines)
            order = make_order(totalCount=str(count), totalAmount=str(total), bulkTransfers=lines)
            del order["transfers"]
            caller.post("/bulktransfer/request", order)
        case ("cancel", number) if applications:
            target = applications[number % len(applications)]
            cancel = {"accountId": ACCOUNT_ID, "cancelTargetKeyClass": "2", "applyNo": target}
            caller.post("/transfer/cancel", cancel)
        case ("confirm" | "withdraw" | "fail" | "return-funds" | "recall" as step, number) if applications:
            caller.control("POST", f"/transfers/{applications[number % len(applications)]}/{step}", {})
        case _:
            act_beside(caller, what, va_ids)


def act_beside(caller: Caller, what: tuple[Any, ...], va_ids: list[str]) -> None:
    """Let something happen beside transfers, possible or not."""
    match what:
        case ("issue", count):
            caller.post("/va/issue", {"vaTypeCode": "2", "issueRequestCount": str(count), "raId": ACCOUNT_ID})
        case ("stop", number) if va_ids:
            change = {"vaStatusChangeCode": "1", "vaIdList": [{"vaId": va_ids[number % len(va_ids)]}]}
            caller.post("/va/status-change", change)
        case ("deposit", number):
            to = {"va_id": va_ids[number % len(va_ids)]} if va_ids else {"account_id": ACCOUNT_ID}
            caller.control("POST", "/deposits", {**to, "amount": 100 + number, "remitter_name": "ﾃｽﾄ"})
        case ("wait", seconds):
            caller.control("POST", "/clock", {"advance_seconds": seconds})
        case ("customer", confirmation):
            caller.control("PATCH", "/customers/corporate", {"confirmation_required": confirmation})
        case ("fault", True):
            fault = {"operation": "POST /transfer/request", "point": "committed", "effect": "status", "times": 1}
            caller.control("POST", "/faults", fault)
        case ("fault", False):
            caller.control("DELETE", "/faults")
        case ("consent",):
            caller.token = caller.new_token(SCOPE)["access_token"]


def told(snapshot: Mapping[str, Any]) -> Any:
    """Return a snapshot with the agenda in order: as a heap, the same entries can lie in several."""
    copy = json.loads(json.dumps(snapshot))
    copy["bank"]["agenda"]["heap"].sort(key=lambda entry: entry[2])
    # Objects keep the order of their members, which the bank's lists follow.
    return json.dumps({name: copy[name] for name in sorted(copy)})


@settings(max_examples=25)
@given(st.lists(ACTS, min_size=3, max_size=25))
def test_changes_folded_in_give_the_present_snapshot(acts: list[tuple[Any, ...]]) -> None:
    caller = make_caller()
    caller.control("PATCH", f"/clients/{CLIENT_ID}", {"requests_per_second": 100})
    caller.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": True})
    caller.token = caller.new_token(SCOPE)["access_token"]
    follower = Follower(caller.world.memory)
    folding = Folding(json.loads(json.dumps(follower.begin())))
    for what in acts:
        if what == ("fold",):
            folding.fold(json.loads(json.dumps(follower.changes())))
        else:
            act(caller, what)
    folding.fold(json.loads(json.dumps(follower.changes())))

    folded = folding.finish()
    assert told(folded) == told(caller.world.snapshot(with_journal=False))
    caller.world.restore(folded)
    assert told(caller.world.snapshot(with_journal=False)) == told(folded)

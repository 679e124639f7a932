"""Whatever the contract admits for virtual accounts succeeds or meets a rule of the bank; each success is reached."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_gmo.contract import read_operations
from tests.unit.gateway.calling import ACCOUNT_ID, SCOPES, make_caller

BANK = make_caller(profile="strict")
BANK.token = BANK.new_token(f"{SCOPES} private:virtual-account")["access_token"]
OPERATIONS = {operation.operation_id: operation for operation in read_operations("corporation")}
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
PROFILE = settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)

days = st.dates().filter(lambda day: day.year >= 1000).map(str) | st.just("2026-04-01")
names = st.text("ｱｶﾞﾊﾟアガ-.,/()AZaz09 ", max_size=40)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A member that may be empty or null as well."""
    return st.none() | st.just("") | values


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """What may be issued; the text, when it comes first, has no spaces that the bank refuses."""
    position = draw(optional(st.sampled_from(["1", "2"])))
    added = draw(optional(names))
    if position == "2" and added:
        added = " ".join(added.split())
    count = draw(st.integers(1, 3))
    return {
        "vaTypeCode": draw(st.sampled_from(["1", "2"])),
        "issueRequestCount": draw(st.sampled_from([count, str(count), f"{count:04}"])),
        "raId": draw(st.sampled_from([ACCOUNT_ID, "101020067890"])),
        "vaHolderNameKana": added,
        "vaHolderNamePos": position,
    }


@given(order=orders(), yen=st.integers(1, 999), change=st.sampled_from(["1", "3"]))
@PROFILE
def test_every_acceptable_order_is_issued_paid_into_found_and_changed(
    order: dict[str, Any], yen: int, change: str
) -> None:
    issued = BANK.post("/va/issue", order)
    assert issued.status_code == 201, issued.text
    assert OPERATIONS["issueVirtualAccounts"].reply_is_lawful(201, issued.json)
    ids = [{"vaId": va["vaId"]} for va in issued.json["vaList"]]
    assert len(ids) == int(order["issueRequestCount"])

    first = ids[0]["vaId"]
    paid = BANK.control("POST", "/deposits", {"va_id": first, "amount": yen, "remitter_name": "ｻﾝﾌﾟﾙ"})
    assert paid.status_code == 201, paid.text
    (deposit,) = BANK.get(f"/va/deposit-transactions?vaId={first}&raId={order['raId']}").json["vaTransactions"]
    assert (deposit["depositAmount"], deposit["vaAccountNameKana"]) == (str(yen), issued.json["vaHolderNameKana"])

    changed = BANK.post("/va/status-change", {"vaStatusChangeCode": change, "vaIdList": ids})
    assert changed.status_code == 200, changed.text
    found = BANK.post("/va/list", {"raId": order["raId"], "vaIdList": ids})
    assert found.json["vAccounts"] == changed.json["vAccounts"]
    # Whatever is left is deleted, so that the contract's cap is never met.
    if change == "1":
        assert BANK.post("/va/status-change", {"vaStatusChangeCode": "3", "vaIdList": ids}).status_code == 200


@given(
    query=st.fixed_dictionaries(
        {},
        optional={
            "depositAmountExistCode": optional(st.just("1")),
            "vaTypeCode": optional(st.just("1")),
            "vaHolderNameKana": optional(names.filter(bool)),
            "vaStatusCodeList": optional(
                st.lists(st.fixed_dictionaries({"vaStatusCode": st.sampled_from(["1", "2", "3"])}), max_size=3)
            ),
            "latestDepositDateFrom": optional(days),
            "vaIssueDateTo": optional(days),
            "expireDateFrom": optional(days),
            "raId": optional(st.just(ACCOUNT_ID)),
            "sortItemCode": optional(st.sampled_from(["1", "2", "3", "4"])),
            "sortOrderCode": optional(st.sampled_from(["1", "2"])),
        },
    )
)
@PROFILE
def test_every_list_inquiry_that_the_contract_admits_is_answered(query: dict[str, Any]) -> None:
    errors = OPERATIONS["listVirtualAccounts"].body_errors
    assert errors is not None
    assert list(errors(query)) == []

    reply = BANK.post("/va/list", query)

    assert reply.status_code == 200, reply.text
    assert OPERATIONS["listVirtualAccounts"].reply_is_lawful(200, reply.json)
    assert len(reply.json["vAccounts"]) == int(reply.json["count"])


def test_a_contract_can_be_closed() -> None:
    bank = make_caller(profile="strict")
    bank.token = bank.new_token("private:virtual-account")["access_token"]

    reply = bank.post("/va/close-request", {})

    assert reply.status_code == 200
    assert OPERATIONS["closeVirtualAccountContract"].reply_is_lawful(200, reply.json)

"""Every documented success of the personal API is reached by generated calls, in the orders of the corporation API."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_gmo.contract import read_operations
from tests.contract.test_bulk_orders import bulk_orders
from tests.contract.test_mock_keeps_contract import orders
from tests.contract.test_valid_virtual_accounts import orders as va_orders
from tests.unit.gateway.calling import Caller
from tests.unit.gateway.persons import SOLE_ACCOUNT_ID, SOLE_SIDE_ACCOUNT_ID, make_individual, make_sole_proprietor

OPERATIONS = {operation.operation_id: operation for operation in read_operations("personal")}
QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
PROFILE = settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)

SOLE = make_sole_proprietor(profile="strict")
PERSONS = {SOLE_ACCOUNT_ID: SOLE, "301010012345": make_individual(profile="strict")}

PURSES = ["SP301010012345", "SP502011047569", "SP502011047570"]
DOLLARS_IN = {"SP301010012345", "SP502011047569"}

periods = st.fixed_dictionaries({}, optional={"dateFrom": st.just("2026-03-01"), "dateTo": st.just("2026-04-01")})


def reach(caller: Caller, operation_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Make a call that must succeed, and return its reply; the contract was asked about both."""
    operation = OPERATIONS[operation_id]
    if operation.method == "POST":
        assert operation.body_errors is not None
        assert list(operation.body_errors(asked)) == []
        reply = caller.post(operation.relative_path, asked)
    else:
        reply = caller.get(operation.relative_path, query_string=asked)
    assert reply.status_code == operation.success_status, reply.text
    assert operation.reply_is_lawful(reply.status_code, reply.json)
    content: dict[str, Any] = reply.json
    return content


@given(account_id=st.sampled_from(sorted(PERSONS)), period=periods)
@PROFILE
def test_every_inquiry_about_accounts_is_answered(account_id: str, period: dict[str, str]) -> None:
    caller, asked = PERSONS[account_id], {"accountId": account_id, **period}

    assert account_id in [account["accountId"] for account in reach(caller, "getPersonalAccounts", {})["accounts"]]
    assert len(reach(caller, "getPersonalBalances", {"accountId": account_id})["balances"]) == 1
    reach(caller, "getPersonalTransactions", asked)
    reach(caller, "getPersonalVisaTransactions", asked)
    if caller is SOLE:
        reach(caller, "getPersonalDepositTransactions", asked)


@st.composite
def moves(draw: st.DrawFn) -> dict[str, Any]:
    """Yen, or hundredths of a dollar, from one purse to another that the parent can spare."""
    receives, pays = draw(st.permutations(PURSES))[:2]
    amount = draw(st.integers(1, 9))
    move: dict[str, Any] = {"depositSpAccountId": receives, "debitSpAccountId": pays}
    if draw(st.booleans()) and {receives, pays} >= DOLLARS_IN:
        return move | {"currencyCode": "USD", "paymentAmount": f"0.0{amount}"}
    currency = draw(st.sampled_from([{}, {"currencyCode": ""}, {"currencyCode": None}, {"currencyCode": "JPY"}]))
    return move | currency | {"paymentAmount": draw(st.sampled_from([amount, str(amount), f"{amount:020}"]))}


@given(move=moves())
@PROFILE
def test_every_acceptable_move_between_purses_is_made_at_once_and_told(move: dict[str, Any]) -> None:
    caller = PERSONS["301010012345"]
    before = reach(caller, "getPersonalAccounts", {})["spAccounts"]

    moved = reach(caller, "transferBetweenSpAccounts", move)

    assert [purse["accountId"] for purse in before] == PURSES
    assert moved.get("paymentAmount", "0" * 11) in (str(move["paymentAmount"]), "0" * 11)
    for purse in (move["depositSpAccountId"], move["debitSpAccountId"]):
        told = reach(caller, "getPersonalBalances", {"accountId": purse})
        assert (told["balances"], len(told["spAccountBalances"])) == ([], 1)
        lines = reach(caller, "getPersonalTransactions", {"accountId": purse})["transactions"]
        assert all("itemKey" not in line for line in lines)
    assert caller.control("GET", "/postings/check").json["sum_yen"] == 0


@given(account_id=st.sampled_from(sorted(PERSONS)), order=orders())
@PROFILE
def test_every_acceptable_order_is_priced_accepted_confirmed_and_found(account_id: str, order: dict[str, Any]) -> None:
    caller, order = PERSONS[account_id], {**order, "accountId": account_id}

    reach(caller, "calculatePersonalTransferFee", order)
    apply_no = reach(caller, "requestPersonalTransfer", order)["applyNo"]
    asked = {"accountId": account_id, "applyNo": apply_no}
    assert reach(caller, "getPersonalTransferRequestResult", asked)["resultCode"] == "2"
    assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    found = reach(caller, "getPersonalTransferStatus", {**asked, "queryKeyClass": "1"})

    assert int(found["count"]) == len(order["transfers"])
    if found["transferDetails"][0]["transferStatus"] == "11":
        reach(caller, "cancelPersonalTransfer", {**asked, "cancelTargetKeyClass": "2"})


@given(order=bulk_orders())
@PROFILE
def test_every_acceptable_bulk_order_is_priced_accepted_confirmed_and_found(order: dict[str, Any]) -> None:
    order = {**order, "accountId": SOLE_ACCOUNT_ID}

    reach(SOLE, "calculatePersonalBulkTransferFee", order)
    apply_no = reach(SOLE, "requestPersonalBulkTransfer", order)["applyNo"]
    asked = {"accountId": SOLE_ACCOUNT_ID, "applyNo": apply_no}
    assert reach(SOLE, "getPersonalBulkTransferRequestResult", asked)["resultCode"] == "2"
    assert SOLE.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    found = reach(SOLE, "getPersonalBulkTransferStatus", {**asked, "queryKeyClass": "1"})

    if found["bulkTransferDetails"][0]["transferStatus"] == "11":
        reach(SOLE, "cancelPersonalBulkTransfer", {**asked, "cancelTargetKeyClass": "4"})


@given(
    order=va_orders(),
    account_id=st.sampled_from([SOLE_ACCOUNT_ID, SOLE_SIDE_ACCOUNT_ID]),
    yen=st.integers(1, 999),
)
@PROFILE
def test_every_acceptable_virtual_account_is_issued_paid_into_found_and_deleted(
    order: dict[str, Any], account_id: str, yen: int
) -> None:
    order = {**order, "raId": account_id}

    issued = reach(SOLE, "issuePersonalVirtualAccounts", order)
    ids = [{"vaId": va["vaId"]} for va in issued["vaList"]]
    paid = SOLE.control("POST", "/deposits", {"va_id": ids[0]["vaId"], "amount": yen, "remitter_name": "ｻﾝﾌﾟﾙ"})
    assert paid.status_code == 201, paid.text
    asked = {"raId": account_id, "vaId": ids[0]["vaId"]}
    assert reach(SOLE, "getPersonalVirtualAccountDeposits", asked)["count"] == "1"
    assert reach(SOLE, "listPersonalVirtualAccounts", {"vaIdList": ids})["count"] == str(len(ids))
    reach(SOLE, "changePersonalVirtualAccountStatus", {"vaStatusChangeCode": "3", "vaIdList": ids})


def test_a_contract_for_virtual_accounts_can_be_closed() -> None:
    assert reach(make_sole_proprietor(), "closePersonalVirtualAccountContract", {}) == {"acceptDate": "2026-04-01"}

"""Whatever is sent to the bank, it answers as its contract says: generated calls in process, strict profile."""

from copy import deepcopy
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

import contracts
from mock_gmo.contract import read_operations
from tests.unit.gateway.calling import ACCOUNT_ID, Caller, make_caller
from tests.unit.gateway.persons import make_sole_proprietor

EXAMPLES = 25
EXAMPLES_FOR_PERSONS = (
    10  # the same readers and rules once more; what is its own are fields, which coverage walks through
)
QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)

# A valid order can still be refused by a rule of the bank (funds, days, names), which is a documented 400; and the
# bank's 405 carries no Allow header.
EXCLUDED = [positive_data_acceptance, unsupported_method]

BANK = make_caller(profile="strict")
BANK.token = BANK.new_token("private:account private:transfer private:virtual-account")["access_token"]
PERSON = make_sole_proprietor(profile="strict")
OPENID_TOKEN = BANK.new_token("openid")["access_token"]
ORDERS_BANK = make_caller(profile="strict")
OPERATIONS = {operation.operation_id: operation for operation in read_operations("auth", "corporation")}


def load(name: str, bank: Caller = BANK) -> Any:
    """Return a document bound to the bank in process; the WSGI callable, so that a failure stays a reply."""
    # Schemathesis writes the links that it infers into the document.
    schema = schemathesis.openapi.from_dict(deepcopy(contracts.load(name)))
    schema.app = bank.on_loopback
    return schema


corporation, auth, personal = load("corporation"), load("auth"), load("personal", PERSON)


@corporation.auth()
class AccessToken:
    """Calls carry the access token of the bank's only customer."""

    def get(self, case: Case, context: Any) -> str:
        return BANK.token

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "x-access-token": data}


@personal.auth()
class PersonsAccessToken(AccessToken):
    """Calls carry the access token of a sole proprietor, for whom every operation is."""

    def get(self, case: Case, context: Any) -> str:
        return PERSON.token


@personal.parametrize()
@settings(
    max_examples=EXAMPLES_FOR_PERSONS, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET
)
def test_the_operations_for_persons_keep_their_contract(case: Case) -> None:
    case.call_and_validate(excluded_checks=EXCLUDED)


@auth.auth().apply_to(operation_id="getUserInfo")
class OpenIdToken:
    """Calls to userinfo carry a token with the scope that it needs."""

    def get(self, case: Case, context: Any) -> str:
        return OPENID_TOKEN

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "x-access-token": data}


@corporation.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_the_resource_operations_keep_their_contract(case: Case) -> None:
    case.call_and_validate(excluded_checks=EXCLUDED)


@auth.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_the_authorization_operations_keep_their_contract(case: Case) -> None:
    case.call_and_validate(excluded_checks=EXCLUDED)


class Stories(corporation.as_state_machine()):
    """Calls that follow the contract's links, each fed by the reply before it."""

    def validate_response(self, response: Any, case: Case, additional_checks: Any = None, **given: Any) -> None:
        """Ask the same of every reply as elsewhere."""
        case.validate_response(response, excluded_checks=EXCLUDED)


StatefulContract = Stories.TestCase
StatefulContract.settings = settings(
    max_examples=10,
    stateful_step_count=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=QUIET,
)


kana = st.text("ｱｲｳｴｵｶｷｸｹｺｶﾞﾊﾟABC0123456789 ().-", min_size=1, max_size=20).filter(lambda text: text.strip() == text)
marks = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
branches = st.sampled_from([("0001", "001"), ("0310", "101"), ("0398", "111"), ("0005", "001")])
days = st.sampled_from(["2026-04-01", "2026-04-02", "2026-04-04", "2026-04-29", "2027-04-01"])


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Orders that the bank has no reason to refuse: 1 to 5 lines, every optional member now there and now not."""
    count = draw(st.integers(1, 5))
    lines = [draw(order_lines(item_id=str(number))) for number in range(1, count + 1)]
    order = {"accountId": ACCOUNT_ID, "transferDesignatedDate": draw(days), "transfers": lines}
    if count > 1 or draw(st.booleans()):
        total = sum(int(line["transferAmount"]) for line in lines)
        order |= {"totalCount": draw(st.sampled_from([count, str(count)])), "totalAmount": str(total)}
    optional = {
        "remitterName": draw(st.none() | st.just("") | kana),
        "transferDateHolidayCode": draw(st.sampled_from([None, "", "1"])),
        "applyComment": draw(st.none() | st.text("店頭買取あいう", max_size=20)),
    }
    return order | {name: value for name, value in optional.items() if draw(st.booleans())}


@st.composite
def order_lines(draw: st.DrawFn, *, item_id: str) -> dict[str, Any]:
    """One line of such an order."""
    bank_code, branch_code = draw(branches)
    line = {
        "itemId": draw(st.sampled_from([item_id, int(item_id)])),
        "transferAmount": str(draw(st.integers(1, 900))),
        "beneficiaryBankCode": bank_code,
        "beneficiaryBranchCode": branch_code,
        "accountTypeCode": draw(st.sampled_from(["1", "2", "4", "9"])),
        "accountNumber": draw(st.text("123456789", min_size=7, max_size=7)),
        "beneficiaryName": draw(kana),
    }
    return line | ({"ediInfo": draw(marks)} if draw(st.booleans()) else {})


@given(order=orders())
@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_every_acceptable_order_is_accepted_confirmed_and_found(order: dict[str, Any]) -> None:
    reply = ORDERS_BANK.post("/transfer/request", order)
    assert reply.status_code == 201, reply.text
    assert OPERATIONS["requestTransfer"].reply_is_lawful(201, reply.json)
    apply_no = reply.json["applyNo"]

    assert ORDERS_BANK.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    found = ORDERS_BANK.get(f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}").json

    assert int(found["count"]) == len(order["transfers"])
    assert [
        detail["transferResponses"][0]["transferInfos"][0]["transferAmount"] for detail in found["transferDetails"]
    ] == [line["transferAmount"] for line in order["transfers"]]
    assert ORDERS_BANK.control("GET", "/postings/check").json["sum_yen"] == 0

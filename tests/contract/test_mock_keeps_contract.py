"""Whatever is sent to the bank, it answers as its contract says: generated calls in process, strict profile."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

import contracts
from mock_gmo.contract import read_operations
from tests.contract.judging import DOCUMENTS, EXEMPTIONS, IDLE, OFF, Judge, built_in_checks, config_of
from tests.contract.late_cases import each_operation, judge_operation
from tests.unit.gateway.calling import ACCOUNT_ID, Caller, make_caller
from tests.unit.gateway.persons import make_sole_proprietor
from tests.unit.notifications.receiving import credentials

QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
PROFILE = settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
# The personal operations are read by the corporation's readers, and the control surface is for tests.
SHORT = settings(PROFILE, max_examples=10)
STORIES = settings(PROFILE, max_examples=10, stateful_step_count=8)
SHORT_STORIES = settings(PROFILE, max_examples=4, stateful_step_count=6)

BANK = make_caller(
    profile="strict", scopes="private:account private:transfer private:bulk-transfer private:virtual-account"
)
PERSON = make_sole_proprietor(profile="strict")
OPENID = make_caller(profile="strict", scopes="openid")
CONTROLLED = make_caller(profile="strict")
ORDERS_BANK = make_caller(profile="strict")
OPERATIONS = {operation.operation_id: operation for operation in read_operations("auth", "corporation")}


def load(name: str, bank: Caller) -> Any:
    """Return a document bound to the bank in process; the WSGI callable, so that a failure stays a reply."""
    # Schemathesis writes the links that it infers into the document.
    schema = schemathesis.openapi.from_dict(deepcopy(contracts.load(name)), config=config_of(name))
    schema.app = bank.on_loopback
    return schema


corporation, personal = load("corporation", BANK), load("personal", PERSON)
auth, webhooks, sandbox = load("auth", OPENID), load("webhooks", BANK), load("sandbox", CONTROLLED)
JUDGES = {
    "corporation": Judge(BANK, "corporation"),
    "personal": Judge(PERSON, "personal"),
    "auth": Judge(OPENID, "auth"),
    "webhooks": Judge(BANK, "webhooks"),
}


class AccessToken:
    """Calls carry the token that the bank's customer consented to, fetched as every client fetches one."""

    bank = BANK

    def get(self, case: Case, context: Any) -> str:
        return self.bank.token

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "x-access-token": data}


# A token is asked for with every call: each test has its own, and the call that carried another would be made twice.
corporation.auth(refresh_interval=None)(AccessToken)


@personal.auth(refresh_interval=None)
class PersonsAccessToken(AccessToken):
    """Calls carry the access token of a sole proprietor, for whom every operation is."""

    bank = PERSON


@auth.auth(refresh_interval=None).apply_to(operation_id="getUserInfo")
class OpenIdToken(AccessToken):
    """Calls to userinfo carry a token with the scope that it needs."""

    bank = OPENID


@webhooks.auth(refresh_interval=None)
class ClientCredentials:
    """Calls about notifications carry the client's own credentials."""

    def get(self, case: Case, context: Any) -> str:
        return credentials()

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": data}


@pytest.fixture(scope="session", autouse=True)
def cases_are_counted(record_testsuite_property: Callable[[str, object], None]) -> Iterator[None]:
    """The report of a run tells how many calls were judged; tools/bench_tests.py divides by the time."""
    yield
    record_testsuite_property("cases", sum(judge.case_count for judge in JUDGES.values()))


@pytest.fixture(autouse=True)
def fresh_banks() -> Iterator[None]:
    """Every test begins at banks in their first state, each with a token got by consent, code and exchange."""
    for bank in (BANK, PERSON, OPENID):
        assert bank.control("POST", "/reset").status_code == 200
        bank.no_limit()
        bank.token = bank.new_token()["access_token"]
    for judge in JUDGES.values():
        judge.forget()
    return


@each_operation(corporation)
def test_the_resource_operations_keep_their_contract(operation: Any) -> None:
    judge_operation(operation, PROFILE, JUDGES["corporation"].checks)


@each_operation(personal)
def test_the_operations_for_persons_keep_their_contract(operation: Any) -> None:
    judge_operation(operation, SHORT, JUDGES["personal"].checks)


@each_operation(auth)
def test_the_authorization_operations_keep_their_contract(operation: Any) -> None:
    judge_operation(operation, PROFILE, JUDGES["auth"].checks)


@each_operation(webhooks)
def test_the_operations_about_notifications_keep_their_contract(operation: Any) -> None:
    judge_operation(operation, PROFILE, JUDGES["webhooks"].checks)


@each_operation(sandbox)
def test_the_control_surface_keeps_its_contract(operation: Any) -> None:
    judge_operation(operation, SHORT, [])


def stories_of(schema: Any, name: str) -> Any:
    """Return calls that follow the document's links, each fed by the reply before it, and judged like any other."""

    class Stories(schema.as_state_machine()):
        def validate_response(self, response: Any, case: Case, additional_checks: Any = None, **given: Any) -> None:
            super().validate_response(response, case, additional_checks=JUDGES[name].checks, **given)

    return Stories.TestCase


CorporationStories = stories_of(corporation, "corporation")
CorporationStories.settings = STORIES
PersonalStories = stories_of(personal, "personal")
PersonalStories.settings = SHORT_STORIES
WebhookStories = stories_of(webhooks, "webhooks")
WebhookStories.settings = SHORT_STORIES
AuthorizationStories = stories_of(auth, "auth")
AuthorizationStories.settings = SHORT_STORIES


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("check", built_in_checks())
def test_every_check_of_schemathesis_is_on_or_its_absence_has_a_reason(document: str, check: str) -> None:
    config = config_of(document).projects.default.checks_config_for()
    excused = {row.check for row in EXEMPTIONS if document in row.documents and row.settings == OFF and row.reason}

    assert config.get_by_name(name=check).enabled == (check not in excused)


def test_what_is_excused_is_a_check_of_schemathesis() -> None:
    assert {row.check for row in EXEMPTIONS} | IDLE <= set(built_in_checks())


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

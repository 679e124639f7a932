"""Whatever ReCORE sends, the integrator answers as its own contract says: generated calls, all of the web side.

The worker's part is played by canned answers; what the bank says and how it is read is tested elsewhere.
"""

from copy import deepcopy
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

import contracts
from integrator.effects import NoCheckpoints
from integrator.store.database import Database
from integrator.store.jobs import JobAnswer, JobKind
from integrator.store.migrate import migrate
from tests.contract.judging import SECRET_LENGTH_MIN, config_of
from tests.contract.late_cases import each_operation, judge_operation
from tests.unit.integrator_web.web_side import WebSide, make_order

QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
PROFILE = settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
OPERATOR_OPERATIONS = [
    "registerCompany",
    "listCompanies",
    "getCompany",
    "listPayoutStops",
    "stopPayouts",
    "resumePayouts",
    "decideDifference",
    "decideDoubt",
]

INSTANT = "2026-04-01T03:00:00.000000Z"
ANSWERS: dict[JobKind, JobAnswer] = {
    JobKind.EXCHANGE_CODE: JobAnswer(is_done=True, result={"scopes": []}),
    JobKind.SEAL_CLIENT_SECRET: JobAnswer(is_done=True, result={}),
    JobKind.DECISION: JobAnswer(is_done=True, result={}),
    JobKind.INQUIRY_ACCOUNTS: JobAnswer(is_done=True, result={"as_of": INSTANT, "accounts": []}),
    JobKind.INQUIRY_BALANCES: JobAnswer(is_done=True, result={"balances": []}),
    JobKind.INQUIRY_TRANSACTIONS: JobAnswer(
        is_done=True,
        result={
            "account_id": "101010012345",
            "date_from": "2026-04-01",
            "date_to": "2026-04-01",
            "as_of": INSTANT,
            "transactions": [],
        },
    ),
    JobKind.QUOTE: JobAnswer(
        is_done=True,
        result={
            "amount_yen": 1,
            "fee_yen": 143,
            "total_yen": 144,
            "beneficiary_name_kana": "ﾔﾏﾀﾞ ﾀﾛｳ",
            "designated_date": "2026-04-01",
        },
    ),
}


def make_web() -> WebSide:
    """Return a web side on a database in memory, with a worker that answers whenever it is waited for."""
    database = Database("sqlite://", effects=NoCheckpoints())
    migrate(database)
    web = WebSide(database)
    web.while_waiting = lambda: web.answer_next_job(ANSWERS)
    return web


WEB = make_web()
WEB.call("PUT", "/v1/companies/mihon-001/callback", json={"url": "https://recore.example/bank/events"})
# Without the company whose key is used, every call would be a 403.
CONFIG = config_of("integrator", parameters={"path.company_id": "mihon-001", "path.bank_code": "0310"})
# Schemathesis writes the links that it infers into the document, so it gets one of its own.
DOCUMENT = deepcopy(contracts.load("integrator"))
integrator = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
integrator.app = WEB.app.wsgi_app


class Key:
    """Calls carry a key as their operation wants it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def get(self, case: Any, context: Any) -> str:
        return self._key

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@integrator.auth().apply_to(operation_id=OPERATOR_OPERATIONS)
class OperatorKey(Key):
    def __init__(self) -> None:
        super().__init__(WEB.operator_key)


@integrator.auth().skip_for(operation_id=OPERATOR_OPERATIONS)
class CompanyKey(Key):
    def __init__(self) -> None:
        super().__init__(WEB.company_key)


@each_operation(integrator)
def test_the_integrator_keeps_its_contract(operation: Any) -> None:
    judge_operation(operation, PROFILE, [no_key_comes_back])


def no_key_comes_back(ctx: Any, response: Any, case: Case[Any]) -> None:
    """No key of a caller stands in a reply; nor do the secrets that a caller sends with a registration."""
    body = case.body if isinstance(case.body, dict) else {}
    sent = [value for name, value in body.items() if "secret" in name and isinstance(value, str)]
    for secret in (WEB.company_key, WEB.operator_key, *(value for value in sent if len(value) >= SECRET_LENGTH_MIN)):
        assert secret not in response.text + str(response.headers), "a secret comes back"


StatefulContract = integrator.as_state_machine().TestCase
StatefulContract.settings = settings(PROFILE, max_examples=10, stateful_step_count=8)

attempts = count(1)
numbers = st.text("0123456789", min_size=7, max_size=7)
names = st.text("アイウガパーヤ　タロｱｲｳabc0123456789()-. ", min_size=1, max_size=20).filter(lambda text: text.strip())
references = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=64)
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=128)


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Orders that nothing speaks against, every optional member now there and now not."""
    order = make_order(
        amount_yen=draw(st.integers(1, 1_000_000)),
        beneficiary={
            "bank_code": draw(st.sampled_from(["0001", "0310", "0398"])),
            "branch_code": draw(st.sampled_from(["001", "101", "111"])),
            "account_type": draw(st.sampled_from(["1", "2", "4", "9"])),
            "account_number": draw(numbers),
            "name": draw(names),
        },
        case={
            "type": draw(st.sampled_from(["店頭買取", "宅配買取", "一般仕入", "委託仕入"])),
            "reference": draw(references),
        },
    )
    if draw(st.booleans()):
        order["designated_date"] = draw(st.sampled_from(["2026-04-01", "2026-04-29", "2027-04-01"]))
    return order


@given(order=orders(), key=keys)
@settings(PROFILE, max_examples=50)
def test_every_acceptable_order_is_taken_once_and_reads_the_same_everywhere(order: dict[str, Any], key: str) -> None:
    web = WEB
    key = f"{next(attempts)}/{key}"[:128]  # keys are kept for ever, and Hypothesis tries them again
    placed = web.place(order, idempotency_key=key)
    again = web.place(order, idempotency_key=key)

    assert placed.status_code == again.status_code == 202, placed.text
    payout = placed.get_json()
    assert again.get_json() == payout
    for name, value in order.items():
        read = payout[name]
        assert {**read, **value} == read if isinstance(value, dict) else read == value
    assert web.call("GET", f"/v1/companies/mihon-001/payouts/{payout['payout_id']}").get_json() == payout
    assert web.place({**order, "amount_yen": order["amount_yen"] + 1}, idempotency_key=key).status_code == 409

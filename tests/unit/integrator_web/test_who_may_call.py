"""Who may call what: no key, an unknown one, one of another company, one of another role."""

from itertools import product

import pytest

import contracts
from integrator import companies
from integrator.web.contract import Contract, Operation
from tests.unit.integrator_web.web_side import WebSide, make_order

OPERATIONS = tuple(Contract(contracts.load("integrator")).operations.values())
CLOSED = [operation for operation in OPERATIONS if not operation.is_open]
# Who may do what. Not read from the contract, so that a slip there is seen.
OPERATOR_ONLY = {
    "registerCompany",
    "listCompanies",
    "getCompany",
    "listPayoutStops",
    "stopPayouts",
    "resumePayouts",
    "decideDifference",
    "decideDoubt",
}
BOTH = {
    "getMetrics",
    "beginAuthorization",
    "getConnection",
    "getCallback",
    "setCallback",
    "removeCallback",
    "rotateCallbackSecret",
    "testCallback",
    "listBanks",
    "listBranches",
    "listReconciliations",
    "requestReconciliation",
    "getReconciliation",
    "listDifferences",
    "listDoubts",
}
OPEN = {"receiveAuthorization", "getHealth", "getReadiness"}


def path_of(operation: Operation, company_id: str = "mihon-001") -> str:
    return (
        operation.path.replace("{company_id}", company_id)
        .replace("{payout_id}", "po_1")
        .replace("{bank_code}", "0001")
        .replace("{difference_id}", f"df_{'0' * 24}")
        .replace("{reconciliation_id}", f"rc_{'0' * 24}")
    )


def call(web: WebSide, operation: Operation, *, key: str, company_id: str = "mihon-001") -> int:
    web.while_waiting = web.answer_next_job
    response = web.call(
        operation.method,
        path_of(operation, company_id),
        key=key,
        headers={"Idempotency-Key": "key-1"},
        json=make_order() if operation.body is not None else None,
    )
    return response.status_code


def test_every_operation_says_who_may_call_it() -> None:
    roles = {operation.operation_id: operation.roles for operation in OPERATIONS}
    for name, allowed in roles.items():
        if name in OPEN:
            assert allowed == frozenset()
        elif name in OPERATOR_ONLY:
            assert allowed == {"operator"}
        else:
            assert allowed == ({"company", "operator"} if name in BOTH else {"company"})


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer rk_00000000_" + "0" * 43, "Bearer nonsense", "Bearer " + "x" * 9000],
    ids=["none", "scheme only", "empty", "another scheme", "unknown", "no key", "long"],
)
def test_every_closed_operation_wants_a_key_that_is_known(web: WebSide, header: str) -> None:
    for operation in CLOSED:
        response = web.client.open(path_of(operation), method=operation.method, headers={"Authorization": header})

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.mimetype == "application/problem+json"


def test_a_key_that_differs_in_its_last_letter_is_unknown(web: WebSide) -> None:
    last = "A" if web.company_key[-1] != "A" else "B"

    assert web.call("GET", "/v1/companies/mihon-001/connection", key=web.company_key[:-1] + last).status_code == 401


def test_a_revoked_key_is_refused_at_once(web: WebSide) -> None:
    path = "/v1/companies/mihon-001/connection"
    assert web.call("GET", path).status_code == 200
    key_id = web.company_key.split("_")[1]

    assert companies.revoke_key(web.db, key_id, at=web.clock.now())

    assert web.call("GET", path).status_code == 401
    assert not companies.revoke_key(web.db, "nobody00", at=web.clock.now())


def test_the_role_decides_what_a_key_may_do(web: WebSide) -> None:
    for operation in CLOSED:
        for role, key in (("company", web.company_key), ("operator", web.operator_key)):
            assert (call(web, operation, key=key) == 403) == (role not in operation.roles), operation.operation_id


def test_a_company_cannot_reach_another_nor_learn_whether_it_exists(web: WebSide) -> None:
    of_companies = [
        operation for operation in CLOSED if "company" in operation.roles and "{company_id}" in operation.path
    ]
    for operation, company_id in product(of_companies, ("mihon-001", "no-such-company")):
        assert call(web, operation, key=web.other_key, company_id=company_id) == 403, operation.operation_id


def test_only_a_hash_of_a_key_is_stored(web: WebSide) -> None:
    with web.db.engine.connect() as connection:
        stored = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())

    for key in (web.company_key, web.operator_key):
        assert key not in stored
        assert key.split("_")[2] not in stored


def test_a_new_key_is_eight_letters_that_name_it_and_43_that_are_secret(web: WebSide) -> None:
    assert companies.KEY_FORM.fullmatch(web.company_key)
    assert not companies.KEY_FORM.fullmatch(web.company_key + "\n")
    listed = {key.key_id for key in companies.list_keys(web.db, company_id="mihon-001")}
    assert listed == {web.company_key.split("_")[1]}

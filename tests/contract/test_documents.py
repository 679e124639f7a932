"""The contracts themselves: valid, complete, and true in every example. What the programs do is tested elsewhere."""

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import contracts
from mock_gmo.settings import VARIABLES, rule_names
from tools import check_contracts, contract_refusals
from tools.contract_document import Complaint, Document

NAMES = tuple(name for name in contracts.DOCUMENTS if (check_contracts.DIRECTORY / f"{name}.yaml").exists())
BANK = tuple(Document(name, contracts.load(name)) for name in check_contracts.BANK_DOCUMENTS)
ROWS: list[dict[str, Any]] = contracts.load("refusals")["refusals"]
PAIRS = contract_refusals.load_pairs()
README = check_contracts.DIRECTORY / "README.md"


def name_for_persons(operation_id: str) -> str:
    """Return what an operation of the corporation API is called in the personal API."""
    return re.sub(r"^[a-z]+", r"\g<0>Personal", operation_id)


# Every operation of the bank, with its method and path.
OPERATIONS = {
    "authorize": "GET /ganb/api/auth/v1/authorization",
    "issueToken": "POST /ganb/api/auth/v1/token",
    "getUserInfo": "GET /ganb/api/auth/v1/userinfo",
    "getAccounts": "GET /ganb/api/corporation/v1/accounts",
    "getBalances": "GET /ganb/api/corporation/v1/accounts/balances",
    "getTransactions": "GET /ganb/api/corporation/v1/accounts/transactions",
    "getDepositTransactions": "GET /ganb/api/corporation/v1/accounts/deposit-transactions",
    "getVisaTransactions": "GET /ganb/api/corporation/v1/accounts/visa-transactions",
    "getTransferStatus": "GET /ganb/api/corporation/v1/transfer/status",
    "getTransferRequestResult": "GET /ganb/api/corporation/v1/transfer/request-result",
    "calculateTransferFee": "POST /ganb/api/corporation/v1/transfer/transferfee",
    "requestTransfer": "POST /ganb/api/corporation/v1/transfer/request",
    "cancelTransfer": "POST /ganb/api/corporation/v1/transfer/cancel",
    "getBulkTransferStatus": "GET /ganb/api/corporation/v1/bulktransfer/status",
    "getBulkTransferRequestResult": "GET /ganb/api/corporation/v1/bulktransfer/request-result",
    "calculateBulkTransferFee": "POST /ganb/api/corporation/v1/bulktransfer/transferfee",
    "requestBulkTransfer": "POST /ganb/api/corporation/v1/bulktransfer/request",
    "cancelBulkTransfer": "POST /ganb/api/corporation/v1/bulktransfer/cancel",
    "listVirtualAccounts": "POST /ganb/api/corporation/v1/va/list",
    "getVirtualAccountDeposits": "GET /ganb/api/corporation/v1/va/deposit-transactions",
    "issueVirtualAccounts": "POST /ganb/api/corporation/v1/va/issue",
    "changeVirtualAccountStatus": "POST /ganb/api/corporation/v1/va/status-change",
    "closeVirtualAccountContract": "POST /ganb/api/corporation/v1/va/close-request",
    "getPersonalAccounts": "GET /ganb/api/personal/v1/accounts",
    "getPersonalBalances": "GET /ganb/api/personal/v1/accounts/balances",
    "getPersonalTransactions": "GET /ganb/api/personal/v1/accounts/transactions",
    "getPersonalDepositTransactions": "GET /ganb/api/personal/v1/accounts/deposit-transactions",
    "getPersonalVisaTransactions": "GET /ganb/api/personal/v1/accounts/visa-transactions",
    "getPersonalTransferStatus": "GET /ganb/api/personal/v1/transfer/status",
    "getPersonalTransferRequestResult": "GET /ganb/api/personal/v1/transfer/request-result",
    "calculatePersonalTransferFee": "POST /ganb/api/personal/v1/transfer/transferfee",
    "requestPersonalTransfer": "POST /ganb/api/personal/v1/transfer/request",
    "cancelPersonalTransfer": "POST /ganb/api/personal/v1/transfer/cancel",
    "transferBetweenSpAccounts": "POST /ganb/api/personal/v1/transfer/spaccounts-transfer",
    "getPersonalBulkTransferStatus": "GET /ganb/api/personal/v1/bulktransfer/status",
    "getPersonalBulkTransferRequestResult": "GET /ganb/api/personal/v1/bulktransfer/request-result",
    "calculatePersonalBulkTransferFee": "POST /ganb/api/personal/v1/bulktransfer/transferfee",
    "requestPersonalBulkTransfer": "POST /ganb/api/personal/v1/bulktransfer/request",
    "cancelPersonalBulkTransfer": "POST /ganb/api/personal/v1/bulktransfer/cancel",
    "listPersonalVirtualAccounts": "POST /ganb/api/personal/v1/va/list",
    "getPersonalVirtualAccountDeposits": "GET /ganb/api/personal/v1/va/deposit-transactions",
    "issuePersonalVirtualAccounts": "POST /ganb/api/personal/v1/va/issue",
    "changePersonalVirtualAccountStatus": "POST /ganb/api/personal/v1/va/status-change",
    "closePersonalVirtualAccountContract": "POST /ganb/api/personal/v1/va/close-request",
    "subscribe": "POST /ganb/api/webhooks/v1/subscribe",
    "getUnsentVaDeposits": "GET /ganb/api/webhooks/v1/unsentlist/va-deposit-transaction",
    "getSubscribeStatus": "GET /ganb/api/webhooks/v1/subscribe-status",
}

# From an operation to the operations that its success leads to.
LINKS = {
    "getAccounts": {"getBalances", "getTransactions", "getDepositTransactions", "getVisaTransactions"},
    "getBalances": {"getTransactions"},
    "getTransactions": {"getTransactions"},
    "getDepositTransactions": {"getDepositTransactions"},
    "getVisaTransactions": {"getVisaTransactions"},
    "getTransferStatus": {"getTransferStatus", "getTransferRequestResult"},
    "getTransferRequestResult": {"getTransferStatus"},
    "requestTransfer": {"getTransferRequestResult", "getTransferStatus", "cancelTransfer"},
    "cancelTransfer": {"getTransferRequestResult", "getTransferStatus"},
    "getBulkTransferStatus": {"getBulkTransferStatus", "getBulkTransferRequestResult"},
    "getBulkTransferRequestResult": {"getBulkTransferStatus"},
    "requestBulkTransfer": {"getBulkTransferRequestResult", "getBulkTransferStatus", "cancelBulkTransfer"},
    "cancelBulkTransfer": {"getBulkTransferRequestResult", "getBulkTransferStatus"},
    "listVirtualAccounts": {"getVirtualAccountDeposits", "changeVirtualAccountStatus"},
    "getVirtualAccountDeposits": {"getVirtualAccountDeposits"},
    "issueVirtualAccounts": {"listVirtualAccounts", "getVirtualAccountDeposits", "changeVirtualAccountStatus"},
    "changeVirtualAccountStatus": {"listVirtualAccounts", "changeVirtualAccountStatus"},
    "issueToken": {"issueToken"},
}
# The personal API leads the same ways, within itself.
LINKS |= {
    name_for_persons(name): {name_for_persons(target) for target in targets}
    for name, targets in LINKS.items()
    if name != "issueToken"
}
LINKS["transferBetweenSpAccounts"] = {"getPersonalBalances", "getPersonalTransactions"}
LINKS |= {
    "subscribe": {"getSubscribeStatus", "getUnsentVaDeposits"},
    "getUnsentVaDeposits": {"getUnsentVaDeposits", "subscribe"},
    "getSubscribeStatus": {"subscribe"},
}

# One fault planted in the corporation document, and where the lint must find it.
REQUEST = "#/components/schemas/TransferRequest/properties"
STATUS = "#/paths/~1transfer~1status/get"
LINK = "#/paths/~1transfer~1request/post/responses/201/links/status"
PLANTED: Mapping[str, tuple[str, Any, str]] = {
    "a label is missing": (f"{REQUEST}/accountId/x-label-ja", None, f"{REQUEST}/accountId"),
    "a description is missing": (f"{STATUS}/parameters/0/description", None, f"{STATUS}/parameters/0"),
    "a length is missing": (f"{REQUEST}/remitterName/x-length", None, f"{REQUEST}/remitterName"),
    "a length disagrees": (f"{REQUEST}/remitterName/maxLength", 40, f"{REQUEST}/remitterName"),
    "a pattern is open": (f"{STATUS}/parameters/2/schema/pattern", "[0-9]{16}", f"{STATUS}/parameters/2/schema"),
    "a pattern has a class": (f"{STATUS}/parameters/2/schema/pattern", r"^(\d{16})?$", f"{STATUS}/parameters/2/schema"),
    "an example is wrong": (f"{STATUS}/parameters/2/example", "12", f"{STATUS}/parameters/2/example"),
    "a day does not exist": (
        f"{REQUEST}/transferDesignatedDate/examples/0", "2026-02-30", f"{REQUEST}/transferDesignatedDate/examples/0",
    ),
    "a status is missing": (f"{STATUS}/responses/412", None, f"{STATUS}/responses"),
    "a link has no operation": (f"{LINK}/operationId", "getTransfer", LINK),
    "a link has no parameter": (f"{LINK}/parameters/applyNumber", "1", LINK),
    "a link takes a value that is not allowed": (f"{LINK}/parameters/queryKeyClass", "3", LINK),
    "a link takes nothing": (f"{LINK}/parameters/applyNo", "$response.body#/applyNumber", LINK),
    "a code has no name": (
        f"{REQUEST}/transferDateHolidayCode/x-codes/2", None, f"{REQUEST}/transferDateHolidayCode",
    ),
    "an optional member refuses null": (f"{REQUEST}/remitterName/type", "string", f"{REQUEST}/remitterName"),
    "a required member admits the empty value": (
        "#/components/schemas/Transfer/properties/beneficiaryName/minLength",
        None,
        "#/components/schemas/Transfer/properties/beneficiaryName",
    ),
    "a request is closed": (
        "#/components/schemas/Transfer/additionalProperties", False, "#/components/schemas/Transfer",
    ),
    "a reply is open": (
        "#/components/schemas/Account/additionalProperties", None, "#/components/schemas/Account",
    ),
    "a condition names what is not there": (
        f"{STATUS}/parameters/2/x-only-with", {"queryKeyKlass": "1"}, f"{STATUS}/parameters/2",
    ),
    "a condition of a member names what is not there": (
        "#/components/schemas/VaListRequest/properties/expireDateTo/x-not-with", {"vaTypeKode": "2"},
        "#/components/schemas/VaListRequest/properties/expireDateTo",
    ),
    "nobody is served": ("#/x-holders", None, "#/x-holders"),
    "an unknown kind of scope": ("#/x-scope-kinds", ["shop"], "#/x-scope-kinds"),
    "an operation for somebody else": (f"{STATUS}/x-holders", ["individual"], f"{STATUS}/x-holders"),
    "a reference leads nowhere": (
        "#/components/schemas/BalancesResponse/properties/balances/items/$ref", "#/components/schemas/None",
        "#/components/schemas/BalancesResponse/properties/balances/items",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid_openapi_and_breaks_no_rule(name: str) -> None:
    assert _lines(check_contracts.check_document(name, contracts.load(name))) == []


def test_the_bank_has_exactly_the_operations_of_its_reference() -> None:
    found = {
        operation["operationId"]: f"{pointer.rpartition('/')[2].upper()} {document.content['servers'][0]['url']}"
        + pointer.split("/")[2].replace("~1", "/")
        for document in BANK
        for pointer, operation in document.operations.items()
    }

    assert found == OPERATIONS
    assert check_contracts.STATUSES.keys() == OPERATIONS.keys()


def test_operation_ids_are_unique_across_the_documents_that_the_mock_serves() -> None:
    ids = [
        operation["operationId"]
        for name in sorted({*NAMES} - {"integrator"})
        for operation in Document(name, contracts.load(name)).operations.values()
    ]

    assert sorted(ids) == sorted(set(ids))


def test_operations_link_to_what_a_client_does_next() -> None:
    links: dict[str, set[str]] = {}
    for document in BANK:
        for operation in document.operations.values():
            for response in operation["responses"].values():
                for link in response.get("links", {}).values():
                    links.setdefault(operation["operationId"], set()).add(link["operationId"])

    assert links == LINKS


def test_every_request_body_and_every_json_reply_of_the_bank_shows_an_example() -> None:
    without = [
        f"{document.name} {pointer}"
        for document in BANK
        for pointer, node in document.nodes.items()
        if pointer.rpartition("/")[0].endswith("/content") and not list(document.examples(pointer))
    ]

    assert without == []


def test_the_table_of_refusals_breaks_no_rule() -> None:
    assert _lines(contract_refusals.check_refusals(ROWS)) == []


@pytest.mark.parametrize("document", BANK, ids=lambda document: document.name)
def test_every_error_that_a_document_shows_is_a_row_of_the_table(document: Document) -> None:
    assert _lines(list(contract_refusals.check_error_examples(document, ROWS))) == []


def test_every_pair_of_request_and_reply_keeps_the_contract() -> None:
    assert _lines(contract_refusals.check_pairs(PAIRS, BANK, ROWS)) == []


def test_a_request_without_lines_is_complained_of_before_its_date() -> None:
    request = contracts.load("corporation")["components"]["schemas"]["TransferRequest"]

    assert list(request["properties"])[:2] == ["accountId", "transfers"]


@pytest.mark.parametrize("fault", PLANTED)
def test_the_lint_finds_a_planted_fault(fault: str) -> None:
    pointer, value, expected = PLANTED[fault]
    content = deepcopy(contracts.load("corporation"))
    _plant(content, pointer, value)

    complaints = check_contracts.check_document("corporation", content)

    assert expected in [complaint.pointer for complaint in complaints], _lines(complaints)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": "field_missing"}, "not unique"),
        ({"code": "WG_ERR_1100"}, "1 to 10"),
        ({"code": 220011}, "1 to 10"),
        ({"message": "{field}を入力してください。"}, "placeholder"),
        ({"message": ""}, "missing"),
        ({"level": "request"}, "go together"),
        ({"tag": "RUMOUR"}, "tag is one of"),
        ({"error": "invalid_request"}, "any other has code"),
        ({"reason": "none"}, "not known"),
    ],
)
def test_the_lint_finds_a_wrong_row_of_the_table(change: dict[str, Any], expected: str) -> None:
    row = {**next(row for row in ROWS if row["id"] == "field_invalid"), **change}
    rows = [row if row["id"] == "field_invalid" else other for other in ROWS if other["id"] != "field_invalid"]

    complaints = contract_refusals.check_refusals([*rows, row])

    assert any(expected in complaint.text for complaint in complaints), _lines(complaints)


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("requestTransfer.dateInPast.yaml", "#/reply/body/errorDetails/0/errorDetailsCode", "032007"),
        ("requestTransfer.dateInPast.yaml", "#/reply/status", 409),
        ("requestTransfer.dateInPast.yaml", "#/request/body/transferDesignatedDate", "2026-02-30"),
        ("requestTransfer.nothing.yaml", "#/request/body", PAIRS["requestTransfer.waiting.yaml"]["request"]["body"]),
        ("requestTransfer.waiting.yaml", "#/operation", "approveTransfer"),
        ("requestTransfer.waiting.yaml", "#/reply/body/resultCode", "8"),
        ("getTransferStatus.settled.yaml", "#/request/query/dateFrom", "2026-04-01"),
        ("getTransferStatus.settled.yaml", "#/request/query/applyNo", ""),
        ("getTransactions.lastPage.yaml", "#/request/query/dateTo", "2026-02-01"),
        ("listVirtualAccounts.withDeposits.yaml", "#/request/body/depositAmountExistCode", "3"),
        ("listVirtualAccounts.latestDepositOfNone.yaml", "#/request/body/depositAmountExistCode", "1"),
        ("authorize.scopesMixed.yaml", "#/reply/headers/Location", "https://shop.example/?error=access_denied"),
        ("issueToken.newToken.yaml", "#/reply/headers/Cache-Control", None),
    ],
)
def test_the_lint_finds_a_pair_that_breaks_the_contract(name: str, pointer: str, value: Any) -> None:
    pairs = deepcopy(PAIRS)
    _plant(pairs[name], pointer, value)

    complaints = contract_refusals.check_pairs(pairs, BANK, ROWS)

    assert f"contracts/examples/{name}" in [complaint.file for complaint in complaints]


def test_every_guess_names_a_setting_or_a_file_that_exists() -> None:
    known = {name.removeprefix("MOCK_GMO_RULE_").lower() for name in rule_names()}
    known |= {variable.name for variable in VARIABLES.values()}
    packages = (check_contracts.DIRECTORY, check_contracts.DIRECTORY.parent / "mock_gmo")

    unknown = [
        (subject, name)
        for subject, where in _guesses(README)
        for name in re.findall(r"`([^`]+)`", where)
        if not (name in known or ("." in name and any((package / name).is_file() for package in packages)))
    ]

    assert unknown == []


def test_every_rule_setting_of_the_bank_is_told_with_its_guess() -> None:
    told = README.read_text(encoding="utf-8")

    assert [
        name for name in sorted(rule_names()) if f"`{name.removeprefix('MOCK_GMO_RULE_').lower()}`" not in told
    ] == []


def _guesses(readme: Path) -> list[tuple[str, str]]:
    """Return subject and setting of every row of the tables of guesses."""
    section = readme.read_text(encoding="utf-8").split("## Guesses")[1].split("## Known departures")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [(cells[0].strip(), cells[2]) for cells in rows if cells[0].strip() != "subject"]


def _plant(content: Any, pointer: str, value: Any) -> None:
    """Put a value at a pointer, or take away what is there when the value is None."""
    *path, last = [step.replace("~1", "/") for step in pointer.split("/")[1:]]
    for step in path:
        content = content[int(step)] if isinstance(content, list) else content[step]
    key: Any = int(last) if isinstance(content, list) else last
    if value is None:
        del content[key]
    else:
        content[key] = value


def _lines(complaints: list[Complaint]) -> list[str]:
    return [str(complaint) for complaint in complaints]

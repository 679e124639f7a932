"""The personal API, difference by difference: whom an operation is for, what must not be sent, what is dropped."""

from typing import Any

import pytest

from mock_gmo.bank.rules import BankRules
from tests.unit.gateway.calling import ACCOUNT_ID, API, TODAY, Caller, make_line, make_order
from tests.unit.gateway.persons import (
    INDIVIDUAL_ACCOUNT_ID,
    PERSONAL,
    SOLE_ACCOUNT_ID,
    individual,
    reset_person,
    sole_proprietor,
)

ACCOUNT_OF = {"individual": INDIVIDUAL_ACCOUNT_ID, "sole-proprietor": SOLE_ACCOUNT_ID}
BY_NUMBER = "queryKeyClass=1&applyNo="
SEARCH = "queryKeyClass=2"

# Method, path, query, and whether individuals have it. Source: Personal API, Endpoints.
AVAILABLE = [
    ("GET", "/accounts", "", True),
    ("GET", "/accounts/balances", "", True),
    ("GET", "/accounts/transactions", "accountId={account}", True),
    ("GET", "/accounts/deposit-transactions", "accountId={account}", False),
    ("GET", "/accounts/visa-transactions", "accountId={account}", True),
    ("GET", "/transfer/status", "accountId={account}&queryKeyClass=2", True),
    ("GET", "/transfer/request-result", "accountId={account}&applyNo=2026040100000001", True),
    ("POST", "/transfer/transferfee", "", True),
    ("POST", "/transfer/request", "", True),
    ("POST", "/transfer/cancel", "", True),
    ("POST", "/transfer/spaccounts-transfer", "", True),
    ("GET", "/bulktransfer/status", "accountId={account}&queryKeyClass=2", False),
    ("GET", "/bulktransfer/request-result", "accountId={account}&applyNo=2026040100000001", False),
    ("POST", "/bulktransfer/transferfee", "", False),
    ("POST", "/bulktransfer/request", "", False),
    ("POST", "/bulktransfer/cancel", "", False),
    ("POST", "/va/list", "", False),
    ("GET", "/va/deposit-transactions", "raId={account}", False),
    ("POST", "/va/issue", "", False),
    ("POST", "/va/status-change", "", False),
    ("POST", "/va/close-request", "", False),
]
NOT_SERVED = (403, {"errorCode": "MOCK403", "errorMessage": "このAPIはご利用いただけません。"})
NO_OPERATION = (405, {"errorCode": "WG_ERR_019", "errorMessage": "Operation is not found during transformation"})
SETTINGS = {False: NOT_SERVED, True: NO_OPERATION}

# Fields that must be NULL, with the method, path and the rest of a call that is answered without them.
ISSUE = {"vaTypeCode": "2", "issueRequestCount": "1", "raId": SOLE_ACCOUNT_ID}
FORBIDDEN: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/va/list", {}, "vaContractAuthKey"),
    ("GET", f"/va/deposit-transactions?raId={SOLE_ACCOUNT_ID}", {}, "vaContractAuthKey"),
    ("POST", "/va/issue", ISSUE, "vaContractAuthKey"),
    ("POST", "/va/close-request", {}, "vaContractAuthKey"),
    ("GET", f"/transfer/status?accountId={SOLE_ACCOUNT_ID}&{SEARCH}", {}, "requestTransferClass"),
    ("GET", f"/bulktransfer/status?accountId={SOLE_ACCOUNT_ID}&{SEARCH}", {}, "requestTransferClass"),
]


def ask(caller: Caller, method: str, path: str, query: str, *, account_id: str) -> tuple[int, Any]:
    given: dict[str, Any] = {"data": "{}", "content_type": "application/json"} if method == "POST" else {}
    reply = caller.call(method, f"{caller.api}{path}?{query.format(account=account_id)}", **given)
    return reply.status_code, reply.json


def placed(caller: Caller, account_id: str, **changed: Any) -> dict[str, Any]:
    """Place and confirm an order; return the one line of its status."""
    reply = caller.post("/transfer/request", make_order(accountId=account_id, **changed))
    assert reply.status_code == 201, reply.text
    apply_no = reply.json["applyNo"]
    assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    found = caller.get(f"/transfer/status?accountId={account_id}&{BY_NUMBER}{apply_no}").json
    (detail,) = found["transferDetails"]
    return dict(detail)


@pytest.mark.parametrize(("method", "path", "query", "for_individuals"), AVAILABLE)
def test_an_operation_is_open_to_its_holders_only(method: str, path: str, query: str, for_individuals: bool) -> None:
    for caller, is_open in ((sole_proprietor(), True), (individual(), for_individuals)):
        reply = ask(caller, method, path, query, account_id=ACCOUNT_OF[caller.customer_id])

        assert (reply == NOT_SERVED) is not is_open
        assert reply[0] in ((200, 400) if is_open else (403,))


@pytest.mark.parametrize(("is_405", "expected"), SETTINGS.items())
def test_the_sandbox_knows_no_such_operation(is_405: bool, expected: tuple[int, Any]) -> None:
    caller = individual(bank_rules=BankRules(unserved_holder_is_405=is_405))

    assert ask(
        caller, "GET", "/accounts/deposit-transactions", "accountId={account}", account_id=INDIVIDUAL_ACCOUNT_ID
    ) == (expected)


@pytest.mark.parametrize(
    ("customer_id", "api", "scopes", "expected"),
    [
        ("corporate", API, "private:account", 200),
        ("corporate", API, "corp:account", 200),
        ("corporate", API, "personal:account", 403),
        ("corporate", PERSONAL, "private:account", 403),
        ("corporate", PERSONAL, "personal:account", 403),
        ("individual", PERSONAL, "personal:account", 200),
        ("individual", PERSONAL, "private:account", 403),
        ("individual", PERSONAL, "personal:transfer", 403),
        ("individual", API, "private:account", 403),
        ("individual", API, "personal:account", 403),
        ("sole-proprietor", PERSONAL, "personal:account", 200),
        ("sole-proprietor", API, "corp:account", 403),
    ],
)
def test_holder_and_scope_must_both_belong_to_the_path(customer_id: str, api: str, scopes: str, expected: int) -> None:
    given = {"api": api, "scopes": scopes}

    assert reset_person(customer_id, **given).get("/accounts").status_code == expected
    if "account" in scopes:
        lax = reset_person(customer_id, **given, bank_rules=BankRules(every_holder_served=True))
        assert lax.get("/accounts").status_code == 200


def test_a_holder_who_is_not_served_is_told_so_before_the_scope_and_after_the_token() -> None:
    caller = individual(scopes="personal:transfer")

    assert ask(caller, "POST", "/va/list", "", account_id="") == NOT_SERVED
    caller.token = "unknown"
    assert ask(caller, "POST", "/va/list", "", account_id="")[0] == 401


@pytest.mark.parametrize("prefix", [PERSONAL, "/ganb/stg-api/personal/v1", "/ganb/api/simulator/personal/v1"])
@pytest.mark.parametrize("profile", ["bank", "strict"])
def test_the_personal_api_has_the_prefixes_of_the_corporate_one(prefix: str, profile: str) -> None:
    assert sole_proprietor(profile=profile, api=prefix).get("/accounts").status_code == 200


@pytest.mark.parametrize(("method", "path", "body", "name"), FORBIDDEN)
def test_a_field_that_must_be_null_is_refused_with_any_value(
    method: str, path: str, body: dict[str, Any], name: str
) -> None:
    caller = sole_proprietor()

    def send(value: str | None) -> tuple[int, str]:
        if method == "GET":
            reply = caller.get(f"{path}&{name}={value or ''}")
        else:
            reply = caller.post(path, {**body, name: value})
        return reply.status_code, str((reply.json or {}).get("errorMessage", ""))

    for value in ("1", "2", "5CSDFG1515A54DF"):
        status, message = send(value)
        assert status == 400
        assert message.endswith("は指定できません。")
    assert send("")[0] in (200, 201)


def test_a_search_never_tells_the_class() -> None:
    caller = sole_proprietor()

    found = caller.get(f"/transfer/status?accountId={SOLE_ACCOUNT_ID}&{SEARCH}").json

    assert "requestTransferClass" not in found["transferQueryBulkResponses"][0]


@pytest.mark.parametrize(
    ("path", "cancel_class", "expected"),
    [
        ("/transfer/cancel", "1", "取消対象キー区分が正しくありません。"),
        ("/transfer/cancel", "2", None),
        ("/transfer/cancel", "3", "取消対象キー区分が正しくありません。"),
        ("/transfer/cancel", "4", "取消対象キー区分が正しくありません。"),
        ("/bulktransfer/cancel", "1", "取消対象キー区分が正しくありません。"),
        ("/bulktransfer/cancel", "2", "取消対象キー区分が正しくありません。"),
        ("/bulktransfer/cancel", "3", "取消対象キー区分が正しくありません。"),
        ("/bulktransfer/cancel", "4", None),
    ],
)
def test_a_person_cancels_reservations_only(path: str, cancel_class: str, expected: str | None) -> None:
    order = {"accountId": SOLE_ACCOUNT_ID, "applyNo": "2026040100000009", "cancelTargetKeyClass": cancel_class}

    reply = sole_proprietor().post(path, order)

    assert (reply.status_code, reply.json["errorCode"]) == (400, "WG_ERR_110" if expected else "220011")
    assert expected is None or reply.json["errorMessage"] == expected


@pytest.mark.parametrize(
    ("customer_id", "edi_info", "told"),
    [
        ("sole-proprietor", "MARK0001", "MARK0001"),
        ("individual", "MARK0001", None),
        ("individual", "漢字", None),
    ],
)
def test_edi_text_is_for_sole_proprietors(customer_id: str, edi_info: str, told: str | None) -> None:
    caller = sole_proprietor() if customer_id == "sole-proprietor" else individual()

    detail = placed(caller, ACCOUNT_OF[customer_id], transfers=[make_line(ediInfo=edi_info)])

    assert detail["transferResponses"][0]["transferInfos"][0].get("ediInfo") == told
    (payment,) = caller.control("GET", "/payments").json["payments"]
    assert payment["edi_info"] == told


@pytest.mark.parametrize("make", [sole_proprietor, individual])
def test_a_note_for_an_approver_is_dropped(make: Any) -> None:
    caller = make()
    account_id = ACCOUNT_OF[caller.customer_id]
    key = {"Idempotency-Key": "K-1"}

    detail = placed(caller, account_id, applyComment="4月分")
    replies = [
        caller.post("/transfer/request", make_order(accountId=account_id, applyComment=note), headers=key).json
        for note in ("4月分", "5月分")
    ]

    assert detail["transferApplies"][0]["transferApplyDetails"] == []
    assert replies[0]["applyNo"] == replies[1]["applyNo"]


def test_a_person_has_no_approvers() -> None:
    caller = sole_proprietor()

    reply = caller.control("PATCH", "/customers/sole-proprietor", {"business_id_management": True})

    assert reply.status_code == 400
    assert "for corporations only" in reply.text
    assert caller.world.bank.get_customer("sole-proprietor").business_id_management is False


@pytest.mark.parametrize("added", [None, "ｺｳﾎﾞｳ"])
def test_virtual_accounts_bear_the_persons_name_without_the_trade_name(added: str | None) -> None:
    reply = sole_proprietor().post("/va/issue", {**ISSUE, "vaHolderNameKana": added})

    assert reply.json["vaHolderNameKana"] == f"ﾐﾎﾝ ﾊﾅｺ{added or ''}"


@pytest.mark.parametrize(("length", "kept"), [(33, 33), (34, 33), (40, 33)])
def test_the_room_for_added_text_is_what_the_persons_name_leaves(length: int, kept: int) -> None:
    reply = sole_proprietor().post("/va/issue", {**ISSUE, "vaHolderNameKana": "A" * length})

    assert reply.json["vaHolderNameKana"] == "ﾐﾎﾝ ﾊﾅｺ" + "A" * kept


def test_virtual_accounts_need_the_account_that_is_credited() -> None:
    reply = sole_proprietor().post("/va/issue", {**ISSUE, "raId": None})

    assert (reply.status_code, reply.json) == (
        400,
        {"errorCode": "WG_ERR_110", "errorMessage": "入金口座IDを入力してください。"},
    )


def test_deposits_to_a_virtual_account_name_the_business_branch() -> None:
    caller = sole_proprietor()
    va_id = caller.post("/va/issue", ISSUE).json["vaList"][0]["vaId"]
    caller.control("POST", "/deposits", {"va_id": va_id, "amount": 1_500, "remitter_name": "ｻﾝﾌﾟﾙ"})

    found = caller.get(f"/va/deposit-transactions?raId={SOLE_ACCOUNT_ID}").json

    assert (found["raBranchCode"], found["raHolderName"]) == ("201", "見本工房　見本　花子")
    assert [deposit["vaAccountNameKana"] for deposit in found["vaTransactions"]] == ["ﾐﾎﾝ ﾊﾅｺ"]


PAYER = {"applicantName", "paymentBankName", "ediInfo"}


@pytest.mark.parametrize("is_told", [False, True])
def test_the_payer_stands_in_the_remarks_of_a_persons_statement(is_told: bool) -> None:
    caller = sole_proprietor(bank_rules=BankRules(payer_fields_in_personal_statement=is_told))
    asked = f"accountId={SOLE_ACCOUNT_ID}&dateFrom=2026-03-01&dateTo={TODAY}"

    first = caller.get(f"/accounts/transactions?{asked}").json["transactions"][0]
    arrival = caller.get(f"/accounts/deposit-transactions?{asked}").json["paymentArrivals"][0]

    assert PAYER & first.keys() == (PAYER if is_told else set())
    assert arrival.keys() >= PAYER
    assert first["remarks"] == "振込 INV-0117 カリナシヨウカイ（カ"


@pytest.mark.parametrize("account_id", [ACCOUNT_ID, "SP301010012345"])
def test_only_an_ordinary_account_of_the_holder_is_debited(account_id: str) -> None:
    for path in ("/transfer/transferfee", "/transfer/request"):
        reply = sole_proprietor().post(path, make_order(accountId=account_id))
        assert (reply.status_code, reply.json["errorCode"]) == (400, "220011")

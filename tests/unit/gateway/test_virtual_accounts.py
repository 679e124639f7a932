"""Virtual accounts over HTTP: who may call, what a field must be, what a reply says, money through the control API."""

from typing import Any

import pytest

from tests.unit.gateway.calling import ACCOUNT_ID, SCOPES, TODAY, Caller, make_caller

SIDE_ACCOUNT = "101020067890"
OPERATIONS = (
    ("POST", "/va/list"),
    ("GET", "/va/deposit-transactions"),
    ("POST", "/va/issue"),
    ("POST", "/va/status-change"),
    ("POST", "/va/close-request"),
)
ORDER = {"vaTypeCode": "2", "issueRequestCount": "1", "raId": ACCOUNT_ID}
CHANGE = {"vaStatusChangeCode": "1", "vaIdList": [{"vaId": "5021000001"}]}


def make_va_caller(**settings: Any) -> Caller:
    caller = make_caller(**settings)
    caller.token = caller.new_token(f"{SCOPES} private:virtual-account")["access_token"]
    return caller


def issue(caller: Caller, **changes: Any) -> str:
    reply = caller.post("/va/issue", {**ORDER, **changes})
    assert reply.status_code == 201, reply.text
    return str(reply.json["vaList"][0]["vaId"])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_scope_is_needed(method: str, path: str) -> None:
    reply = make_caller().call(method, f"/ganb/api/corporation/v1{path}", data="{}")

    assert (reply.status_code, reply.json["errorCode"]) == (403, "MOCK403")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_where_the_feature_is_off_there_is_no_such_operation(method: str, path: str) -> None:
    caller = make_va_caller()
    caller.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": False})

    for token in (caller.token, caller.new_token()["access_token"]):
        caller.token = token
        reply = caller.call(method, f"/ganb/api/corporation/v1{path}", data="{}")
        assert (reply.status_code, reply.json) == (
            405,
            {"errorCode": "WG_ERR_019", "errorMessage": "Operation is not found during transformation"},
        )
    assert caller.get("/accounts").status_code == 200
    assert caller.control("GET", "/customers").json["customers"][0]["virtual_accounts_enabled"] is False


@pytest.mark.parametrize(
    ("path", "status"),
    [("/va/list", 200), ("/va/issue", 400), ("/va/status-change", 400), ("/va/close-request", 200)],
)
def test_a_missing_body_is_an_empty_one(path: str, status: int) -> None:
    reply = make_va_caller().post(path, None, data=b"", environ_overrides={"CONTENT_LENGTH": "0"})

    assert reply.status_code == status


COMPLAINTS: list[tuple[str, dict[str, Any], str]] = [
    ("/va/issue", {**ORDER, "vaTypeCode": ""}, "振込入金口座　種類コードを入力してください。"),
    ("/va/issue", {**ORDER, "vaTypeCode": "3"}, "振込入金口座　種類コードが正しくありません。"),
    ("/va/issue", {**ORDER, "issueRequestCount": None}, "発行口座数を入力してください。"),
    ("/va/issue", {**ORDER, "issueRequestCount": "0"}, "発行口座数が正しくありません。"),
    ("/va/issue", {**ORDER, "issueRequestCount": "1001"}, "発行口座数が正しくありません。"),
    ("/va/issue", {**ORDER, "issueRequestCount": 1001}, "発行口座数が正しくありません。"),
    ("/va/issue", {**ORDER, "raId": None}, "入金口座IDを入力してください。"),
    ("/va/issue", {**ORDER, "raId": "SP3010100123"}, "入金口座IDが正しくありません。"),
    ("/va/issue", {**ORDER, "vaHolderNameKana": "ｱ" * 41}, "追加名義カナが正しくありません。"),
    ("/va/issue", {**ORDER, "vaHolderNamePos": "3"}, "追加名義位置が正しくありません。"),
    ("/va/issue", {**ORDER, "vaContractAuthKey": "A1"}, "振込入金口座API認証情報は指定できません。"),
    ("/va/status-change", {**CHANGE, "vaStatusChangeCode": None}, "振込入金口座状態変更依頼コードを入力してください。"),
    ("/va/status-change", {**CHANGE, "vaIdList": []}, "振込入金口座IDリストを入力してください。"),
    ("/va/status-change", {**CHANGE, "vaIdList": [{}]}, "振込入金口座IDを入力してください。"),
    ("/va/status-change", {**CHANGE, "vaIdList": [{"vaId": "1"}]}, "振込入金口座IDが正しくありません。"),
    ("/va/status-change", {**CHANGE, "vaIdList": CHANGE["vaIdList"] * 101}, "振込入金口座IDリストが正しくありません。"),
    ("/va/status-change", {**CHANGE, "vaContractAuthKey": "A1"}, "振込入金口座API認証情報は指定できません。"),
    ("/va/list", {"vaContractAuthKey": "A1"}, "振込入金口座API認証情報は指定できません。"),
    ("/va/list", {"vaContractAuthKey": "A-1"}, "振込入金口座API認証情報が正しくありません。"),
    ("/va/list", {"vaStatusCodeList": [{"vaStatusCode": "1"}] * 4}, "振込入金口座IDリストが正しくありません。"),
    ("/va/list", {"vaStatusCodeList": [{"vaStatusCode": "4"}]}, "振込入金口座　状態コードが正しくありません。"),
    ("/va/list", {"vaStatusCodeList": "1"}, "振込入金口座IDリストが正しくありません。"),
    ("/va/list", {"vaIdList": [{"vaId": "5021000001"}] * 501}, "振込入金口座IDリストが正しくありません。"),
    ("/va/list", {"depositAmountExistCode": "2", "latestDepositDateFrom": TODAY}, "最終入金日Fromは指定できません。"),
    ("/va/list", {"depositAmountExistCode": "2", "latestDepositDateTo": TODAY}, "最終入金日Toは指定できません。"),
    ("/va/list", {"vaTypeCode": "2", "expireDateFrom": TODAY}, "有効期限Fromは指定できません。"),
    ("/va/list", {"vaTypeCode": "2", "expireDateTo": TODAY}, "有効期限Toは指定できません。"),
    ("/va/list", {"vaIssueDateFrom": "2026-02-30"}, "振込入金口座発行日Fromが正しくありません。"),
    (
        "/va/list",
        {"vaIssueDateFrom": "2026-04-02", "vaIssueDateTo": TODAY},
        "振込入金口座発行日Fromは振込入金口座発行日To以前の日付を指定してください。",
    ),
    ("/va/close-request", {"vaContractAuthKey": "A1"}, "振込入金口座API認証情報は指定できません。"),
]


@pytest.mark.parametrize("profile", ["bank", "strict"])
@pytest.mark.parametrize(("path", "body", "message"), COMPLAINTS)
def test_a_field_is_complained_of_in_the_banks_words(
    path: str, body: dict[str, Any], message: str, profile: str
) -> None:
    caller = VA_CALLERS[profile]

    reply = caller.post(path, body)

    assert (reply.status_code, reply.json) == (400, {"errorCode": "WG_ERR_110", "errorMessage": message})


VA_CALLERS = {profile: make_va_caller(profile=profile) for profile in ("bank", "strict")}


@pytest.mark.parametrize(
    "body",
    [
        {"vaStatusCodeList": [], "vaIdList": []},
        {"vaStatusCodeList": "", "vaIdList": None, "vaTypeCode": "", "raId": None},
        {"vaStatusCodeList": [{}, {"vaStatusCode": None}]},
    ],
)
def test_empty_filters_filter_nothing(body: dict[str, Any]) -> None:
    caller = make_va_caller()
    issue(caller)

    assert caller.post("/va/list", body).json["count"] == "1"


def test_the_story_of_an_account_from_issue_to_the_end() -> None:
    caller = make_va_caller()
    va_id = issue(caller, vaTypeCode="1", issueRequestCount=1, vaHolderNameKana="ﾆﾕｳｷﾝｸﾞﾁ")
    paid = caller.control("POST", "/deposits", {"va_id": va_id, "amount": 700, "remitter_name": "ｻﾝﾌﾟﾙ ﾊﾅｺ"})

    assert (paid.status_code, paid.json) == (201, {"account_id": ACCOUNT_ID, "balance_yen": 10_000_700})
    (deposit,) = caller.get(f"/va/deposit-transactions?vaId={va_id}").json["vaTransactions"]
    (posting,) = caller.get(f"/accounts/transactions?accountId={ACCOUNT_ID}").json["transactions"]
    assert deposit["itemKey"] == posting["itemKey"]
    assert deposit["remarks"] == posting["remarks"] == "振込 サンプル　ハナコ あじさい支店 1000001"
    assert (deposit["depositAmount"], deposit["vaAccountNameKana"]) == ("700", "ﾐﾎﾝｼﾖｳｼﾞ(ｶ)ﾆﾕｳｷﾝｸﾞﾁ")

    stopped = caller.post("/va/status-change", {"vaStatusChangeCode": "1", "vaIdList": [{"vaId": va_id}]})
    assert stopped.json == {"vAccounts": caller.post("/va/list", {}).json["vAccounts"]}
    (told,) = stopped.json["vAccounts"]
    assert (told["vaStatusName"], told["vaStatusChangePossibleCode"]) == ("停止中", "2")
    assert (told["latestDepositAmount"], told["latestDepositCount"]) == ("700", "1")
    assert told["expireDateTime"] == "2026-05-31T23:59:59+09:00"
    back = caller.control("POST", "/deposits", {"va_id": va_id, "amount": 1, "remitter_name": "ｱ"})
    assert (back.status_code, back.json["error"]["code"]) == (409, "deposit_sent_back")

    moved = caller.control("POST", "/clock", {"set": "2026-05-31T15:00:00Z"})
    assert [event["kind"] for event in moved.json["events"]] == ["va_expired"]
    caller.token = caller.new_token("private:virtual-account")["access_token"]
    (gone,) = caller.post("/va/list", {"vaStatusCodeList": [{"vaStatusCode": "3"}]}).json["vAccounts"]
    assert gone["vaCloseDateTime"] == "2026-06-01T00:00:00+09:00"


def test_a_contract_that_was_closed_ends_with_its_month() -> None:
    caller = make_va_caller()
    issue(caller)

    assert caller.post("/va/close-request", {}).json == {"acceptDate": TODAY}
    assert caller.post("/va/close-request", {}).status_code == 400
    assert caller.post("/va/list", {}).status_code == 200
    caller.control("POST", "/clock", {"set": "2026-04-30T15:00:00Z"})
    for method, path in OPERATIONS:
        is_get = method == "GET"
        reply = caller.get(f"{path}?raId={ACCOUNT_ID}") if is_get else caller.post(path, {**ORDER, **CHANGE})
        assert (reply.status_code, reply.json["errorCode"]) == (400, "220011"), path


def test_a_list_page_names_the_next() -> None:
    caller = make_va_caller()
    caller.post("/va/issue", {**ORDER, "issueRequestCount": "501"})

    first = caller.post("/va/list", {}).json
    second = caller.post("/va/list", {"nextItemKey": first["nextItemKey"]}).json

    assert (first["count"], first["hasNext"], first["nextItemKey"]) == ("500", True, "VA5021000500")
    assert (second["count"], second["hasNext"], "nextItemKey" in second) == ("1", False, False)


def test_money_for_a_number_that_nobody_has_is_404() -> None:
    body = {"va_id": "5029999999", "amount": 1, "remitter_name": "ｱ"}

    assert make_caller().control("POST", "/deposits", body).status_code == 404


def test_the_key_of_a_partner_is_masked_in_the_journal() -> None:
    caller = make_va_caller()
    caller.post("/va/list", {"vaContractAuthKey": "5CSDFG1515A54DF"})
    caller.get("/va/deposit-transactions?vaContractAuthKey=5CSDFG1515A54DF")

    assert "5CSDFG1515A54DF" not in caller.control("GET", "/journal").text

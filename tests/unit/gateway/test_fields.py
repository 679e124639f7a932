"""What the gateway says about fields: one complaint at a time, in the bank's words."""

from typing import Any

import pytest

from mock_gmo.bank.rules import BankRules
from tests.unit.gateway.calling import ACCOUNT_ID, Caller, make_caller, make_line, make_order

APPLY_NO = "2026040100000001"


@pytest.fixture
def caller() -> Caller:
    return make_caller()


ORDERS = [
    ({}, "口座IDを入力してください。"),
    ({"accountId": ACCOUNT_ID}, "振込情報を入力してください。"),
    (make_order(accountId=None), "口座IDを入力してください。"),
    (make_order(accountId=""), "口座IDを入力してください。"),
    (make_order(accountId="10101001234"), "口座IDが正しくありません。"),
    (make_order(accountId="１０１０１００１２３４５"), "口座IDが正しくありません。"),
    (make_order(accountId=101010012345), "口座IDが正しくありません。"),
    (make_order(accountId=["101010012345"]), "口座IDが正しくありません。"),
    (make_order(transferDesignatedDate=...), "振込指定日を入力してください。"),
    (make_order(transferDesignatedDate="2026-02-30"), "振込指定日が正しくありません。"),
    (make_order(transferDesignatedDate="2026-4-1"), "振込指定日が正しくありません。"),
    (make_order(transferDesignatedDate="2026-04-01\n"), "振込指定日が正しくありません。"),
    (make_order(transferDateHolidayCode="4"), "振込指定日休日コードが正しくありません。"),
    (make_order(transfers=[]), "振込情報を入力してください。"),
    (make_order(transfers={}), "振込情報が正しくありません。"),
    (make_order(transfers=["1"]), "振込情報が正しくありません。"),
    (make_order(transfers=[make_line()] * 100), "振込情報が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount=...)]), "振込金額を入力してください。"),
    (make_order(transfers=[make_line(transferAmount="0")]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount="1,000")]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount="-1")]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount="1.5")]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount=1.5)]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(transferAmount=True)]), "振込金額が正しくありません。"),
    (make_order(transfers=[make_line(accountTypeCode="3")]), "科目コード（預金種別コード）が正しくありません。"),
    (make_order(transfers=[make_line(accountNumber="123456")]), "口座番号が正しくありません。"),
    (make_order(transfers=[make_line(beneficiaryName="")]), "受取人名を入力してください。"),
    (make_order(transfers=[make_line(beneficiaryName="ｱ" * 49)]), "受取人名が正しくありません。"),
    (make_order(transfers=[make_line(ediInfo="A" * 21)]), "EDI情報が正しくありません。"),
    (make_order(transfers=[make_line(), make_line(accountNumber=None)]), "口座番号を入力してください。"),
]


@pytest.mark.parametrize(("body", "message"), ORDERS)
def test_a_body_is_complained_about_in_the_banks_words(caller: Caller, body: dict[str, Any], message: str) -> None:
    for path in ("/transfer/request", "/transfer/transferfee"):
        reply = caller.post(path, body)

        assert reply.status_code == 400
        assert reply.json == {"errorCode": "WG_ERR_110", "errorMessage": message}


STATUS = f"/transfer/status?accountId={ACCOUNT_ID}"
QUERIES = [
    ("/accounts/transactions", "口座IDを入力してください。"),
    ("/accounts/transactions?accountId=", "口座IDを入力してください。"),
    (f"/accounts/transactions?accountId={ACCOUNT_ID}&accountId=101020067890", "口座IDが正しくありません。"),
    (f"/accounts/transactions?accountId={ACCOUNT_ID}&dateFrom=2026-02-29", "対象期間Fromが正しくありません。"),
    (
        f"/accounts/transactions?accountId={ACCOUNT_ID}&dateFrom=2026-03-02&dateTo=2026-03-01",
        "対象期間Fromは対象期間To以前の日付を指定してください。",
    ),
    (f"/accounts/transactions?accountId={ACCOUNT_ID}&nextItemKey=abc", "次明細キーが正しくありません。"),
    ("/accounts/balances?accountId=%FF%FE23456789012", "口座IDが正しくありません。"),
    (STATUS, "照会対象キー区分を入力してください。"),
    (STATUS + "&queryKeyClass=3", "照会対象キー区分が正しくありません。"),
    (STATUS + "&queryKeyClass=1", "受付番号（振込申請番号）を入力してください。"),
    (STATUS + f"&queryKeyClass=2&applyNo={APPLY_NO}", "受付番号（振込申請番号）は指定できません。"),
    (STATUS + f"&queryKeyClass=1&applyNo={APPLY_NO}&dateFrom=2026-04-01", "対象期間Fromは指定できません。"),
    (STATUS + f"&queryKeyClass=1&applyNo={APPLY_NO}&requestTransferStatus=2", "照会対象ステータスは指定できません。"),
    (STATUS + "&queryKeyClass=2&requestTransferStatus=220", "照会対象ステータスが正しくありません。"),
    (
        STATUS + "&queryKeyClass=2&requestTransferStatus=2&requestTransferStatus=30",
        "照会対象ステータスが正しくありません。",
    ),
]


@pytest.mark.parametrize(("path", "message"), QUERIES)
def test_a_query_is_complained_about_in_the_banks_words(caller: Caller, path: str, message: str) -> None:
    reply = caller.get(path)

    assert reply.status_code == 400
    assert reply.json == {"errorCode": "WG_ERR_110", "errorMessage": message}


def test_an_empty_forbidden_parameter_is_no_parameter(caller: Caller) -> None:
    reply = caller.get(STATUS + f"&queryKeyClass=1&applyNo={APPLY_NO}&dateFrom=&dateTo=&nextItemKey=")

    assert (reply.status_code, reply.json["count"]) == (200, "0")


STATUSES = [{"requestTransferStatus": "2"}, {"requestTransferStatus": "20"}]


@pytest.mark.parametrize(
    ("form", "strict"),
    [
        ("requestTransferStatus=2&requestTransferStatus=20", 200),
        ("requestTransferStatus=2,20", 200),
        ("requestTransferStatus=2%2C20", 200),
        ("requestTransferStatus[]=2&requestTransferStatus[]=20", 200),
        ("requestTransferStatus%5B0%5D=2&requestTransferStatus%5B1%5D=20", 200),
    ],
)
def test_lists_are_read_in_every_form_that_clients_send(form: str, strict: int) -> None:
    path = STATUS + "&queryKeyClass=2&" + form

    echoed = make_caller().get(path).json["transferQueryBulkResponses"][0]["requestTransferStatuses"]
    in_strict = make_caller(profile="strict").get(path)

    assert echoed == STATUSES
    assert in_strict.status_code == strict


@pytest.mark.parametrize(
    ("changed", "strict"),
    [
        ({"transfers": [make_line(itemId=1)], "totalCount": 1, "totalAmount": 10000}, 201),
        ({"transfers": [make_line(transferAmount=10000)]}, 400),
        ({"unknownMember": {"deep": [1]}, "remitterName": None, "transferDateHolidayCode": ""}, 201),
    ],
)
def test_numbers_and_unknown_members_are_taken_as_the_profile_says(changed: dict[str, Any], strict: int) -> None:
    assert make_caller().post("/transfer/request", make_order(**changed)).status_code == 201
    assert make_caller(profile="strict").post("/transfer/request", make_order(**changed)).status_code == strict


BODIES = [
    b"[]", b'"text"', b"1", b"null", b"{", b'{"accountId":"1","accountId":"1"}', b'{"a":NaN}', b'{"a":-Infinity}',
    b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", b"[" * 100_000, b'{"a":"\xff"}', b'{"accountId":"\\ud800"}',
    b"\xef\xbb\xbf{}",
    b'{"a":' + b"9" * 5_000 + b"}", b'{"a":"' + b"x" * 1_100_000 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_a_body_that_is_not_one_json_object_is_refused(caller: Caller, body: bytes) -> None:
    reply = caller.post("/transfer/request", None, data=body)

    assert (reply.status_code, reply.json["errorCode"]) == (400, "WG_ERR_110")
    assert reply.json["errorMessage"] == "リクエストボディが正しくありません。"


@pytest.mark.parametrize(("length", "status"), [(1, 201), (128, 201), (129, 400)])
def test_the_duplicate_key_has_128_characters_at_most(caller: Caller, length: int, status: int) -> None:
    reply = caller.post("/transfer/request", make_order(), headers={"Idempotency-Key": "k" * length})

    assert reply.status_code == status


def test_an_empty_duplicate_key_is_none(caller: Caller) -> None:
    replies = [
        caller.post("/transfer/request", make_order(), environ_overrides={"HTTP_IDEMPOTENCY_KEY": ""}) for _ in "ab"
    ]

    assert len({reply.json["applyNo"] for reply in replies}) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"transfers": [make_line(itemId="1"), make_line()]}, "明細番号を入力してください。"),
        ({"totalCount": ...}, "合計件数を入力してください。"),
        ({"totalAmount": ""}, "合計金額を入力してください。"),
    ],
)
def test_what_several_lines_need_is_asked_for_like_any_missing_field(
    caller: Caller, changed: dict[str, Any], message: str
) -> None:
    two = {"totalCount": "2", "totalAmount": "20000", "transfers": [make_line(itemId="1"), make_line(itemId="2")]}

    reply = caller.post("/transfer/request", make_order(**(two | changed)))

    assert reply.status_code == 400
    assert reply.json == {"errorCode": "WG_ERR_110", "errorMessage": message}


@pytest.mark.parametrize(
    ("order", "at_request", "at_line"),
    [
        (make_order(remitterName="漢字"), 1, 0),
        (make_order(transfers=[make_line(beneficiaryName="漢字")]), 0, 1),
        (make_order(transfers=[make_line(ediInfo="#")]), 0, 1),
    ],
)
def test_a_forbidden_character_is_told_where_it_stands(
    caller: Caller, order: dict[str, Any], at_request: int, at_line: int
) -> None:
    refused = caller.post("/transfer/request", order).json

    assert (len(refused["errorDetails"]), len(refused["transferErrorDetails"])) == (at_request, at_line)


@pytest.mark.parametrize("status", [400, 409, 422])
def test_another_order_under_a_used_key_has_the_status_of_the_setting(status: int) -> None:
    caller = make_caller(bank_rules=BankRules(duplicate_key_conflict_status=status))
    caller.post("/transfer/request", make_order(), headers={"Idempotency-Key": "k"})

    refused = caller.post("/transfer/request", make_order(remitterName="A"), headers={"Idempotency-Key": "k"})

    assert (refused.status_code, refused.json["errorDetails"][0]["errorDetailsCode"]) == (status, "MOCK009")


def test_the_last_day_of_the_calendar_can_be_asked_for(caller: Caller) -> None:
    reply = caller.get(f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=2&dateTo=9999-12-31")

    assert reply.status_code == 200
    searched = reply.json["transferQueryBulkResponses"][0]
    assert (searched["dateFrom"], searched["dateTo"]) == ("2019-04-01", "9999-12-31")

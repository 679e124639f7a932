"""Bulk transfers over the wire: generated orders reach every documented success, and replies keep the contract."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_gmo.contract import read_operations
from tests.contract.test_mock_keeps_contract import branches, days, kana, marks
from tests.unit.gateway.calling import ACCOUNT_ID, TODAY, Caller, make_caller, make_order

SCOPES = "private:account private:transfer private:bulk-transfer"
OPERATIONS = {operation.operation_id: operation for operation in read_operations("corporation")}
QUIET = (HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large)
BY_NUMBER = f"/bulktransfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1"
TOMORROW = "2026-04-02"


def make_bulk_caller(profile: str = "strict") -> Caller:
    """Return a bank and a token whose scopes open bulk transfers."""
    caller = make_caller(profile=profile)
    caller.token = caller.new_token(SCOPES)["access_token"]
    return caller


BANK = make_bulk_caller()


def make_bulk_line(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return one line, 1,000 yen to another bank."""
    line = {
        "itemId": str(number),
        "beneficiaryBankCode": "0001",
        "beneficiaryBranchCode": "001",
        "accountTypeCode": "1",
        "accountNumber": "7654321",
        "beneficiaryName": "ｻﾝﾌﾟﾙ ﾊﾅｺ",
        "transferAmount": "1000",
    }
    return {name: value for name, value in {**line, **changed}.items() if value is not ...}


def make_bulk_order(*lines: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a bulk order with its totals, for today."""
    lines = lines or (make_bulk_line(),)
    order = {
        "accountId": ACCOUNT_ID,
        "transferDesignatedDate": TODAY,
        "totalCount": str(len(lines)),
        "totalAmount": str(sum(int(line["transferAmount"]) for line in lines)),
        "bulkTransfers": list(lines),
    }
    return {name: value for name, value in {**order, **changed}.items() if value is not ...}


def place(bank: Caller, *lines: dict[str, Any], **changed: Any) -> str:
    """Place an order and confirm it; returns its number."""
    reply = bank.post("/bulktransfer/request", make_bulk_order(*lines, **changed))
    assert reply.status_code == 201, reply.text
    apply_no = str(reply.json["applyNo"])
    assert bank.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    return apply_no


@st.composite
def bulk_lines(draw: st.DrawFn, *, number: int) -> dict[str, Any]:
    """One line that the bank has no reason to refuse, every optional member now there and now not."""
    bank_code, branch_code = draw(branches)
    line = make_bulk_line(
        number,
        itemId=draw(st.sampled_from([number, str(number), f"{number:06}"])),
        beneficiaryBankCode=bank_code,
        beneficiaryBranchCode=branch_code,
        accountTypeCode=draw(st.sampled_from(["1", "2", "4", "9"])),
        accountNumber=draw(st.text("123456789", min_size=7, max_size=7)),
        beneficiaryName=draw(kana | st.text("ｱｶﾞﾊﾟ", min_size=1, max_size=48).filter(lambda name: name[0] in "ｱｶﾊ")),
        transferAmount=str(draw(st.integers(1, 900))),
    )
    optional = {
        "clearingHouseName": draw(st.sampled_from([None, "", "0000", "    "])),
        "newCode": draw(st.sampled_from([None, "", " ", "1"])),
        "ediInfo": draw(st.none() | st.just("") | marks),
        "transferDesignatedType": draw(st.sampled_from([None, "", " ", "7"])),
        "identification": draw(st.sampled_from([None, "", " ", "Y"])),
    }
    return line | {name: value for name, value in optional.items() if draw(st.booleans())}


@st.composite
def bulk_orders(draw: st.DrawFn) -> dict[str, Any]:
    """Bulk orders that the bank has no reason to refuse: 1 to 6 lines with any numbers."""
    numbers = draw(st.lists(st.integers(1, 9_999), min_size=1, max_size=6, unique=True))
    lines = [draw(bulk_lines(number=number)) for number in numbers]
    total = sum(int(line["transferAmount"]) for line in lines)
    order = {
        "accountId": ACCOUNT_ID,
        "transferDesignatedDate": draw(days),
        "totalCount": draw(st.sampled_from([len(lines), str(len(lines))])),
        "totalAmount": draw(st.sampled_from([total, str(total)])),
        "bulkTransfers": lines,
    }
    optional = {
        "remitterName": draw(st.none() | st.just("") | kana),
        "transferDateHolidayCode": draw(st.sampled_from([None, "", "1"])),
        "transferDataName": draw(st.none() | st.text("定例振込ab", max_size=10)),
        "applyComment": draw(st.none() | st.text("店頭買取あいう", max_size=20)),
    }
    return order | {name: value for name, value in optional.items() if draw(st.booleans())}


@given(order=bulk_orders())
@settings(max_examples=50, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)
def test_every_acceptable_bulk_order_is_priced_accepted_confirmed_and_found(order: dict[str, Any]) -> None:
    fee = BANK.post("/bulktransfer/transferfee", order)
    assert OPERATIONS["calculateBulkTransferFee"].reply_is_lawful(fee.status_code, fee.json)
    assert len(fee.json["transferFeeDetails"]) == len(order["bulkTransfers"])
    reply = BANK.post("/bulktransfer/request", order)
    assert reply.status_code == 201, reply.text
    assert OPERATIONS["requestBulkTransfer"].reply_is_lawful(201, reply.json)
    apply_no = reply.json["applyNo"]
    assert BANK.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200

    BANK.real.seconds += 600
    found = BANK.get(f"{BY_NUMBER}&applyNo={apply_no}&detailInfoNecessity=true&bulktransferItemKey=1")

    assert OPERATIONS["getBulkTransferStatus"].reply_is_lawful(200, found.json), found.text
    (response,) = found.json["bulkTransferDetails"][0]["bulktransferResponses"]
    told = {line["itemId"]: line for line in response["bulkTransferInfos"]}
    sent = {str(int(line["itemId"])): line for line in order["bulkTransfers"]}
    assert found.json["count"] == response["totalCount"] == str(len(sent))
    for number, line in sent.items():
        assert told[number]["transferAmount"] == line["transferAmount"]
        assert told[number].get("ediInfo") == (
            (line.get("ediInfo") or None) if line.get("identification") == "Y" else None
        )
        assert len(told[number]["beneficiaryName"]) <= 30


@pytest.mark.parametrize(
    ("query", "status", "echo"),
    [
        ("detailInfoNecessity=true", 200, True),
        ("detailInfoNecessity=True", 200, True),
        ("detailInfoNecessity=1", 200, True),
        ("detailInfoNecessity=false", 200, False),
        ("detailInfoNecessity=False", 200, False),
        ("detailInfoNecessity=", 200, None),
        ("", 200, None),
        ("detailInfoNecessity=True&bulktransferItemKey=1", 200, True),
        ("detailInfoNecessity=yes", 400, None),
        ("detailInfoNecessity=0", 400, None),
        ("detailInfoNecessity=false&bulktransferItemKey=1", 400, None),
        ("bulktransferItemKey=1", 400, None),
        ("bulktransferItemKey=", 200, None),
        ("detailInfoNecessity=true&bulktransferItemKey=0", 400, None),
        ("dateFrom=2026-04-01", 400, None),
        ("requestTransferStatus=20", 400, None),
    ],
)
def test_the_flag_for_lines_is_read_in_every_form_that_clients_send(query: str, status: int, echo: bool | None) -> None:
    bank = make_bulk_caller("bank")
    apply_no = place(bank)

    reply = bank.get(f"{BY_NUMBER}&applyNo={apply_no}&{query}")

    assert reply.status_code == status, reply.text
    assert OPERATIONS["getBulkTransferStatus"].reply_is_lawful(status, reply.json)
    assert reply.json.get("detailInfoNecessity") is echo
    assert ("detailInfoResult" in reply.json) is (echo is True)


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("detailInfoNecessity=true", "明細情報取得フラグ"),
        ("applyNo=2026040100000001", "受付番号"),
        ("requestTransferStatus=22", "照会対象ステータス"),
        ("requestTransferClass=1", "振込照会対象取得区分"),
    ],
)
def test_a_search_refuses_what_belongs_to_one_application_or_to_single_transfers(query: str, label: str) -> None:
    reply = BANK.get(f"/bulktransfer/status?accountId={ACCOUNT_ID}&queryKeyClass=2&{query}")

    assert (reply.status_code, reply.json["errorCode"]) == (400, "WG_ERR_110")
    assert label in reply.json["errorMessage"]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({}, "口座IDを入力してください。"),
        (make_bulk_order(totalCount=...), "合計件数を入力してください。"),
        (make_bulk_order(totalAmount=""), "合計金額を入力してください。"),
        (make_bulk_order(totalCount="0"), "合計件数が正しくありません。"),
        (make_bulk_order(totalCount="10000"), "合計件数が正しくありません。"),
        (make_bulk_order(bulkTransfers=[]), "総合振込明細情報を入力してください。"),
        (make_bulk_order(make_bulk_line(itemId=...)), "明細番号を入力してください。"),
        (make_bulk_order(make_bulk_line(itemId="0")), "明細番号が正しくありません。"),
        (make_bulk_order(make_bulk_line(transferAmount="10000000000")), "振込金額が正しくありません。"),
        (make_bulk_order(make_bulk_line(identification="N")), "識別表示が正しくありません。"),
        (make_bulk_order(make_bulk_line(clearingHouseName="1234")), "手形交換所番号が正しくありません。"),
        (make_bulk_order(make_bulk_line(1), make_bulk_line(1)), "明細番号が正しくありません。"),
        (make_bulk_order(transferDataName="あ" * 11), "振込データ名が正しくありません。"),
    ],
)
def test_a_field_of_a_bulk_order_is_complained_of_by_its_japanese_name(order: dict[str, Any], message: str) -> None:
    reply = BANK.post("/bulktransfer/request", order)

    assert (reply.status_code, reply.json) == (400, {"errorCode": "WG_ERR_110", "errorMessage": message})


def test_a_body_of_9999_lines_at_their_longest_is_read_and_10000_lines_are_refused() -> None:
    bank = make_bulk_caller()
    name = "ｱ" * 48
    line = make_bulk_line(beneficiaryName=name, beneficiaryBankName="ｱ" * 30, beneficiaryBranchName="ｱ" * 15)
    lines = [
        line | {"itemId": f"{number:06}", "transferAmount": f"{1:020}", "ediInfo": "ｱ" * 20, "identification": "Y"}
        for number in range(1, 10_001)
    ]
    body = make_bulk_order(*lines[:9_999], transferDesignatedDate=TOMORROW)

    taken = bank.post("/bulktransfer/request", body)
    refused = bank.post("/bulktransfer/request", make_bulk_order(*lines, totalCount="9999"))

    assert len(json.dumps(body)) > 1024 * 1024
    assert taken.status_code == 201, taken.text
    assert (refused.status_code, refused.json["errorMessage"]) == (400, "総合振込明細情報が正しくありません。")


def test_a_returned_line_tells_its_day_and_a_recalled_one_its_state() -> None:
    bank = make_bulk_caller()
    apply_no = place(bank, *(make_bulk_line(number) for number in (1, 2, 3, 4)))
    bank.real.seconds += 24 * 3600
    for step, item_id in (("return-funds", "2"), ("recall", "3"), ("recall", "4"), ("recall-agree", "4")):
        assert bank.control("POST", f"/transfers/{apply_no}/{step}", {"item_id": item_id}).status_code == 200

    found = bank.get(f"{BY_NUMBER}&applyNo={apply_no}&detailInfoNecessity=true").json

    assert OPERATIONS["getBulkTransferStatus"].reply_is_lawful(200, found)
    (detail,) = found["bulkTransferDetails"]
    assert (detail["transferStatus"], detail["transferStatusName"]) == ("30", "不能・組戻あり")
    assert [line["unableDetailInfos"] for line in detail["bulktransferResponses"][0]["bulkTransferInfos"]] == [
        [{"transferDetailStatus": "1"}],
        [{"transferDetailStatus": "1", "isRepayment": True, "repaymentDate": TOMORROW}],
        [{"transferDetailStatus": "1", "refundStatus": "1"}],
        [{"transferDetailStatus": "1", "refundStatus": "2", "isRepayment": True, "repaymentDate": TOMORROW}],
    ]
    payments = bank.control("GET", "/payments").json["payments"]
    assert [(payment["item_id"], payment["came_back_yen"]) for payment in payments] == [
        ("1", 0), ("2", 1_000), ("3", 0), ("4", 1_000),
    ]  # fmt: skip


def test_a_bulk_cancel_waits_for_its_holder_and_both_request_results_speak_of_it() -> None:
    bank = make_bulk_caller()
    apply_no = place(bank, transferDesignatedDate=TOMORROW)
    body = {"accountId": ACCOUNT_ID, "cancelTargetKeyClass": "4", "applyNo": apply_no}
    assert bank.post("/transfer/cancel", body).status_code == 400

    taken = bank.post("/bulktransfer/cancel", body)

    assert (taken.status_code, taken.json) == (201, {
        "accountId": ACCOUNT_ID, "cancelTargetKeyClass": "4", "resultCode": "2", "applyNo": apply_no,
    })  # fmt: skip
    asked = f"request-result?accountId={ACCOUNT_ID}&applyNo={apply_no}"
    replies = [bank.get(f"/{kind}/{asked}").json for kind in ("transfer", "bulktransfer")]
    assert replies == [{"accountId": ACCOUNT_ID, "resultCode": "2", "applyNo": apply_no}] * 2
    assert bank.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    assert bank.get(f"{BY_NUMBER}&applyNo={apply_no}").json["bulkTransferDetails"][0]["transferStatus"] == "8"
    assert bank.get(f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}").json["count"] == "0"


def test_a_key_belongs_to_its_operation() -> None:
    bank = make_bulk_caller()
    key = {"Idempotency-Key": "K-1"}

    first = bank.post("/bulktransfer/request", make_bulk_order(), headers=key).json
    again = bank.post("/bulktransfer/request", make_bulk_order(), headers=key).json
    other = bank.post("/bulktransfer/request", make_bulk_order(transferDataName="別"), headers=key)
    single = bank.post("/transfer/request", make_order(), headers=key).json

    assert first == again
    assert single["applyNo"] != first["applyNo"]
    assert other.status_code == 400
    assert other.json["errorDetails"][0]["errorDetailsCode"] == "MOCK009"


@pytest.mark.parametrize("scope", ["private:transfer", "private:account"])
def test_bulk_transfers_need_their_own_scope(scope: str) -> None:
    bank = make_caller()
    bank.token = bank.new_token(scope)["access_token"]

    assert bank.post("/bulktransfer/request", make_bulk_order()).status_code == 403
    assert bank.get(f"{BY_NUMBER}&applyNo=2026040100000001").status_code == 403


def test_the_scope_of_bulk_transfers_opens_no_single_one() -> None:
    bank = make_caller()
    bank.token = bank.new_token("private:bulk-transfer")["access_token"]

    assert bank.post("/transfer/request", make_order()).status_code == 403
    assert bank.post("/bulktransfer/request", make_bulk_order()).status_code == 201

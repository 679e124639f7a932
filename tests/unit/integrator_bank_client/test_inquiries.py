"""Reading what the bank says: lenient in form, and never a list that is shorter than it says."""

import json
from typing import Any

import httpx
import pytest

from integrator.bank_client.statements import StatementPage, StatementQuery
from integrator.bank_client.wire import Refused, RequestResult, StatusPage, Unavailable
from integrator.domain.outcome import Fact
from tests.unit.integrator_bank_client.bench import ACCESS, ACCOUNT_ID, APPLY_NO, TODAY, Bench, refused

LONE = {"transferInfos": [{"ediInfo": "\ud800"}]}  # half of a character pair


def detail(**changes: Any) -> dict[str, Any]:
    """Return one transfer as the status shows it."""
    info = {"transferAmount": "10000", "ediInfo": "RA1B2C3D4E5F6G7H8I9J"}
    return {
        "transferStatus": "20",
        "transferApplies": [{"applyNo": APPLY_NO}],
        "transferAccepts": [],
        "transferResponses": [{"transferInfos": [info]}],
        **changes,
    }


def search(reply: Any) -> StatusPage | Refused | Unavailable:
    body = reply if isinstance(reply, httpx.Response | Exception) else httpx.Response(200, json=reply)
    return Bench(body).bank.list_transfers(ACCESS, ACCOUNT_ID, date_from=TODAY, date_to=TODAY)


def page(details: list[dict[str, Any]], *, count: Any = None, **more: Any) -> dict[str, Any]:
    number = str(len(details)) if count is None else count
    bulk = [{"hasNext": False, **more}]
    return {"acceptanceKeyClass": "2", "count": number, "transferQueryBulkResponses": bulk, "transferDetails": details}


@pytest.mark.parametrize(
    "reply",
    [
        page([detail()]),
        page([detail()], count=1),
        page([detail()], hasNext="false"),
        page([detail()], hasNext="False", nextItemKey=""),
        page([detail(transferStatus=20)]),
        page([detail(isFeeFreeUse=None, somethingNew=[1, 2])]),
        {**page([detail()]), "baseDate": "odd", "somethingNew": {}},
        {"count": "1", "transferDetails": [detail()]},
    ],
)
def test_the_same_page_is_read_in_every_form_that_was_seen(reply: dict[str, Any]) -> None:
    found = search(reply)

    assert isinstance(found, StatusPage)
    assert found.next_item_key is None
    assert [(line.apply_no, line.mark, line.status, line.amount_yen) for line in found.lines] == [
        (APPLY_NO, "RA1B2C3D4E5F6G7H8I9J", "20", 10_000)
    ]


@pytest.mark.parametrize("has_next", [True, "true", "True"])
def test_a_page_with_a_next_one_gives_its_key(has_next: object) -> None:
    found = search(page([detail()], hasNext=has_next, nextItemKey=1234567890))

    assert isinstance(found, StatusPage)
    assert found.next_item_key == "1234567890"


def test_an_empty_list_is_an_empty_page() -> None:
    assert search(page([])) == StatusPage((), None)
    assert search({"count": "0"}) == StatusPage((), None)


def test_several_lines_in_one_element_are_several_lines() -> None:
    infos = [{"transferAmount": "100", "ediInfo": "R1"}, {"transferAmount": "200", "ediInfo": "R2"}]
    found = search(page([detail(transferResponses=[{"transferInfos": infos}], transferDetailFee="286")]))

    assert isinstance(found, StatusPage)
    assert [(line.mark, line.amount_yen, line.apply_no) for line in found.lines] == [
        ("R1", 100, APPLY_NO),
        ("R2", 200, APPLY_NO),
    ]
    assert [line.fee_yen for line in found.lines] == [None, None], "the sum is not the fee of a line"


def test_a_transfer_of_another_channel_without_details_is_a_line_without_a_mark() -> None:
    found = search(page([{"transferTypeName": "定額自動振込"}, detail(transferResponses=[])]))

    assert isinstance(found, StatusPage)
    assert [(line.apply_no, line.mark, line.status) for line in found.lines] == [
        (None, None, ""),
        (APPLY_NO, None, "20"),
    ]


def test_a_fee_that_is_not_final_is_the_planned_one() -> None:
    found = search(page([detail(transferDetailFee="143")]))

    assert isinstance(found, StatusPage)
    assert found.lines[0].fee_yen == 143


OUR_MARK = "R0123456789ABCDEFGHI"


def test_somebody_elses_transfer_that_cannot_be_read_hides_nothing_of_ours() -> None:
    foreign = {"transferStatus": "done", "transferResponses": [{"transferInfos": [{"ediInfo": "ｾｲｷﾕｳ1234"}]}]}
    found = search(page([foreign, detail(transferStatus="20")]))

    assert isinstance(found, StatusPage)
    assert [line.status for line in found.lines] == ["20"]


@pytest.mark.parametrize(
    "reply",
    [
        page([detail()], count="2"),
        page([], count="1"),
        page([detail()], count="many"),
        page([detail()], hasNext=True),
        page([detail()], hasNext="maybe"),
        {"count": "500", "transferDetails": [detail()] * 500},
        page([detail(pointName=OUR_MARK, transferApplies=[{"applyNo": APPLY_NO}, {"applyNo": "2026040100000009"}])]),
        page([detail(pointName=OUR_MARK, transferApplies={"applyNo": APPLY_NO})]),
        page([detail(pointName=OUR_MARK, transferApplies=[APPLY_NO])]),
        page([detail(pointName=OUR_MARK, transferStatus="done")]),
        page([detail(pointName=OUR_MARK, transferResponses=[{"transferInfos": [{"transferAmount": "1.5"}]}])]),
        page([detail(pointName=OUR_MARK, transferResponses=[{"transferInfos": [{"transferAmount": 1.5}]}])]),
        page([detail(pointName=OUR_MARK, transferResponses=[{"transferInfos": [{"transferAmount": "1,000"}]}])]),
        httpx.Response(200, content=json.dumps(page([detail(pointName=OUR_MARK, transferResponses=[LONE])])).encode()),
        page([detail(pointName=OUR_MARK, transferResponses=[{"transferDesignatedDate": "2026-02-30"}])]),
        {"transferDetails": [detail()]},
        [],
        httpx.Response(200, text="<html>"),
        httpx.Response(201, json=page([detail()])),
        httpx.Response(404, text="no page"),
    ],
)
def test_a_page_that_may_hide_something_is_no_answer(reply: Any) -> None:
    found = search(reply)

    assert isinstance(found, Unavailable)
    assert found.fact is Fact.UNREADABLE


@pytest.mark.parametrize(
    ("reply", "fact"),
    [
        (httpx.ConnectError("refused"), Fact.NOT_CONNECTED),
        (httpx.ReadTimeout("slow"), Fact.TIMED_OUT),
        (httpx.ReadError("reset"), Fact.BROKEN),
        (refused(429, "WG_ERR_154"), Fact.LIMITED),
        (refused(503, "WG_ERR_300"), Fact.SERVER_ERROR),
    ],
)
def test_an_inquiry_without_an_answer_says_why(reply: httpx.Response | Exception, fact: Fact) -> None:
    found = search(reply)

    assert isinstance(found, Unavailable)
    assert found.fact is fact


def test_a_refused_inquiry_has_the_bank_s_code() -> None:
    assert search(refused(400, "220011", "032006")) == Refused(
        400, "220011", "エラーが発生しました。 / 詳細032006", ("032006",)
    )


def test_a_refused_token_is_a_refusal_whatever_the_body_says() -> None:
    assert search(httpx.Response(401, text="")) == Refused(401, "", "")
    assert search(refused(401, "WG_ERR_105")) == Refused(401, "WG_ERR_105", "エラーが発生しました。")


@pytest.mark.parametrize(("code", "is_read"), [("1", True), ("2", True), ("8", True), ("3", False), ("", False)])
def test_a_request_result_is_one_of_three(code: str, is_read: bool) -> None:
    reply = httpx.Response(200, json={"accountId": ACCOUNT_ID, "resultCode": code, "applyNo": APPLY_NO})

    assert isinstance(Bench(reply).bank.request_result(ACCESS, ACCOUNT_ID, APPLY_NO), RequestResult) is is_read


def test_a_request_result_of_another_application_is_no_answer() -> None:
    reply = httpx.Response(200, json={"resultCode": "8", "applyNo": "2026040100000009"})

    assert isinstance(Bench(reply).bank.request_result(ACCESS, ACCOUNT_ID, APPLY_NO), Unavailable)


def test_a_statement_keeps_signs_directions_and_what_came_later() -> None:
    posting = {
        "transactionDate": "2026-04-01",
        "valueDate": "2026-03-31",
        "transactionType": "1",
        "amount": "-50",
        "balance": -1200,
        "itemKey": "26809",
        "remarks": "振込 ミホン　タロウ",
        "applicantName": "ﾐﾎﾝ ﾀﾛｳ",
    }
    reply = {
        "accountId": ACCOUNT_ID,
        "dateFrom": "2026-04-01",
        "dateTo": "2026-04-01",
        "baseDate": "2026-04-01",
        "baseTime": "10:00:00+09:00",
        "hasNext": False,
        "count": "1",
        "transactions": [posting],
    }
    query = StatementQuery(ACCOUNT_ID, TODAY, TODAY)
    found = Bench(httpx.Response(200, json=reply)).bank.transactions(ACCESS, query)

    assert isinstance(found, StatementPage)
    line = found.lines[0]
    assert (line.is_credit, line.amount_yen, line.balance_yen) == (True, -50, -1200)
    assert (line.item_key, line.remarks, line.applicant_name) == ("26809", "振込 ミホン　タロウ", "ﾐﾎﾝ ﾀﾛｳ")
    for missing in ("hasNext", "accountId", "baseTime"):
        torn = {name: value for name, value in reply.items() if name != missing}
        assert isinstance(Bench(httpx.Response(200, json=torn)).bank.transactions(ACCESS, query), Unavailable)

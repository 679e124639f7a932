"""The payouts resource: what ReCORE sends and gets, on the wire."""

import json
from typing import Any

import pytest

from integrator.store.jobs import JobAnswer
from tests.unit.integrator_web.web_side import WebSide, make_order

PAYOUTS = "/v1/companies/mihon-001/payouts"


def test_an_order_is_taken_with_202_and_can_be_read_again(web: WebSide) -> None:
    response = web.place(make_order(designated_date="2026-04-02"))

    placed = response.get_json()
    assert response.status_code == 202
    assert placed["state"] == "accepted"
    assert placed["beneficiary"]["name_kana"] == "ﾔﾏﾀﾞ ﾀﾛｳ"
    assert placed["designated_date"] == "2026-04-02"
    assert placed["created_at"] == "2026-04-01T03:00:00.000000Z"
    assert placed["history"] == [{"state": "accepted", "at": "2026-04-01T03:00:00.000000Z"}]
    assert web.call("GET", f"{PAYOUTS}/{placed['payout_id']}").get_json() == placed


def test_the_same_key_and_body_give_the_same_payout(web: WebSide) -> None:
    first, second = web.place(), web.place()

    assert second.status_code == 202
    assert second.get_json() == first.get_json()
    assert len(web.call("GET", PAYOUTS).get_json()["payouts"]) == 1


def test_members_in_another_order_and_numbers_in_another_form_are_the_same_body(web: WebSide) -> None:
    first = web.place()
    order = json.dumps(dict(reversed(make_order().items()))).replace("50000", "5.0e4")

    second = web.call(
        "POST",
        PAYOUTS,
        data=order,
        content_type="application/json; charset=utf-8",
        headers={"Idempotency-Key": "key-1"},
    )

    assert second.status_code == 202
    assert second.get_json() == first.get_json()


def test_the_same_key_with_another_body_is_a_conflict(web: WebSide) -> None:
    web.place()

    response = web.place(make_order(amount_yen=50_001))

    assert response.status_code == 409
    assert response.get_json()["type"].endswith(":idempotency-conflict")


@pytest.mark.parametrize("key", [None, "", "with space", "かな", "x" * 129])
def test_an_order_without_a_usable_key_is_refused(web: WebSide, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key.encode().decode("latin-1")}
    response = web.call("POST", PAYOUTS, json=make_order(), headers=headers)

    assert response.status_code == 400
    assert response.get_json()["field"] == "Idempotency-Key"


def beneficiary(**changed: Any) -> dict[str, Any]:
    return {"beneficiary": {**make_order()["beneficiary"], **changed}}


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"amount_yen": 0}, 400, "/amount_yen"),
        ({"amount_yen": 0.5}, 400, "/amount_yen"),
        ({"amount_yen": "50000"}, 400, "/amount_yen"),
        ({"amount_yen": True}, 400, "/amount_yen"),
        ({"amount_yen": 10**40}, 400, "/amount_yen"),
        ({"amount_yen": 1_000_001}, 422, "/amount_yen"),
        (beneficiary(account_number="123456"), 400, "/beneficiary/account_number"),
        (beneficiary(account_number="１２３４５６７"), 400, "/beneficiary/account_number"),
        (beneficiary(account_number="1234567\n"), 400, "/beneficiary/account_number"),
        (beneficiary(account_type="3"), 400, "/beneficiary/account_type"),
        (beneficiary(name="山田　太郎"), 422, "/beneficiary/name"),
        (beneficiary(name=""), 400, "/beneficiary/name"),
        (beneficiary(name="ヤマダ\u0000"), 400, "/beneficiary/name"),
        (beneficiary(nmae="ヤマダ"), 400, "/beneficiary/nmae"),
        ({"beneficiary": None}, 400, "/beneficiary"),
        ({"case": {"type": "店頭買取"}}, 400, "/case/reference"),
        ({"case": {"type": "その他", "reference": "1"}}, 400, "/case/type"),
        ({"designated_date": "2026-02-30"}, 400, "/designated_date"),
        ({"designated_date": "2026-03-31"}, 422, "/designated_date"),
        ({"designated_dat": "2026-04-02"}, 400, "/designated_dat"),
        ({"replaces": "po_none"}, 422, "/replaces"),
    ],
)
def test_a_wrong_order_is_refused_with_its_field_and_stores_nothing(
    web: WebSide, changed: dict[str, Any], status: int, field: str
) -> None:
    response = web.place(make_order(**changed))

    found = response.get_json()
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert found["status"] == status
    assert found["field"] == field
    assert found["expected"]
    assert found["came"]
    assert web.call("GET", PAYOUTS).get_json() == {"payouts": []}


def test_a_complaint_never_repeats_an_account_number_or_a_name(web: WebSide) -> None:
    for changed in (beneficiary(account_number="76543210"), beneficiary(name="ヤマダ\u0007")):
        told = web.place(make_order(**changed)).get_data(as_text=True)
        assert "7654321" not in told
        assert "ヤマダ" not in told


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"amount_yen":1,"amount_yen":2}', "application/json", 400),
        (b'{"amount_yen":NaN}', "application/json", 400),
        (b'{"amount_yen":1e999}', "application/json", 400),
        (b'{"case":"\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b" " * (64 * 1024 + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_no_order_is_refused(web: WebSide, body: bytes, content_type: str, status: int) -> None:
    response = web.call("POST", PAYOUTS, data=body, content_type=content_type, headers={"Idempotency-Key": "key-1"})

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_payouts_are_listed_page_by_page(web: WebSide) -> None:
    placed = []
    for number in range(5):
        placed.append(web.place(idempotency_key=f"key-{number}").get_json()["payout_id"])
        web.clock.sleep(1)

    listed, cursor = [], ""
    for _ in range(3):
        page = web.call("GET", f"{PAYOUTS}?limit=2{cursor}").get_json()
        listed += [payout["payout_id"] for payout in page["payouts"]]
        cursor = f"&cursor={page.get('next_cursor')}"

    assert listed == placed
    assert cursor == "&cursor=None"


def test_payouts_are_listed_by_state(web: WebSide) -> None:
    payout_id = web.place().get_json()["payout_id"]
    web.place(idempotency_key="key-2")
    web.call("POST", f"{PAYOUTS}/{payout_id}/cancel")

    cancelled = web.call("GET", f"{PAYOUTS}?state=cancelled").get_json()["payouts"]

    assert [payout["payout_id"] for payout in cancelled] == [payout_id]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1&limit=2", "state=paid", "cursor=abc", "page=2"]
)
def test_a_wrong_query_is_refused(web: WebSide, query: str) -> None:
    response = web.call("GET", f"{PAYOUTS}?{query}")

    assert response.status_code == 400


def test_a_payout_that_has_not_been_sent_is_cancelled_at_once(web: WebSide) -> None:
    payout_id = web.place().get_json()["payout_id"]

    response = web.call("POST", f"{PAYOUTS}/{payout_id}/cancel")

    assert response.status_code == 202
    assert response.get_json()["state"] == "cancelled"


def test_a_payout_that_is_paid_cannot_be_cancelled(web: WebSide) -> None:
    payout_id = web.place().get_json()["payout_id"]
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE payouts SET state = 'settled'")

    response = web.call("POST", f"{PAYOUTS}/{payout_id}/cancel")

    assert response.status_code == 409
    assert response.get_json()["came"] == "settled"


@pytest.mark.parametrize(("method", "path"), [("GET", "po_none"), ("POST", "po_none/cancel")])
def test_an_unknown_payout_is_not_found(web: WebSide, method: str, path: str) -> None:
    assert web.call(method, f"{PAYOUTS}/{path}").status_code == 404


def test_a_payout_of_another_company_is_not_found(web: WebSide) -> None:
    payout_id = web.place().get_json()["payout_id"]

    assert web.call("GET", f"/v1/companies/mihon-002/payouts/{payout_id}", key=web.other_key).status_code == 404


def test_a_quote_is_asked_of_the_worker_and_stores_no_payout(web: WebSide) -> None:
    quote = {
        "amount_yen": 50_000,
        "fee_yen": 143,
        "total_yen": 50_143,
        "beneficiary_name_kana": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "designated_date": "2026-04-01",
    }
    asked = []
    web.while_waiting = lambda: asked.append(web.answer_next_job(JobAnswer(is_done=True, result=quote)))

    response = web.call("POST", "/v1/companies/mihon-001/payout-quotes", json=make_order())

    assert response.status_code == 200
    assert response.get_json() == {
        **quote,
        "bank_name": "みずほ",
        "branch_name": "東京営業部",
        "name_check": {
            "given": "ヤマダ　タロウ",
            "converted": "ﾔﾏﾀﾞ ﾀﾛｳ",
            "printed": "ﾔﾏﾀﾞ ﾀﾛｳ",
            "changed": True,
            "cut": False,
            "length_max": 48,
        },
    }
    assert asked[0] is not None
    assert asked[0].arguments["name_kana"] == "ﾔﾏﾀﾞ ﾀﾛｳ"
    assert asked[0].arguments["designated_date"] == "2026-04-01"
    assert web.call("GET", PAYOUTS).get_json() == {"payouts": []}


def test_a_quote_of_an_order_against_our_own_rules_never_reaches_the_worker(web: WebSide) -> None:
    response = web.call("POST", "/v1/companies/mihon-001/payout-quotes", json=make_order(amount_yen=1_000_001))

    assert response.status_code == 422
    assert web.pauses == []


def test_a_quote_refuses_to_replace_what_may_still_be_paid_before_anybody_is_asked(web: WebSide) -> None:
    payout_id = web.place().get_json()["payout_id"]

    response = web.call("POST", "/v1/companies/mihon-001/payout-quotes", json=make_order(replaces=payout_id))

    assert response.status_code == 422
    assert response.get_json()["type"].endswith(":replaced-may-still-pay")
    assert response.get_json()["field"] == "/replaces"
    assert web.pauses == []


NAME_CHECKS = "/v1/companies/mihon-001/name-checks"


def test_a_name_that_is_too_long_is_shown_cut_and_flagged(web: WebSide) -> None:
    found = web.call("POST", NAME_CHECKS, json={"name": "ガ" * 25}).get_json()

    assert found["converted"] == "ｶﾞ" * 25
    assert found["printed"] == "ｶﾞ" * 24
    assert found["cut"]
    assert found["changed"]


def test_a_name_already_in_the_banks_characters_is_shown_unchanged(web: WebSide) -> None:
    found = web.call("POST", NAME_CHECKS, json={"name": "ﾔﾏﾀﾞ ﾀﾛｳ"}).get_json()

    assert not found["changed"]
    assert not found["cut"]


def test_a_name_that_cannot_be_converted_is_refused_with_the_character(web: WebSide) -> None:
    response = web.call("POST", NAME_CHECKS, json={"name": "山田太郎"})

    assert response.status_code == 422
    assert response.get_json()["field"] == "/name"
    assert response.get_json()["came"] == "「山」"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=accepted", ["A-1", "B-1", "A-2"]),
        ("state=settled", []),
        ("case_reference=B-1", ["B-1"]),
        ("amount_yen=2000", ["B-1"]),
        ("apply_no=2026040100000001", []),
        ("created_from=2026-04-02", ["A-2"]),
        ("created_to=2026-04-01", ["A-1", "B-1"]),
        ("created_from=2026-04-02&created_to=2026-04-02", ["A-2"]),
        ("created_from=0001-01-01&created_to=9999-12-31", ["A-1", "B-1", "A-2"]),
        ("case_reference=A-2&amount_yen=2000", []),
    ],
)
def test_lists_are_narrowed_by_every_condition_together(web: WebSide, query: str, expected: list[str]) -> None:
    def order(reference: str, amount_yen: int) -> None:
        case = {"type": "宅配買取", "reference": reference}
        assert web.place(make_order(case=case, amount_yen=amount_yen), idempotency_key=reference).status_code == 202

    order("A-1", 1000)
    web.clock.sleep(1)
    order("B-1", 2000)
    web.clock.present = web.clock.present.replace(hour=15)  # midnight in Japan: the next day begins
    order("A-2", 3000)

    found = web.call("GET", f"{PAYOUTS}?{query}").get_json()["payouts"]

    assert [payout["case"]["reference"] for payout in found] == expected


def test_a_reversed_period_of_a_list_is_refused(web: WebSide) -> None:
    response = web.call("GET", f"{PAYOUTS}?created_from=2026-04-02&created_to=2026-04-01")

    assert response.status_code == 400
    assert response.get_json()["field"] == "created_from"


def test_pages_of_a_narrowed_list_go_on_where_the_last_one_ended(web: WebSide) -> None:
    for number in range(5):
        web.place(make_order(amount_yen=1000 + number % 2), idempotency_key=f"key-{number}")
    query = "amount_yen=1000&limit=2"
    first = web.call("GET", f"{PAYOUTS}?{query}").get_json()
    second = web.call("GET", f"{PAYOUTS}?{query}&cursor={first['next_cursor']}").get_json()
    seen = [payout["payout_id"] for page in (first, second) for payout in page["payouts"]]

    assert len(seen) == len(set(seen)) == 3
    assert "next_cursor" not in second

"""The control surface: what it does, what it refuses, who may use it."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CLIENT_ID,
    CONTROL,
    REDIRECT_URI,
    TODAY,
    TOKEN_URL,
    Caller,
    make_caller,
    make_line,
    make_order,
    token_form,
)


@pytest.fixture
def caller() -> Caller:
    return make_caller()


def transfer(caller: Caller, **changed: Any) -> str:
    apply_no = caller.post("/transfer/request", make_order(**changed)).json["applyNo"]
    assert isinstance(apply_no, str)
    return apply_no


def status_of(caller: Caller, apply_no: str) -> str | None:
    reply = caller.get(f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}").json
    return reply["transferDetails"][0]["transferStatus"] if reply["transferDetails"] else None


def step(caller: Caller, apply_no: str, name: str, **body: Any) -> Any:
    return caller.control("POST", f"/transfers/{apply_no}/{name}", body)


def test_health_tells_version_and_the_banks_time(caller: Caller) -> None:
    reply = caller.control("GET", "/health")

    assert reply.status_code == 200
    assert reply.json["status"] == "ok"
    assert datetime.fromisoformat(reply.json["now"]) == caller.world.clock.now()


def test_a_transfer_is_confirmed_settled_and_returned_step_by_step(caller: Caller) -> None:
    apply_no = transfer(caller)
    assert status_of(caller, apply_no) is None

    assert [event["detail"] for event in step(caller, apply_no, "confirm").json["events"]] == ["手続中"]
    assert status_of(caller, apply_no) == "12"
    moved = caller.control("POST", "/clock", {"advance_seconds": 30}).json
    assert [(event["apply_no"], event["detail"]) for event in moved["events"]] == [(apply_no, "手続済")]
    assert step(caller, apply_no, "return-funds", item_id="1").status_code == 200
    assert status_of(caller, apply_no) == "22"

    payment = caller.control("GET", "/payments").json["payments"][0]
    assert (payment["amount_yen"], payment["fee_yen"], payment["came_back_yen"]) == (10_000, 143, 10_000)
    assert (payment["apply_no"], payment["item_id"], payment["edi_info"]) == (apply_no, "1", "MARK0001")
    books = caller.control("GET", "/postings/check").json
    assert (books["sum_yen"], books["differing"], books["balances"][ACCOUNT_ID]) == (0, [], 9_999_857)


def test_an_impossible_step_names_the_possible_ones(caller: Caller) -> None:
    apply_no = transfer(caller)

    refused = step(caller, apply_no, "return-funds")

    assert refused.status_code == 409
    assert refused.json["error"]["possible"] == ["confirm"]
    assert step(caller, "2026040199999999", "confirm").status_code == 404
    assert step(caller, apply_no, "explode").status_code == 400
    assert step(caller, apply_no, "confirm", item_id="1").status_code == 400


def test_a_request_lapses_when_the_clock_passes_its_limit(caller: Caller) -> None:
    apply_no = transfer(caller)

    events = caller.control("POST", "/clock", {"advance_seconds": 600}).json["events"]

    assert [event["kind"] for event in events] == ["confirmation_limit_passed"]
    result = caller.get(f"/transfer/request-result?accountId={ACCOUNT_ID}&applyNo={apply_no}").json
    assert result == {"accountId": ACCOUNT_ID, "resultCode": "8", "applyNo": apply_no}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"set": "2026-04-01T11:59:59+09:00"}, 409),
        ({"advance_seconds": -1}, 409),
        ({"set": "2026-04-01"}, 400),
        ({"set": "2026-04-02T00:00:00+09:00", "advance_seconds": 1}, 400),
        ({"rate": 0}, 400),
        ({"advance_seconds": 1e300}, 400),
        ({}, 400),
        ({"speed": 2}, 400),
        ({"set": "2026-04-02T00:00:00+09:00", "frozen": True}, 200),
        ({"rate": 3600, "frozen": False}, 200),
    ],
)
def test_the_clock_only_goes_forward(caller: Caller, body: dict[str, Any], status: int) -> None:
    assert caller.control("POST", "/clock", body).status_code == status


def test_a_frozen_clock_stands_where_it_was_put(caller: Caller) -> None:
    caller.control("POST", "/clock", {"set": "2026-04-02T00:00:00+09:00", "frozen": True})
    caller.real.seconds += 100

    assert caller.control("GET", "/clock").json == {
        "now": "2026-04-01T15:00:00.000000+00:00", "today": "2026-04-02", "frozen": True, "rate": 1.0,
    }  # fmt: skip


def test_reset_goes_back_to_the_first_state(caller: Caller) -> None:
    transfer(caller)
    caller.control("POST", "/faults", {"operation": "*", "point": "received", "effect": "drop"})
    caller.control("POST", "/clock", {"advance_seconds": 1_000})

    reply = caller.control("POST", "/reset")

    assert (reply.status_code, reply.json["scenario"]) == (200, "corporate")
    assert caller.control("GET", "/faults").json == {"faults": []}
    assert caller.control("GET", "/journal").json == {"entries": []}
    assert caller.control("GET", "/clock").json["today"] == TODAY
    assert caller.get("/accounts").status_code == 401
    assert caller.control("POST", "/reset", {"scenario": "no-such"}).status_code == 400


def test_a_client_is_registered_changed_and_struck_off(caller: Caller) -> None:
    made = caller.control("POST", "/clients", {
        "name": "Shop 2", "redirect_uris": ["https://shop-2.example/cb"], "networks": ["127.0.0.1/32"],
        "scopes": ["private:account"], "requests_per_second": 5,
    })  # fmt: skip
    assert made.status_code == 201
    assert (len(made.json["client_id"]), len(made.json["client_secret"])) == (16, 50)
    path = f"/clients/{made.json['client_id']}"

    assert caller.control("PATCH", path, {"requests_per_second": None}).json["requests_per_second"] is None
    assert caller.control("PATCH", path, {"networks": ["nowhere"]}).status_code == 400
    assert caller.control("PATCH", path, {"redirect_uris": ["ftp://x"]}).status_code == 400
    assert caller.control("PATCH", path, {"scopes": ["private:everything"]}).status_code == 400
    assert len(caller.control("GET", "/clients").json["clients"]) == 2
    assert caller.control("DELETE", path).status_code == 204
    assert caller.control("DELETE", path).status_code == 404
    assert caller.control("PATCH", path, {"name": "x"}).status_code == 404


def test_a_client_that_is_struck_off_gets_no_answer(caller: Caller) -> None:
    caller.control("POST", "/clients", {
        "name": "other", "redirect_uris": ["https://o.example/cb"], "networks": ["127.0.0.1/32"], "scopes": ["openid"],
    })  # fmt: skip
    caller.control("DELETE", f"/clients/{CLIENT_ID}")

    assert caller.get("/accounts").status_code == 401


def test_customers_are_told_and_changed(caller: Caller) -> None:
    customer = caller.control("GET", "/customers").json["customers"][0]
    assert (customer["customer_id"], customer["logins"][0]["login_id"]) == ("corporate", "corporate")
    assert customer["accounts"][0]["balance_yen"] == 10_000_000

    changed = caller.control("PATCH", "/customers/corporate", {
        "confirmation_required": False, "transfer_limit_yen": {ACCOUNT_ID: 9_999},
    })  # fmt: skip

    assert (changed.json["confirmation_required"], changed.json["accounts"][0]["transfer_limit_yen"]) == (False, 9_999)
    assert caller.post("/transfer/request", make_order()).json["errorDetails"][0]["errorDetailsCode"] == "MOCK002"
    assert caller.post(
        "/transfer/request", make_order(transfers=[make_line(transferAmount="9999")])
    ).json["resultCode"] == "1"  # fmt: skip
    assert caller.control("PATCH", "/customers/nobody", {"confirmation_required": False}).status_code == 404
    assert caller.control("PATCH", "/customers/corporate", {"transfer_limit_yen": {"9" * 12: 1}}).status_code == 404
    assert caller.control("PATCH", "/customers/corporate", {}).status_code == 400


def test_a_deposit_arrives(caller: Caller) -> None:
    body = {"account_id": ACCOUNT_ID, "amount": 50_000, "remitter_name": "ｶﾘﾅｼﾖｳｶｲ(ｶ"}

    assert caller.control("POST", "/deposits", body).json == {"account_id": ACCOUNT_ID, "balance_yen": 10_050_000}
    line = caller.get(f"/accounts/transactions?accountId={ACCOUNT_ID}").json["transactions"][-1]
    assert (line["amount"], line["remarks"]) == ("50000", "振込 カリナシヨウカイ（カ")
    assert caller.control("POST", "/deposits", {**body, "account_id": "9" * 12}).status_code == 404
    assert caller.control("POST", "/deposits", {**body, "remitter_name": "漢字"}).status_code == 400
    assert caller.control("POST", "/deposits", {**body, "amount": 0}).status_code == 400


CONSENT = {
    "client_id": CLIENT_ID, "customer_id": "corporate", "scope": "private:account", "redirect_uri": REDIRECT_URI,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"client_id": "nobody"}, 400),
        ({"customer_id": "nobody"}, 404),
        ({"redirect_uri": REDIRECT_URI + "/"}, 400),
        ({"scope": "private:account corp:account"}, 400),
        ({"scope": ""}, 400),
        ({"state": "s1"}, 201),
    ],
)
def test_consent_is_given_only_as_it_could_be_on_the_pages(
    caller: Caller, changed: dict[str, str], status: int
) -> None:
    reply = caller.control("POST", "/consents", CONSENT | changed)

    assert reply.status_code == status
    if status == 201:
        assert reply.json["location"] == f"{REDIRECT_URI}?code={reply.json['code']}&state=s1"


def test_tokens_expire_when_told(caller: Caller) -> None:
    tokens = caller.new_token()
    caller.token = tokens["access_token"]

    assert caller.control("POST", "/tokens/expire", {"access_token": tokens["access_token"]}).json == {"expired": 1}
    assert caller.get("/accounts").status_code == 401
    form = token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert caller.client.post(TOKEN_URL, data=form).status_code == 200
    assert caller.control("POST", "/tokens/expire", {"client_id": CLIENT_ID}).json["expired"] >= 2
    assert caller.control("POST", "/tokens/expire", {"client_id": "a", "access_token": "b"}).status_code == 400


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}, 403),
        ({"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}, "headers": {"X-Forwarded-For": "127.0.0.1"}}, 403),
        ({"environ_overrides": {"REMOTE_ADDR": "::1"}}, 200),
        ({"headers": {"Origin": "https://evil.example"}}, 403),
        ({"headers": {"Origin": "null"}}, 403),
        ({"headers": {"Origin": "http://localhost"}}, 200),
        ({"headers": {"Host": "evil.example:8310"}}, 403),
        ({"headers": {"Host": "evil.example:8310", "Origin": "http://evil.example:8310"}}, 403),
        ({"headers": {"Host": "127.0.0.1.evil.example"}}, 403),
        ({"headers": {"Host": "[::1]:8310"}}, 200),
        ({"headers": {"Host": "127.0.0.1:8310"}}, 200),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"headers": {"Sec-Fetch-Site": "same-origin"}}, 200),
    ],
)
def test_only_the_control_networks_and_no_foreign_page_may_control(caller: Caller, given: Any, status: int) -> None:
    assert caller.control("POST", "/reset", **given).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "path_unknown"),
        ("PUT", "/clock", {}, 405, "method_not_allowed"),
        ("POST", "/deposits", {"data": "x", "content_type": "application/json"}, 400, "body_not_json"),
        ("POST", "/deposits", {"data": "{}", "content_type": "text/plain"}, 400, "body_not_json"),
        ("POST", "/deposits", {"json": {"amount": "1"}}, 400, "field_invalid"),
        ("POST", "/transfers/1/confirm", {}, 400, "field_invalid"),
        ("GET", "/journal?limit=0", {}, 400, "field_invalid"),
        ("GET", "/journal?status=2xx", {}, 400, "field_invalid"),
    ],
)
def test_a_refusal_says_why_in_both_languages(
    caller: Caller, method: str, path: str, given: Any, status: int, code: str
) -> None:
    reply = caller.client.open(CONTROL + path, method=method, **given)

    assert (reply.status_code, reply.json["error"]["code"]) == (status, code)
    assert reply.json["error"]["message"]
    assert reply.json["error"]["message_en"]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"amount": 5.0}, {"amount": "5"}),
        ({"amount": 999_999_999_999}, {"amount": "999999999999"}),
        (
            {"payment_bank_name": "ｱｵｿﾞﾗ", "payment_branch_name": "ﾎﾝﾃﾝ"},
            {"paymentBankName": "ｱｵｿﾞﾗ", "paymentBranchName": "ﾎﾝﾃﾝ", "applicantName": "ﾐﾎﾝ ﾀﾛｳ"},
        ),
        ({"edi_info": "ABC123"}, {"ediInfo": "ABC123", "remarks": "振込 ABC123 ミホン　タロウ"}),
    ],
)
def test_a_deposit_shows_in_the_statement_as_it_was_told(
    caller: Caller, changed: dict[str, Any], line: dict[str, str]
) -> None:
    body = {"account_id": ACCOUNT_ID, "amount": 5, "remitter_name": "ﾐﾎﾝ ﾀﾛｳ"} | changed

    assert caller.control("POST", "/deposits", body).status_code == 201

    shown = caller.get(f"/accounts/transactions?accountId={ACCOUNT_ID}").json["transactions"][-1]
    assert line.items() <= shown.items()
    assert caller.control("GET", "/postings/check").json["differing"] == []


@pytest.mark.parametrize(
    ("changed", "status", "at"),
    [
        ({"amount": 10**12}, 400, "/amount"),
        ({"amount": 10**40}, 400, "/amount"),
        ({"amount": 1.5}, 400, "/amount"),
        ({"amount": "5"}, 400, "/amount"),
        ({"payment_branch_name": "ﾎﾝﾃﾝ"}, 400, "/"),
        ({"payment_bank_name": "青空"}, 400, "/payment_bank_name"),
        ({"va_id": "5021000001"}, 400, "/"),
        ({"account_id": ..., "va_id": "5021000001"}, 404, "/va_id"),
        ({"account_id": ...}, 400, "/"),
    ],
)
def test_a_deposit_that_cannot_be_is_refused_and_books_nothing(
    caller: Caller, changed: dict[str, Any], status: int, at: str
) -> None:
    body = {"account_id": ACCOUNT_ID, "amount": 5, "remitter_name": "ﾐﾎﾝ ﾀﾛｳ"} | changed

    reply = caller.control("POST", "/deposits", {name: value for name, value in body.items() if value is not ...})

    assert (reply.status_code, reply.json["error"]["at"]) == (status, at)
    assert caller.get(f"/accounts/transactions?accountId={ACCOUNT_ID}").json["count"] == "0"


def test_a_limit_written_as_a_fraction_of_nothing_is_a_whole_number(caller: Caller) -> None:
    assert caller.control("PATCH", "/customers/corporate", {"transfer_limit_yen": {ACCOUNT_ID: 5.0}}).status_code == 200

    assert caller.get("/accounts").json["accounts"][0]["transferLimitAmount"] == "5"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"set": "2026-04-01T03:00:01Z", "frozen": True}, 200, None),
        ({"set": "2026-04-01t12:00:01.5+09:00"}, 200, None),
        ({"set": "2026-04-01T02:59:59Z", "frozen": True}, 409, "clock_backwards"),
        ({"advance_seconds": -0.001}, 409, "clock_backwards"),
        ({"set": "2026-12-31T23:59:60Z"}, 400, "value_impossible"),
        ({"set": "2200-01-01T00:00:00Z", "frozen": True}, 400, "value_impossible"),
        ({"set": "9999-12-31T23:59:59-12:00"}, 400, "value_impossible"),
        ({"advance_seconds": 1e300}, 400, "value_impossible"),
    ],
)
def test_a_move_of_the_clock_happens_whole_or_not_at_all(
    caller: Caller, body: dict[str, Any], status: int, code: str | None
) -> None:
    before = caller.control("GET", "/clock").json

    reply = caller.control("POST", "/clock", body)

    assert (reply.status_code, reply.json.get("error", {}).get("code")) == (status, code)
    if status != 200:
        assert caller.control("GET", "/clock").json == before


def test_whatever_was_sent_the_journal_can_be_read(caller: Caller) -> None:
    for body in (b"[" * 5_000, b'{"accountId":1e999}', b'{"accountId":NaN}', b'{"a":"\\ud800"}', b"\xff\x00"):
        caller.call("POST", "/ganb/api/corporation/v1/transfer/cancel", data=body, content_type="application/json")

        reply = caller.control("GET", "/journal?limit=1")

        assert reply.status_code == 200
        assert json.loads(reply.data, parse_constant=pytest.fail)["entries"][0]["request_body"] is not None


def test_the_journal_names_the_refusal_of_an_authorization_request(caller: Caller) -> None:
    query = {"response_type": "token", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": "x", "state": "s"}
    caller.client.get("/ganb/api/auth/v1/authorization", query_string=query)

    entry = caller.control("GET", "/journal?limit=1").json["entries"][0]

    assert (entry["status"], entry["refusal_id"]) == (302, "oauth_unsupported_response_type")


def test_a_method_that_a_path_does_not_have_is_told_those_that_it_has(caller: Caller) -> None:
    reply = caller.control("DELETE", "/clock")

    assert reply.status_code == 405
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}

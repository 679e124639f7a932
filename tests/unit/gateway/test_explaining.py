"""A refusal explains itself: which rule, where it stands, what shape came, what would do. Never the value itself."""

import re
from typing import Any

import pytest

import contracts
from mock_gmo.gateway.explaining import shape_of
from mock_gmo.settings import Settings
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    TODAY,
    TOKEN_URL,
    Caller,
    make_caller,
    make_line,
    make_order,
    token_form,
)

HEADER = "X-Sandbox-Rule"
AUTHORIZATION = "/ganb/api/auth/v1/authorization"
ROWS: list[dict[str, Any]] = contracts.load("refusals")["refusals"]
# Every header field that the bank sends besides the body's own.
BANKS_HEADERS = {"Content-Type", "Content-Length", "Cache-Control", "Pragma", "WWW-Authenticate", "Location"}


@pytest.fixture
def caller() -> Caller:
    return make_caller()


def explanation(caller: Caller) -> dict[str, Any]:
    entry = caller.control("GET", "/journal?limit=1").json["entries"][0]
    assert entry["explanation"] is not None
    return dict(entry["explanation"])


REFUSED = [
    ({"accountId": ...}, "field_missing", "README.md#all-error-codes-known", "accountId", "nothing", ACCOUNT_ID),
    (
        {"transferDesignatedDate": "2026/04/01"}, "field_invalid", "README.md#formats", "transferDesignatedDate",
        "a text of 10 characters: ASCII signs, digits", None,
    ),
    (
        {"transfers": [make_line(), make_line(accountNumber="12345")]}, "field_invalid", "README.md#formats",
        "transfers[1].accountNumber", "a text of 5 characters: digits", "7654321",
    ),
    (
        {"transfers": [make_line(beneficiaryName="山田")]}, "forbidden_character",
        "kana.md#conversions-by-the-bank", "beneficiaryName", "a text of 2 characters: other letters", None,
    ),
    (
        {"transferDesignatedDate": "2026-03-31"}, "date_in_past", "lifecycle.md#days-and-hours",
        "transferDesignatedDate", "a text of 10 characters: ASCII signs, digits", TODAY,
    ),
    (
        {"transferDesignatedDate": "2026-04-04", "transferDateHolidayCode": "3"}, "not_a_business_day",
        "corporation.md#9", "transferDesignatedDate", "a text of 10 characters: ASCII signs, digits", "2026-04-02",
    ),
    (
        {"transfers": [make_line(transferAmount="5000001")]}, "limit_exceeded",
        "lifecycle.md#amounts-limits-fees", "transferAmount", "a text of 7 characters: digits", None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "refusal", "page", "field", "shape", "example"), REFUSED)
def test_a_refused_order_names_rule_field_and_shape(
    caller: Caller, changed: dict[str, Any], refusal: str, page: str, field: str, shape: str, example: str | None
) -> None:
    reply = caller.post("/transfer/request", make_order(**changed))

    assert reply.headers[HEADER] == f'{refusal}; docs="{page}"'
    told = explanation(caller)
    assert (told["field"], told["shape"], told["page"]) == (field, shape, page)
    assert re.search("[ぁ-ん]", told["rule"]["ja"])
    assert told["rule"]["en"].isascii()
    assert told["example"]
    assert example in (None, told["example"])


def test_a_refused_token_is_explained_without_a_word_of_it(caller: Caller) -> None:
    reply = caller.get("/accounts", headers={"x-access-token": "notTheTokenOfAnybody"})

    assert reply.headers[HEADER] == 'token_invalid; docs="auth.md#use-of-the-access-token"'
    told = explanation(caller)
    assert (told["field"], told["shape"]) == ("x-access-token", "[masked]")
    assert "notTheTokenOfAnybody" not in caller.control("GET", "/journal").text


def test_a_missing_scope_names_one_that_would_do(caller: Caller) -> None:
    caller.token = caller.new_token("private:account")["access_token"]
    reply = caller.post("/va/list", {})

    assert reply.headers[HEADER] == 'scope_missing; docs="auth.md#scopes"'
    assert explanation(caller)["example"] == "private:virtual-account"


@pytest.mark.parametrize(
    ("form", "refusal", "field", "shape"),
    [
        ({"grant_type": "client_credentials"}, "oauth_unsupported_grant_type", "grant_type", "a text of 18"),
        ({"code": ""}, "oauth_invalid_request", "code", "nothing"),
        ({"code": "wrong"}, "oauth_invalid_grant", "code", "[masked]"),
        ({"client_secret": "wrong"}, "oauth_invalid_client", "client_id", "a text of 16"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "oauth_invalid_grant", "refresh_token", "[masked]"),
    ],
)
def test_the_token_endpoint_explains_as_well(
    caller: Caller, form: dict[str, str], refusal: str, field: str, shape: str
) -> None:
    reply = caller.client.post(TOKEN_URL, data=token_form(**form))

    assert reply.headers[HEADER].startswith(f'{refusal}; docs="auth.md#')
    told = explanation(caller)
    assert told["field"] == field
    assert told["shape"].startswith(shape)
    assert CLIENT_SECRET not in str(told)


@pytest.mark.parametrize(
    ("changed", "status", "refusal"),
    [
        ({"scope": "private:nothing"}, 302, "oauth_invalid_scope"),
        ({"response_type": "token"}, 302, "oauth_unsupported_response_type"),
        ({"client_id": "nobody"}, 400, "oauth_invalid_client"),
        ({"redirect_uri": "https://elsewhere.example/"}, 400, "oauth_invalid_request"),
    ],
)
def test_the_authorization_endpoint_explains_as_well(
    caller: Caller, changed: dict[str, str], status: int, refusal: str
) -> None:
    asked = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "state": "s" * 16}
    reply = caller.client.get(AUTHORIZATION, query_string={**asked, "scope": "private:account", **changed})

    assert reply.status_code == status
    assert reply.headers[HEADER].startswith(refusal + ";")
    assert explanation(caller)["rule"]["ja"]


def test_a_success_carries_no_explanation(caller: Caller) -> None:
    assert HEADER not in caller.get("/accounts").headers
    assert caller.control("GET", "/journal?limit=1").json["entries"][0]["explanation"] is None


def test_switched_off_a_refusal_has_no_byte_that_the_bank_would_not_send(caller: Caller) -> None:
    assert not Settings.from_env({"MOCK_GMO_EXPLAIN": "off"}).explain
    silent = make_caller(explain=False)
    calls = [
        lambda it: it.post("/transfer/request", {}),
        lambda it: it.post("/transfer/request", make_order(transferDesignatedDate="2026-03-31")),
        lambda it: it.get("/nothing"),
        lambda it: it.get("/accounts", headers={"x-access-token": "x"}),
        lambda it: it.client.post(TOKEN_URL, data=token_form(code="x")),
        lambda it: it.client.get(AUTHORIZATION + "?client_id=nobody"),
    ]
    for call in calls:
        told, untold = call(caller), call(silent)
        assert HEADER in told.headers
        assert HEADER not in untold.headers
        bank_sends = BANKS_HEADERS if untold.mimetype == "application/json" else set(told.headers.keys()) - {HEADER}
        assert set(untold.headers.keys()) <= bank_sends
        assert untold.status_code == told.status_code
        if untold.mimetype == "application/json":
            assert untold.data == told.data


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_every_refusal_has_a_rule_in_both_languages_and_a_page(row: dict[str, Any]) -> None:
    assert re.search("[ぁ-んァ-ヶ一-龠]", row["rule_ja"])
    assert row["meaning"].isascii() or "…" in row["meaning"]
    assert re.fullmatch(r"[A-Za-z-]+\.md#[a-z0-9-]+", row["page"])


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "nothing"),
        ("", "nothing"),
        (True, "a boolean"),
        (12.5, "a number of 4 characters"),
        ([1, 2], "a list of 2"),
        ({}, "an object"),
        ("ｱ1aA　か カ\n漢Ａ€", "a text of 12 characters: "),
    ],
)
def test_a_shape_tells_length_and_kinds_only(value: Any, shape: str) -> None:
    told = shape_of(value)

    assert told.startswith(shape)
    assert told.isascii()

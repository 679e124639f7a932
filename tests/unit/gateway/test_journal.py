"""The journal: what it keeps, what it masks, how it is bounded."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mock_gmo.journal import BODY_BYTES_MAX, Entry, Filter, Journal, mask_body, mask_query
from tests.unit.gateway.calling import CLIENT_SECRET, TOKEN_URL, make_caller, make_order, token_form

ENTRY = Entry(
    at=datetime(2026, 4, 1, tzinfo=UTC), client_id="c", method="GET", path="/p", query="", headers={}, request_body=b"",
    status=200, reply_body=b"", refusal_id=None, check=None, apply_no=None, fault=None, duration_ms=0.1,
)  # fmt: skip


def test_no_secret_of_a_whole_token_flow_is_kept() -> None:
    caller = make_caller()
    tokens = caller.new_token()
    caller.token = tokens["access_token"]
    caller.get("/accounts")
    caller.client.post(TOKEN_URL, data=token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
    caller.client.post(TOKEN_URL, data=token_form(code="aCodeOfSomebody"), headers={"Authorization": "Basic c2VjcmV0"})
    caller.get("/accounts?access_token=leakedByMistake&code=abcde")

    kept = caller.control("GET", "/journal?limit=100").text

    for secret in (
        tokens["access_token"], tokens["refresh_token"], CLIENT_SECRET, "aCodeOfSomebody", "c2VjcmV0",
        "leakedByMistake", "abcde",
    ):  # fmt: skip
        assert secret not in kept
    assert kept.count("[masked]") >= 8


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"accountId":"1"}', b'{"accountId":"1"}'),
        (b'{"errorCode":"X"}', b'{"errorCode":"X"}'),
        (b'{"a":[{"password":"p"}]}', b'{"a":[{"password":"[masked]"}]}'),
        (b'{"Access_Token":"p"}', b'{"Access_Token":"[masked]"}'),
        (b'{"acc\\u0065ss_token":"p"}', b'{"access_token":"[masked]"}'),
    ],
)
def test_members_that_name_a_secret_are_masked_at_every_depth(body: bytes, kept: bytes) -> None:
    assert mask_body(body, is_form=False) == kept


def test_an_unreadable_body_that_names_a_secret_is_not_kept() -> None:
    assert b"hush" not in mask_body(b'{"password":"hush"', is_form=False)


def test_queries_and_forms_are_masked_by_name() -> None:
    assert mask_query("code=abc&state=s&x=1") == "code=[masked]&state=[masked]&x=1"
    assert mask_body(b"client_secret=s&grant_type=g", is_form=True) == b"client_secret=[masked]&grant_type=g"


def test_the_journal_is_bounded_in_number_and_in_bytes() -> None:
    few, light = Journal(entries_max=3), Journal(bytes_max=5_000)
    for number in range(10):
        few.write(replace(ENTRY, path=f"/{number}"))
        light.write(replace(ENTRY, path=f"/{number}", reply_body=b"x" * 1_000))

    assert [entry.path for entry in few.find(Filter())] == ["/7", "/8", "/9"]
    assert [entry.path for entry in light.find(Filter())] == ["/8", "/9"]
    assert len(mask_body(b"x" * (BODY_BYTES_MAX + 1), is_form=False)) <= BODY_BYTES_MAX + len(" [cut]")


def test_entries_are_found_by_client_path_status_and_apply_number() -> None:
    caller = make_caller()
    apply_no = caller.post("/transfer/request", make_order()).json["applyNo"]
    caller.post("/transfer/request", {})

    by_number = caller.control("GET", f"/journal?apply_no={apply_no}").json["entries"]
    refused = caller.control("GET", "/journal?path=/transfer/&status=400").json["entries"]

    assert [entry["reply_body"]["applyNo"] for entry in by_number] == [apply_no]
    assert [(entry["check"], entry["refusal_id"]) for entry in refused] == [("fields", "field_missing")]
    assert json.loads(json.dumps(refused[0]["request_body"])) == {}
    assert caller.control("GET", "/journal?client_id=nobody").json == {"entries": []}

"""JUnit and HAR as other tools read them."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import jsonschema_rs

from mock_gmo.reports.exchanges import Exchange, without_secrets
from mock_gmo.reports.har import write_har
from mock_gmo.reports.junit import Checked, Suite, write_junit

TEXT = {"type": "string"}
NUMBER = {"type": "number"}
PAIRS = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "value"], "properties": {"name": TEXT, "value": TEXT}},
}


def _object(**members: object) -> dict[str, object]:
    return {"type": "object", "required": list(members), "properties": members}


# HAR 1.2: what has to be there, and of which type.
HAR = _object(
    log=_object(
        version={"const": "1.2"},
        creator=_object(name=TEXT, version=TEXT),
        entries={
            "type": "array",
            "items": _object(
                startedDateTime={"type": "string", "format": "date-time"},
                time={"type": "number", "minimum": 0},
                request=_object(
                    method=TEXT, url={"type": "string", "format": "uri"}, httpVersion=TEXT, cookies=PAIRS,
                    headers=PAIRS, queryString=PAIRS, headersSize=NUMBER, bodySize=NUMBER,
                ),
                response=_object(
                    status={"type": "integer"}, statusText=TEXT, httpVersion=TEXT, cookies=PAIRS, headers=PAIRS,
                    content=_object(size=NUMBER, mimeType=TEXT), redirectURL=TEXT, headersSize=NUMBER, bodySize=NUMBER,
                ),
                cache={"type": "object"},
                timings=_object(send=NUMBER, wait=NUMBER, receive=NUMBER),
            ),
        },
    )
)  # fmt: skip


def make_exchange(**changed: object) -> Exchange:
    given = {
        "at": datetime(2026, 4, 1, 3, tzinfo=UTC),
        "method": "POST",
        "url": "https://bank.example/ganb/api/auth/v1/token?code=topSecret&accountId=101010012345",
        "request_headers": (("X-Access-Token", "topSecret"), ("Content-Type", "application/json")),
        "request_body": b'{"client_secret":"topSecret","accountNumber":"7654321"}',
        "status": 200,
        "reply_headers": (("Content-Type", "application/json"), ("Set-Cookie", "topSecret")),
        "reply_body": b'{"access_token":"topSecret","errorCode":"WG_ERR_110","balance":"1200000"}',
        "seconds": 0.25,
    }
    return Exchange(**{**given, **changed})  # type: ignore[arg-type]


def test_har_has_the_form_that_browsers_read_and_no_secret() -> None:
    exchanges = [make_exchange(), make_exchange(method="GET", request_body=None, status=None, reply_body=b"")]

    har = write_har([without_secrets(it, keeps_values=True) for it in exchanges], version="1")

    jsonschema_rs.Draft202012Validator(HAR, validate_formats=True).validate(json.loads(har))
    assert b"topSecret" not in har
    assert b"1200000" in har


def test_values_of_customers_become_shapes_and_codes_stay() -> None:
    har = write_har([without_secrets(make_exchange(), keeps_values=False)], version="1").decode()

    assert not any(value in har for value in ("topSecret", "101010012345", "7654321", "1200000"))
    assert "WG_ERR_110" in har


def test_bodies_that_are_no_json_are_left_out_where_values_are() -> None:
    shown = without_secrets(make_exchange(reply_body=b"<html>1200000</html>"), keeps_values=False)

    assert shown.reply_body == b"[20 bytes that are no JSON]"


def test_junit_counts_what_failed_and_holds_any_text() -> None:
    suite = Suite(
        "getAccounts",
        (
            Checked("getAccounts", "fine", 0.5),
            Checked("getAccounts", "<bad> & \x00", 0.25, failures=("first", "second \ud800")),
            Checked("getAccounts", "left out", 0.0, skipped="not open"),
        ),
    )

    root = ET.fromstring(write_junit([suite]))  # noqa: S314  (our own text)

    told = root.find("testsuite")
    assert told is not None
    assert {name: told.get(name) for name in ("tests", "failures", "skipped", "time")} == {
        "tests": "3", "failures": "1", "skipped": "1", "time": "0.750",
    }  # fmt: skip
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "first"
    assert [case.get("name") for case in root.iter("testcase")] == ["fine", "<bad> & \ufffd", "left out"]

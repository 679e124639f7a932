"""Whatever bytes arrive at an operation, its contract declares the answer, and no refusal changes a thing."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_gmo.contract import Operation, read_operations
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.gateway.calling import ACCOUNT_ID, Caller, make_caller, make_line, make_order, token_form
from tests.unit.gateway.persons import PERSONAL, make_sole_proprietor

OPERATIONS = {operation.operation_id: operation for operation in read_operations("auth", "corporation", "personal")}
BANKS = {profile: make_caller(profile=profile) for profile in ("bank", "strict")}
PERSON = make_sole_proprietor(profile="strict")
# The personal API goes through the same readers; what is its own are fields, which no profile reads otherwise.
CALLS = [
    (profile, operation_id)
    for operation_id, operation in OPERATIONS.items()
    for profile in BANKS
    if profile == "strict" or not operation.path.startswith(PERSONAL)
]
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
FUZZ = settings(max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=QUIET)

ORDER = json.dumps(make_order(), ensure_ascii=False)
NASTY = {
    "nothing": b"",
    "spaces": b"  \n",
    "NUL": b"\x00",
    "NUL in a text": b'{"accountId":"\\u0000"}',
    "no object": b"[]",
    "half an object": ORDER.encode()[:-1],
    "something behind it": ORDER.encode() + b"x",
    "deep and open": b"[" * 100_000,
    "deep and closed": b"[" * 400 + b"]" * 400,
    "deep with a secret's name": b'{"token":1,"a":' * 480 + b"1" + b"}" * 480,
    "deep in a member": b'{"accountId":' + b'{"a":' * 20 + b"1" + b"}" * 21,
    "no number": b'{"accountId":NaN}',
    "a number without end": b'{"accountId":1e999}',
    "a number too long to read": b'{"totalCount":' + b"9" * 5_000 + b"}",
    "half a surrogate pair": b'{"accountId":"\\ud800"}',
    "half a surrogate pair in a name": b'{"\\ud800":1,"token":"x"}',
    "a member twice": ORDER.encode()[:-1] + f',"accountId":"{ACCOUNT_ID}"}}'.encode(),
    "no UTF-8": b'{"accountId":"\xff"}',
    "UTF-16": ORDER.encode("utf-16"),
    "Shift JIS": ORDER.encode("cp932"),
    "a byte order mark": b"\xef\xbb\xbf" + ORDER.encode(),
    "too much": b'{"a":"' + b"x" * 1_100_000 + b'"}',
    "lines that are none": json.dumps(make_order(transfers=[None, 1, "", []])).encode(),
    "too many lines": json.dumps(make_order(transfers=[make_line(itemId=n) for n in range(1, 101)])).encode(),
    "a form with too many fields": b"a=1&" * 200,
    "a form that is no ASCII": "grant_type=更新".encode(),
    "a form with a broken escape": b"grant_type=%ff%zz&client_id=%00",
}
CONTENT_TYPES = (
    "application/json", "application/json;charset=UTF-8", "application/json; charset=shift_jis", "text/plain", "",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json;;;",
)  # fmt: skip
QUERY_NAMES = (
    *sorted({field.name for operation in OPERATIONS.values() for field in operation.query}),
    "a",
    "",
    "\x00",
    "%ff",
)
QUERY_VALUES = ("", "1", "2", ACCOUNT_ID, "9999-12-31", "1000-01-01", "2026-02-30", "%00", "%ff", "%ED%A0%80", "0" * 24)

raw_bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(sorted(NASTY)).map(NASTY.__getitem__),
    st.tuples(st.integers(0, len(ORDER.encode())), st.binary(max_size=3), st.integers(0, 8)).map(
        lambda cut: ORDER.encode()[: cut[0]] + cut[1] + ORDER.encode()[cut[0] + cut[2] :]
    ),
)
raw_queries = st.lists(
    st.tuples(st.sampled_from(QUERY_NAMES), st.sampled_from(QUERY_VALUES) | st.text(max_size=5))
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))


def call(
    bank: Caller, operation: Operation, *, body: bytes, framing: dict[str, Any], called: str = "", **given: Any
) -> None:
    """Make a call; check status, shape and, when it was refused, that bank and token are as before.

    A call that did something is undone: every one comes to a bank in its first state. What fails says what it is
    `called`.
    """
    before = fingerprint(bank.world.bank)
    reply = bank.call(operation.method, operation.path, input_stream=BytesIO(body), environ_overrides=framing, **given)
    told = reply.json if reply.is_json else None

    assert reply.status_code in operation.replies, called
    assert reply.status_code < 500, f"{called}: {reply.text}"
    assert operation.reply_is_lawful(reply.status_code, told), called
    if reply.status_code >= 400:
        assert fingerprint(bank.world.bank) == before, called
        if operation.scope_family is not None:
            assert told is not None, called
            assert told.keys() <= {"errorCode", "errorMessage", "errorDetails", "transferErrorDetails"}, called
    elif operation.method == "POST":
        begin_anew(bank)
    assert bank.get("/accounts").status_code == 200, called
    assert bank.control("GET", "/journal?limit=2").status_code == 200, called


def begin_anew(bank: Caller) -> None:
    """Put the bank into its first state, with a token that opens it."""
    assert bank.control("POST", "/reset").status_code == 200
    bank.no_limit()
    bank.token = bank.new_token()["access_token"]


def bank_for(profile: str, operation: Operation) -> Caller:
    """Return the bank whose customer the operation is for."""
    return PERSON if operation.path.startswith(PERSONAL) else BANKS[profile]


def length_of(body: bytes) -> dict[str, Any]:
    return {"CONTENT_LENGTH": str(len(body))}


FRAMINGS = (
    {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
    {"CONTENT_LENGTH": ""},
    {"CONTENT_LENGTH": "0"},
    {"CONTENT_LENGTH": "-1"},
    {"CONTENT_LENGTH": "1e3"},
    {"CONTENT_LENGTH": "٣"},
    {"CONTENT_LENGTH": "99999999999999999999"},
)


@pytest.mark.parametrize(("profile", "operation_id"), CALLS)
def test_no_nasty_body_does_harm(profile: str, operation_id: str) -> None:
    operation = OPERATIONS[operation_id]

    for name, body in NASTY.items():
        call(
            bank_for(profile, operation),
            operation,
            body=body,
            framing=length_of(body),
            content_type=operation.body_kind or "application/json",
            called=name,
        )


@pytest.mark.parametrize(("profile", "operation_id"), CALLS)
def test_no_framing_of_a_good_body_does_harm(profile: str, operation_id: str) -> None:
    operation = OPERATIONS[operation_id]

    for framing in FRAMINGS:
        call(
            bank_for(profile, operation),
            operation,
            body=ORDER.encode(),
            framing=framing,
            content_type=operation.body_kind or "",
            called=str(framing),
        )


@pytest.mark.parametrize(("profile", "operation_id"), CALLS)
@FUZZ
@given(body=raw_bodies, content_type=st.sampled_from(CONTENT_TYPES), query=raw_queries)
def test_no_bytes_do_harm(profile: str, operation_id: str, body: bytes, content_type: str, query: str) -> None:
    framing = length_of(body) | {"QUERY_STRING": query.encode().decode("latin-1")}
    operation = OPERATIONS[operation_id]

    call(bank_for(profile, operation), operation, body=body, framing=framing, content_type=content_type)


@pytest.mark.parametrize("name", ["x-access-token", "Accept", "Content-Type", "Idempotency-Key", "Authorization"])
@FUZZ
@given(value=st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\0"), max_size=200))
def test_no_header_does_harm(name: str, value: str) -> None:
    bank = BANKS["strict"]
    before = fingerprint(bank.world.bank)

    reply = bank.post("/transfer/request", make_order(), headers={name: value})

    assert OPERATIONS["requestTransfer"].reply_is_lawful(reply.status_code, reply.json)
    assert reply.status_code < 500
    assert reply.status_code == 201 or fingerprint(bank.world.bank) == before
    begin_anew(bank)


@FUZZ
@given(
    changed=st.dictionaries(
        st.sampled_from(["grant_type", "code", "redirect_uri", "client_id", "client_secret", "refresh_token", "scope"]),
        st.text(max_size=140),
    ),
    authorization=st.none() | st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=60),
)
def test_no_token_request_does_harm(changed: dict[str, str], authorization: str | None) -> None:
    bank = BANKS["strict"]

    reply = bank.client.post(
        OPERATIONS["issueToken"].path,
        data=token_form(**changed),
        headers={"Authorization": authorization} if authorization is not None else {},
    )

    assert reply.status_code in (400, 401)
    assert OPERATIONS["issueToken"].reply_is_lawful(reply.status_code, reply.json)
    assert bank.get("/accounts").status_code == 200

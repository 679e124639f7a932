"""Every request that we send is one that the bank's documents describe."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from integrator.bank_client.oauth import authorization_url
from integrator.bank_client.statements import StatementQuery
from integrator.bank_client.wire import cancel_body, transfer_body
from integrator.domain.outcome import Attempt
from integrator.secret import Secret
from tests.bank_contract import Document
from tests.unit.integrator_bank_client.bench import (
    ACCESS,
    ACCOUNT_ID,
    APPLY_NO,
    BASE_URL,
    CLIENT,
    TODAY,
    TOKEN,
    Bench,
    make_body,
    make_line,
)

KEY = "nk-7Q2M5X8R1T4W9Z3B6D0F"
LINES = tuple(make_line(item_id=number, mark=f"R{number:019d}") for number in range(1, 100))


@dataclass(frozen=True)
class Case:
    operation: str
    send: Callable[[Bench], object]
    document: str = "corporation"


def _order(body: bytes, attempt: Attempt = Attempt.FIRST) -> Callable[[Bench], object]:
    return lambda bench: bench.bank.request_transfer(ACCESS, body, key=KEY, attempt=attempt)


CASES = [
    Case("getAccounts", lambda bench: bench.bank.accounts(ACCESS)),
    Case("getBalances", lambda bench: bench.bank.balances(ACCESS)),
    Case("getBalances", lambda bench: bench.bank.balances(ACCESS, ACCOUNT_ID)),
    Case("getTransactions", lambda bench: bench.bank.transactions(ACCESS, StatementQuery(ACCOUNT_ID, TODAY, TODAY))),
    Case(
        "getTransactions",
        lambda bench: bench.bank.transactions(ACCESS, StatementQuery(ACCOUNT_ID, TODAY, TODAY, "2026040109052011")),
    ),
    Case("getTransferStatus", lambda bench: bench.bank.find_transfer(ACCESS, ACCOUNT_ID, APPLY_NO)),
    Case(
        "getTransferStatus",
        lambda bench: bench.bank.list_transfers(ACCESS, ACCOUNT_ID, date_from=TODAY, date_to=TODAY),
    ),
    Case(
        "getTransferStatus",
        lambda bench: bench.bank.list_transfers(
            ACCESS, ACCOUNT_ID, date_from=TODAY, date_to=TODAY, next_item_key="1234567890"
        ),
    ),
    Case(
        "getTransferStatus",
        lambda bench: bench.bank.list_transfers(
            ACCESS, ACCOUNT_ID, date_from=TODAY, date_to=TODAY, statuses=("22", "25")
        ),
    ),
    Case("getTransferRequestResult", lambda bench: bench.bank.request_result(ACCESS, ACCOUNT_ID, APPLY_NO)),
    Case("calculateTransferFee", lambda bench: bench.bank.fee(ACCESS, make_body())),
    Case("requestTransfer", _order(make_body())),
    Case("requestTransfer", _order(make_body(), Attempt.REPEAT)),
    Case("requestTransfer", _order(make_body(remitter_name="ﾐﾎﾝｼﾖｳｼﾞ(ｶ"))),
    Case("requestTransfer", _order(make_body(*LINES))),
    Case("cancelTransfer", lambda bench: bench.bank.cancel_transfer(ACCESS, ACCOUNT_ID, APPLY_NO, "1")),
    Case("cancelTransfer", lambda bench: bench.bank.cancel_transfer(ACCESS, ACCOUNT_ID, APPLY_NO, "2")),
    Case(
        "issueToken",
        lambda bench: bench.oauth.exchange_code(
            CLIENT, Secret("c0De+/&=% Example"), redirect_uri="http://127.0.0.1:8320/refresh_token/shop-0001"
        ),
        document="auth",
    ),
    Case("issueToken", lambda bench: bench.oauth.refresh(CLIENT, Secret("refreshExample")), document="auth"),
]


# What the bank offers and the integrator has no use for.
NOT_CALLED = {
    "getDepositTransactions",
    "getVisaTransactions",
    "getBulkTransferStatus",
    "getBulkTransferRequestResult",
    "calculateBulkTransferFee",
    "requestBulkTransfer",
    "cancelBulkTransfer",
    "listVirtualAccounts",
    "getVirtualAccountDeposits",
    "issueVirtualAccounts",
    "changeVirtualAccountStatus",
    "closeVirtualAccountContract",
    # It acts for corporations only.
    *(
        operation["operationId"]
        for methods in Document("personal").document["paths"].values()
        for operation in methods.values()
    ),
    "getUserInfo",
    "subscribe",
    "getUnsentVaDeposits",
    "getSubscribeStatus",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
def test_a_request_is_one_that_the_document_describes(case: Case) -> None:
    bench = Bench(httpx.Response(503))

    case.send(bench)

    assert len(bench.requests) == 1
    assert Document(case.document).check_request(bench.requests[0]) == case.operation


def test_every_operation_of_the_documents_is_covered_or_not_called_on_purpose() -> None:
    ours = {case.operation for case in CASES} | {"authorize"}
    theirs = {
        operation["operationId"]
        for name in ("corporation", "personal", "auth", "webhooks")
        for methods in Document(name).document["paths"].values()
        for operation in methods.values()
    }

    assert ours.isdisjoint(NOT_CALLED)
    assert ours | NOT_CALLED == theirs


def test_the_authorization_url_is_one_that_the_document_describes() -> None:
    redirect_uri = "http://127.0.0.1:8320/refresh_token/shop-0001"
    url = authorization_url(BASE_URL, client_id="client-a", redirect_uri=redirect_uri, state="ab" * 32)

    assert Document("auth").check_request(httpx.Request("GET", url)) == "authorize"
    assert "scope=private%3Aaccount%20private%3Atransfer%20offline_access" in urlsplit(url).query


def test_an_order_is_the_same_bytes_every_time() -> None:
    expected = (
        '{"accountId":"101010012345","transferDesignatedDate":"2026-04-01","transferDateHolidayCode":"1",'
        '"totalCount":"1","totalAmount":"10000","transfers":[{"itemId":"1","transferAmount":"10000",'
        '"ediInfo":"RA1B2C3D4E5F6G7H8I9J","beneficiaryBankCode":"0398","beneficiaryBranchCode":"111",'
        '"accountTypeCode":"1","accountNumber":"7654321","beneficiaryName":"ｻﾝﾌﾟﾙ ﾊﾅｺ"}]}'
    ).encode()

    assert make_body() == expected


def test_the_body_goes_out_as_it_was_frozen_with_its_key_and_token() -> None:
    bench = Bench(httpx.Response(503))
    body = make_body()

    bench.bank.request_transfer(ACCESS, body, key=KEY, attempt=Attempt.FIRST)

    request = bench.requests[0]
    assert request.content == body
    assert request.headers["idempotency-key"] == KEY
    assert request.headers["x-access-token"] == TOKEN
    assert request.headers["content-type"] == "application/json;charset=UTF-8"


def test_a_cancel_carries_no_duplicate_key() -> None:
    bench = Bench(httpx.Response(503))

    bench.bank.cancel_transfer(ACCESS, ACCOUNT_ID, APPLY_NO, "2")

    assert "idempotency-key" not in bench.requests[0].headers
    assert bench.requests[0].content == cancel_body(ACCOUNT_ID, APPLY_NO, "2")


def test_the_secret_of_a_client_travels_only_in_the_form() -> None:
    bench = Bench(httpx.Response(503))

    bench.oauth.refresh(CLIENT, Secret("refreshExample"))

    request = bench.requests[0]
    assert "authorization" not in request.headers
    assert str(request.url) == f"{BASE_URL}/ganb/api/auth/v1/token"


@pytest.mark.parametrize("item_ids", [(), (2,), (1, 3), (1, 1), tuple(range(1, 101))])
def test_an_order_whose_lines_do_not_count_from_one_is_a_bug(item_ids: tuple[int, ...]) -> None:
    with pytest.raises(AssertionError):
        transfer_body(ACCOUNT_ID, [make_line(item_id=number) for number in item_ids], designated_date=TODAY)


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "改行\n", "line\nend"])
def test_a_duplicate_key_that_no_header_can_carry_is_a_bug(key: str) -> None:
    with pytest.raises(AssertionError):
        Bench(httpx.Response(503)).bank.request_transfer(ACCESS, make_body(), key=key, attempt=Attempt.FIRST)

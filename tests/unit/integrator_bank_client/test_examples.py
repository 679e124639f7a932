"""What the bank's documents show as a success, we can read; what they show as a refusal, we take for one."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integrator.bank_client.oauth import TokenGrant, TokenRefused, TokenUnavailable
from integrator.bank_client.statements import AccountList, StatementPage, StatementQuery
from integrator.bank_client.wire import FeeQuote, Refused, RequestResult, StatusPage, Unavailable
from integrator.domain.outcome import Accepted, Attempt, InDoubt, NotCarriedOut, Rejected
from integrator.secret import Secret
from tests.unit.integrator_bank_client.bench import ACCESS, APPLY_NO, CLIENT, TODAY, Bench, make_body
from tests.unit.integrator_bank_client.contract import Document, example_files

Members = Mapping[str, Any]


def _order(bench: Bench, reply: Members) -> object:
    body = make_body().replace(b"101010012345", reply.get("accountId", "101010012345").encode())
    return bench.bank.request_transfer(ACCESS, body, key="nk-1", attempt=Attempt.FIRST)


SENDERS: dict[str, tuple[Callable[[Bench, Members], object], type]] = {
    "getAccounts": (lambda bench, _: bench.bank.accounts(ACCESS), AccountList),
    "getBalances": (lambda bench, _: bench.bank.balances(ACCESS), tuple),
    "getTransactions": (
        lambda bench, reply: bench.bank.transactions(
            ACCESS, StatementQuery(reply.get("accountId", "101010012345"), TODAY, TODAY)
        ),
        StatementPage,
    ),
    "getTransferStatus": (
        lambda bench, reply: (
            bench.bank.find_transfer(ACCESS, "101010012345", APPLY_NO)
            if reply.get("acceptanceKeyClass") == "1"
            else bench.bank.list_transfers(ACCESS, "101010012345", date_from=TODAY, date_to=TODAY)
        ),
        StatusPage,
    ),
    "getTransferRequestResult": (
        lambda bench, reply: bench.bank.request_result(ACCESS, "101010012345", reply.get("applyNo", APPLY_NO)),
        RequestResult,
    ),
    "calculateTransferFee": (lambda bench, _: bench.bank.fee(ACCESS, make_body()), FeeQuote),
    "requestTransfer": (_order, Accepted),
    "cancelTransfer": (
        lambda bench, reply: bench.bank.cancel_transfer(
            ACCESS, reply.get("accountId", "101010012345"), reply.get("applyNo", APPLY_NO), "2"
        ),
        Accepted,
    ),
    "issueToken": (lambda bench, _: bench.oauth.refresh(CLIENT, Secret("refreshExample")), TokenGrant),
}
FILES = [(name, example) for name, example in example_files() if example["operation"] in SENDERS]
INLINE = [case for document in ("corporation", "auth") for case in Document(document).successes() if case[0] in SENDERS]
REFUSALS = (Refused, Unavailable, Rejected, NotCarriedOut, InDoubt, TokenRefused, TokenUnavailable)


@pytest.mark.parametrize(("operation", "name", "body"), INLINE, ids=[f"{case[0]}.{case[1]}" for case in INLINE])
def test_a_success_that_stands_in_the_document_is_read(operation: str, name: str, body: Members) -> None:
    send, kind = SENDERS[operation]
    status = 201 if operation in {"requestTransfer", "cancelTransfer"} else 200

    assert isinstance(send(Bench(httpx.Response(status, json=body)), body), kind)


@pytest.mark.parametrize(("name", "example"), FILES, ids=[name for name, _ in FILES])
def test_an_example_is_taken_for_what_it_is(name: str, example: dict[str, Any]) -> None:
    send, kind = SENDERS[example["operation"]]
    reply = example["reply"]

    ended = send(Bench(httpx.Response(reply["status"], json=reply["body"])), reply["body"])

    assert isinstance(ended, kind if reply["status"] < 300 else REFUSALS)


def test_every_operation_has_a_success_to_read_in_both_places() -> None:
    assert {operation for operation, _, _ in INLINE} == set(SENDERS)
    assert {example["operation"] for _, example in FILES if example["reply"]["status"] < 300} == set(SENDERS)


def test_the_documented_status_reply_says_what_it_says() -> None:
    line = {
        "transferStatus": "20",
        "transferDetailFee": "143",
        "transferApplies": [{"applyNo": APPLY_NO, "transferApplyDetails": []}],
        "transferAccepts": [{"acceptNo": "2026040100000002", "acceptDatetime": "2026-04-01T09:31:07+09:00"}],
        "transferResponses": [
            {
                "accountId": "101010012345",
                "transferDesignatedDate": "2026-04-01",
                "transferInfos": [
                    {
                        "transferAmount": "10000",
                        "ediInfo": "RA1B2C3D4E5F6G7H8I9J",
                        "beneficiaryBankCode": "0398",
                        "beneficiaryBranchCode": "111",
                        "accountTypeCode": "1",
                        "accountNumber": "7654321",
                        "beneficiaryName": "ｻﾝﾌﾟﾙ ﾊﾅｺ",
                        "transferDetailResponses": [{"isFeeFreeUsed": False, "transferFee": "129"}],
                        "unableDetailInfos": [{"transferDetailStatus": "1", "refundStatus": "2", "isRepayment": True}],
                    }
                ],
            }
        ],
    }
    reply = {"acceptanceKeyClass": "1", "count": "1", "transferDetails": [line]}
    page = Bench(httpx.Response(200, json=reply)).bank.find_transfer(ACCESS, "101010012345", APPLY_NO)

    assert isinstance(page, StatusPage)
    seen = page.lines[0]
    assert (seen.apply_no, seen.accept_no, seen.status) == (APPLY_NO, "2026040100000002", "20")
    assert (seen.mark, seen.amount_yen, seen.fee_yen) == ("RA1B2C3D4E5F6G7H8I9J", 10_000, 129)
    assert (seen.refund_status, seen.is_repayment, seen.designated_date) == ("2", True, TODAY)
    assert (seen.bank_code, seen.branch_code, seen.account_type) == ("0398", "111", "1")
    assert (seen.account_number, seen.name_kana) == ("7654321", "ｻﾝﾌﾟﾙ ﾊﾅｺ")


def test_a_balance_speaks_of_an_instant_in_utc() -> None:
    body = next(body for operation, _, body in INLINE if operation == "getAccounts")
    accounts = Bench(httpx.Response(200, json=body)).bank.accounts(ACCESS)

    assert isinstance(accounts, AccountList)
    assert accounts.as_of == datetime(2026, 4, 1, 1, tzinfo=UTC)

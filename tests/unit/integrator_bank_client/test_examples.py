"""What the bank's documents show as a success, we can read; what they show as a refusal, we take for one."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integrator.bank_client import api
from integrator.bank_client.oauth import TokenGrant, TokenRefused, TokenUnavailable
from integrator.bank_client.statements import AccountList, StatementPage, StatementQuery
from integrator.bank_client.wire import FeeQuote, Refused, RequestResult, StatusPage, Unavailable
from integrator.domain.outcome import Accepted, Attempt, InDoubt, NotCarriedOut, Rejected
from integrator.secret import Secret
from tests.bank_contract import Document, example_files
from tests.unit.integrator_bank_client.bench import ACCESS, APPLY_NO, CLIENT, TODAY, Bench, make_body

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

# Every example of an operation that we call, and what it is for us: the type, and the words that decide what follows.
READ_AS = {
    "calculateTransferFee.branchUnknown": "Refused 220011 MOCK006 line 2: MOCK006",
    "calculateTransferFee.itemIdsWithGap": "Refused WG_ERR_110",
    "calculateTransferFee.oneLineWithoutItemId": "FeeQuote 143 yen, 1 lines",
    "calculateTransferFee.totalsDiffer": "Refused 220011 MOCK004",
    "calculateTransferFee.twoLines": "FeeQuote 143 yen, 2 lines",
    "cancelTransfer.alreadyExecuted": "Rejected 220011",
    "cancelTransfer.applyNoUnknown": "Rejected 220011",
    "cancelTransfer.classOfBulk": "Rejected 220011",
    "cancelTransfer.complete": "Accepted 1",
    "cancelTransfer.waiting": "Accepted 2",
    "getAccounts.addressNotAllowed": "Refused MOCK403",
    "getAccounts.otherKinds": "AccountList 11 51 81",
    "getAccounts.scopeMissing": "Refused MOCK403",
    "getAccounts.tokenExpired": "Refused WG_ERR_105",
    "getAccounts.twoAccounts": "AccountList 01 02",
    "getBalances.accountIdTooShort": "Refused WG_ERR_110",
    "getBalances.accountOfSomebodyElse": "Refused 220011",
    "getBalances.everyAccount": "tuple 01 JPY 02 JPY",
    "getBalances.foreignCurrency": "tuple 51 USD",
    "getBalances.oneAccount": "tuple 01 JPY",
    "getTransactions.accountIdMissing": "Refused WG_ERR_110",
    "getTransactions.dayThatDoesNotExist": "Refused WG_ERR_110",
    "getTransactions.emptyParameters": "StatementPage 0 lines",
    "getTransactions.lastPage": "StatementPage 1 lines",
    "getTransactions.nextItemKeyUnknown": "Refused 220011",
    "getTransactions.periodReversed": "Refused WG_ERR_110",
    "getTransactions.today": "StatementPage 2 lines",
    "getTransactions.tooManyRequests": "Unavailable limited",
    "getTransferRequestResult.applyNoTooShort": "Refused WG_ERR_110",
    "getTransferRequestResult.applyNoUnknown": "Refused 220011",
    "getTransferRequestResult.bulkApplication": "RequestResult 2",
    "getTransferRequestResult.complete": "RequestResult 1",
    "getTransferRequestResult.expired": "RequestResult 8",
    "getTransferRequestResult.waiting": "RequestResult 2",
    "getTransferStatus.applyNoInSearch": "Refused WG_ERR_110",
    "getTransferStatus.applyNoMissing": "Refused WG_ERR_110",
    "getTransferStatus.classWithoutBusinessId": "Refused WG_ERR_110",
    "getTransferStatus.notYetVisible": "StatusPage",
    "getTransferStatus.search": "StatusPage 2 and more",
    "getTransferStatus.settled": "StatusPage 20",
    "getTransferStatus.statesRunTogether": "Refused WG_ERR_110",
    "issueToken.addressNotAllowed": "TokenUnavailable refused",
    "issueToken.clientCredentials": "TokenRefused unsupported_grant_type",
    "issueToken.codeMissing": "TokenRefused invalid_request",
    "issueToken.codeUsedTwice": "TokenRefused invalid_grant",
    "issueToken.maintenance": "TokenUnavailable server_error",
    "issueToken.newToken": "TokenGrant for offline_access private:account private:transfer to be renewed",
    "issueToken.newTokenBasic": "TokenGrant for offline_access private:account private:transfer to be renewed",
    "issueToken.refresh": "TokenGrant for offline_access private:account private:transfer to be renewed",
    "issueToken.secretWrong": "TokenRefused invalid_client",
    "issueToken.withoutRefreshToken": "TokenGrant for private:account",
    "requestTransfer.accountOfSomebodyElse": "Rejected 220011",
    "requestTransfer.accountTypeThree": "Rejected WG_ERR_110",
    "requestTransfer.amountWithComma": "Rejected WG_ERR_110",
    "requestTransfer.batch": "Accepted 2",
    "requestTransfer.beneficiaryIsDebitedAccount": "Rejected 220011 MOCK008 line 1: MOCK008",
    "requestTransfer.complete": "Accepted 1",
    "requestTransfer.dateInPast": "Rejected 220011 032006",
    "requestTransfer.dateTooFar": "Rejected 220011 MOCK005",
    "requestTransfer.forbiddenCharacter": "Rejected 220011 MOCK007 line 1: MOCK007",
    "requestTransfer.insufficientFunds": "Rejected 220011 MOCK001",
    "requestTransfer.keyOfAnotherOrder": "Rejected 220011 MOCK009",
    "requestTransfer.limitExceeded": "Rejected 220011 MOCK002",
    "requestTransfer.maintenance": "InDoubt server_error",
    "requestTransfer.noAnswerFromTheCore": "InDoubt server_error",
    "requestTransfer.noLines": "Rejected WG_ERR_110",
    "requestTransfer.notABusinessDay": "Rejected 220011 MOCK003",
    "requestTransfer.nothing": "Rejected WG_ERR_110",
    "requestTransfer.numbersAndEmptyMembers": "Accepted 2",
    "requestTransfer.outsideHours": "Rejected 220011 032054",
    "requestTransfer.waiting": "Accepted 2",
}


def words_of(ended: object) -> str:
    """Return in a few words what a reply was taken for."""
    match ended:
        case Accepted() | RequestResult():
            told = ended.result_code
        case Rejected() | Refused():
            lines = [f"line {line.item_id}: {' '.join(line.detail_codes)}" for line in ended.lines]
            told = " ".join([ended.code or "", *ended.detail_codes, *lines])
        case InDoubt() | NotCarriedOut() | Unavailable() | TokenUnavailable():
            told = str(ended.fact.value)
        case TokenRefused():
            told = ended.error
        case TokenGrant():
            told = f"for {' '.join(ended.scopes)}{' to be renewed' if ended.refresh_token else ''}"
        case FeeQuote():
            told = f"{ended.total_fee_yen} yen, {len(ended.lines)} lines"
        case StatusPage():
            told = f"{' '.join(line.status or '-' for line in ended.lines)}{' and more' if ended.next_item_key else ''}"
        case StatementPage():
            told = f"{len(ended.lines)} lines{' and more' if ended.next_item_key else ''}"
        case AccountList():
            told = " ".join(account.account_type_code for account in ended.accounts)
        case tuple():
            told = " ".join(f"{balance.account_type_code} {balance.currency_code}" for balance in ended)
        case _:
            raise AssertionError(f"nobody reads a {type(ended).__name__}")
    return f"{type(ended).__name__} {told}".rstrip()


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

    assert isinstance(ended, kind) == (reply["status"] < 300)
    assert words_of(ended) == READ_AS[name]


def test_every_example_of_an_operation_that_we_call_is_in_the_table() -> None:
    called = {each.name for each in vars(api).values() if isinstance(each, api.Operation)}

    assert called | {"issueToken"} == set(SENDERS)
    assert [name for name, _ in FILES] == list(READ_AS)


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

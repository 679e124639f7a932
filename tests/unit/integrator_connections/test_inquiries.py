"""Inquiries through the worker: what the bank says reaches the web in our words, or why it does not."""

import json
from datetime import date
from typing import Any

import httpx
import pytest

import contracts
from integrator import inquiries, jobs
from integrator.domain.payout import Beneficiary
from integrator.inquiries import Question
from integrator.store.jobs import JobAnswer
from integrator.web.contract import Contract
from tests.unit.integrator_connections.worker_side import LOST_REPLY, WorkerSide, token_refused, tokens_reply

ACCOUNTS: dict[str, Any] = {
    "baseDate": "2026-04-01",
    "baseTime": "12:00:00+09:00",
    "accounts": [
        {
            "accountId": "101010012345",
            "branchCode": "101",
            "branchName": "法人営業部",
            "accountTypeCode": "01",
            "accountTypeName": "普通預金（有利息）",
            "accountNumber": "0012345",
            "primaryAccountCode": "1",
            "primaryAccountCodeName": "代表口座",
            "accountName": "見本商事株式会社",
            "accountNameKana": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ",
            "currencyCode": "JPY",
            "currencyName": "日本円",
            "transferLimitAmount": "5000000",
        }
    ],
}
BALANCES: dict[str, Any] = {
    "balances": [
        {
            "accountId": "101010012345",
            "accountTypeCode": "01",
            "accountTypeName": "普通預金（有利息）",
            "balance": "1200000",
            "baseDate": "2026-04-01",
            "baseTime": "12:00:00+09:00",
            "withdrawableAmount": "1150000",
            "previousDayBalance": "1180000",
            "previousMonthBalance": "-980000",
            "currencyCode": "JPY",
            "currencyName": "日本円",
        }
    ]
}
STATEMENT: dict[str, Any] = {
    "accountId": "101010012345",
    "currencyCode": "JPY",
    "currencyName": "日本円",
    "dateFrom": "2026-03-01",
    "dateTo": "2026-04-01",
    "baseDate": "2026-04-01",
    "baseTime": "12:00:00+09:00",
    "hasNext": True,
    "nextItemKey": "20260401093011004217",
    "count": "1",
    "transactions": [
        {
            "transactionDate": "2026-04-01",
            "valueDate": "2026-04-01",
            "transactionType": "2",
            "amount": "50000",
            "remarks": "振込 サンプル　ハナコ",
            "balance": "1200000",
            "itemKey": "20260401093011004217",
        }
    ],
}
FEE: dict[str, Any] = {
    "accountId": "101010012345",
    "baseDate": "2026-04-01",
    "baseTime": "12:00:00+09:00",
    "totalFee": "143",
    "transferFeeDetails": [{"itemId": "1", "transferFee": "143"}],
}
QUOTE = inquiries.quote(
    "mihon-001",
    Beneficiary(
        bank_code="0001",
        branch_code="001",
        account_type="1",
        account_number="1234567",
        name="ヤマダ　タロウ",
        name_kana="ﾔﾏﾀﾞ ﾀﾛｳ",
    ),
    amount_yen=50_000,
    day=date(2026, 4, 1),
)
PERIOD = (date(2026, 3, 1), date(2026, 4, 1))
TRANSACTIONS = inquiries.transactions("mihon-001", account_id="101010012345", period=PERIOD, cursor="123")


def ask(side: WorkerSide, question: Question) -> JobAnswer:
    """Put a question, let the worker do it, and return the answer."""
    job_id = jobs.put(side.db, question, at=side.clock.now(), new_text=side.new_text)
    assert side.do_job()
    answer = jobs.wait_for_answer(side.db, job_id, pause=lambda _seconds: None, seconds=0)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("question", "said", "schema", "path"),
    [
        (inquiries.accounts("mihon-001"), ACCOUNTS, "AccountList", "/ganb/api/corporation/v1/accounts"),
        (
            inquiries.balances("mihon-001", "101010012345"),
            BALANCES,
            "BalanceList",
            "/ganb/api/corporation/v1/accounts/balances?accountId=101010012345",
        ),
        (
            TRANSACTIONS,
            STATEMENT,
            "Statement",
            "/ganb/api/corporation/v1/accounts/transactions"
            "?accountId=101010012345&dateFrom=2026-03-01&dateTo=2026-04-01&nextItemKey=123",
        ),
        (QUOTE, FEE, "Quote", "/ganb/api/corporation/v1/transfer/transferfee"),
    ],
    ids=["accounts", "balances", "transactions", "quote"],
)
def test_an_answer_of_the_bank_becomes_what_the_contract_promises(
    side: WorkerSide, question: Question, said: dict[str, Any], schema: str, path: str
) -> None:
    access = side.connect()
    side.bank.will_say(httpx.Response(200, json=said))

    answer = ask(side, question)

    assert answer.is_done
    Contract(contracts.load("integrator")).check(schema, answer.result)
    request = side.bank.requests[0]
    assert request.url.raw_path.decode() == path
    assert request.headers["x-access-token"] == access.token.reveal()


def test_a_quote_sends_the_order_that_a_payout_would_send(side: WorkerSide) -> None:
    side.connect()
    side.bank.will_say(httpx.Response(200, json=FEE))

    answer = ask(side, QUOTE)

    assert answer.result == {
        "amount_yen": 50_000,
        "fee_yen": 143,
        "total_yen": 50_143,
        "beneficiary_name_kana": "ﾔﾏﾀﾞ ﾀﾛｳ",
        "designated_date": "2026-04-01",
    }
    sent = json.loads(side.bank.requests[0].content)
    assert sent["accountId"] == "101010012345"
    assert sent["transfers"][0]["transferAmount"] == "50000"
    assert sent["transfers"][0]["beneficiaryName"] == "ﾔﾏﾀﾞ ﾀﾛｳ"


def test_a_statement_line_says_its_direction_in_words(side: WorkerSide) -> None:
    side.connect()
    side.bank.will_say(httpx.Response(200, json=STATEMENT))

    answer = ask(side, TRANSACTIONS)

    assert answer.result["next_cursor"] == "20260401093011004217"
    assert answer.result["transactions"][0]["direction"] == "debit"
    assert answer.result["as_of"] == "2026-04-01T03:00:00.000000Z"


REFUSED = {
    "errorCode": "220011",
    "errorMessage": "エラーが発生しました。",
    "errorDetails": [{"errorDetailsCode": "032006"}],
}


@pytest.mark.parametrize(
    ("question", "said", "problem", "came"),
    [
        (QUOTE, httpx.Response(400, json=REFUSED), "bank-refused-order", "400 220011 032006"),
        (TRANSACTIONS, httpx.Response(400, json=REFUSED), "bank-refused", "400 220011 032006"),
        (QUOTE, httpx.Response(403, json=REFUSED), "bank-refused", "403 220011 032006"),
        (TRANSACTIONS, LOST_REPLY, "bank-unavailable", None),
        (TRANSACTIONS, httpx.Response(503, json=REFUSED), "bank-unavailable", None),
        (TRANSACTIONS, httpx.Response(429, json=REFUSED), "bank-unavailable", None),
        (TRANSACTIONS, httpx.Response(200, content=b"<html>"), "bank-unreadable", None),
    ],
    ids=["order refused", "inquiry refused", "not allowed", "reply lost", "maintenance", "limited", "unreadable"],
)
def test_an_inquiry_without_an_answer_says_why(
    side: WorkerSide, question: Question, said: httpx.Response | Exception, problem: str, came: str | None
) -> None:
    side.connect()
    side.bank.will_say(said, said, said)  # a limit is asked against three times, the rest once

    answer = ask(side, question)

    assert not answer.is_done
    assert answer.result["problem"] == problem
    assert answer.result.get("came") == came


def test_a_company_that_is_not_connected_is_told_so(side: WorkerSide) -> None:
    side.register()
    side.do_job()

    assert ask(side, TRANSACTIONS).result == {"problem": "not-connected"}


def test_a_connected_company_whose_token_cannot_be_had_now_is_told_to_wait(side: WorkerSide) -> None:
    side.connect()
    side.clock.advance(days=31)
    side.bank.will_say(LOST_REPLY)

    assert ask(side, TRANSACTIONS).result == {"problem": "bank-unavailable"}


def test_a_refused_token_is_renewed_once_and_the_question_asked_again(side: WorkerSide) -> None:
    side.connect()
    side.bank.will_say(token_refused(), tokens_reply(access="renewed"), httpx.Response(200, json=STATEMENT))

    assert ask(side, TRANSACTIONS).is_done
    assert [request.headers.get("x-access-token") for request in side.bank.requests][-1] == "renewed"


def test_a_renewed_token_that_is_refused_as_well_is_not_renewed_again(side: WorkerSide) -> None:
    side.connect()
    side.bank.will_say(token_refused(), tokens_reply(), token_refused())

    answer = ask(side, TRANSACTIONS)

    assert answer.result["problem"] == "bank-refused"
    assert len(side.bank.requests) == 3

"""Accounts, balances and the three statements on the wire: what each kind of account has, settings, any period."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_gmo.bank.rules import BankRules
from mock_gmo.contract import read_operations
from tests.unit.gateway.calling import ACCOUNT_ID, TODAY, Caller, make_caller

SIDE_ACCOUNT = "101020067890"
TIME_DEPOSIT, DOLLARS, SECURITIES = "101110100001", "101510500001", "101810800001"
OPERATIONS = {operation.operation_id: operation for operation in read_operations("corporation")}
STATEMENTS = {
    "getTransactions": ("/accounts/transactions", "transactions"),
    "getDepositTransactions": ("/accounts/deposit-transactions", "paymentArrivals"),
    "getVisaTransactions": ("/accounts/visa-transactions", "visaTransactions"),
}
OPENED_ON, NOON_DAY = "2019-04-01", date(2026, 4, 1)

# Which members an account of each kind has. Source: Corporation API, Account and Balance, column presence.
ALWAYS = {"accountId", "accountTypeCode", "accountTypeName", "currencyCode", "currencyName"}
ORDINARY_ACCOUNT = ALWAYS | {
    "branchCode", "branchName", "accountNumber", "primaryAccountCode", "primaryAccountCodeName", "accountName",
    "accountNameKana", "transferLimitAmount",
}  # fmt: skip
DATED = ALWAYS | {"baseDate", "baseTime"}
ORDINARY_BALANCE = DATED | {"balance", "withdrawableAmount", "previousDayBalance", "previousMonthBalance"}
FOREIGN_BALANCE = DATED | {"fcyTotalBalance", "ttb", "baseRateDate", "baseRateTime", "yenEquivalent"}
PRESENCE: dict[str, tuple[str, set[str], set[str]]] = {
    "01": (ACCOUNT_ID, ORDINARY_ACCOUNT, ORDINARY_BALANCE),
    "02": (SIDE_ACCOUNT, ORDINARY_ACCOUNT, ORDINARY_BALANCE),
    "11": (TIME_DEPOSIT, ALWAYS, DATED | {"balance"}),
    "51": (DOLLARS, ALWAYS, FOREIGN_BALANCE),
    "81": (SECURITIES, ALWAYS, DATED | {"balance"}),
}
VISA_IN_JAPAN = {"useDate", "useContent", "amount", "approvalNumber", "visaStatus"}
VISA_ABROAD = VISA_IN_JAPAN | {"localCurrencyAmount", "conversionRate", "currencyCode"}

BANK = make_caller(profile="strict")


def ask(caller: Caller, operation: str, account_id: str = ACCOUNT_ID, **asked: str) -> dict[str, Any]:
    query = "".join(f"&{name}={value}" for name, value in asked.items())
    reply = caller.get(f"{STATEMENTS[operation][0]}?accountId={account_id}{query}")
    assert reply.status_code == 200, reply.text
    assert OPERATIONS[operation].reply_is_lawful(200, reply.json)
    content: dict[str, Any] = reply.json
    return content


@pytest.mark.parametrize("type_code", PRESENCE)
def test_each_kind_of_account_has_its_members_and_no_others(type_code: str) -> None:
    account_id, account_members, balance_members = PRESENCE[type_code]

    accounts = {account["accountId"]: account for account in BANK.get("/accounts").json["accounts"]}
    (balance,) = BANK.get(f"/accounts/balances?accountId={account_id}").json["balances"]

    assert accounts[account_id].keys() == account_members
    assert accounts[account_id]["accountTypeCode"] == balance["accountTypeCode"] == type_code
    assert balance.keys() == balance_members
    assert balance in BANK.get("/accounts/balances").json["balances"]


def test_the_foreign_account_is_told_as_in_the_banks_sample() -> None:
    (balance,) = BANK.get(f"/accounts/balances?accountId={DOLLARS}").json["balances"]

    assert list(balance.values()) == [
        DOLLARS, "51", "外貨普通預金", TODAY, "12:00:00+09:00", "USD", "米ドル", "350.48", "110.5", TODAY,
        "10:00:00+09:00", "38728",
    ]  # fmt: skip


def test_every_kind_of_account_stands_in_the_table() -> None:
    accounts = BANK.get("/accounts").json["accounts"]

    assert [account["accountId"] for account in accounts] == [account_id for account_id, _, _ in PRESENCE.values()]
    assert [account["accountTypeCode"] for account in accounts] == list(PRESENCE)


@pytest.mark.parametrize("operation", STATEMENTS)
@pytest.mark.parametrize("account_id", [TIME_DEPOSIT, DOLLARS, SECURITIES, "9" * 12])
def test_statements_are_of_ordinary_yen_accounts_only(operation: str, account_id: str) -> None:
    reply = BANK.get(f"{STATEMENTS[operation][0]}?accountId={account_id}")

    assert (reply.status_code, reply.json["errorCode"]) == (400, "220011")


def test_the_scenarios_incoming_transfers_are_told_oldest_first_with_their_payers() -> None:
    arrivals = ask(BANK, "getDepositTransactions", dateTo=TODAY)["paymentArrivals"]

    assert [arrival["amount"] for arrival in arrivals] == ["300000", "450000", "73500"]
    assert {arrival["transactionType"] for arrival in arrivals} == {"1"}
    assert arrivals[1] == {
        "transactionDate": "2026-03-20", "valueDate": "2026-03-20", "transactionType": "1",
        "remarks": "振込 INV-0042 カリナシヨウカイ（カ", "amount": "450000", "applicantName": "ｶﾘﾅｼﾖｳｶｲ(ｶ",
        "paymentBankName": "ﾐｽﾞﾎ", "paymentBranchName": "ﾄｳｷﾖｳｴｲｷﾞﾖｳﾌﾞ", "ediInfo": "INV-0042",
        "itemKey": "20260320101509000000",
    }  # fmt: skip
    assert "paymentBranchName" not in arrivals[2]
    assert "ediInfo" not in arrivals[2]


def test_the_scenarios_card_is_told_newest_first_with_members_for_abroad() -> None:
    uses = ask(BANK, "getVisaTransactions", dateTo=TODAY)["visaTransactions"]

    assert [use["useDate"] for use in uses] == sorted((use["useDate"] for use in uses), reverse=True)
    assert [use["visaStatus"] for use in uses] == ["2", "2", "3", "1", "1", "1"]
    assert uses[0].keys() == VISA_IN_JAPAN
    assert uses[3].keys() == VISA_ABROAD | {"atmCommission"}
    assert uses[4] == {
        "useDate": "2026-03-11", "useContent": "EXAMPLE CLOUD HOSTING", "amount": "5593",
        "localCurrencyAmount": "35.5", "conversionRate": "157.550123", "approvalNumber": "220846", "visaStatus": "1",
        "currencyCode": "USD",
    }  # fmt: skip


def test_an_account_without_a_card_and_a_key_of_no_use_are_refused() -> None:
    for query in (f"accountId={SIDE_ACCOUNT}", f"accountId={ACCOUNT_ID}&nextItemKey=1"):
        reply = BANK.get(f"/accounts/visa-transactions?{query}")
        assert (reply.status_code, reply.json) == (
            400, {"errorCode": "220011", "errorMessage": "エラーが発生しました。"},
        )  # fmt: skip


def test_more_uses_than_the_bound_are_refused() -> None:
    caller = make_caller(bank_rules=BankRules(visa_items_max=5))
    path = f"/accounts/visa-transactions?accountId={ACCOUNT_ID}"

    assert caller.get(f"{path}&dateTo={TODAY}").status_code == 400
    assert caller.get(path).json["count"] == "1"


def test_the_visa_statement_can_be_turned_round() -> None:
    caller = make_caller(bank_rules=BankRules(visa_newest_first=False))

    uses = ask(caller, "getVisaTransactions", dateTo=TODAY)["visaTransactions"]
    assert uses == list(reversed(ask(BANK, "getVisaTransactions", dateTo=TODAY)["visaTransactions"]))


def test_one_sdks_spelling_is_added_where_a_setting_says_so() -> None:
    caller = make_caller(bank_rules=BankRules(paymant_spelling_added=True))

    first, _, last = ask(caller, "getDepositTransactions", dateTo=TODAY)["paymentArrivals"]

    assert (first["paymantBankName"], first["paymantBranchName"]) == ("ｱｵｿﾞﾗ", "ﾎﾝﾃﾝ")
    assert (last["paymantBankName"], "paymantBranchName" in last) == ("ﾕｳﾁﾖ", False)
    assert "paymant" not in str(ask(BANK, "getDepositTransactions", dateTo=TODAY))


@pytest.mark.parametrize("missing", ["dateFrom", "dateTo"])
@pytest.mark.parametrize("operation", ["getTransactions", "getDepositTransactions"])
def test_with_the_sandboxs_switch_each_date_is_needed(operation: str, missing: str) -> None:
    caller = make_caller(bank_rules=BankRules(statement_dates_required=True))
    given = {"dateFrom": TODAY, "dateTo": TODAY}
    ask(caller, operation, **given)
    del given[missing]

    query = "".join(f"&{name}={value}" for name, value in given.items())
    reply = caller.get(f"{STATEMENTS[operation][0]}?accountId={ACCOUNT_ID}{query}")

    assert (reply.status_code, reply.json["errorCode"]) == (405, "WG_ERR_019")
    ask(caller, "getVisaTransactions")


def test_a_second_page_repeats_everything_and_adds_the_key() -> None:
    caller = make_caller()
    for _ in range(501):
        caller.world.bank.outside.deposit(ACCOUNT_ID, amount_yen=1, remitter_name="ﾐﾎﾝ", at=caller.world.clock.now())

    first = ask(caller, "getDepositTransactions", dateFrom=TODAY)
    second = ask(caller, "getDepositTransactions", dateFrom=TODAY, nextItemKey=first["nextItemKey"])

    assert (first["hasNext"], first["count"], second["hasNext"], second["count"]) == (True, "500", False, "1")
    assert first["nextItemKey"] == first["paymentArrivals"][-1]["itemKey"] < second["paymentArrivals"][0]["itemKey"]
    assert "nextItemKey" not in second


days = st.none() | st.integers(-60, 10).map(lambda number: NOON_DAY + timedelta(days=number))


@pytest.mark.parametrize("operation", STATEMENTS)
@given(period=st.tuples(days, days).filter(lambda pair: None in pair or pair[0] <= pair[1]), empty=st.booleans())
@settings(max_examples=40, derandomize=True, deadline=None, database=None)
def test_every_period_is_answered_as_its_case_says(
    operation: str, period: tuple[date | None, date | None], empty: bool
) -> None:
    asked = {name: str(day) for name, day in zip(("dateFrom", "dateTo"), period, strict=True) if day is not None}
    extra = {name: "" for name in ("dateFrom", "dateTo", "nextItemKey") if empty and name not in asked}
    reply = ask(BANK, operation, **asked, **extra)

    first = asked.get("dateFrom", TODAY if not asked else OPENED_ON)
    last = asked.get("dateTo", TODAY)
    assert (reply["dateFrom"], reply["dateTo"]) == (first, last)
    items = reply[STATEMENTS[operation][1]]
    assert reply["count"] == str(len(items))
    all_days = [item.get("transactionDate", item.get("useDate")) for item in items]
    assert all(first <= day <= last for day in all_days)
    assert all_days == sorted(all_days, reverse=operation == "getVisaTransactions")

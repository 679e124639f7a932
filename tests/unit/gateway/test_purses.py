"""つかいわけ口座 on the wire: which lists they fill, what they tell, and the transfer between two of them."""

from typing import Any

import pytest

from mock_gmo.bank.rules import BankRules
from tests.unit.gateway.calling import API, TODAY
from tests.unit.gateway.persons import INDIVIDUAL_ACCOUNT_ID, individual, sole_proprietor

# Source: Personal API, 1 to 3 and 11.
PURSES = ["SP301010012345", "SP502011047569", "SP502011047570"]
CHILD = PURSES[1]
MOVE = {"depositSpAccountId": CHILD, "debitSpAccountId": PURSES[0], "currencyCode": "JPY", "paymentAmount": "5000"}


@pytest.mark.parametrize(
    ("account_id", "ordinary", "purses"),
    [(None, 4, PURSES), (CHILD, 0, [CHILD]), (PURSES[0], 0, [PURSES[0]]), (INDIVIDUAL_ACCOUNT_ID, 1, None)],
)
def test_a_question_about_balances_fills_its_lists(
    account_id: str | None, ordinary: int, purses: list[str] | None
) -> None:
    told = individual().get(f"/accounts/balances?accountId={account_id or ''}").json

    assert len(told["balances"]) == ordinary
    if purses is None:
        assert "spAccountBalances" not in told
    else:
        assert [balance["accountId"] for balance in told["spAccountBalances"]] == purses


def test_a_parent_has_no_place_and_a_child_has_one() -> None:
    parent, child, _ = individual().get("/accounts").json["spAccounts"]

    assert parent == {
        "accountId": PURSES[0], "spAccountTypeCode": "1", "spAccountTypeCodeName": "親口座", "spAccountName": "メイン",
    }  # fmt: skip
    assert child == {
        "accountId": CHILD, "spAccountTypeCode": "2", "spAccountTypeCodeName": "子口座", "spAccountName": "貯蓄用",
        "spAccountBranchCode": "502", "spAccountBranchName": "あじさい支店", "spAccountNumber": "1047569",
    }  # fmt: skip


def test_a_purse_tells_its_yen_its_time_deposits_and_its_foreign_money() -> None:
    (held,) = individual().get(f"/accounts/balances?accountId={CHILD}").json["spAccountBalances"]

    assert held == {
        "accountId": CHILD,
        "odBalance": "300000",
        "tdTotalBalance": "1000000",
        "fodTotalBalanceYenEquivalent": "11077",
        "spAccountFcyBalances": [
            {
                "currencyCode": "USD", "currencyName": "米ドル", "fcyTotalBalance": "100.25", "ttb": "110.5",
                "baseRateDate": TODAY, "baseRateTime": "10:00:00+09:00", "yenEquivalent": "11077",
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/accounts", "/accounts/balances"])
def test_who_has_no_purses_gets_no_list_of_them(path: str) -> None:
    assert not {"spAccounts", "spAccountBalances"} & sole_proprietor().get(path).json.keys()


@pytest.mark.parametrize("amount", ["5000", 5000])
def test_money_moves_between_purses_at_once(amount: str | int) -> None:
    caller = individual()

    reply = caller.post("/transfer/spaccounts-transfer", {**MOVE, "paymentAmount": amount})

    assert (reply.status_code, reply.json) == (200, {
        "acceptDatetime": f"{TODAY}T12:00:00+09:00",
        "depositSpAccountId": CHILD,
        "debitSpAccountId": PURSES[0],
        "currencyCode": "JPY",
        "currencyName": "日本円",
        "paymentAmount": "5000",
    })  # fmt: skip
    told = caller.get("/accounts/balances").json
    assert [balance["odBalance"] for balance in told["spAccountBalances"]] == ["645000", "305000", "50000"]
    assert told["balances"][0]["balance"] == "1000000"
    (line,) = caller.get(f"/accounts/transactions?accountId={CHILD}").json["transactions"]
    assert (line["transactionType"], line["amount"], line["balance"]) == ("1", "5000", "305000")
    assert "itemKey" not in line


def test_a_long_amount_is_taken_and_not_echoed() -> None:
    reply = individual().post("/transfer/spaccounts-transfer", {**MOVE, "paymentAmount": "00000005000"})

    assert reply.status_code == 200
    assert "paymentAmount" not in reply.json


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"debitSpAccountId": CHILD}, "220011", "エラーが発生しました。"),
        ({"debitSpAccountId": INDIVIDUAL_ACCOUNT_ID}, "220011", "エラーが発生しました。"),
        ({"depositSpAccountId": "SP999999999999"}, "220011", "エラーが発生しました。"),
        ({"paymentAmount": "650001"}, "220011", "エラーが発生しました。"),
        ({"debitSpAccountId": None}, "WG_ERR_110", "つかいわけ口座_出金口座IDを入力してください。"),
        ({"paymentAmount": "0"}, "WG_ERR_110", "支払金額が正しくありません。"),
        ({"paymentAmount": "1.5"}, "WG_ERR_110", "支払金額が正しくありません。"),
        ({"paymentAmount": "-1"}, "WG_ERR_110", "支払金額が正しくありません。"),
        ({"paymentAmount": "5,000"}, "WG_ERR_110", "支払金額が正しくありません。"),
        ({"currencyCode": "XXX"}, "WG_ERR_110", "通貨コードが正しくありません。"),
        ({"currencyCode": "YEN!"}, "WG_ERR_110", "通貨コードが正しくありません。"),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_moves_nothing(changed: dict[str, Any], code: str, message: str) -> None:
    caller = individual()
    before = caller.get("/accounts/balances").json

    reply = caller.post("/transfer/spaccounts-transfer", {**MOVE, **changed})

    assert (reply.status_code, reply.json) == (400, {"errorCode": code, "errorMessage": message})
    assert caller.get("/accounts/balances").json == before


@pytest.mark.parametrize("path", ["/accounts/deposit-transactions", "/accounts/visa-transactions"])
def test_other_statements_take_no_purse(path: str) -> None:
    reply = sole_proprietor().get(f"{path}?accountId={CHILD}")

    assert (reply.status_code, reply.json["errorCode"]) == (400, "220011")


def test_the_statement_of_a_purse_has_pages_without_keys_in_its_lines() -> None:
    caller = individual()
    for _ in range(501):
        assert caller.post("/transfer/spaccounts-transfer", {**MOVE, "paymentAmount": "1"}).status_code == 200
    asked = f"/accounts/transactions?accountId={CHILD}"

    first = caller.get(asked).json
    second = caller.get(f"{asked}&nextItemKey={first['nextItemKey']}").json

    assert (first["hasNext"], first["count"], second["hasNext"], second["count"]) == (True, "500", False, "1")
    assert second["transactions"][0]["balance"] == "300501"
    assert caller.get(f"{asked}&nextItemKey=1").status_code == 400


@pytest.mark.parametrize("path", ["/accounts", "/accounts/balances", "/transfer/spaccounts-transfer"])
def test_corporations_know_no_purses(path: str) -> None:
    lax = individual(api=API, bank_rules=BankRules(every_holder_served=True))
    if path.startswith("/transfer"):
        assert lax.post(path, MOVE).status_code == 405
    else:
        assert not {"spAccounts", "spAccountBalances"} & lax.get(path).json.keys()
        assert lax.get(f"/accounts/balances?accountId={CHILD}").status_code == 400

"""Banks that have drifted: each change is named, with its place."""

import json
from typing import Any

import pytest

from mock_gmo.verify.calling import Call, Reply, Unreachable
from tests.unit.gateway.calling import ACCOUNT_ID, make_caller
from tests.unit.verify.banks import Drift, changing, deposit, verify

ACCOUNTS = ("getAccounts", "getBalances")
STATEMENT = ("getAccounts", "getTransactions")


def _number(content: Any) -> None:
    content["balances"][0]["balance"] = 12


def _unknown(content: Any) -> None:
    content["accounts"][0]["nickName"] = "x"


def _no_day(content: Any) -> None:
    content["baseDate"] = "2026-02-30"


def _missing(content: Any) -> None:
    del content["accounts"][0]["accountTypeName"]


def _renamed(content: Any) -> None:
    content["errorCode"] = "WG_ERR_999"


def _details(content: Any) -> None:
    content["errorDetails"] = []


def _empty_page(content: Any) -> None:
    content["hasNext"] = True


def _wrong_count(content: Any) -> None:
    content["count"] = "7"


class _Moving:
    """Changes its mind with every answer."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, content: Any) -> None:
        self._count += 1
        content["balances"][0]["balance"] = str(self._count)


def _circle(content: Any) -> None:
    content["hasNext"], content["nextItemKey"] = True, "20260401090520112541"


def _header(name: str, value: str | None) -> Drift:
    def drift(call: Call, reply: Reply) -> Reply:
        kept = tuple(it for it in reply.headers if it[0].lower() != name.lower())
        return Reply(reply.status, kept if value is None else (*kept, (name, value)), reply.body)

    return drift


def _status(before: int, after: int) -> Drift:
    def drift(call: Call, reply: Reply) -> Reply:
        return Reply(after if reply.status == before else reply.status, reply.headers, reply.body)

    return drift


def _echoing(call: Call, reply: Reply) -> Reply:
    token = dict(call.headers).get("x-access-token", "")
    return Reply(reply.status, (*reply.headers, ("X-Debug", token)), reply.body)


@pytest.mark.parametrize(
    ("allow", "drift", "told"),
    [
        (ACCOUNTS, changing(_number, path="/balances"), "/balances/0/balance: expected type string, came a number"),
        (ACCOUNTS, changing(_unknown, path="/accounts"), "/accounts/0/nickName: expected absent, came present"),
        (ACCOUNTS, changing(_no_day, path="/accounts"), "/baseDate: expected a real date"),
        (ACCOUNTS, changing(_missing, path="/accounts"), "/accounts/0/accountTypeName: expected present, came absent"),
        (ACCOUNTS, changing(_renamed, path="/accounts", statuses=(401,)),
         "no token: /errorCode: expected WG_ERR_105, came WG_ERR_999 [SEEN]"),
        (ACCOUNTS, changing(_details, path="/balances", statuses=(400,)), "/errorDetails: expected absent"),
        (ACCOUNTS, _header("Content-Type", "application/json"), "header Content-Type: expected application/json;"),
        (ACCOUNTS, _header("Allow", "GET"), "header Allow: expected absent, came present [GUESS]"),
        (ACCOUNTS, _status(405, 404), "method PUT: status: expected 405, came 404"),
        (ACCOUNTS, _status(401, 418), "no token: status: expected 401, came 418, which the contract does not name"),
        (ACCOUNTS, _status(405, 302), "status: expected 405, came 302, which the contract does not name"),
        (ACCOUNTS, changing(_Moving(), path="/balances"), "expected the same answer to the same inquiry"),
        (STATEMENT, changing(_circle, path="/transactions"), "page 2: status: expected 200, came 400"),
        (STATEMENT, changing(_empty_page, path="/transactions"), "/nextItemKey: expected present while hasNext"),
        (STATEMENT, changing(_wrong_count, path="/transactions"), "/count: expected the length of a list beside it"),
        (ACCOUNTS, _echoing, "answer: expected without the access token, came the access token"),
    ],
)  # fmt: skip
def test_a_drift_of_the_bank_is_named(allow: tuple[str, ...], drift: Drift, told: str) -> None:
    lines = verify(make_caller(), allow=allow, drift=drift).lines()

    assert any(told in line for line in lines), lines


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (True, "expected lines that no earlier page had, came one again on page 2"),
        (False, "/nextItemKey: expected pages that end"),
    ],
)
def test_a_bank_that_tells_the_first_page_again_is_named(ends: bool, told: str) -> None:
    bank = make_caller()
    deposit(bank, account_id=ACCOUNT_ID, amount=5)
    first: list[bytes] = []

    def again(call: Call, reply: Reply) -> Reply:
        if not call.path.endswith("/transactions") or not call.query:
            return reply
        if "nextItemKey" not in dict(call.query):
            reply = changing(_circle, path="/transactions")(call, reply)
            first.append(reply.body)
            return reply
        return Reply(200, reply.headers, json.dumps({**json.loads(first[-1]), "hasNext": not ends}).encode())

    lines = verify(bank, allow=STATEMENT, drift=again).lines()

    assert any(told in line for line in lines), lines


def test_who_answers_without_json_is_not_the_bank() -> None:
    def page(call: Call, reply: Reply) -> Reply:
        return Reply(200, (("Content-Type", "text/html"),), b"<html>welcome</html>")

    with pytest.raises(Unreachable, match="not the bank's API"):
        verify(make_caller(), drift=page)


def test_no_value_of_an_answer_is_told() -> None:
    def secret(content: Any) -> None:
        content["accounts"][0]["accountTypeName"] = 987654321

    lines = verify(make_caller(), allow=ACCOUNTS, drift=changing(secret, path="/accounts")).lines()

    assert lines
    assert "987654321" not in "".join(lines)

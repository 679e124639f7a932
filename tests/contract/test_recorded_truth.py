"""What people saw at the bank's sandbox, or rely on in production: one row an observation, with the exact reply.

Each row names the page and line of the wire reference that carries the tag SEEN. What was seen of clients and of their
connections, and samples of numbers, has no row: nothing follows from it that a bank could do or leave.
"""

import json
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mock_gmo.bank.rules import BankRules, ClosedHours
from mock_gmo.notifications.rules import NotificationRules
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CLIENT_ID,
    SCOPES,
    TODAY,
    TOKEN_URL,
    Caller,
    make_caller,
    make_line,
    make_order,
    token_form,
)
from tests.unit.gateway.persons import make_individual
from tests.unit.notifications.receiving import SCOPES as NOTIFIED_SCOPES
from tests.unit.notifications.receiving import make_notified

Check = Callable[[Caller], None]
OBSERVED: list[tuple[str, str, Check]] = []

NO_OPERATION = '{"errorCode":"WG_ERR_019","errorMessage":"Operation is not found during transformation"}'
TOKEN_INVALID = '{"errorCode":"WG_ERR_105","errorMessage":"アクセストークンが無効です。"}'
NO_ACCOUNT_ID = '{"errorCode":"WG_ERR_110","errorMessage":"口座IDを入力してください。"}'
NOT_MINE = '{"errorCode":"220011","errorMessage":"エラーが発生しました。"}'
NO_TRANSFERS = '{"errorCode":"WG_ERR_110","errorMessage":"振込情報を入力してください。"}'
REQUESTED = '{"accountId":"101010012345","resultCode":"2","applyNo":"2026040100000001"}'
DATE_IN_PAST = (
    '{"errorCode":"220011","errorMessage":"エラーが発生しました。","errorDetails":[{"errorDetailsCode":"032006",'
    '"errorDetailsMessage":"振込日に過去日付が指定されています。"}],"transferErrorDetails":[]}'
)
OUTSIDE_HOURS = DATE_IN_PAST.replace("032006", "032054").replace(
    "振込日に過去日付が指定されています。", "業務時間外です。"
)
NOT_FOUND_IN_STATUS = (
    '{"acceptanceKeyClass":"1","baseDate":"2026-04-01","baseTime":"12:00:00+09:00","count":"0","transferDetails":[]}'
)
STATUS = f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo=2026040100000001"
RESULT = f"/transfer/request-result?accountId={ACCOUNT_ID}&applyNo=2026040100000001"
STATEMENT = f"/accounts/transactions?accountId={ACCOUNT_ID}"
DEPOSITS = f"/accounts/deposit-transactions?accountId={ACCOUNT_ID}"
CONFIRMATION_SECONDS = 600


def seen(where: str, what: str) -> Callable[[Check], Check]:
    """Enter an observation: where it stands in the wire reference, and what was seen."""

    def enter(check: Check) -> Check:
        OBSERVED.append((where, what, check))
        return check

    return enter


def tell(reply: TestResponse) -> tuple[int, str]:
    return reply.status_code, reply.get_data(as_text=True)


def make_ruled_caller(**rules: Any) -> Caller:
    return make_caller(bank_rules=BankRules(**rules))


def balance(caller: Caller) -> str:
    return str(caller.get(f"/accounts/balances?accountId={ACCOUNT_ID}").json["balances"][0]["balance"])


@seen("README.md:150", "a path that does not exist is 405, not 404")
@seen("README.md:172", "405 for an unknown path")
@seen("README.md:200", "code and wording of WG_ERR_019")
@seen("quirks.md:27", "unknown path is 405 WG_ERR_019")
@seen("quirks.md:213", "an unknown operation is 405 WG_ERR_019, although 404 is declared")
def unknown_path(caller: Caller) -> None:
    assert tell(caller.get("/no-such-operation")) == (405, NO_OPERATION)


@seen(
    "corporation.md:39", "nothing approves, executes, confirms or registers a transfer, and nothing simulates a deposit"
)
@seen("lifecycle.md:28", "there is no way to approve through the API")
@seen("README.md:76", "approval is impossible by API")
def no_approval(caller: Caller) -> None:
    assert tell(caller.post("/transfer/request", make_order())) == (201, REQUESTED)
    for path in ("/transfer/approve", "/transfer/execute", "/transfer/confirm", "/transfer/register", "/deposit"):
        assert tell(caller.post(path, {"accountId": ACCOUNT_ID, "applyNo": "2026040100000001"})) == (405, NO_OPERATION)


@seen("quirks.md:29", "/virtual-accounts and /va/accounts of third-party clients are no operations")
def no_such_virtual_accounts(caller: Caller) -> None:
    for path in ("/virtual-accounts", "/va/accounts"):
        assert tell(caller.get(path)) == (405, NO_OPERATION)


@seen("README.md:158", "fields are complained of in stages, one complaint at a time")
@seen("README.md:202", "WG_ERR_110 names the field")
@seen("corporation.md:302", "accountId first, then transfers")
@seen("README.md:168", "400 for a broken rule of the fields")
@seen("README.md:194", "WG_ERR_110 came without the two lists of a TransferError")
def staged_complaints(caller: Caller) -> None:
    assert tell(caller.post("/transfer/request", {})) == (400, NO_ACCOUNT_ID)
    assert tell(caller.post("/transfer/request", {"accountId": ACCOUNT_ID})) == (400, NO_TRANSFERS)


@seen("README.md:167", "a transfer request answers 201")
@seen("README.md:123", "applyNo is the day and a number of eight digits that starts at 00000001 each day")
@seen("corporation.md:320", "the members come in the order accountId, resultCode, applyNo")
@seen("quirks.md:218", "a transfer request answers 201 and resultCode 2 where confirmation is needed")
def first_number_of_the_day(caller: Caller) -> None:
    assert tell(caller.post("/transfer/request", make_order())) == (201, REQUESTED)
    caller.real.seconds += 86_400
    tomorrow = caller.post("/transfer/request", make_order(transferDesignatedDate="2026-04-02"))
    assert tell(tomorrow) == (201, REQUESTED.replace("20260401", "20260402"))


@seen("README.md:126", "accountId is branch 3, type 2, number 7")
@seen("corporation.md:90", "accountId is 12 characters: branch, account type, number")
@seen("quirks.md:223", "accountTypeName, branchName and baseDate are present")
def composition_of_account_ids(caller: Caller) -> None:
    reply = caller.get("/accounts").json
    assert reply["baseDate"] == TODAY
    for account in reply["accounts"]:
        assert len(account["accountId"]) == 12
        assert account["accountId"][3:5] == account["accountTypeCode"]
        assert account["accountTypeName"]
    main = reply["accounts"][0]
    assert main["branchCode"] + main["accountTypeCode"] + main["accountNumber"] == main["accountId"] == ACCOUNT_ID
    assert main["branchName"] == "法人営業部"


@seen("README.md:201", "a token that is malformed, unknown or expired is 401 WG_ERR_105; refresh, then repeat once")
def token_that_does_not_work(caller: Caller) -> None:
    granted = caller.new_token()
    for token in ("", "x", "x" * 32, "x" * 129):
        assert tell(caller.get("/accounts", headers={"x-access-token": token})) == (401, TOKEN_INVALID)
    caller.real.seconds += 2_592_000
    assert tell(caller.get("/accounts", headers={"x-access-token": granted["access_token"]})) == (401, TOKEN_INVALID)
    caller.token = refresh(caller, granted["refresh_token"]).json["access_token"]
    assert caller.get("/accounts").status_code == 200


@seen("README.md:204", "WG_ERR_300 during maintenance")
def maintenance(_: Caller) -> None:
    closed = make_caller(maintenance=True)
    expected = '{"errorCode":"WG_ERR_300","errorMessage":"ただいまメンテナンス中です。"}'
    assert tell(closed.get("/accounts")) == (503, expected)


@seen("README.md:205", "220011 is the general refusal, the reason is in the details")
@seen("README.md:211", "032006 under 220011: the designated day lies in the past by the Japanese date")
@seen("corporation.md:296", "a designated day in the past is 400 220011 with detail 032006")
@seen("corporation.md:632", "a past transferDesignatedDate is refused with 032006")
@seen("corporation.md:1108", "a detail against the request, and an empty list of lines")
@seen("lifecycle.md:152", "the designated day is a civil date in Japan; today is taken, the past refused")
def yesterday_by_the_date_in_japan(caller: Caller) -> None:
    caller.real.seconds += 13 * 3_600  # 01:00 on 2 April in Japan, and still 1 April in UTC
    assert tell(caller.post("/transfer/request", make_order(transferDesignatedDate=TODAY))) == (400, DATE_IN_PAST)
    assert caller.post("/transfer/request", make_order(transferDesignatedDate="2026-04-02")).status_code == 201


@seen("README.md:212", "032054 under 220011: outside the hours of the service")
@seen("corporation.md:297", "outside the hours is 400 220011 with detail 032054")
@seen("lifecycle.md:163", "a request outside the hours is 400 220011 with detail 032054")
def outside_the_hours(_: Caller) -> None:
    caller = make_ruled_caller(closed_hours=(ClosedHours.parse("wed 11:52-12:10"),))
    assert tell(caller.post("/transfer/request", make_order())) == (400, OUTSIDE_HOURS)


@seen("corporation.md:298", "an unknown branch, or the debited account as beneficiary, is 400 220011")
def beneficiaries_that_cannot_be(caller: Caller) -> None:
    itself = {"beneficiaryBankCode": "0310", "beneficiaryBranchCode": "101", "accountNumber": "0012345"}
    for line in (make_line(beneficiaryBranchCode="999"), make_line(**itself)):
        reply = caller.post("/transfer/request", make_order(transfers=[line]))
        assert (reply.status_code, reply.json["errorCode"]) == (400, "220011")
        assert reply.json["errorMessage"] == "エラーが発生しました。"


@seen("README.md:259", "integrations work with one request a second in all, every endpoint together")
def one_request_a_second(caller: Caller) -> None:
    caller.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)
    expected = '{"errorCode":"WG_ERR_154","errorMessage":"APIの利用上限を超過しています。"}'
    assert caller.get("/accounts").status_code == 200
    assert tell(caller.get(STATEMENT)) == (429, expected)
    caller.monotonic.seconds += 1
    assert caller.get(STATEMENT).status_code == 200


@seen("README.md:96", "the addresses of a client are registered with the bank")
@seen("auth.md:29", "registered are the addresses of the client's servers")
def registered_addresses(caller: Caller) -> None:
    caller.world.oauth.clients.change(CLIENT_ID, networks=(ip_network("192.0.2.0/24"),))
    for address, status in (("192.0.2.7", 200), ("198.51.100.7", 403)):
        assert caller.get("/accounts", environ_overrides={"REMOTE_ADDR": address}).status_code == status


def refresh(caller: Caller, token: str) -> TestResponse:
    form = {**token_form(), "grant_type": "refresh_token", "refresh_token": token}
    del form["redirect_uri"]
    return caller.client.post(TOKEN_URL, data=form)


@seen("auth.md:117", "an access token lives 2592000 seconds")
@seen("auth.md:118", "a refresh token lives 90 days from its issue")
@seen("auth.md:124", "each refresh returns a new access token and a new refresh token")
def life_of_tokens(caller: Caller) -> None:
    first = caller.new_token()
    assert (first["expires_in"], first["token_type"]) == (2_592_000, "Bearer")
    caller.real.seconds += 7_776_000 - 1
    second = refresh(caller, first["refresh_token"])
    assert second.status_code == 200
    assert second.json["expires_in"] == 2_592_000
    assert second.json["access_token"] != first["access_token"]
    assert second.json["refresh_token"] != first["refresh_token"]
    caller.real.seconds += 7_776_000
    assert refresh(caller, second.json["refresh_token"]).json["error"] == "invalid_grant"


@seen("auth.md:168", "private:account opens the accounts")
@seen("auth.md:169", "private:transfer opens the transfers")
@seen("auth.md:185", "the prefix private: serves a corporation on its own account")
def private_scopes_of_a_corporation(caller: Caller) -> None:
    for scope, opened, closed in (
        ("private:account", STATEMENT, STATUS),
        ("private:transfer", STATUS, STATEMENT),
    ):
        caller.token = caller.new_token(scope=scope)["access_token"]
        assert (caller.get(opened).status_code, caller.get(closed).status_code) == (200, 403)
    assert caller.world.bank.get_customer("corporate").kind == "corporation"
    assert {"private:account", "private:transfer"} < set(SCOPES.split())


@seen("corporation.md:70", "who builds dates from UTC misses the current day between 00:00 and 09:00 in Japan")
def the_day_that_utc_misses(caller: Caller) -> None:
    caller.real.seconds += 13 * 3_600  # 01:00 on 2 April in Japan
    caller.control("POST", "/deposits", {"account_id": ACCOUNT_ID, "amount": 500, "remitter_name": "ﾐﾎﾝ ﾀﾛｳ"})
    by_utc, by_japan = (
        caller.get(f"{STATEMENT}&dateFrom={day}&dateTo={day}").json["count"] for day in (TODAY, "2026-04-02")
    )
    assert (by_utc, by_japan) == ("0", "1")


@seen("corporation.md:92", "a foreign account was 401 in a single report: a setting; 400 otherwise")
def foreign_account(caller: Caller) -> None:
    path = "/accounts/transactions?accountId=102010099999"
    assert tell(caller.get(path)) == (400, '{"errorCode":"220011","errorMessage":"エラーが発生しました。"}')
    strict = make_ruled_caller(unusable_account_is_401=True)
    assert tell(strict.get(path)) == (401, TOKEN_INVALID)
    assert tell(strict.post("/transfer/request", make_order(accountId="102010099999"))) == (401, TOKEN_INVALID)


@seen("corporation.md:145", "remarks of a transfer: 振込, a space, the name in full-width katakana with U+3000 in it")
@seen("kana.md:25", "remarks hold full-width katakana")
@seen("kana.md:80", "remarks are 振込 and the full-width name")
def remarks_of_a_transfer(caller: Caller) -> None:
    caller.control("POST", "/deposits", {"account_id": ACCOUNT_ID, "amount": 500, "remitter_name": "ｽﾅﾊﾞ ﾀﾛｳ"})
    assert [line["remarks"] for line in caller.get(STATEMENT).json["transactions"]] == ["振込 スナバ\u3000タロウ"]
    assert caller.get(DEPOSITS).json["paymentArrivals"][0]["remarks"] == "振込 スナバ\u3000タロウ"


@seen("corporation.md:150", "two observers got a statement without dates, or with dateFrom alone")
@seen("quirks.md:216", "a statement without dates is 200")
def statements_without_dates(caller: Caller) -> None:
    for path in (STATEMENT, DEPOSITS, f"{STATEMENT}&dateFrom={TODAY}", f"{DEPOSITS}&dateFrom={TODAY}"):
        assert caller.get(path).status_code == 200


@seen("corporation.md:150", "one observer got 405 with accountId alone and 200 with both dates: a setting")
@seen("quirks.md:216", "a statement without dates is 405 in one report")
def statements_that_want_dates(_: Caller) -> None:
    caller = make_ruled_caller(statement_dates_required=True)
    for path in (STATEMENT, DEPOSITS):
        assert tell(caller.get(path)) == (405, NO_OPERATION)
        assert caller.get(f"{path}&dateFrom={TODAY}&dateTo={TODAY}").status_code == 200


@seen("personal.md:41", "deposit-transactions of an individual is 405: a setting")
@seen("quirks.md:214", "personal deposit-transactions is 405")
def incoming_transfers_of_an_individual(_: Caller) -> None:
    caller = make_individual(bank_rules=BankRules(unserved_holder_is_405=True))
    assert tell(caller.get("/accounts/deposit-transactions?accountId=301010012345")) == (405, NO_OPERATION)


@seen("personal.md:122", "the balance of a purse with nothing but yen")
def balance_of_a_purse(_: Caller) -> None:
    assert tell(make_individual().get("/accounts/balances?accountId=SP502011047570")) == (
        200,
        '{"balances":[],"spAccountBalances":[{"accountId":"SP502011047570","odBalance":"50000","tdTotalBalance":"0",'
        '"fodTotalBalanceYenEquivalent":"0","spAccountFcyBalances":[]}]}',
    )


@seen("personal.md:135", "a person's statement has no fields of the payer, who stands in the remarks only")
@seen("quirks.md:219", "payer fields are absent from the personal statement")
def payer_in_a_persons_statement(_: Caller) -> None:
    path = "/accounts/transactions?accountId=301010012345&dateFrom=2026-03-01"
    lines = make_individual().get(path).json["transactions"]
    assert [line["remarks"] for line in lines] == ["振込 ミホンシヨウジ（カ"]
    assert not {"applicantName", "paymentBankName", "paymentBranchName", "ediInfo"} & lines[0].keys()


@seen("quirks.md:221", "both paths work for any token: a setting")
def paths_of_all_holders(_: Caller) -> None:
    caller = make_individual(bank_rules=BankRules(every_holder_served=True))
    for api in ("/ganb/api/personal/v1", "/ganb/api/corporation/v1"):
        assert caller.call("GET", f"{api}/accounts").status_code == 200


@seen("corporation.md:216", "status does not find a request that nobody has confirmed")
@seen("quirks.md:140", "count is a string of digits")
def unconfirmed_request_in_status(caller: Caller) -> None:
    caller.post("/transfer/request", make_order())
    assert tell(caller.get(STATUS)) == (200, NOT_FOUND_IN_STATUS)
    assert tell(caller.get(RESULT)) == (200, REQUESTED)


@seen("lifecycle.md:31", "after ten minutes request-result says 8, status count 0, and no balance has changed")
@seen("lifecycle.md:70", "a request whose limit passes is gone; request-result 8, no money")
def expired_request(caller: Caller) -> None:
    before = balance(caller)
    caller.post("/transfer/request", make_order())
    caller.real.seconds += CONFIRMATION_SECONDS - 1
    assert tell(caller.get(RESULT)) == (200, REQUESTED)
    caller.real.seconds += 1
    assert tell(caller.get(RESULT)) == (200, REQUESTED.replace('"resultCode":"2"', '"resultCode":"8"'))
    assert tell(caller.get(STATUS)) == (200, NOT_FOUND_IN_STATUS.replace("12:00:00", "12:10:00"))
    assert balance(caller) == before


@seen("lifecycle.md:68", "a request that needs confirmation moves no money")
def no_money_before_confirmation(caller: Caller) -> None:
    before = balance(caller)
    assert tell(caller.post("/transfer/request", make_order())) == (201, REQUESTED)
    assert balance(caller) == before == "10000000"


@seen("kana.md:51", "a remitterName of letters, digits and a hyphen is taken, and ｽﾅﾊﾞﾌﾞﾝｲﾁ(ｶ as a name")
def names_that_were_taken(caller: Caller) -> None:
    order = make_order(remitterName="U-0042", transfers=[make_line(beneficiaryName="ｽﾅﾊﾞﾌﾞﾝｲﾁ(ｶ")])
    assert tell(caller.post("/transfer/request", order)) == (201, REQUESTED)


@seen("kana.md:123", "a client sends half-width kana, plain UTF-8 or escaped: both are read alike")
def half_width_kana_in_both_forms(caller: Caller) -> None:
    for escaped in (True, False):
        body = json.dumps(make_order(remitterName="ﾐﾎﾝ(ｶ"), ensure_ascii=escaped)
        apply_no = caller.post("/transfer/request", None, data=body.encode()).json["applyNo"]
        assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
        found = caller.get(STATUS.replace("2026040100000001", apply_no)).json["transferDetails"]
        assert found[0]["transferResponses"][0]["remitterName"] == "ﾐﾎﾝ(ｶ"


@seen("quirks.md:135", "itemId as a number is taken")
def item_id_as_a_number(caller: Caller) -> None:
    order = make_order(transfers=[make_line(itemId=1)])
    assert tell(caller.post("/transfer/request", order)) == (201, REQUESTED)


def sandbox() -> Caller:
    return make_caller(profile="sunabar")


@seen("README.md:63", "the sandbox has short paths and no /ganb/api")
@seen("quirks.md:22", "/corporation/v1 and /personal/v1 without /ganb/api")
@seen("quirks.md:211", "the base path of the sandbox is none")
@seen("README.md:74", "both paths answer for the token's account, whichever kind it is")
@seen("quirks.md:221", "either path works for any token")
def short_paths_of_the_sandbox(_: Caller) -> None:
    caller = sandbox()
    answers = [tell(caller.call("GET", f"/{kind}/v1/accounts")) for kind in ("corporation", "personal")]
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert f'"accountId":"{ACCOUNT_ID}"' in answers[0][1]
    for kind in ("corporation", "personal"):
        assert tell(caller.call("GET", f"/ganb/api/{kind}/v1/accounts")) == (405, NO_OPERATION)


@seen("auth.md:18", "the sandbox has no OAuth: a token is copied from the portal, straight into x-access-token")
@seen("README.md:73", "a portal token has 32 characters and sees only its own account")
@seen("auth.md:121", "it dies 30 days after the last log-in at the portal")
@seen("quirks.md:212", "the token of the sandbox is a copy from the portal")
def portal_tokens(_: Caller) -> None:
    caller = sandbox()
    assert tell(caller.client.get("/ganb/api/auth/v1/authorization")) == (405, NO_OPERATION)
    assert tell(caller.client.post(TOKEN_URL, data=token_form(code="x"))) == (405, NO_OPERATION)
    assert (len(caller.token), caller.token.isalnum()) == (32, True)
    assert tell(caller.get("/accounts/balances?accountId=102010099999")) == (400, NOT_MINE)
    caller.real.seconds += 2_592_000 - 1
    assert caller.get("/accounts").status_code == 200
    caller.real.seconds += 1
    assert tell(caller.get("/accounts")) == (401, TOKEN_INVALID)


@seen("README.md:80", "personal deposit-transactions is 405 at the sandbox")
@seen("personal.md:41", "personal deposit-transactions is 405")
@seen("quirks.md:214", "personal deposit-transactions is 405")
def no_personal_deposits(_: Caller) -> None:
    path = f"/personal/v1/accounts/deposit-transactions?accountId={ACCOUNT_ID}"
    assert tell(sandbox().call("GET", path)) == (405, NO_OPERATION)


@seen("README.md:79", "virtual accounts are switched off for some: 405 WG_ERR_019")
@seen("corporation.md:417", "every /va/* answers 405 where the feature is off")
@seen("quirks.md:215", "/va/* is 405 for some accounts")
def virtual_accounts_switched_off(_: Caller) -> None:
    caller = sandbox()
    caller.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": False})
    for path in ("/va/list", "/va/issue", "/va/status-change", "/va/close-request"):
        assert tell(caller.post(path, {})) == (405, NO_OPERATION)
    assert tell(caller.get(f"/va/deposit-transactions?raId={ACCOUNT_ID}")) == (405, NO_OPERATION)


@seen("README.md:78", "itemKey is a short integer, no timestamp")
@seen("quirks.md:217", "itemKey has five digits at the sandbox")
def short_item_keys(_: Caller) -> None:
    lines = sandbox().get(f"{STATEMENT}&dateFrom=2026-01-01&dateTo={TODAY}").json["transactions"]
    assert lines
    assert all(len(line["itemKey"]) == 5 and line["itemKey"].isdigit() for line in lines)


@seen("README.md:75", "the limit of a sandbox account is 500000")
@seen("corporation.md:111", 'transferLimitAmount is "500000"')
@seen("lifecycle.md:177", "the transfer limit of the sandbox is 500,000 yen")
def limit_of_the_sandbox(_: Caller) -> None:
    caller = sandbox()
    assert '"transferLimitAmount":"500000"' in tell(caller.get("/accounts"))[1]
    assert (
        caller.post("/transfer/request", make_order(transfers=[make_line(transferAmount="500000")])).status_code == 201
    )
    over = caller.post("/transfer/request", make_order(transfers=[make_line(transferAmount="500001")]))
    assert (over.status_code, over.json["errorCode"]) == (400, "220011")


@seen("README.md:76", "every transfer of the sandbox answers 201 with resultCode 2 and dies after ten minutes")
@seen("quirks.md:218", "transfer/request is 201 and always 2")
def confirmation_always(_: Caller) -> None:
    caller = sandbox()
    caller.control("PATCH", "/customers/corporate", {"confirmation_required": False})
    assert tell(caller.post("/transfer/request", make_order())) == (201, REQUESTED)
    caller.real.seconds += CONFIRMATION_SECONDS
    assert tell(caller.get(RESULT)) == (200, REQUESTED.replace('"resultCode":"2"', '"resultCode":"8"'))


@seen("quirks.md:221", "either path works for the token of an individual and of a sole proprietor")
def short_paths_for_persons(_: Caller) -> None:
    for scenario in ("individual", "sole-proprietor"):
        caller = make_caller(profile="sunabar", scenario=scenario)
        told = [caller.call("GET", f"/{kind}/v1/accounts").json for kind in ("personal", "corporation")]
        assert told[0]["accounts"] == told[1]["accounts"]
        path = f"/personal/v1/accounts/deposit-transactions?accountId={told[0]['accounts'][0]['accountId']}"
        assert tell(caller.call("GET", path)) == (405, NO_OPERATION)


@seen("auth.md:127", "after a refresh notifications may bear the former token for 120 minutes: a setting")
@seen("webhooks.md:170", "the former token may still come for a time")
def former_token_in_notifications(_: Caller) -> None:
    bank = make_notified(notification_rules=NotificationRules(notification_former_token_seconds=7_200))
    former = bank.new_token(NOTIFIED_SCOPES)
    form = token_form(grant_type="refresh_token", refresh_token=former["refresh_token"])
    newest = bank.client.post(TOKEN_URL, data=form).json
    bank.subscribe()
    for seconds, expected in ((1, former), (7_200, newest)):
        bank.advance(seconds)
        bank.pay_in()
        bank.advance(1)
        assert bank.receiver.came[-1][1]["x-access-token"] == expected["access_token"]


@seen("auth.md:170", "private:bulk-transfer opens the bulk transfers")
@seen("auth.md:171", "private:virtual-account opens the virtual accounts")
def more_private_scopes(caller: Caller) -> None:
    bulk, virtual = RESULT.replace("/transfer/", "/bulktransfer/"), f"/va/deposit-transactions?raId={ACCOUNT_ID}"
    for scope, opened, closed in (
        ("private:bulk-transfer", (bulk, 400), virtual),
        ("private:virtual-account", (virtual, 200), bulk),
    ):
        caller.token = caller.new_token(scope=scope)["access_token"]
        assert (caller.get(opened[0]).status_code, caller.get(closed).status_code) == (opened[1], 403)


@seen("auth.md:242", "the log-in site of the development environment is open to registered addresses only")
def log_in_site_of_the_development_environment(_: Caller) -> None:
    caller = make_caller(environment="development", maintenance=True)
    registered = str(caller.world.environment.site_networks[0][0])
    for address, status in ((registered, 200), ("203.0.113.7", 403)):
        assert caller.client.get("/site/login", environ_overrides={"REMOTE_ADDR": address}).status_code == status


@pytest.mark.parametrize(("where", "what", "check"), OBSERVED, ids=[f"{row[0]} {row[2].__name__}" for row in OBSERVED])
def test_what_was_seen_is_what_happens(where: str, what: str, check: Check) -> None:
    page, _, line = where.partition(".md:")
    assert page
    assert int(line) > 0
    assert what
    caller = make_caller()
    assert caller.world.clock.today() == date.fromisoformat(TODAY)

    check(caller)

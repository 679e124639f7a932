"""Where clients, documents and the sandbox disagree: what is sent, row by row, and what each profile makes of it.

A row carries the words of the page's first column. What concerns no bank stands in ELSEWHERE with its reason; together
they are the whole page.
"""

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest

from mock_gmo.oauth.rules import OAuthRules
from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    REDIRECT_URI,
    TODAY,
    TOKEN_URL,
    Caller,
    make_caller,
    make_line,
    make_order,
    token_form,
)
from tests.unit.gateway.persons import INDIVIDUAL_ACCOUNT_ID, PERSONAL, PERSONAL_SCOPES

PROFILES = ("bank", "strict", "sunabar")
AUTH = "/ganb/api/auth/v1"
EVERYTHING = "private:account private:transfer private:bulk-transfer private:virtual-account offline_access"
STATEMENT = f"/accounts/transactions?accountId={ACCOUNT_ID}&dateFrom={TODAY}&dateTo={TODAY}"
STATUS = f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=2&"
BULK_STATUS = f"/bulktransfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo=2026040100000001&"
ISSUE = {"vaTypeCode": "1", "issueRequestCount": "1", "raId": ACCOUNT_ID}

Send = Callable[[Caller], Any]


@dataclass(frozen=True)
class Case:
    """One thing sent because of a row, and what comes of it in bank, strict and sunabar."""

    section: str
    row: str
    send: Send
    outcomes: tuple[Any, Any, Any]


CASES: list[Case] = []


def quirk(section: str, row: str, send: Send, *outcomes: Any) -> None:
    """Enter a case; one outcome stands for all three profiles, two for bank and strict with sunabar as bank."""
    bank = outcomes[0]
    strict = outcomes[1] if len(outcomes) > 1 else bank
    CASES.append(Case(section, row, send, (bank, strict, outcomes[2] if len(outcomes) > 2 else bank)))


@cache
def bank_of(profile: str) -> Caller:
    caller = make_caller(profile=profile)
    if profile != "sunabar":
        caller.token = caller.new_token(EVERYTHING)["access_token"]
    return caller


def status(method: str, path: str, **given: Any) -> Send:
    return lambda caller: caller.call(method, path, **given).status_code


def got(path: str, **given: Any) -> Send:
    return lambda caller: caller.get(path, **given).status_code


def posted(path: str, body: Any, **given: Any) -> Send:
    return lambda caller: caller.post(path, body, **given).status_code


def ordered(**changed: Any) -> Send:
    return posted("/transfer/request", make_order(**changed))


def line(**changed: Any) -> Send:
    return ordered(
        transfers=[make_line(transferAmount="1", **changed)]
        if "transferAmount" not in changed
        else [make_line(**changed)]
    )


def told(path: str, *steps: Any) -> Send:
    def send(caller: Caller) -> Any:
        value = caller.get(path).json
        for step in steps:
            value = value[step]
        return value

    return send


# -- Hosts and paths ---------------------------------------------------------------------------------------
at = partial(quirk, "Hosts and paths")
at("/ganb/api/{api}/v1", status("GET", "/ganb/api/corporation/v1/accounts"), 200, 200, 405)
at(
    "/ganb/stg-api/{api}/v1 on the development host",
    status("GET", "/ganb/stg-api/corporation/v1/accounts"),
    200,
    200,
    405,
)
at(
    "/ganb/stg-api/{api}/v1 on the development host",
    status("POST", "/ganb/stg-api/auth/v1/token", data={"code": ""}),
    400,
    400,
    405,
)
at("/ganb/api/corporate/v1 or /corporate/v1", status("GET", "/ganb/api/corporate/v1/accounts"), 200, 405, 405)
at("/ganb/api/corporate/v1 or /corporate/v1", status("GET", "/corporate/v1/accounts"), 200, 405, 405)
at(
    "/ganb/api/simulator/{corporation,personal}/v1",
    status("GET", "/ganb/api/simulator/corporation/v1/accounts"),
    200,
    200,
    405,
)
at("/{corporation,personal}/v1 without /ganb/api", status("GET", "/corporation/v1/accounts"), 405, 405, 200)
at("/{corporation,personal}/v1 without /ganb/api", status("GET", "/personal/v1/accounts"), 405, 405, 200)
at("POST for /authorization", status("POST", f"{AUTH}/authorization", data={"client_id": CLIENT_ID}), 405)
at("trailing slash on paths", got("/accounts/"), 405)
at("unknown path", got("/no-such-path"), 405)
at("wrong method on a known path", posted("/accounts", {}), 405)
at("wrong method on a known path", lambda it: "Allow" in it.post("/accounts", {}).headers, False)
at("/virtual-accounts, /va/accounts", got("/virtual-accounts"), 405)
at("/virtual-accounts, /va/accounts", got("/va/accounts"), 405)


def bulk_number(caller: Caller) -> str:
    lines = [make_line(transferAmount="1", itemId="1", ediInfo=...)]
    order = make_order(totalCount="1", totalAmount="1", transferDataName="T")
    order["bulkTransfers"] = lines
    del order["transfers"]
    reply = caller.post("/bulktransfer/request", order)
    assert reply.status_code == 201, reply.text
    return str(reply.json["applyNo"])


def bulk_result_under_transfer(caller: Caller) -> int:
    path = f"/transfer/request-result?accountId={ACCOUNT_ID}&applyNo={bulk_number(caller)}"
    return caller.get(path).status_code


def bulk_cancel_under_transfer(caller: Caller) -> int:
    body = {"accountId": ACCOUNT_ID, "cancelTargetKeyClass": "4", "applyNo": bulk_number(caller)}
    return caller.post("/transfer/cancel", body).status_code


at("bulk request-result and cancel under /transfer/*", bulk_result_under_transfer, 200)
at("bulk request-result and cancel under /transfer/*", bulk_cancel_under_transfer, 400)
at("/transfer/spaccounts-transfer under corporation", posted("/transfer/spaccounts-transfer", {}), 405)
at("/accounts/operation", posted("/accounts/operation", {}), 405)

# -- Header fields -----------------------------------------------------------------------------------------
at = partial(quirk, "Header fields")


def token_header(name: str, value: str = "{}") -> Send:
    def send(caller: Caller) -> int:
        headers = {"x-access-token": "", name: value.format(caller.token)}
        return caller.client.get(caller.api + "/accounts", headers={k: v for k, v in headers.items() if v}).status_code

    return send


for header in ("x-access-token", "X-Access-Token", "X-ACCESS-TOKEN"):
    at("x-access-token in lower case, any case", token_header(header), 200)
at("Authorization: Bearer for resources", token_header("Authorization", "Bearer {}"), 401)
for row, accepts in (
    ("Accept: application/json;charset=UTF-8", ("application/json;charset=UTF-8",)),
    ("Accept: application/json;charset=utf-8", ("application/json;charset=utf-8",)),
    ("Accept: application/json or */* or absent", ("application/json", "*/*", "")),
):
    for accept in accepts:
        at(row, got("/accounts", headers={"Accept": accept}), 200)
at("Accept: text/html alone", got("/accounts", headers={"Accept": "text/html"}), 200, 406)
ROW = "Content-Type: application/json / ;charset=UTF-8 / ;charset=utf-8 / ; charset=…"
for kind in (
    "application/json",
    "application/json;charset=UTF-8",
    "application/json;charset=utf-8",
    "application/json; charset=UTF-8",
):
    at(ROW, posted("/transfer/transferfee", make_order(), content_type=kind), 200)
at(ROW, lambda it: it.get("/accounts").content_type, "application/json;charset=UTF-8")
at("Content-Type on GET", got("/accounts", content_type="application/json"), 200)
for kind in ("text/plain", ""):
    at(
        "POST with another or no Content-Type",
        posted("/transfer/transferfee", make_order(), content_type=kind),
        200,
        415,
    )
for agent in ("java", "python", "ruby", "go"):
    at(
        "User-Agent: Swagger-Codegen/1.0.0/{java,python,ruby,go}",
        got("/accounts", headers={"User-Agent": f"Swagger-Codegen/1.0.0/{agent}"}),
        200,
    )


def twice(header: str, value: str) -> Send:
    def send(caller: Caller) -> bool:
        order = make_order(transfers=[make_line(transferAmount="2")])
        replies = [caller.post("/transfer/request", order, headers={header: value}) for _ in range(2)]
        assert [reply.status_code for reply in replies] == [201, 201]
        return bool(replies[0].json["applyNo"] == replies[1].json["applyNo"])

    return send


at("Idempotency-Key with empty value", twice("Idempotency-Key", ""), False)
at("x-idempotency-key", twice("x-idempotency-key", "abc"), False)
at("JSON body on GET", got(STATEMENT, data=b'{"accountId":"x"', content_type="application/json"), 200)

# -- Token requests ----------------------------------------------------------------------------------------
at = partial(quirk, "Token requests")
PAIR = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
NO_OAUTH = 405


def code_of(caller: Caller, scope: str = "private:account offline_access", **asked: str) -> str:
    body = {"client_id": CLIENT_ID, "customer_id": "corporate", "scope": scope, "redirect_uri": REDIRECT_URI, **asked}
    return str(caller.control("POST", "/consents", body).json["code"])


def redeemed(
    *,
    header: str = "",
    without: tuple[str, ...] = (),
    query: str = "",
    scope: str = "private:account offline_access",
    authentication: str = "client_secret_post",
    tell: Callable[[Any], Any] | None = None,
    **fields: str,
) -> Send:
    def send(caller: Caller) -> Any:
        caller.world.oauth.clients.change(CLIENT_ID, authentication=authentication)
        form = {
            name: value
            for name, value in token_form(code=code_of(caller, scope), **fields).items()
            if name not in without
        }
        headers = {"Authorization": header} if header else {}
        reply = caller.client.post(TOKEN_URL + query, data=form, headers=headers)
        caller.world.oauth.clients.change(CLIENT_ID, authentication="client_secret_post")
        return tell(reply.json) if tell is not None and reply.status_code != NO_OAUTH else reply.status_code

    return send


BODY = ("client_id", "client_secret")
ROW = "header Authorization: <base64> without Basic"
at(ROW, redeemed(header=PAIR, without=BODY), 200, 401, NO_OAUTH)
at(ROW, redeemed(header=PAIR), 200, 401, NO_OAUTH)
at(
    "client id and secret in the body though basic is registered",
    redeemed(authentication="client_secret_basic"),
    200,
    200,
    NO_OAUTH,
)
at("all six form fields, unused ones empty", redeemed(refresh_token=""), 200, 200, NO_OAUTH)
at(
    "the same fields in the query string and in the form",
    redeemed(query="?code=other&client_secret=other"),
    200,
    200,
    NO_OAUTH,
)
at("Basic header and body credentials together", redeemed(header=f"Basic {PAIR}"), 200, 200, NO_OAUTH)
at(
    "Basic header and body credentials together",
    redeemed(header=f"Basic {PAIR}", client_secret="wrong"),
    401,
    401,
    NO_OAUTH,
)
ERROR = redeemed(client_secret="wrong", tell=lambda body: body["error"])
at("HTTP status of the reply ignored", ERROR, "invalid_client", "invalid_client", NO_OAUTH)
at(
    "no refresh_token in the reply is an error",
    redeemed(tell=lambda body: "refresh_token" in body),
    True,
    True,
    NO_OAUTH,
)
at(
    "no refresh_token in the reply is an error",
    redeemed(scope="private:account", tell=lambda body: "refresh_token" in body),
    False,
    False,
    NO_OAUTH,
)
at("expires_in as string", redeemed(tell=lambda body: body["expires_in"]), 2_592_000, 2_592_000, NO_OAUTH)
at(
    "token_type documented with the text of scope",
    redeemed(tell=lambda body: body["token_type"]),
    "Bearer",
    "Bearer",
    NO_OAUTH,
)


def claim(name: str) -> Callable[[Any], Any]:
    def tell(body: Any) -> Any:
        part = body["id_token"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))[name]

    return tell


ISSUER = "https://stg-api.gmo-aozora.com/"
at("id_token iss with or without slash", redeemed(scope="openid", tell=claim("iss")), ISSUER, ISSUER, NO_OAUTH)
at("azp missing", redeemed(scope="openid", tell=claim("azp")), CLIENT_ID, CLIENT_ID, NO_OAUTH)


def asked(**changed: str) -> Send:
    def send(caller: Caller) -> Any:
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": "private:account",
        }
        reply = caller.client.get(f"{AUTH}/authorization", query_string={**query, "state": "s" * 64, **changed})
        return (
            reply.headers["Location"].partition("?")[2].partition("&")[0]
            if reply.status_code == 302
            else reply.status_code
        )

    return send


at(
    "code_challenge",
    lambda it: str(asked(code_challenge="x", code_challenge_method="S256")(it))[:8],
    "request=",
    "request=",
    "405",
)
at(
    "grant_type=client_credentials",
    redeemed(grant_type="client_credentials", tell=lambda body: body["error"]),
    *["unsupported_grant_type"] * 2,
    NO_OAUTH,
)
at(
    "private:offline_access",
    asked(scope="private:account private:offline_access"),
    *["error=invalid_scope"] * 2,
    NO_OAUTH,
)


def userinfo_by_post(caller: Caller) -> int:
    token = caller.new_token("openid")["access_token"] if caller.api.startswith("/ganb") else caller.token
    return caller.call("POST", f"{AUTH}/userinfo?", headers={"x-access-token": token}).status_code


at("userinfo by POST with empty query", userinfo_by_post, 200, 200, NO_OAUTH)


def refreshed_thrice(caller: Caller) -> Any:
    if not caller.api.startswith("/ganb"):
        return NO_OAUTH
    generous = make_caller(profile=caller.world.settings.profile, oauth_rules=OAuthRules(refresh_grace_seconds=60))
    form = token_form(grant_type="refresh_token", refresh_token=generous.new_token()["refresh_token"])
    return [generous.client.post(TOKEN_URL, data=form).status_code for _ in range(3)]


at("refresh repeated up to 3 times", refreshed_thrice, [200] * 3, [200] * 3, NO_OAUTH)

# -- Array query parameters --------------------------------------------------------------------------------
at = partial(quirk, "Array query parameters")
TWO = ["2", "20"]


def echoed(query: str) -> Send:
    def send(caller: Caller) -> Any:
        answers = []
        for path, member in (
            (STATUS, "transferQueryBulkResponses"),
            (STATUS.replace("/transfer/", "/bulktransfer/"), "bulkTransferQueryBulkResponses"),
        ):
            reply = caller.get(path + query)
            if reply.status_code != 200:
                answers.append(reply.status_code)
                continue
            found = reply.json.get(member) or reply.json["transferQueryBulkResponses"]
            answers.append([it["requestTransferStatus"] for it in found[0].get("requestTransferStatuses", [])])
        assert answers[0] == answers[1], answers
        return answers[0]

    return send


NAME = "requestTransferStatus"
at(f"{NAME}=2&{NAME}=20", echoed(f"{NAME}=2&{NAME}=20"), TWO)
at(f"{NAME}=2,20 (comma)", echoed(f"{NAME}=2,20"), TWO)
at(f"{NAME}=2,20 (comma)", echoed(f"{NAME}=2%2C20"), TWO)
at(f"{NAME}=220 (run together)", echoed(f"{NAME}=220"), 400)
at(f"{NAME}[0]=2&{NAME}[1]=20", echoed(f"{NAME}[0]=2&{NAME}[1]=20"), TWO)
at(f"{NAME}[0]=2&{NAME}[1]=20", echoed(f"{NAME}%5B0%5D=2&{NAME}%5B1%5D=20"), TWO)
at(f"{NAME}[]=2", echoed(f"{NAME}[]=2"), ["2"])
at("one value only", echoed(f"{NAME}=2"), ["2"])
at("requestTransferStatuses=… (plural)", echoed("requestTransferStatuses=2"), [], 400)
at("[map[requestTransferStatus:2]]", echoed(f"{NAME}=[map[requestTransferStatus:2]]"), 400)
for row, values in (("true / false", ("true", "false")), ("True / False", ("True", "False")), ("1 / empty", ("1", ""))):
    for value in values:
        at(row, got(f"{BULK_STATUS}detailInfoNecessity={value}"), 200)
at("empty parameters", got(f"{STATEMENT}&nextItemKey="), 200)
at("empty parameters", got(f"{BULK_STATUS}dateFrom=&nextItemKey="), 200)
at("empty parameters", got(f"{BULK_STATUS}dateFrom={TODAY}"), 400)

# -- Field names -------------------------------------------------------------------------------------------
at = partial(quirk, "Field names")
at("transferDesignatedType", posted("/transfer/transferfee", make_order(transferDesignnatedType="1")), 200)


def arrival(caller: Caller) -> dict[str, Any]:
    deposit = {"account_id": ACCOUNT_ID, "amount": 5, "remitter_name": "ｽﾅﾊﾞ ﾀﾛｳ", "payment_bank_name": "ﾐｽﾞﾎ"}
    assert caller.control("POST", "/deposits", {**deposit, "payment_branch_name": "ﾎﾝﾃﾝ"}).status_code == 201
    path = f"/accounts/deposit-transactions?accountId={ACCOUNT_ID}&dateFrom={TODAY}&dateTo={TODAY}"
    return dict(caller.get(path).json["paymentArrivals"][-1])


BANK_NAMES = {"paymentBankName", "paymentBranchName"}
at(
    "paymentBankName, paymentBranchName (PaymentArrival)",
    lambda it: {name for name in arrival(it) if name.startswith("paym")},
    BANK_NAMES,
)
CARD = f"/accounts/visa-transactions?accountId={ACCOUNT_ID}&dateFrom=2026-01-01&dateTo={TODAY}"


def visa_names(caller: Caller) -> set[str]:
    found: set[str] = set()
    for use in caller.get(CARD).json["visaTransactions"]:
        found |= use.keys()
    return found & {"atmCommission", "atmComission", "currencyCode", "currencyCodeATM"}


at("atmCommission", visa_names, {"atmCommission", "currencyCode"})
at("currencyCode (VisaTransaction)", visa_names, {"atmCommission", "currencyCode"})
at("visaTransactions", lambda it: {name for name in it.get(CARD).json if "isa" in name}, {"visaTransactions"})
at(
    "spAccounts, spAccountBalances in corporation",
    lambda it: {
        name for path in ("/accounts", "/accounts/balances") for name in it.get(path).json if name.startswith("sp")
    },
    set(),
)
at("queryKeyClass in", lambda it: "acceptanceKeyClass" in it.get(f"{STATUS}dateFrom=&dateTo=").json, True)


def bulk_told(caller: Caller) -> dict[str, Any]:
    apply_no = bulk_number(caller)
    caller.control("POST", f"/transfers/{apply_no}/confirm")
    path = f"/bulktransfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}&detailInfoNecessity=true"
    return dict(caller.get(path).json)


at(
    "bulktransferItemKey, bulktransferResponses",
    lambda it: "bulktransferResponses" in bulk_told(it)["bulkTransferDetails"][0],
    True,
)
at("detailInfoResult", lambda it: bulk_told(it)["detailInfoResult"], False)


def settled(caller: Caller) -> dict[str, Any]:
    order = make_order(transfers=[make_line(transferAmount="3")])
    apply_no = caller.post("/transfer/request", order).json["applyNo"]
    assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    path = f"/transfer/status?accountId={ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}"
    return dict(caller.get(path).json["transferDetails"][0])


def is_without_slips(caller: Caller) -> bool:
    text = json.dumps([settled(caller), bulk_told(caller)])
    return not any(slip in text for slip in ("TransferErrorDetails", "paymant", "atmComission", '"feeLaterPayment"'))


at(
    "transferErrorDetails",
    lambda it: {*it.post("/transfer/request", make_order(transferDesignatedDate="2026-03-31")).json},
    {"errorCode", "errorMessage", "errorDetails", "transferErrorDetails"},
)
at("transferErrorDetails", is_without_slips, True)
TOTALS = {"transferDetailFee", "totalFee"}
at(
    "transferDetailFee, feeLaterPaymentFlg (TransferDetail)",
    lambda it: TOTALS & names_in(settled(it)),
    {"transferDetailFee"},
)


def names_in(detail: Any) -> set[str]:
    if isinstance(detail, dict):
        return {*detail}.union(*(names_in(value) for value in detail.values()))
    return set().union(*(names_in(value) for value in detail)) if isinstance(detail, list) else set()


def issued(caller: Caller, **changed: Any) -> Any:
    return caller.post("/va/issue", {**ISSUE, **changed})


def virtual_account(caller: Caller) -> dict[str, Any]:
    va_id = issued(caller).json["vaList"][0]["vaId"]
    found = caller.post("/va/list", {"vaIdList": [{"vaId": va_id}]}).json
    assert "vAccounts" in found
    return dict(found["vAccounts"][0])


at(
    "vAccounts",
    lambda it: issued(it).status_code == 201 and {name for name in it.post("/va/list", {}).json if "ccounts" in name},
    {"vAccounts"},
)
at(
    "raBranchName (VAccount)",
    lambda it: {name for name in virtual_account(it) if name.startswith("raBranchN")},
    {"raBranchName", "raBranchNameKana"} & {"raBranchName"},
)
at("vaBranchNameKana (VAccount, required)", lambda it: "vaBranchNameKana" in virtual_account(it), True)


def claims(caller: Caller) -> Any:
    if not caller.api.startswith("/ganb"):
        return NO_OAUTH
    token = caller.new_token("openid")["access_token"]
    return {*caller.call("GET", f"{AUTH}/userinfo", headers={"x-access-token": token}).json}


at("sup in userinfo", claims, {"sub", "iss"}, {"sub", "iss"}, NO_OAUTH)
at("member names are case-sensitive, unknown ones ignored", posted("/transfer/transferfee", make_order(Unknown=1)), 200)
at(
    "member names are case-sensitive, unknown ones ignored",
    posted("/transfer/transferfee", make_order(accountId=..., AccountId=ACCOUNT_ID)),
    400,
)

# -- Strings and numbers -----------------------------------------------------------------------------------
at = partial(quirk, "Strings and numbers")
at("itemId: 1 as number", line(itemId=1), 201)
at("transferAmount: 1000 as number", line(transferAmount=1), 201, 400)
COUNTS = "issueRequestCount, totalCount, totalAmount as number"
at(COUNTS, lambda it: issued(it, issueRequestCount=1).status_code, 201)
at(COUNTS, ordered(totalCount=1, totalAmount=1, transfers=[make_line(transferAmount="1")]), 201)
for amount in ("1.0", "1,000", "-1", "+1", "１"):
    at("amounts with decimals, commas, sign, leading zeros", line(transferAmount=amount), 400)
at("amounts with decimals, commas, sign, leading zeros", line(transferAmount="0001"), 201)
at("count", lambda it: it.get(STATEMENT).json["count"].isdigit(), True)
at("hasNext", told(STATEMENT, "hasNext"), False)
at("expires_in", redeemed(tell=lambda body: type(body["expires_in"]).__name__), "int", "int", NO_OAUTH)
at("accountTypeCode of a beneficiary", line(accountTypeCode="3"), 400)
at("accountTypeCode of a beneficiary", line(accountTypeCode="4"), 201)
at("accountTypeCode of own accounts", told("/accounts", "accounts", 0, "accountTypeCode"), "01")
at("accountNumber shorter than 7", line(accountNumber="123456"), 400)
at("JSON null members", ordered(remitterName=None, transfers=[make_line(transferAmount="1", ediInfo=None)]), 201)
at('"" members', ordered(remitterName="", transfers=[make_line(transferAmount="1", ediInfo="")]), 201)

# -- Required or not ---------------------------------------------------------------------------------------
at = partial(quirk, "Required or not")
BODIES = "bodies of va/list, va/issue, va/status-change, va/close-request"
for operation, expected in (("list", 200), ("issue", 400), ("status-change", 400)):
    at(BODIES, posted(f"/va/{operation}", None, data=b"", environ_overrides={"CONTENT_LENGTH": "0"}), expected)
at("vaList (VaIssueResponse), vAccounts (VaStatusChangeResponse)", lambda it: len(issued(it).json["vaList"]), 1)
at(
    "transfers, bulkTransfers empty list",
    lambda it: it.post("/transfer/request", make_order(transfers=[])).json["errorMessage"],
    "振込情報を入力してください。",
)
at("itemId of a single line", ordered(transfers=[make_line(transferAmount="1")]), 201)
PAIRED = [make_line(transferAmount="1", itemId=str(number)) for number in (1, 2)]
MANY = "itemId, totalCount, totalAmount with 2 or more lines"
at(MANY, ordered(transfers=PAIRED, totalCount="2", totalAmount="2"), 201)
at(MANY, ordered(transfers=PAIRED, totalAmount="2"), 400)
at(MANY, ordered(transfers=PAIRED, totalCount="2"), 400)
at(MANY, ordered(transfers=[make_line(transferAmount="1")] * 2, totalCount="2", totalAmount="2"), 400)
at("raId in va/issue", posted("/va/issue", {"vaTypeCode": "1", "issueRequestCount": "1"}), 400)
REQUIRED = {"useDate", "useContent", "amount", "approvalNumber"}
at("Visa fields", lambda it: all(use.keys() >= REQUIRED for use in it.get(CARD).json["visaTransactions"]), True)
at("accountId pattern", lambda it: it.get("/accounts/balances?accountId=SP0101234567890").json["errorCode"], "220011")
for value, expected in (("", 401), ("x" * 128, 401), ("x" * 129, 401)):
    at("x-access-token", got("/accounts", headers={"x-access-token": value}), expected)
at("dates on the sandbox", got(f"/accounts/transactions?accountId={ACCOUNT_ID}"), 200)

# -- Order ---------------------------------------------------------------------------------------------------
at = partial(quirk, "Order")
LONG = f"accountId={ACCOUNT_ID}&dateFrom=2026-01-01&dateTo={TODAY}"


def is_sorted(path: str, many: str, key: str, *, reverse: bool = False) -> Send:
    def send(caller: Caller) -> bool:
        keys = [it[key] for it in caller.get(path).json[many]]
        return len(keys) > 1 and keys == sorted(keys, reverse=reverse)

    return send


at("transactions, deposit-transactions", is_sorted(f"/accounts/transactions?{LONG}", "transactions", "itemKey"), True)
at(
    "transactions, deposit-transactions",
    is_sorted(f"/accounts/deposit-transactions?{LONG}", "paymentArrivals", "itemKey"),
    True,
)
at(
    "visa-transactions",
    is_sorted(f"/accounts/visa-transactions?{LONG}", "visaTransactions", "useDate", reverse=True),
    True,
)


def va_order(caller: Caller) -> bool:
    for _ in range(2):
        assert issued(caller).status_code == 201
    ids = [account["vaId"] for account in caller.post("/va/list", {}).json["vAccounts"]]
    return ids == sorted(ids)


at("va/list", va_order, True)


def va_deposits(sort: str) -> Send:
    def send(caller: Caller) -> bool:
        va_id = issued(caller).json["vaList"][0]["vaId"]
        for amount in (1, 2):
            deposit = {"va_id": va_id, "amount": amount, "remitter_name": "ｽﾅﾊﾞ ﾀﾛｳ"}
            assert caller.control("POST", "/deposits", deposit).status_code == 201
        found = caller.get(f"/va/deposit-transactions?vaId={va_id}{sort}").json["vaTransactions"]
        return [it["depositAmount"] for it in found] == ["1", "2"]

    return send


at("va/deposit-transactions", va_deposits(""), True)
at("va/deposit-transactions", va_deposits("&sortOrderCode=2"), False)


def status_order(caller: Caller) -> bool:
    for day in ("2026-04-03", "2026-04-02"):
        order = make_order(transferDesignatedDate=day, transfers=[make_line(transferAmount="1")])
        apply_no = caller.post("/transfer/request", order).json["applyNo"]
        caller.control("POST", f"/transfers/{apply_no}/confirm")
    found = caller.get(f"{STATUS}requestTransferTerm=2&dateFrom=2026-04-02&dateTo=2026-04-03").json["transferDetails"]
    days = [detail["transferResponses"][0]["transferDesignatedDate"] for detail in found]
    return len(days) > 1 and days == sorted(days)


at("transfer/status, bulktransfer/status", status_order, True)

# -- Sandbox against specification ---------------------------------------------------------------------------
at = partial(quirk, "Sandbox against specification")
at("base path", lambda it: it.api, "/ganb/api/corporation/v1", "/ganb/api/corporation/v1", "/corporation/v1")
at("token", lambda it: len(it.control("GET", "/customers").json["customers"][0]["portal_token"] or ""), 0, 0, 32)
at("unknown operation", got("/nothing"), 405)
at("personal deposit-transactions", status("GET", f"/personal/v1/accounts/deposit-transactions?{LONG}"), 405)
at("/va/*", posted("/va/list", {}), 200)


def without_virtual_accounts(caller: Caller) -> int:
    caller.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": False})
    found = caller.post("/va/list", {}).status_code
    caller.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": True})
    return found


at("/va/*", without_virtual_accounts, 405)
at("statement without dates", got(f"/accounts/transactions?accountId={ACCOUNT_ID}"), 200)
at("itemKey", lambda it: len(it.get(f"/accounts/transactions?{LONG}").json["transactions"][0]["itemKey"]), 20, 20, 5)


def unasked(caller: Caller) -> str:
    caller.control("PATCH", "/customers/corporate", {"confirmation_required": False})
    reply = caller.post("/transfer/request", make_order(transfers=[make_line(transferAmount="1")]))
    caller.control("PATCH", "/customers/corporate", {"confirmation_required": True})
    return str(reply.json["resultCode"])


at("transfer/request", unasked, "1", "1", "2")
at("corporate and personal path", status("GET", "/personal/v1/accounts/balances"), 405, 405, 200)
at(
    "accountTypeName, branchName, baseDate",
    lambda it: bool(told("/accounts", "accounts", 0, "accountTypeName")(it) and told("/accounts", "baseDate")(it)),
    True,
)

# -- The personal API ----------------------------------------------------------------------------------------
PURSE_MOVE = {"depositSpAccountId": "SP502011047569", "debitSpAccountId": "SP301010012345", "paymentAmount": "1"}


@cache
def individual_of(profile: str) -> Caller:
    given = {"customer_id": "individual", "api": PERSONAL, "scopes": PERSONAL_SCOPES}
    caller = make_caller(profile=profile, scenario="individual", **given)
    caller.api = "/personal/v1" if profile == "sunabar" else PERSONAL
    return caller


def individually(send: Send) -> Send:
    return lambda caller: send(individual_of(caller.world.settings.profile))


def moved(**changed: Any) -> Send:
    return individually(lambda it: it.post("/transfer/spaccounts-transfer", {**PURSE_MOVE, **changed}))


def moved_status(**changed: Any) -> Send:
    return lambda caller: moved(**changed)(caller).status_code


def apply_details_of_a_person(caller: Caller) -> Any:
    order = make_order(accountId=INDIVIDUAL_ACCOUNT_ID, transfers=[make_line(transferAmount="1")])
    apply_no = caller.post("/transfer/request", order).json["applyNo"]
    assert caller.control("POST", f"/transfers/{apply_no}/confirm").status_code == 200
    found = caller.get(f"/transfer/status?accountId={INDIVIDUAL_ACCOUNT_ID}&queryKeyClass=1&applyNo={apply_no}").json
    return found["transferDetails"][0]["transferApplies"][0]["transferApplyDetails"]


def payer_members(caller: Caller) -> set[str]:
    path = f"/accounts/transactions?accountId={INDIVIDUAL_ACCOUNT_ID}&dateFrom=2026-01-01&dateTo={TODAY}"
    lines = caller.get(path).json["transactions"]
    assert any(line["remarks"].startswith("振込 ") for line in lines)
    return {"applicantName", "paymentBankName", "paymentBranchName", "ediInfo"} & set().union(*lines)


quirk("Strings and numbers", "paymentAmount: 5000 as number", moved_status(paymentAmount=1), 200)
quirk(
    "Strings and numbers",
    "personal samples full of null in TransferApplyDetail",
    individually(apply_details_of_a_person),
    [],
)
quirk(
    "Required or not",
    "spAccountName",
    individually(lambda it: [purse["spAccountName"] for purse in it.get("/accounts").json["spAccounts"]]),
    ["メイン", "貯蓄用", "旅行"],
)
quirk("Required or not", "debitSpAccountId", moved_status(debitSpAccountId=None), 400)
for sent, came_back in (("0000000001", "0000000001"), ("00000000001", None)):
    quirk(
        "Lengths",
        "SpAccountTransferResponse paymentAmount 1–10",
        lambda it, sent=sent: moved(paymentAmount=sent)(it).json.get("paymentAmount"),
        came_back,
    )
at = partial(quirk, "Sandbox against specification")
at("payer fields in the personal statement", individually(payer_members), set())
at("spaccounts-transfer reply", lambda it: moved()(it).json["currencyName"], "日本円")

# -- Notifications -------------------------------------------------------------------------------------------
PAIR = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
WEBHOOKS = "/ganb/api/webhooks/v1"


def controlled(path: str, **headers: str) -> Send:
    return lambda caller: caller.client.get(path, headers=headers).status_code


def deposited(caller: Caller) -> dict[str, Any]:
    va_id = issued(caller).json["vaList"][0]["vaId"]
    deposit = {"va_id": va_id, "amount": 1, "remitter_name": "ｽﾅﾊﾞ ﾀﾛｳ"}
    assert caller.control("POST", "/deposits", deposit).status_code == 201
    (found,) = caller.get(f"/va/deposit-transactions?vaId={va_id}").json["vaTransactions"]
    return dict(found)


def unsent_message(caller: Caller) -> Any:
    deposited(caller)
    reply = caller.client.get(
        f"{WEBHOOKS}/unsentlist/va-deposit-transaction", headers={"Authorization": f"Basic {PAIR}"}
    )
    return {*reply.json["messages"][-1]} if reply.status_code == 200 else reply.status_code


for name in ("webhook/v1 (singular)", "webhooks/v1 (plural)"):
    path = f"/ganb/api/{name.split()[0]}/subscribe-status"
    quirk("Hosts and paths", f"/ganb/api/{name}", controlled(path, Authorization=f"Basic {PAIR}"), 200, 200, 405)
at = partial(quirk, "Header fields")
for authorization in (PAIR, f"Basic {PAIR}"):
    at(
        "webhook control Authorization without Basic",
        controlled(f"{WEBHOOKS}/subscribe-status", Authorization=authorization),
        200,
        200,
        405,
    )
at(
    "webhook control with x-access-token only",
    lambda it: controlled(f"{WEBHOOKS}/subscribe-status", **{"x-access-token": it.token})(it),
    401,
    401,
    405,
)
MESSAGE = {"messageId", "timestamp", "account", "vaTransaction"}
quirk("Field names", "enveloped notification", unsent_message, MESSAGE, MESSAGE, 405)
quirk(
    "Field names",
    "paymentBankName, paymentBranchName (VaTransaction)",
    lambda it: BANK_NAMES & deposited(it).keys(),
    BANK_NAMES,
)
quirk("Lengths", "VaTransaction partnerName", lambda it: len(deposited(it)["partnerName"]), 12)

NOT_OF_A_BANK = "concerns clients or documents; nothing comes to the bank"
LENGTHS_ARE_CHECKED = "every reply is checked by the contract before it leaves, which has these lengths"
ELSEWHERE: dict[str, dict[str, str]] = {
    "Hosts and paths": {
        "host stg-pi.gmo-aozora.com": NOT_OF_A_BANK,
        "an internal test host (ita-…) as token issuer": "the issuer is a member of the environment",
    },
    "Header fields": {
        'documents say "No authorization required"': NOT_OF_A_BANK,
    },
    "Token requests": {"HTTP time limit of 2 s": "the bank's own speed, which is measured"},
    "Array query parameters": {},
    "Field names": {
        "vaStatusCodeList": "a label of the documents",
    },
    "Strings and numbers": {},
    "Required or not": {},
    "Lengths": {
        "errorCode 1–10": LENGTHS_ARE_CHECKED,
        "TransferFeeResponse totalFee 1–255": LENGTHS_ARE_CHECKED,
        "BulkTransfer itemId 1–6 characters": LENGTHS_ARE_CHECKED,
        "nextItemKey of va/list 24": LENGTHS_ARE_CHECKED,
        "SDK-side checks": LENGTHS_ARE_CHECKED,
        "empty required strings": LENGTHS_ARE_CHECKED,
    },
    "Order": {},
    "Sandbox against specification": {
        "extra members": NOT_OF_A_BANK,
    },
}
# How many rows each section of the page has; a row of two forms that are told apart by the page counts as one.
ROWS_OF_PAGE = {
    "Hosts and paths": 17,
    "Header fields": 16,
    "Token requests": 17,
    "Array query parameters": 12,
    "Field names": 19,
    "Strings and numbers": 14,
    "Required or not": 12,
    "Lengths": 8,
    "Order": 5,
    "Sandbox against specification": 13,
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", CASES, ids=[f"{case.section}: {case.row} {no}" for no, case in enumerate(CASES)])
def test_what_clients_send_is_taken_as_the_page_says(case: Case, profile: str) -> None:
    assert case.send(bank_of(profile)) == case.outcomes[PROFILES.index(profile)]


def test_every_row_of_the_page_is_tried_or_has_a_reason_not_to_be() -> None:
    tried = {section: {case.row for case in CASES if case.section == section} for section in ROWS_OF_PAGE}

    assert {case.section for case in CASES} <= ROWS_OF_PAGE.keys() == ELSEWHERE.keys()
    for section, elsewhere in ELSEWHERE.items():
        assert not tried[section] & elsewhere.keys()
    assert {section: len(tried[section]) + len(ELSEWHERE[section]) for section in ROWS_OF_PAGE} == ROWS_OF_PAGE


def test_secrets_in_a_token_url_are_warned_of_by_name_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="mock_gmo.token"):
        redeemed(query="?client_secret=hush&state=x")(bank_of("bank"))

    assert [record.getMessage() for record in caplog.records] == ["token.secret_in_url fields=client_secret"]

"""One call of every operation that succeeds, with what has to be there beforehand. Nothing here asserts a status."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from werkzeug.test import TestResponse

from mock_gmo.contract import FORM, JSON, Operation
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, REDIRECT_URI, SCOPES, TODAY, Caller, make_line, token_form
from tests.unit.gateway.persons import INDIVIDUAL_ACCOUNT_ID, PERSONAL_SCOPES, SOLE_ACCOUNT_ID
from tests.unit.notifications.receiving import credentials

BULK_LINE = {name: value for name, value in make_line(itemId="1").items() if name != "ediInfo"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who consents to the calls of one document, with which scopes, and the account that the calls are about."""

    customer_id: str
    account_id: str
    scope: str
    scenario: str = "corporate"


CORPORATION_SCOPES = f"{SCOPES} private:virtual-account"
DOCUMENTS = ("auth", "corporation", "personal", "webhooks")
HOLDERS = {
    "auth": Holder("corporate", ACCOUNT_ID, f"openid {SCOPES}"),
    "corporation": Holder("corporate", ACCOUNT_ID, CORPORATION_SCOPES),
    "personal": Holder("sole-proprietor", SOLE_ACCOUNT_ID, PERSONAL_SCOPES, "sole-proprietor"),
    "webhooks": Holder("corporate", ACCOUNT_ID, CORPORATION_SCOPES),
    # Purses are for individuals, who have nothing else that others have not.
    "transferBetweenSpAccounts": Holder("individual", INDIVIDUAL_ACCOUNT_ID, PERSONAL_SCOPES, "individual"),
}


def holder_of(document: str, operation: Operation) -> Holder:
    """Return who consents to calls of that operation."""
    return HOLDERS.get(operation.operation_id, HOLDERS[document])


@dataclass(slots=True)
class Attempt:
    """A call in the making: it would succeed, and what brings another status about spoils one part of it."""

    caller: Caller
    operation: Operation
    holder: Holder
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    environ: dict[str, Any] = field(default_factory=dict)

    def send(self) -> TestResponse:
        """Make the call; the body goes in the form that the contract names."""
        given: dict[str, Any] = {"query_string": self.query, "environ_overrides": self.environ}
        if self.operation.body_kind == JSON:
            given["json"] = self.body
        elif self.operation.body_kind == FORM:
            given["data"] = self.body
        return self.caller.call(self.method, self.path, headers=self.headers, **given)


def _sibling(attempt: Attempt, path: str) -> str:
    """Return another path of the document that the operation belongs to."""
    return attempt.path.removesuffix(attempt.operation.relative_path) + path


def _place(attempt: Attempt, path: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = attempt.caller.call("POST", _sibling(attempt, path), json=body)
    assert reply.status_code == 201, reply.text
    placed: dict[str, Any] = reply.json
    return placed


def _order(attempt: Attempt, **changed: Any) -> dict[str, Any]:
    order = {"accountId": attempt.holder.account_id, "transferDesignatedDate": TODAY, "transfers": [make_line()]}
    return {**order, **changed}


def _bulk_order(attempt: Attempt, **changed: Any) -> dict[str, Any]:
    order = {
        "accountId": attempt.holder.account_id,
        "transferDesignatedDate": TODAY,
        "totalCount": "1",
        "totalAmount": BULK_LINE["transferAmount"],
        "bulkTransfers": [BULK_LINE],
    }
    return {**order, **changed}


def _nothing(attempt: Attempt) -> None:
    """Such a call needs nothing."""


def _consenting(attempt: Attempt) -> None:
    attempt.query = {
        "response_type": "code",
        "scope": attempt.holder.scope,
        "client_id": CLIENT_ID,
        "state": "abc123",
        "redirect_uri": REDIRECT_URI,
    }


def _redeeming(attempt: Attempt) -> None:
    consent = {
        "client_id": CLIENT_ID,
        "customer_id": attempt.holder.customer_id,
        "scope": SCOPES,
        "redirect_uri": REDIRECT_URI,
    }
    attempt.body = token_form(code=attempt.caller.control("POST", "/consents", consent).json["code"])


def _about_the_account(attempt: Attempt) -> None:
    attempt.query = {"accountId": attempt.holder.account_id}


def _about_an_order(attempt: Attempt, *, path: str, order: Callable[..., dict[str, Any]]) -> None:
    apply_no = _place(attempt, path, order(attempt))["applyNo"]
    attempt.query = {"accountId": attempt.holder.account_id, "applyNo": apply_no}
    if attempt.operation.relative_path.endswith("/status"):
        attempt.query["queryKeyClass"] = "1"


def _ordering(attempt: Attempt, *, order: Callable[..., dict[str, Any]]) -> None:
    attempt.body = order(attempt)


def _cancelling(attempt: Attempt, *, path: str, order: Callable[..., dict[str, Any]], cancel_class: str) -> None:
    reserved = _place(attempt, path, order(attempt, transferDesignatedDate="2026-04-02"))["applyNo"]
    attempt.caller.control("POST", f"/transfers/{reserved}/confirm")
    attempt.body = {
        "accountId": attempt.holder.account_id,
        "applyNo": reserved,
        "cancelTargetKeyClass": cancel_class,
    }


def _issue_order(attempt: Attempt) -> dict[str, Any]:
    return {"vaTypeCode": "2", "issueRequestCount": "1", "raId": attempt.holder.account_id}


def _issuing(attempt: Attempt) -> None:
    attempt.body = _issue_order(attempt)


def _about_virtual_deposits(attempt: Attempt) -> None:
    attempt.query = {"raId": attempt.holder.account_id}


def _stopping_a_virtual_account(attempt: Attempt) -> None:
    issued = _place(attempt, "/va/issue", _issue_order(attempt))
    attempt.body = {"vaStatusChangeCode": "1", "vaIdList": [{"vaId": issued["vaList"][0]["vaId"]}]}


def _moving_between_purses(attempt: Attempt) -> None:
    attempt.body = {
        "depositSpAccountId": "SP502011047569",
        "debitSpAccountId": f"SP{attempt.holder.account_id}",
        "paymentAmount": "500",
    }


def _as_client(attempt: Attempt) -> None:
    attempt.headers["Authorization"] = credentials()


def _subscribing(attempt: Attempt) -> None:
    _as_client(attempt)
    attempt.body = {"subscribeStatus": "1", "eventTypes": [{"eventType": "va-deposit-transaction"}]}


def _with_an_unsent_message(attempt: Attempt) -> None:
    _as_client(attempt)
    issued = attempt.caller.post("/va/issue", _issue_order(attempt))
    deposit = {"va_id": issued.json["vaList"][0]["vaId"], "amount": 700, "remitter_name": "ｻﾝﾌﾟﾙ ﾊﾅｺ"}
    assert attempt.caller.control("POST", "/deposits", deposit).status_code == 201


_SINGLE: dict[str, Any] = {"path": "/transfer/request", "order": _order}
_BULK: dict[str, Any] = {"path": "/bulktransfer/request", "order": _bulk_order}

# What makes a call of an operation succeed, by method and path within its document.
PREPARATIONS: dict[str, Callable[[Attempt], None]] = {
    "GET /userinfo": _nothing,
    "POST /transfer/spaccounts-transfer": _moving_between_purses,
    "POST /subscribe": _subscribing,
    "GET /unsentlist/va-deposit-transaction": _with_an_unsent_message,
    "GET /subscribe-status": _as_client,
    "GET /authorization": _consenting,
    "POST /token": _redeeming,
    "GET /accounts": _nothing,
    "GET /accounts/balances": _nothing,
    "GET /accounts/transactions": _about_the_account,
    "GET /accounts/deposit-transactions": _about_the_account,
    "GET /accounts/visa-transactions": _about_the_account,
    "GET /transfer/status": partial(_about_an_order, **_SINGLE),
    "GET /transfer/request-result": partial(_about_an_order, **_SINGLE),
    "POST /transfer/transferfee": partial(_ordering, order=_order),
    "POST /transfer/request": partial(_ordering, order=_order),
    "POST /transfer/cancel": partial(_cancelling, **_SINGLE, cancel_class="2"),
    "GET /bulktransfer/status": partial(_about_an_order, **_BULK),
    "GET /bulktransfer/request-result": partial(_about_an_order, **_BULK),
    "POST /bulktransfer/transferfee": partial(_ordering, order=_bulk_order),
    "POST /bulktransfer/request": partial(_ordering, order=_bulk_order),
    "POST /bulktransfer/cancel": partial(_cancelling, **_BULK, cancel_class="4"),
    "POST /va/list": _nothing,
    "GET /va/deposit-transactions": _about_virtual_deposits,
    "POST /va/issue": _issuing,
    "POST /va/status-change": _stopping_a_virtual_account,
    "POST /va/close-request": _nothing,
}


def bare_attempt(caller: Caller, document: str, operation: Operation) -> Attempt:
    """Return a call with nothing in it but a body that can be sent."""
    body = token_form() if operation.body_kind == FORM else {}
    holder = holder_of(document, operation)
    return Attempt(caller, operation, holder, operation.method, operation.path, body=body)


def good_attempt(caller: Caller, document: str, operation: Operation) -> Attempt:
    """Return a call that the bank has no reason to refuse, with all that it needs done beforehand."""
    attempt = bare_attempt(caller, document, operation)
    PREPARATIONS[operation.name](attempt)
    return attempt

"""One call of every operation that succeeds, with what has to be there beforehand. Nothing here asserts a status."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from werkzeug.test import TestResponse

from mock_gmo.contract import FORM, JSON, Operation
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, REDIRECT_URI, SCOPES, TODAY, Caller, make_line, token_form

BULK_LINE = {name: value for name, value in make_line(itemId="1").items() if name != "ediInfo"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who consents to the calls of one document, with which scopes, and the account that the calls are about."""

    customer_id: str
    account_id: str
    scope: str
    scenario: str = "corporate"


HOLDERS = {
    "auth": Holder("corporate", ACCOUNT_ID, f"openid {SCOPES}"),
    "corporation": Holder("corporate", ACCOUNT_ID, f"{SCOPES} private:virtual-account"),
}


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


_SINGLE: dict[str, Any] = {"path": "/transfer/request", "order": _order}
_BULK: dict[str, Any] = {"path": "/bulktransfer/request", "order": _bulk_order}

# What makes a call of an operation succeed, by method and path within its document.
PREPARATIONS: dict[str, Callable[[Attempt], None]] = {
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
    return Attempt(caller, operation, HOLDERS[document], operation.method, operation.path, body=body)


def good_attempt(caller: Caller, document: str, operation: Operation) -> Attempt:
    """Return a call that the bank has no reason to refuse, with all that it needs done beforehand."""
    attempt = bare_attempt(caller, document, operation)
    PREPARATIONS[operation.name](attempt)
    return attempt

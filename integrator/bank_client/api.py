"""The corporation API as seen from outside. Calls that move money end as an Outcome, inquiries as an Answer.

Nothing here waits, repeats, refreshes a token or takes a turn at the gate; who calls does, because who calls
knows what is safe. Source: Corporation API, 1 to 3 and 6 to 10.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from integrator.bank_client import statements, wire
from integrator.bank_client.calls import Call, Calls, Failed, Received, Verdict
from integrator.bank_client.reading import JSONObject, Unreadable, find_text, read_object
from integrator.bank_client.wire import FeeQuote, Refused, RequestResult, StatusPage, Unavailable
from integrator.domain.outcome import (
    Accepted,
    Attempt,
    Fact,
    InDoubt,
    NotCarriedOut,
    Outcome,
    OutcomeKind,
    Rejected,
    classify,
)
from integrator.secret import Secret

BASE_PATH = "/ganb/api/corporation/v1"
JSON_TYPE = "application/json;charset=UTF-8"
BANK_KEY = re.compile(r"[\x21-\x7e]{1,128}")
# Statuses at which the bank refuses this very request, if it says so in its own error shape.
REFUSING = frozenset({400, 403, 404, 405, 406, 411, 415})

T = TypeVar("T")


class Access(Protocol):
    """Whose call it is: a company and the access token of its standing consent."""

    @property
    def company_id(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def token(self) -> Secret: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. `success` is its only documented success status."""

    name: str
    method: str
    path: str
    scope: str
    success: int


GET_ACCOUNTS = Operation("getAccounts", "GET", "/accounts", "account", 200)
GET_BALANCES = Operation("getBalances", "GET", "/accounts/balances", "account", 200)
GET_TRANSACTIONS = Operation("getTransactions", "GET", "/accounts/transactions", "account", 200)
GET_TRANSFER_STATUS = Operation("getTransferStatus", "GET", "/transfer/status", "transfer", 200)
GET_REQUEST_RESULT = Operation("getTransferRequestResult", "GET", "/transfer/request-result", "transfer", 200)
CALCULATE_FEE = Operation("calculateTransferFee", "POST", "/transfer/transferfee", "transfer", 200)
REQUEST_TRANSFER = Operation("requestTransfer", "POST", "/transfer/request", "transfer", 201)
CANCEL_TRANSFER = Operation("cancelTransfer", "POST", "/transfer/cancel", "transfer", 201)


@dataclass(frozen=True, slots=True)
class Observation(Generic[T]):
    """What was seen of a call, before any judgement: the fact, and the value that belongs to it."""

    fact: Fact
    reason: str
    reply: T | None = None
    refusal: Refused | None = None


class BankClient:
    """The bank's corporation API for any company; the token says which."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def request_transfer(self, access: Access, body: bytes, *, key: str, attempt: Attempt) -> Outcome:
        """Send an order, `body` being what `wire.transfer_body` made and `key` its duplicate key. Moves money.

        `attempt` says whether an earlier try of the same bytes may be at the bank: then nothing but a success
        settles anything.
        """
        assert BANK_KEY.fullmatch(key), "a bank key is 1 to 128 visible ASCII characters"
        headers = (*_headers(access, body), ("Idempotency-Key", key))
        account_id = find_text(read_object(body), "accountId")
        return self._order(
            _call(REQUEST_TRANSFER, access, headers=headers, body=body),
            REQUEST_TRANSFER.success,
            {"accountId": account_id},
            attempt,
        )

    def cancel_transfer(self, access: Access, account_id: str, apply_no: str, cancel_class: str) -> Outcome:
        """Ask to cancel an application; `cancel_class` 1 withdraws an application, 2 revokes an acceptance.

        Moves no money, so every try is judged for itself; who repeats one knows that an earlier may wait.
        """
        body = wire.cancel_body(account_id, apply_no, cancel_class)
        return self._order(
            _call(CANCEL_TRANSFER, access, headers=_headers(access, body), body=body),
            CANCEL_TRANSFER.success,
            {"accountId": account_id, "applyNo": apply_no},
            Attempt.FIRST,
        )

    def find_transfer(self, access: Access, account_id: str, apply_no: str) -> StatusPage | Refused | Unavailable:
        """Ask for the state of one application; no line when the bank does not show it (yet, or any more)."""
        query = wire.query_by_apply_no(account_id, apply_no)
        return self._ask(GET_TRANSFER_STATUS, access, wire.read_status_by_apply_no, query=query)

    def list_transfers(
        self,
        access: Access,
        account_id: str,
        *,
        date_from: date,
        date_to: date,
        next_item_key: str | None = None,
        statuses: Sequence[str] = (),
    ) -> StatusPage | Refused | Unavailable:
        """Ask for one page of the transfers that were applied for on these civil dates, by any channel."""
        query = wire.query_search(
            account_id, date_from=date_from, date_to=date_to, next_item_key=next_item_key, statuses=statuses
        )
        return self._ask(GET_TRANSFER_STATUS, access, wire.read_status_search, query=query)

    def request_result(self, access: Access, account_id: str, apply_no: str) -> RequestResult | Refused | Unavailable:
        """Ask how the latest request for this application stands: the order, or the cancel made after it."""
        query = (("accountId", account_id), ("applyNo", apply_no))
        return self._ask(GET_REQUEST_RESULT, access, wire.read_request_result, query=query, echo={"applyNo": apply_no})

    def fee(self, access: Access, body: bytes) -> FeeQuote | Refused | Unavailable:
        """Ask what the order in `body` would cost; the bank checks it like an order and moves nothing."""
        return self._ask(CALCULATE_FEE, access, wire.read_fee, body=body)

    def accounts(self, access: Access) -> statements.AccountList | Refused | Unavailable:
        """Ask for all accounts of the holder."""
        return self._ask(GET_ACCOUNTS, access, statements.read_accounts)

    def balances(
        self, access: Access, account_id: str | None = None
    ) -> tuple[statements.BalanceView, ...] | Refused | Unavailable:
        """Ask for the balances of one account, or of all."""
        return self._ask(GET_BALANCES, access, statements.read_balances, query=statements.query_balances(account_id))

    def transactions(
        self, access: Access, query: statements.StatementQuery
    ) -> statements.StatementPage | Refused | Unavailable:
        """Ask for one page of an account's statement."""
        return self._ask(
            GET_TRANSACTIONS,
            access,
            statements.read_statement,
            query=statements.query_statement(query),
            echo={"accountId": query.account_id},
        )

    def _order(self, call: Call, success: int, echo: Mapping[str, str | None], attempt: Attempt) -> Outcome:
        def read(received: Received) -> Outcome:
            return outcome_of(observe(received, success=success, read=wire.read_request_reply, echo=echo), attempt)

        return self._calls.perform(call, read=read, judge=_verdict_of_outcome)

    def _ask(
        self,
        operation: Operation,
        access: Access,
        read_reply: Callable[[JSONObject], T],
        *,
        query: wire.Query = (),
        body: bytes | None = None,
        echo: Mapping[str, str | None] | None = None,
    ) -> T | Refused | Unavailable:
        def read(received: Received) -> T | Refused | Unavailable:
            return answer_of(observe(received, success=operation.success, read=read_reply, echo=echo or {}))

        call = _call(operation, access, query=query, headers=_headers(access, body), body=body)
        return self._calls.perform(call, read=read, judge=_verdict_of_answer)


def observe(
    received: Received, *, success: int, read: Callable[[JSONObject], T], echo: Mapping[str, str | None]
) -> Observation[T]:
    """Return the bare fact of a call, with the reply or the refusal that was read. Decides by status, then by form.

    `echo` holds members that the reply repeats: one that says something else belongs to another request.
    """
    if isinstance(received, Failed):
        return Observation(received.fact, received.reason)
    status = received.status
    if status == 401:
        return Observation(
            Fact.TOKEN_REFUSED, "401", refusal=_find_refusal(received.body, status) or Refused(401, "", "")
        )
    if status == 429:
        return Observation(Fact.LIMITED, "429", refusal=_find_refusal(received.body, status))
    if 500 <= status <= 599:
        return Observation(Fact.SERVER_ERROR, str(status), refusal=_find_refusal(received.body, status))
    if status in REFUSING:
        refusal = _find_refusal(received.body, status)
        if refusal is None:
            return Observation(Fact.UNREADABLE, f"{status} in a foreign form")
        return Observation(Fact.REFUSED, f"{status} {refusal.code}", refusal=refusal)
    if status != success:
        return Observation(Fact.UNREADABLE, f"{status} is not documented")
    try:
        members = read_object(received.body)
        _check_echo(members, echo)
        return Observation(Fact.DONE, str(status), reply=read(members))
    except Unreadable as unreadable:
        return Observation(Fact.UNREADABLE, f"{status}: {unreadable}")


def outcome_of(seen: Observation[RequestResult], attempt: Attempt) -> Outcome:
    """Return how a call that moves money ended, by the table of `domain.outcome`."""
    match classify(attempt, seen.fact):
        case OutcomeKind.ACCEPTED:
            assert seen.reply is not None, "what is done has a reply"
            return Accepted(seen.reply.apply_no, seen.reply.result_code)
        case OutcomeKind.REJECTED:
            assert seen.refusal is not None, "what is refused has a code"
            refusal = seen.refusal
            return Rejected(refusal.status, refusal.code, refusal.message, refusal.detail_codes, refusal.lines)
        case OutcomeKind.NOT_CARRIED_OUT:
            return NotCarriedOut(seen.fact)
        case OutcomeKind.IN_DOUBT:
            return InDoubt(seen.fact, seen.reason)


def answer_of(seen: Observation[T]) -> T | Refused | Unavailable:
    """Return how an inquiry ended. A refused token is a refusal; a limit reached is only a matter of time."""
    if seen.reply is not None:
        return seen.reply
    if seen.fact in {Fact.REFUSED, Fact.TOKEN_REFUSED}:
        assert seen.refusal is not None, "a refusal was read, or stands for a 401"
        return seen.refusal
    return Unavailable(seen.fact, seen.reason)


def _find_refusal(body: bytes, status: int) -> Refused | None:
    try:
        return wire.read_refusal(read_object(body), status=status)
    except Unreadable:
        return None


def _check_echo(members: JSONObject, echo: Mapping[str, str | None]) -> None:
    for name, value in echo.items():
        if find_text(members, name) not in {None, value}:
            raise Unreadable(f"{name} is not the one we sent")


def _call(
    operation: Operation,
    access: Access,
    *,
    query: wire.Query = (),
    headers: tuple[tuple[str, str], ...],
    body: bytes | None = None,
) -> Call:
    return Call(
        method=operation.method,
        path=BASE_PATH + operation.path,
        company_id=access.company_id,
        scope=operation.scope,
        context=operation.name,
        query=query,
        headers=headers,
        body=body,
    )


def _headers(access: Access, body: bytes | None) -> tuple[tuple[str, str], ...]:
    headers = (("x-access-token", access.token.reveal()), ("Accept", JSON_TYPE))
    return headers if body is None else (*headers, ("Content-Type", JSON_TYPE))


def _verdict_of_outcome(outcome: Outcome) -> Verdict:
    match outcome:
        case Accepted(result_code=code):
            return Verdict("accepted", f"resultCode {code}")
        case Rejected(status=status, code=code, detail_codes=details):
            return Verdict("rejected", " ".join((str(status), *details)), code)
        case NotCarriedOut(fact=fact):
            return Verdict("not_carried_out", fact.value)
        case InDoubt(fact=fact, reason=reason):
            return Verdict("in_doubt", f"{fact.value}: {reason}")


def _verdict_of_answer(answer: object) -> Verdict:
    match answer:
        case Refused(status=status, code=code, detail_codes=details):
            return Verdict("refused", " ".join((str(status), *details)), code)
        case Unavailable(fact=fact, reason=reason):
            return Verdict("unavailable", f"{fact.value}: {reason}")
        case _:
            return Verdict("answered")

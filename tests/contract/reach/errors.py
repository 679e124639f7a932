"""Which operation refuses for which reason, and how each comes about: one spoiling of a good call a row.

`refusal` is the id in contracts/refusals.yaml. What no spoiling stands beside is reached by a test of its own; what no
test reaches stands in NOT_REACHED with the reason. The matrix of the whole run is held to both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import contracts
from mock_gmo.bank.rules import BankRules, ClosedHours
from mock_gmo.contract import Operation, read_operations
from tests.contract.reach import ways
from tests.contract.reach.good_calls import DOCUMENTS, Attempt, Holder
from tests.contract.reach.ways import is_any, is_json_call, is_post, is_server_call, takes_json
from tests.unit.gateway.calling import CLIENT_ID, Caller, make_caller
from tests.unit.gateway.persons import sole_proprietor

Fits = Callable[[str, Operation], bool]
Spoil = Callable[[Attempt], None]
BY_REDIRECT, ON_A_PAGE = 302, 400
MONTH_SECONDS: Final = 31 * 24 * 3600
UNKNOWN_ACCOUNT: Final = "999999999999"
NO_SUCH_VA: Final = [{"vaId": "9999999999"}]
UNKNOWN_APPLY_NO: Final = "2026040199999999"
OTHER_SCOPES: Final = {"account": "transfer"}


@dataclass(frozen=True, slots=True)
class Error:
    """One refusal: who gives it, and what spoils a good call so that it does; None where other tests do."""

    refusal: str
    fits: Fits
    spoil: Spoil | None = None
    status: int | None = None
    """Where it is not the one of contracts/refusals.yaml."""


def _called(*ends: str) -> Fits:
    return lambda _, operation: operation.name.endswith(ends)


def _only(wanted: str, *ends: str) -> Fits:
    return lambda document, operation: document == wanted and operation.name.endswith(ends)


def _has_token(document: str, operation: Operation) -> bool:
    return operation.scope_family is not None


def _is_for_a_holder(document: str, operation: Operation) -> bool:
    return document in ("corporation", "personal")


def _is_token(document: str, operation: Operation) -> bool:
    return operation.operation_id == "issueToken"


def _is_authorize(document: str, operation: Operation) -> bool:
    return operation.operation_id == "authorize"


def _fields(operation: Operation) -> dict[str, Any]:
    return {field.name: field for field in (*operation.query, *operation.body)}


def _takes(*names: str) -> Fits:
    return lambda document, operation: _has_token(document, operation) and bool(_fields(operation).keys() & {*names})


def _checks_fields(document: str, operation: Operation) -> bool:
    return is_json_call(document, operation) and bool(_fields(operation))


def _has_a_bound_field(document: str, operation: Operation) -> bool:
    return _checks_fields(document, operation) and not all(field.is_free for field in _fields(operation).values())


def _has_a_free_field(document: str, operation: Operation) -> bool:
    return _checks_fields(document, operation) and any(field.is_free for field in _fields(operation).values())


def _needs_a_field(document: str, operation: Operation) -> bool:
    return _checks_fields(document, operation) and any(field.is_required for field in _fields(operation).values())


def _has_a_period(document: str, operation: Operation) -> bool:
    return any(field.not_before for field in _fields(operation).values())


def _lines(attempt: Attempt) -> list[dict[str, Any]]:
    name = next(name for name in ("transfers", "bulkTransfers") if name in attempt.body)
    lines: list[dict[str, Any]] = [dict(line) for line in attempt.body[name]]
    attempt.body[name] = lines
    return lines


def _sent(attempt: Attempt) -> dict[str, Any]:
    return attempt.body if attempt.operation.body else attempt.query


def _with(**changed: Any) -> Spoil:
    return lambda attempt: _sent(attempt).update(changed)


def _without(*names: str) -> Spoil:
    def spoil(attempt: Attempt) -> None:
        _two_lines(attempt)
        for name in names:
            attempt.body.pop(name, None)

    return spoil


def _in_a_line(**changed: Any) -> Spoil:
    return lambda attempt: _lines(attempt)[0].update(changed)


def _two_lines(attempt: Attempt) -> None:
    lines = _lines(attempt)
    lines.append(dict(lines[0]))
    for number, line in enumerate(lines, start=1):
        line["itemId"] = str(number)
    total = sum(int(line["transferAmount"]) for line in lines)
    attempt.body |= {"totalCount": "2", "totalAmount": str(total)}


def _gap_in_the_lines(attempt: Attempt) -> None:
    _two_lines(attempt)
    _lines(attempt)[1]["itemId"] = "3"


def _number_twice(attempt: Attempt) -> None:
    _two_lines(attempt)
    _lines(attempt)[1]["itemId"] = "1"


def _line_without_number(attempt: Attempt) -> None:
    _two_lines(attempt)
    _lines(attempt)[0].pop("itemId")


def _to_the_debited_account(attempt: Attempt) -> None:
    account_id = attempt.holder.account_id
    _lines(attempt)[0].update(
        beneficiaryBankCode="0310",
        beneficiaryBranchCode=account_id[:3],
        accountTypeCode="1",
        accountNumber=account_id[5:],
    )


def _for_a_sum(yen: int) -> Spoil:
    def spoil(attempt: Attempt) -> None:
        _lines(attempt)[0]["transferAmount"] = str(yen)
        if "totalAmount" in attempt.body:
            attempt.body["totalAmount"] = str(yen)

    return spoil


def _without_a_limit(attempt: Attempt) -> None:
    customer = attempt.holder.customer_id
    limits = {"transfer_limit_yen": {attempt.holder.account_id: 500_000_000}}
    reply = attempt.caller.control("PATCH", f"/customers/{customer}", limits)
    assert reply.status_code == 200, reply.text
    _for_a_sum(400_000_000)(attempt)


def _for_another_scope(attempt: Attempt) -> None:
    kind = attempt.operation.scope_kinds[0] if attempt.operation.scope_kinds else "private"
    scope = f"{kind}:{OTHER_SCOPES.get(attempt.operation.scope_family or '', 'account')}"
    attempt.caller.token = attempt.caller.new_token(scope)["access_token"]


def _a_list_as_body(attempt: Attempt) -> None:
    attempt.body = []  # type: ignore[assignment]  # this is what spoils it


def _without_what_is_needed(attempt: Attempt) -> None:
    name = next(field.name for field in _fields(attempt.operation).values() if field.is_required)
    _sent(attempt).pop(name)


def _searching(attempt: Attempt) -> None:
    """Let an inquiry by apply number become one by date; any other stays as it is."""
    if attempt.query.pop("applyNo", None) is not None and "queryKeyClass" in attempt.query:
        attempt.query |= {"queryKeyClass": "2", "dateFrom": "2026-04-01", "dateTo": "2026-04-01"}


def _beyond_the_last_page(attempt: Attempt) -> None:
    _searching(attempt)
    _sent(attempt)["nextItemKey"] = "99999999"


def _spoil_a_free_field(attempt: Attempt) -> None:
    name = next(field.name for field in _fields(attempt.operation).values() if field.is_free)
    _sent(attempt)[name] = "!"


def _send_what_does_not_belong(attempt: Attempt) -> None:
    field = next(field for field in _fields(attempt.operation).values() if not field.is_free)
    _sent(attempt).update(dict(field.not_with))
    if field.only_with:
        _searching(attempt)
        (other, value), *_ = field.only_with
        if _sent(attempt).get(other) == value:
            _sent(attempt).pop(other)
    _sent(attempt)[field.name] = field.example or "1"


def _backwards_in_time(attempt: Attempt) -> None:
    _searching(attempt)
    field = next(field for field in _fields(attempt.operation).values() if field.not_before)
    _sent(attempt).update({str(field.not_before): "2026-04-01", field.name: "2026-03-01"})


def _without_account(attempt: Attempt) -> None:
    _sent(attempt).pop("raId")


def _for_unknown_account(attempt: Attempt) -> None:
    name = next(name for name in ("accountId", "raId") if name in _fields(attempt.operation))
    _sent(attempt)[name] = UNKNOWN_ACCOUNT


def _as_form(**changed: str) -> Spoil:
    return lambda attempt: attempt.body.update(changed)


def _done_already(attempt: Attempt) -> None:
    assert attempt.send().status_code == attempt.operation.success_status


def _for_another_grant(attempt: Attempt) -> None:
    attempt.caller.world.oauth.clients.change(CLIENT_ID, grants=frozenset({"refresh_token"}))


def _while_it_is_closed(attempt: Attempt) -> None:
    """The same call at a bank that takes no orders on Wednesday at noon."""
    attempt.caller = _closed_at_noon(attempt.holder)


@cache
def _closed_at_noon(holder: Holder) -> Caller:
    closed = BankRules(closed_hours=(ClosedHours.parse("wed 11:00-13:00"),))
    return make_caller(scenario=holder.scenario, customer_id=holder.customer_id, scopes=holder.scope, bank_rules=closed)


def _as_another_holder(attempt: Attempt) -> None:
    """The same call with the token of a holder whom the document is not for."""
    is_personal = attempt.operation.document == "personal"
    attempt.caller = corporate() if is_personal else sole_proprietor()


def _with_details_in_a_search(attempt: Attempt) -> None:
    _searching(attempt)
    attempt.query["detailInfoNecessity"] = "1"


def _for_a_class(attempt: Attempt) -> None:
    _searching(attempt)
    attempt.query["requestTransferClass"] = "1"


def _without_card(attempt: Attempt) -> None:
    others = {"101010012345": "101020067890", "201010023456": "201020078901"}
    attempt.query["accountId"] = others[attempt.holder.account_id]


def _after_closing(attempt: Attempt) -> None:
    path = attempt.path.partition("/va/")[0] + "/va/close-request"
    assert attempt.caller.call("POST", path, json={}).status_code == 200
    assert attempt.caller.control("POST", "/clock", {"advance_seconds": MONTH_SECONDS}).status_code == 200
    attempt.caller.token = attempt.caller.new_token(attempt.holder.scope)["access_token"]


def _for_another_account_than_the_caps(attempt: Attempt) -> None:
    attempt.body["issueRequestCount"] = "1000"
    for _ in range(11):
        attempt.send()


@cache
def corporate() -> Caller:
    """Return a shared bank of a corporation."""
    return make_caller()


ORDERS: Final = _called("transfer/transferfee", "transfer/request")
SINGLE_ORDERS: Final = _called("POST /transfer/transferfee", "POST /transfer/request")
REQUESTS: Final = _called("POST /transfer/request", "POST /bulktransfer/request")
VA: Final = ("/va/issue", "/va/list", "/va/status-change", "/va/close-request", "/va/deposit-transactions")
CANCELS: Final = _called("transfer/cancel")
SP: Final = _called("/spaccounts-transfer")

ERRORS: Final[tuple[Error, ...]] = (
    # The gateway. Where nothing stands in the third column, test_every_status reaches it.
    Error("address_not_allowed", is_server_call),
    Error("operation_not_found", is_any),
    Error("content_length_missing", is_post),
    Error("content_type_not_json", is_post),
    Error("accept_not_possible", is_json_call),
    Error("maintenance", is_any),
    Error("request_limit_exceeded", is_server_call),
    Error("token_invalid", _has_token),
    Error("webhook_client_invalid", lambda _, operation: operation.called_by_client),
    Error("unsent_list_empty", ways.is_the_unsent_list),
    Error("holder_not_served", _is_for_a_holder, _as_another_holder),
    Error("scope_missing", _has_token, _for_another_scope),
    Error("body_not_json", takes_json, _a_list_as_body),
    Error("field_missing", _needs_a_field, _without_what_is_needed),
    Error("field_invalid", _has_a_free_field, _spoil_a_free_field),
    Error("field_not_allowed", _has_a_bound_field, _send_what_does_not_belong),
    Error("period_reversed", _has_a_period, _backwards_in_time),
    # The bank.
    Error("account_not_usable", _takes("accountId", "raId"), _for_unknown_account),
    # By a setting; test_recorded_truth reaches it.
    Error("account_not_usable", _only("corporation", "/accounts/transactions", "/transfer/request"), status=401),
    Error("next_item_key_unknown", _takes("nextItemKey"), _beyond_the_last_page),
    Error("totals_differ", ORDERS, _with(totalCount="1", totalAmount="9")),
    Error("total_count_missing", SINGLE_ORDERS, _without("totalCount")),
    Error("total_amount_missing", SINGLE_ORDERS, _without("totalAmount")),
    Error("item_ids_not_consecutive", SINGLE_ORDERS, _gap_in_the_lines),
    Error("item_ids_not_consecutive", _called("bulktransfer/transferfee", "bulktransfer/request"), _number_twice),
    Error("item_id_missing", SINGLE_ORDERS, _line_without_number),
    Error("forbidden_character", ORDERS, _in_a_line(beneficiaryName="ｻﾝﾌﾟﾙ_ﾊﾅｺ")),
    Error("bank_or_branch_unknown", ORDERS, _in_a_line(beneficiaryBranchCode="999")),
    Error("beneficiary_is_debited_account", ORDERS, _to_the_debited_account),
    Error("date_in_past", ORDERS, _with(transferDesignatedDate="2026-03-31")),
    Error("date_too_far", ORDERS, _with(transferDesignatedDate="2029-04-02")),
    Error("not_a_business_day", ORDERS, _with(transferDesignatedDate="2026-04-04", transferDateHolidayCode="3")),
    Error("outside_hours", REQUESTS, _while_it_is_closed),
    Error("limit_exceeded", REQUESTS, _for_a_sum(500_000_000)),
    Error("insufficient_funds", REQUESTS, _without_a_limit),
    Error("duplicate_key_other_body", ways.takes_a_duplicate_key, ways.use_the_key_for_another_order),
    # By a setting; test_every_status reaches both.
    Error("duplicate_key_other_body", ways.takes_a_duplicate_key, status=409),
    Error("duplicate_key_other_body", ways.takes_a_duplicate_key, status=422),
    Error("apply_no_unknown", _called("/request-result", "/cancel"), _with(applyNo=UNKNOWN_APPLY_NO)),
    Error("cancel_not_possible", CANCELS, _done_already),
    Error("transfer_class_needs_business_id", _only("corporation", "transfer/status"), _for_a_class),
    Error("details_need_apply_no", _takes("detailInfoNecessity"), _with_details_in_a_search),
    Error("visa_card_missing", _called("/visa-transactions"), _without_card),
    Error("visa_items_too_many", _called("/visa-transactions")),
    Error("ra_id_missing", _only("corporation", "/va/issue"), _without_account),
    Error("ra_id_or_va_id_missing", _called("/va/deposit-transactions"), _without_account),
    Error("period_too_old", _called("/va/deposit-transactions"), _with(dateFrom="2020-01-01", dateTo="2020-01-02")),
    Error("field_missing", _called("/va/list"), _with(vaIdList=[{}])),
    Error("va_not_usable", _only("corporation", "/va/list"), _with(raId="101010012345", vaIdList=NO_SUCH_VA)),
    Error("va_not_usable", _called("/va/deposit-transactions"), _with(vaId="9999999999")),
    Error("va_not_usable", _called("/va/status-change"), _with(vaIdList=NO_SUCH_VA)),
    Error("va_change_not_possible", _called("/va/status-change"), _with(vaStatusChangeCode="2")),
    Error("va_holder_name_unusable", _called("/va/issue"), _with(vaHolderNameKana=" ﾐﾎﾝ", vaHolderNamePos="2")),
    Error("va_holder_name_unusable", _called("/va/list"), _with(vaHolderNameKana="見本")),
    Error("va_auth_key_not_allowed", _only("corporation", *VA), _with(vaContractAuthKey="1234567890")),
    Error("va_contract_ended", _called(*VA), _after_closing),
    Error("va_close_repeated", _called("/va/close-request"), _done_already),
    Error("va_cap_reached", _called("/va/issue"), _for_another_account_than_the_caps),
    Error("insufficient_funds", SP, _with(paymentAmount="900000000")),
    Error("sp_currency_unknown", SP, _with(currencyCode="XXX")),
    Error("sp_amount_unusable", SP, _with(paymentAmount="0")),
    Error("sp_account_not_usable", _only("personal", "/accounts/transactions"), _with(accountId="SP999999999999")),
    Error("sp_account_not_usable", SP, _with(debitSpAccountId="SP999999999999")),
    Error("sp_accounts_same", SP, _with(debitSpAccountId="SP502011047569")),
    # The authorization server.
    Error("oauth_invalid_request", _is_token, _as_form(code="")),
    Error("oauth_invalid_client", _is_token, _as_form(client_secret="wrong")),
    Error("oauth_invalid_grant", _is_token, _done_already),
    Error("oauth_unsupported_grant_type", _is_token, _as_form(grant_type="password")),
    Error("oauth_unauthorized_client", _is_token, _for_another_grant),
    Error("oauth_temporarily_unavailable", _is_token),
    Error("oauth_invalid_client", _is_authorize, _with(client_id="x"), ON_A_PAGE),
    Error("oauth_invalid_request", _is_authorize, _with(redirect_uri="https://elsewhere.example/"), ON_A_PAGE),
    Error("oauth_invalid_request", _is_authorize, _with(state=""), BY_REDIRECT),
    Error("oauth_unsupported_response_type", _is_authorize, _with(response_type="token"), BY_REDIRECT),
    Error("oauth_invalid_scope", _is_authorize, _with(scope="private:account corp:account"), BY_REDIRECT),
    Error("oauth_unauthorized_client", _is_authorize, _for_another_grant, BY_REDIRECT),
)
# Raised, but no reply of an operation of the contract by a rule: faults say the first three, pages the fourth.
OUTSIDE_OPERATIONS: Final = {
    "failure_inside": "a reply of ours that breaks the contract, and faults of the control API",
    "overload": "faults of the control API",
    "core_timeout": "faults of the control API",
    "oauth_access_denied": "the page on which the holder refuses sends the browser back",
    "oauth_server_error": "known from the document; nothing of ours fails so",
}
# Holes that are known, and why they stay; whoever fills one takes it out.
NOT_REACHED: Final[dict[tuple[str, int, str], str]] = {
    ("issueToken", 503, "oauth_temporarily_unavailable"): "needs more living tokens than a test can issue in its time",
    ("getPersonalVisaTransactions", 400, "visa_items_too_many"): "the corporation's rule and code, reached there",
}


def rows() -> Iterator[tuple[str, Operation, Error, int]]:
    """Yield document, operation, error and status, for every error of every operation of the bank."""
    statuses = {row["id"]: row["status"] for row in contracts.load("refusals")["refusals"]}
    for document in DOCUMENTS:
        for operation in read_operations(document):
            for error in ERRORS:
                if error.fits(document, operation):
                    yield document, operation, error, error.status or statuses[error.refusal]


def declared_errors() -> Iterator[tuple[str, int, str]]:
    """Yield operation, status and error as the matrix of a run names them."""
    for _, operation, error, status in rows():
        yield operation.operation_id, status, error.refusal

"""Transfers on the wire: our requests to bytes, the bank's replies to values. No call is made here.

Names on the left of a member are the bank's, names of ours are those of docs/glossary.md. Source: Corporation API,
6 to 10. The fixed form of a request (order, spacing, no empty member) is what lets a repetition be byte for
byte the first.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from integrator.bank_client.reading import (
    APPLY_NO,
    CODE,
    COUNT,
    ERROR_CODE,
    ITEM_KEY,
    JSONObject,
    Unreadable,
    find_date,
    find_flag,
    find_instant,
    find_objects,
    find_text,
    find_yen,
    need_as_of,
    need_text,
    need_yen,
)
from integrator.domain.batch import TOGETHER_MAX
from integrator.domain.outcome import Fact, LineRefusal

MARK = re.compile(r"(?<![A-Z0-9])R[A-Z0-9]{19}(?![A-Z0-9])")  # the form of our marks in ediInfo
PAGE_SIZE = 500  # fixed by the bank; a shorter page is the last one
HOLIDAY_NEXT_BUSINESS_DAY = "1"
BY_APPLY_NO, SEARCH = "1", "2"  # queryKeyClass
COMPLETE, WAITS_FOR_CONFIRMATION, EXPIRED = "1", "2", "8"  # resultCode

Query = tuple[tuple[str, str], ...]


class OrderLine(Protocol):
    """One line of an order. `mark` travels in ediInfo and comes back; `name_kana` is transferable as it is."""

    @property
    def item_id(self) -> int: ...
    @property
    def amount_yen(self) -> int: ...
    @property
    def mark(self) -> str: ...
    @property
    def bank_code(self) -> str: ...
    @property
    def branch_code(self) -> str: ...
    @property
    def account_type(self) -> str: ...
    @property
    def account_number(self) -> str: ...
    @property
    def name_kana(self) -> str: ...


@dataclass(frozen=True, slots=True)
class TransferLine:
    """An order's line that no submission holds, for a fee inquiry."""

    item_id: int
    amount_yen: int
    mark: str
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str = field(repr=False)
    name_kana: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The bank's word on a request: `result_code` 1 complete, 2 waits for confirmation, 8 expired."""

    apply_no: str
    result_code: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of one transfer as the bank shows it. Absent members are None, an absent status is empty."""

    apply_no: str | None
    mark: str | None
    status: str
    amount_yen: int | None
    fee_yen: int | None
    accept_no: str | None
    designated_date: date | None
    refund_status: str | None
    is_repayment: bool
    bank_code: str | None
    branch_code: str | None
    account_type: str | None
    account_number: str | None = field(repr=False)
    name_kana: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatusPage:
    """One page; `next_item_key` None means that it was the last."""

    lines: tuple[StatusLine, ...]
    next_item_key: str | None


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What the bank would charge, without free transfers and points. `lines`: (item_id, fee_yen)."""

    total_fee_yen: int
    lines: tuple[tuple[str, int], ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """The bank said no, with a code. `message` is wording for people, never to be decided by.

    As an answer to an inquiry, 401 means that the token is refused; it is the only status without a code.
    """

    status: int
    code: str
    message: str
    detail_codes: tuple[str, ...] = ()
    lines: tuple[LineRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An inquiry was not answered; asking again later is safe. `reason` is for people."""

    fact: Fact
    reason: str


def transfer_body(
    account_id: str, lines: Sequence[OrderLine], *, designated_date: date, remitter_name: str | None = None
) -> bytes:
    """Return the body of transfer/request and transfer/transferfee. Numbers travel as strings of digits.

    Source: Corporation API, 9, TransferRequest. `lines`: 1 to 99, counted from 1 without a gap.
    """
    assert 1 <= len(lines) <= TOGETHER_MAX, f"an order has 1 to {TOGETHER_MAX} lines"
    assert [line.item_id for line in lines] == list(range(1, len(lines) + 1)), "item ids count from 1"
    members: dict[str, Any] = {"accountId": account_id}
    if remitter_name:
        members["remitterName"] = remitter_name
    members["transferDesignatedDate"] = designated_date.isoformat()
    members["transferDateHolidayCode"] = HOLIDAY_NEXT_BUSINESS_DAY
    members["totalCount"] = str(len(lines))
    members["totalAmount"] = str(sum(line.amount_yen for line in lines))
    members["transfers"] = [_line(line) for line in lines]
    return _bytes(members)


def cancel_body(account_id: str, apply_no: str, cancel_class: str) -> bytes:
    """Return the body of transfer/cancel; `cancel_class` is 1 (application) or 2 (acceptance)."""
    return _bytes({"accountId": account_id, "cancelTargetKeyClass": cancel_class, "applyNo": apply_no})


def query_by_apply_no(account_id: str, apply_no: str) -> Query:
    """Return the query of transfer/status for one application."""
    return (("accountId", account_id), ("queryKeyClass", BY_APPLY_NO), ("applyNo", apply_no))


def query_search(
    account_id: str,
    *,
    date_from: date,
    date_to: date,
    next_item_key: str | None = None,
    statuses: Sequence[str] = (),
) -> Query:
    """Return the query of transfer/status for all applications of these civil dates, both included.

    `statuses` narrows it to transfers in one of them; without, all are asked for.
    """
    query = (
        ("accountId", account_id),
        ("queryKeyClass", SEARCH),
        ("dateFrom", date_from.isoformat()),
        ("dateTo", date_to.isoformat()),
        *(("requestTransferStatus", status) for status in statuses),
    )
    return query if next_item_key is None else (*query, ("nextItemKey", next_item_key))


def read_request_reply(reply: JSONObject) -> RequestResult:
    """Read the 201 of transfer/request and transfer/cancel. Raises Unreadable."""
    return _request_reply(reply, (COMPLETE, WAITS_FOR_CONFIRMATION))


def read_request_result(reply: JSONObject) -> RequestResult:
    """Read the 200 of transfer/request-result. Raises Unreadable."""
    return _request_reply(reply, (COMPLETE, WAITS_FOR_CONFIRMATION, EXPIRED))


def read_fee(reply: JSONObject) -> FeeQuote:
    """Read the 200 of transfer/transferfee. Raises Unreadable."""
    lines = tuple(
        (need_text(line, "itemId", COUNT), need_yen(line, "transferFee"))
        for line in find_objects(reply, "transferFeeDetails")
    )
    return FeeQuote(need_yen(reply, "totalFee"), lines, need_as_of(reply))


def read_status_by_apply_no(reply: JSONObject) -> StatusPage:
    """Read the 200 of transfer/status for one application, which has no pages. Raises Unreadable."""
    return StatusPage(_status_lines(reply, read=_lines_of), None)  # each of them is ours


def read_status_search(reply: JSONObject) -> StatusPage:
    """Read one page of the 200 of transfer/status for many. Raises Unreadable when it may be incomplete."""
    lines = _status_lines(reply, read=_readable_lines_of)
    return StatusPage(lines, _next_item_key(reply))


def read_refusal(reply: JSONObject, *, status: int) -> Refused:
    """Read an ErrorResponse or a TransferError. Raises Unreadable when it has no code."""
    words, codes = _details(reply)
    lines = tuple(_line_refusal(line) for line in find_objects(reply, "transferErrorDetails"))
    words = [find_text(reply, "errorMessage") or "", *words, *(line.message for line in lines)]
    codes = (*codes, *(code for line in lines for code in line.detail_codes))
    message = " / ".join(word for word in words if word)
    return Refused(status, need_text(reply, "errorCode", ERROR_CODE), message, codes, lines)


def _line_refusal(line: JSONObject) -> LineRefusal:
    item_id = find_text(line, "itemId", COUNT)
    words, codes = _details(line)
    return LineRefusal(None if item_id is None else int(item_id), " / ".join(words), codes)


def _details(holder: JSONObject) -> tuple[list[str], tuple[str, ...]]:
    details = find_objects(holder, "errorDetails")
    words = [word for detail in details if (word := find_text(detail, "errorDetailsMessage"))]
    codes = tuple(code for detail in details if (code := find_text(detail, "errorDetailsCode", ERROR_CODE)))
    return words, codes


def _line(line: OrderLine) -> dict[str, str]:
    return {
        "itemId": str(line.item_id),
        "transferAmount": str(line.amount_yen),
        "ediInfo": line.mark,
        "beneficiaryBankCode": line.bank_code,
        "beneficiaryBranchCode": line.branch_code,
        "accountTypeCode": line.account_type,
        "accountNumber": line.account_number,
        "beneficiaryName": line.name_kana,
    }


def _bytes(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def _request_reply(reply: JSONObject, result_codes: tuple[str, ...]) -> RequestResult:
    apply_no = need_text(reply, "applyNo", APPLY_NO)
    result_code = need_text(reply, "resultCode", CODE)
    if result_code not in result_codes:
        raise Unreadable("resultCode is none of the documented ones")
    return RequestResult(apply_no, result_code, find_instant(reply, "applyEndDatetime"))


def _next_item_key(reply: JSONObject) -> str | None:
    page = next(iter(find_objects(reply, "transferQueryBulkResponses")), {})
    has_next = find_flag(page, "hasNext")
    if has_next is None and len(find_objects(reply, "transferDetails")) >= PAGE_SIZE:
        raise Unreadable("hasNext is missing on a full page")
    return need_text(page, "nextItemKey", ITEM_KEY) if has_next else None


def _status_lines(reply: JSONObject, *, read: Callable[[JSONObject], list[StatusLine]]) -> tuple[StatusLine, ...]:
    details = find_objects(reply, "transferDetails")
    lines = tuple(line for detail in details for line in read(detail))
    if int(need_text(reply, "count", COUNT)) > max(len(details), len(lines)):
        # A list shorter than it says would let us believe that a transfer is not there.
        raise Unreadable("count promises more than transferDetails holds")
    return lines


def _readable_lines_of(detail: JSONObject) -> list[StatusLine]:
    try:
        return _lines_of(detail)
    except Unreadable:
        if MARK.search(json.dumps(detail, ensure_ascii=False)):
            raise
        return []  # somebody else's transfer, from another channel; it must not keep us from finding ours


def _lines_of(detail: JSONObject) -> list[StatusLine]:
    apply_nos = {find_text(apply, "applyNo", APPLY_NO) for apply in find_objects(detail, "transferApplies")} - {None}
    if len(apply_nos) > 1:
        raise Unreadable("one transfer names several applications")
    accepts = find_objects(detail, "transferAccepts")
    common = {
        "apply_no": next(iter(apply_nos), None),
        "status": find_text(detail, "transferStatus", CODE) or "",
        "accept_no": find_text(accepts[0], "acceptNo", APPLY_NO) if accepts else None,
    }
    pairs = [
        (response, info)
        for response in find_objects(detail, "transferResponses")
        for info in find_objects(response, "transferInfos") or ({},)
    ] or [({}, {})]
    plan = find_yen(detail, "transferDetailFee") if len(pairs) == 1 else None
    return [_status_line(common, response, info, planned_fee_yen=plan) for response, info in pairs]


def _status_line(
    common: dict[str, str | None], response: JSONObject, info: JSONObject, *, planned_fee_yen: int | None
) -> StatusLine:
    results = find_objects(info, "transferDetailResponses")
    unable = next(iter(find_objects(info, "unableDetailInfos")), {})
    fee_yen = find_yen(results[0], "transferFee") if results else None
    return StatusLine(
        apply_no=common["apply_no"],
        mark=find_text(info, "ediInfo"),
        status=common["status"] or "",
        amount_yen=find_yen(info, "transferAmount"),
        fee_yen=planned_fee_yen if fee_yen is None else fee_yen,
        accept_no=common["accept_no"],
        designated_date=find_date(response, "transferDesignatedDate"),
        refund_status=find_text(unable, "refundStatus", CODE),
        is_repayment=find_flag(unable, "isRepayment") or False,
        bank_code=find_text(info, "beneficiaryBankCode", CODE),
        branch_code=find_text(info, "beneficiaryBranchCode", CODE),
        account_type=find_text(info, "accountTypeCode", CODE),
        account_number=find_text(info, "accountNumber"),
        name_kana=find_text(info, "beneficiaryName"),
    )

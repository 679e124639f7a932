"""総合振込: status, request result, fee, request, cancel. HTTP in, HTTP out; every rule is the bank's.

What an application and a line of a status reply show in which state is in `bulk_transfer_details`.
"""

from datetime import date
from typing import Any, Final

from mock_gmo.api.bulk_transfer_details import write_bulk_detail
from mock_gmo.api.transfer_messages import (
    read_idempotency_key,
    read_status_query,
    write_fees,
    write_result,
    write_search,
)
from mock_gmo.api.wire import Json, present, read_order_line, write_base
from mock_gmo.bank.bulk_inquiry import FIRST_LINE, BulkQuery
from mock_gmo.bank.inquiry import BY_SEARCH
from mock_gmo.bank.transfers import BulkMarks, OrderLine, TransferKind, TransferOrder
from mock_gmo.bank.yen import parse_yen
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange

# The gateway turns every form of a flag that clients send into one of these two.
FLAGS: Final = {"true": True, "false": False}


def get_bulk_transfer_status(exchange: Exchange) -> Reply:
    """Answer GET /bulktransfer/status: one application and its lines, or a search. Source: Corporation API, 11."""
    fields, bank = exchange.fields, exchange.world.bank
    search = read_status_query(fields)
    with_lines = FLAGS[fields["detailInfoNecessity"]] if "detailInfoNecessity" in fields else None
    key = fields.get("bulktransferItemKey")
    query = BulkQuery(search, with_lines=bool(with_lines), first_line=int(key) if key is not None else FIRST_LINE)
    page = bank.bulk_status(exchange.customer_id, query, at=exchange.at)
    body: Json = {
        "acceptanceKeyClass": search.query_key_class,
        **present((("detailInfoNecessity", with_lines), ("bulktransferItemKey", key))),
        **write_base(exchange.at),
        "count": str(page.count),
    }
    if with_lines:
        body["detailInfoResult"] = page.has_lines
    if search.query_key_class == BY_SEARCH:
        opened_on = bank.get_own_account(exchange.customer_id, search.account_id).opened_on
        body["transferQueryBulkResponses"] = [write_search(search, page, opened_on=opened_on)]
    body["bulkTransferDetails"] = [write_bulk_detail(item) for item in page.items]
    return Reply(200, body)


def get_bulk_request_result(exchange: Exchange) -> Reply:
    """Answer GET /bulktransfer/request-result: the latest request for an application. Source: Corporation API, 12."""
    account_id, apply_no = exchange.fields["accountId"], exchange.fields["applyNo"]
    result = exchange.world.bank.request_result(
        exchange.customer_id, account_id, apply_no, kind=TransferKind.BULK, at=exchange.at
    )
    return Reply(200, {"accountId": account_id, **write_result(result)})


def calculate_bulk_transfer_fee(exchange: Exchange) -> Reply:
    """Answer POST /bulktransfer/transferfee: check an order and tell its fee. Source: Corporation API, 13."""
    quote = exchange.world.bank.quote(exchange.customer_id, _read_order(exchange.fields), at=exchange.at)
    return Reply(200, write_fees(exchange, quote))


def request_bulk_transfer(exchange: Exchange) -> Reply:
    """Answer POST /bulktransfer/request: place an order. Source: Corporation API, 14."""
    order = _read_order(exchange.fields)
    key = read_idempotency_key(exchange, kind=TransferKind.BULK)
    result = exchange.world.bank.request_transfer(
        exchange.customer_id, order, key=key, user=exchange.user, at=exchange.at
    )
    return Reply(201, {"accountId": order.account_id, **write_result(result)})


def cancel_bulk_transfer(exchange: Exchange) -> Reply:
    """Answer POST /bulktransfer/cancel: ask for a cancel. Source: Corporation API, 15."""
    fields = exchange.fields
    account_id, cancel_class = fields["accountId"], fields["cancelTargetKeyClass"]
    result = exchange.world.bank.cancel_transfer(
        exchange.customer_id,
        account_id,
        fields["applyNo"],
        cancel_class,
        kind=TransferKind.BULK,
        user=exchange.user,
        at=exchange.at,
    )
    return Reply(201, {"accountId": account_id, "cancelTargetKeyClass": cancel_class, **write_result(result)})


def _read_order(fields: dict[str, Any]) -> TransferOrder:
    return TransferOrder(
        account_id=fields["accountId"],
        remitter_name=fields.get("remitterName"),
        designated_date=date.fromisoformat(fields["transferDesignatedDate"]),
        holiday_code=fields.get("transferDateHolidayCode"),
        total_count=parse_yen(fields["totalCount"]),
        total_amount_yen=parse_yen(fields["totalAmount"]),
        apply_comment=fields.get("applyComment"),
        lines=tuple(_read_line(line) for line in fields["bulkTransfers"]),
        kind=TransferKind.BULK,
        data_name=fields.get("transferDataName"),
    )


def _read_line(line: dict[str, Any]) -> OrderLine:
    marks = BulkMarks(
        clearing_house=line.get("clearingHouseName"),
        new_code=line.get("newCode"),
        identification=line.get("identification"),
    )
    return read_order_line(line, marks=marks)

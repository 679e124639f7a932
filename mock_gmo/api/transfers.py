"""振込: status, request result, fee, request, cancel. HTTP in, HTTP out; every rule is the bank's.

What a line of a status reply shows in which state is in `transfer_details`.
"""

from datetime import date
from typing import Any

from mock_gmo.api.transfer_details import write_transfer_detail
from mock_gmo.api.wire import present, read_date, read_transfer_order, write_base, write_datetime
from mock_gmo.bank.inquiry import BY_SEARCH, StatusPage, StatusQuery
from mock_gmo.bank.transfers import IdempotencyKey, RequestResult
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange

IDEMPOTENCY_KEY = "Idempotency-Key"


def get_transfer_status(exchange: Exchange) -> Reply:
    """Answer GET /transfer/status: one application, or a page of a search. Source: Corporation API, 6."""
    fields = exchange.fields
    query = StatusQuery(
        account_id=fields["accountId"],
        query_key_class=fields["queryKeyClass"],
        apply_no=fields.get("applyNo"),
        date_from=read_date(fields, "dateFrom"),
        date_to=read_date(fields, "dateTo"),
        next_item_key=fields.get("nextItemKey"),
        statuses=tuple(fields.get("requestTransferStatus", ())),
        transfer_class=fields.get("requestTransferClass"),
        transfer_term=fields.get("requestTransferTerm"),
    )
    page = exchange.world.bank.transfer_status(exchange.customer_id, query, at=exchange.at)
    with_item_id = exchange.world.settings.bank_rules.item_id_in_status
    body: dict[str, Any] = {
        "acceptanceKeyClass": query.query_key_class,
        **write_base(exchange.at),
        "count": str(len(page.items)),
    }
    if query.query_key_class == BY_SEARCH:
        opened_on = exchange.world.bank.get_own_account(exchange.customer_id, query.account_id).opened_on
        body["transferQueryBulkResponses"] = [_write_search(query, page, opened_on=opened_on)]
    body["transferDetails"] = [write_transfer_detail(item, with_item_id=with_item_id) for item in page.items]
    return Reply(200, body)


def get_request_result(exchange: Exchange) -> Reply:
    """Answer GET /transfer/request-result: the latest request for an application. Source: Corporation API, 7."""
    account_id, apply_no = exchange.fields["accountId"], exchange.fields["applyNo"]
    result = exchange.world.bank.request_result(exchange.customer_id, account_id, apply_no, at=exchange.at)
    return Reply(200, {"accountId": account_id, **_write_result(result)})


def calculate_transfer_fee(exchange: Exchange) -> Reply:
    """Answer POST /transfer/transferfee: check an order and tell its fee. Source: Corporation API, 8."""
    order = read_transfer_order(exchange.fields)
    quote = exchange.world.bank.quote(exchange.customer_id, order, at=exchange.at)
    body = {
        "accountId": order.account_id,
        **write_base(exchange.at),
        "totalFee": str(quote.total_fee_yen),
        "transferFeeDetails": [{"itemId": item_id, "transferFee": str(fee)} for item_id, fee in quote.lines],
    }
    return Reply(200, body)


def request_transfer(exchange: Exchange) -> Reply:
    """Answer POST /transfer/request: place an order. Source: Corporation API, 9."""
    order = read_transfer_order(exchange.fields)
    result = exchange.world.bank.request_transfer(
        exchange.customer_id, order, key=_idempotency_key(exchange), at=exchange.at
    )
    return Reply(201, {"accountId": order.account_id, **_write_result(result)})


def cancel_transfer(exchange: Exchange) -> Reply:
    """Answer POST /transfer/cancel: ask for a cancel. Source: Corporation API, 10."""
    fields = exchange.fields
    account_id, cancel_class = fields["accountId"], fields["cancelTargetKeyClass"]
    result = exchange.world.bank.cancel_transfer(
        exchange.customer_id, account_id, fields["applyNo"], cancel_class, at=exchange.at
    )
    return Reply(201, {"accountId": account_id, "cancelTargetKeyClass": cancel_class, **_write_result(result)})


def _idempotency_key(exchange: Exchange) -> IdempotencyKey | None:
    key = exchange.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    assert exchange.client is not None, "asked for the client before the token was checked"
    return IdempotencyKey(client_id=exchange.client.client_id, user=exchange.customer_id, key=key)


def _write_result(result: RequestResult) -> dict[str, Any]:
    written = {"resultCode": result.result_code.value, "applyNo": result.apply_no}
    if result.ended_at is not None:
        written["applyEndDatetime"] = write_datetime(result.ended_at)
    return written


def _write_search(query: StatusQuery, page: StatusPage, *, opened_on: date) -> dict[str, Any]:
    """Echo what was asked. A default that was assumed is not echoed, the period is; it begins with the opening day."""
    assert page.date_to is not None, "a search has a period"
    return {
        **present(
            (
                ("dateFrom", (page.date_from or opened_on).isoformat()),
                ("dateTo", page.date_to.isoformat()),
                ("requestNextItemKey", query.next_item_key),
                (
                    "requestTransferStatuses",
                    [{"requestTransferStatus": code} for code in query.statuses] or None,
                ),
                ("requestTransferClass", query.transfer_class),
                ("requestTransferTerm", query.transfer_term),
            )
        ),
        "hasNext": page.next_item_key is not None,
        **({"nextItemKey": page.next_item_key} if page.next_item_key is not None else {}),
    }

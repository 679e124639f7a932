"""振込: status, request result, fee, request, cancel. HTTP in, HTTP out; every rule is the bank's.

What a line of a status reply shows in which state is in `transfer_details`.
"""

from typing import Any

from mock_gmo.api.transfer_details import write_transfer_detail
from mock_gmo.api.transfer_messages import (
    read_idempotency_key,
    read_status_query,
    write_fees,
    write_result,
    write_search,
)
from mock_gmo.api.wire import read_transfer_order, write_base
from mock_gmo.bank.inquiry import BY_SEARCH
from mock_gmo.bank.transfers import TransferKind
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange


def get_transfer_status(exchange: Exchange) -> Reply:
    """Answer GET /transfer/status: one application, or a page of a search. Source: Corporation API, 6."""
    query = read_status_query(exchange.fields)
    page = exchange.world.bank.transfer_status(exchange.customer_id, query, at=exchange.at)
    with_item_id = exchange.world.settings.bank_rules.item_id_in_status
    body: dict[str, Any] = {
        "acceptanceKeyClass": query.query_key_class,
        **write_base(exchange.at),
        "count": str(len(page.items)),
    }
    if query.query_key_class == BY_SEARCH:
        opened_on = exchange.world.bank.get_own_account(exchange.customer_id, query.account_id).opened_on
        body["transferQueryBulkResponses"] = [write_search(query, page, opened_on=opened_on)]
    body["transferDetails"] = [write_transfer_detail(item, with_item_id=with_item_id) for item in page.items]
    return Reply(200, body)


def get_request_result(exchange: Exchange) -> Reply:
    """Answer GET /transfer/request-result: the latest request for an application, bulk or not.

    One client library has no operation of its own for bulk applications and asks here. Source: Corporation API, 7;
    quirks, "Hosts and paths".
    """
    account_id, apply_no = exchange.fields["accountId"], exchange.fields["applyNo"]
    result = exchange.world.bank.request_result(exchange.customer_id, account_id, apply_no, at=exchange.at)
    return Reply(200, {"accountId": account_id, **write_result(result)})


def calculate_transfer_fee(exchange: Exchange) -> Reply:
    """Answer POST /transfer/transferfee: check an order and tell its fee. Source: Corporation API, 8."""
    order = read_transfer_order(exchange.fields)
    quote = exchange.world.bank.quote(exchange.customer_id, order, at=exchange.at)
    return Reply(200, write_fees(exchange, quote))


def request_transfer(exchange: Exchange) -> Reply:
    """Answer POST /transfer/request: place an order. Source: Corporation API, 9."""
    order = read_transfer_order(exchange.fields)
    key = read_idempotency_key(exchange, kind=TransferKind.SINGLE)
    result = exchange.world.bank.request_transfer(
        exchange.customer_id, order, key=key, user=exchange.user, at=exchange.at
    )
    return Reply(201, {"accountId": order.account_id, **write_result(result)})


def cancel_transfer(exchange: Exchange) -> Reply:
    """Answer POST /transfer/cancel: ask for a cancel. Source: Corporation API, 10."""
    fields = exchange.fields
    account_id, cancel_class = fields["accountId"], fields["cancelTargetKeyClass"]
    result = exchange.world.bank.cancel_transfer(
        exchange.customer_id, account_id, fields["applyNo"], cancel_class, user=exchange.user, at=exchange.at
    )
    return Reply(201, {"accountId": account_id, "cancelTargetKeyClass": cancel_class, **write_result(result)})

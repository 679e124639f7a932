"""What the operations of single and of bulk transfers read and say in the same words. Whatever differs is with them."""

from datetime import date
from typing import Any

from mock_gmo.api.wire import Json, present, read_date, write_base, write_datetime
from mock_gmo.bank.bulk_inquiry import BulkPage
from mock_gmo.bank.inquiry import StatusPage, StatusQuery
from mock_gmo.bank.transfers import IdempotencyKey, Quote, RequestResult, TransferKind
from mock_gmo.gateway.exchange import Exchange

IDEMPOTENCY_KEY = "Idempotency-Key"


def read_status_query(fields: dict[str, Any]) -> StatusQuery:
    """Return the query of a status inquiry that the gateway has checked. Source: Corporation API, 6 and 11."""
    return StatusQuery(
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


def read_idempotency_key(exchange: Exchange, *, kind: TransferKind) -> IdempotencyKey | None:
    """Return the caller's key for a request of that kind, or None without one."""
    key = exchange.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    assert exchange.client is not None, "asked for the client before the token was checked"
    return IdempotencyKey(client_id=exchange.client.client_id, user=exchange.customer_id, key=key, kind=kind)


def write_result(result: RequestResult) -> Json:
    """Return the members in which a request and the inquiry after it tell their result."""
    written = {"resultCode": result.result_code.value, "applyNo": result.apply_no}
    if result.ended_at is not None:
        written["applyEndDatetime"] = write_datetime(result.ended_at)
    return written


def write_fees(exchange: Exchange, quote: Quote) -> Json:
    """Return the reply of a fee inquiry. Source: TransferFeeResponse."""
    return {
        "accountId": exchange.fields["accountId"],
        **write_base(exchange.at),
        "totalFee": str(quote.total_fee_yen),
        "transferFeeDetails": [{"itemId": item_id, "transferFee": str(fee)} for item_id, fee in quote.lines],
    }


def write_search(query: StatusQuery, page: StatusPage | BulkPage, *, opened_on: date) -> Json:
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

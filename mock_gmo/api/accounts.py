"""口座一覧, 残高, and the three statements: HTTP in, HTTP out. What they answer is the bank's and `wire`'s business."""

from collections.abc import Mapping
from typing import Any

from mock_gmo.api.wire import (
    Json,
    read_date,
    write_account,
    write_arrivals,
    write_balance,
    write_base,
    write_currency,
    write_statement,
    write_visa_uses,
)
from mock_gmo.bank.customers import CORPORATION
from mock_gmo.bank.statements import StatementPage, StatementQuery, VisaPage
from mock_gmo.errors import Refused, Reply
from mock_gmo.gateway.exchange import Exchange


def get_accounts(exchange: Exchange) -> Reply:
    """Answer GET /accounts. Source: Corporation API, 1."""
    accounts = exchange.world.bank.listed_accounts(exchange.customer_id)
    return Reply(200, {**write_base(exchange.at), "accounts": [write_account(account) for account in accounts]})


def get_balances(exchange: Exchange) -> Reply:
    """Answer GET /accounts/balances: the account asked for, or all. Source: Corporation API, 2."""
    account_id = exchange.fields.get("accountId")
    balances = exchange.world.bank.listed_balances(exchange.customer_id, account_id, at=exchange.at)
    return Reply(200, {"balances": [write_balance(balance, at=exchange.at) for balance in balances]})


def get_transactions(exchange: Exchange) -> Reply:
    """Answer GET /accounts/transactions: one page of a statement. Source: Corporation API, 3."""
    bank, query = exchange.world.bank, _query_with_dates(exchange)
    account = bank.get_own_account(exchange.customer_id, query.account_id)
    page = bank.statement(
        exchange.customer_id,
        query.account_id,
        date_from=query.date_from,
        date_to=query.date_to,
        after_key=query.after_key,
        at=exchange.at,
    )
    rules = exchange.world.settings.bank_rules
    with_payer = rules.incoming_transfer_fields_in_statement and (
        exchange.holder_kind == CORPORATION or rules.payer_fields_in_personal_statement
    )
    body = {
        "accountId": account.account_id,
        **write_currency(account),
        **_write_page(exchange, page, count=len(page.lines)),
        "transactions": write_statement(page.lines, with_payer=with_payer),
    }
    return Reply(200, body)


def get_deposit_transactions(exchange: Exchange) -> Reply:
    """Answer GET /accounts/deposit-transactions: incoming transfers only. Source: Corporation API, 4."""
    query = _query_with_dates(exchange)
    page = exchange.world.bank.deposit_statement(exchange.customer_id, query, at=exchange.at)
    with_paymant = exchange.world.settings.bank_rules.paymant_spelling_added
    body = {
        "accountId": query.account_id,
        **_write_page(exchange, page, count=len(page.lines)),
        "paymentArrivals": write_arrivals(page.lines, with_paymant=with_paymant),
    }
    return Reply(200, body)


def get_visa_transactions(exchange: Exchange) -> Reply:
    """Answer GET /accounts/visa-transactions: what the account's card was used for. Source: Corporation API, 5."""
    query = _query(exchange.fields)
    page = exchange.world.bank.visa_statement(exchange.customer_id, query, at=exchange.at)
    body = {
        "accountId": query.account_id,
        **_write_page(exchange, page, count=len(page.uses)),
        "visaTransactions": write_visa_uses(page.uses),
    }
    return Reply(200, body)


def _query(fields: Mapping[str, Any]) -> StatementQuery:
    return StatementQuery(
        account_id=fields["accountId"],
        date_from=read_date(fields, "dateFrom"),
        date_to=read_date(fields, "dateTo"),
        after_key=fields.get("nextItemKey"),
    )


def _query_with_dates(exchange: Exchange) -> StatementQuery:
    """Read a query of which one observer of the sandbox said that without both dates there is no such operation."""
    query = _query(exchange.fields)
    are_required = exchange.world.settings.bank_rules.statement_dates_required
    if are_required and (query.date_from is None or query.date_to is None):
        raise Refused("operation_not_found")
    return query


def _write_page(exchange: Exchange, page: StatementPage | VisaPage, *, count: int) -> Json:
    has_next = page.next_item_key is not None
    return {
        "dateFrom": page.date_from.isoformat(),
        "dateTo": page.date_to.isoformat(),
        **write_base(exchange.at),
        "hasNext": has_next,
        **({"nextItemKey": page.next_item_key} if has_next else {}),
        "count": str(count),
    }

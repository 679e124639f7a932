"""口座一覧, 残高, and the three statements: HTTP in, HTTP out. What they answer is the bank's and `wire`'s business."""

from collections.abc import Mapping
from typing import Any

from mock_gmo.api.sp_accounts import is_sp_account, write_sp_account, write_sp_balance
from mock_gmo.api.wire import (
    CURRENCY_NAMES,
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
from mock_gmo.bank.other_accounts import YEN
from mock_gmo.bank.statements import StatementPage, StatementQuery, VisaPage
from mock_gmo.errors import Refused, Reply
from mock_gmo.gateway.exchange import Exchange


def get_accounts(exchange: Exchange) -> Reply:
    """Answer GET /accounts. Source: Corporation API, 1; Personal API, 1."""
    bank = exchange.world.bank
    accounts = bank.listed_accounts(exchange.customer_id)
    body: Json = {**write_base(exchange.at), "accounts": [write_account(account) for account in accounts]}
    if exchange.is_personal and (purses := bank.sp_accounts.accounts_of(exchange.customer_id)):
        body["spAccounts"] = [write_sp_account(purse) for purse in purses]
    return Reply(200, body)


def get_balances(exchange: Exchange) -> Reply:
    """Answer GET /accounts/balances: the account asked for, or all. Source: Corporation API, 2; Personal API, 2."""
    bank, customer_id, at = exchange.world.bank, exchange.customer_id, exchange.at
    account_id = exchange.fields.get("accountId")
    of_purse = exchange.is_personal and is_sp_account(account_id)
    has_purses = exchange.is_personal and (of_purse or account_id is None)
    balances = [] if of_purse else bank.listed_balances(customer_id, account_id, at=at)
    body: Json = {"balances": [write_balance(balance, at=at) for balance in balances]}
    if has_purses and (held := bank.sp_accounts.balances(customer_id, account_id, at=at)):
        body["spAccountBalances"] = [write_sp_balance(balance) for balance in held]
    return Reply(200, body)


def get_transactions(exchange: Exchange) -> Reply:
    """Answer GET /accounts/transactions: one page of a statement. Source: Corporation API, 3; Personal API, 3."""
    bank, query = exchange.world.bank, _query_with_dates(exchange)
    if exchange.is_personal and is_sp_account(query.account_id):
        return _purse_statement(exchange, query)
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


def _purse_statement(exchange: Exchange, query: StatementQuery) -> Reply:
    """Answer for a つかいわけ口座: its lines have no keys and name no payers."""
    page = exchange.world.bank.sp_accounts.statement(exchange.customer_id, query, at=exchange.at)
    body = {
        "accountId": query.account_id,
        "currencyCode": YEN,
        "currencyName": CURRENCY_NAMES[YEN],
        **_write_page(exchange, page, count=len(page.lines)),
        "transactions": write_statement(page.lines, with_payer=False, with_key=False),
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

"""口座一覧照会, 残高照会, 入出金明細照会: HTTP in, HTTP out. What they answer is the bank's and `wire`'s business."""

from mock_gmo.api.wire import (
    read_date,
    write_account,
    write_balance,
    write_base,
    write_currency,
    write_statement,
)
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange


def get_accounts(exchange: Exchange) -> Reply:
    """Answer GET /accounts. Source: Corporation API, 1."""
    accounts = exchange.world.bank.accounts_of(exchange.customer_id)
    return Reply(200, {**write_base(exchange.at), "accounts": [write_account(account) for account in accounts]})


def get_balances(exchange: Exchange) -> Reply:
    """Answer GET /accounts/balances: the account asked for, or all. Source: Corporation API, 2."""
    bank, account_id = exchange.world.bank, exchange.fields.get("accountId")
    if account_id is not None:
        accounts = [bank.get_own_account(exchange.customer_id, account_id)]
    else:
        accounts = list(bank.accounts_of(exchange.customer_id))
    balances = [bank.balance_of(account.account_id, at=exchange.at) for account in accounts]
    return Reply(200, {"balances": [write_balance(balance, at=exchange.at) for balance in balances]})


def get_transactions(exchange: Exchange) -> Reply:
    """Answer GET /accounts/transactions: one page of a statement. Source: Corporation API, 3."""
    bank, fields = exchange.world.bank, exchange.fields
    account = bank.get_own_account(exchange.customer_id, fields["accountId"])
    page = bank.statement(
        exchange.customer_id,
        account.account_id,
        date_from=read_date(fields, "dateFrom"),
        date_to=read_date(fields, "dateTo"),
        after_key=fields.get("nextItemKey"),
        at=exchange.at,
    )
    with_payer = exchange.world.settings.bank_rules.incoming_transfer_fields_in_statement
    has_next = page.next_item_key is not None
    body = {
        "accountId": account.account_id,
        **write_currency(account),
        "dateFrom": page.date_from.isoformat(),
        "dateTo": page.date_to.isoformat(),
        **write_base(exchange.at),
        "hasNext": has_next,
        **({"nextItemKey": page.next_item_key} if has_next else {}),
        "count": str(len(page.lines)),
        "transactions": write_statement(page.lines, with_payer=with_payer),
    }
    return Reply(200, body)

"""つかいわけ口座: the transfer between two of them, and how they stand in lists. HTTP in, HTTP out; no rule lives here.

Source: Personal API, 1, 2 and 11.
"""

from typing import Final

from mock_gmo.api.wire import CURRENCY_NAMES, Json, present, write_base, write_datetime
from mock_gmo.bank.fixed_point import AMOUNT_PLACES, write_decimal
from mock_gmo.bank.other_accounts import YEN, ForeignHolding
from mock_gmo.bank.sp_accounts import SP_PREFIX, SpAccount, SpBalance, SpOrder
from mock_gmo.errors import Reply
from mock_gmo.gateway.exchange import Exchange

TYPES: Final = {True: ("1", "親口座"), False: ("2", "子口座")}
# The reply has less room than the request. Source: SpAccountTransferResponse, paymentAmount.
AMOUNT_LENGTH_MAX: Final = 10


def transfer_between_sp_accounts(exchange: Exchange) -> Reply:
    """Answer POST /transfer/spaccounts-transfer: move money at once. Source: Personal API, 11."""
    fields = exchange.fields
    order = SpOrder(
        deposit_id=fields["depositSpAccountId"],
        debit_id=fields["debitSpAccountId"],
        amount=fields["paymentAmount"],
        currency=fields.get("currencyCode", YEN),
    )
    moved = exchange.world.bank.sp_accounts.transfer(exchange.customer_id, order, at=exchange.at)
    body = {
        "acceptDatetime": write_datetime(moved.accepted_at),
        "depositSpAccountId": order.deposit_id,
        "debitSpAccountId": order.debit_id,
        "currencyCode": order.currency,
        "currencyName": CURRENCY_NAMES[order.currency],
        **present([("paymentAmount", order.amount if len(order.amount) <= AMOUNT_LENGTH_MAX else None)]),
    }
    return Reply(200, body)


def is_sp_account(account_id: str | None) -> bool:
    """Tell by its form whether an id is that of a つかいわけ口座."""
    return account_id is not None and account_id.startswith(SP_PREFIX)


def write_sp_account(account: SpAccount) -> Json:
    """Return one element of つかいわけ口座情報リスト. Source: SpAccount."""
    code, code_name = TYPES[account.is_parent]
    written = {
        "accountId": account.account_id,
        "spAccountTypeCode": code,
        "spAccountTypeCodeName": code_name,
        "spAccountName": account.name,
    }
    if account.place is not None:
        written["spAccountBranchCode"] = account.place.branch_code
        written["spAccountBranchName"] = account.place.branch_name
        written["spAccountNumber"] = account.place.number
    return written


def write_sp_balance(balance: SpBalance) -> Json:
    """Return one element of つかいわけ口座残高情報リスト. Source: SpAccountBalance."""
    return {
        "accountId": balance.account.account_id,
        "odBalance": str(balance.yen),
        "tdTotalBalance": str(balance.time_deposits_yen),
        "fodTotalBalanceYenEquivalent": str(balance.foreign_worth_yen),
        "spAccountFcyBalances": [_write_foreign(holding, balance) for holding in balance.foreign],
    }


def _write_foreign(holding: ForeignHolding, balance: SpBalance) -> Json:
    assert balance.rate_as_of is not None, "foreign money has a rate"
    rate_base = write_base(balance.rate_as_of)
    return {
        "currencyCode": holding.currency,
        "currencyName": CURRENCY_NAMES[holding.currency],
        "fcyTotalBalance": write_decimal(holding.amount_thousandths, places=AMOUNT_PLACES),
        "ttb": write_decimal(holding.ttb_thousandths, places=AMOUNT_PLACES),
        "baseRateDate": rate_base["baseDate"],
        "baseRateTime": rate_base["baseTime"],
        "yenEquivalent": str(holding.yen_equivalent),
    }

"""Who the bank's customers are and which accounts they have: taking in, opening, changing.

No money moves but the opening balance. The caller holds the bank's lock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.deposits import book_opening, require_opening_balance
from mock_gmo.bank.other_accounts import OtherAccount
from mock_gmo.bank.state import BankState
from mock_gmo.bank.visa import VisaCard, VisaUse


def open_customer(state: BankState, customer: Customer) -> None:
    """Take in a customer. Raises ValueError when the id is taken."""
    if customer.customer_id in state.customers:
        raise ValueError(f"customer {customer.customer_id} exists already")
    state.customers[customer.customer_id] = customer
    state.account_ids_of[customer.customer_id] = []


def open_account(state: BankState, account: Account, *, opening_balance_yen: int, at: datetime) -> None:
    """Open an account with money from outside, and keep its owner's accounts in order: the main one, then by id.

    Raises CustomerUnknown, and ValueError for a taken id or number and for a balance out of range.
    """
    number = (account.branch_code, account.number)
    state.get_customer(account.customer_id)
    state.require_new_account(account.account_id, number=number)
    require_opening_balance(opening_balance_yen)
    state.books.open_account(account.account_id)
    book_opening(state, account, balance_yen=opening_balance_yen, at=at)
    state.enter_account(account)


def open_other_account(state: BankState, account: OtherAccount) -> None:
    """Open an account that is only listed. Raises CustomerUnknown, and ValueError when the id is taken."""
    state.get_customer(account.customer_id)
    state.require_new_account(account.account_id)
    state.other_accounts[account.account_id] = account


def note_visa_uses(state: BankState, account_id: str, uses: Iterable[VisaUse]) -> None:
    """Note uses of the account's Visa debit card, which it gets if it has none. Raises AccountNotUsable."""
    state.get_account(account_id)
    state.visa_cards.setdefault(account_id, VisaCard()).note(uses)


def change_customer(
    state: BankState, customer_id: str, switches: Mapping[str, bool | None], transfer_limit_yen: Mapping[str, int]
) -> Customer:
    """Change the switches that are not None, and the limits by account id; all of it or nothing.

    Raises CustomerUnknown, AccountNotUsable, and ValueError for a limit out of range.
    """
    customer = state.get_customer(customer_id)
    for name, switch in switches.items():
        if switch is not None:
            customer = replace(customer, **{name: switch})  # type: ignore[arg-type]
    accounts = [
        replace(state.get_own_account(customer_id, account_id), transfer_limit_yen=limit_yen)
        for account_id, limit_yen in transfer_limit_yen.items()
    ]
    state.customers[customer_id] = customer
    state.accounts.update((account.account_id, account) for account in accounts)
    return customer

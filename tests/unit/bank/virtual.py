"""Builders for the tests of virtual accounts: a bank at noon, a partner company, orders and deposits."""

from datetime import datetime
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.customers import Customer
from mock_gmo.bank.deposits import Deposit
from mock_gmo.bank.virtual_account_lists import VaPage, VaQuery
from mock_gmo.bank.virtual_accounts import VaDeposit, VaOrder, VaTrigger, VaType, VirtualAccount
from tests.unit.bank.building import COMPANY, NOON, PAYER, make_bank

PARTNER, PARTNER_KEY = "teikei", "5CSDFG1515A54DF"


def make_va_bank(**changes: Any) -> Bank:
    bank = make_bank(**changes)
    bank.open_customer(Customer(PARTNER, "提携株式会社", va_partner_keys=((PARTNER_KEY, COMPANY),)))
    return bank


def issue(bank: Bank, count: int = 1, *, at: datetime = NOON, **changes: Any) -> tuple[VirtualAccount, ...]:
    order = VaOrder(**{"va_type": VaType.LASTING, "count": count, "account_id": PAYER, **changes})
    return bank.virtual_accounts.issue(COMPANY, order, at=at)


def change(bank: Bank, trigger: VaTrigger, *vas: VirtualAccount, at: datetime = NOON) -> tuple[VirtualAccount, ...]:
    return bank.virtual_accounts.change(COMPANY, tuple(va.va_id for va in vas), trigger, at=at)


def pay_in(bank: Bank, va: VirtualAccount, yen: int = 5_000, *, at: datetime = NOON, **changes: Any) -> VaDeposit:
    deposit = Deposit(**{"amount_yen": yen, "remitter_name": "ﾐﾎﾝ ﾀﾛｳ", **changes})
    return bank.virtual_accounts.deposit(va.va_id, deposit, at=at)


def find(bank: Bank, *, at: datetime = NOON, **query: Any) -> VaPage:
    return bank.virtual_accounts.find(COMPANY, VaQuery(**query), at=at)


def found(bank: Bank, *, at: datetime = NOON, **query: Any) -> list[str]:
    """The last digits of the ids that a list inquiry finds, in its order."""
    return [va.va_id[-1] for va in find(bank, at=at, **query).accounts]


def now(bank: Bank, va: VirtualAccount, *, at: datetime = NOON) -> VirtualAccount:
    """The virtual account as the list tells it."""
    return find(bank, at=at, va_ids=(va.va_id,)).accounts[0]

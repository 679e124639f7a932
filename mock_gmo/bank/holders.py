"""What the bank does otherwise for persons than for corporations, where it is no matter of fields. Pure.

Whom an operation is open to, and which fields a person must not send, stands in the contract. Source: Personal API,
Transfers and Virtual accounts.
"""

from dataclasses import replace

from mock_gmo.bank.customers import CORPORATION, INDIVIDUAL, SOLE_PROPRIETOR, Account, Customer
from mock_gmo.bank.transfers import TransferOrder


def order_of(customer: Customer, order: TransferOrder) -> TransferOrder:
    """Return the order without what this holder cannot say: it is dropped silently, whatever it is."""
    if customer.kind == CORPORATION:
        return order
    lines = order.lines
    if customer.kind == INDIVIDUAL:
        lines = tuple(replace(line, edi_info=None) for line in lines)
    return replace(order, apply_comment=None, lines=lines)


def va_holder_name(customer: Customer, account: Account) -> str:
    """Return the kana name that the names of virtual accounts begin with.

    That of a sole proprietor is the person's, a half-width space between the parts, without the trade name (屋号).
    """
    if customer.kind == SOLE_PROPRIETOR:
        return f"{customer.family_name_kana} {customer.given_name_kana}"
    return account.name_kana

"""Money that arrives through a virtual account, whoever sent it: what is said of it, and where it is remembered.

The posting to the real account is made by whoever moves the money: deposits.py from outside, money.py within this bank.
Every such arrival is recorded by `record_va_deposit`, and by nothing else.
"""

from dataclasses import replace
from datetime import datetime

from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.state import BankState
from mock_gmo.bank.virtual_accounts import (
    VA_BRANCH_NAME,
    VaContractId,
    VaDeposit,
    VaStatus,
    VirtualAccount,
)


def takes_deposits(va: VirtualAccount) -> bool:
    """Say whether money can be sent to it now: not when it is stopped or deleted [GUESS]."""
    return va.status is VaStatus.ACTIVE


def through_text(va: VirtualAccount) -> str:
    """Return how the real account's statement names the virtual account. Source: Corporation API, remarks."""
    return f"{VA_BRANCH_NAME} {va.number}"


def record_va_deposit(state: BankState, va: VirtualAccount, line: StatementLine, *, at: datetime) -> VaDeposit:
    """Remember money that has just been booked on the real account, as a deposit of the virtual one."""
    arrived = VaDeposit(va.va_id, va.account_id, va.holder_name, _partner_name(state, va.contract), line)
    state.virtual.record(arrived, at=at)
    is_same_day = va.latest_deposit_date == line.transaction_date
    state.virtual.keep(
        replace(
            va,
            latest_deposit_date=line.transaction_date,
            latest_deposit_yen=line.amount_yen,
            latest_deposit_count=va.latest_deposit_count + 1 if is_same_day else 1,
        )
    )
    return arrived


def _partner_name(state: BankState, contract: VaContractId) -> str:
    """サービス企業名: the partner company, or the bank itself, as in its samples."""
    if contract.partner_id is not None:
        return state.get_customer(contract.partner_id).name
    bank = state.directory.find_bank(THIS_BANK)
    return bank.name if bank is not None else state.get_customer(contract.customer_id).name

"""Inquiries into accounts: which a customer has, what they hold, and pages of the three statements. Pure reading.

Source: Corporation API, 1 to 5.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mock_gmo.bank.customers import Account, Balance
from mock_gmo.bank.days import ONE_DAY, civil_date
from mock_gmo.bank.inquiry import resolve_period
from mock_gmo.bank.other_accounts import OtherAccount, OtherBalance, rate_as_of
from mock_gmo.bank.postings import StatementLine
from mock_gmo.bank.refusals import AccountNotUsable, VisaCardMissing, VisaItemsTooMany
from mock_gmo.bank.state import BankState
from mock_gmo.bank.visa import VisaUse


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """One page of a statement as asked for; None is "not sent"."""

    account_id: str
    date_from: date | None = None
    date_to: date | None = None
    after_key: str | None = None


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page of a statement, oldest line first, and the days that were asked for or stand in for them."""

    date_from: date
    date_to: date
    lines: tuple[StatementLine, ...]
    next_item_key: str | None


@dataclass(frozen=True, slots=True)
class VisaPage:
    """A page of uses of a Visa debit card, and the days as in StatementPage."""

    date_from: date
    date_to: date
    uses: tuple[VisaUse, ...]
    next_item_key: str | None


def list_accounts(state: BankState, customer_id: str) -> list[Account | OtherAccount]:
    """Return all accounts of a customer, the main one first, then by id whatever the kind [GUESS]."""
    state.get_customer(customer_id)
    own: list[Account | OtherAccount] = [state.accounts[account_id] for account_id in state.account_ids_of[customer_id]]
    own += [account for account in state.other_accounts.values() if account.customer_id == customer_id]
    return sorted(own, key=lambda account: (not (isinstance(account, Account) and account.primary), account.account_id))


def list_balances(
    state: BankState, customer_id: str, account_id: str | None, *, at: datetime
) -> list[Balance | OtherBalance]:
    """Return the balance of one account, or of all. Raises AccountNotUsable for one that is not the customer's."""
    asked = list_accounts(state, customer_id) if account_id is None else [_own(state, customer_id, account_id)]
    return [
        read_balance(state, account, at=at) if isinstance(account, Account) else _other(state, account, at=at)
        for account in asked
    ]


def read_balance(state: BankState, account: Account, *, at: datetime) -> Balance:
    """Return the balance now and at the last closings of day and month."""
    # Until the bank has closed a day, the closing before it still counts.
    closed = civil_date(at - timedelta(seconds=state.rules.day_close_seconds))
    balance_yen = state.books.balance(account.account_id)
    return Balance(
        account=account,
        balance_yen=balance_yen,
        withdrawable_yen=state.withdrawable_yen(account.account_id),
        previous_day_yen=state.books.closing_balance(account.account_id, closed - ONE_DAY),
        previous_month_yen=state.books.closing_balance(account.account_id, closed.replace(day=1) - ONE_DAY),
    )


def read_statement(
    state: BankState, account: Account, query: StatementQuery, *, arrivals_only: bool, today: date
) -> StatementPage:
    """Return up to 500 lines of a period, all or incoming transfers only. Raises NextItemKeyUnknown.

    Without a first day the period begins with the first posting, and the page names the opening day [GUESS].
    """
    period = resolve_period(query.date_from, query.date_to, today=today)
    lines, next_item_key = state.books.page(
        account.account_id,
        date_from=period.date_from or date.min,
        date_to=period.date_to,
        after_key=query.after_key,
        arrivals_only=arrivals_only,
    )
    return StatementPage(period.date_from or account.opened_on, period.date_to, lines, next_item_key)


def read_visa_uses(state: BankState, account: Account, query: StatementQuery, *, today: date) -> VisaPage:
    """Return up to 500 uses of the account's card, newest first unless the rules say otherwise.

    Raises VisaCardMissing, VisaItemsTooMany (of the whole period, whatever the page) and NextItemKeyUnknown.
    """
    card = state.visa_cards.get(account.account_id)
    if card is None:
        raise VisaCardMissing
    period = resolve_period(query.date_from, query.date_to, today=today)
    found = card.select(date_from=period.date_from or date.min, date_to=period.date_to)
    if found.count > state.rules.visa_items_max:
        raise VisaItemsTooMany
    uses, next_key = card.page(found, after_key=query.after_key, newest_first=state.rules.visa_newest_first)
    return VisaPage(period.date_from or account.opened_on, period.date_to, uses, next_key)


def _own(state: BankState, customer_id: str, account_id: str) -> Account | OtherAccount:
    other = state.other_accounts.get(account_id)
    if other is None:
        return state.get_own_account(customer_id, account_id)
    if other.customer_id != customer_id:
        raise AccountNotUsable
    return other


def _other(state: BankState, account: OtherAccount, *, at: datetime) -> OtherBalance:
    told_at = state.rules.currency_rate_time
    as_of = rate_as_of(at, told_at=told_at, calendar=state.calendar) if account.foreign else None
    return OtherBalance(account, as_of)

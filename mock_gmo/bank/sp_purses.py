"""What つかいわけ口座 hold: the shares of children as they are kept, the parent's as what is left. Pure reading."""

from datetime import date
from heapq import merge
from itertools import islice
from operator import attrgetter

from mock_gmo.bank.inquiry import Period
from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES, TIME_DEPOSIT, ForeignHolding
from mock_gmo.bank.postings import PAGE_SIZE, StatementLine
from mock_gmo.bank.sp_accounts import SpAccount
from mock_gmo.bank.state import BankState


def yen_of(state: BankState, account: SpAccount) -> int:
    """Return the yen in a purse."""
    if account.is_parent:
        return state.withdrawable_yen(account.main_account_id)
    return state.books.balance(account.account_id)


def time_deposits_yen_of(state: BankState, account: SpAccount) -> int:
    """Return the yen time deposits tied to a purse."""
    if not account.is_parent:
        return state.sp.time_deposits_yen.get(account.account_id, 0)
    others = state.other_accounts.values()
    own = [it for it in others if it.customer_id == account.customer_id and it.type_code == TIME_DEPOSIT]
    children = (state.sp.time_deposits_yen.get(child.account_id, 0) for child in _children(state, account))
    return sum(it.balance_yen for it in own) - sum(children)


def thousandths_of(state: BankState, account: SpAccount, currency: str) -> int:
    """Return the foreign money in a purse, in thousandths."""
    if not account.is_parent:
        return state.sp.foreign.get(account.account_id, {}).get(currency, 0)
    children = (thousandths_of(state, child, currency) for child in _children(state, account))
    return sum(it.amount_thousandths for it in _holdings(state, account.customer_id, currency)) - sum(children)


def foreign_of(state: BankState, account: SpAccount) -> tuple[ForeignHolding, ...]:
    """Return the foreign money in a purse by currency, at the rate of the holder's account of that currency."""
    found = []
    for currency in FOREIGN_CURRENCIES:
        held = _holdings(state, account.customer_id, currency)
        thousandths = thousandths_of(state, account, currency) if held else 0
        if thousandths:
            found.append(ForeignHolding(currency, thousandths, held[0].ttb_thousandths))
    return tuple(found)


def purse_lines(
    state: BankState, account: SpAccount, period: Period, *, after_key: str | None
) -> tuple[tuple[StatementLine, ...], str | None]:
    """Return up to 500 lines of a purse after a key, and the key when more follow. Raises NextItemKeyUnknown.

    A child's lines are its own. The parent's are also those of the main account, whose money it holds; each tells the
    balance of the purse.
    """
    books = state.books
    ledgers = [account.account_id, account.main_account_id] if account.is_parent else [account.account_id]
    if after_key is not None:
        books.require_key(ledgers, after_key)
    first = period.date_from or date.min
    parts = [books.lines(name, first, period.date_to, after_key=after_key) for name in ledgers]
    found = list(islice(merge(*parts, key=attrgetter("item_key")), PAGE_SIZE + 1))
    page = tuple(books.with_balance_of(ledgers, line) for line in found[:PAGE_SIZE])
    return page, page[-1].item_key if len(found) > PAGE_SIZE else None


def differing_purses(state: BankState) -> tuple[str, ...]:
    """Return the purses that cannot be: with less than nothing, or of a holder whose purses are not the account."""
    differing = []
    for account in state.sp.accounts.values():
        purses = [account, *_children(state, account)] if account.is_parent else []
        is_whole = sum(state.books.balance(purse.account_id) for purse in purses) == 0
        if not is_whole or yen_of(state, account) < 0:
            differing.append(account.account_id)
    return tuple(differing)


def _children(state: BankState, parent: SpAccount) -> list[SpAccount]:
    return [it for it in state.sp.of(parent.customer_id) if not it.is_parent]


def _holdings(state: BankState, customer_id: str, currency: str) -> list[ForeignHolding]:
    own = sorted(
        (it for it in state.other_accounts.values() if it.customer_id == customer_id and it.currency == currency),
        key=attrgetter("account_id"),
    )
    return [it.foreign for it in own if it.foreign is not None]

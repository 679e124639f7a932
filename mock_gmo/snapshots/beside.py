"""What stands beside the books in a bank's memory: Visa cards, listed accounts, purses, virtual accounts."""

from typing import Any

from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES
from mock_gmo.bank.state import BankState
from mock_gmo.bank.virtual_accounts import VaStatus
from mock_gmo.bank.visa import VisaCard, VisaUse
from mock_gmo.snapshots.codec import SnapshotError, codec_of


def write_visa_cards(state: BankState) -> Any:
    """Return the uses of every card, as they were noted."""
    return codec_of(dict[str, list[VisaUse]]).write({name: card.noted() for name, card in state.visa_cards.items()})


def read_visa_cards(state: BankState, content: Any, at: str) -> None:
    """Make the cards anew by noting their uses again. Raises SnapshotError for a card without its account."""
    for account_id, uses in codec_of(dict[str, list[VisaUse]]).read(content, at).items():
        if account_id not in state.accounts:
            raise SnapshotError(f"{at}/{account_id}", "an account of this snapshot")
        state.visa_cards[account_id] = VisaCard()
        state.visa_cards[account_id].note(uses)


def check_other_accounts(state: BankState, at: str) -> None:
    """Raise SnapshotError unless every account that is only listed has its own id and an owner."""
    for account_id, account in state.other_accounts.items():
        if account.account_id != account_id or account_id in state.accounts:
            raise SnapshotError(f"{at}/{account_id}", "an account under its own id, once")
        if account.customer_id not in state.customers:
            raise SnapshotError(f"{at}/{account_id}/customer_id", "a customer of this snapshot")


def open_purses(state: BankState, main_account_id: str) -> None:
    """Open the ledger accounts of the つかいわけ口座 in a main account, in the order in which they were opened."""
    for purse in state.sp.accounts.values():
        if purse.main_account_id == main_account_id:
            state.books.open_account(purse.account_id, beside=main_account_id if purse.is_parent else "")


def check_sp_accounts(state: BankState, at: str) -> None:
    """Raise SnapshotError unless every purse is in a main account with one parent, and every share a child's."""
    sp = state.sp
    for purse_id, purse in sp.accounts.items():
        here = f"{at}/accounts/{purse_id}"
        main = state.accounts.get(purse.main_account_id)
        if purse.account_id != purse_id or main is None or not main.primary or main.customer_id != purse.customer_id:
            raise SnapshotError(here, "a purse under its own id, in the main account of the same customer")
        if purse.main_account_id not in sp.parent_ids:
            raise SnapshotError(here, "a purse whose main account has a parent")
    children = {purse_id for purse_id, purse in sp.accounts.items() if not purse.is_parent}
    if len(sp.parent_ids) + len(children) < len(sp.accounts) or len(sp.numbers) < len(children):
        raise SnapshotError(f"{at}/accounts", "one parent in a main account, and every number once")
    if sp.time_deposits_yen.keys() - children or min(sp.time_deposits_yen.values(), default=1) < 1:
        raise SnapshotError(f"{at}/time_deposits_yen", "1 yen or more of children of this snapshot")
    for purse_id, held in sp.foreign.items():
        if purse_id not in children or held.keys() - FOREIGN_CURRENCIES.keys() or min(held.values(), default=0) < 1:
            raise SnapshotError(f"{at}/foreign/{purse_id}", "more than nothing in currencies of this bank, of a child")


def check_virtual_accounts(state: BankState, at: str) -> None:
    """Raise SnapshotError unless contracts, virtual accounts and deposits tell the same."""
    virtual = state.virtual
    for va_id, va in virtual.accounts.items():
        if va.va_id != va_id or va.account_id not in state.accounts:
            raise SnapshotError(f"{at}/accounts/{va_id}", "a virtual account under its own id, of an account here")
        if va.contract not in virtual.contracts or va_id not in virtual.contracts[va.contract].va_ids:
            raise SnapshotError(f"{at}/accounts/{va_id}/contract", "a contract of this snapshot that lists it")
    for index, (contract_id, contract) in enumerate(virtual.contracts.items()):
        known = [virtual.accounts.get(va_id) for va_id in contract.va_ids]
        if len(set(contract.va_ids)) < len(known) or any(va is None or va.contract != contract_id for va in known):
            raise SnapshotError(f"{at}/contracts/{index}/1/va_ids", "virtual accounts of this contract, each once")
        if contract.open_count != sum(va is not None and va.status is not VaStatus.DELETED for va in known):
            raise SnapshotError(f"{at}/contracts/{index}/1/open_count", "how many of them are not deleted")
    if any(int(va_id[3:]) >= virtual.next_number for va_id in virtual.accounts if va_id[3:].isdecimal()):
        raise SnapshotError(f"{at}/next_number", "a number above all that were given out")
    if any(deposit.account_id not in state.accounts for _, deposit in virtual.untold):
        raise SnapshotError(f"{at}/untold", "deposits on accounts of this snapshot")
    _check_va_deposits(state, at)


def _check_va_deposits(state: BankState, at: str) -> None:
    virtual = state.virtual
    by_va = {va_id: {deposit.line.item_key for deposit in them} for va_id, them in virtual.deposits_of_va.items()}
    for va_id, deposits in virtual.deposits_of_va.items():
        if va_id not in virtual.accounts or any(deposit.va_id != va_id for deposit in deposits):
            raise SnapshotError(f"{at}/deposits_of_va/{va_id}", "deposits of one virtual account of this snapshot")
    for index, ((contract_id, account_id), deposits) in enumerate(virtual.deposits_of_account.items()):
        for deposit in deposits:
            va = virtual.accounts.get(deposit.va_id)
            is_here = va is not None and va.contract == contract_id and deposit.account_id == account_id
            if not is_here or deposit.line.item_key not in by_va.get(deposit.va_id, set()):
                raise SnapshotError(f"{at}/deposits_of_account/{index}", "the deposits of its virtual accounts")
    if sum(map(len, virtual.deposits_of_va.values())) != sum(map(len, virtual.deposits_of_account.values())):
        raise SnapshotError(f"{at}/deposits_of_account", "every deposit once for its virtual account and once here")

"""The desk for virtual accounts: one method a command or inquiry, under the bank's lock, `at` named by the caller.

The order of the checks is that of the fields in the bank's tables. Source: Corporation API, 16 to 20.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from mock_gmo.bank.agenda import DueKind
from mock_gmo.bank.customers import INDIVIDUAL, Account
from mock_gmo.bank.days import ONE_DAY, civil_date, instant, midnight, month_start, months_before
from mock_gmo.bank.deposits import HEAD_OFFICE_KANA, Deposit, PayingBank, book_deposit
from mock_gmo.bank.desk import Desk
from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.holders import va_holder_name
from mock_gmo.bank.inquiry import resolve_period
from mock_gmo.bank.refusals import (
    PeriodTooOld,
    RaIdMissing,
    RaIdOrVaIdMissing,
    VaAuthKeyNotAllowed,
    VaCapReached,
    VaCloseRepeated,
    VaContractEnded,
    VaNotUsable,
    VaTakesNoDeposits,
)
from mock_gmo.bank.virtual_account_deposits import record_va_deposit, takes_deposits, through_text
from mock_gmo.bank.virtual_account_life import changed
from mock_gmo.bank.virtual_account_lists import (
    VaDepositPage,
    VaDepositQuery,
    VaPage,
    VaQuery,
    deposits_page,
    find_virtual_accounts,
)
from mock_gmo.bank.virtual_account_names import compose_holder_name
from mock_gmo.bank.virtual_accounts import (
    LAST_NUMBER,
    VA_BRANCH_CODE,
    VaContract,
    VaContractId,
    VaDeposit,
    VaOrder,
    VaTrigger,
    VaType,
    VirtualAccount,
)

LAST_SECOND = time(23, 59, 59)
ONE_SECOND = timedelta(seconds=1)
# A sender's branch that nobody named [GUESS]: the reply must have one.


class VirtualAccountDesk(Desk):
    """What customers and the control surface can do with virtual accounts. A refusal changes nothing."""

    def is_enabled(self, customer_id: str) -> bool:
        """Say whether that customer has virtual accounts, which individuals never have. Raises CustomerUnknown."""
        with self._lock:
            customer = self._state.get_customer(customer_id)
            return customer.virtual_accounts_enabled and customer.kind != INDIVIDUAL

    def issue(
        self, customer_id: str, order: VaOrder, *, auth_key: str | None = None, at: datetime
    ) -> tuple[VirtualAccount, ...]:
        """Issue 1 to 1,000 virtual accounts that share one holder name.

        Raises VaAuthKeyNotAllowed, VaContractEnded, RaIdMissing, AccountNotUsable, VaHolderNameUnusable,
        VaCapReached.
        """
        state = self._state
        with self._lock:
            self._let_fall_due(at)
            contract = self._contract(customer_id, auth_key, at=at)
            account = self._credited_account(contract, order.account_id)
            holder_name = compose_holder_name(
                va_holder_name(state.get_customer(contract.customer_id), account),
                order.added_name,
                added_first=order.added_name_first,
                hiragana=state.rules.hiragana_converted,
            )
            kept = state.virtual.contracts.get(contract, VaContract())
            if kept.open_count + order.count > state.rules.virtual_accounts_max:
                raise VaCapReached
            va_ids = self._free_ids(order.count)
            return tuple(self._enter(va_id, contract, account, order, holder_name, at) for va_id in va_ids)

    def change(
        self,
        customer_id: str,
        va_ids: tuple[str, ...],
        trigger: VaTrigger,
        *,
        auth_key: str | None = None,
        at: datetime,
    ) -> tuple[VirtualAccount, ...]:
        """Stop, resume or delete virtual accounts, all or none [GUESS]; an id named twice counts once [GUESS].

        Raises VaAuthKeyNotAllowed, VaContractEnded, VaNotUsable, VaChangeNotPossible.
        """
        virtual = self._state.virtual
        with self._lock:
            self._let_fall_due(at)
            contract = self._contract(customer_id, auth_key, at=at)
            accounts = [self._own(contract, va_id) for va_id in dict.fromkeys(va_ids)]
            after = tuple(changed(va, trigger, at=at) for va in accounts)
            for va in after:
                virtual.keep(va)
            return after

    def close_contract(self, customer_id: str, *, auth_key: str | None = None, at: datetime) -> date:
        """Ask to end the contract at the end of this month; returns the day on which the bank took it.

        Raises VaAuthKeyNotAllowed, VaContractEnded, VaCloseRepeated.
        """
        state = self._state
        with self._lock:
            self._let_fall_due(at)
            contract = self._contract(customer_id, auth_key, at=at)
            kept = state.virtual.contracts.get(contract, VaContract())
            if kept.close_requested_on is not None:
                raise VaCloseRepeated
            today = civil_date(at)
            kept.close_requested_on = today
            kept.ends_at = midnight(month_start(today, months_ahead=1))
            state.virtual.contracts[contract] = kept
            state.agenda.add(kept.ends_at, DueKind.VA_CONTRACT_END, contract)
            return today

    def find(self, customer_id: str, query: VaQuery, *, auth_key: str | None = None, at: datetime) -> VaPage:
        """Return a page of the list.

        Raises VaAuthKeyNotAllowed, VaContractEnded, AccountNotUsable, VaNotUsable, VaHolderNameUnusable,
        NextItemKeyUnknown.
        """
        with self._lock:
            contract = self._contract(customer_id, auth_key, at=at)
            if query.account_id is not None:
                self._state.get_own_account(contract.customer_id, query.account_id)
            return find_virtual_accounts(self._state, contract, query, at=at)

    def deposits(
        self, customer_id: str, query: VaDepositQuery, *, auth_key: str | None = None, at: datetime
    ) -> VaDepositPage:
        """Return a page of the deposits to one virtual account, or to all of one real account, by transaction date.

        Raises VaAuthKeyNotAllowed, VaContractEnded, RaIdOrVaIdMissing, AccountNotUsable, VaNotUsable, PeriodTooOld,
        NextItemKeyUnknown.
        """
        virtual, days, today = self._state.virtual, query.days, civil_date(at)
        oldest = months_before(today, self._state.rules.va_deposits_months)
        with self._lock:
            contract = self._contract(customer_id, auth_key, at=at)
            account = self._account_asked_for(contract, query.account_id, query.va_id)
            if min(days.first or today, days.last or today) < oldest:
                raise PeriodTooOld
            period = resolve_period(days.first, days.last, today=today)
            first = period.date_from or max(oldest, account.opened_on)
            if query.va_id is not None:
                found = virtual.deposits_of_va.get(query.va_id, [])
            else:
                found = virtual.deposits_of_account.get((contract, account.account_id), [])
            page, next_item_key = deposits_page(found, query, date_from=first, date_to=period.date_to)
            return VaDepositPage(account, first, period.date_to, page, next_item_key)

    def credited_account(self, va: VirtualAccount) -> Account:
        """Return the real account behind a virtual one."""
        with self._lock:
            return self._state.accounts[va.account_id]

    @property
    def has_untold(self) -> bool:
        """Whether money has arrived of which nobody took notice yet: a quick look before they are handed over."""
        return bool(self._state.virtual.untold)

    def hand_over_untold(self, tell: Callable[[datetime, Account, VaDeposit], None]) -> None:
        """Tell of the deposits of which nobody took notice yet: when they came and on whose account, oldest first.

        Nobody sees the bank between the two: a deposit is untold, or told.
        """
        with self._lock:
            virtual = self._state.virtual
            untold, virtual.untold = virtual.untold, []
            for at, deposit in untold:
                tell(at, self._state.accounts[deposit.account_id], deposit)

    def deposit(self, va_id: str, deposit: Deposit, *, at: datetime) -> VaDeposit:
        """Let money arrive at a virtual account: it goes to the real one, and is told of in both.

        Raises VaNotUsable for an unknown id, VaTakesNoDeposits when it is stopped or deleted (the money goes back
        [GUESS]), ForbiddenCharacterInText.
        """
        state = self._state
        with self._lock:
            self._let_fall_due(at)
            va = state.virtual.accounts.get(va_id)
            if va is None:
                raise VaNotUsable
            if not takes_deposits(va):
                raise VaTakesNoDeposits(f"{va_id} is {va.status.label}")
            account = state.accounts[va.account_id]
            sent = replace(deposit, paying_bank=self._paying_bank(deposit.paying_bank, account))
            line = book_deposit(state, account, sent, through=through_text(va), at=at)
            return record_va_deposit(state, va, line, at=at)

    def _contract(self, customer_id: str, auth_key: str | None, *, at: datetime) -> VaContractId:
        """Find the contract that a call is about: the caller's own, or that which a partner's key opens."""
        contract = VaContractId(customer_id)
        if auth_key is not None:
            keys = dict(self._state.get_customer(customer_id).va_partner_keys)
            if auth_key not in keys:
                raise VaAuthKeyNotAllowed
            contract = VaContractId(keys[auth_key], partner_id=customer_id)
        if self._state.virtual.contracts.get(contract, VaContract()).has_ended(at):
            raise VaContractEnded
        return contract

    def _credited_account(self, contract: VaContractId, account_id: str | None) -> Account:
        if account_id is not None:
            return self._state.get_own_account(contract.customer_id, account_id)
        if contract.partner_id is None:
            raise RaIdMissing
        # A partner need not name the account: the customer's main one, which comes first [GUESS].
        return self._state.accounts[self._state.account_ids_of[contract.customer_id][0]]

    def _account_asked_for(self, contract: VaContractId, account_id: str | None, va_id: str | None) -> Account:
        if account_id is not None:
            account = self._state.get_own_account(contract.customer_id, account_id)
            if va_id is not None and self._own(contract, va_id).account_id != account_id:
                raise VaNotUsable
            return account
        if va_id is None:
            raise RaIdOrVaIdMissing
        return self._state.accounts[self._own(contract, va_id).account_id]

    def _own(self, contract: VaContractId, va_id: str) -> VirtualAccount:
        va = self._state.virtual.accounts.get(va_id)
        if va is None or va.contract != contract:
            raise VaNotUsable
        return va

    def _free_ids(self, count: int) -> list[str]:
        virtual, taken = self._state.virtual, self._state.account_id_by_number.keys() | self._state.sp.numbers
        found: list[str] = []
        number = virtual.next_number
        while len(found) < count:
            if number > LAST_NUMBER:
                raise VaCapReached
            if (VA_BRANCH_CODE, str(number)) not in taken:
                found.append(f"{VA_BRANCH_CODE}{number}")
            number += 1
        virtual.next_number = number
        return found

    def _enter(
        self, va_id: str, contract: VaContractId, account: Account, order: VaOrder, holder_name: str, at: datetime
    ) -> VirtualAccount:
        expires_at = None
        if order.va_type is VaType.EXPIRING:
            after = month_start(civil_date(at), months_ahead=self._state.rules.va_expiry_months + 1)
            expires_at = instant(after - ONE_DAY, LAST_SECOND)
            self._state.agenda.add(expires_at + ONE_SECOND, DueKind.VA_EXPIRY, va_id)
        va = VirtualAccount(va_id, contract, account.account_id, holder_name, order.va_type, at, expires_at)
        self._state.virtual.enter(va)
        return va

    def _paying_bank(self, named: PayingBank | None, account: Account) -> PayingBank:
        """The reply must name bank and branch; what nobody named is this bank and the real account's branch [GUESS]."""
        if named is not None:
            return replace(named, branch_name_kana=named.branch_name_kana or HEAD_OFFICE_KANA)
        bank = self._state.directory.find_bank(THIS_BANK)
        name_kana = bank.name_kana if bank is not None else HEAD_OFFICE_KANA
        return PayingBank(name_kana, account.branch_name_kana or HEAD_OFFICE_KANA)

"""The bank: all state behind one lock, one method a command, every command at an instant that the caller names.

A command first lets everything fall due up to its instant, then acts or raises a refusal. An inquiry changes nothing,
not even what is due: only commands and `tick` do. The rules are in the modules that the methods call.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from threading import RLock
from typing import TypeVar

from mock_gmo.bank.bulk_inquiry import BulkPage, BulkQuery, find_bulk_status
from mock_gmo.bank.business_id import User
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.checks import check_order
from mock_gmo.bank.customers import Account, Balance, Customer
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.execution import settle_all_due
from mock_gmo.bank.holders import order_of
from mock_gmo.bank.inquiry import StatusPage, StatusQuery, find_status
from mock_gmo.bank.other_accounts import OtherAccount, OtherBalance
from mock_gmo.bank.outside_desk import OutsideDesk
from mock_gmo.bank.payments import Payment, list_payments
from mock_gmo.bank.postings import BooksCheck
from mock_gmo.bank.registers import (
    change_customer,
    note_visa_uses,
    open_account,
    open_customer,
    open_other_account,
)
from mock_gmo.bank.requests import (
    find_first_reply,
    get_requested,
    key_expires_at,
    remember_reply,
    request_cancel,
    request_transfer,
    result_of,
)
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.sp_account_desk import SpAccountDesk
from mock_gmo.bank.sp_purses import differing_purses
from mock_gmo.bank.state import BankState, Moment, StoredReply
from mock_gmo.bank.statements import (
    StatementPage,
    StatementQuery,
    VisaPage,
    list_accounts,
    list_balances,
    read_balance,
    read_statement,
    read_visa_uses,
)
from mock_gmo.bank.transfers import (
    Event,
    IdempotencyKey,
    Quote,
    RequestResult,
    TransferKind,
    TransferOrder,
)
from mock_gmo.bank.virtual_account_desk import VirtualAccountDesk
from mock_gmo.bank.visa import VisaUse

# What fell due inside a command waits here for the next tick; the oldest is dropped when nobody ticks for long.
UNREPORTED_EVENTS_MAX = 10_000

T = TypeVar("T")


class Bank:
    """One bank. Methods lock, so threads may share it; `at` is an aware instant; a refusal changes nothing."""

    def __init__(self, *, rules: BankRules, calendar: BusinessCalendar, directory: Directory) -> None:
        self._lock = RLock()
        self._state = BankState(rules=rules, calendar=calendar, directory=directory)
        self._unreported: deque[Event] = deque(maxlen=UNREPORTED_EVENTS_MAX)
        self._open_desks()

    @property
    def rules(self) -> BankRules:
        """The rules that this bank was built with."""
        return self._state.rules

    @property
    def outside(self) -> OutsideDesk:
        """The desk for what happens outside the API: confirmations, approvals, deposits, what other banks do."""
        return self._outside

    @property
    def virtual_accounts(self) -> VirtualAccountDesk:
        """The desk for virtual accounts."""
        return self._virtual_accounts

    @property
    def sp_accounts(self) -> SpAccountDesk:
        """The desk for つかいわけ口座."""
        return self._sp_accounts

    # Customers and accounts

    def open_customer(self, customer: Customer) -> None:
        """Take in a customer. Raises ValueError when the id is taken."""
        with self._lock:
            open_customer(self._state, customer)

    def open_account(self, account: Account, *, opening_balance_yen: int, at: datetime) -> None:
        """Open an account with money from outside. Raises CustomerUnknown, ValueError: a taken id, a wrong balance."""
        with self._lock:
            open_account(self._state, account, opening_balance_yen=opening_balance_yen, at=at)

    def open_other_account(self, account: OtherAccount) -> None:
        """Open an account that is only listed. Raises CustomerUnknown, and ValueError when the id is taken."""
        with self._lock:
            open_other_account(self._state, account)

    def note_visa_uses(self, account_id: str, uses: Iterable[VisaUse] = ()) -> None:
        """Note uses of the account's Visa debit card, which it gets if it has none. Raises AccountNotUsable."""
        with self._lock:
            note_visa_uses(self._state, account_id, uses)

    def customers(self) -> list[Customer]:
        """Return all customers in the order in which they were taken in."""
        with self._lock:
            return list(self._state.customers.values())

    def get_customer(self, customer_id: str) -> Customer:
        """Return the customer. Raises CustomerUnknown."""
        with self._lock:
            return self._state.get_customer(customer_id)

    def change_customer(
        self, customer_id: str, *, transfer_limit_yen: Mapping[str, int] | None = None, **switches: bool | None
    ) -> Customer:
        """Change how the bank treats a customer from now on; limits by account id. What is under way keeps its course.

        Switches: confirmation_required, business_id_management, virtual_accounts_enabled; None leaves one as it is.
        Raises CustomerUnknown, AccountNotUsable, ValueError for a limit out of range; then nothing has changed.
        """
        with self._lock:
            return change_customer(self._state, customer_id, switches, transfer_limit_yen or {})

    def accounts_of(self, customer_id: str) -> list[Account]:
        """Return the customer's accounts, the main one first, then by id. Raises CustomerUnknown."""
        with self._lock:
            self._state.get_customer(customer_id)
            return [self._state.accounts[account_id] for account_id in self._state.account_ids_of[customer_id]]

    def get_own_account(self, customer_id: str, account_id: str) -> Account:
        """Return the account when that customer holds it. Raises AccountNotUsable."""
        with self._lock:
            return self._state.get_own_account(customer_id, account_id)

    # Inquiries

    def balance_of(self, account_id: str, *, at: datetime) -> Balance:
        """Return the balance of an ordinary account now and at the last closings. Raises AccountNotUsable."""
        with self._lock:
            return read_balance(self._state, self._state.get_account(account_id), at=at)

    def listed_accounts(self, customer_id: str) -> list[Account | OtherAccount]:
        """Return the customer's accounts of every kind, the main one first, then by id. Raises CustomerUnknown."""
        with self._lock:
            return list_accounts(self._state, customer_id)

    def listed_balances(
        self, customer_id: str, account_id: str | None, *, at: datetime
    ) -> list[Balance | OtherBalance]:
        """Return the balance of that account of any kind, or of all in the same order. Raises AccountNotUsable."""
        with self._lock:
            return list_balances(self._state, customer_id, account_id, at=at)

    def statement(
        self,
        customer_id: str,
        account_id: str,
        *,
        date_from: date | None = None,
        date_to: date | None = None,
        after_key: str | None = None,
        at: datetime,
    ) -> StatementPage:
        """Return up to 500 statement lines of a period after that key. Raises AccountNotUsable, NextItemKeyUnknown."""
        query = StatementQuery(account_id, date_from, date_to, after_key)
        with self._lock:
            account = self._state.get_own_account(customer_id, account_id)
            return read_statement(self._state, account, query, arrivals_only=False, today=civil_date(at))

    def deposit_statement(self, customer_id: str, query: StatementQuery, *, at: datetime) -> StatementPage:
        """Return up to 500 incoming transfers of a period, oldest first. Raises as `statement`."""
        with self._lock:
            account = self._state.get_own_account(customer_id, query.account_id)
            return read_statement(self._state, account, query, arrivals_only=True, today=civil_date(at))

    def visa_statement(self, customer_id: str, query: StatementQuery, *, at: datetime) -> VisaPage:
        """Return up to 500 uses of the account's Visa debit card, newest first.

        Raises AccountNotUsable, VisaCardMissing, VisaItemsTooMany, NextItemKeyUnknown.
        """
        with self._lock:
            account = self._state.get_own_account(customer_id, query.account_id)
            return read_visa_uses(self._state, account, query, today=civil_date(at))

    def request_result(
        self, customer_id: str, account_id: str, apply_no: str, *, kind: TransferKind | None = None, at: datetime
    ) -> RequestResult:
        """Return the result, at that instant, of the latest request for an application of that kind, or of any.

        Raises AccountNotUsable, ApplyNoUnknown.
        """
        with self._lock:
            self._state.get_own_account(customer_id, account_id)
            return result_of(get_requested(self._state, account_id, apply_no, kind=kind), at=at)

    def transfer_status(self, customer_id: str, query: StatusQuery, *, at: datetime) -> StatusPage:
        """Return what a status inquiry of single transfers finds, one item a line.

        Raises AccountNotUsable, TransferClassNeedsBusinessId, NextItemKeyUnknown.
        """
        with self._lock:
            self._state.get_own_account(customer_id, query.account_id)
            with_business_id = self._state.get_customer(customer_id).business_id_management
            return find_status(self._state, query, with_business_id=with_business_id, today=civil_date(at))

    def bulk_status(self, customer_id: str, query: BulkQuery, *, at: datetime) -> BulkPage:
        """Return what a status inquiry of bulk transfers finds, one item an application.

        Raises AccountNotUsable, DetailsNeedApplyNo, TransferClassNeedsBusinessId, NextItemKeyUnknown.
        """
        with self._lock:
            self._state.get_own_account(customer_id, query.search.account_id)
            with_business_id = self._state.get_customer(customer_id).business_id_management
            return find_bulk_status(self._state, query, with_business_id=with_business_id, at=at)

    def quote(self, customer_id: str, order: TransferOrder, *, at: datetime) -> Quote:
        """Return the fees of an order after all checks of a request; nothing moves. Raises what a request raises."""
        with self._lock:
            customer = self._state.get_customer(customer_id)
            draft = check_order(self._state, customer, order_of(customer, order), at=at)
        fees = tuple((line.item_id, line.fee_yen) for line in draft.lines)
        return Quote(total_fee_yen=sum(fee for _, fee in fees), lines=fees)

    # Requests of the API

    def request_transfer(
        self,
        customer_id: str,
        order: TransferOrder,
        *,
        key: IdempotencyKey | None,
        user: User | None = None,
        at: datetime,
    ) -> RequestResult:
        """Take an order of that person; the same key and order within the key's life get the first reply again.

        Raises DuplicateKeyOtherBody, then the refusals of checks.CHECKS. A refused order leaves its key unused.
        """
        state = self._state
        with self._lock:
            self._let_fall_due(at)
            customer = state.get_customer(customer_id)
            order = order_of(customer, order)
            first = find_first_reply(state, order, key) if key else None
            if first is not None:
                return first
            result = request_transfer(state, customer, order, Moment(at), user=user)
            if key:
                expires_at = key_expires_at(state, at=at)
                remember_reply(state, key, StoredReply(order, result, expires_at))
            return result

    def cancel_transfer(
        self,
        customer_id: str,
        account_id: str,
        apply_no: str,
        cancel_class: str,
        *,
        kind: TransferKind = TransferKind.SINGLE,
        user: User | None = None,
        at: datetime,
    ) -> RequestResult:
        """Take a cancel that speaks of that kind. Raises AccountNotUsable, ApplyNoUnknown, CancelNotPossible."""
        state = self._state
        with self._lock:
            self._let_fall_due(at)
            state.get_own_account(customer_id, account_id)
            application = state.get_own_application(account_id, apply_no)
            return request_cancel(state, application, cancel_class, Moment(at), asked_for=kind, user=user)

    # Time

    def tick(self, *, at: datetime) -> list[Event]:
        """Do all that falls due up to that instant, in order, each thing at its own instant. Returns what happened.

        Includes what fell due inside commands since the tick before.
        """
        with self._lock:
            self._let_fall_due(at)
            events = list(self._unreported)
            self._unreported.clear()
            return events

    # Truth

    def payments(self) -> list[Payment]:
        """Return every debit that the books hold, oldest first."""
        with self._lock:
            return list_payments(self._state)

    def check_books(self) -> BooksCheck:
        """Add up the books again; a つかいわけ口座 that cannot be is a difference as well."""
        with self._lock:
            check = self._state.books.check()
            return replace(check, differing=(*check.differing, *differing_purses(self._state)))

    # The memory as a whole

    def look(self, reader: Callable[[BankState, Sequence[Event]], T]) -> T:
        """Return what `reader`, which must not change or keep anything, makes of memory and unreported events."""
        with self._lock:
            return reader(self._state, tuple(self._unreported))

    @classmethod
    def remembering(cls, state: BankState, unreported: Iterable[Event]) -> "Bank":
        """Return a bank that goes on from this memory, which it takes over; whoever made it has proven it whole."""
        bank = cls(rules=state.rules, calendar=state.calendar, directory=state.directory)
        bank._state = state
        bank._open_desks()
        bank._unreported.extend(unreported)
        return bank

    def _open_desks(self) -> None:
        """Open the desks on the present memory: they keep it, so another memory needs them anew."""
        self._outside = OutsideDesk(self._state, self._lock, self._let_fall_due)
        self._virtual_accounts = VirtualAccountDesk(self._state, self._lock, self._let_fall_due)
        self._sp_accounts = SpAccountDesk(self._state, self._lock, self._let_fall_due)

    def _let_fall_due(self, at: datetime) -> None:
        self._unreported.extend(settle_all_due(self._state, until=at))

"""All that one bank knows and remembers, and the few ways to file it. No rule lives here; Bank holds the lock.

Applications are values: whoever changes one files the new one with `keep`, and the figures that depend on it follow.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from mock_gmo.bank.agenda import Agenda
from mock_gmo.bank.beneficiaries import Beneficiary
from mock_gmo.bank.books import Books
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.limits import LimitUse
from mock_gmo.bank.noting import Filing
from mock_gmo.bank.other_accounts import OtherAccount
from mock_gmo.bank.refusals import AccountNotUsable, ApplyNoUnknown, CustomerUnknown
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.sp_accounts import SpState
from mock_gmo.bank.states import TransferStatus
from mock_gmo.bank.transfers import (
    Application,
    Event,
    IdempotencyKey,
    Line,
    RequestResult,
    TransferOrder,
)
from mock_gmo.bank.virtual_accounts import VirtualAccountState
from mock_gmo.bank.visa import VisaCard

NUMBER_DIGITS = 8


@dataclass(slots=True)
class Moment:
    """One instant in which the bank acts, and what happened in it."""

    at: datetime
    events: list[Event] = field(default_factory=list)

    def tell(self, kind: str, apply_no: str | None, *, item_id: str | None = None, detail: str = "") -> None:
        """Note that something happened."""
        self.events.append(Event(at=self.at, kind=kind, apply_no=apply_no, item_id=item_id, detail=detail))


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The first reply under an idempotency key, and the order that it answered."""

    order: TransferOrder
    result: RequestResult
    expires_at: datetime


@dataclass(slots=True)
class AccountApplications:
    """The apply numbers of one account, sorted, and again by designated day."""

    numbers: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    by_day: dict[date, list[str]] = field(default_factory=dict)

    def add(self, apply_no: str, *, designated_date: date) -> None:
        """Enter an application under its number and its day."""
        insort(self.numbers, apply_no)
        if designated_date not in self.by_day:
            insort(self.days, designated_date)
            self.by_day[designated_date] = []
        insort(self.by_day[designated_date], apply_no)

    def from_number(self, first: str) -> Iterator[str]:
        """Yield the numbers from that one on, ascending."""
        for index in range(bisect_left(self.numbers, first), len(self.numbers)):
            yield self.numbers[index]

    def from_day(self, first: date, first_number: str = "") -> Iterator[tuple[date, str]]:
        """Yield day and number from that day, and on it from that number, by day, then by number."""
        for index in range(bisect_left(self.days, first), len(self.days)):
            day = self.days[index]
            numbers = self.by_day[day]
            for place in range(bisect_left(numbers, first_number) if day == first else 0, len(numbers)):
                yield day, numbers[place]


@dataclass(slots=True)
class BankState:
    """The bank's memory. The first three never change."""

    rules: BankRules
    calendar: BusinessCalendar
    directory: Directory
    books: Books = field(init=False)
    customers: Filing[str, Customer] = field(default_factory=Filing)
    accounts: Filing[str, Account] = field(default_factory=Filing)
    account_ids_of: dict[str, list[str]] = field(default_factory=dict)
    other_accounts: Filing[str, OtherAccount] = field(default_factory=Filing)
    visa_cards: dict[str, VisaCard] = field(default_factory=dict)
    account_id_by_number: dict[tuple[str, str], str] = field(default_factory=dict)
    applications: Filing[str, Application] = field(default_factory=Filing)
    applications_of: dict[str, AccountApplications] = field(default_factory=dict)
    waiting: Filing[str, None] = field(default_factory=Filing)
    replies: Filing[IdempotencyKey, StoredReply] = field(default_factory=Filing)
    limits: LimitUse = field(default_factory=LimitUse)
    agenda: Agenda = field(default_factory=Agenda)
    numbers_given: dict[date, int] = field(default_factory=dict)
    virtual: VirtualAccountState = field(default_factory=VirtualAccountState)
    beneficiaries: dict[str, Beneficiary] = field(default_factory=dict)
    sp: SpState = field(default_factory=SpState)

    def __post_init__(self) -> None:
        self.books = Books(short_keys=self.rules.short_item_keys)

    def get_customer(self, customer_id: str) -> Customer:
        """Return the customer. Raises CustomerUnknown."""
        customer = self.customers.get(customer_id)
        if customer is None:
            raise CustomerUnknown(f"no customer {customer_id}; open_customer comes first")
        return customer

    def get_account(self, account_id: str) -> Account:
        """Return the account, whoever holds it. Raises AccountNotUsable."""
        account = self.accounts.get(account_id)
        if account is None:
            raise AccountNotUsable
        return account

    def require_new_account(self, account_id: str, *, number: tuple[str, str] | None = None) -> None:
        """Raise ValueError when an account has that id, or that branch and number, already."""
        taken_ids = (self.accounts, self.other_accounts, self.sp.accounts)
        is_taken = any(account_id in taken for taken in taken_ids)
        if is_taken or number in self.account_id_by_number or number in self.sp.numbers:
            raise ValueError(f"account {account_id} exists already")

    def get_own_account(self, customer_id: str, account_id: str) -> Account:
        """Return the account when that customer holds it. Raises AccountNotUsable."""
        account = self.get_account(account_id)
        if account.customer_id != customer_id:
            raise AccountNotUsable
        return account

    def withdrawable_yen(self, account_id: str) -> int:
        """Return what can be debited: the balance, less what is set aside in children of つかいわけ口座 [GUESS]."""
        parent_id = self.sp.parent_ids.get(account_id)
        set_aside_yen = -self.books.balance(parent_id) if parent_id is not None else 0
        return self.books.balance(account_id) - set_aside_yen

    def get_application(self, apply_no: str) -> Application:
        """Return the application. Raises ApplyNoUnknown."""
        application = self.applications.get(apply_no)
        if application is None:
            raise ApplyNoUnknown
        return application

    def get_own_application(self, account_id: str, apply_no: str) -> Application:
        """Return the application when that account is the one it debits. Raises ApplyNoUnknown."""
        application = self.get_application(apply_no)
        if application.account_id != account_id:
            raise ApplyNoUnknown
        return application

    def next_number(self, at: datetime) -> str:
        """Give out the next 受付番号 of that day; 振込申請番号 and 振込受付番号 share one series."""
        day = civil_date(at)
        count = self.numbers_given.get(day, 0) + 1
        self.numbers_given[day] = count
        return f"{day.year}{day.month:02}{day.day:02}{count:0{NUMBER_DIGITS}}"

    def enter(self, application: Application) -> None:
        """File a new application."""
        self.applications[application.apply_no] = application
        self.applications_of[application.account_id].add(
            application.apply_no, designated_date=application.designated_date
        )
        self._follow_request(application)

    def enter_account(self, account: Account) -> None:
        """File a new account, whose ledger account is open already."""
        self.accounts[account.account_id] = account
        self.account_id_by_number[account.branch_code, account.number] = account.account_id
        self.applications_of[account.account_id] = AccountApplications()
        own = self.account_ids_of[account.customer_id]
        own.append(account.account_id)
        own.sort(key=lambda account_id: (not self.accounts[account_id].primary, account_id))

    def enter_again(self, application: Application) -> None:
        """File an application as it stood when it was written down; what follows from its lines follows again."""
        self.enter(application)
        place = (application.account_id, application.designated_date)
        for line in application.lines:
            self.limits.follow(place, counted_yen=line.counted_yen, before=TransferStatus.REQUESTED, after=line.status)

    def keep(self, application: Application, **changes: object) -> Application:
        """File the application with those changes; the daily limit and the waiting list follow. Returns it."""
        changed = replace(application, **changes)  # type: ignore[arg-type]
        self.applications[changed.apply_no] = changed
        if changed.request is not application.request:
            self._follow_request(changed)
        if changed.lines is not application.lines:
            place = (changed.account_id, changed.designated_date)
            for before, after in zip(application.lines, changed.lines, strict=True):
                self._follow_line(place, before, after)
        return changed

    def _follow_request(self, application: Application) -> None:
        if application.request.deadline is not None:
            self.waiting[application.apply_no] = None
        else:
            self.waiting.pop(application.apply_no, None)

    def _follow_line(self, place: tuple[str, date], before: Line, after: Line) -> None:
        if after.status is not before.status:
            self.limits.follow(place, counted_yen=after.counted_yen, before=before.status, after=after.status)

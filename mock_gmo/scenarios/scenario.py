"""What a scenario says, as values: customers, accounts, log-ins, past deposits, the first instant. No files here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

from mock_gmo.bank.beneficiaries import Beneficiary
from mock_gmo.bank.business_id import USER_NAME_LENGTH_MAX, Role, User
from mock_gmo.bank.days import JAPAN, civil_date
from mock_gmo.bank.other_accounts import ForeignHolding
from mock_gmo.bank.sp_accounts import NO_SHARES, SpPlace, SpShares
from mock_gmo.bank.visa import UseAbroad, VisaUse
from mock_gmo.secret import Secret

CustomerKind = Literal["corporation", "sole_proprietor", "individual"]


@dataclass(frozen=True, slots=True)
class Login:
    """How one person enters the bank's site. The transaction password confirms what moves money.

    The role counts with business-ID management only; without a name of their own, people go by their log-in.
    """

    login_id: str
    customer_id: str
    password: Secret
    transaction_password: Secret
    name: str | None = None
    role: Role = Role.BOTH

    @property
    def user(self) -> User:
        """The person behind the log-in."""
        return User(self.customer_id, self.name or self.login_id[:USER_NAME_LENGTH_MAX], self.role)


@dataclass(frozen=True, slots=True)
class PastDeposit:
    """Money that came in before the scenario begins, so that a statement has something to tell."""

    days_ago: int
    """Civil days in Japan before the scenario's first instant; at least 1."""
    time_of_day: time
    amount_yen: int
    remitter_name: str
    edi_info: str | None
    paying_bank: str | None = None
    paying_branch: str | None = None

    def instant(self, start: datetime) -> datetime:
        """Return when the money came in, given the scenario's first instant. Both are aware; UTC comes back."""
        day = civil_date(start) - timedelta(days=self.days_ago)
        return datetime.combine(day, self.time_of_day, tzinfo=JAPAN).astimezone(start.tzinfo)


@dataclass(frozen=True, slots=True)
class ScenarioVisaUse:
    """One use of a Visa debit card before the scenario begins."""

    days_ago: int
    """Civil days in Japan before the scenario's first instant; 0 is the first day itself."""
    use_content: str
    amount_yen: int
    approval_number: str
    status: str
    abroad: UseAbroad | None

    def on_card(self, start: datetime) -> VisaUse:
        """Return the use as the bank notes it, given the scenario's first instant."""
        use_date = civil_date(start) - timedelta(days=self.days_ago)
        return VisaUse(use_date, self.use_content, self.amount_yen, self.approval_number, self.status, self.abroad)


@dataclass(frozen=True, slots=True)
class ScenarioOtherAccount:
    """An account that is only listed: a time deposit, foreign currency, securities."""

    branch_code: str
    type_code: str
    number: str
    balance_yen: int = 0
    foreign: ForeignHolding | None = None

    @property
    def account_id(self) -> str:
        """口座ID: branch, account type and number."""
        return f"{self.branch_code}{self.type_code}{self.number}"


@dataclass(frozen=True, slots=True)
class ScenarioSpAccount:
    """A つかいわけ口座: the parent without a place, or a child with its place and what it begins with."""

    name: str
    place: SpPlace | None = None
    shares: SpShares = NO_SHARES

    @property
    def is_parent(self) -> bool:
        """Whether this is the 親口座."""
        return self.place is None


@dataclass(frozen=True, slots=True)
class ScenarioAccount:
    """An account as the scenario opens it; `visa_uses` is None where there is no Visa debit card."""

    branch_code: str
    branch_name: str
    type_code: str
    number: str
    primary: bool
    name: str
    name_kana: str
    opened_on: date
    opening_balance_yen: int
    transfer_limit_yen: int
    past_deposits: tuple[PastDeposit, ...]
    visa_uses: tuple[ScenarioVisaUse, ...] | None = None

    @property
    def account_id(self) -> str:
        """口座ID: branch, account type and number."""
        return f"{self.branch_code}{self.type_code}{self.number}"

    @property
    def balance_yen(self) -> int:
        """What is on the account at the scenario's first instant."""
        return self.opening_balance_yen + sum(deposit.amount_yen for deposit in self.past_deposits)


@dataclass(frozen=True, slots=True)
class ScenarioCustomer:
    """A customer with accounts and log-ins."""

    customer_id: str
    name: str
    kind: CustomerKind
    confirmation_required: bool
    business_id_management: bool
    accounts: tuple[ScenarioAccount, ...]
    logins: tuple[Login, ...]
    other_accounts: tuple[ScenarioOtherAccount, ...] = ()
    virtual_accounts_enabled: bool = True
    va_partner_keys: tuple[tuple[Secret, str], ...] = ()
    """Keys of a partner company (提携企業), each with the customer that it acts for."""
    sp_accounts: tuple[ScenarioSpAccount, ...] = ()
    family_name_kana: str | None = None
    given_name_kana: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole first state. `clock_start` is None when the bank begins at the real time."""

    name: str
    title: str
    customers: tuple[ScenarioCustomer, ...]
    clock_start: datetime | None
    beneficiaries: tuple[Beneficiary, ...] = ()
    """The beneficiary directory: accounts at other banks whose conduct is known."""
    logins: Mapping[str, Login] = field(init=False, repr=False, compare=False)
    """Every log-in by its id."""

    def __post_init__(self) -> None:
        logins = {login.login_id: login for customer in self.customers for login in customer.logins}
        object.__setattr__(self, "logins", MappingProxyType(logins))

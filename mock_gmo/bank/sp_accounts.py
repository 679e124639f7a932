"""つかいわけ口座 as values: purses inside a holder's main account, one parent (親口座) and children (子口座).

A purse has a ledger account of its own, and those of one holder sum to zero: a child's is what the child holds, the
parent's is what the children hold, with a minus. The parent therefore holds whatever is on the main account and not
with a child; nothing can make the purses differ from the account. Foreign money and time deposits are shared out in
the same way. Source: Personal API, "Accounts and つかいわけ口座".
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from mock_gmo.bank.customers import Account
from mock_gmo.bank.fixed_point import AMOUNT_PLACES, parse_decimal
from mock_gmo.bank.other_accounts import FOREIGN_CURRENCIES, YEN, ForeignHolding
from mock_gmo.bank.refusals import SpAmountUnusable, SpCurrencyUnknown
from mock_gmo.bank.yen import parse_yen

SP_PREFIX = "SP"
CHILD_TYPE_CODE = "01"
# Source: the bank's samples and the lengths of SpAccount.
SP_ID = re.compile(r"SP[0-9A-Za-z]{10,27}")
SP_NAME_LENGTH_MAX = 10
# 法人 have no purses. Source: Personal API, "Accounts and つかいわけ口座".
SP_HOLDER_KINDS = frozenset({"sole_proprietor", "individual"})

# All currencies of this bank have hundredths as their minor unit.
_FOREIGN_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class SpPlace:
    """Branch and number of a child."""

    branch_code: str
    branch_name: str
    number: str


@dataclass(frozen=True, slots=True)
class SpAccount:
    """A purse. A child has a place, the parent has none."""

    account_id: str
    customer_id: str
    main_account_id: str
    name: str
    place: SpPlace | None = None

    def __post_init__(self) -> None:
        if SP_ID.fullmatch(self.account_id) is None:
            raise ValueError(f"the id of a purse is SP and 10 to 27 letters or digits, not {self.account_id!r}")
        if not 1 <= len(self.name) <= SP_NAME_LENGTH_MAX:
            raise ValueError(f"the name of a purse has 1 to {SP_NAME_LENGTH_MAX} characters")

    @property
    def is_parent(self) -> bool:
        """Whether this is the 親口座."""
        return self.place is None


@dataclass(frozen=True, slots=True)
class SpShares:
    """What a child is given of the holder's money when it is opened; foreign amounts in thousandths by currency."""

    yen: int = 0
    time_deposits_yen: int = 0
    foreign: tuple[tuple[str, int], ...] = ()


NO_SHARES = SpShares()


@dataclass(frozen=True, slots=True)
class SpBalance:
    """What a purse holds at one instant; `rate_as_of` is the instant of the rates, None where there is no rate."""

    account: SpAccount
    yen: int
    time_deposits_yen: int
    foreign: tuple[ForeignHolding, ...]
    rate_as_of: datetime | None

    @property
    def foreign_worth_yen(self) -> int:
        """外貨普通預金（総評価額）: all foreign money in yen."""
        return sum(holding.yen_equivalent for holding in self.foreign)


@dataclass(frozen=True, slots=True)
class SpOrder:
    """Money to be moved between two purses; the amount as it was written."""

    deposit_id: str
    debit_id: str
    amount: str
    currency: str = YEN

    @property
    def figure(self) -> int:
        """The amount in yen, or in thousandths of a foreign currency. Raises SpCurrencyUnknown, SpAmountUnusable."""
        if self.currency != YEN and self.currency not in FOREIGN_CURRENCIES:
            raise SpCurrencyUnknown
        try:
            figure = parse_yen(self.amount) if self.currency == YEN else _thousandths(self.amount)
        except ValueError:
            raise SpAmountUnusable from None
        if figure < 1:
            raise SpAmountUnusable
        return figure


@dataclass(frozen=True, slots=True)
class SpTransfer:
    """A move that was made: the order, and when the bank took it."""

    order: SpOrder
    accepted_at: datetime


@dataclass(slots=True)
class SpState:
    """All purses of a bank, by id, and what children hold besides yen; what follows from that is made anew."""

    accounts: dict[str, SpAccount] = field(default_factory=dict)
    time_deposits_yen: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, dict[str, int]] = field(default_factory=dict)
    parent_ids: dict[str, str] = field(init=False, default_factory=dict)
    """The parent's id by that of its main account."""
    numbers: set[tuple[str, str]] = field(init=False, default_factory=set)
    """Branch and number of every child."""

    def __post_init__(self) -> None:
        for account in self.accounts.values():
            self._index(account)

    def enter(self, account: SpAccount) -> None:
        """File a purse, whose ledger account is open already."""
        self.accounts[account.account_id] = account
        self._index(account)

    def of(self, customer_id: str) -> list[SpAccount]:
        """Return the customer's purses, the parent first, then by id."""
        own = [account for account in self.accounts.values() if account.customer_id == customer_id]
        return sorted(own, key=lambda account: (not account.is_parent, account.account_id))

    def _index(self, account: SpAccount) -> None:
        if account.place is None:
            self.parent_ids[account.main_account_id] = account.account_id
        else:
            self.numbers.add((account.place.branch_code, account.place.number))


def parent_of(main: Account, name: str) -> SpAccount:
    """Return the parent in a main account; its id is that of the account behind SP."""
    return SpAccount(f"{SP_PREFIX}{main.account_id}", main.customer_id, main.account_id, name)


def child_of(main: Account, name: str, place: SpPlace) -> SpAccount:
    """Return a child in a main account; its id is branch, type 01 and number behind SP."""
    account_id = f"{SP_PREFIX}{place.branch_code}{CHILD_TYPE_CODE}{place.number}"
    return SpAccount(account_id, main.customer_id, main.account_id, name, place)


def _thousandths(amount: str) -> int:
    if _FOREIGN_AMOUNT.fullmatch(amount) is None:
        raise ValueError(f"a foreign amount has digits and up to two decimals, not {amount!r}")
    return parse_decimal(amount, places=AMOUNT_PLACES)

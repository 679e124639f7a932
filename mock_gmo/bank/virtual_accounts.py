"""Virtual accounts (振込入金口座) as values: states and moves as one table, contracts, orders, deposits, all in memory.

What the bank checks and does is in virtual_account_desk.py, names in virtual_account_names.py, lists in
virtual_account_lists.py. Source: Corporation API, "Virtual accounts"; lifecycle, "Virtual accounts".
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from mock_gmo.bank.noting import Filing, GrowingLists
from mock_gmo.bank.postings import StatementLine

ISSUE_COUNT_MAX = 1_000
CHANGE_COUNT_MAX = 100

# The branch that keeps virtual accounts, and the first number in it. Source: the bank's samples.
VA_BRANCH_CODE, VA_BRANCH_NAME, VA_BRANCH_NAME_KANA = "502", "あじさい支店", "ｱｼﾞｻｲ"
FIRST_NUMBER, LAST_NUMBER = 1_000_001, 9_999_999


class VaType(Enum):
    """種類: with a day of expiry, or without."""

    EXPIRING = ("1", "期限型")
    LASTING = ("2", "継続型")

    def __init__(self, code: str, label: str) -> None:
        self.code = code
        self.label = label


class VaStatus(Enum):
    """状態; `possible` is 状態変更可能コード, what may be asked for next."""

    ACTIVE = ("1", "利用可能", "1")
    STOPPED = ("2", "停止中", "2")
    DELETED = ("3", "削除済", "3")

    def __init__(self, code: str, label: str, possible: str) -> None:
        self.code = code
        self.label = label
        self.possible = possible


class VaTrigger(Enum):
    """What changes a state; the first three are asked for with a code, the others come with the clock."""

    STOP = ("1", "停止")
    RESUME = ("2", "再開")
    DELETE = ("3", "削除")
    EXPIRE = (None, "期限切れ")
    CONTRACT_END = (None, "解約")

    def __init__(self, code: str | None, label: str) -> None:
        self.code = code
        self.label = label


# Everything else is refused [GUESS]. What expires or ends with its contract is deleted [GUESS].
MOVES: dict[tuple[VaStatus, VaTrigger], VaStatus] = {
    (VaStatus.ACTIVE, VaTrigger.STOP): VaStatus.STOPPED,
    (VaStatus.ACTIVE, VaTrigger.DELETE): VaStatus.DELETED,
    (VaStatus.ACTIVE, VaTrigger.EXPIRE): VaStatus.DELETED,
    (VaStatus.ACTIVE, VaTrigger.CONTRACT_END): VaStatus.DELETED,
    (VaStatus.STOPPED, VaTrigger.RESUME): VaStatus.ACTIVE,
    (VaStatus.STOPPED, VaTrigger.DELETE): VaStatus.DELETED,
    (VaStatus.STOPPED, VaTrigger.EXPIRE): VaStatus.DELETED,
    (VaStatus.STOPPED, VaTrigger.CONTRACT_END): VaStatus.DELETED,
}

TYPE_BY_CODE = {va_type.code: va_type for va_type in VaType}
TRIGGER_BY_CODE = {trigger.code: trigger for trigger in VaTrigger if trigger.code is not None}


@dataclass(frozen=True, slots=True)
class VaContractId:
    """A contract: the customer whose accounts are credited, and the partner company (提携企業) that runs it, if any."""

    customer_id: str
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class VirtualAccount:
    """One virtual account as it is now; the three figures of the latest deposit are 0 and None before the first."""

    va_id: str
    contract: VaContractId
    account_id: str
    holder_name: str
    va_type: VaType
    issued_at: datetime
    expires_at: datetime | None
    status: VaStatus = VaStatus.ACTIVE
    changed_at: datetime | None = None
    closed_at: datetime | None = None
    latest_deposit_date: date | None = None
    latest_deposit_yen: int = 0
    latest_deposit_count: int = 0

    @property
    def branch_code(self) -> str:
        """支店コード: the first three digits of the id."""
        return self.va_id[:3]

    @property
    def number(self) -> str:
        """口座番号: the last seven digits of the id."""
        return self.va_id[3:]


@dataclass(frozen=True, slots=True)
class VaOrder:
    """What is to be issued, every text as sent; `account_id` may be absent only under a partner's contract."""

    va_type: VaType
    count: int
    account_id: str | None = None
    added_name: str | None = None
    added_name_first: bool = False


@dataclass(frozen=True, slots=True)
class VaDeposit:
    """Money that came in through a virtual account, and the line that it made in the real account's statement."""

    va_id: str
    account_id: str
    holder_name: str
    partner_name: str
    line: StatementLine


@dataclass(slots=True)
class VaContract:
    """What the bank keeps of one contract: its virtual accounts in the order of issue, and its end, once asked for."""

    va_ids: list[str] = field(default_factory=list)
    open_count: int = 0
    close_requested_on: date | None = None
    ends_at: datetime | None = None

    def has_ended(self, at: datetime) -> bool:
        """Say whether the contract is over at that instant."""
        return self.ends_at is not None and self.ends_at <= at


@dataclass(slots=True)
class VirtualAccountState:
    """Everything that the bank remembers of virtual accounts; part of its state."""

    accounts: Filing[str, VirtualAccount] = field(default_factory=Filing)
    contracts: dict[VaContractId, VaContract] = field(default_factory=dict)
    deposits_of_account: GrowingLists[tuple[VaContractId, str], VaDeposit] = field(default_factory=GrowingLists)
    deposits_of_va: GrowingLists[str, VaDeposit] = field(default_factory=GrowingLists)
    next_number: int = FIRST_NUMBER
    untold: list[tuple[datetime, VaDeposit]] = field(default_factory=list)
    """Deposits, and when they came, of which nobody has taken notice yet for the sake of notifications."""

    def enter(self, va: VirtualAccount) -> None:
        """File a new virtual account under its contract, which begins with it."""
        contract = self.contracts.setdefault(va.contract, VaContract())
        self.accounts[va.va_id] = va
        contract.va_ids.append(va.va_id)
        contract.open_count += 1

    def keep(self, va: VirtualAccount) -> None:
        """File a virtual account that has changed."""
        before = self.accounts[va.va_id]
        self.accounts[va.va_id] = va
        if before.status is not va.status and va.status is VaStatus.DELETED:
            self.contracts[va.contract].open_count -= 1

    def record(self, deposit: VaDeposit, *, at: datetime) -> None:
        """File a deposit under its virtual account and under contract and real account, each oldest first.

        Whoever tells the clients of it finds it among what is untold.
        """
        self.untold.append((at, deposit))
        va = self.accounts[deposit.va_id]
        self.deposits_of_account.add((va.contract, va.account_id), deposit)
        self.deposits_of_va.add(deposit.va_id, deposit)

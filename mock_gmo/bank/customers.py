"""Who holds which account. Log-ins and passwords live with the bank's site; balances in postings.py."""

from dataclasses import dataclass, field
from datetime import date

# Source: Corporation API, "Which accounts": transfers and statements take these types only.
ORDINARY_TYPES = frozenset({"01", "02"})
TRANSFER_LIMIT_MAX_YEN = 500_000_000
# 法人, 個人事業主 and 個人: the last two are served by the same paths, see Personal API.
CORPORATION = "corporation"
SOLE_PROPRIETOR = "sole_proprietor"
INDIVIDUAL = "individual"
CUSTOMER_KINDS = frozenset({CORPORATION, SOLE_PROPRIETOR, INDIVIDUAL})


@dataclass(frozen=True, slots=True)
class Customer:
    """A holder, and how the bank treats the holder's requests; `kind` is one of CUSTOMER_KINDS.

    A partner company (提携企業) has keys (振込入金口座API認証情報), each with the customer that it acts for.
    Both parts of a person's name, in half-width kana, are what the names of a sole proprietor's virtual accounts begin
    with.
    """

    customer_id: str
    name: str
    kind: str = "corporation"
    confirmation_required: bool = True
    business_id_management: bool = False
    virtual_accounts_enabled: bool = True
    va_partner_keys: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    family_name_kana: str | None = None
    given_name_kana: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in CUSTOMER_KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(CUSTOMER_KINDS))}, not {self.kind!r}")
        if self.business_id_management and self.kind != CORPORATION:
            raise ValueError("business-ID management is for corporations only")
        if self.kind == SOLE_PROPRIETOR and not (self.family_name_kana and self.given_name_kana):
            raise ValueError("a sole proprietor has family_name_kana and given_name_kana")


@dataclass(frozen=True, slots=True)
class Account:
    """An ordinary yen account; `primary` marks the holder's main account, the limit is per day.

    `branch_name_kana` may be empty where the directory of banks has no name for the branch.
    """

    account_id: str
    customer_id: str
    branch_code: str
    branch_name: str
    branch_name_kana: str
    type_code: str
    number: str
    primary: bool
    name: str
    name_kana: str
    transfer_limit_yen: int
    opened_on: date
    currency: str = "JPY"

    def __post_init__(self) -> None:
        if self.type_code not in ORDINARY_TYPES:
            raise ValueError(f"type_code is one of {', '.join(sorted(ORDINARY_TYPES))}, not {self.type_code!r}")
        if not 0 <= self.transfer_limit_yen <= TRANSFER_LIMIT_MAX_YEN:
            raise ValueError(f"transfer_limit_yen is 0 to {TRANSFER_LIMIT_MAX_YEN}, not {self.transfer_limit_yen}")


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds at one instant, in yen; every figure may be negative."""

    account: Account
    balance_yen: int
    withdrawable_yen: int
    previous_day_yen: int
    previous_month_yen: int

"""Accounts beside the ordinary yen ones: time deposits, foreign currency, securities. What they are worth.

They are listed and have a balance, and that is all: nothing is posted to them, and no statement or transfer takes them.
Source: Corporation API, Account, Balance and "Which accounts".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType

from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.days import civil_date, instant
from mock_gmo.bank.fixed_point import AMOUNT_PLACES

TIME_DEPOSIT, FOREIGN_CURRENCY, SECURITIES = "11", "51", "81"
YEN_TYPES = (TIME_DEPOSIT, SECURITIES)
YEN = "JPY"

# 通貨コード and 通貨名 of what a foreign-currency account can hold.
FOREIGN_CURRENCIES: Mapping[str, str] = MappingProxyType(
    {
        "USD": "米ドル",
        "EUR": "ユーロ",
        "GBP": "英ポンド",
        "AUD": "豪ドル",
        "NZD": "ＮＺドル",
        "CAD": "カナダドル",
        "CHF": "スイスフラン",
        "HKD": "香港ドル",
        "ZAR": "南アフリカランド",
    }
)

_SCALE: int = 10**AMOUNT_PLACES


@dataclass(frozen=True, slots=True)
class ForeignHolding:
    """A foreign amount and the rate (TTB, yen for one unit) that turns it into yen; both in thousandths."""

    currency: str
    amount_thousandths: int
    ttb_thousandths: int

    def __post_init__(self) -> None:
        if self.currency not in FOREIGN_CURRENCIES:
            raise ValueError(f"currency is one of {', '.join(FOREIGN_CURRENCIES)}, not {self.currency!r}")
        if self.ttb_thousandths < 1:
            raise ValueError(f"a rate is more than 0, not {self.ttb_thousandths} thousandths")

    @property
    def yen_equivalent(self) -> int:
        """外貨円換算額: the amount at the rate, fractions of a yen cut off."""
        yen = abs(self.amount_thousandths) * self.ttb_thousandths // _SCALE**2
        return -yen if self.amount_thousandths < 0 else yen


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """An account of type 11 or 81, which holds yen, or of type 51, which holds a foreign currency."""

    account_id: str
    customer_id: str
    type_code: str
    balance_yen: int = 0
    foreign: ForeignHolding | None = None

    def __post_init__(self) -> None:
        if self.type_code not in (*YEN_TYPES, FOREIGN_CURRENCY):
            raise ValueError(f"type_code is one of 11, 51, 81, not {self.type_code!r}")
        if (self.type_code == FOREIGN_CURRENCY) != (self.foreign is not None) or (self.foreign and self.balance_yen):
            raise ValueError("type 51 holds a foreign currency and no yen; types 11 and 81 hold yen")

    @property
    def currency(self) -> str:
        """What the account is kept in, ISO 4217."""
        return self.foreign.currency if self.foreign else YEN


@dataclass(frozen=True, slots=True)
class OtherBalance:
    """What such an account holds; `rate_as_of` is the instant of its rate, None where there is no rate."""

    account: OtherAccount
    rate_as_of: datetime | None


def rate_as_of(at: datetime, *, told_at: time, calendar: BusinessCalendar) -> datetime:
    """Return when the rate that counts at that instant was told: at `told_at` of the latest business day [GUESS]."""
    day = civil_date(at)
    if not calendar.is_business_day(day) or at < instant(day, told_at):
        day = calendar.previous_business_day(day)
    return instant(day, told_at)

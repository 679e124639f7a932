"""Every choice of the bank that its documents leave open, as one frozen value. No behaviour lives here.

The defaults are those that the wire reference proposes; a field that only the HTTP side reads says so.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Self

from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.fees import FeeRules

MONTHS_MAX = 1_200
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class ClosedHours:
    """A weekly gap in which transfers to other banks are refused; an end before the start lies on the next day."""

    weekday: str
    start: time
    end: time

    def __post_init__(self) -> None:
        if self.weekday not in WEEKDAYS:
            raise ValueError(f"a weekday is one of {', '.join(WEEKDAYS)}, not {self.weekday!r}")
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("closed hours are times in Japan and name no zone")
        if self.start == self.end:
            raise ValueError(f"closed hours need a start and another end, not twice {self.start}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "sat 23:52-00:10" (times in Japan). Raises ValueError for anything else."""
        weekday, _, hours = text.strip().partition(" ")
        start, _, end = hours.partition("-")
        try:
            return cls(weekday=weekday.lower(), start=time.fromisoformat(start), end=time.fromisoformat(end))
        except ValueError as reason:
            raise ValueError(f"closed hours read like 'sat 23:52-00:10', not {text!r}: {reason}") from reason

    def covers(self, at: datetime) -> bool:
        """Say whether the gap is open at that aware instant; the start belongs to it, the end does not."""
        local = at.astimezone(JAPAN)
        now = local.time()
        if self.start < self.end:
            return WEEKDAYS[local.weekday()] == self.weekday and self.start <= now < self.end
        if now >= self.start:
            return WEEKDAYS[local.weekday()] == self.weekday
        return now < self.end and WEEKDAYS[(local - timedelta(days=1)).weekday()] == self.weekday


@dataclass(frozen=True, slots=True)
class BankRules:
    """The switches of one bank. Times of day are Japanese; durations are seconds.

    Raises ValueError when a value is out of range. Source: lifecycle and kana pages of the wire reference.
    """

    confirmation_seconds: int = 600
    settle_interbank_seconds: int = 30
    reserved_execution_time: time = time(9, 0)
    retry_times: tuple[time, ...] = (time(12, 0), time(15, 0), time(18, 0))
    date_ahead_days: int = 365
    holiday_rule_for_other_banks: bool = True
    closed_hours: tuple[ClosedHours, ...] = ()
    idempotency_seconds: int = 86_400
    day_close_seconds: int = 0
    funds_and_limit_checked_at_request: bool = True
    own_account_moves_count_against_limit: bool = False
    hiragana_converted: bool = False
    edi_info_converted: bool = False
    outgoing_remarks_carry_edi_info: bool = False
    currency_rate_time: time = time(10, 0)
    visa_items_max: int = 99_999
    visa_newest_first: bool = True
    bulk_detail_seconds: int = 600
    funds_return_seconds: int = 3_600
    recall_answer_seconds: int = 86_400
    bulk_cancel_under_transfer: bool = False
    virtual_accounts_max: int = 2_000
    va_expiry_months: int = 1
    va_deposits_months: int = 6
    va_name_filter_takes_part: bool = False
    confirmation_always: bool = False
    short_item_keys: bool = False
    opening_limit_max_yen: int = 500_000_000
    fees: FeeRules = field(default_factory=FeeRules)
    # Those below change replies only; the bank itself never reads them.
    duplicate_key_conflict_status: int = 400
    item_id_in_status: bool = False
    incoming_transfer_fields_in_statement: bool = True
    paymant_spelling_added: bool = False
    statement_dates_required: bool = False
    unusable_account_is_401: bool = False
    unserved_holder_is_405: bool = False
    every_holder_served: bool = False
    payer_fields_in_personal_statement: bool = False

    def __post_init__(self) -> None:
        if self.confirmation_seconds < 1 or self.idempotency_seconds < 1:
            raise ValueError("confirmation_seconds and idempotency_seconds are 1 or more")
        if self.visa_items_max < 1:
            raise ValueError("visa_items_max is 1 or more")
        if min(self.settle_interbank_seconds, self.date_ahead_days, self.bulk_detail_seconds) < 0:
            raise ValueError("settle_interbank_seconds, date_ahead_days and bulk_detail_seconds are 0 or more")
        if min(self.funds_return_seconds, self.recall_answer_seconds) < 0:
            raise ValueError("funds_return_seconds and recall_answer_seconds are 0 or more")
        if not 0 <= self.day_close_seconds < 86_400:
            raise ValueError(f"day_close_seconds lies within one day, not {self.day_close_seconds}")
        if self.virtual_accounts_max < 0:
            raise ValueError("virtual_accounts_max is 0 or more")
        if not (0 <= self.va_expiry_months <= MONTHS_MAX and 1 <= self.va_deposits_months <= MONTHS_MAX):
            raise ValueError(f"va_expiry_months is 0 to {MONTHS_MAX}, va_deposits_months 1 to {MONTHS_MAX}")
        tries = self.try_times
        if list(tries) != sorted(set(tries)):
            raise ValueError("retry_times come after reserved_execution_time, each later than the one before")
        if self.duplicate_key_conflict_status not in (400, 409, 422):
            raise ValueError("duplicate_key_conflict_status is 400, 409 or 422")

    @property
    def try_times(self) -> tuple[time, ...]:
        """The times of day at which a reserved transfer is tried, first to last."""
        return (self.reserved_execution_time, *self.retry_times)

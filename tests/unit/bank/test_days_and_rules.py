"""Days, business days, yen, fees and the rules' own bounds."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.days import civil_date, instant, midnight
from mock_gmo.bank.fees import FeeRules, line_fee
from mock_gmo.bank.rules import BankRules, ClosedHours
from mock_gmo.bank.yen import parse_yen

GOLDEN_WEEK = {date(2026, 4, 29), date(2026, 5, 3), date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)}
CALENDAR = BusinessCalendar(lambda day: day in GOLDEN_WEEK)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 31, 14, 59, 59, 999_999, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 15, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 4, 1, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 4, 1)),
        (datetime(2026, 3, 31, 23, 59, tzinfo=timezone(timedelta(hours=-8))), date(2026, 4, 1)),
    ],
)
def test_a_civil_day_is_that_of_japan_whatever_the_zone_of_the_instant(at: datetime, day: date) -> None:
    assert civil_date(at) == day


def test_midnight_in_japan_is_three_in_the_afternoon_utc_in_summer_and_winter() -> None:
    for month in (1, 7):
        assert midnight(date(2026, month, 2)) == datetime(2026, month, 1, 15, tzinfo=UTC)
    assert instant(date(2026, 4, 1), time(9)) == datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 4, 1), True),
        (date(2026, 4, 4), False),
        (date(2026, 4, 5), False),
        (date(2026, 4, 29), False),
        (date(2026, 12, 30), True),
        (date(2026, 12, 31), False),
        (date(2027, 1, 1), False),
        (date(2029, 1, 2), False),
        (date(2029, 1, 3), False),
        (date(2029, 1, 4), True),
    ],
)
def test_business_days(day: date, is_open: bool) -> None:
    assert CALENDAR.is_business_day(day) is is_open


@pytest.mark.parametrize(
    ("day", "following", "previous"),
    [
        (date(2026, 4, 4), date(2026, 4, 6), date(2026, 4, 3)),
        (date(2026, 5, 4), date(2026, 5, 7), date(2026, 5, 1)),
        (date(2027, 1, 1), date(2027, 1, 4), date(2026, 12, 30)),
    ],
)
def test_the_nearest_business_days_lie_beyond_all_closed_days(day: date, following: date, previous: date) -> None:
    assert CALENDAR.next_business_day(day) == following
    assert CALENDAR.previous_business_day(day) == previous


def test_a_calendar_without_business_days_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="is_holiday is wrong"):
        BusinessCalendar(lambda _: True).next_business_day(date(2026, 4, 1))


@pytest.mark.parametrize(("digits", "yen"), [("0", 0), ("1200", 1200), ("007", 7), ("9" * 20, int("9" * 20))])
def test_yen_are_read_from_digits(digits: str, yen: int) -> None:
    assert parse_yen(digits) == yen


@pytest.mark.parametrize("text", ["", "-1", "+1", "1,000", "1.0", " 1", "1\n", "１２", "²", "1e3"])
def test_nothing_but_digits_is_yen(text: str) -> None:
    with pytest.raises(ValueError, match="digits 0-9"):
        parse_yen(text)


def test_fees_depend_on_the_beneficiarys_bank() -> None:
    fees = FeeRules(within_bank_yen=1, other_bank_yen=129)

    assert (line_fee(fees, bank_code="0310"), line_fee(fees, bank_code="0001")) == (1, 129)
    with pytest.raises(ValueError, match="0 yen or more"):
        FeeRules(other_bank_yen=-1)


@pytest.mark.parametrize(
    ("day", "at", "covered"),
    [
        (date(2026, 4, 4), time(23, 51, 59), False),
        (date(2026, 4, 4), time(23, 52), True),
        (date(2026, 4, 5), time(0, 9, 59), True),
        (date(2026, 4, 5), time(0, 10), False),
        (date(2026, 4, 4), time(0, 5), False),
        (date(2026, 4, 5), time(23, 55), False),
    ],
)
def test_closed_hours_may_cross_midnight(day: date, at: time, covered: bool) -> None:
    assert ClosedHours.parse("sat 23:52-00:10").covers(instant(day, at)) is covered


@pytest.mark.parametrize("text", ["", "sat", "sat 23:52", "saturday 1:00-2:00", "sat 23:52-23:52", "sat 25:00-26:00"])
def test_closed_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="closed hours read like"):
        ClosedHours.parse(text)


@pytest.mark.parametrize(
    "values",
    [
        {"confirmation_seconds": 0},
        {"idempotency_seconds": 0},
        {"settle_interbank_seconds": -1},
        {"date_ahead_days": -1},
        {"day_close_seconds": 86_400},
        {"retry_times": (time(8),)},
        {"retry_times": (time(15), time(12))},
        {"duplicate_key_conflict_status": 500},
    ],
)
def test_rules_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        BankRules(**values)

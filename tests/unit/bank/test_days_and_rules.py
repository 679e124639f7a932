"""Days, business days, yen, fees and the rules' own bounds."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from mock_gmo.bank.calendar import FIRST_YEAR, LAST_DAY, BusinessCalendar
from mock_gmo.bank.days import JAPAN, ONE_DAY, civil_date, instant, midnight, month_start, months_before
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


def test_japan_is_nine_hours_ahead_under_its_own_name() -> None:
    assert (JAPAN.utcoffset(None), JAPAN.tzname(None), ONE_DAY) == (timedelta(hours=9), "JST", timedelta(hours=24))
    assert instant(date(2026, 4, 1), time(9)).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("months_ahead", "first"),
    [
        (-15, date(2024, 12, 1)),
        (-3, date(2025, 12, 1)),
        (-2, date(2026, 1, 1)),
        (0, date(2026, 3, 1)),
        (9, date(2026, 12, 1)),
        (10, date(2027, 1, 1)),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(months_ahead: int, first: date) -> None:
    assert month_start(date(2026, 3, 31), months_ahead=months_ahead) == first
    assert month_start(date(2026, 3, 31)) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("months", "before"),
    [
        (0, date(2026, 3, 31)),
        (1, date(2026, 2, 28)),
        (2, date(2026, 1, 31)),
        (3, date(2025, 12, 31)),
        (4, date(2025, 11, 30)),
        (25, date(2024, 2, 29)),
    ],
)
def test_a_day_so_many_months_earlier_is_the_same_or_the_last_of_a_shorter_month(months: int, before: date) -> None:
    assert months_before(date(2026, 3, 31), months) == before
    assert months_before(date(2026, 3, 5), months) == before.replace(day=5)


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
        (date(2029, 1, 1), False),
        (date(2029, 1, 2), False),
        (date(2029, 1, 3), False),
        (date(2029, 1, 4), True),
        (date(2026, 4, 3), True),
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


def test_holidays_are_known_for_the_years_in_which_both_computations_agree() -> None:
    assert (1970, date(2099, 12, 31)) == (FIRST_YEAR, LAST_DAY)


@pytest.mark.parametrize(("closed_days", "is_found"), [(59, True), (60, False)])
def test_a_business_day_is_looked_for_among_sixty(closed_days: int, is_found: bool) -> None:
    opens = date(2026, 6, 1) + closed_days * ONE_DAY
    assert (opens - ONE_DAY).weekday() < 5
    assert opens.weekday() < 5
    calendar = BusinessCalendar(lambda day: day < opens)

    if is_found:
        assert calendar.next_business_day(date(2026, 5, 31)) == opens
    else:
        with pytest.raises(AssertionError, match="within 60 days of 2026"):
            calendar.next_business_day(date(2026, 5, 31))


def test_a_day_is_asked_about_once_and_forgotten_after_4096_others() -> None:
    asked: list[date] = []
    calendar = BusinessCalendar(lambda day: asked.append(day) is not None)
    monday = date(2026, 4, 6)
    mondays = [monday + timedelta(weeks=week) for week in range(4096)]

    for day in (monday, *mondays, *mondays):
        calendar.is_business_day(day)
    assert asked.count(monday) == 1
    calendar.is_business_day(mondays[-1] + timedelta(weeks=1))
    calendar.is_business_day(monday)
    assert asked.count(monday) == 2


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
    assert FeeRules() == FeeRules(within_bank_yen=0, other_bank_yen=143, recall_yen=880)


@pytest.mark.parametrize("name", ["within_bank_yen", "other_bank_yen", "recall_yen"])
def test_a_fee_is_nothing_or_more(name: str) -> None:
    assert getattr(FeeRules(**{name: 0}), name) == 0
    with pytest.raises(ValueError, match="0 yen or more, not -1"):
        FeeRules(**{name: -1})


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


@pytest.mark.parametrize(
    ("day", "at", "covered"),
    [
        (date(2026, 4, 1), time(1, 59, 59), False),
        (date(2026, 4, 1), time(2, 0), True),
        (date(2026, 4, 1), time(2, 59, 59), True),
        (date(2026, 4, 1), time(3, 0), False),
        (date(2026, 4, 2), time(2, 30), False),
    ],
)
def test_closed_hours_within_a_day_begin_with_their_start_and_end_before_their_end(
    day: date, at: time, covered: bool
) -> None:
    assert ClosedHours.parse(" WED 02:00-03:00 ").covers(instant(day, at)) is covered


@pytest.mark.parametrize(
    "text",
    [
        "saturday 01:00-02:00",
        "sat 01:00-02:00+09:00",
        "sat 01:00+09:00-02:00",
        "sat 01:00-02:00-03:00",
        "sat 01:00 -02:00",
        "sat  01:00-02:00",
    ],
)
def test_closed_hours_name_a_known_day_and_no_zone(text: str) -> None:
    with pytest.raises(ValueError, match="closed hours read like"):
        ClosedHours.parse(text)


@pytest.mark.parametrize("weekday", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
def test_every_day_of_the_week_can_have_closed_hours(weekday: str) -> None:
    hours = ClosedHours(weekday, time(2), time(3))
    monday = date(2026, 4, 6)

    open_on = [hours.covers(instant(monday + number * ONE_DAY, time(2, 30))) for number in range(7)]
    assert open_on.index(True) == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(weekday)
    assert open_on.count(True) == 1


@pytest.mark.parametrize("text", ["", "sat", "sat 23:52", "saturday 1:00-2:00", "sat 23:52-23:52", "sat 25:00-26:00"])
def test_closed_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="closed hours read like"):
        ClosedHours.parse(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirmation_seconds", 0),
        ("idempotency_seconds", 0),
        ("visa_items_max", 0),
        ("settle_interbank_seconds", -1),
        ("date_ahead_days", -1),
        ("bulk_detail_seconds", -1),
        ("funds_return_seconds", -1),
        ("recall_answer_seconds", -1),
        ("day_close_seconds", -1),
        ("day_close_seconds", 86_400),
        ("virtual_accounts_max", -1),
        ("va_expiry_months", -1),
        ("va_expiry_months", 1201),
        ("va_deposits_months", 0),
        ("va_deposits_months", 1201),
        ("retry_times", (time(8),)),
        ("retry_times", (time(9),)),
        ("retry_times", (time(15), time(12))),
        ("duplicate_key_conflict_status", 500),
        ("duplicate_key_conflict_status", 401),
    ],
)
def test_rules_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        BankRules(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirmation_seconds", 1),
        ("idempotency_seconds", 1),
        ("visa_items_max", 1),
        ("settle_interbank_seconds", 0),
        ("date_ahead_days", 0),
        ("bulk_detail_seconds", 0),
        ("funds_return_seconds", 0),
        ("recall_answer_seconds", 0),
        ("day_close_seconds", 0),
        ("day_close_seconds", 86_399),
        ("virtual_accounts_max", 0),
        ("va_expiry_months", 0),
        ("va_expiry_months", 1200),
        ("va_deposits_months", 1),
        ("va_deposits_months", 1200),
        ("retry_times", ()),
        ("duplicate_key_conflict_status", 409),
        ("duplicate_key_conflict_status", 422),
    ],
)
def test_rules_at_the_edge_of_their_range_are_taken(name: str, value: Any) -> None:
    assert getattr(BankRules(**{name: value}), name) == value


def test_the_defaults_are_those_that_the_wire_reference_proposes() -> None:
    assert asdict(BankRules()) == {
        "confirmation_seconds": 10 * 60,
        "settle_interbank_seconds": 30,
        "reserved_execution_time": time(9),
        "retry_times": (time(12), time(15), time(18)),
        "date_ahead_days": 365,
        "holiday_rule_for_other_banks": True,
        "closed_hours": (),
        "idempotency_seconds": 24 * 3600,
        "day_close_seconds": 0,
        "funds_and_limit_checked_at_request": True,
        "own_account_moves_count_against_limit": False,
        "hiragana_converted": False,
        "edi_info_converted": False,
        "outgoing_remarks_carry_edi_info": False,
        "currency_rate_time": time(10),
        "visa_items_max": 99_999,
        "visa_newest_first": True,
        "bulk_detail_seconds": 10 * 60,
        "funds_return_seconds": 3600,
        "recall_answer_seconds": 24 * 3600,
        "bulk_cancel_under_transfer": False,
        "virtual_accounts_max": 2000,
        "va_expiry_months": 1,
        "va_deposits_months": 6,
        "va_name_filter_takes_part": False,
        "confirmation_always": False,
        "short_item_keys": False,
        "opening_limit_max_yen": 500_000_000,
        "fees": {"within_bank_yen": 0, "other_bank_yen": 143, "recall_yen": 880},
        "duplicate_key_conflict_status": 400,
        "item_id_in_status": False,
        "incoming_transfer_fields_in_statement": True,
        "paymant_spelling_added": False,
        "statement_dates_required": False,
        "unusable_account_is_401": False,
        "unserved_holder_is_405": False,
        "every_holder_served": False,
        "payer_fields_in_personal_statement": False,
    }


def test_a_reserved_transfer_is_tried_at_nine_and_then_at_the_later_times() -> None:
    assert BankRules().try_times == (time(9), time(12), time(15), time(18))

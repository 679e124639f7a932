"""Hours and daily limits where one day ends and the next begins, and on designated days."""

from datetime import date, time
from typing import Any

import pytest

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.days import instant
from mock_gmo.bank.refusals import DateTooFar, LimitExceeded, OutsideHours
from mock_gmo.bank.rules import ClosedHours
from tests.unit.bank.building import (
    COMPANY,
    FRIDAY,
    MONDAY,
    PAYER,
    SATURDAY,
    SIDE_ACCOUNT,
    TODAY,
    TOMORROW,
    balance,
    codes,
    jst,
    make_bank,
    make_line,
    request,
    to_neighbour,
    to_side_account,
)

SUNDAY = date(2026, 4, 5)
BEFORE_MIDNIGHT = instant(TODAY, time(23, 59, 59))
AT_MIDNIGHT = instant(TOMORROW, time(0, 0))
WEEKEND_GAPS = tuple(map(ClosedHours.parse, ("sat 23:52-00:10", "sun 23:52-00:10")))


def make_gap_bank(**rules: Any) -> Bank:
    return make_bank(rules={"closed_hours": WEEKEND_GAPS, "holiday_rule_for_other_banks": False, **rules})


@pytest.mark.parametrize(
    ("day", "at", "taken"),
    [
        (SATURDAY, time(0, 0), True),
        (SATURDAY, time(23, 51, 59, 999_999), True),
        (SATURDAY, time(23, 52), False),
        (SATURDAY, time(23, 59, 59, 999_999), False),
        (SUNDAY, time(0, 0), False),
        (SUNDAY, time(0, 9, 59, 999_999), False),
        (SUNDAY, time(0, 10), True),
        (SUNDAY, time(23, 52), False),
        (MONDAY, time(0, 9, 59), False),
        (MONDAY, time(0, 10), True),
        (MONDAY, time(23, 55), True),
    ],
)
def test_the_gap_of_a_weekend_night_ends_on_the_next_day(day: date, at: time, taken: bool) -> None:
    bank = make_gap_bank()

    if taken:
        request(bank, at=instant(day, at), designated_date=day)
    else:
        with pytest.raises(OutsideHours):
            request(bank, at=instant(day, at), designated_date=day)


def test_within_this_bank_and_for_another_day_every_hour_is_right() -> None:
    bank = make_gap_bank()
    night = instant(SATURDAY, time(23, 55))

    request(bank, to_neighbour(), at=night, designated_date=SATURDAY)
    request(bank, at=night, designated_date=SUNDAY)
    with pytest.raises(OutsideHours):
        request(bank, to_neighbour(), make_line(), at=night, designated_date=SATURDAY)


def test_where_the_holiday_rule_moves_the_day_the_hours_of_the_weekend_do_not_matter() -> None:
    bank = make_gap_bank(holiday_rule_for_other_banks=True)

    apply_no = request(bank, at=instant(SATURDAY, time(23, 55)), designated_date=SATURDAY).apply_no

    assert codes(bank, apply_no, at=instant(SATURDAY, time(23, 56))) == ["11"]


def test_midnight_begins_a_new_limit() -> None:
    bank = make_bank(limit_yen=10_000)

    request(bank, at=BEFORE_MIDNIGHT)
    with pytest.raises(LimitExceeded):
        request(bank, make_line(amount_yen=1), at=BEFORE_MIDNIGHT)
    request(bank, at=AT_MIDNIGHT, designated_date=TOMORROW)
    with pytest.raises(LimitExceeded):
        request(bank, make_line(amount_yen=1), at=AT_MIDNIGHT, designated_date=TOMORROW)


def test_a_transfer_weighs_on_its_designated_day_and_not_on_the_day_of_its_request() -> None:
    bank = make_bank(limit_yen=10_000)

    request(bank, designated_date=TOMORROW)
    request(bank)
    for designated in (TODAY, TOMORROW):
        with pytest.raises(LimitExceeded):
            request(bank, make_line(amount_yen=1), designated_date=designated)
    with pytest.raises(LimitExceeded):
        request(bank, to_neighbour(amount_yen=1), designated_date=TOMORROW, at=AT_MIDNIGHT)


def test_a_day_that_the_holiday_rule_moves_weighs_where_it_ends() -> None:
    bank = make_bank(limit_yen=10_000)

    request(bank, designated_date=SATURDAY)

    with pytest.raises(LimitExceeded):
        request(bank, make_line(amount_yen=1), designated_date=MONDAY)
    request(bank, to_neighbour(), designated_date=SATURDAY)
    request(bank, designated_date=FRIDAY)


@pytest.mark.parametrize(
    ("limit_yen", "yen", "taken"), [(0, 1, False), (1, 1, True), (1, 2, False), (9_999, 9_999, True)]
)
def test_the_limit_itself_may_be_reached(limit_yen: int, yen: int, taken: bool) -> None:
    bank = make_bank(limit_yen=limit_yen)

    if taken:
        request(bank, to_neighbour(amount_yen=yen))
    else:
        with pytest.raises(LimitExceeded):
            request(bank, to_neighbour(amount_yen=yen))


def test_every_account_has_a_limit_of_its_own() -> None:
    bank = make_bank(limit_yen=10_000)
    request(bank, to_side_account(amount_yen=50_000))
    request(bank)

    request(bank, to_neighbour(amount_yen=50_000), account_id=SIDE_ACCOUNT)


def test_fees_do_not_count() -> None:
    bank = make_bank(limit_yen=10_000)

    request(bank)

    assert balance(bank) == 1_000_000 - 10_000 - 143


def test_what_waits_for_its_holder_weighs_only_once_it_is_confirmed() -> None:
    bank = make_bank(confirmation=True, limit_yen=10_000)
    first, second = (request(bank).apply_no for _ in range(2))

    bank.outside.confirm(first, at=jst(12, 1))
    bank.outside.confirm(second, at=jst(12, 2))

    assert codes(bank, first) == ["20"]
    assert codes(bank, second) == ["13"]


def test_a_limit_that_was_lowered_stops_a_reserved_transfer_and_one_that_was_raised_lets_it_go() -> None:
    bank = make_bank()
    apply_no = request(bank, designated_date=TOMORROW).apply_no

    bank.change_customer(COMPANY, transfer_limit_yen={PAYER: 9_999})
    bank.tick(at=jst(9, 1, day=TOMORROW))
    assert codes(bank, apply_no, at=jst(9, 1, day=TOMORROW)) == ["13"]
    bank.change_customer(COMPANY, transfer_limit_yen={PAYER: 10_000})
    bank.tick(at=jst(12, 1, day=TOMORROW))

    assert codes(bank, apply_no, at=jst(12, 1, day=TOMORROW)) == ["20"]


def test_no_designated_day_lies_beyond_the_years_whose_holidays_are_known() -> None:
    bank = make_bank()
    at = jst(12, day=date(2099, 12, 1))

    request(bank, to_neighbour(), at=at, designated_date=date(2099, 12, 31))
    with pytest.raises(DateTooFar):
        request(bank, to_neighbour(), at=at, designated_date=date(2100, 1, 1))

"""Business days by the law's own holidays: substitutes, days between, the turn of the year, years with special laws."""

from datetime import date
from math import trunc

import jpholiday
import pytest

from mock_gmo.bank.calendar import FIRST_YEAR, LAST_YEAR, BusinessCalendar

CALENDAR = BusinessCalendar(jpholiday.is_holiday)

CLOSED = {
    "Monday for a Sunday": ("2024-02-12", "2025-11-24", "2025-02-24"),
    "the first day that is none, for a Sunday in a row of holidays": ("2026-05-06", "2020-05-06", "2015-05-06"),
    "a day between two holidays": ("2026-09-22", "2015-09-22", "2032-09-21"),
    "the turn of the year": (
        "2019-12-31", "2020-01-01", "2020-01-02", "2020-01-03", "2020-12-31", "2024-12-31", "2025-01-02", "2025-01-03",
    ),
    "the year of two emperors, 2019": ("2019-04-30", "2019-05-01", "2019-05-02", "2019-05-06", "2019-10-22"),
    "the new emperor's birthday, first in 2020": ("2020-02-24", "2021-02-23", "2022-02-23"),
    "the games that were planned, 2020": ("2020-07-23", "2020-07-24", "2020-08-10"),
    "the games that were held, 2021": ("2021-07-22", "2021-07-23", "2021-08-09"),
    "the old emperors' birthdays": ("1988-04-29", "2018-12-24"),
    "days of one year only": ("1989-02-24", "1990-11-12", "1993-06-09"),
}  # fmt: skip
OPEN = {
    "around the turn of the year": ("2019-12-30", "2020-01-06", "2021-01-04", "2024-12-30"),
    "no emperor's birthday in 2019": ("2019-12-23", "2019-02-22"),
    "moved away in 2020": ("2020-07-20", "2020-08-11", "2020-10-12"),
    "moved away in 2021": ("2021-07-19", "2021-08-11", "2021-10-11"),
    "a Saturday's holiday has no substitute": ("2023-02-10", "2022-01-04", "2021-05-06"),
    "after the special days of 2019": ("2019-05-07", "2019-04-26", "2020-10-22"),
}


def days(table: dict[str, tuple[str, ...]]) -> list[date]:
    return [date.fromisoformat(day) for row in table.values() for day in row]


@pytest.mark.parametrize("day", days(CLOSED), ids=str)
def test_the_bank_is_closed(day: date) -> None:
    assert day.weekday() < 5, "a weekend proves nothing"
    assert not CALENDAR.is_business_day(day)


@pytest.mark.parametrize("day", days(OPEN), ids=str)
def test_the_bank_is_open(day: date) -> None:
    assert CALENDAR.is_business_day(day)


@pytest.mark.parametrize(
    ("day", "following", "previous"),
    [
        ("2019-04-29", "2019-05-07", "2019-04-26"),
        ("2019-12-31", "2020-01-06", "2019-12-30"),
        ("2020-07-25", "2020-07-27", "2020-07-22"),
        ("2021-08-07", "2021-08-10", "2021-08-06"),
        ("2026-09-19", "2026-09-24", "2026-09-18"),
    ],
)
def test_the_nearest_business_days_of_long_holidays(day: str, following: str, previous: str) -> None:
    asked = date.fromisoformat(day)
    assert CALENDAR.next_business_day(asked) == date.fromisoformat(following)
    assert CALENDAR.previous_business_day(asked) == date.fromisoformat(previous)


def test_in_every_year_that_is_covered_the_equinox_days_are_those_of_the_usual_approximation() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        since = year - 1980
        leap_days = trunc((since if year >= 1980 else since - 3) / 4)
        for month, early, late in ((3, 20.8357, 20.8431), (9, 23.2588, 23.2488)):
            day = int((early if year < 1980 else late) + 0.242194 * since - leap_days)
            assert jpholiday.is_holiday(date(year, month, day)), f"{year}-{month}-{day}"

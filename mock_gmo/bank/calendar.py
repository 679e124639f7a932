"""Business days of the bank. National holidays come in as a function; transfers' holiday rule is in requests.py."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from mock_gmo.bank.days import ONE_DAY

# Source: README of the wire reference, "Days and hours" [GUESS]: the banks' usual closing at the turn of the year.
YEAR_END = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})
SATURDAY = 5
CLOSED_DAYS_MAX = 60
# Holidays follow from the law as it stands; only the two equinox days are computed, and told a year ahead. In these
# years an astronomical computation and the usual approximation give the same days; beyond them nobody has looked.
FIRST_YEAR, LAST_YEAR = 1970, 2099
LAST_DAY = date(LAST_YEAR, 12, 31)
REMEMBERED_DAYS_MAX = 4096


class BusinessCalendar:
    """Which days the bank counts as business days.

    `is_holiday` says whether a day is a national or substitute holiday in Japan; its answers must not
    change, because they are remembered.
    """

    def __init__(self, is_holiday: Callable[[date], bool]) -> None:
        self._is_holiday = is_holiday
        self.is_business_day = lru_cache(maxsize=REMEMBERED_DAYS_MAX)(self._decide)

    def next_business_day(self, day: date) -> date:
        """Return the first business day after that day."""
        return self._nearest(day, step=1)

    def previous_business_day(self, day: date) -> date:
        """Return the last business day before that day."""
        return self._nearest(day, step=-1)

    def _decide(self, day: date) -> bool:
        return day.weekday() < SATURDAY and (day.month, day.day) not in YEAR_END and not self._is_holiday(day)

    def _nearest(self, day: date, *, step: int) -> date:
        for _ in range(CLOSED_DAYS_MAX):
            day += step * ONE_DAY
            if self.is_business_day(day):
                return day
        raise AssertionError(f"no business day within {CLOSED_DAYS_MAX} days of {day}: is_holiday is wrong")

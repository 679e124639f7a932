"""Civil days in Japan, to their very ends."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from integrator.domain.days import JAPAN, civil_date, day_begins, day_ends

DAY = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 31, 14, 59, 59, 999_999, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 15, tzinfo=UTC), DAY),
        (datetime(2026, 4, 1, 14, 59, 59, 999_999, tzinfo=UTC), DAY),
        (datetime(2026, 3, 31, 23, 59, tzinfo=timezone(timedelta(hours=-8))), DAY),
    ],
)
def test_a_day_is_that_of_japan_whatever_the_zone_of_the_instant(at: datetime, day: date) -> None:
    assert civil_date(at) == day


def test_an_instant_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="aware"):
        civil_date(datetime(2026, 4, 1, 12))  # noqa: DTZ001


def test_a_day_begins_and_ends_at_midnight_in_japan_told_in_utc() -> None:
    assert day_begins(DAY) == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert day_ends(DAY) == datetime(2026, 4, 1, 15, tzinfo=UTC)
    assert {day_begins(DAY).utcoffset(), day_ends(DAY).utcoffset()} == {timedelta(0)}
    assert JAPAN.utcoffset(None) == timedelta(hours=9)


def test_the_first_and_the_last_day_of_all_end_where_time_does() -> None:
    assert day_begins(date.min) == datetime.min.replace(tzinfo=UTC)
    assert day_ends(date.max) == datetime.max.replace(tzinfo=UTC)
    assert day_begins(date.min + timedelta(days=1)) == datetime(1, 1, 1, 15, tzinfo=UTC)
    assert day_ends(date.max - timedelta(days=1)) == datetime(9999, 12, 30, 15, tzinfo=UTC)

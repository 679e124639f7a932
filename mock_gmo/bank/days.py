"""Instants and Japanese civil days. Business days are in calendar.py; nothing here reads a clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone

# Japan has had no summer time since 1951, so a fixed offset is exact and needs no zone database.
JAPAN = timezone(timedelta(hours=9), "JST")
ONE_DAY = timedelta(days=1)


def civil_date(at: datetime) -> date:
    """Return the day that an aware instant falls on in Japan."""
    return at.astimezone(JAPAN).date()


def instant(day: date, at_time: time) -> datetime:
    """Return the UTC instant at which clocks in Japan show that time on that day."""
    return datetime.combine(day, at_time, tzinfo=JAPAN).astimezone(UTC)


def midnight(day: date) -> datetime:
    """Return the UTC instant at which that day begins in Japan."""
    return instant(day, time.min)


def month_start(day: date, *, months_ahead: int = 0) -> date:
    """Return the first day of the month that lies so many months after (or, below 0, before) that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months_ahead, 12)
    return date(year, month + 1, 1)


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or the last day of that month where it has no such day."""
    first = month_start(day, months_ahead=-months)
    last = month_start(first, months_ahead=1) - ONE_DAY
    return first.replace(day=min(day.day, last.day))

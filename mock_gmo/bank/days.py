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

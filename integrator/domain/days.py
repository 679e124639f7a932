"""Civil dates in Japan. Every bank date is one; none is ever worked out from UTC."""

from datetime import UTC, date, datetime, time, timedelta, timezone

JAPAN = timezone(timedelta(hours=9))  # no daylight saving since 1951


def civil_date(at: datetime) -> date:
    """Return the day that the bank's calendar shows at the instant `at` (aware)."""
    if at.tzinfo is None:
        raise ValueError("a civil date needs an aware instant")
    return at.astimezone(JAPAN).date()


def day_begins(day: date) -> datetime:
    """Return the instant at which a day begins in Japan; the first day of all begins with time itself."""
    begins = datetime.combine(day, time(), JAPAN)
    return datetime.min.replace(tzinfo=UTC) if day == date.min else begins.astimezone(UTC)


def day_ends(day: date) -> datetime:
    """Return the instant at which the day after begins in Japan; the last day of all has none after it."""
    return datetime.max.replace(tzinfo=UTC) if day == date.max else day_begins(day + timedelta(days=1))

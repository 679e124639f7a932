"""Civil dates in Japan. Every bank date is one; none is ever worked out from UTC."""

from datetime import date, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9))  # no daylight saving since 1951


def civil_date(at: datetime) -> date:
    """Return the day that the bank's calendar shows at the instant `at` (aware)."""
    if at.tzinfo is None:
        raise ValueError("a civil date needs an aware instant")
    return at.astimezone(JAPAN).date()

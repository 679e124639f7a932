"""Visaデビット: what a card was used for, by day. The money of a use is not booked here. Source: Corporation API, 5."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mock_gmo.bank.refusals import NextItemKeyUnknown

PAGE_SIZE = 500
# Source: Corporation API, visaStatus. An unsettled use is debited, but the shop has not claimed the money yet.
SETTLED, UNSETTLED, CANCELLED = "1", "2", "3"
VISA_STATUSES = (SETTLED, UNSETTLED, CANCELLED)
USE_CONTENT_LENGTH_MAX = 120

_APPROVAL_NUMBER = re.compile(r"[0-9]{6}")
_CURRENCY = re.compile(r"(?!JPY)[A-Z]{3}")
_KEY = re.compile(r"[0-9]{20}")
_DAY_LENGTH = 8
_NUMBER_DIGITS = 12


@dataclass(frozen=True, slots=True)
class UseAbroad:
    """What a use outside Japan adds: amounts in the local currency and the rate to yen, all in millionths."""

    currency: str
    amount_millionths: int
    rate_millionths: int
    atm_fee_millionths: int | None = None

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"a currency abroad is three capital letters and not JPY, not {self.currency!r}")


@dataclass(frozen=True, slots=True)
class VisaUse:
    """One use of a Visa debit card; `amount_yen` is negative where money came back."""

    use_date: date
    use_content: str
    amount_yen: int
    approval_number: str
    status: str = SETTLED
    abroad: UseAbroad | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.use_content) <= USE_CONTENT_LENGTH_MAX:
            raise ValueError(f"use_content has 1 to {USE_CONTENT_LENGTH_MAX} characters")
        if not _APPROVAL_NUMBER.fullmatch(self.approval_number):
            raise ValueError(f"an approval number has six digits, not {self.approval_number!r}")
        if self.status not in VISA_STATUSES:
            raise ValueError(f"status is one of {', '.join(VISA_STATUSES)}, not {self.status!r}")


@dataclass(frozen=True, slots=True)
class VisaSelection:
    """The uses of a period: places `start` to `stop` of the card, oldest first, `stop` not included."""

    start: int
    stop: int

    @property
    def count(self) -> int:
        """How many uses the period has."""
        return max(0, self.stop - self.start)


class VisaCard:
    """The uses of one card by day; those of one day in the order in which they were noted. Not locked."""

    __slots__ = ("_days", "_numbers", "_uses")

    def __init__(self) -> None:
        self._days = array("i")
        self._numbers = array("q")
        self._uses: list[VisaUse] = []

    def note(self, uses: Iterable[VisaUse]) -> None:
        """Add uses. Keys given out before stay good. Cheap when they come in the order of their days."""
        for use in uses:
            day = use.use_date.toordinal()
            place = bisect_right(self._days, day)
            self._numbers.insert(place, len(self._uses) + 1)
            self._days.insert(place, day)
            self._uses.insert(place, use)

    def noted(self) -> list[VisaUse]:
        """Return the uses in the order in which they were noted: noting them again makes the same card."""
        return [use for _, use in sorted(zip(self._numbers, self._uses, strict=True), key=lambda pair: pair[0])]

    @property
    def uses_count(self) -> int:
        """How many uses there are."""
        return len(self._uses)

    def select(self, *, date_from: date, date_to: date) -> VisaSelection:
        """Return where the uses of that period stand; both days belong to it."""
        return VisaSelection(
            bisect_left(self._days, date_from.toordinal()), bisect_right(self._days, date_to.toordinal())
        )

    def page(
        self, selection: VisaSelection, *, after_key: str | None, newest_first: bool
    ) -> tuple[tuple[VisaUse, ...], str | None]:
        """Return up to 500 uses after that key, in that direction, and the key when more follow.

        Raises NextItemKeyUnknown for a key that no use of this card has.
        """
        start, stop = selection.start, selection.stop
        if after_key is not None:
            place = self._place_of(after_key)
            start, stop = (start, min(stop, place)) if newest_first else (max(start, place + 1), stop)
        places = range(stop - 1, start - 1, -1) if newest_first else range(start, stop)
        shown = places[:PAGE_SIZE]
        more = len(places) > len(shown)
        return tuple(self._uses[place] for place in shown), self._key(shown[-1]) if more else None

    def _key(self, place: int) -> str:
        """A use has no key on the wire; for paging it is known by its day and its number."""
        day = date.fromordinal(self._days[place])
        return f"{day.year:04}{day.month:02}{day.day:02}{self._numbers[place]:0{_NUMBER_DIGITS}}"

    def _place_of(self, key: str) -> int:
        if not _KEY.fullmatch(key):
            raise NextItemKeyUnknown
        try:
            day = date(int(key[:4]), int(key[4:6]), int(key[6:_DAY_LENGTH])).toordinal()
        except ValueError:
            raise NextItemKeyUnknown from None
        number = int(key[_DAY_LENGTH:])
        first, last = bisect_left(self._days, day), bisect_right(self._days, day)
        # The numbers of one day only grow.
        place = bisect_left(self._numbers, number, first, last)
        if place == last or self._numbers[place] != number:
            raise NextItemKeyUnknown
        return place

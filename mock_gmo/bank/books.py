"""The books themselves: double entry, and statements and balances derived from it.

Everything is kept in typed columns, appended to and never changed: a million postings stay well under 700 MB, and a
page of a statement is two binary searches whatever the length. What a posting is stands in postings.py.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from mock_gmo.bank.days import JAPAN, civil_date
from mock_gmo.bank.postings import (
    CREDIT,
    DEBIT,
    INTERNAL_LEDGERS,
    LEG_MAX_YEN,
    PAGE_SIZE,
    BookEntry,
    BooksCheck,
    Leg,
    LineText,
    Posting,
    PostingKind,
    Reference,
    StatementLine,
)
from mock_gmo.bank.refusals import NextItemKeyUnknown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_MICROSECOND = timedelta(microseconds=1)
_JAPAN_EPOCH = _EPOCH.astimezone(JAPAN).replace(tzinfo=None)
_KEY_WITHOUT = str.maketrans("", "", "-T:.")
_KEY_FORMAT_LENGTH = 20
_SHORT_KEY_FIRST = 10_001


class _Ledger:
    """Columns of one ledger account; only customers' accounts have statement lines."""

    __slots__ = (
        "amounts", "arrivals", "balance", "balances", "days", "latest", "number", "short_keys", "stamps", "texts",
        "with_statement",
    )  # fmt: skip

    def __init__(self, *, number: int, with_statement: bool, short_keys: bool) -> None:
        self.number = number
        self.short_keys = short_keys
        self.with_statement = with_statement
        self.balance = 0
        # Stamp and day of the newest line; accounts that stand beside each other share one.
        self.latest = array("q", [-(2**63), 0])
        self.stamps = array("q")
        self.days = array("i")
        self.amounts = array("q")
        self.balances = array("q")
        self.texts: list[LineText] = []
        # Places of the incoming transfers, so that a page of them costs the same however rare they are.
        self.arrivals = array("q")

    def append(self, leg: Leg, *, stamp: int, day: int) -> None:
        self.balance += leg.amount_yen
        if not self.with_statement:
            return
        assert leg.text is not None, "post has looked"
        # The key must grow, and the day must not fall back, whatever instant the posting carries.
        stamp, day = max(stamp, self.latest[0] + 1), max(day, self.latest[1])
        self.latest[0], self.latest[1] = stamp, day
        if leg.text.is_arrival:
            self.arrivals.append(len(self.stamps))
        self.stamps.append(stamp)
        self.days.append(day)
        self.amounts.append(leg.amount_yen)
        self.balances.append(self.balance)
        self.texts.append(leg.text)

    def places(self, start: int, end: int, *, arrivals_only: bool, limit: int) -> tuple[Sequence[int], bool]:
        """Return up to `limit` places from `start` on, and whether there are more before `end`."""
        if not arrivals_only:
            return range(start, min(start + limit, end)), start + limit < end
        first, last = bisect_left(self.arrivals, start), bisect_left(self.arrivals, end)
        return self.arrivals[first : min(first + limit, last)], first + limit < last

    def line(self, index: int, *, by_instant: bool = False) -> StatementLine:
        amount, text = self.amounts[index], self.texts[index]
        short_key = self.short_keys and not by_instant
        day = date.fromordinal(self.days[index])
        return StatementLine(
            item_key=str(_SHORT_KEY_FIRST + index) if short_key else _item_key(self.stamps[index]),
            transaction_date=day,
            value_date=day,
            transaction_type=CREDIT if amount > 0 else DEBIT,
            amount_yen=abs(amount),
            remarks=text.remarks,
            balance_yen=self.balances[index],
            applicant_name=text.applicant_name,
            payment_bank_name=text.payment_bank_name,
            payment_branch_name=text.payment_branch_name,
            edi_info=text.edi_info,
        )

    def index_of(self, item_key: str) -> int:
        """Return the place of the line with this key. Raises NextItemKeyUnknown."""
        if not self.short_keys:
            return _index_of(item_key, self.stamps)
        if not (item_key.isascii() and item_key.isdigit() and 0 <= int(item_key) - _SHORT_KEY_FIRST < len(self.stamps)):
            raise NextItemKeyUnknown
        return int(item_key) - _SHORT_KEY_FIRST


class Books:
    """All postings of one bank. Not locked: the bank that owns it is.

    The key of a statement line is an instant of 20 digits, or with `short_keys` a number that counts the lines.
    """

    __slots__ = (
        "_first_legs",
        "_kinds",
        "_ledgers",
        "_leg_ledgers",
        "_leg_yen",
        "_names",
        "_references",
        "_short_keys",
        "_stamps",
    )

    def __init__(self, *, short_keys: bool = False) -> None:
        self._short_keys = short_keys
        self._ledgers: dict[str, _Ledger] = {}
        self._names: list[str] = []
        self._stamps = array("q")
        self._kinds = bytearray()
        self._references: list[Reference | None] = []
        self._first_legs = array("q", [0])
        self._leg_ledgers = array("i")
        self._leg_yen = array("q")
        for name in INTERNAL_LEDGERS:
            self._open(name, with_statement=False)

    def open_account(self, account_id: str, *, beside: str = "") -> None:
        """Open the ledger account of a customer's account. Raises ValueError when the name is taken.

        Lines of accounts that stand beside each other share one series of keys, so that they can be told as one.
        """
        self._open(account_id, with_statement=True)
        if beside:
            self._ledgers[account_id].latest = self._ledgers[beside].latest

    def post(
        self,
        kind: PostingKind,
        legs: tuple[Leg, ...],
        *,
        at: datetime,
        reference: Reference | None = None,
    ) -> int:
        """Append a posting and return its number. Costs the same however long the books are.

        Legs that do not sum to zero, a leg of zero or beyond LEG_MAX_YEN, and an unknown ledger account are our own
        bugs: they raise AssertionError before anything is written.
        """
        assert sum(leg.amount_yen for leg in legs) == 0, "the legs of a posting sum to zero"
        assert all(0 < abs(leg.amount_yen) <= LEG_MAX_YEN for leg in legs), "a leg moves 1 yen or more"
        ledgers = [self._ledgers.get(leg.ledger) for leg in legs]
        for leg, ledger in zip(legs, ledgers, strict=True):
            assert ledger is not None, "every leg names an open ledger account"
            assert leg.text is not None or not ledger.with_statement, "a statement line needs a text"
        posting_no = len(self._stamps)
        stamp, day = (at - _EPOCH) // _ONE_MICROSECOND, civil_date(at).toordinal()
        self._stamps.append(stamp)
        self._kinds.append(kind.value)
        self._references.append(reference)
        for leg in legs:
            ledger = self._ledgers[leg.ledger]
            self._leg_ledgers.append(ledger.number)
            self._leg_yen.append(leg.amount_yen)
            ledger.append(leg, stamp=stamp, day=day)
        self._first_legs.append(len(self._leg_yen))
        return posting_no

    def balance(self, name: str) -> int:
        """Return the balance of a ledger account in yen. Raises KeyError when it is not open."""
        return self._ledgers[name].balance

    def closing_balance(self, account_id: str, day: date) -> int:
        """Return the balance of a customer's account at the end of that day in Japan."""
        ledger = self._ledgers[account_id]
        after = bisect_right(ledger.days, day.toordinal())
        return ledger.balances[after - 1] if after else 0

    def last_line(self, account_id: str) -> StatementLine:
        """Return the newest statement line of a customer's account. Raises IndexError when there is none."""
        ledger = self._ledgers[account_id]
        return ledger.line(len(ledger.stamps) - 1)

    def page(
        self,
        account_id: str,
        *,
        date_from: date,
        date_to: date,
        after_key: str | None,
        limit: int = PAGE_SIZE,
        arrivals_only: bool = False,
    ) -> tuple[tuple[StatementLine, ...], str | None]:
        """Return the statement lines of that period after that key, oldest first, and the key when more follow.

        Both days belong to the period; `arrivals_only` leaves incoming transfers. Raises NextItemKeyUnknown for a key
        that no such line of the account has.
        """
        ledger = self._ledgers[account_id]
        start = bisect_left(ledger.days, date_from.toordinal())
        end = bisect_right(ledger.days, date_to.toordinal())
        if after_key is not None:
            index = ledger.index_of(after_key)
            if arrivals_only and not ledger.texts[index].is_arrival:
                raise NextItemKeyUnknown
            start = max(start, index + 1)
        places, has_more = ledger.places(start, end, arrivals_only=arrivals_only, limit=limit)
        lines = tuple(ledger.line(index) for index in places)
        return lines, lines[-1].item_key if has_more else None

    def lines(self, account_id: str, first: date, last: date, *, after_key: str | None) -> Iterator[StatementLine]:
        """Yield the statement lines of a period behind a key of this account, or of one that stands beside it.

        The keys are instants also where pages have short ones: these count the lines of each account from the same
        number on, and so cannot tell the lines of two accounts apart.
        """
        ledger = self._ledgers[account_id]
        start = bisect_left(ledger.days, first.toordinal())
        if after_key is not None:
            start = max(start, bisect_right(ledger.stamps, _stamp_of(after_key)))
        for index in range(start, bisect_right(ledger.days, last.toordinal())):
            yield ledger.line(index, by_instant=True)

    def require_key(self, account_ids: Sequence[str], item_key: str) -> None:
        """Raise NextItemKeyUnknown unless one of these accounts has a line with that key."""
        stamp = _stamp_of(item_key)
        if not any(_has(self._ledgers[account_id].stamps, stamp) for account_id in account_ids):
            raise NextItemKeyUnknown

    def with_balance_of(self, account_ids: Sequence[str], line: StatementLine) -> StatementLine:
        """Return the line with what these accounts held together behind it."""
        stamp = _stamp_of(line.item_key)
        balance_yen = 0
        for ledger in map(self._ledgers.__getitem__, account_ids):
            behind = bisect_right(ledger.stamps, stamp)
            balance_yen += ledger.balances[behind - 1] if behind else 0
        return replace(line, balance_yen=balance_yen)

    def postings(self, *kinds: PostingKind) -> Iterator[Posting]:
        """Yield the postings of those kinds, or all, oldest first."""
        wanted = {kind.value for kind in kinds or PostingKind}
        for posting_no, kind in enumerate(self._kinds):
            if kind in wanted:
                yield self._posting(posting_no)

    def account_ids(self) -> list[str]:
        """Return the ledger accounts of customers' accounts in the order in which they were opened."""
        return [name for name in self._names if self._ledgers[name].with_statement]

    @property
    def postings_count(self) -> int:
        """How many postings there are."""
        return len(self._kinds)

    def entries(self, first: int = 0) -> Iterator[BookEntry]:
        """Yield the postings from that number on, with the texts of their legs: posting all again gives these books."""
        lines_seen = {name: len(self._ledgers[name].texts) for name in self._names}
        for number in self._leg_ledgers[self._first_legs[first] :]:
            lines_seen[self._names[number]] -= 1
        for posting in map(self._posting, range(first, self.postings_count)):
            legs = []
            for name, yen in posting.legs:
                ledger = self._ledgers[name]
                text = ledger.texts[lines_seen[name]] if ledger.with_statement else None
                lines_seen[name] += 1
                legs.append(Leg(name, yen, text))
            yield BookEntry(posting.kind, posting.at, tuple(legs), posting.reference)

    def check(self) -> BooksCheck:
        """Add up every leg again and compare with the running balances."""
        sums = [0] * len(self._names)
        for number, yen in zip(self._leg_ledgers, self._leg_yen, strict=True):
            sums[number] += yen
        balances = dict(zip(self._names, sums, strict=True))
        differing = tuple(name for name, yen in balances.items() if self._ledgers[name].balance != yen)
        return BooksCheck(sum_yen=sum(sums), balances=balances, differing=differing)

    def _open(self, name: str, *, with_statement: bool) -> None:
        if name in self._ledgers:
            raise ValueError(f"ledger account {name} is open already")
        self._ledgers[name] = _Ledger(
            number=len(self._names), with_statement=with_statement, short_keys=self._short_keys
        )
        self._names.append(name)

    def _posting(self, posting_no: int) -> Posting:
        legs = range(self._first_legs[posting_no], self._first_legs[posting_no + 1])
        return Posting(
            posting_no=posting_no,
            at=_EPOCH + self._stamps[posting_no] * _ONE_MICROSECOND,
            kind=PostingKind(self._kinds[posting_no]),
            legs=tuple((self._names[self._leg_ledgers[leg]], self._leg_yen[leg]) for leg in legs),
            reference=self._references[posting_no],
        )


def _item_key(stamp: int) -> str:
    """Write an instant as 明細キー: YYYYMMDDHHMMSS and microseconds, in Japan."""
    local = (_JAPAN_EPOCH + timedelta(microseconds=stamp)).isoformat(timespec="microseconds")
    return local.translate(_KEY_WITHOUT)


def _index_of(item_key: str, stamps: "array[int]") -> int:
    stamp = _stamp_of(item_key)
    if not _has(stamps, stamp):
        raise NextItemKeyUnknown
    return bisect_left(stamps, stamp)


def _has(stamps: "array[int]", stamp: int) -> bool:
    index = bisect_left(stamps, stamp)
    return index < len(stamps) and stamps[index] == stamp


def _stamp_of(item_key: str) -> int:
    if len(item_key) != _KEY_FORMAT_LENGTH or not (item_key.isascii() and item_key.isdigit()):
        raise NextItemKeyUnknown
    try:
        local = datetime.strptime(item_key, "%Y%m%d%H%M%S%f").replace(tzinfo=JAPAN)
    except ValueError:
        raise NextItemKeyUnknown from None
    return (local - _EPOCH) // _ONE_MICROSECOND

"""The books: double entry, statements and balances derived from it. Which posting a transfer needs is in money.py.

Everything is kept in typed columns, appended to and never changed: a million postings stay well under 700 MB, and a
page of a statement is two binary searches whatever the length.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from mock_gmo.bank.days import JAPAN, civil_date
from mock_gmo.bank.refusals import NextItemKeyUnknown

OUTSIDE = "outside"  # everybody who is not an account of this bank
FEES = "fees"  # what the bank earns
SETTLEMENT = "settlement"  # debited, but not yet with the other bank
INTERNAL_LEDGERS = (OUTSIDE, FEES, SETTLEMENT)

PAGE_SIZE = 500
LEG_MAX_YEN = 999_999_999_999
CREDIT, DEBIT = "1", "2"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_MICROSECOND = timedelta(microseconds=1)
_JAPAN_EPOCH = _EPOCH.astimezone(JAPAN).replace(tzinfo=None)
_KEY_WITHOUT = str.maketrans("", "", "-T:.")
_KEY_FORMAT_LENGTH = 20


class PostingKind(Enum):
    """What a posting is for. The number is what the column holds."""

    OPENING = 0
    DEPOSIT = 1
    TRANSFER = 2
    TRANSFER_FEE = 3
    SETTLEMENT = 4
    TRANSFER_BACK = 5
    FEE_BACK = 6
    FUNDS_RETURNED = 7
    RECALL_FEE = 8
    RECALLED = 9


@dataclass(frozen=True, slots=True)
class LineText:
    """What a statement says about a posting; the payer's particulars only on incoming transfers."""

    remarks: str
    applicant_name: str | None = None
    payment_bank_name: str | None = None
    payment_branch_name: str | None = None
    edi_info: str | None = None

    @property
    def is_arrival(self) -> bool:
        """Whether the posting is an incoming transfer: those, and only those, name who pays."""
        return self.applicant_name is not None


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: a ledger account gains (or loses) `amount_yen`. Accounts of customers need a text."""

    ledger: str
    amount_yen: int
    text: LineText | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """The line of an application that a posting belongs to."""

    apply_no: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry of the books: legs that sum to zero."""

    posting_no: int
    at: datetime
    kind: PostingKind
    legs: tuple[tuple[str, int], ...]
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class BookEntry:
    """A posting as it was made, from which the books can be written again."""

    kind: PostingKind
    at: datetime
    legs: tuple[Leg, ...]
    reference: Reference | None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a statement; `amount_yen` is positive, `transaction_type` says 1 for in and 2 for out."""

    item_key: str
    transaction_date: date
    value_date: date
    transaction_type: str
    amount_yen: int
    remarks: str
    balance_yen: int
    applicant_name: str | None
    payment_bank_name: str | None
    payment_branch_name: str | None
    edi_info: str | None


@dataclass(frozen=True, slots=True)
class BooksCheck:
    """The books added up again: `sum_yen` is 0 and `differing` empty when they are right."""

    sum_yen: int
    balances: dict[str, int]
    differing: tuple[str, ...]


class _Ledger:
    """Columns of one ledger account; only customers' accounts have statement lines."""

    __slots__ = ("amounts", "arrivals", "balance", "balances", "days", "number", "stamps", "texts", "with_statement")

    def __init__(self, *, number: int, with_statement: bool) -> None:
        self.number = number
        self.with_statement = with_statement
        self.balance = 0
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
        if self.stamps:
            # The key must grow, and the day must not fall back, whatever instant the posting carries.
            stamp = max(stamp, self.stamps[-1] + 1)
            day = max(day, self.days[-1])
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

    def line(self, index: int) -> StatementLine:
        amount, text = self.amounts[index], self.texts[index]
        day = date.fromordinal(self.days[index])
        return StatementLine(
            item_key=_item_key(self.stamps[index]),
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


class Books:
    """All postings of one bank. Not locked: the bank that owns it is."""

    __slots__ = (
        "_first_legs",
        "_kinds",
        "_ledgers",
        "_leg_ledgers",
        "_leg_yen",
        "_names",
        "_references",
        "_stamps",
    )

    def __init__(self) -> None:
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

    def open_account(self, account_id: str) -> None:
        """Open the ledger account of a customer's account. Raises ValueError when the name is taken."""
        self._open(account_id, with_statement=True)

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
            index = _index_of(after_key, ledger.stamps)
            if arrivals_only and not ledger.texts[index].is_arrival:
                raise NextItemKeyUnknown
            start = max(start, index + 1)
        places, has_more = ledger.places(start, end, arrivals_only=arrivals_only, limit=limit)
        lines = tuple(ledger.line(index) for index in places)
        return lines, lines[-1].item_key if has_more else None

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
        self._ledgers[name] = _Ledger(number=len(self._names), with_statement=with_statement)
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
    if len(item_key) != _KEY_FORMAT_LENGTH or not (item_key.isascii() and item_key.isdigit()):
        raise NextItemKeyUnknown
    try:
        local = datetime.strptime(item_key, "%Y%m%d%H%M%S%f").replace(tzinfo=JAPAN)
    except ValueError:
        raise NextItemKeyUnknown from None
    stamp = (local - _EPOCH) // _ONE_MICROSECOND
    index = bisect_left(stamps, stamp)
    if index == len(stamps) or stamps[index] != stamp:
        raise NextItemKeyUnknown
    return index

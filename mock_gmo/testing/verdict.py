"""The verdict: what an integrator believes of its payouts, against the debits that the bank's books hold.

Pure, and the standard library only. Where beliefs and debits come from is not known here.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Belief(StrEnum):
    """What the integrator tells its caller of a payout."""

    PAID = "paid"  # the beneficiary has the money
    DEAD = "dead"  # no money is away, and none will go
    OPEN = "open"  # not known yet
    PERSON = "person"  # a person has to decide


class Finding(StrEnum):
    """What is found of a payout, or of a debit that belongs to none."""

    PAID_ONCE = "paid_once"
    NOT_PAID = "not_paid"
    OPEN = "open"
    WITH_A_PERSON = "with_a_person"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_BENEFICIARY = "wrong_beneficiary"
    LOST = "lost"
    BELIEVED_FAILED_BUT_PAID = "believed_failed_but_paid"
    PAID_TWICE = "paid_twice"
    DEBIT_WITHOUT_CLAIM = "debit_without_claim"


class Kept(StrEnum):
    """How many debits of one payout were not given back."""

    NONE = "none"
    ONE = "one"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class BeneficiaryKey:
    """Which account is paid. Its holder's name is not compared: the bank prints it in a writing of its own."""

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One payout as the integrator tells of it, with every name under which its debits may stand in the books.

    `marks` are the texts put into EDI情報, `items` are pairs of 振込申請番号 and 明細番号, `apply_numbers` stand for
    all lines of an application. `since` is when the belief began. Without a beneficiary none is compared.
    """

    claim_id: str
    amount_yen: int
    belief: Belief
    since: datetime | None = None
    reason: str | None = None
    marks: frozenset[str] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()
    apply_numbers: frozenset[str] = frozenset()
    beneficiary: BeneficiaryKey | None = None


@dataclass(frozen=True, slots=True)
class Debit:
    """One debit that the books hold, and what came back of it. `mark` is the line's EDI情報."""

    mark: str | None
    apply_no: str
    item_id: str
    amount_yen: int
    came_back_yen: int
    at: datetime
    beneficiary: BeneficiaryKey

    @property
    def away_yen(self) -> int:
        """Return what of it did not come back."""
        return self.amount_yen - self.came_back_yen

    @property
    def is_kept(self) -> bool:
        """Tell whether any of it did not come back."""
        return self.away_yen > 0


# What is found by what is believed and what the books keep. Amount and beneficiary are looked at after that.
FINDINGS: Mapping[tuple[Belief, Kept], Finding] = {
    (Belief.PAID, Kept.NONE): Finding.LOST,
    (Belief.PAID, Kept.ONE): Finding.PAID_ONCE,
    (Belief.PAID, Kept.MORE): Finding.PAID_TWICE,
    (Belief.DEAD, Kept.NONE): Finding.NOT_PAID,
    (Belief.DEAD, Kept.ONE): Finding.BELIEVED_FAILED_BUT_PAID,
    (Belief.DEAD, Kept.MORE): Finding.PAID_TWICE,
    (Belief.OPEN, Kept.NONE): Finding.OPEN,
    (Belief.OPEN, Kept.ONE): Finding.OPEN,
    (Belief.OPEN, Kept.MORE): Finding.PAID_TWICE,
    (Belief.PERSON, Kept.NONE): Finding.WITH_A_PERSON,
    (Belief.PERSON, Kept.ONE): Finding.WITH_A_PERSON,
    (Belief.PERSON, Kept.MORE): Finding.PAID_TWICE,
}
# Never good, whatever else is known. The others are good, but for what `_complaint` says of them.
BAD = frozenset(
    {
        Finding.WRONG_AMOUNT,
        Finding.WRONG_BENEFICIARY,
        Finding.LOST,
        Finding.BELIEVED_FAILED_BUT_PAID,
        Finding.PAID_TWICE,
        Finding.DEBIT_WITHOUT_CLAIM,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """What is found of one payout, or of one debit without a payout (then `claim` is None)."""

    finding: Finding
    claim: Claim | None
    debits: tuple[Debit, ...]
    says: str
    is_good: bool

    @property
    def kept(self) -> tuple[Debit, ...]:
        """Return the debits that were not given back."""
        return tuple(debit for debit in self.debits if debit.is_kept)

    @property
    def away_yen(self) -> int:
        """Return what left the account for it and did not come back."""
        return sum(debit.away_yen for debit in self.debits)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The claims in the order in which they came, then the debits without a claim in the order of the books."""

    rows: tuple[Row, ...]
    counts: Mapping[Finding, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        found = Counter(row.finding for row in self.rows)
        object.__setattr__(self, "counts", {finding: found[finding] for finding in Finding})

    @property
    def is_good(self) -> bool:
        """Tell whether nothing was lost, doubled, misdirected or left alone. Of nothing at all, this is true."""
        return all(row.is_good for row in self.rows)

    @property
    def bad(self) -> tuple[Row, ...]:
        """Return the rows that are not good, in order."""
        return tuple(row for row in self.rows if not row.is_good)

    def of(self, claim_id: str) -> Row:
        """Return the row of a claim. Raises KeyError when there is none."""
        for row in self.rows:
            if row.claim is not None and row.claim.claim_id == claim_id:
                return row
        raise KeyError(claim_id)

    def as_table(self, *, good_max: int | None = None) -> str:
        """Return the rows as text, bad ones first, at most so many good ones, and the counts below."""
        good = [row for row in self.rows if row.is_good]
        shown = [*self.bad, *(good if good_max is None else good[:good_max])]
        lines = _columns([_HEAD, *(_cells(row) for row in shown)]) if shown else []
        left_out = len(self.rows) - len(shown)
        if left_out:
            lines.append(f"… and {left_out} more without a fault")
        counts = ", ".join(f"{finding} {count}" for finding, count in self.counts.items() if count)
        lines.append(f"{'GOOD' if self.is_good else 'BAD'}: {counts or 'no payout, no debit'}")
        return "\n".join(lines) + "\n"


def judge(
    claims: Iterable[Claim], debits: Iterable[Debit], *, at: datetime, open_for_at_most: timedelta | None = None
) -> Verdict:
    """Join beliefs and debits. Each debit belongs to one claim at most, the one that names it most closely.

    A payout may stay open for `open_for_at_most` before `at`, for any time when that is None, and never when it is
    zero. Raises ValueError when two claims have one id.
    """
    listed = list(claims)
    doubled = [claim_id for claim_id, count in Counter(claim.claim_id for claim in listed).items() if count > 1]
    if doubled:
        raise ValueError(f"each claim has an id of its own; {doubled[0]!r} stands there more than once")
    owned, ownerless = _owners(listed, debits)
    opened_after = None if open_for_at_most is None else at - open_for_at_most
    rows = [_row(claim, tuple(owned[index]), at=at, opened_after=opened_after) for index, claim in enumerate(listed)]
    return Verdict((*rows, *(_without_claim(debit) for debit in ownerless)))


def names(claim: Claim, debit: Debit) -> bool:
    """Tell whether a debit stands under a name of this claim.

    Who names marks knows a marked debit by its mark alone; who names lines of an application knows that one's debits by
    their lines alone; otherwise the application's number is enough.
    """
    if claim.marks and debit.mark is not None:
        return debit.mark in claim.marks
    if any(apply_no == debit.apply_no for apply_no, _ in claim.items):
        return (debit.apply_no, debit.item_id) in claim.items
    return debit.apply_no in claim.apply_numbers


def _owners(claims: Sequence[Claim], debits: Iterable[Debit]) -> tuple[dict[int, list[Debit]], list[Debit]]:
    """Give each debit to a claim, by the position of that; and return those that belong to nobody."""
    by_name: dict[str, set[int]] = defaultdict(set)
    for index, claim in enumerate(claims):
        numbers = {apply_no for apply_no, _ in claim.items} | claim.apply_numbers
        for name in (*(f"mark {mark}" for mark in claim.marks), *(f"number {number}" for number in numbers)):
            by_name[name].add(index)
    owned: dict[int, list[Debit]] = defaultdict(list)
    ownerless: list[Debit] = []
    for debit in debits:
        near = by_name.get(f"mark {debit.mark}", set()) | by_name.get(f"number {debit.apply_no}", set())
        candidates = [index for index in near if names(claims[index], debit)]
        if candidates:
            owned[min(candidates, key=lambda index: _distance(claims[index], index, owned[index], debit))].append(debit)
        else:
            ownerless.append(debit)
    return owned, ownerless


def _distance(claim: Claim, index: int, has: Sequence[Debit], debit: Debit) -> tuple[bool, bool, bool, bool, int]:
    """Rank a claim among those with the same name (lines of one application, named by its number only)."""
    return (
        claim.beneficiary not in (None, debit.beneficiary),
        claim.amount_yen != debit.amount_yen,
        any(other.is_kept == debit.is_kept for other in has),
        (claim.belief is Belief.PAID) != debit.is_kept,
        index,
    )


def _row(claim: Claim, debits: tuple[Debit, ...], *, at: datetime, opened_after: datetime | None) -> Row:
    kept = [debit for debit in debits if debit.is_kept]
    finding = FINDINGS[claim.belief, _how_many(kept)]
    differences = _differences(claim, kept)
    if differences and finding not in BAD:
        finding = next(iter(differences))
    complaint = _complaint(finding, claim, opened_after)
    says = [*_standing(claim, debits, at=at), *differences.values(), *([complaint] if complaint else [])]
    return Row(finding, claim, debits, "; ".join(says), finding not in BAD and complaint is None)


def _how_many(kept: Sequence[Debit]) -> Kept:
    return (Kept.NONE, Kept.ONE, Kept.MORE)[min(len(kept), 2)]


def _differences(claim: Claim, kept: Sequence[Debit]) -> dict[Finding, str]:
    """Return what of a kept debit is not as ordered; the graver first."""
    found: dict[Finding, str] = {}
    for debit in kept:
        if claim.beneficiary not in (None, debit.beneficiary):
            found[Finding.WRONG_BENEFICIARY] = "paid to another account than ordered"
    for debit in kept:
        if debit.away_yen != claim.amount_yen:
            found[Finding.WRONG_AMOUNT] = f"{debit.away_yen} yen are away, {claim.amount_yen} were ordered"
    return found


def _complaint(finding: Finding, claim: Claim, opened_after: datetime | None) -> str | None:
    """Return what is wrong with waiting, or None."""
    if finding is Finding.WITH_A_PERSON and not (claim.reason or "").strip():
        return "waits for a person without a reason"
    if finding is Finding.OPEN and opened_after is not None and (claim.since is None or claim.since <= opened_after):
        return "open for too long"
    return None


def _standing(claim: Claim, debits: Sequence[Debit], *, at: datetime) -> list[str]:
    """Say what is believed, since when, and where the debits of it stand."""
    said = [f"told {claim.belief}"]
    if claim.since is not None:
        said[0] += f" since {_instant(claim.since)}"
        if claim.belief in (Belief.OPEN, Belief.PERSON):
            said[0] += f" ({_span(at - claim.since)})"
    if claim.reason:
        said.append(claim.reason)
    said += [_debit_words(debit) for debit in debits] or ["no debit"]
    return said


def _without_claim(debit: Debit) -> Row:
    says = f"{_debit_words(debit)}; no payout names it"
    return Row(Finding.DEBIT_WITHOUT_CLAIM, None, (debit,), says, is_good=False)


def _debit_words(debit: Debit) -> str:
    came_back = f", {debit.came_back_yen} came back" if debit.came_back_yen else ""
    return f"{debit.amount_yen} yen debited {_instant(debit.at)} as {debit.apply_no}/{debit.item_id}{came_back}"


def _instant(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 1440} d {minutes // 60 % 24} h {minutes % 60} min"


_HEAD = ("", "finding", "payout", "ordered", "away", "what is known")


def _cells(row: Row) -> tuple[str, ...]:
    name, ordered = (row.claim.claim_id, str(row.claim.amount_yen)) if row.claim else (f"({row.debits[0].mark})", "")
    return ("ok" if row.is_good else "BAD", row.finding, name, ordered, str(row.away_yen), row.says)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

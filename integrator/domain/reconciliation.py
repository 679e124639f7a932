"""Is the statement what we say was paid? Lines against payouts, matched by what a line shows. Pure.

A line shows an amount, a day and a name, and no number of ours. So equal payouts and equal lines are matched as
multisets: all payouts of a group are matched, or none is, and nobody guesses which. Decision 0014 has the table.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from integrator.domain.kana import NameNotTransferable, transfer_name

TRANSFER_WORD = "振込"
FEE_WORDS = frozenset({"振込手数料", "組戻手数料"})
FEE_BACK_WORDS = frozenset({"振込手数料 返金"})
RETURN_WORDS = frozenset({"振込 手続不成立", "振込 資金返却", "組戻 資金返却"})
MARK = re.compile(r"(?<![A-Z0-9])R[A-Z0-9]{19}(?![A-Z0-9])")


class LineKind(StrEnum):
    """What a line of the statement is to us. Only TRANSFER, FEE, RETURN and OTHER_DEBIT are matched or reported."""

    TRANSFER = "transfer"
    FEE = "fee"
    FEE_BACK = "fee_back"
    RETURN = "return"
    OTHER_DEBIT = "other_debit"
    OTHER_CREDIT = "other_credit"


@dataclass(frozen=True, slots=True)
class Line:
    """One posting of the statement. `key` is the bank's itemKey, or the day and place where it has none."""

    key: str
    day: date
    is_credit: bool
    amount_yen: int
    remarks: str = field(repr=False)

    @property
    def kind(self) -> LineKind:
        """Read from direction and wording."""
        words = unicodedata.normalize("NFKC", self.remarks).strip()
        if self.is_credit:
            if words in RETURN_WORDS:
                return LineKind.RETURN
            return LineKind.FEE_BACK if words in FEE_BACK_WORDS else LineKind.OTHER_CREDIT
        if words in FEE_WORDS:
            return LineKind.FEE
        return LineKind.TRANSFER if words.split(" ")[0] == TRANSFER_WORD else LineKind.OTHER_DEBIT

    @property
    def mark(self) -> str | None:
        """Our mark, when the bank prints EDI information into the remarks; it does not by default."""
        found = MARK.search(self.remarks)
        return None if found is None else found[0]

    @property
    def name(self) -> str:
        """The beneficiary's name in the bank's half-width characters."""
        words = unicodedata.normalize("NFKC", self.remarks).strip().removeprefix(TRANSFER_WORD).strip()
        words = MARK.sub("", words).strip()
        try:
            return transfer_name(words)
        except NameNotTransferable:
            return words


@dataclass(frozen=True, slots=True)
class Paid:
    """A payout as the statement should show it.

    The debit lies between `first_day` and `last_day`. `is_owed`: it must be there; otherwise it may be (the payout
    is still under way, in doubt, or one of its days lies outside what was read). `is_return_owed`: if it was debited,
    the money must have come back by `return_last_day`.
    """

    payout_id: str
    marks: frozenset[str]
    amount_yen: int
    name: str = field(repr=False)
    first_day: date
    last_day: date
    fee_yen: int
    is_owed: bool
    may_return: bool = False
    is_return_owed: bool = False
    was_debited: bool = False  # on a day outside what was read
    return_last_day: date | None = None


class DifferenceKind(StrEnum):
    MISSING = "missing"  # we say paid, the statement does not
    UNEXPECTED = "unexpected"  # a debit that no payout of ours explains
    DIFFERENT = "different"  # one payout and one line that agree but for one thing
    FEE_MISSING = "fee_missing"
    FEE_UNEXPECTED = "fee_unexpected"
    RETURN_MISSING = "return_missing"
    RETURN_UNEXPECTED = "return_unexpected"
    UNKNOWN_ORDER = "unknown_order"  # after a restore: an order of ours at the bank that the database does not know


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree. `subject` names it for ever: the same difference found again has the same."""

    kind: DifferenceKind
    subject: str
    day: date
    amount_yen: int
    facts: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What matching says: certain debits and returns (payout -> day), and every difference."""

    debited: dict[str, date]
    returned: dict[str, date]
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Work:
    lines: list[Line]
    taken: dict[str, Line]  # payout -> the line that stands for it in its group
    certain: set[str]
    missing: list[list[Paid]]


def reconcile(lines: Sequence[Line], payouts: Sequence[Paid]) -> Found:
    """Match the lines of a period with the payouts that may be in it."""
    transfers = [line for line in lines if line.kind is LineKind.TRANSFER]
    work = _Work(list(transfers), {}, set(), [])
    rest = _match_marks(work, payouts)
    for group in _groups(rest):
        _match_group(work, group)
    different = _pair_leftovers(work)
    returns = [line for line in lines if line.kind is LineKind.RETURN]
    returned, return_differences = _match_returns(work, returns, payouts)
    others = [line for line in lines if line.kind is LineKind.OTHER_DEBIT]
    differences = [
        *different,
        *(_missing(group) for group in work.missing),
        *(_unexpected(line) for line in (*work.lines, *others)),
        *_fees(work, lines, payouts),
        *return_differences,
    ]
    debited = {payout_id: work.taken[payout_id].day for payout_id in sorted(work.certain)}
    return Found(debited, returned, tuple(differences))


def _match_marks(work: _Work, payouts: Sequence[Paid]) -> list[Paid]:
    by_mark = {mark: payout for payout in payouts for mark in payout.marks}
    rest = {payout.payout_id: payout for payout in payouts}
    for line in list(work.lines):
        payout = by_mark.get(line.mark or "")
        if payout is not None and payout.payout_id in rest and payout.amount_yen == line.amount_yen:
            _take(work, payout, line)
            work.certain.add(payout.payout_id)
            del rest[payout.payout_id]
    return list(rest.values())


def _groups(payouts: Iterable[Paid]) -> list[list[Paid]]:
    """Payouts that a line cannot tell apart: same amount, same name, days that overlap in a chain."""
    alike: dict[tuple[int, str], list[Paid]] = defaultdict(list)
    for payout in payouts:
        alike[payout.amount_yen, payout.name].append(payout)
    groups: list[list[Paid]] = []
    for same in alike.values():
        last: date | None = None
        for payout in sorted(same, key=lambda each: each.first_day):
            if last is None or payout.first_day > last:
                groups.append([])
                last = payout.last_day
            groups[-1].append(payout)
            last = max(last, payout.last_day)
    return groups


def _match_group(work: _Work, group: list[Paid]) -> None:
    """All that are owed find a line of their own, or nobody of the group is matched."""
    first, last = min(each.first_day for each in group), max(each.last_day for each in group)
    # Who must be paid soonest takes the earliest line that fits: so there is a line for all whenever there can be.
    fitting = sorted((line for line in work.lines if _fits(line, group[0], first, last)), key=lambda line: line.day)
    found: dict[str, Line] = {}
    for payout in sorted(group, key=lambda each: (not each.is_owed, each.last_day, each.payout_id)):
        line = next((each for each in fitting if payout.first_day <= each.day <= payout.last_day), None)
        if line is not None:
            fitting.remove(line)
            found[payout.payout_id] = line
    by_id = {payout.payout_id: payout for payout in group}
    for payout_id, line in found.items():
        _take(work, by_id[payout_id], line)
    short = [payout for payout in group if payout.is_owed and payout.payout_id not in found]
    if short:
        work.missing.append([payout for payout in group if payout.is_owed])
    elif len(found) == len(group):
        work.certain |= set(found)
    else:
        # Fewer lines than payouts that may have one: which of those under way has been debited, nobody can say.
        work.certain |= {payout.payout_id for payout in group if payout.is_owed}


def _fits(line: Line, payout: Paid, first: date, last: date) -> bool:
    return line.amount_yen == payout.amount_yen and line.name == payout.name and first <= line.day <= last


def _take(work: _Work, payout: Paid, line: Line) -> None:
    work.lines.remove(line)
    work.taken[payout.payout_id] = line


def _pair_leftovers(work: _Work) -> list[Difference]:
    """A missing payout and an unexpected line that agree but for one thing, if each has only the other."""
    alone = [group[0] for group in work.missing if len(group) == 1]
    pairs = [(payout, line, what) for payout in alone for line in work.lines if (what := _differs(payout, line))]
    payouts_seen = Counter(payout.payout_id for payout, _, _ in pairs)
    lines_seen = Counter(line.key for _, line, _ in pairs)
    found = []
    for payout, line, what in pairs:
        if payouts_seen[payout.payout_id] == 1 and lines_seen[line.key] == 1:
            work.lines.remove(line)
            work.missing.remove([payout])
            facts = {"payout_ids": [payout.payout_id], "lines": [line_facts(line)], "differs": what}
            subject = f"{payout.payout_id} {line.key}"
            found.append(Difference(DifferenceKind.DIFFERENT, subject, line.day, line.amount_yen, facts))
    return found


def _differs(payout: Paid, line: Line) -> str | None:
    wrong = {
        "amount": line.amount_yen != payout.amount_yen,
        "name": line.name != payout.name,
        "date": not payout.first_day <= line.day <= payout.last_day,
    }
    names = [name for name, is_wrong in wrong.items() if is_wrong]
    return names[0] if len(names) == 1 else None


def _match_returns(
    work: _Work, returns: list[Line], payouts: Sequence[Paid]
) -> tuple[dict[str, date], list[Difference]]:
    returned: dict[str, date] = {}
    differences: list[Difference] = []
    left = list(returns)
    alike: dict[int, list[Paid]] = defaultdict(list)
    for payout in payouts:
        if payout.may_return:
            alike[payout.amount_yen].append(payout)
    for amount_yen, group in alike.items():
        fitting = [line for line in left if line.amount_yen == amount_yen]
        # What never left has nothing to come back.
        group = [each for each in group if each.is_owed or each.was_debited or each.payout_id in work.taken]
        owed = [each for each in group if each.is_return_owed]
        for line in fitting[: len(group)]:
            left.remove(line)
        if len(fitting) >= len(group):
            returned |= {each.payout_id: line.day for each, line in zip(group, fitting, strict=False)}
        elif len(fitting) < len(owed):
            differences.append(_return_missing(owed))
        else:
            returned |= {each.payout_id: line.day for each, line in zip(owed, fitting, strict=False)}
    for line in left:
        facts = {"payout_ids": [], "lines": [line_facts(line)]}
        differences.append(Difference(DifferenceKind.RETURN_UNEXPECTED, line.key, line.day, line.amount_yen, facts))
    return returned, differences


def _fees(work: _Work, lines: Sequence[Line], payouts: Sequence[Paid]) -> list[Difference]:
    """Fees are postings of their own, told by day and amount alone; so only their numbers are compared."""
    by_id = {payout.payout_id: payout for payout in payouts}
    owed = Counter(
        (line.day, by_id[payout_id].fee_yen) for payout_id, line in work.taken.items() if by_id[payout_id].fee_yen
    )
    shown = Counter((line.day, line.amount_yen) for line in lines if line.kind is LineKind.FEE)
    differences = []
    for kind, more, fewer in (
        (DifferenceKind.FEE_MISSING, owed, shown),
        (DifferenceKind.FEE_UNEXPECTED, shown, owed),
    ):
        for (day, amount_yen), count in sorted((more - fewer).items()):
            facts = {"count": count, "expected": owed[day, amount_yen], "shown": shown[day, amount_yen]}
            subject = f"{day.isoformat()} {amount_yen}"
            differences.append(Difference(kind, subject, day, amount_yen * count, facts))
    return differences


def line_facts(line: Line) -> dict[str, Any]:
    """Return what is kept of a line in a difference."""
    return {
        "item_key": line.key,
        "day": line.day.isoformat(),
        "amount_yen": line.amount_yen,
        "remarks": line.remarks,
    }


def _missing(group: list[Paid]) -> Difference:
    ids = sorted(payout.payout_id for payout in group)
    day = min(payout.last_day for payout in group)
    facts = {"payout_ids": ids, "lines": []}
    return Difference(DifferenceKind.MISSING, " ".join(ids), day, group[0].amount_yen, facts)


def _return_missing(owed: list[Paid]) -> Difference:
    ids = sorted(payout.payout_id for payout in owed)
    day = min(payout.return_last_day or payout.last_day for payout in owed)
    facts = {"payout_ids": ids, "lines": []}
    return Difference(DifferenceKind.RETURN_MISSING, " ".join(ids), day, owed[0].amount_yen, facts)


def _unexpected(line: Line) -> Difference:
    facts = {"payout_ids": [], "lines": [line_facts(line)]}
    return Difference(DifferenceKind.UNEXPECTED, line.key, line.day, line.amount_yen, facts)

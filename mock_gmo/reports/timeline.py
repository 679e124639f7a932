"""One story a payout: what log, journal and books say of it, in one order of time. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from mock_gmo.reports.records import CALLED, JSON, Entry, Line, match_calls, read_entries
from mock_gmo.reports.words import Words, words_of_call, words_of_fact
from mock_gmo.testing.verdict import Row

EVENTS_MAX: Final = 200  # of one story
INTEGRATOR: Final = "integrator"
BANK: Final = "bank"
BOTH: Final = "both"
MONEY: Final = "money"
ASKED_FOR: Final = "requestPayout"
NOISE: Final = frozenset({"gate.turn", "gate.departed_late"})  # every call waits for its turn
DEBITED: Final = Words("出金", "debited")
CAME_BACK: Final = Words("資金返却", "came back")
# Members of a log line that are worth a reader's time; the others are ids of machines.
SHOWN: Final = ("result", "reason", "error_code", "outcome", "state", "step", "failure", "apply_no", "source")
OF_AN_ENTRY: Final = ("fault", "refusal_id", "apply_no")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `at` orders it; `written_at` is what the record says, where its clock is another."""

    at: datetime
    written_at: datetime
    side: str
    words: Words
    facts: tuple[tuple[str, str], ...] = ()
    is_bad: bool = False
    times: int = 1
    """How often the same was asked and answered, one after the other."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one payout."""

    title: str
    marks: tuple[str, ...]
    apply_numbers: tuple[str, ...]
    request_ids: tuple[str, ...]
    amount_yen: int | None
    events: tuple[Event, ...]
    left_out: int = 0
    row: Row | None = None

    @property
    def is_bad(self) -> bool:
        """Tell whether the verdict finds fault with it."""
        return self.row is not None and not self.row.is_good


@dataclass(frozen=True, slots=True)
class Subject:
    """By which names a payout is known."""

    title: str
    marks: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()
    row: Row | None = None

    def owns(self, payment: JSON) -> bool:
        """Tell whether a debit of the books is this payout's."""
        if self.marks and payment["edi_info"] is not None:
            return payment["edi_info"] in self.marks
        return (payment["apply_no"], payment["item_id"]) in self.items or payment["apply_no"] in self.numbers


def tell_stories(
    lines: Sequence[Line], journal: Iterable[JSON], payments: Sequence[JSON], rows: Sequence[Row] = ()
) -> list[Story]:
    """Return one story a payout: those that the verdict finds fault with first, then in order of their beginnings.

    With `rows` of a verdict there is one for each of its claims. A request of the log that no order is found for is a
    story as well.
    """
    entries = read_entries(journal)
    matched = match_calls(lines, entries)
    subjects = _subjects(entries, payments, rows)
    stories = [_story(subject, matched, entries, payments) for subject in subjects]
    told = {request_id for story in stories for request_id in story.request_ids}
    stories += [_unplaced(line) for line in matched if _asks(line) and not line.request_ids & told]
    return sorted(stories, key=lambda story: (not story.is_bad, story.events[0].at if story.events else _NEVER))


_NEVER: Final = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


def _subjects(entries: Iterable[Entry], payments: Iterable[JSON], rows: Sequence[Row]) -> list[Subject]:
    subjects = [_claimed(row) for row in rows]
    known = {mark for subject in subjects for mark in subject.marks}
    ordered = [mark for entry in entries if entry.is_order for mark in sorted(entry.marks)]
    paid = [payment["edi_info"] for payment in payments if payment["edi_info"] is not None]
    subjects += [Subject(mark, frozenset({mark})) for mark in dict.fromkeys((*ordered, *paid)) if mark not in known]
    for payment in payments:
        if not any(subject.owns(payment) for subject in subjects):
            item = (payment["apply_no"], payment["item_id"])
            subjects.append(Subject("/".join(item), items=frozenset({item})))
    return subjects


def _claimed(row: Row) -> Subject:
    claim = row.claim
    items = frozenset((debit.apply_no, debit.item_id) for debit in row.debits)
    if claim is None:
        marks = frozenset(debit.mark for debit in row.debits if debit.mark is not None)
        title = next(iter(marks), "/".join(next(iter(items))))
        return Subject(title, marks, frozenset(), items, row)
    return Subject(claim.claim_id, claim.marks, claim.apply_numbers, items | claim.items, row)


def _story(subject: Subject, lines: Sequence[Line], entries: Sequence[Entry], payments: Sequence[JSON]) -> Story:
    own_payments = [payment for payment in payments if subject.owns(payment)]
    numbers = {*subject.numbers, *(payment["apply_no"] for payment in own_payments)}
    numbers |= {number for it in entries if it.is_order and it.marks & subject.marks for number in it.numbers}
    own = {it.index for it in entries if it.marks & subject.marks or it.numbers & numbers}
    # Whose errand a call is, only orders and inquiries about named applications say; a search tells of many payouts.
    submissions: set[str | None] = {
        line.submission
        for line in lines
        if line.entry is not None and line.submission and line.entry.index in own and line.entry.is_about_one
    }
    asked = [line for line in lines if line.submission in submissions]
    request_ids = {request_id for line in asked for request_id in line.request_ids}
    told = [line for line in lines if line.event not in NOISE]
    chosen = [line for line in told if _belongs(line, submissions, own, numbers, request_ids, subject.title)]
    seen = {line.entry.index for line in chosen if line.entry is not None}
    events = list(_log_events(chosen, subject, numbers))
    events += [_call(it.at, it, None, subject, numbers) for it in entries if it.index in own - seen]
    events += [event for payment in own_payments for event in _money(payment)]
    together = _together(sorted(events, key=lambda event: event.at))
    return Story(
        title=subject.title,
        marks=tuple(sorted(subject.marks)),
        apply_numbers=tuple(sorted(numbers)),
        request_ids=tuple(sorted(request_ids)),
        amount_yen=_amount(subject, own_payments),
        events=tuple(together[:EVENTS_MAX]),
        left_out=max(0, len(together) - EVENTS_MAX),
        row=subject.row,
    )


def _belongs(
    line: Line, submissions: set[str | None], own: set[int], numbers: set[str], request_ids: set[str], title: str
) -> bool:
    if line.event == CALLED:
        return line.submission in submissions or (line.entry is not None and line.entry.index in own)
    if line.submission is not None:
        return line.submission in submissions
    content = line.content
    return (
        content.get("apply_no") in numbers
        or content.get("payout") == title
        or (_asks(line) and bool(line.request_ids & request_ids))
    )


def _asks(line: Line) -> bool:
    return line.content.get("operation") == ASKED_FOR


def _unplaced(line: Line) -> Story:
    return Story(
        title=next(iter(sorted(line.request_ids)), "?"),
        marks=(),
        apply_numbers=(),
        request_ids=tuple(sorted(line.request_ids)),
        amount_yen=None,
        events=(_fact(line.at, line),),
    )


def _log_events(lines: Iterable[Line], subject: Subject, numbers: set[str]) -> Iterator[Event]:
    """Lines keep their order: those of the program's own clock never go before a call that they came after."""
    latest: datetime | None = None
    for line in lines:
        own = line.entry.at if line.entry is not None else line.at
        at = own if latest is None or own >= latest else latest
        latest = at
        yield _call(at, line.entry, line, subject, numbers) if line.event == CALLED else _fact(at, line)


def _fact(at: datetime, line: Line) -> Event:
    content = line.content
    facts = [(name, str(content[name])) for name in SHOWN if content.get(name) not in (None, "")]
    facts += [("status", str(content["status"]))] if "status" in content else []
    words = words_of_fact(line.event, str(content.get("operation", "")))
    is_bad = content.get("level") in ("warning", "error", "critical")
    return Event(at, line.at, INTEGRATOR, words, tuple(facts), is_bad)


def _call(at: datetime, entry: Entry | None, line: Line | None, subject: Subject, numbers: set[str]) -> Event:
    """One call, as both sides tell it; or one of them, where the other knows nothing."""
    facts: list[tuple[str, str]] = []
    source = entry.content if entry is not None else line.content if line is not None else {}
    status = source.get("status")
    if entry is not None:
        facts += [("status", "—" if status is None else str(status))]
        facts += [
            (name, str(entry.content[name])) for name in ("fault", "refusal_id", "apply_no") if entry.content[name]
        ]
        facts += _told_state(entry.content["reply_body"], subject.marks, numbers)
    if line is not None:
        told = line.content.get("status")
        facts += [("integrator", "no answer")] if told is None else []
        facts += [(name, str(line.content[name])) for name in ("result", "reason") if line.content.get(name)]
    side = BOTH if entry is not None and line is not None else BANK if entry is not None else INTEGRATOR
    words = words_of_call(str(source.get("method")), str(source.get("path")))
    is_bad = status is None or int(status) >= 400
    return Event(at, line.at if line is not None else at, side, words, tuple(facts), is_bad)


def _told_state(body: Any, marks: frozenset[str], numbers: set[str]) -> list[tuple[str, str]]:
    """Return the state in which the bank tells this payout to be, in its own word."""
    for name in ("transferDetails", "bulkTransferDetails"):
        for detail in body.get(name, ()) if isinstance(body, Mapping) else ():
            text = str(detail)
            if any(repr(name) in text for name in (*marks, *numbers)) and detail.get("transferStatusName"):
                return [("told", str(detail["transferStatusName"]))]
    return []


def _money(payment: JSON) -> Iterator[Event]:
    at = datetime.fromisoformat(payment["debited_at"])
    facts = (
        ("amount", _yen(payment["amount_yen"])),
        ("fee", _yen(payment["fee_yen"])),
        ("apply_no", payment["apply_no"]),
    )
    yield Event(at, at, MONEY, DEBITED, (*facts, ("told", payment["state_name"])))
    if payment["came_back_at"] is not None:
        back_at = datetime.fromisoformat(payment["came_back_at"])
        yield Event(back_at, back_at, MONEY, CAME_BACK, (("amount", _yen(payment["came_back_yen"])),))


def _together(events: Sequence[Event]) -> list[Event]:
    """Say once what was asked and answered alike several times in a row."""
    told: list[Event] = []
    for event in events:
        last = told[-1] if told else None
        if last is not None and (last.side, last.words, last.facts) == (event.side, event.words, event.facts):
            told[-1] = replace(last, times=last.times + 1)
        else:
            told.append(event)
    return told


def _amount(subject: Subject, payments: Sequence[JSON]) -> int | None:
    if subject.row is not None and subject.row.claim is not None:
        return subject.row.claim.amount_yen
    return payments[0]["amount_yen"] if payments else None


def _yen(amount: int) -> str:
    return f"¥{amount:,}"

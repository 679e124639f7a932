"""Reconciliation at work: read the bank's statement, compare it with the payouts, keep what does not agree.

Each company's day is compared once it has closed, and any days on demand. Running it again changes nothing that
still agrees. The statement is asked for with the lowest urgency; no transaction is open meanwhile.
"""

import json
import logging
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from integrator.bank_client.statements import StatementLine, StatementPage, StatementQuery
from integrator.bank_client.wire import Refused, Unavailable
from integrator.connections import Access
from integrator.desk import LEASE, Desk, ask, later
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutState
from integrator.domain.reconciliation import DifferenceKind, Found, Line, Paid, reconcile
from integrator.domain.turns import Urgency
from integrator.payouts import ID_ALPHABET, MARK_ALPHABET, new_id
from integrator.standings import alive_after_all
from integrator.store import payouts as payout_rows
from integrator.store import reconciliations as rows
from integrator.store.companies import find_company
from integrator.store.reconciliations import Candidate, Run

CLOSED_AFTER = timedelta(hours=1)  # the bank has booked a day so long after its end
OVERLAP = timedelta(days=2)  # days before that are looked at once more: booked late, or the worker was away
DAYS_MAX = timedelta(days=31)
PAGES_MAX = 200
RETRY_SECONDS = 900
LOOK_SECONDS = 2  # who found nothing that was asked for looks again after this
LOOK_SECONDS_DAYS = 60  # and whether a day has closed, after this
DAY = timedelta(days=1)

# What each state says of the debit: it must be there (owed), it may be there, or (absent) it cannot be ours.
OWED = frozenset({PayoutState.SETTLED, PayoutState.RECALL_IN_PROCESS, PayoutState.RETURNED})
MAY_BE = frozenset(
    {
        PayoutState.SUBMITTING,
        PayoutState.IN_DOUBT,
        PayoutState.AWAITING_CONFIRMATION,
        PayoutState.AWAITING_APPROVAL,
        PayoutState.RESERVED,
        PayoutState.PROCESSING,
        PayoutState.NOT_EXECUTED,
        PayoutState.CANCELLING,
        PayoutState.NEEDS_PERSON,
    }
)
RETURNS = frozenset({PayoutState.RETURNED, PayoutState.NOT_EXECUTED})
FLAGGED = OWED | {PayoutState.PROCESSING, PayoutState.NOT_EXECUTED}
SEEN_AT_WORK = (
    PayoutState.PROCESSING,
    PayoutState.SETTLED,
    PayoutState.RECALL_IN_PROCESS,
    PayoutState.RETURNED,
    PayoutState.NOT_EXECUTED,
)

log = logging.getLogger("integrator.reconciliation")


class StatementUnread(Exception):
    """The statement could not be read to its end; nothing was changed. `reason` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reconciler:
    """One process's daily reconciliation: does one company's days at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._look_at = 0.0
        self._look_at_days = 0.0

    def reconcile_one(self) -> bool:
        """Reconcile one company whose day has closed, or that asked for it. False when nothing is due."""
        desk = self._desk
        machine = desk.times().machine.timestamp()
        if machine < self._look_at:
            return False
        is_time_for_days = machine >= self._look_at_days
        run = (_claim_day(desk) if is_time_for_days else None) or _claim_left(desk)
        if run is None:
            self._look_at = machine + LOOK_SECONDS
            if is_time_for_days:
                self._look_at_days = machine + LOOK_SECONDS_DAYS
            return False
        desk.lanes.enter(run.company_id, Urgency.LATER)
        try:
            carry_out(desk, run)
        except StatementUnread as unread:
            log.warning("reconciliation.unread company=%s reason=%s", run.company_id, unread.reason)
            at = desk.times()
            values = {"lease_owner": None, "lease_until": None, "due_at": later(at.now, RETRY_SECONDS)}
            with desk.db.begin() as tx:
                rows.change_run(tx, run, at=at, values=values)
        return True


def reconcile_days(desk: Desk, company_id: str, days: tuple[date, date]) -> Run:
    """Reconcile these days of a company now, and return the run. Raises StatementUnread."""
    run = _new_run(desk, company_id, days, is_daily=False)
    at = desk.times()
    with desk.db.begin() as tx:
        rows.insert_run(tx, run, due_at=at.now, until=at.machine + LEASE)
    return carry_out(desk, run)


def carry_out(desk: Desk, run: Run) -> Run:
    """Do what the run is for, and return it done. Raises StatementUnread."""
    access = desk.tokens.access(run.company_id)
    if access is None:
        raise StatementUnread("not connected, or no token just now")
    today = civil_date(desk.clock.now())
    with desk.db.read() as tx:
        company = find_company(tx, run.company_id)
        found = rows.candidates(tx, run.company_id, states=OWED | MAY_BE)
    assert company is not None, "a run belongs to a company"
    days = (_first_day(found, run, today=today), run.date_to)
    lines = read_statement(desk, access, company.account_id, days, run=run)
    compared = [paid for each in found if (paid := expected(each, days, today=today)) is not None]
    return _store(desk, run, days, lines, reconcile(lines, compared), found)


def read_statement(
    desk: Desk, access: Access, account_id: str, days: tuple[date, date], *, run: Run | None = None
) -> list[Line]:
    """Return every line of these days, page by page. Raises StatementUnread."""
    query = StatementQuery(account_id, days[0], days[1])
    read: list[StatementLine] = []
    for _ in range(PAGES_MAX):
        page = ask(desk, access, partial(_page, desk, query), urgency=Urgency.LATER)
        if isinstance(page, Refused):
            raise StatementUnread(f"{page.status} {page.code}")
        if isinstance(page, Unavailable):
            raise StatementUnread(f"{page.fact}: {page.reason}")
        read += page.lines
        if page.next_item_key is None:
            return _lines(read)
        query = StatementQuery(account_id, days[0], days[1], page.next_item_key)
        if run is not None and not _prolong(desk, run):
            raise StatementUnread("somebody else has taken over")
    raise StatementUnread("the statement has more pages than anybody reads")


def expected(each: Candidate, days: tuple[date, date], *, today: date) -> Paid | None:
    """Return what the statement of `days` should show of a payout, or None when it has no part in them."""
    first_day, last_day = _window(each, today=today)
    returns_on = each.steps.get(PayoutState.RETURNED) or each.steps.get(PayoutState.NOT_EXECUTED)
    return_last_day = each.returned_on or (None if returns_on is None else civil_date(returns_on))
    is_return_read = return_last_day is not None and first_day <= days[1] and return_last_day >= days[0]
    may_return = each.state in RETURNS and is_return_read
    is_read = days[0] <= first_day and last_day <= days[1]
    if (last_day < days[0] or first_day > days[1]) and not may_return:
        return None
    return Paid(
        payout_id=each.payout_id,
        marks=each.marks,
        amount_yen=each.amount_yen,
        name=each.name_kana,
        first_day=first_day,
        last_day=last_day,
        fee_yen=each.fee_yen,
        is_owed=each.state in OWED and is_read,
        may_return=may_return,
        is_return_owed=may_return and return_last_day is not None and return_last_day <= days[1],
        was_debited=each.debited_on is not None and each.debited_on < days[0],
        return_last_day=return_last_day,
    )


def _window(each: Candidate, *, today: date) -> tuple[date, date]:
    # Debited not before the day it was ordered for, and not after the day on which it was seen at work.
    if each.debited_on is not None:
        return each.debited_on, each.debited_on
    first_day = each.designated_date or civil_date(each.first_attempt_at)
    seen = [civil_date(each.steps[state]) for state in SEEN_AT_WORK if state in each.steps]
    return first_day, max(first_day, min(seen, default=today))


def _first_day(found: list[Candidate], run: Run, *, today: date) -> date:
    """The first day to read: earlier than asked when the debit of a payout seen in these days may lie before."""
    windows = [_window(each, today=today) for each in found if each.state in OWED and each.debited_on is None]
    begins = [first for first, last in windows if run.date_from <= last <= run.date_to]
    return max(min([run.date_from, *begins]), run.date_from - DAYS_MAX)


def _claim_day(desk: Desk) -> Run | None:
    at = desk.times()
    day = civil_date(at.now - CLOSED_AFTER) - DAY
    with desk.db.read() as tx:
        company_id = rows.find_due_company(tx, day=day)
        last = None if company_id is None else rows.last_daily(tx, company_id)
    if company_id is None:
        return None
    date_from = day - OVERLAP if last is None else max(min(last + DAY, day - OVERLAP), day - DAYS_MAX)
    run = _new_run(desk, company_id, (date_from, day), is_daily=True)
    with desk.db.begin() as tx:
        return run if rows.insert_run(tx, run, due_at=at.now, until=at.machine + LEASE) else None


def _claim_left(desk: Desk) -> Run | None:
    at = desk.times()
    with desk.db.read() as tx:
        if not rows.has_unfinished(tx, at=at):
            return None
    with desk.db.begin() as tx:
        holder = desk.new_text(32, MARK_ALPHABET)
        return rows.claim_unfinished(tx, holder=holder, at=at, until=at.machine + LEASE)


def _new_run(desk: Desk, company_id: str, days: tuple[date, date], *, is_daily: bool) -> Run:
    return Run(
        reconciliation_id=new_id("rc", desk.new_text),
        company_id=company_id,
        date_from=days[0],
        date_to=days[1],
        is_daily=is_daily,
        state="running",
        created_at=desk.clock.now(),
        ended_at=None,
        counts=None,
        holder=desk.new_text(32, ID_ALPHABET),
    )


def _page(desk: Desk, query: StatementQuery, access: Access) -> StatementPage | Refused | Unavailable:
    return desk.bank.transactions(access, query)


def _prolong(desk: Desk, run: Run) -> bool:
    at = desk.times()
    with desk.db.begin() as tx:
        return rows.change_run(tx, run, at=at, values={"lease_until": at.machine + LEASE})


def _lines(read: list[StatementLine]) -> list[Line]:
    places: Counter[date] = Counter()
    lines = []
    for line in read:
        places[line.transaction_date] += 1
        key = line.item_key or f"{line.transaction_date.isoformat()}#{places[line.transaction_date]}"
        lines.append(Line(key, line.transaction_date, line.is_credit, line.amount_yen, line.remarks or ""))
    return lines


def _store(
    desk: Desk, run: Run, days: tuple[date, date], lines: list[Line], result: Found, found: list[Candidate]
) -> Run:
    # One transaction a payout: whoever follows it holds its submission, and nobody waits for two of them at once.
    matched = sum(_flag(desk, each, result) for each in found if each.state in FLAGGED)
    kinds = Counter(each.kind.value for each in result.differences)
    counts = {"lines": len(lines), "matched": len(result.debited), "newly_matched": matched, "differences": dict(kinds)}
    at = desk.times()
    done = {
        "state": "done",
        "date_from": days[0].isoformat(),
        "counts": json.dumps(counts),
        "ended_at": at.now,
        "lease_owner": None,
        "lease_until": None,
    }
    with desk.db.begin() as tx:
        if not rows.change_run(tx, run, at=at, values=done):
            raise StatementUnread("somebody else has taken over")
        new = rows.store_differences(tx, run.company_id, result.differences, days=days, at=at.now)
    _tell(run, counts, kinds, new)
    return replace(run, date_from=days[0], state="done", ended_at=at.now, counts=counts, holder=None)


def _flag(desk: Desk, each: Candidate, result: Found) -> bool:
    shown = {
        "debited_on": result.debited.get(each.payout_id) or each.debited_on,
        "returned_on": result.returned.get(each.payout_id) or each.returned_on,
    }
    if (shown["debited_on"], shown["returned_on"]) == (each.debited_on, each.returned_on):
        return False
    facts = {name: None if day is None else day.isoformat() for name, day in shown.items()}
    with desk.db.begin() as tx:
        state = payout_rows.state_for_change(tx, each.payout_id)
        if state not in FLAGGED:
            return False
        problem = None
        is_paid = facts["debited_on"] is not None and facts["returned_on"] is None
        if state is PayoutState.NOT_EXECUTED and is_paid and not payout_rows.is_told_by_bank(tx, each.payout_id):
            # A person said that it is dead. The bank's own 手続不成立 is followed by the money's way back.
            state, problem = PayoutState.NEEDS_PERSON, alive_after_all(facts["debited_on"] or "")
            log.error("payout.alive_after_all payout=%s debited_on=%s", each.payout_id, facts["debited_on"])
        payout_rows.move(tx, each.payout_id, state, at=desk.clock.now(), problem=problem, facts=facts)
    return True


def _tell(run: Run, counts: dict[str, object], kinds: Counter[str], new: int) -> None:
    alarming = kinds[DifferenceKind.UNEXPECTED.value]
    level = logging.ERROR if alarming and new else logging.WARNING if new else logging.INFO
    log.log(
        level,
        "reconciliation.done company=%s from=%s to=%s new_differences=%d unexpected=%d counts=%s",
        run.company_id,
        run.date_from,
        run.date_to,
        new,
        alarming,
        json.dumps(counts),
    )

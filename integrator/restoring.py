"""A database restored from a backup: what may have moved since goes into doubt, before any order leaves.

`declare` stops every company and turns what the backup holds as unsent into doubts. `Restorer` then reads the
bank's list over the whole window, keeps what nobody here knows, and lets the company go on. Decision 0014.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from integrator.bank_client import wire
from integrator.bank_client.wire import Refused, StatusLine, StatusPage, Unavailable
from integrator.connections import Access
from integrator.desk import LEASE, Desk, ask, later
from integrator.domain.days import civil_date
from integrator.domain.marks import marks_of
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.domain.reconciliation import Difference, DifferenceKind
from integrator.domain.submission import SubmissionState
from integrator.domain.turns import Urgency
from integrator.payouts import MARK_ALPHABET
from integrator.store import audit
from integrator.store import events as event_rows
from integrator.store import payouts as payout_rows
from integrator.store import reconciliations as difference_rows
from integrator.store import restores as rows
from integrator.store import stops as stop_rows
from integrator.store import submissions as submission_rows
from integrator.store.audit import Change
from integrator.store.companies import find_company
from integrator.store.database import Database
from integrator.store.restores import FoundOrder, Restore, Unsent
from integrator.store.stops import Cause, Stop

MARGIN = timedelta(hours=1)  # clocks of backup and program may differ, and a backup takes time
HOLD = timedelta(minutes=60)  # an order waiting for confirmation is invisible; after this it is shown or dead
RETRY_SECONDS = 300
PAGES_MAX = 200

DOUBT_REASON = "the database was restored from a backup"

log = logging.getLogger("integrator.restore")


class BackupInFuture(ValueError):
    """The backup cannot be younger than the present."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person says of the restored database: when the backup was begun, and who says so."""

    backup_at: datetime
    by: str
    hold: timedelta = HOLD


@dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration did: how many companies wait, and how many payouts are in doubt because of it."""

    companies: int
    doubts: int


def declare(db: Database, declaration: Declaration, *, at: datetime) -> Declared:
    """Stop everybody and put into doubt what may have been sent since the backup. Raises BackupInFuture.

    One transaction: until it is done nothing has changed, and no worker may run before it.
    """
    if declaration.backup_at > at:
        raise BackupInFuture(declaration.backup_at.isoformat())
    look_from = declaration.backup_at - MARGIN
    with db.begin() as tx:
        company_ids = rows.company_ids(tx)
        for company_id in company_ids:
            event_rows.leap(tx, company_id)
        standing = {(stop.scope, stop.cause) for stop in stop_rows.stops_of(tx)}
        for company_id in company_ids:
            restore = Restore(company_id, at, declaration.backup_at, look_from, holder="")
            rows.insert_restore(tx, restore, declared_by=declaration.by, due_at=at + declaration.hold)
            if (company_id, Cause.RESTORED) not in standing:
                reason = f"restored from the backup of {declaration.backup_at.isoformat()}"
                stop_rows.insert_stop(tx, Stop(company_id, Cause.RESTORED, reason, declaration.by, at))
        rows.make_doubts_older(tx, DOUBT_REASON, sent_at=declaration.backup_at, at=at)
        doubts = sum(_doubt(tx, unsent, look_from=look_from, at=at) for unsent in rows.unsent_for_change(tx))
        _tell_again(tx, at=at)
        told = {"backup_at": declaration.backup_at, "by": declaration.by, "companies": len(company_ids)}
        for chain in (audit.ALL, *company_ids):
            audit.note(tx, chain, Change("database.restored", chain, None, {**told, "doubts": doubts}), at=at)
    log.error("restore.declared companies=%d doubts=%d", len(company_ids), doubts)
    return Declared(len(company_ids), doubts)


def _doubt(tx: Connection, unsent: Unsent, *, look_from: datetime, at: datetime) -> int:
    """Treat an unsent submission as one whose first call was lost: frozen as it would have been sent then."""
    lines = submission_rows.lines_of(tx, [unsent.submission_id])[unsent.submission_id]
    first_day = civil_date(look_from + MARGIN)
    asked = [line.designated_date for line in lines if line.designated_date is not None]
    frozen = date.fromisoformat(unsent.designated_date) if unsent.designated_date else max([first_day, *asked])
    body = unsent.body or wire.transfer_body(
        unsent.account_id, lines, designated_date=frozen, remitter_name=unsent.remitter_name
    )
    values: dict[str, Any] = {
        "state": SubmissionState.IN_DOUBT.value,
        "body": body,
        "designated_date": frozen.isoformat(),
        "grant_id": unsent.grant_id,
        "first_attempt_at": look_from + MARGIN,
        "doubt_since": at,
        "doubt_reason": DOUBT_REASON,
        "due_at": at,
    }
    submission_rows.change_unheld(
        tx, unsent.submission_id, state=SubmissionState.WAITING, now=at, values=submission_rows.release(values)
    )
    living = [line for line in lines if line.is_live]
    for line in living:
        payout_rows.move(tx, line.payout_id, PayoutState.IN_DOUBT, at=at, problem=_restored())
    return len(living)


def _tell_again(tx: Connection, *, at: datetime) -> None:
    """Tell where each payout stands, beyond all that ReCORE may have heard since the backup and would go by."""
    for company_id, payout_id in rows.moving_payouts(tx):
        view = payout_rows.find_view(tx, company_id, payout_id)
        assert view is not None, "just found"
        sequence = event_rows.next_sequences(tx, [payout_id])[payout_id] + event_rows.SEQUENCE_LEAP
        event_rows.tell(tx, view, sequence=sequence, at=at)


class Restorer:
    """The worker's half: reads a company's list after a restore, then lets its orders go."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def scan_one(self) -> bool:
        """Read the list of the company that has waited longest. False when none is due."""
        desk = self._desk
        at = desk.times()
        with desk.db.read() as tx:
            if not rows.has_open_restore(tx, at=at):
                return False
        holder = desk.new_text(32, MARK_ALPHABET)
        with desk.db.begin() as tx:
            restore = rows.claim_restore(tx, holder=holder, at=at, until=at.machine + LEASE)
        if restore is None:
            return False
        desk.lanes.enter(restore.company_id, Urgency.SOON)
        account_id = _account_of(desk, restore.company_id)
        access = desk.tokens.access(restore.company_id)
        shown = None if access is None else _read_list(desk, access, account_id, restore)
        if shown is None:
            self._try_later(restore)
        else:
            _store(desk, restore, shown)
        return True

    def _try_later(self, restore: Restore) -> None:
        at = self._desk.times()
        values = {"lease_owner": None, "lease_until": None, "due_at": later(at.now, RETRY_SECONDS)}
        with self._desk.db.begin() as tx:
            rows.change_restore(tx, restore, at=at, values=values)
        log.warning("restore.list_unread company=%s", restore.company_id)


def _account_of(desk: Desk, company_id: str) -> str:
    with desk.db.read() as tx:
        company = find_company(tx, company_id)
    assert company is not None, "a restore belongs to a company"
    return company.account_id


def _read_list(desk: Desk, access: Access, account_id: str, restore: Restore) -> list[StatusLine] | None:
    """Return every line with a mark of our form since the backup, or None when the list was not read to its end."""
    days = (civil_date(restore.look_from) - timedelta(days=1), civil_date(desk.clock.now()))
    seen: list[StatusLine] = []
    next_item_key: str | None = None
    for _ in range(PAGES_MAX):
        page = ask(desk, access, partial(_page, desk, account_id, days, next_item_key), urgency=Urgency.SOON)
        if isinstance(page, Refused | Unavailable):
            return None
        seen += [line for line in page.lines if line.mark is not None and wire.MARK.fullmatch(line.mark)]
        next_item_key = page.next_item_key
        if next_item_key is None:
            return seen
        at = desk.times()
        with desk.db.begin() as tx:
            if not rows.change_restore(tx, restore, at=at, values={"lease_until": at.machine + LEASE}):
                return None
    return None


def _page(
    desk: Desk, account_id: str, days: tuple[date, date], next_item_key: str | None, access: Access
) -> StatusPage | Refused | Unavailable:
    return desk.bank.list_transfers(access, account_id, date_from=days[0], date_to=days[1], next_item_key=next_item_key)


def _store(desk: Desk, restore: Restore, shown: list[StatusLine]) -> None:
    at = desk.times()
    by_mark = {line.mark: line for line in shown if line.mark is not None and line.apply_no is not None}
    with desk.db.begin() as tx:
        known = rows.known_marks(tx, list(by_mark))
        found = [line for mark, line in by_mark.items() if mark not in known]
        waiting = _marks_of_waiting(tx, restore.company_id, {str(line.mark) for line in found})
        unknown = [line for line in found if line.mark not in waiting]
        done = {"scanned_at": at.now, "found": len(unknown), "lease_owner": None, "lease_until": None}
        if not rows.change_restore(tx, restore, at=at, values=done):
            return
        for line in found:
            order = FoundOrder(
                str(line.mark), restore.company_id, str(line.apply_no), line.amount_yen or 0, restore.look_from
            )
            rows.insert_order(tx, order, at=at.now)
        days = (civil_date(restore.look_from), civil_date(at.now))
        difference_rows.store_differences(
            tx, restore.company_id, list(_differences(unknown, days[1])), days=None, at=at.now
        )
        if not rows.is_awaited(tx, restore.company_id):
            stop_rows.delete_stop(tx, restore.company_id, Cause.RESTORED)
            told = {"unknown_orders": len(unknown)}
            change = Change("database.restore_settled", restore.company_id, None, told)
            audit.note(tx, restore.company_id, change, at=at.now)
    level = logging.ERROR if unknown else logging.INFO
    log.log(level, "restore.list_read company=%s unknown_orders=%d", restore.company_id, len(unknown))


def _marks_of_waiting(tx: Connection, company_id: str, found: set[str]) -> set[str]:
    """Give what was placed again and waits the marks of its orders at the bank, and return those marks."""
    taken = set()
    for submission_id, own_key in rows.unsent_keys(tx, company_id).items():
        mark = next((mark for mark in marks_of(company_id, own_key) if mark in found), None)
        if mark is not None:
            rows.take_mark(tx, submission_id, mark)
            taken.add(mark)
    return taken


def _differences(unknown: Iterable[StatusLine], today: date) -> Iterable[Difference]:
    for line in unknown:
        facts: dict[str, Any] = {
            "payout_ids": [],
            "lines": [],
            "mark": line.mark,
            "apply_no": line.apply_no,
            "bank_status": line.status,
        }
        day = line.designated_date or today
        yield Difference(DifferenceKind.UNKNOWN_ORDER, str(line.mark), day, line.amount_yen or 0, facts)


def _restored() -> Problem:
    return Problem(
        code="restored-from-backup",
        title="バックアップからの復旧後の確認中です",
        detail="データベースを復旧したため、この支払がすでに銀行に送信されたかを確認しています。"
        "復旧時点より後に行った取消は、もう一度依頼してください。",
        detail_en="The database was restored. We are looking up at the bank whether this payout was already sent. "
        "Ask again for cancels that you asked for since the backup.",
    )

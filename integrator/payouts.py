"""What ReCORE can ask about payouts: place one, read, list, cancel. Nothing here calls the bank.

A payout and its submission are stored in one transaction; the workers carry them on from there.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from integrator import trail
from integrator.domain.days import civil_date
from integrator.domain.marks import MARK_ALPHABET as MARK_ALPHABET
from integrator.domain.marks import bank_key_of, mark_of, marks_of
from integrator.domain.payout import Beneficiary, PayoutFilter, PayoutRequest, PayoutState, PayoutView
from integrator.domain.problem import Problem
from integrator.domain.submission import CANCELLABLE, CancelState, SubmissionState
from integrator.payout_checks import Payer, PayoutRefused, already_replaced, check_replaced, check_request
from integrator.store import batches as batch_rows
from integrator.store import payouts as payout_rows
from integrator.store import restores as restore_rows
from integrator.store import submissions as submission_rows
from integrator.store.database import Database
from integrator.store.restores import FoundOrder
from integrator.store.submissions import NewLine

EVERY_PAYOUT = PayoutFilter()
PAYOUT_ID = re.compile(r"po_[a-z0-9]{24}")
LOCKS_MAX = 20  # a payout goes over into another submission a few times at most
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""


class IdempotencyConflict(Exception):
    """The key already stands for another payout; nothing was stored."""


class CancelRefused(Exception):
    """The payout cannot be cancelled any more. `state` says why."""

    def __init__(self, state: PayoutState) -> None:
        super().__init__(f"a payout in state {state} cannot be cancelled")
        self.state = state


class PayoutUnknown(LookupError):
    """This company has no such payout."""


def request_payout(
    db: Database, request: PayoutRequest, *, payer: Payer, idempotency_key: str, at: datetime, new_text: NewText
) -> tuple[PayoutView, bool]:
    """Store a payout once and return (payout, whether it is new).

    The same key with the same request returns the payout that is there, whatever became of it. Raises
    IdempotencyConflict for the same key with another request, PayoutRefused with field, expected and came.
    """
    request_hash = _hash(request)
    try:
        with db.begin() as tx:
            known = payout_rows.find_by_key(tx, payer.company_id, idempotency_key)
            if known is None:
                key = (idempotency_key, request_hash)
                return _store(tx, request, payer=payer, key=key, at=at, new_text=new_text), True
            return _known(tx, payer, known, request_hash), False
    except IntegrityError:
        # Somebody else stored the same key, or replaced the same payout, between our look and our insert.
        with db.begin() as tx:
            known = payout_rows.find_by_key(tx, payer.company_id, idempotency_key)
            if known is None:
                raise PayoutRefused(already_replaced()) from None
            return _known(tx, payer, known, request_hash), False


def check_order(db: Database, request: PayoutRequest, *, payer: Payer, today: date) -> Beneficiary:
    """Check all that can be checked without storing anything, and return the beneficiary as the bank will print it.

    Raises PayoutRefused, also for a payout to be replaced that may still be paid.
    """
    beneficiary = check_request(request, payer=payer, today=today)
    with db.read() as tx:
        check_replaced(tx, request, payer)
    return beneficiary


def find_payout(db: Database, company_id: str, payout_id: str) -> PayoutView | None:
    """Return one payout of this company."""
    with db.read() as tx:
        return payout_rows.find_view(tx, company_id, payout_id)


def list_payouts(
    db: Database, company_id: str, *, cursor: str | None, limit: int, wanted: PayoutFilter = EVERY_PAYOUT
) -> tuple[list[PayoutView], str | None]:
    """Return one page of payouts, oldest first, and the next page's cursor. Raises ValueError for a foreign cursor."""
    after = None if cursor is None else _read_cursor(cursor)
    with db.read() as tx:
        found = payout_rows.page_of_views(tx, company_id, after=after, limit=limit + 1, wanted=wanted)
    page = found[:limit]
    return page, _write_cursor(page[-1]) if len(found) > limit else None


def request_cancel(db: Database, company_id: str, payout_id: str, *, at: datetime) -> PayoutView:
    """Take note that ReCORE wants the payout cancelled, and return where it stands now.

    What the bank has never had is cancelled at once. For the rest the workers ask the bank, and the payout is
    `cancelling` until the bank has made it dead. Raises PayoutUnknown, CancelRefused.
    """
    with db.begin() as tx:
        if payout_rows.find_view(tx, company_id, payout_id) is None:
            raise PayoutUnknown(payout_id)
        state = _lock_and_read(tx, payout_id)
        if state in (PayoutState.CANCELLED, PayoutState.CANCELLING):
            return _get(tx, company_id, payout_id)
        if state not in CANCELLABLE:
            raise CancelRefused(state)
        _cancel(tx, payout_id, state, at=at)
        return _get(tx, company_id, payout_id)


def _lock_and_read(tx: Connection, payout_id: str) -> PayoutState:
    # Workers lock the submission before the payout; the same order here cannot deadlock with them. While we wait
    # for the lock the payout may have gone over into another submission, so what was locked is looked at again.
    locked = submission_rows.find_live_of(tx, payout_id)
    for _ in range(LOCKS_MAX):
        before, locked = locked, submission_rows.find_live_of(tx, payout_id)
        if before == locked:
            break
    return payout_rows.state_for_change(tx, payout_id)


def _cancel(tx: Connection, payout_id: str, state: PayoutState, *, at: datetime) -> None:
    live = submission_rows.find_live_of(tx, payout_id)
    assert live is not None, "a payout that can be cancelled has a live submission"
    submission_id, submission_state = live
    others = batch_rows.payouts_beside(tx, submission_id, payout_id)
    wanted = {"cancel_requested_at": at}
    if submission_state is SubmissionState.WAITING:
        # Whoever has claimed it loses it, and whoever claims it next sends the others without this one.
        values = submission_rows.release({} if others else {"state": SubmissionState.DEAD.value})
        submission_rows.change_unheld(tx, submission_id, state=submission_state, now=at, values=values)
        submission_rows.bury_line(tx, submission_id, payout_id)
        payout_rows.move(tx, payout_id, PayoutState.CANCELLED, at=at, facts=wanted)
        return
    # While it is not even known whether the bank has the order, the doubt is the truth to show.
    is_doubt = state in (PayoutState.IN_DOUBT, PayoutState.SUBMITTING)
    shared = None if is_doubt else _waits_for_others(others)
    payout_rows.move(tx, payout_id, state if is_doubt else PayoutState.CANCELLING, at=at, problem=shared, facts=wanted)
    is_shown = state in (PayoutState.RESERVED, PayoutState.AWAITING_APPROVAL)
    is_due = is_shown and batch_rows.is_cancel_wanted_by_all(tx, submission_id)
    values = {"cancel_state": (CancelState.DUE if is_due else CancelState.WANTED).value, "due_at": at}
    submission_rows.change_unheld(tx, submission_id, state=submission_state, now=at, values=values)


def _waits_for_others(others: Sequence[str]) -> Problem | None:
    if not others:
        return None
    return Problem(
        code="cancel-needs-all",
        title="同じ振込申請のすべての支払を取り消す必要があります",
        detail=f"この支払は、ほかの{len(others)}件の支払と一つの振込申請にまとめられています。銀行では申請全体しか取り消せません。"
        "ほかの支払も取消されるか、申請が承認されずに期限切れになった場合だけ、取消が成立します。",
        detail_en=f"This payout shares one application with {len(others)} others, and the bank cancels an application "
        "only as a whole. It comes about only if the others are cancelled as well, or if nobody confirms it.",
    )


def _store(
    tx: Connection, request: PayoutRequest, *, payer: Payer, key: tuple[str, str], at: datetime, new_text: NewText
) -> PayoutView:
    beneficiary = check_request(request, payer=payer, today=civil_date(at))
    check_replaced(tx, request, payer)
    payout_id = new_id("po", new_text)
    mark = mark_of(payer.company_id, key[0])
    new = payout_rows.NewPayout(
        payout_id=payout_id,
        company_id=payer.company_id,
        idempotency_key=key[0],
        request_hash=key[1],
        amount_yen=request.amount_yen,
        beneficiary=beneficiary,
        case_type=request.case_type,
        case_reference=request.case_reference,
        designated_date=None if request.designated_date is None else request.designated_date.isoformat(),
        replaces=request.replaces,
        mark=mark,
        request_id=trail.request_id(),
    )
    view = payout_rows.insert_payout(tx, new, at=at)
    line = NewLine(item_id=1, payout_id=payout_id, mark=mark, amount_yen=request.amount_yen)
    values: dict[str, Any] = {
        "company_id": payer.company_id,
        "account_id": payer.account_id,
        "bank_key": bank_key_of(payer.company_id, key[0]),
        "due_at": at,
    }
    known = restore_rows.find_order(tx, marks_of(payer.company_id, key[0]))
    if known is None:
        submission_rows.insert_submission(tx, new_id("su", new_text), (line,), at=at, values=values)
        return view
    return _adopt(tx, payout_id, line, known, at=at, new_text=new_text, values=values)


def _adopt(
    tx: Connection,
    payout_id: str,
    line: NewLine,
    known: FoundOrder,
    *,
    at: datetime,
    new_text: NewText,
    values: dict[str, Any],
) -> PayoutView:
    # The database was restored, and this very order is at the bank already: it is followed, never sent.
    if known.amount_yen != line.amount_yen:
        raise IdempotencyConflict(payout_id)
    at_bank = {
        "state": SubmissionState.FOLLOWED.value,
        "apply_no": known.apply_no,
        "first_attempt_at": known.look_from,
    }
    line = replace(line, mark=known.mark)
    submission_rows.insert_submission(tx, new_id("su", new_text), (line,), at=at, values={**values, **at_bank})
    payout_rows.move(tx, payout_id, PayoutState.SUBMITTING, at=at, facts={"apply_no": known.apply_no})
    return _get(tx, values["company_id"], payout_id)


def new_id(prefix: str, new_text: NewText) -> str:
    """Return a new identifier of ours: the prefix and 24 letters and digits."""
    return f"{prefix}_{new_text(24, ID_ALPHABET)}"


def _known(tx: Connection, payer: Payer, known: tuple[str, str], request_hash: str) -> PayoutView:
    payout_id, known_hash = known
    if known_hash != request_hash:
        raise IdempotencyConflict(payout_id)
    return _get(tx, payer.company_id, payout_id)


def _get(tx: Connection, company_id: str, payout_id: str) -> PayoutView:
    view = payout_rows.find_view(tx, company_id, payout_id)
    assert view is not None, "a payout just stored or locked is there"
    return view


def _hash(request: PayoutRequest) -> str:
    members: dict[str, Any] = {
        name: getattr(request, name) for name in request.__slots__ if getattr(request, name) is not None
    }
    text = json.dumps(members, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_cursor(view: PayoutView) -> str:
    text = f"{view.created_at.isoformat()} {view.payout_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, payout_id = text.split(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not PAYOUT_ID.fullmatch(payout_id):
            raise ValueError(at)
        return instant.astimezone(UTC), payout_id
    except (ValueError, OverflowError):
        raise ValueError("not a cursor of this list: pass next_cursor of an earlier page unchanged") from None

"""What keeps a payout from being sent, found out in the very transaction that would store the intent to send it.

After a restore the bank may have the order already; and a replacement must not go while what it replaces may be
paid. Both are looked at here and not when the payout is placed, because either can turn out later.
"""

import logging

from sqlalchemy import Connection

from integrator.desk import later
from integrator.domain.days import civil_date
from integrator.domain.marks import marks_of
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.domain.submission import SubmissionState
from integrator.store import payouts as payout_rows
from integrator.store import restores as restore_rows
from integrator.store import submissions as rows
from integrator.store.restores import FoundOrder
from integrator.store.submissions import Submission, Times

REPLACED_WAIT_SECONDS = 60

log = logging.getLogger("integrator.payout")


def is_followed_instead(tx: Connection, held: Submission, *, at: Times) -> bool:
    """Follow an order that a restore found at the bank under this one's mark. False when there is none.

    With another amount it is not the same order: a person is asked, and nothing is sent.
    """
    (first, *others) = held.lines
    if others or held.body is not None:
        return False
    known = restore_rows.find_order(tx, marks_of(held.company_id, payout_rows.own_key(tx, first.payout_id)))
    if known is None or not restore_rows.is_free(tx, known.mark, beside=held.submission_id):
        return False
    if known.amount_yen != first.amount_yen:
        _ask_person(tx, held, known, at=at)
        return True
    values = {
        "state": SubmissionState.FOLLOWED.value,
        "apply_no": known.apply_no,
        "first_attempt_at": known.look_from,
        "due_at": at.now,
    }
    rows.change_held(tx, held, at=at, values=rows.release(values))
    restore_rows.take_mark(tx, held.submission_id, known.mark)
    payout_rows.move(tx, first.payout_id, PayoutState.SUBMITTING, at=at.now, facts={"apply_no": known.apply_no})
    return True


def waits_for_replaced(tx: Connection, held: Submission, *, at: Times) -> bool:
    """Let a replacement wait while what it replaces may be paid after all. False when nothing speaks against it."""
    waiting = payout_rows.replacing_living(tx, [line.payout_id for line in held.live_lines])
    for payout_id in waiting:
        state = payout_rows.state_for_change(tx, payout_id)
        payout_rows.move(tx, payout_id, state, at=at.now, problem=_replaced_is_alive())
    return bool(waiting)


def give_back(tx: Connection, held: Submission, *, at: Times) -> None:
    """Give back what waits for what it replaces."""
    values = {"due_at": later(at.now, REPLACED_WAIT_SECONDS)}
    rows.change_held(tx, held, at=at, values=rows.release(values))


def _ask_person(tx: Connection, held: Submission, known: FoundOrder, *, at: Times) -> None:
    values = {
        "state": SubmissionState.NEEDS_PERSON.value,
        "stray_apply_no": known.apply_no,
        "first_attempt_at": known.look_from,
        "designated_date": civil_date(at.now).isoformat(),
        "due_at": at.now,
    }
    rows.change_held(tx, held, at=at, values=rows.release(values))
    problem = Problem(
        code="other-order-at-bank",
        title="担当者の確認が必要です",
        detail=f"同じキーで金額の違う振込依頼が銀行にあります（受付番号 {known.apply_no}）。"
        "この支払は送信していません。",
        detail_en=f"The bank has an order of another amount under this key (apply number {known.apply_no}). "
        "This payout was not sent.",
    )
    for line in held.lines:
        payout_rows.move(tx, line.payout_id, PayoutState.NEEDS_PERSON, at=at.now, problem=problem)
    log.error("payout.needs_person submission=%s reason=other_order_at_bank", held.submission_id)


def _replaced_is_alive() -> Problem:
    return Problem(
        code="replaced-may-still-pay",
        title="元の支払がまだ支払われる可能性があります",
        detail="差し替え元の支払が銀行で有効である可能性が判明したため、この支払は送信していません。"
        "元の支払が支払済みの場合は、この支払を取り消してください。",
        detail_en="The payout that this one replaces may be alive at the bank after all, so this one is not sent. "
        "Cancel this one if the other was paid.",
    )

"""Rows of several submissions at once: what is sent together, given back one by one, looked at together.

Only what has never been sent is taken into another submission; its line goes over with its mark, and nothing is
left of the submission that it was in.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from integrator.domain.batch import OWN_BANK_CODE, fitting
from integrator.domain.payout import DEAD
from integrator.domain.submission import CancelState, SubmissionState
from integrator.store.database import for_claim
from integrator.store.schema import payouts, submission_lines, submissions
from integrator.store.submissions import Submission, SubmissionLine, Times, find_submissions, lines_of
from integrator.store.supervised import found_orders

SPAN = timedelta(days=1)  # what was sent this far apart is looked for in one list
LOOKED_AT_TOGETHER_MAX = 500


def take_in(tx: Connection, held: Submission, *, at: Times, day: date, is_today: bool) -> tuple[SubmissionLine, ...]:
    """Bring payouts that wait for the same day, oldest first, into an unsent submission that we hold; return all lines.

    They are of the same account, all within this bank or all to other banks, and may go with equally many; their
    own submissions hold one line each and are free.
    """
    (first,) = held.lines
    asked = payouts.c.designated_date
    is_same_day = or_(asked.is_(None), asked <= day.isoformat()) if is_today else asked == day.isoformat()
    is_own_bank = payouts.c.beneficiary_bank_code == OWN_BANK_CODE
    statement = (
        select(submissions.c.submission_id, submission_lines.c.amount_yen)
        .join(submission_lines, submission_lines.c.submission_id == submissions.c.submission_id)
        .join(payouts, payouts.c.payout_id == submission_lines.c.payout_id)
        .where(
            submissions.c.company_id == held.company_id,
            submissions.c.account_id == held.account_id,
            submissions.c.submission_id != held.submission_id,
            submissions.c.state == SubmissionState.WAITING.value,
            submissions.c.body.is_(None),
            submissions.c.claim_count == 0,  # what broke off before goes alone
            submissions.c.together_max == held.together_max,
            submissions.c.due_at <= at.now,
            _is_free(at),
            submission_lines.c.is_live,
            payouts.c.cancel_requested_at.is_(None),
            ~exists().where(found_orders.c.mark == submission_lines.c.mark),  # at the bank already, known by a restore
            ~_is_replacing_living(),
            is_same_day,
            is_own_bank if first.bank_code == OWN_BANK_CODE else ~is_own_bank,
        )
        .order_by(submissions.c.due_at, submissions.c.submission_id)
        .limit(held.together_max - 1)
    )
    found = tx.execute(for_claim(statement, tx, of=submissions)).all()
    count = fitting((row.amount_yen for row in found), beside_yen=first.amount_yen)
    for item_id, row in enumerate(found[:count], start=2):
        tx.execute(
            update(submission_lines)
            .where(submission_lines.c.submission_id == row.submission_id)
            .values(submission_id=held.submission_id, item_id=item_id)
        )
    tx.execute(delete(submissions).where(submissions.c.submission_id.in_([row.submission_id for row in found[:count]])))
    return lines_of(tx, [held.submission_id])[held.submission_id] if count else held.lines


def claim_beside(tx: Connection, held: Submission, *, at: Times, until: datetime, crashes_max: int) -> list[Submission]:
    """Take whatever else of the company one list inquiry shows with `held`, due or not, under the same holder."""
    assert held.first_attempt_at is not None, "what is followed was sent"
    is_watched = submissions.c.followed_since.is_not(None)
    sent_at = submissions.c.first_attempt_at
    span = and_(sent_at >= held.first_attempt_at - SPAN, sent_at <= held.first_attempt_at + SPAN)
    beside = (
        select(submissions.c.submission_id)
        .where(
            submissions.c.company_id == held.company_id,
            submissions.c.account_id == held.account_id,
            submissions.c.submission_id != held.submission_id,
            submissions.c.state == SubmissionState.FOLLOWED.value,
            submissions.c.cancel_state.in_([CancelState.NONE.value, CancelState.WANTED.value]),
            submissions.c.claim_count <= crashes_max,
            _is_free(at),
            is_watched if held.followed_since is not None else and_(~is_watched, span),
        )
        .order_by(submissions.c.due_at, submissions.c.submission_id)
        .limit(LOOKED_AT_TOGETHER_MAX - 1)
    )
    found = tx.scalars(for_claim(beside, tx, of=submissions)).all()
    if not found:
        return []
    tx.execute(
        update(submissions)
        .where(submissions.c.submission_id.in_(found))
        .values(lease_owner=held.holder, lease_until=until, claim_count=submissions.c.claim_count + 1)
    )
    return find_submissions(tx, found)


def prolong(tx: Connection, held: Submission, *, at: Times, until: datetime) -> bool:
    """Hold everything that was claimed with `held` until a later instant. False when `held` itself is lost."""
    statement = (
        update(submissions)
        .where(submissions.c.lease_owner == held.holder, submissions.c.lease_until > at.machine)
        .values(lease_until=until)
        .returning(submissions.c.submission_id)
    )
    return held.submission_id in tx.scalars(statement).all()


def is_cancel_wanted_by_all(tx: Connection, submission_id: str) -> bool:
    """True when ReCORE wants every payout cancelled that this submission can still pay. The bank cancels only all."""
    here = select(submissions.c.company_id, submissions.c.apply_no).where(submissions.c.submission_id == submission_id)
    order = tx.execute(here).one()
    # After a restore each payout of one application may be followed by itself, or not be known yet.
    is_same = and_(payouts.c.company_id == order.company_id, payouts.c.apply_no == order.apply_no)
    mates = () if order.apply_no is None else tx.scalars(select(payouts.c.payout_id).where(is_same)).all()
    statement = (
        select(func.count().label("alive"), func.count(payouts.c.cancel_requested_at).label("wanted"))
        .join(payouts, payouts.c.payout_id == submission_lines.c.payout_id)
        .where(
            or_(submission_lines.c.submission_id == submission_id, submission_lines.c.payout_id.in_(mates)),
            submission_lines.c.is_live,
        )
    )
    row = tx.execute(statement).one()
    is_found = and_(found_orders.c.company_id == order.company_id, found_orders.c.apply_no == order.apply_no)
    is_placed = exists().where(submission_lines.c.mark == found_orders.c.mark)
    forgotten = select(found_orders.c.mark).where(is_found, ~is_placed).limit(1)
    return bool(row.alive == row.wanted) and tx.execute(forgotten).first() is None


def payouts_beside(tx: Connection, submission_id: str, payout_id: str) -> Sequence[str]:
    """Return the payouts that share a submission with this one and can still be paid."""
    return tx.scalars(
        select(submission_lines.c.payout_id)
        .where(
            submission_lines.c.submission_id == submission_id,
            submission_lines.c.payout_id != payout_id,
            submission_lines.c.is_live,
        )
        .order_by(submission_lines.c.item_id)
    ).all()


def _is_replacing_living() -> ColumnElement[bool]:
    old = payouts.alias()
    is_alive = old.c.state.not_in([state.value for state in DEAD])
    return exists().where(old.c.payout_id == payouts.c.replaces, is_alive)


def _is_free(at: Times) -> ColumnElement[bool]:
    return or_(submissions.c.lease_until.is_(None), submissions.c.lease_until <= at.machine)

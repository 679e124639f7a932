"""Rows of submissions: what is sent to the bank, who holds it, and until when.

A worker works on a row only while it holds the lease. `holder` is new at every claim, so that a worker that
wakes up late can never be taken for the one that came after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, and_, bindparam, func, insert, or_, select, update

from integrator.domain.payout import PayoutState
from integrator.domain.submission import CancelState, SubmissionState
from integrator.store.claims import CLAIMS, READY, parameters
from integrator.store.claims import Openings as Openings
from integrator.store.claims import Times as Times
from integrator.store.claims import Work as Work
from integrator.store.database import for_change
from integrator.store.schema import Instant, companies, payouts, submission_lines, submissions

_LINES = (
    select(submission_lines, payouts)
    .join(payouts, payouts.c.payout_id == submission_lines.c.payout_id)
    .where(submission_lines.c.submission_id.in_(bindparam("submission_ids", expanding=True)))
    .order_by(submission_lines.c.submission_id, submission_lines.c.item_id)
)


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """One payout in a submission. `mark` comes back from the bank in ediInfo."""

    item_id: int
    payout_id: str
    mark: str
    amount_yen: int
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str = field(repr=False)
    name_kana: str = field(repr=False)
    designated_date: date | None
    state: PayoutState
    bank_status: str | None
    is_cancel_wanted: bool
    is_live: bool  # false once the bank can no longer pay it, or it was taken out before it was sent
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A claimed submission as it was when it was claimed."""

    submission_id: str
    company_id: str
    account_id: str
    remitter_name: str | None
    state: SubmissionState
    bank_key: str = field(repr=False)
    body: bytes | None = field(repr=False)
    designated_date: date | None
    grant_id: str | None
    first_attempt_at: datetime | None
    attempt_count: int
    apply_no: str | None
    cancel_state: CancelState
    cancel_first_attempt_at: datetime | None
    followed_since: datetime | None
    unseen_since: datetime | None
    stray_apply_no: str | None
    holder: str
    lease_until: datetime
    due_at: datetime
    claim_count: int
    together_max: int
    lines: tuple[SubmissionLine, ...]

    @property
    def live_lines(self) -> tuple[SubmissionLine, ...]:
        """The lines that the bank has, or may have, still to pay."""
        return tuple(line for line in self.lines if line.is_live)


@dataclass(frozen=True, slots=True)
class NewLine:
    item_id: int
    payout_id: str
    mark: str
    amount_yen: int


def insert_submission(
    tx: Connection, submission_id: str, lines: tuple[NewLine, ...], *, at: datetime, values: Mapping[str, Any]
) -> None:
    """Store a submission as `waiting`. `values`: company_id, account_id, bank_key, due_at, together_max if not 99.

    Raises IntegrityError when one of its payouts already has a submission that is not known dead.
    """
    new = {
        "submission_id": submission_id,
        "state": SubmissionState.WAITING.value,
        "attempt_count": 0,
        "cancel_state": CancelState.NONE.value,
        "created_at": at,
        "updated_at": at,
    }
    tx.execute(insert(submissions), {**new, **values})
    tx.execute(
        insert(submission_lines),
        [
            {
                "submission_id": submission_id,
                "item_id": line.item_id,
                "payout_id": line.payout_id,
                "mark": line.mark,
                "amount_yen": line.amount_yen,
                "is_live": True,
            }
            for line in lines
        ],
    )


def has_ready(tx: Connection, work: Work, *, at: Times, openings: Openings) -> bool:
    """True when `claim` would find something; it takes no lock to know."""
    return tx.execute(READY[work], parameters(at, openings)).first() is not None


def claim(
    tx: Connection, work: Work, *, holder: str, at: Times, until: datetime, openings: Openings | None = None
) -> Submission | None:
    """Take the submission that has waited longest for this work, and hold it until `until` (machine's clock).

    Counts the claim; `release` forgets the count, so that it tells how often a claim came to no end.
    """
    present = {**parameters(at, openings), "holder": holder, "until": until}
    row = tx.execute(CLAIMS[tx.dialect.name, work, openings is not None], present).one_or_none()
    if row is None:
        return None
    remitter_name = tx.scalar(select(companies.c.remitter_name).where(companies.c.company_id == row.company_id))
    return _submission(row, lines_of(tx, [row.submission_id])[row.submission_id], remitter_name)


def find_submissions(tx: Connection, submission_ids: Sequence[str]) -> list[Submission]:
    """Return submissions as they are now, those first that have been due longest. Who holds them asks for them."""
    lines = lines_of(tx, submission_ids)
    rows = tx.execute(
        select(submissions, companies.c.remitter_name)
        .join(companies, companies.c.company_id == submissions.c.company_id)
        .where(submissions.c.submission_id.in_(submission_ids))
        .order_by(submissions.c.due_at, submissions.c.submission_id)
    )
    return [_submission(row, lines[row.submission_id], row.remitter_name) for row in rows]


def hold_latest_of(tx: Connection, payout_id: str, *, holder: str, at: Times, until: datetime) -> Submission | None:
    """Take the latest submission of this payout for a person's decision; None while somebody works on it."""
    latest = (
        select(submissions.c.submission_id)
        .join(submission_lines, submission_lines.c.submission_id == submissions.c.submission_id)
        .where(submission_lines.c.payout_id == payout_id)
        .order_by(submission_lines.c.is_live.desc(), submissions.c.created_at.desc())
        .limit(1)
    )
    is_free = or_(submissions.c.lease_owner.is_(None), submissions.c.lease_until <= at.machine)
    held = (
        update(submissions)
        .where(submissions.c.submission_id == latest.scalar_subquery(), is_free)
        .values(lease_owner=holder, lease_until=until)
        .returning(*submissions.c)
    )
    row = tx.execute(held).one_or_none()
    return None if row is None else _submission(row, lines_of(tx, [row.submission_id])[row.submission_id], None)


def what_was_sent(tx: Connection, payout_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for each payout what is known of its latest submission, for a person to look it up at the bank."""
    statement = (
        select(submissions, submission_lines.c.payout_id, submission_lines.c.mark)
        .join(submission_lines, submission_lines.c.submission_id == submissions.c.submission_id)
        .where(submission_lines.c.payout_id.in_(payout_ids))
        .order_by(submission_lines.c.is_live, submissions.c.created_at)
    )
    names = (
        "submission_id",
        "mark",
        "designated_date",
        "first_attempt_at",
        "attempt_count",
        "apply_no",
        "stray_apply_no",
        "doubt_since",
        "doubt_reason",
    )
    return {row.payout_id: {name: row._mapping[name] for name in names} for row in tx.execute(statement)}


def cancel_state_for_change(tx: Connection, submission_id: str) -> CancelState:
    """Return the wish to cancel as it stands now, and hold the row: ReCORE may have asked while we were calling."""
    statement = select(submissions.c.cancel_state).where(submissions.c.submission_id == submission_id)
    return CancelState(tx.execute(for_change(statement, tx, of=submissions)).scalar_one())


def keep_stray(tx: Connection, submission_id: str, apply_no: str, *, at: datetime, is_key_forgotten: bool) -> bool:
    """Take note of an order of ours at the bank that is not the one we follow. False when there is no sign of two.

    While we follow none, a number can be that of a second order only once the bank has forgotten the key. From
    now on the submission waits for a person and is never adopted by program.
    """
    statement = select(submissions.c.apply_no).where(submissions.c.submission_id == submission_id)
    followed = tx.execute(for_change(statement, tx, of=submissions)).scalar_one()
    if followed == apply_no or (followed is None and not is_key_forgotten):
        return False
    values = release({"state": SubmissionState.NEEDS_PERSON.value, "stray_apply_no": apply_no, "due_at": at})
    tx.execute(update(submissions).where(submissions.c.submission_id == submission_id).values(updated_at=at, **values))
    return True


def revive(tx: Connection, submission_id: str, *, at: datetime) -> Sequence[str]:
    """Let what a person recorded as dead be looked up again, and return its payouts: the bank had it after all.

    Nothing changes, and none is returned, unless the submission was ended without its number being known.
    """
    ended = (SubmissionState.DEAD.value, SubmissionState.FINISHED.value, SubmissionState.NEEDS_PERSON.value)
    here = submissions.c.submission_id == submission_id
    is_ended = and_(here, submissions.c.state.in_(ended), submissions.c.apply_no.is_(None))
    if tx.scalar(for_change(select(submissions.c.submission_id).where(is_ended), tx, of=submissions)) is None:
        return ()
    is_line = submission_lines.c.submission_id == submission_id
    dead = payouts.c.state == PayoutState.NOT_EXECUTED.value
    mine = select(submission_lines.c.payout_id).join(payouts, payouts.c.payout_id == submission_lines.c.payout_id)
    revived = tx.scalars(mine.where(is_line, dead).order_by(submission_lines.c.item_id)).all()
    if revived:
        values = release({"state": SubmissionState.NEEDS_PERSON.value, "due_at": at})
        tx.execute(update(submissions).where(here).values(updated_at=at, **values))
        tx.execute(
            update(submission_lines).where(is_line, submission_lines.c.payout_id.in_(revived)).values(is_live=True)
        )
    return revived


def count_lines_of(tx: Connection, payout_id: str) -> int:
    """Return how many lines this payout has had, dead or alive: how often it was made ready to be sent."""
    return tx.scalar(select(func.count()).where(submission_lines.c.payout_id == payout_id)) or 0


def change_held(tx: Connection, held: Submission, *, at: Times, values: Mapping[str, Any]) -> bool:
    """Change a submission that we still hold. False, and nothing changed, when the lease lapsed or passed on."""
    return (
        tx.execute(
            update(submissions)
            .where(
                submissions.c.submission_id == held.submission_id,
                submissions.c.lease_owner == held.holder,
                submissions.c.lease_until > at.machine,
            )
            .values(updated_at=at.now, **values)
        ).rowcount
        == 1
    )


def first_doubt(now: datetime) -> Any:
    """Return the value for `doubt_since` that keeps the beginning of a doubt that is already open."""
    return func.coalesce(submissions.c.doubt_since, bindparam("doubt_begins", now, type_=Instant()))


def release(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` together with giving the lease back: the work on it has come to an end."""
    return {"claim_count": 0, **values, "lease_owner": None, "lease_until": None}


def set_aside(tx: Connection, held: Submission, *, at: Times, until: datetime, claim_count: int) -> None:
    """Let nobody claim this submission until `until` (machine's clock)."""
    values = {"lease_owner": None, "lease_until": until, "claim_count": claim_count, "updated_at": at.now}
    tx.execute(update(submissions).where(submissions.c.submission_id == held.submission_id).values(values))


def release_aside(tx: Connection, payout_id: str, *, at: datetime) -> bool:
    """End the time for which the submission of this payout was set aside. False when it was not."""
    mine = select(submission_lines.c.submission_id).where(
        submission_lines.c.payout_id == payout_id, submission_lines.c.is_live
    )
    # Held until an instant, and by nobody.
    is_aside = and_(submissions.c.lease_owner.is_(None), submissions.c.lease_until > at)
    there = update(submissions).where(submissions.c.submission_id.in_(mine), is_aside)
    return tx.execute(there.values(lease_until=None, claim_count=0)).rowcount == 1


def end(tx: Connection, submission_id: str, *, at: datetime) -> None:
    """Let a submission of which nothing is at the bank die with all its lines. Who ends it holds its row."""
    values = release({"state": SubmissionState.DEAD.value, "updated_at": at})
    tx.execute(update(submissions).where(submissions.c.submission_id == submission_id).values(values))
    bury_lines(tx, submission_id)


def bury_line(tx: Connection, submission_id: str, payout_id: str) -> None:
    """Mark one line as one that the bank can no longer pay."""
    tx.execute(
        update(submission_lines)
        .where(submission_lines.c.submission_id == submission_id, submission_lines.c.payout_id == payout_id)
        .values(is_live=False)
    )


def bury_lines(tx: Connection, submission_id: str) -> None:
    """Mark every line as one that the bank can no longer pay."""
    tx.execute(update(submission_lines).where(submission_lines.c.submission_id == submission_id).values(is_live=False))


def find_live_of(tx: Connection, payout_id: str) -> tuple[str, SubmissionState] | None:
    """Return (submission_id, state) of the one submission of this payout that is not known dead.

    The row stays as it is until the transaction ends.
    """
    statement = (
        select(submissions.c.submission_id, submissions.c.state)
        .join(submission_lines, submission_lines.c.submission_id == submissions.c.submission_id)
        .where(submission_lines.c.payout_id == payout_id, submission_lines.c.is_live)
    )
    row = tx.execute(for_change(statement, tx, of=submissions)).one_or_none()
    return None if row is None else (row.submission_id, SubmissionState(row.state))


def change_unheld(
    tx: Connection, submission_id: str, *, state: SubmissionState, now: datetime, values: Mapping[str, Any]
) -> bool:
    """Change a submission from outside the worker, if it is still in `state`. False when it moved on."""
    return (
        tx.execute(
            update(submissions)
            .where(submissions.c.submission_id == submission_id, submissions.c.state == state.value)
            .values(updated_at=now, **values)
        ).rowcount
        == 1
    )


def lines_of(tx: Connection, submission_ids: Sequence[str]) -> dict[str, tuple[SubmissionLine, ...]]:
    """Return the lines of these submissions, in their order."""
    rows = tx.execute(_LINES, {"submission_ids": submission_ids}).mappings()
    found: dict[str, list[SubmissionLine]] = {submission_id: [] for submission_id in submission_ids}
    for row in rows:
        found[row[submission_lines.c.submission_id]].append(_line(row))
    return {submission_id: tuple(lines) for submission_id, lines in found.items()}


def _line(row: RowMapping) -> SubmissionLine:
    return SubmissionLine(
        item_id=row[submission_lines.c.item_id],
        payout_id=row[submission_lines.c.payout_id],
        mark=row[submission_lines.c.mark],
        amount_yen=row[submission_lines.c.amount_yen],
        bank_code=row[payouts.c.beneficiary_bank_code],
        branch_code=row[payouts.c.beneficiary_branch_code],
        account_type=row[payouts.c.beneficiary_account_type],
        account_number=row[payouts.c.beneficiary_account_number],
        name_kana=row[payouts.c.beneficiary_name_kana],
        designated_date=_day(row[payouts.c.designated_date]),
        state=PayoutState(row[payouts.c.state]),
        bank_status=row[payouts.c.bank_status],
        is_cancel_wanted=row[payouts.c.cancel_requested_at] is not None,
        is_live=row[submission_lines.c.is_live],
        request_id=row[payouts.c.request_id],
    )


def _submission(row: Row[Any], lines: tuple[SubmissionLine, ...], remitter_name: str | None) -> Submission:
    return Submission(
        submission_id=row.submission_id,
        company_id=row.company_id,
        account_id=row.account_id,
        remitter_name=remitter_name,
        state=SubmissionState(row.state),
        bank_key=row.bank_key,
        body=row.body,
        designated_date=_day(row.designated_date),
        grant_id=row.grant_id,
        first_attempt_at=row.first_attempt_at,
        attempt_count=row.attempt_count,
        apply_no=row.apply_no,
        cancel_state=CancelState(row.cancel_state),
        cancel_first_attempt_at=row.cancel_first_attempt_at,
        followed_since=row.followed_since,
        unseen_since=row.unseen_since,
        stray_apply_no=row.stray_apply_no,
        holder=row.lease_owner,
        lease_until=row.lease_until,
        due_at=row.due_at,
        claim_count=row.claim_count,
        together_max=row.together_max,
        lines=lines,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

"""What becomes of the payouts of one request: joined before it is sent, each on its own when it came to nothing.

Everything here happens while the submission is held and nothing of it is at the bank, or all of it is known dead
there; a payout goes again only as a new line, with a new mark, in a submission with a new key. Decision 0012.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from integrator.desk import Desk
from integrator.domain.batch import culprits, together_after_refusal
from integrator.domain.days import civil_date
from integrator.domain.marks import bank_key_of, mark_of
from integrator.domain.outcome import LineRefusal, Rejected
from integrator.domain.payout import PayoutState
from integrator.domain.problem import Problem
from integrator.payouts import new_id
from integrator.store import batches as batch_rows
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.submissions import NewLine, Submission, SubmissionLine, Times


def day_to_send(lines: Iterable[SubmissionLine], *, today: date) -> date:
    """Return the day that an order of these lines is for: the one asked for, and never one that has passed."""
    return max([today, *(line.designated_date for line in lines if line.designated_date is not None)])


def gather(tx: Connection, held: Submission, *, at: Times) -> Submission:
    """Return `held` with everything that waits and may go with it. What was sent before goes as it was.

    What broke its worker before goes alone: whoever is with it would break as well.
    """
    if held.body is not None or held.claim_count > 1 or len(held.lines) > 1:
        return held
    today = civil_date(at.now)
    day = day_to_send(held.lines, today=today)
    return replace(held, lines=batch_rows.take_in(tx, held, at=at, day=day, is_today=day == today))


def refuse(tx: Connection, desk: Desk, sent: Submission, outcome: Rejected, *, at: datetime) -> None:
    """The bank refused the whole request. Who is named is rejected, the rest goes again.

    When nobody is named, all go again, half as many together as before, the oldest first: so as much is paid as
    the bank allows, and at last it says about each payout alone what it has against it.
    """
    rows.bury_lines(tx, sent.submission_id)
    guilty = culprits([line.item_id for line in sent.lines], (line.item_id for line in outcome.lines))
    rest = [line for line in sent.lines if line.item_id not in guilty]
    for line in sent.lines:
        if line.item_id in guilty:
            _reject(tx, line, outcome, at=at)
    together_max = sent.together_max if guilty else together_after_refusal(len(sent.lines))
    send_again(tx, desk, sent, rest, at=at, due_at=None, together_max=together_max)


def send_again(
    tx: Connection,
    desk: Desk,
    dead: Submission,
    lines: Iterable[SubmissionLine],
    *,
    at: datetime,
    due_at: datetime | None,
    together_max: int,
) -> None:
    """Give each of these payouts a submission of its own, due at `due_at` or in the order in which they came.

    Their lines in `dead` are buried already. What ReCORE no longer wants is cancelled here: nothing is at the bank.
    """
    for line in lines:
        if payout_rows.is_cancel_wanted(tx, line.payout_id):
            payout_rows.move(tx, line.payout_id, PayoutState.CANCELLED, at=at)
            continue
        own_key = payout_rows.own_key(tx, line.payout_id)
        turn = rows.count_lines_of(tx, line.payout_id)
        values = {
            "company_id": dead.company_id,
            "account_id": dead.account_id,
            "bank_key": bank_key_of(dead.company_id, own_key, turn),
            "due_at": due_at or min(at, payout_rows.created_at(tx, line.payout_id)),
            "together_max": together_max,
        }
        new = NewLine(1, line.payout_id, mark_of(dead.company_id, own_key, turn), line.amount_yen)
        rows.insert_submission(tx, new_id("su", desk.new_text), (new,), at=at, values=values)
        if payout_rows.state_for_change(tx, line.payout_id) is PayoutState.SUBMITTING:
            payout_rows.move(tx, line.payout_id, PayoutState.ACCEPTED, at=at)


def _reject(tx: Connection, line: SubmissionLine, outcome: Rejected, *, at: datetime) -> None:
    own = [said for said in outcome.lines if said.item_id == line.item_id]
    payout_rows.move(tx, line.payout_id, PayoutState.REJECTED, at=at, problem=_rejection(outcome, own))


def _rejection(outcome: Rejected, own: list[LineRefusal]) -> Problem:
    details = [code for said in own for code in said.detail_codes] or outcome.detail_codes
    codes = "・".join((outcome.code, *details))
    message = " / ".join(said.message for said in own if said.message) or outcome.message
    return Problem(
        code="bank-refused",
        title="銀行が振込依頼を受け付けませんでした",
        detail=f"{message}（{codes}）内容を直して、新しい支払として依頼してください。",
        detail_en=f"The bank refused the order ({codes}). Correct it and place a new payout.",
        came=codes,
    )

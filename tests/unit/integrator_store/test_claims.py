"""Who may work on a submission, and until when. Two claimers never hold the same one."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from integrator import payouts
from integrator.domain.payout import IllegalMove, PayoutState
from integrator.domain.submission import CancelState, SubmissionState
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.schema import submissions
from integrator.store.submissions import NewLine, Submission, Times, Work
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company

LEASE = timedelta(seconds=120)


def place(db: Database, *, key: str = "key-1", seed: int = 1) -> str:
    view, _ = payouts.request_payout(
        db, make_payout_request(), payer=make_payer(), idempotency_key=key, at=NOON, new_text=make_new_text(seed)
    )
    return view.payout_id


def claim(db: Database, work: Work, *, holder: str = "A", now=NOON) -> Submission | None:  # type: ignore[no-untyped-def]
    with db.begin() as tx:
        return rows.claim(tx, work, holder=holder, at=Times(now, now), until=now + LEASE)


def put(db: Database, **values: object) -> None:
    with db.begin() as tx:
        tx.execute(update(submissions).values(**values))


def test_a_claimed_submission_is_claimed_once(db: Database) -> None:
    store_company(db)
    place(db)

    assert claim(db, Work.SUBMIT, holder="A") is not None
    assert claim(db, Work.SUBMIT, holder="B") is None


def test_a_lapsed_lease_lets_the_next_one_in_and_keeps_the_first_one_out(db: Database) -> None:
    store_company(db)
    place(db)
    first = claim(db, Work.SUBMIT, holder="A")
    after = NOON + LEASE
    second = claim(db, Work.SUBMIT, holder="B", now=after)

    assert first is not None
    assert second is not None
    with db.begin() as tx:
        assert not rows.change_held(tx, first, at=Times(after, after), values={"attempt_count": 7})
        assert rows.change_held(tx, second, at=Times(after, after), values={"attempt_count": 1})


def test_a_lease_that_lapsed_counts_for_nothing_even_when_nobody_else_came(db: Database) -> None:
    store_company(db)
    place(db)
    held = claim(db, Work.SUBMIT)
    assert held is not None

    with db.begin() as tx:
        assert not rows.change_held(tx, held, at=Times(NOON + LEASE, NOON + LEASE), values={"attempt_count": 1})


def test_a_company_that_is_not_connected_is_not_served(db: Database) -> None:
    store_company(db, is_connected=False)
    place(db)

    assert claim(db, Work.SUBMIT) is None


@pytest.mark.parametrize(
    ("state", "cancel_state", "is_leased", "work"),
    [
        (SubmissionState.WAITING, CancelState.NONE, False, Work.SUBMIT),
        (SubmissionState.SENDING, CancelState.NONE, False, Work.RESOLVE),
        (SubmissionState.SENDING, CancelState.NONE, True, None),
        (SubmissionState.REPEATING, CancelState.NONE, False, Work.RESOLVE),
        (SubmissionState.REPEATING, CancelState.NONE, True, None),
        (SubmissionState.IN_DOUBT, CancelState.NONE, False, Work.RESOLVE),
        (SubmissionState.NEEDS_PERSON, CancelState.NONE, False, Work.RESOLVE),
        (SubmissionState.FOLLOWED, CancelState.NONE, False, Work.FOLLOW),
        (SubmissionState.FOLLOWED, CancelState.WANTED, False, Work.FOLLOW),
        (SubmissionState.FOLLOWED, CancelState.DUE, False, Work.CANCEL),
        (SubmissionState.FOLLOWED, CancelState.REQUESTED, False, Work.FOLLOW),
        (SubmissionState.DEAD, CancelState.NONE, False, None),
        (SubmissionState.FINISHED, CancelState.NONE, False, None),
    ],
)
def test_each_state_is_worked_on_by_exactly_one_kind_of_work(
    db: Database, state: SubmissionState, cancel_state: CancelState, is_leased: bool, work: Work | None
) -> None:
    store_company(db)
    place(db)
    lease = {"lease_owner": "X", "lease_until": NOON + LEASE if is_leased else NOON}
    put(db, state=state.value, cancel_state=cancel_state.value, first_attempt_at=NOON, **lease)

    for kind in Work:
        put(db, **lease)
        assert (claim(db, kind) is not None) == (kind is work), kind


def test_what_is_not_due_yet_waits(db: Database) -> None:
    store_company(db)
    place(db)
    put(db, due_at=NOON + timedelta(seconds=1))

    assert claim(db, Work.SUBMIT) is None
    assert claim(db, Work.SUBMIT, now=NOON + timedelta(seconds=1)) is not None


def test_a_payout_has_at_most_one_submission_that_is_not_known_dead(db: Database) -> None:
    store_company(db)
    payout_id = place(db)
    values = {"company_id": "shop-0001", "account_id": "101010012345", "bank_key": "other", "due_at": NOON}
    line = (NewLine(1, payout_id, "OTHERMARK", 50_000),)

    with pytest.raises(IntegrityError), db.begin() as tx:
        rows.insert_submission(tx, "su_other", line, at=NOON, values=values)

    with db.begin() as tx:
        live = rows.find_live_of(tx, payout_id)
        assert live is not None
        rows.bury_lines(tx, live[0])
        rows.insert_submission(tx, "su_other", line, at=NOON, values=values)


def test_a_move_outside_the_table_changes_nothing(db: Database) -> None:
    store_company(db)
    payout_id = place(db)

    with pytest.raises(IllegalMove), db.begin() as tx:
        payout_rows.move(tx, payout_id, PayoutState.SETTLED, at=NOON)

    view = payouts.find_payout(db, "shop-0001", payout_id)
    assert view is not None
    assert view.state is PayoutState.ACCEPTED
    assert [state for state, _ in view.history] == [PayoutState.ACCEPTED]


def test_a_claim_carries_everything_that_the_order_needs(db: Database) -> None:
    store_company(db)
    payout_id = place(db)

    held = claim(db, Work.SUBMIT)

    assert held is not None
    (line,) = held.lines
    assert (line.payout_id, line.amount_yen, line.name_kana) == (payout_id, 50_000, "ﾔﾏﾀﾞ ﾀﾛｳ")
    assert len(line.mark) == 20
    assert line.mark.isascii()
    assert line.mark.isalnum()
    assert line.mark == line.mark.upper()


def test_a_lease_goes_by_the_machines_clock_while_the_banks_clock_jumps(db: Database) -> None:
    store_company(db)
    place(db)
    held = claim(db, Work.SUBMIT)
    assert held is not None
    jumped = Times(now=NOON + timedelta(days=3), machine=NOON + timedelta(seconds=1))

    with db.begin() as tx:
        assert rows.claim(tx, Work.SUBMIT, holder="B", at=jumped, until=NOON + LEASE) is None
        assert rows.change_held(tx, held, at=jumped, values={"attempt_count": 1})

"""What the figures and the page read, on both databases: the oldest first, with all that is known."""

from datetime import timedelta

from sqlalchemy import update

from integrator import payouts as placing
from integrator.domain.payout import PayoutState
from integrator.domain.stuck import STUCK_AFTER, stuck_before
from integrator.domain.submission import SubmissionState
from integrator.pulse import Pulse
from integrator.store import overview
from integrator.store import pulse as pulse_rows
from integrator.store.database import Database
from integrator.store.schema import gate_slots, gate_waits, payouts, submissions
from integrator.tally import Tally
from tests.builders import NOON, make_new_text, make_payer, make_payout_request, store_company
from tests.unit.integrator_web.web_side import StandingClock

DOUBT = {"state": SubmissionState.IN_DOUBT.value, "doubt_since": NOON, "doubt_reason": "ReadTimeout", "apply_no": None}


def place(db: Database) -> str:
    store_company(db)
    view, _ = placing.request_payout(
        db, make_payout_request(), payer=make_payer(), idempotency_key="key-1", at=NOON, new_text=make_new_text(1)
    )
    return view.payout_id


def test_every_state_of_a_payout_says_when_it_is_stuck() -> None:
    assert set(STUCK_AFTER) == set(PayoutState)


def test_what_waits_is_told_apart_by_the_companys_consent(db: Database) -> None:
    place(db)

    with db.read() as tx:
        connected, others = (overview.queue(tx, is_connected=flag) for flag in (True, False))

    assert (connected.count + others.count) == 1
    assert (connected.oldest_at or others.oldest_at) == NOON


def test_a_doubt_is_told_with_all_that_is_known(db: Database) -> None:
    payout_id = place(db)
    with db.begin() as tx:
        tx.execute(update(submissions).values(DOUBT))

    with db.read() as tx:
        pile = overview.doubt(tx)
        [row] = overview.doubts(tx)

    assert (pile.count, pile.oldest_at) == (1, NOON)
    assert (row.since, row.reason, row.payouts[0][0]) == (NOON, "ReadTimeout", payout_id)


def test_a_payout_is_stuck_once_its_state_has_lasted_too_long(db: Database) -> None:
    payout_id = place(db)
    with db.begin() as tx:
        tx.execute(update(payouts).values(state="awaiting_confirmation"))

    for after, expected in ((timedelta(minutes=59), []), (timedelta(minutes=60), [payout_id])):
        with db.read() as tx:
            assert [row.payout_id for row in overview.stuck(tx, stuck_before(NOON + after))] == expected


def test_whom_the_bank_limits_is_shown_though_nobody_waits(db: Database) -> None:
    place(db)
    with db.begin() as tx:
        client_id = tx.exec_driver_sql("SELECT client_id FROM companies").scalar_one()
        tx.execute(gate_slots.insert().values(client_id=client_id, next_slot_at=NOON, limited_count=2))
        tx.execute(
            gate_waits.insert().values(
                ticket_id="t", client_id=client_id, urgency="pay", rank_at=NOON, until=NOON + timedelta(seconds=30)
            )
        )

    with db.read() as tx:
        [now] = overview.gates(tx, machine=NOON)
        [later] = overview.gates(tx, machine=NOON + timedelta(minutes=1))
        totals = overview.gate_totals(tx, machine=NOON)

    assert (now.waiting, now.limited_count, later.waiting) == (1, 2, 0)
    assert totals == (1, 1)


def test_two_workers_add_to_the_same_counters_and_the_one_that_ended_is_gone(db: Database) -> None:
    clock = StandingClock()
    tallies = {name: Tally() for name in ("worker-1", "worker-2")}
    for name, tally in tallies.items():
        tally.add("bank_calls", "requestTransfer", "accepted", by=2)
        Pulse(db, clock, tally, worker_id=name, started_at=NOON).beat()
    Pulse(db, clock, tallies["worker-1"], worker_id="worker-1", started_at=NOON).end()

    with db.read() as tx:
        calls = {key: count for key, count in pulse_rows.all_counters(tx).items() if key[0] == "bank_calls"}
        assert calls == {("bank_calls", "requestTransfer", "accepted"): 4}
        assert [worker_id for worker_id, _, _ in pulse_rows.all_workers(tx)] == ["worker-2"]

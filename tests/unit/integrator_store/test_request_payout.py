"""Placing, reading and cancelling payouts, as ReCORE sees it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from integrator import payout_checks, payouts
from integrator.domain.payout import DEAD, PayoutRequest, PayoutState, PayoutView
from integrator.domain.submission import SubmissionState
from integrator.payouts import CancelRefused, IdempotencyConflict, PayoutRefused, PayoutUnknown
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.database import Database
from integrator.store.schema import payouts as payouts_table
from integrator.store.submissions import Times
from tests.builders import COMPANY_ID, NOON, day, make_new_text, make_payer, make_payout_request, store_company


def place(
    db: Database, request: PayoutRequest | None = None, *, key: str = "key-1", seed: int = 1
) -> tuple[PayoutView, bool]:
    return payouts.request_payout(
        db,
        request or make_payout_request(),
        payer=make_payer(),
        idempotency_key=key,
        at=NOON,
        new_text=make_new_text(seed),
    )


def put_state(db: Database, payout_id: str, state: PayoutState) -> None:
    with db.begin() as tx:
        tx.execute(payouts_table.update().where(payouts_table.c.payout_id == payout_id).values(state=state.value))


def test_a_payout_is_accepted_and_shows_what_the_bank_will_print(db: Database) -> None:
    store_company(db)

    view, is_new = place(db)

    assert is_new
    assert view.state is PayoutState.ACCEPTED
    assert view.beneficiary.name_kana == "ﾔﾏﾀﾞ ﾀﾛｳ"
    assert view.as_json()["history"] == [{"state": "accepted", "at": "2026-04-01T03:00:00.000000Z"}]


def test_the_same_key_and_request_give_the_same_payout(db: Database) -> None:
    store_company(db)
    first, _ = place(db)

    again, is_new = place(db, seed=2)

    assert not is_new
    assert again == first


def test_the_same_key_with_another_request_is_refused_and_stores_nothing(db: Database) -> None:
    store_company(db)
    place(db)

    with pytest.raises(IdempotencyConflict):
        place(db, make_payout_request(amount_yen=50_001), seed=2)

    assert len(payouts.list_payouts(db, COMPANY_ID, cursor=None, limit=10)[0]) == 1


def test_two_requests_at_the_same_moment_with_one_key_make_one_payout(db: Database) -> None:
    store_company(db)

    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(lambda seed: place(db, seed=seed), range(4)))

    assert sum(is_new for _, is_new in results) == 1
    assert len({view.payout_id for view, _ in results}) == 1


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"name": "山田太郎"}, "/beneficiary/name", "カタカナ・英数字・ ( ) - . / ,"),
        ({"name": "ガ" * 25}, "/beneficiary/name", "at most 48 half-width characters"),
        ({"amount_yen": 1_000_001}, "/amount_yen", "1–1000000"),
        ({"amount_yen": 0}, "/amount_yen", "1–1000000"),
        ({"case_type": "贈与"}, "/case/type", "店頭買取・宅配買取・一般仕入・委託仕入"),
        ({"designated_date": day("2026-03-31")}, "/designated_date", "2026-04-01–2027-04-01"),
        ({"designated_date": day("2027-04-02")}, "/designated_date", "2026-04-01–2027-04-01"),
        ({"replaces": "po_unknown"}, "/replaces", "this company's payout"),
    ],
)
def test_a_refusal_names_the_field_and_what_was_expected(
    db: Database, changed: dict[str, object], field: str, expected: str
) -> None:
    store_company(db)

    with pytest.raises(PayoutRefused) as refused:
        place(db, make_payout_request(**changed))

    problem = refused.value.problem
    assert (problem.field, problem.expected) == (field, expected)
    assert problem.detail
    assert problem.detail_en
    assert payouts.list_payouts(db, COMPANY_ID, cursor=None, limit=10) == ([], None)


@pytest.mark.parametrize("state", list(PayoutState))
def test_only_a_payout_that_is_known_dead_can_be_replaced(db: Database, state: PayoutState) -> None:
    store_company(db)
    old, _ = place(db)
    put_state(db, old.payout_id, state)
    request = make_payout_request(replaces=old.payout_id)

    if state in DEAD:
        view, _ = place(db, request, key="key-2", seed=2)
        assert view.replaces == old.payout_id
        with pytest.raises(PayoutRefused, match="replacement"):
            place(db, request, key="key-3", seed=3)
    else:
        with pytest.raises(PayoutRefused, match="may still be paid"):
            place(db, request, key="key-2", seed=2)


def test_a_list_is_read_page_by_page_without_gap_or_repetition(db: Database) -> None:
    store_company(db)
    placed = [place(db, key=f"key-{number}", seed=number)[0].payout_id for number in range(7)]

    seen: list[str] = []
    cursor = None
    for _ in range(4):
        page, cursor = payouts.list_payouts(db, COMPANY_ID, cursor=cursor, limit=3)
        seen += [view.payout_id for view in page]
        if cursor is None:
            break

    assert sorted(seen) == sorted(placed)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    "cursor", ["", "x", "bm90IGEgY3Vyc29y", "MjAyNi0wNC0wMVQwMzowMDowMCBwb19h", "MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSB4"]
)
def test_a_cursor_that_is_not_ours_is_refused(db: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        payouts.list_payouts(db, COMPANY_ID, cursor=cursor, limit=3)


def test_another_company_sees_nothing_of_it(db: Database) -> None:
    store_company(db)
    view, _ = place(db)

    assert payouts.find_payout(db, "shop-0002", view.payout_id) is None
    with pytest.raises(PayoutUnknown):
        payouts.request_cancel(db, "shop-0002", view.payout_id, at=NOON)


def test_what_was_never_sent_is_cancelled_at_once_and_for_good(db: Database) -> None:
    store_company(db)
    view, _ = place(db)

    cancelled = payouts.request_cancel(db, COMPANY_ID, view.payout_id, at=NOON)
    again = payouts.request_cancel(db, COMPANY_ID, view.payout_id, at=NOON + timedelta(seconds=1))

    assert cancelled.state is PayoutState.CANCELLED
    assert again == cancelled
    with db.begin() as tx:
        assert rows.find_live_of(tx, view.payout_id) is None
        assert (
            rows.claim(tx, rows.Work.SUBMIT, holder="A", at=Times(NOON, NOON), until=NOON + timedelta(minutes=1))
            is None
        )


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (PayoutState.SUBMITTING, PayoutState.SUBMITTING),
        (PayoutState.IN_DOUBT, PayoutState.IN_DOUBT),
        (PayoutState.AWAITING_CONFIRMATION, PayoutState.CANCELLING),
        (PayoutState.AWAITING_APPROVAL, PayoutState.CANCELLING),
        (PayoutState.RESERVED, PayoutState.CANCELLING),
    ],
)
def test_what_may_be_at_the_bank_is_cancelling_until_the_bank_has_made_it_dead(
    db: Database, state: PayoutState, shown: PayoutState
) -> None:
    store_company(db)
    view, _ = place(db)
    put_state(db, view.payout_id, state)
    with db.begin() as tx:
        live = rows.find_live_of(tx, view.payout_id)
        assert live is not None
        sent = {"state": SubmissionState.FOLLOWED.value}
        rows.change_unheld(tx, live[0], state=live[1], now=NOON, values=sent)

    assert payouts.request_cancel(db, COMPANY_ID, view.payout_id, at=NOON).state is shown


@pytest.mark.parametrize(
    "state",
    [
        PayoutState.PROCESSING,
        PayoutState.SETTLED,
        PayoutState.RECALL_IN_PROCESS,
        PayoutState.NEEDS_PERSON,
        *sorted(DEAD - {PayoutState.CANCELLED}),
    ],
)
def test_what_can_no_longer_be_cancelled_is_refused_with_its_state(db: Database, state: PayoutState) -> None:
    store_company(db)
    view, _ = place(db)
    put_state(db, view.payout_id, state)

    with pytest.raises(CancelRefused) as refused:
        payouts.request_cancel(db, COMPANY_ID, view.payout_id, at=NOON)

    assert refused.value.state is state
    assert payouts.find_payout(db, COMPANY_ID, view.payout_id) == replace(view, state=state)


def test_a_problem_stays_until_the_payout_moves_on(db: Database) -> None:
    store_company(db)
    view, _ = place(db)
    problem = payout_checks.PayoutRefused(payout_checks.already_replaced()).problem
    with db.begin() as tx:
        payout_rows.move(tx, view.payout_id, PayoutState.SUBMITTING, at=NOON, problem=problem)
        payout_rows.move(tx, view.payout_id, PayoutState.SUBMITTING, at=NOON)
    kept = payouts.find_payout(db, COMPANY_ID, view.payout_id)
    with db.begin() as tx:
        payout_rows.move(tx, view.payout_id, PayoutState.AWAITING_CONFIRMATION, at=NOON)
    gone = payouts.find_payout(db, COMPANY_ID, view.payout_id)

    assert kept is not None
    assert kept.problem == problem.as_json()
    assert gone is not None
    assert gone.problem is None

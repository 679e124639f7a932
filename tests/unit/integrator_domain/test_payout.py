"""The states of a payout and the moves between them."""

from dataclasses import replace
from itertools import product

import pytest

from integrator.domain.payout import (
    CASE_TYPES,
    DEAD,
    FREE,
    MOVES,
    Beneficiary,
    IllegalMove,
    PayoutRequest,
    PayoutState,
    check_move,
    is_reconciled,
)
from integrator.domain.submission import STANDINGS, SubmissionState
from tests.unit.integrator_domain.shown import SHOWN_PAYOUT, make_view

P = PayoutState


@pytest.mark.parametrize(("state", "to"), list(product(PayoutState, repeat=2)))
def test_a_payout_moves_only_where_the_table_allows(state: PayoutState, to: PayoutState) -> None:
    if to is state or to in MOVES[state]:
        check_move(state, to)
    else:
        with pytest.raises(IllegalMove):
            check_move(state, to)


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(PayoutState)


def test_dead_is_what_the_bank_can_no_longer_pay_or_has_given_back() -> None:
    assert sorted(DEAD) == sorted([P.RETURNED, P.REJECTED, P.EXPIRED, P.NOT_EXECUTED, P.WITHDRAWN, P.CANCELLED])


@pytest.mark.parametrize("dead", sorted(DEAD))
def test_the_only_way_out_of_dead_is_the_alarm(dead: PayoutState) -> None:
    assert MOVES[dead] == {P.NEEDS_PERSON}


@pytest.mark.parametrize("alive", sorted(set(PayoutState) - DEAD))
def test_what_is_alive_can_come_to_an_end(alive: PayoutState) -> None:
    reached, todo = set(), [alive]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo.extend(MOVES[state])

    assert reached & DEAD


def test_every_standing_that_buries_a_submission_leaves_a_dead_payout() -> None:
    for status, standing in STANDINGS.items():
        assert (standing.submission is SubmissionState.DEAD) == (standing.payout in DEAD), status


AT_BANK = (
    "awaiting_confirmation awaiting_approval reserved processing settled recall_in_process returned expired "
    "not_executed withdrawn cancelling cancelled needs_person"
)


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (P.ACCEPTED, "submitting in_doubt cancelled needs_person"),
        (P.SUBMITTING, f"{AT_BANK} accepted in_doubt rejected"),
        (P.IN_DOUBT, f"{AT_BANK} submitting"),
        (P.AWAITING_CONFIRMATION, AT_BANK.replace("awaiting_confirmation", "")),
        (P.AWAITING_APPROVAL, AT_BANK.replace("awaiting_confirmation awaiting_approval", "")),
        (P.RESERVED, AT_BANK.replace("awaiting_confirmation awaiting_approval reserved", "")),
        (P.PROCESSING, "settled recall_in_process returned not_executed needs_person"),
        (P.SETTLED, "recall_in_process returned needs_person"),
        (P.RECALL_IN_PROCESS, "returned settled needs_person"),
        (P.CANCELLING, AT_BANK.replace("cancelling", "")),
        (P.NEEDS_PERSON, f"{AT_BANK} submitting in_doubt".replace("needs_person", "")),
    ],
)
def test_where_a_payout_that_is_alive_can_go(state: PayoutState, to: str) -> None:
    assert MOVES[state] == {P(word) for word in to.split()}


@pytest.mark.parametrize(
    ("state", "debited_on", "returned_on", "is_done"),
    [
        (P.SETTLED, "2026-04-01", None, True),
        (P.SETTLED, None, None, False),
        (P.RECALL_IN_PROCESS, "2026-04-01", None, True),
        (P.RETURNED, "2026-04-01", None, False),
        (P.RETURNED, "2026-04-01", "2026-04-02", True),
        (P.RETURNED, None, "2026-04-02", False),
        (P.NOT_EXECUTED, "2026-04-01", "2026-04-02", True),
        (P.NOT_EXECUTED, None, None, False),
        (P.PROCESSING, "2026-04-01", "2026-04-02", False),
        (P.CANCELLED, "2026-04-01", "2026-04-02", False),
    ],
)
def test_a_payout_is_reconciled_when_the_statement_shows_all_that_its_state_says(
    state: PayoutState, debited_on: str | None, returned_on: str | None, is_done: bool
) -> None:
    assert is_reconciled(state, debited_on, returned_on) is is_done


def test_staying_where_one_is_is_no_move_even_where_nothing_can_follow() -> None:
    for state in PayoutState:
        check_move(state, state)


def test_a_payout_is_shown_with_every_member_under_its_name() -> None:
    assert make_view().as_json() == SHOWN_PAYOUT


def test_what_has_no_value_is_not_shown() -> None:
    view = replace(make_view(), designated_date=None, replaces=None, fee_yen=None, apply_no=None, problem=None)

    absent = {"designated_date", "replaces", "fee_yen", "apply_no", "problem"}
    assert view.as_json() == {name: value for name, value in SHOWN_PAYOUT.items() if name not in absent}


@pytest.mark.parametrize("state", PayoutState)
def test_a_fee_is_shown_unless_nothing_was_taken_in_the_end(state: PayoutState) -> None:
    is_free = state in (P.REJECTED, P.EXPIRED, P.NOT_EXECUTED, P.WITHDRAWN, P.CANCELLED)

    assert replace(make_view(), state=state).as_json().get("fee_yen") == (None if is_free else 143)
    assert (state in FREE) is is_free


def test_a_payout_without_a_fee_shows_that_it_costs_nothing() -> None:
    assert replace(make_view(), fee_yen=0, is_reconciled=False).as_json()["fee_yen"] == 0


def test_neither_account_numbers_nor_names_are_printed() -> None:
    request = PayoutRequest(1, "0001", "002", "1", "1234567", "ヤマダ タロウ", "店頭買取", "K-1")
    printed = repr(request) + repr(Beneficiary("0001", "002", "1", "1234567", "ヤマダ タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"))

    assert not [private for private in ("1234567", "ヤマダ", "ﾔﾏﾀﾞ") if private in printed]


def test_the_kinds_of_cases_are_those_of_the_shops() -> None:
    assert CASE_TYPES == ("店頭買取", "宅配買取", "一般仕入", "委託仕入")

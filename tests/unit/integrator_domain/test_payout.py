"""The states of a payout and the moves between them."""

from itertools import product

import pytest

from integrator.domain.payout import DEAD, MOVES, IllegalMove, PayoutState, check_move
from integrator.domain.submission import STANDINGS, SubmissionState

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

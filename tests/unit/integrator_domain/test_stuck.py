"""How long each state of a payout may last before a person should look."""

from datetime import timedelta

import pytest

from integrator.domain.payout import PayoutState
from integrator.domain.stuck import STUCK_AFTER, stuck_before
from tests.unit.integrator_domain.shown import NOON

P = PayoutState
LASTS = {
    P.NEEDS_PERSON: timedelta(0),
    P.IN_DOUBT: timedelta(minutes=2),
    P.ACCEPTED: timedelta(minutes=2),
    P.SUBMITTING: timedelta(minutes=3),
    P.CANCELLING: timedelta(minutes=15),
    P.AWAITING_CONFIRMATION: timedelta(minutes=60),
    P.AWAITING_APPROVAL: timedelta(hours=24),
    P.PROCESSING: timedelta(hours=24),
    P.RECALL_IN_PROCESS: timedelta(weeks=1),
}


@pytest.mark.parametrize("state", LASTS)
def test_a_state_is_stuck_once_it_has_lasted_so_long(state: PayoutState) -> None:
    assert stuck_before(NOON)[state] == NOON - LASTS[state]


def test_an_end_and_what_waits_for_its_day_is_never_stuck_and_no_state_is_forgotten() -> None:
    assert set(stuck_before(NOON)) == set(LASTS)
    assert set(STUCK_AFTER) == set(PayoutState)

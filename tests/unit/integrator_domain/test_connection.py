"""The table of connections is complete, and the times of renewal and announcement are as stated."""

from datetime import timedelta

import pytest

from integrator.domain.connection import MOVES, ConnectionState, Happening, days_to_announce, is_renewal_due
from tests.builders import NOON

THIRTY_DAYS = timedelta(days=30)


def test_whoever_consents_is_connected_and_only_a_connected_company_knows_anything_else() -> None:
    for state in ConnectionState:
        assert MOVES[state, Happening.CONSENTED].state is ConnectionState.CONNECTED
    others = {state for state, happened in MOVES if happened is not Happening.CONSENTED}
    assert others == {ConnectionState.CONNECTED}
    assert {happened for state, happened in MOVES if state is ConnectionState.CONNECTED} == set(Happening)


def test_whatever_may_cost_or_has_cost_the_consent_is_an_alarm() -> None:
    alarms = {happened for (_, happened), move in MOVES.items() if move.is_alarm}

    assert alarms == set(Happening) - {Happening.CONSENTED, Happening.REFRESHED, Happening.REFRESH_NOT_SENT}


@pytest.mark.parametrize(
    ("left", "is_due_when_quiet", "is_due_with_payouts"),
    [
        ({"days": 7, "seconds": 1}, False, False),
        ({"days": 7}, True, False),
        ({"days": 1, "seconds": 1}, True, False),
        ({"days": 1}, True, True),
        ({"days": -1}, True, True),
    ],
)
def test_a_token_is_renewed_early_when_nothing_waits_and_in_its_last_day_whatever_waits(
    left: dict[str, int], is_due_when_quiet: bool, is_due_with_payouts: bool
) -> None:
    given = {"left": timedelta(**left), "lifetime": THIRTY_DAYS}

    assert is_renewal_due(**given, is_payout_waiting=False) == is_due_when_quiet
    assert is_renewal_due(**given, is_payout_waiting=True) == is_due_with_payouts


def test_a_token_that_lives_an_hour_is_renewed_at_its_half_or_its_last_quarter() -> None:
    hour = timedelta(hours=1)

    assert not is_renewal_due(left=timedelta(minutes=31), lifetime=hour, is_payout_waiting=False)
    assert is_renewal_due(left=timedelta(minutes=30), lifetime=hour, is_payout_waiting=False)
    assert not is_renewal_due(left=timedelta(minutes=30), lifetime=hour, is_payout_waiting=True)
    assert is_renewal_due(left=timedelta(minutes=15), lifetime=hour, is_payout_waiting=True)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        ({"days": 14, "seconds": 1}, None),
        ({"days": 14}, 14),
        ({"days": 7, "seconds": 1}, 14),
        ({"days": 7}, 7),
        ({"days": 1, "seconds": 1}, 7),
        ({"days": 1}, 1),
        ({"days": -3}, 1),
    ],
)
def test_an_end_is_announced_14_7_and_1_day_ahead(left: dict[str, int], days: int | None) -> None:
    assert days_to_announce(NOON + timedelta(**left), now=NOON) == days

"""How much of a day's limit is used, move by move."""

from datetime import date
from itertools import pairwise

import pytest

from mock_gmo.bank.limits import LimitUse
from mock_gmo.bank.states import TransferStatus as S

DAY, NEXT_DAY = date(2026, 4, 1), date(2026, 4, 2)
PLACE = ("101011234567", DAY)


def follow(*states: S, yen: int = 300) -> LimitUse:
    use = LimitUse()
    for before, after in pairwise(states):
        use.follow(PLACE, counted_yen=yen, before=before, after=after)
    return use


@pytest.mark.parametrize(
    ("states", "paid_yen", "taken_yen"),
    [
        ((S.REQUESTED, S.APPLIED), 0, 300),
        ((S.REQUESTED, S.RESERVED), 0, 300),
        ((S.REQUESTED, S.APPLIED, S.RESERVED), 0, 300),
        ((S.REQUESTED, S.RESERVED, S.CANCELLED), 0, 0),
        ((S.REQUESTED, S.RESERVED, S.RETRYING), 0, 300),
        ((S.REQUESTED, S.RESERVED, S.IN_PROCESS), 300, 300),
        ((S.REQUESTED, S.IN_PROCESS), 300, 300),
        ((S.REQUESTED, S.IN_PROCESS, S.NOT_EXECUTED), 0, 0),
        ((S.REQUESTED, S.IN_PROCESS, S.SETTLED, S.FUNDS_RETURNED), 300, 300),
        ((S.REQUESTED, S.LAPSED), 0, 0),
    ],
)
def test_planned_yen_become_paid_ones_and_what_failed_is_given_back(
    states: tuple[S, ...], paid_yen: int, taken_yen: int
) -> None:
    use = follow(*states)

    assert (use.paid_yen(*PLACE), use.taken_yen(*PLACE)) == (paid_yen, taken_yen)


def test_planned_and_paid_yen_of_a_day_add_up_and_of_other_days_do_not() -> None:
    use = follow(S.REQUESTED, S.RESERVED)
    use.follow(PLACE, counted_yen=50, before=S.REQUESTED, after=S.IN_PROCESS)
    use.follow((PLACE[0], NEXT_DAY), counted_yen=7, before=S.REQUESTED, after=S.IN_PROCESS)

    assert (use.paid_yen(*PLACE), use.taken_yen(*PLACE)) == (50, 350)
    assert use.taken_yen("other", DAY) == 0


def test_what_does_not_count_leaves_no_trace() -> None:
    use = follow(S.REQUESTED, S.RESERVED, S.IN_PROCESS, yen=0)

    assert (dict(use.planned), dict(use.paid)) == ({}, {})


def test_a_move_within_the_same_part_leaves_no_trace_in_the_other() -> None:
    assert dict(follow(S.REQUESTED, S.APPLIED, S.RESERVED).paid) == {}

"""The arithmetic of slots: whatever delays a call within the bounds, no second at the bank is over the limit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.domain.turns import (
    LATE_MAX,
    LIMITED_WAITS,
    SECOND,
    JitterWatch,
    Urgency,
    limited_wait,
    rank_at,
    spacing,
)

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
microseconds = st.integers(0, 10**6).map(lambda count: timedelta(microseconds=count))


@given(
    limit=st.integers(1, 100),
    jitter_ms=st.integers(0, 1000),
    delays=st.lists(st.floats(0, 1), min_size=2, max_size=250),
    pauses=st.lists(microseconds, max_size=250),
)
def test_no_sliding_second_holds_more_calls_than_the_limit(
    limit: int, jitter_ms: int, delays: list[float], pauses: list[timedelta]
) -> None:
    jitter = timedelta(milliseconds=jitter_ms)
    slot, arrivals = NOON, []
    for number, delay in enumerate(delays):
        arrivals.append(slot + (LATE_MAX + jitter) * delay)
        slot += spacing(limit, jitter=jitter) + (pauses[number] if number < len(pauses) else timedelta(0))

    arrivals.sort()
    assert all(later - earlier >= SECOND for earlier, later in zip(arrivals, arrivals[limit:], strict=False))


@given(limit=st.integers(1, 100))
def test_nine_tenths_of_the_allowance_are_used_at_the_default_jitter(limit: int) -> None:
    assert SECOND / (spacing(limit, jitter=timedelta(milliseconds=50)) * limit) >= 0.93


@given(waited=st.floats(-10, 10**6), urgency=st.sampled_from(list(Urgency)))
def test_who_waited_longer_never_stands_behind_who_waited_less(waited: float, urgency: Urgency) -> None:
    longer = rank_at(NOON, urgency, waited=timedelta(seconds=waited + 1))

    assert longer <= rank_at(NOON, urgency, waited=timedelta(seconds=waited))


@pytest.mark.parametrize(("count", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (99, 30)])
def test_the_wait_after_so_many_refusals_in_a_row(count: int, seconds: int) -> None:
    assert limited_wait(count) == timedelta(seconds=seconds) <= max(LIMITED_WAITS)


def test_a_way_within_the_bound_is_no_alarm_and_the_shortest_one_seen_is_the_measure() -> None:
    watch = JitterWatch(timedelta(milliseconds=50))
    ways = [timedelta(milliseconds=milliseconds) for milliseconds in (30, 80, 81, 10, 61)]

    assert [watch.excess(way) for way in ways] == [None, None, ways[2] - ways[0], None, ways[4] - ways[3]]

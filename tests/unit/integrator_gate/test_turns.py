"""The arithmetic of slots: whatever delays a call within the bounds, no second at the bank is over the limit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.domain.turns import (
    AHEAD,
    GRACE,
    LATE_MAX,
    LEAD,
    LIMITED_WAITS,
    SECOND,
    STALE_AFTER,
    STANDS_BACK,
    WAITED_MAX,
    JitterWatch,
    Urgency,
    late_max_of,
    limited_wait,
    opens_at,
    rank_at,
    slot_at,
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


def test_the_measures_of_the_gate_are_those_of_its_decision() -> None:
    milliseconds = {"late": LATE_MAX, "ahead": AHEAD, "lead": LEAD, "grace": GRACE}

    assert {name: length / timedelta(milliseconds=1) for name, length in milliseconds.items()} == {
        "late": 15,
        "ahead": 100,
        "lead": 50,
        "grace": 20,
    }
    assert (timedelta(seconds=1), timedelta(hours=1), timedelta(minutes=1)) == (SECOND, STALE_AFTER, WAITED_MAX)
    assert {urgency.value: back.total_seconds() for urgency, back in STANDS_BACK.items()} == {
        "pay": 0,
        "soon": 2,
        "later": 8,
    }


def test_slots_share_out_the_second_and_all_that_may_delay_a_call() -> None:
    assert spacing(10, jitter=timedelta(milliseconds=50)) == timedelta(microseconds=106_500)
    assert spacing(3, jitter=timedelta(milliseconds=50)) == timedelta(microseconds=355_000)
    assert spacing(7, jitter=timedelta(milliseconds=50)) == timedelta(microseconds=152_143)


@pytest.mark.parametrize(
    ("urgency", "waited", "rank"),
    [
        (Urgency.PAY, -5, 0),
        (Urgency.PAY, 0, 0),
        (Urgency.PAY, 7, -7),
        (Urgency.PAY, 60, -60),
        (Urgency.PAY, 61, -60),
        (Urgency.SOON, 0, 2),
        (Urgency.SOON, 7, -5),
        (Urgency.LATER, 0, 8),
        (Urgency.LATER, 3600, -52),
    ],
)
def test_a_place_in_the_queue_is_the_begin_of_the_wait_and_the_time_to_stand_back(
    urgency: Urgency, waited: int, rank: int
) -> None:
    assert rank_at(NOON, urgency, waited=timedelta(seconds=waited)) == NOON + timedelta(seconds=rank)


def test_a_call_may_leave_four_times_as_late_after_each_departure_that_it_missed() -> None:
    assert [late_max_of(tried) / timedelta(milliseconds=1) for tried in (0, 1, 2, 3)] == [15, 60, 240, 960]


def test_who_has_not_waited_before_begins_now() -> None:
    assert rank_at(NOON, Urgency.PAY) == NOON


def test_each_better_waiter_has_its_grace_before_the_next_one_may_go() -> None:
    waits = [opens_at(NOON, better=better) - NOON for better in (0, 1, 4)]

    assert waits == [timedelta(milliseconds=-100), timedelta(milliseconds=-80), timedelta(milliseconds=-20)]


def test_a_turn_is_for_the_next_free_slot_or_as_soon_as_there_is_time_for_the_intent() -> None:
    assert slot_at(NOON + timedelta(milliseconds=51), NOON) == NOON + timedelta(milliseconds=51)
    assert slot_at(NOON - timedelta(hours=1), NOON) == NOON + timedelta(milliseconds=50)


def test_the_shortest_way_is_forgotten_after_so_many_others() -> None:
    watch = JitterWatch(timedelta(milliseconds=50), memory=3)
    long = timedelta(milliseconds=100)
    shorter_by = [watch.excess(way) for way in (timedelta(0), long, long, long)]

    assert shorter_by == [None, long, long, None]


def test_sixty_four_ways_are_remembered() -> None:
    watch = JitterWatch(timedelta(milliseconds=50))
    long = timedelta(milliseconds=100)
    seen = [watch.excess(way) for way in (timedelta(0), *[long] * 64)]

    assert seen == [None, *[long] * 63, None]

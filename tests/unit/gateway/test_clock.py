"""The bank's clock: it starts, runs, stops and never goes back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mock_gmo.clock import BankClock, ClockBackwards, ClockOutOfRange
from tests.unit.gateway.calling import NOON, HandClock

START = datetime.fromtimestamp(NOON, UTC)


def test_without_a_start_the_bank_has_the_real_time() -> None:
    assert BankClock(HandClock()).now() == START


def test_it_runs_with_real_time_from_where_it_was_set() -> None:
    real = HandClock()
    clock = BankClock(real, start=datetime(2030, 1, 1, tzinfo=UTC))
    clock.set(datetime(2030, 1, 2, tzinfo=UTC))
    real.seconds += 1.5

    assert clock.now() == datetime(2030, 1, 2, 0, 0, 1, 500_000, tzinfo=UTC)


def test_frozen_it_moves_only_by_hand_and_goes_on_from_there() -> None:
    real = HandClock()
    clock = BankClock(real)
    clock.freeze(True)
    real.seconds += 100
    clock.advance(5)
    assert clock.now() == START + timedelta(seconds=5)
    clock.freeze(False)
    real.seconds += 1
    assert clock.now() == START + timedelta(seconds=6)


def test_the_rate_counts_from_the_moment_it_is_set() -> None:
    real = HandClock()
    clock = BankClock(real)
    real.seconds += 10
    clock.set_rate(60)
    real.seconds += 1
    assert clock.now() == START + timedelta(seconds=70)


def test_it_never_goes_back_even_when_the_machine_does() -> None:
    real = HandClock()
    clock = BankClock(real)
    real.seconds += 10
    before = clock.now()
    real.seconds -= 5
    assert clock.now() == before
    with pytest.raises(ClockBackwards):
        clock.set(before - timedelta(microseconds=1))
    with pytest.raises(ClockBackwards):
        clock.advance(-1)


@pytest.mark.parametrize("rate", [0, -1, 100_001, float("nan")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(ClockOutOfRange):
        BankClock(HandClock()).set_rate(rate)


def test_today_is_the_day_in_japan() -> None:
    clock = BankClock(HandClock(), start=datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC))
    clock.freeze(True)
    assert clock.today() == date(2026, 3, 31)
    clock.advance(1)
    assert clock.today() == date(2026, 4, 1)


@pytest.mark.parametrize("year", [1969, 2100, 2199])
def test_it_shows_only_years_whose_holidays_are_known(year: int) -> None:
    outside = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(ClockOutOfRange, match=f"1970 to 2099, whose holidays are known, not {year}-06-01"):
        BankClock(HandClock(), start=outside)


def test_it_goes_to_the_last_instant_of_the_last_year_in_japan_and_no_further() -> None:
    clock = BankClock(HandClock())
    clock.freeze(True)
    clock.set(datetime(2099, 12, 31, 14, 59, 59, 999_999, tzinfo=UTC))

    with pytest.raises(ClockOutOfRange, match="1970 to 2099"):
        clock.advance(1)
    with pytest.raises(ClockOutOfRange, match="not 2100-01-01"):
        clock.set(datetime(2100, 1, 1, tzinfo=UTC))
    assert clock.today() == date(2099, 12, 31)

"""A worker's clock against the database's: what is certain of the distance, when it is an alarm, where it shows."""

import logging
from datetime import timedelta

import pytest

from integrator.pulse import REMINDER, ClockWatch, Pulse, ahead_of
from integrator.store import pulse as rows
from integrator.store.database import Database
from integrator.tally import Tally
from tests.builders import NOON

MS = timedelta(milliseconds=1)


class SlowClock:
    """A clock that stands still at one instant."""

    def now(self) -> object:
        return NOON


@pytest.mark.parametrize(
    ("servers", "ahead_ms"), [(-40, 40), (0, 0), (5, 0), (10, 0), (50, -40)], ids=["behind us", "", "", "", "before us"]
)
def test_only_what_lies_outside_of_the_question_is_certain(servers: int, ahead_ms: int) -> None:
    assert ahead_of(NOON + servers * MS, before=NOON, after=NOON + 10 * MS) == ahead_ms


def test_a_clock_beyond_the_bound_is_an_alarm_at_once_then_now_and_then_until_it_agrees(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = ClockWatch(25)

    with caplog.at_level(logging.INFO):
        found = [watch.is_beyond(ahead) for ahead in (25, *[-26] * (REMINDER + 1), 0, 0)]

    assert found == [False, *[True] * (REMINDER + 1), False, False]
    skewed = "clock.skewed ahead_ms=-26 bound_ms=25"
    assert [record.getMessage() for record in caplog.records] == [skewed, skewed, "clock.agrees ahead_ms=0"]


def test_a_server_has_a_clock_of_its_own_and_a_file_has_none(db: Database) -> None:
    tally = Tally()
    clock = SlowClock()
    Pulse(db, clock, tally, worker_id="w", started_at=NOON).beat()  # type: ignore[arg-type]

    with db.read() as tx:
        found = rows.clocks_ahead_ms(tx, since=NOON)
        counted = rows.all_counters(tx)
    if db.url.get_backend_name() == "sqlite":
        assert (found, counted) == ([], {})
    else:  # the server lives today, and our clock stands at a noon of the past or the future
        assert abs(found[0]) > 25
        assert sum(tally.take().values()) == 1

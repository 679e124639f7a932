"""The world finds what was planted, tells it as a story, and a world that cannot be set up passes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from integrator.domain.days import civil_date
from mock_gmo.gateway.connection import ConnectionDropped
from tests.mutants.planting import load_programs, member
from tests.mutants.wrong_banks import WRONG_BANKS
from tests.mutants.wrong_integrators import WRONG_INTEGRATORS
from tests.simulation.baton import Baton, WorldClock
from tests.simulation.checks import Broken
from tests.simulation.profiles import PROFILES
from tests.simulation.shrink import shrunk
from tests.simulation.stage import NotSetUp, Stage
from tests.simulation.story import Failure, Result, is_accident_of_the_world, run

DEV = PROFILES["dev"]
SEEDS_MAX = 12
MISTAKES = {mistake.name: mistake for mistake in (*WRONG_INTEGRATORS, *WRONG_BANKS)}
# All of them are hunted by `make mutants`; these die so soon that every run of the tests sees it.
QUICKLY_FOUND = (
    "new-key-on-retry",
    "not-found-is-dead",
    "limit-per-process",
    "callbacks-out-of-order",
    "tokens-unsealed",
    "bank-debits-twice",
)


def first_failure(mistake: str) -> Result | None:
    load_programs()
    results = (run(seed, DEV, around=MISTAKES[mistake].plant()) for seed in range(1, SEEDS_MAX + 1))
    return next((result for result in results if result.failure is not None), None)


@pytest.mark.parametrize("mistake", QUICKLY_FOUND)
def test_a_planted_mistake_is_found_within_few_seeds(mistake: str) -> None:
    found = first_failure(mistake)

    assert found is not None, f"{mistake} was not found"
    assert found.story[-1].startswith("BROKEN")


def test_a_story_that_broke_becomes_shorter_and_breaks_in_the_same_way() -> None:
    found = first_failure("token-logged")
    assert found is not None

    short = shrunk(found, DEV, around=MISTAKES["token-logged"].plant)

    assert short.failure is not None
    assert len(short.acts) <= len(found.acts)
    assert short.failure.is_like(found.failure)


def test_a_world_that_cannot_be_set_up_fails() -> None:
    @contextmanager
    def nobody_consents() -> Iterator[None]:
        with member(Stage, "begin_consent", lambda _: lambda *_arguments: None):
            yield

    result = run(1, DEV, around=nobody_consents())

    assert isinstance(result.failure, Failure)
    assert result.failure.kind == NotSetUp.__name__


def test_what_breaks_in_the_world_itself_is_no_verdict_on_the_programs_in_it() -> None:
    with pytest.raises(AssertionError) as of_the_world:
        Baton(WorldClock(datetime(2026, 4, 1, tzinfo=UTC))).clock.go_on(-1)
    with pytest.raises(ValueError, match="aware") as of_a_program:
        civil_date(datetime(2026, 4, 1))  # noqa: DTZ001  (what the program refuses)

    assert is_accident_of_the_world(of_the_world.value)
    assert is_accident_of_the_world(ConnectionDropped())
    assert not is_accident_of_the_world(of_a_program.value)
    assert not is_accident_of_the_world(Broken("paid twice"))

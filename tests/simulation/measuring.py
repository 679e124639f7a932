"""How fast the world goes: steps a second of one core."""

from tests.simulation.profiles import PROFILES
from tests.simulation.story import run

SEEDS = (1, 2, 3)


class StoryBroke(AssertionError):
    """A measured story did not end well: its pace says nothing."""


def measure() -> float:
    """Return the world's steps for each second of processor time, invariants included.

    Raises StoryBroke when a story does not end well.
    """
    results = [run(seed, PROFILES["dev"]) for seed in SEEDS]
    for result in results:
        if result.failure is not None:
            raise StoryBroke(f"seed {result.seed}: {result.failure.reason}")
    return sum(result.steps for result in results) / sum(result.seconds for result in results)

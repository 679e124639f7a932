"""Worlds under seeds: each ends with every payout paid once, known dead, or with a person who knows why."""

import pytest

from tests.simulation.acts import ACTS, PROFILES
from tests.simulation.profiles import PROFILES as BY_NAME
from tests.simulation.story import run

CI = BY_NAME["ci"]


@pytest.mark.parametrize("seed", range(1, CI.seeds + 1))
def test_the_story_of_a_seed_ends_well(seed: int) -> None:
    result = run(seed, CI)

    assert result.failure is None, (
        "\n".join(result.story) + f"\nreplay: python -m tests.simulation --profile ci --replay {seed}"
    )
    assert result.payouts >= 3
    assert result.sent >= 3
    assert result.steps >= 200


def test_a_seed_tells_the_same_story_twice() -> None:
    first, second = (run(3, BY_NAME["dev"], steps=300) for _ in range(2))

    assert first.story == second.story
    assert (first.steps, first.acts, first.table) == (second.steps, second.acts, second.table)


def test_a_story_told_again_from_its_acts_is_the_same() -> None:
    drawn = run(4, BY_NAME["dev"], steps=200)
    again = run(4, BY_NAME["dev"], acts=drawn.acts)

    assert again.story == drawn.story


def test_every_act_of_the_table_has_a_weight_in_every_profile() -> None:
    assert len({act.name for act in ACTS}) == len(ACTS)
    assert all(act.weight(profile) > 0 for act in ACTS for profile in PROFILES)

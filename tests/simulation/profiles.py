"""How much is tried: profiles as one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """How many acts and at most how many steps before faults stop; how many worlds one go tries; who plays."""

    name: str
    acts: int
    steps: int
    seeds: int
    companies_max: int
    workers_max: int
    shrink_seconds: float


PROFILES: dict[str, Profile] = {
    "dev": Profile("dev", acts=70, steps=2_500, seeds=3, companies_max=1, workers_max=2, shrink_seconds=60),
    "ci": Profile("ci", acts=36, steps=2_500, seeds=3, companies_max=2, workers_max=3, shrink_seconds=60),
    # For planted mistakes: storylines above all.
    "hunt": Profile("hunt", acts=60, steps=6_000, seeds=8, companies_max=2, workers_max=2, shrink_seconds=60),
    "night": Profile(
        "night", acts=2_500, steps=100_000, seeds=1_000_000, companies_max=5, workers_max=3, shrink_seconds=600
    ),
}

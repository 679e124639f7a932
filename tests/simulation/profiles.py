"""How much is tried: profiles as one table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """`steps` a world may take before faults stop; how many worlds one go tries; how many companies a world may have."""

    name: str
    steps: int
    seeds: int
    companies_max: int
    workers_max: int
    shrink_seconds: float


PROFILES: dict[str, Profile] = {
    "dev": Profile("dev", steps=600, seeds=3, companies_max=1, workers_max=2, shrink_seconds=60),
    "ci": Profile("ci", steps=1200, seeds=8, companies_max=2, workers_max=3, shrink_seconds=60),
    "night": Profile("night", steps=20_000, seeds=1_000_000, companies_max=5, workers_max=3, shrink_seconds=600),
}

"""Stories in files: kept when they broke, told again, and written as plain tests."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.profiles import Profile
from tests.simulation.story import Result, Told, run


@dataclass(frozen=True)
class Kept:
    """A story without its world: the seed of the world and the acts."""

    seed: int
    profile: str
    acts: list[Told]
    reason: str


def keep(result: Result, folder: Path) -> Path:
    """Write a story into a file of its own and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"story-{result.profile}-{result.seed}.json"
    reason = "" if result.failure is None else f"{result.failure.kind}: {result.failure.reason}"
    members = {"seed": result.seed, "profile": result.profile, "reason": reason, "acts": result.acts}
    path.write_text(json.dumps(members, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def kept_story(named: str, profile: Profile) -> Kept:
    """Return the story of a file, or of a seed. Raises FileNotFoundError."""
    if named.isdecimal():
        result = run(int(named), profile)
        reason = "" if result.failure is None else result.failure.reason
        return Kept(result.seed, profile.name, result.acts, reason)
    found = json.loads(Path(named).read_text(encoding="utf-8"))
    acts = [(str(name), int(number)) for name, number in found["acts"]]
    return Kept(found["seed"], found["profile"], acts, found["reason"])


def as_test(story: Kept) -> str:
    """Return the text of a plain test that tells this story and expects it to end well."""
    first = story.reason.splitlines()[0] if story.reason else "it ended well"
    acts = "\n".join(f'    ("{name}", {number}),' for name, number in story.acts)
    return (
        f'"""A story that once broke: {first}"""\n\n'
        "from tests.simulation.profiles import PROFILES\nfrom tests.simulation.story import Told, run\n\n"
        f"ACTS: list[Told] = [\n{acts}\n]\n\n\n"
        f"def test_the_story_of_seed_{story.seed}_ends_well() -> None:\n"
        f'    result = run({story.seed}, PROFILES["{story.profile}"], acts=ACTS)\n\n'
        '    assert result.failure is None, "\\n".join(result.story)\n'
    )

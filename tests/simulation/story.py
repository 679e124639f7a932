"""One story: drawn from a seed or told again from its acts; what came of it.

A story is a list of acts, each with a number of its own that stands for its chance. Leaving one out changes nothing
of the others' own choices, which is what makes a long story shrink to a short one.
"""

import contextlib
import logging
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from mock_gmo.gateway.connection import ConnectionDropped
from tests.simulation.acts import ACTS, BY_NAME
from tests.simulation.checks import Broken
from tests.simulation.ending import calm_down, speak_verdict
from tests.simulation.profiles import Profile
from tests.simulation.recore import ToldWrongly
from tests.simulation.stage import Cast, NotSetUp, Stage, StoryLog, fast_folder

ROOT = Path(__file__).resolve().parents[2]
OPENING = ("place", "trouble with an order", "place", "work", "trouble with an order", "place")
LOGGERS = ("integrator", "mock_gmo")
STARTS = (
    datetime(2026, 4, 1, 3, 0, tzinfo=UTC),  # a Wednesday, noon in Japan
    datetime(2026, 4, 3, 14, 30, tzinfo=UTC),  # Friday, half an hour before midnight
    datetime(2026, 4, 30, 14, 50, tzinfo=UTC),  # the last day of a month, before a run of holidays
    datetime(2026, 12, 31, 1, 0, tzinfo=UTC),  # the last day of a year
    datetime(2026, 6, 15, 23, 0, tzinfo=UTC),  # early on a Tuesday
)

SWARM = (0, 0.3, 1, 1, 3)  # how much more or less often than elsewhere an act happens in the world of a seed

Told = tuple[str, int]
"""The name of an act, and the number of its chance."""


@dataclass(frozen=True)
class Failure:
    """What did not hold. `kind` is the exception's name, by which two failures are compared."""

    kind: str
    reason: str
    trace: str = field(repr=False, default="")
    is_accident: bool = False  # the world itself broke, so this says nothing of the programs in it

    def is_like(self, other: "Failure | None") -> bool:
        """Whether both tell of the same fault, as far as the words before the first number or name say."""
        return other is not None and self.kind == other.kind and _gist(self.reason) == _gist(other.reason)


@dataclass
class Result:
    """What came of a world: how many motions and acts it took, its story, and what broke, if anything did."""

    seed: int
    profile: str
    steps: int
    acts: list[Told]
    story: list[str]
    seconds: float
    failure: Failure | None
    payouts: int = 0
    sent: int = 0
    table: str = ""


def run(
    seed: int,
    profile: Profile,
    *,
    around: AbstractContextManager[object] | None = None,
    acts: list[Told] | None = None,
    steps: int | None = None,
) -> Result:
    """Tell the story of a seed, or these acts in its world, and return what came of it.

    `around` is entered before the world is built and left when it is gone: a planted mistake. `steps` bounds the
    motions before faults stop. Nothing that happens inside leaves as an exception: it is the result's failure.
    """
    begun = time.process_time()
    result = Result(seed, profile.name, 0, [], [], 0.0, None)
    with tempfile.TemporaryDirectory(prefix="world-", dir=fast_folder()) as folder:
        try:
            with around or contextlib.nullcontext():
                _tell(result, profile, Path(folder), acts=acts, steps=steps or profile.steps)
        except Exception as error:  # noqa: BLE001  (whatever breaks in a world is what was looked for)
            name, is_accident = type(error).__name__, is_accident_of_the_world(error)
            result.failure = Failure(name, str(error), traceback.format_exc(), is_accident)
            result.story.append(f"BROKEN  {error}")
    result.seconds = time.process_time() - begun
    return result


def is_accident_of_the_world(error: Exception) -> bool:
    """Say whether an exception speaks of the world's own code: it is no verdict, and no crash of a program in it.

    A verdict is an invariant that broke, something that ReCORE was told wrongly, or a world that cannot be set up.
    Of a crash, the innermost frame of this repository is the program's, or that of a mistake planted in it.
    """
    if isinstance(error, Broken | ToldWrongly | NotSetUp):
        return False
    frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [path.relative_to(ROOT).parts for path in frames if path.is_relative_to(ROOT) and ".venv" not in path.parts]
    return isinstance(error, ConnectionDropped) or not ours or ours[-1][:2] == ("tests", "simulation")


def cast_of(seed: int, profile: Profile) -> Cast:
    """Return who plays in the world of a seed."""
    chance = Random(f"cast {seed}")  # noqa: S311  (a seeded world)
    return Cast(
        scenario=chance.choice(("corporate", "corporate", "approvals")),
        companies=chance.randint(1, profile.companies_max),
        workers=chance.randint(min(2, profile.workers_max), profile.workers_max),
        start=chance.choice(STARTS) + timedelta(seconds=chance.randint(0, 900)),
        needs_confirmation=chance.random() < 0.5,
        confirmation_seconds=chance.choice((600, 600, 200_000)),
    )


def _tell(result: Result, profile: Profile, folder: Path, *, acts: list[Told] | None, steps: int) -> None:
    stage = Stage(cast_of(result.seed, profile), seed=result.seed, folder=folder)
    result.story = stage.story
    with _logged(stage):
        try:
            stage.set_up()
            if stage.baton.moves == 0:
                raise NotSetUp("nobody moves in this world")
            told = _drawn(result.seed, profile, stage, steps) if acts is None else iter(acts)
            for act in told:
                result.acts.append(act)
                _act(stage, result.seed, act)
            calm_down(stage)
            result.table = speak_verdict(stage).as_table(good_max=8)
        finally:
            result.steps = stage.baton.moves + len(result.acts)
            result.payouts = len(stage.database.orders)
            result.sent = stage.network.sent
            stage.close()


def _drawn(seed: int, profile: Profile, stage: Stage, steps: int) -> Iterator[Told]:
    chance = Random(f"acts {seed}")  # noqa: S311
    weights = swarm_of(chance, profile)
    for number, name in enumerate(OPENING):
        yield name, number
    for number in range(len(OPENING), profile.acts):
        if stage.baton.moves >= steps:
            return
        yield chance.choices(ACTS, weights)[0].name, number


def swarm_of(chance: Random, profile: Profile) -> list[float]:
    """Return the weights of one seed. Some acts are rare or left out here and frequent elsewhere.

    So is found what needs much of one thing and none of another; one weight for all seeds would never bring it about.
    """
    return [act.weight(profile.name) * (chance.choice(SWARM) if act.may_swarm else 1) for act in ACTS]


def _act(stage: Stage, seed: int, act: Told) -> None:
    name, number = act
    line = BY_NAME[name].rule(stage, Random(f"{seed}/{number}"))  # noqa: S311
    if line:
        stage.tell(line)
    stage.after_move()


@contextlib.contextmanager
def _logged(stage: Stage) -> Iterator[None]:
    handler = StoryLog(stage.logs)
    before = [(logger, logger.level, logger.propagate) for logger in map(logging.getLogger, LOGGERS)]
    for logger, _, _ in before:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, level, propagate in before:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate


def _gist(reason: str) -> str:
    first = reason.splitlines()[0] if reason else ""
    return " ".join(word for word in first.split() if word.isalpha())[:60]

"""Hunting one planted mistake: in the world under many seeds, or in the suite, until the first failure.

Each hunt has a process of its own, forked with both programs loaded. Nothing is shrunk and nothing is repeated:
the first failure is the kill, and who found it, after how much, is written down. A hunt that ends without a failure,
or runs out of time, has found nothing.
"""

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from tests.mutants.planting import Hunter, Mistake, load_programs
from tests.simulation.profiles import PROFILES
from tests.simulation.story import run

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 900.0  # one hunt by the clock on the wall, whatever else the machine does
WORLD_SECONDS_MAX = 120.0  # one hunt in the world, of processor time
SEEDS = range(1, 201)
SOUND, SOUND_SEEDS = "sound", range(1, 5)  # without any mistake, as many worlds as most hunts take
PROFILE = PROFILES["hunt"]
SAID_MAX = 300
NO_TESTS = (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.INTERNAL_ERROR)


@dataclass(frozen=True, slots=True)
class Hunt:
    """How a hunt ended. `steps` are world steps, or tests that were run; without a killer the mistake lives on."""

    name: str
    hunter: Hunter
    killer: str | None = None
    said: str = ""
    steps: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def is_killed(self) -> bool:
        return self.killer is not None


class HuntFailed(Exception):
    """A hunt could not be held, so that it says nothing about the mistake."""


NO_MISTAKE = Mistake(SOUND, "nothing is wrong with either program", nullcontext)


def hunt_all(mistakes: Iterable[Mistake], *, jobs: int) -> Iterator[Hunt]:
    """Hunt every mistake, `jobs` at once, and yield each hunt as it ends; first of all, hunt where there is none.

    Raises HuntFailed when a mistake could not be planted or its tests not be run, when a world broke by itself, or when
    the sound programs do not survive.
    """
    load_programs()
    waiting = [NO_MISTAKE, *mistakes]
    running: dict[Connection, tuple[ForkProcess, Mistake, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                mistake = waiting.pop(0)
                process, answers = _begun(mistake)
                running[answers] = (process, mistake, time.monotonic())
            yield from _ended(running)
    finally:
        for process, _, _ in running.values():
            process.kill()


def _ended(running: dict[Connection, tuple[ForkProcess, Mistake, float]]) -> Iterator[Hunt]:
    ready = wait(list(running), timeout=1.0)
    for answers, (process, mistake, since) in list(running.items()):
        seconds = time.monotonic() - since
        if answers in ready:
            hunt = _answer(answers, mistake)
        elif seconds > SECONDS_MAX:
            process.kill()
            hunt = Hunt(mistake.name, mistake.hunter, said=f"nothing was found within {SECONDS_MAX:g} s")
        else:
            continue
        process.join()
        del running[answers]
        yield replace(hunt, seconds=seconds)


def _answer(answers: Connection, mistake: Mistake) -> Hunt:
    try:
        answer = answers.recv()
    except EOFError:
        raise HuntFailed(f"{mistake.name}: the process of its hunt died") from None
    if isinstance(answer, str):
        raise HuntFailed(f"{mistake.name}: {answer}")
    assert isinstance(answer, Hunt), "a hunt answers with its end or with a reason"
    return answer


def _begun(mistake: Mistake) -> tuple[ForkProcess, Connection]:
    context = multiprocessing.get_context("fork")
    answers, there = context.Pipe(duplex=False)
    process = context.Process(target=_hunt_alone, args=(mistake, there), daemon=True)
    process.start()
    there.close()
    return process, answers


def _hunt_alone(mistake: Mistake, answers: Connection) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())
    try:
        begun = time.process_time()
        hunt = hunt_nothing() if mistake is NO_MISTAKE else hunt_here(mistake)
        answers.send(replace(hunt, processor_seconds=time.process_time() - begun))
    except Exception:  # noqa: BLE001  (the top of a process: whatever it is goes to the one who waits for it)
        answers.send(traceback.format_exc()[-2000:])


def hunt_here(mistake: Mistake) -> Hunt:
    """Hunt a mistake in this process. Raises NoSuchPlace when it cannot be planted, HuntFailed when nothing was run."""
    if mistake.hunter is Hunter.WORLD:
        return _in_the_world(mistake)
    return _in_the_suite(mistake)


def _in_the_world(mistake: Mistake) -> Hunt:
    steps, begun = 0, time.process_time()
    for seed in SEEDS:
        if time.process_time() - begun > WORLD_SECONDS_MAX:
            break
        result = run(seed, PROFILE, around=mistake.plant())
        steps += result.steps
        if result.failure is not None and result.failure.is_accident:
            raise HuntFailed(f"the world of seed {seed} broke by itself:\n{result.failure.trace[-2000:]}")
        if result.failure is not None:
            said = f"{result.failure.kind}: {result.failure.reason}"
            return Hunt(mistake.name, Hunter.WORLD, killer=f"the world, seed {seed}", said=said[:SAID_MAX], steps=steps)
    return Hunt(mistake.name, Hunter.WORLD, said=f"the seeds before {seed} found nothing", steps=steps)


def hunt_nothing() -> Hunt:
    """Tell the first stories without any mistake. Raises HuntFailed when one ends badly: a kill proves nothing then."""
    steps = 0
    for seed in SOUND_SEEDS:
        result = run(seed, PROFILE)
        steps += result.steps
        if result.failure is not None:
            raise HuntFailed(f"without any mistake, seed {seed} ends in {result.failure.kind}: {result.failure.reason}")
    return Hunt(SOUND, Hunter.WORLD, said=f"{len(SOUND_SEEDS)} worlds without a mistake end well", steps=steps)


class _FirstFailure:
    """A pytest plugin that counts the tests and keeps what the first failure said."""

    def __init__(self) -> None:
        self.count = 0
        self.killer: str | None = None
        self.said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.count += report.when == "call"
        self._keep(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._keep(report)

    def _keep(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed and self.killer is None:
            self.killer, self.said = report.nodeid, _last_line(report.longreprtext)


def _in_the_suite(mistake: Mistake) -> Hunt:
    seen = _FirstFailure()
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT)]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # the programs were imported before pytest came
    with mistake.plant():
        for ground in mistake.grounds:
            ended = pytest.main([*options, str(ROOT / ground)], plugins=[seen])
            if seen.killer is not None:
                break
            if ended in NO_TESTS or seen.count == 0:
                raise HuntFailed(f"pytest ended with {ended!r} over {ground}")
    return Hunt(mistake.name, Hunter.SUITE, killer=seen.killer, said=seen.said[:SAID_MAX], steps=seen.count)


def _last_line(text: str) -> str:
    errors = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return errors[0] if errors else (text.strip().splitlines() or [""])[-1]

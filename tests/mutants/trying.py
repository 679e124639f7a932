"""Trying a mutant: its source takes the place of the module in a process of its own, and the module's tests run.

The processes are forked from one that has loaded everything but the programs, so a try costs a fraction of a second.
Therefore nothing that is imported here may import the programs; a try whose tests find the module loaded is an error.
A mutant that does not come to an end is ended by its processor time, so that a busy machine changes no verdict.
"""

import gc
import importlib
import importlib.abc
import importlib.machinery
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from types import ModuleType
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.mutants.pure_parts import ROOT, Part

OUR_OWN = ("integrator", "mock_gmo", "contracts", "tests")
PROCESSOR_SECONDS_MAX = 10  # the slowest part needs one
MEMORY_BYTES_MAX = 2 << 30
_NOT_LOADED = 70  # the tests passed without the module
_BROKEN_OFF = 71
_KILLED = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
_TIME_IS_UP = (signal.SIGXCPU, signal.SIGKILL)
_OPTIONS = ("-q", "--noconftest", "--assert=plain", "--import-mode=importlib", "-p", "no:cacheprovider", "-W", "error")
_Tried = TypeVar("_Tried")


class End(Enum):
    """How a try ended."""

    KILLED = "killed"
    SURVIVED = "survived"


class TryFailed(Exception):
    """A try says nothing about the mutant: the tests could not be run, or never loaded the module."""


class _InPlaceOf(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports a changed source under the name of a module, and knows whether anybody wanted it."""

    def __init__(self, part: Part, source: str) -> None:
        self._part = part
        self._source = source
        self.is_loaded = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._part.module:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=str(ROOT / self._part.path))

    def exec_module(self, module: ModuleType) -> None:
        self.is_loaded = True
        exec(compile(self._source, self._part.path, "exec"), module.__dict__)  # noqa: S102  (this is what a mutant is)


class _EndsAtOnce:
    """A pytest plugin: the first failure of a test is the end of the process, without telling how it came about."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        try:
            return (yield)
        except pytest.skip.Exception:
            raise
        except BaseException:  # noqa: BLE001  (any failure kills the mutant, a lack of memory too)
            os._exit(pytest.ExitCode.TESTS_FAILED)


def load_all_but(parts: Iterable[Part]) -> None:
    """Load what the tests of these parts need from others. Raises TryFailed when tests fail without any mutant."""
    for part in parts:
        answers, there = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(answers)
            code = _run_tests(part, (ROOT / part.path).read_text(encoding="utf-8"))
            foreign = sorted(name for name in sys.modules if name.split(".")[0] not in OUR_OWN)
            with os.fdopen(there, "w") as out:
                out.write("\n".join(foreign))
            os._exit(code)
        os.close(there)
        with os.fdopen(answers) as said:
            foreign = said.read().split("\n")
        if _end_of(part, os.waitpid(child, 0)[1]) is not End.SURVIVED:
            raise TryFailed(f"{part.path}: its tests fail without any change: {' '.join(part.tests)}")
        for name in foreign:
            _load_if_possible(name)
    gc.freeze()


def _load_if_possible(name: str) -> None:
    try:
        importlib.import_module(name)
    except (ImportError, ValueError):
        return  # a name made up at run time; whoever needs it makes it again


def try_all(tries: Sequence[tuple[Part, str, _Tried]], *, jobs: int) -> Iterator[tuple[_Tried, End]]:
    """Try every changed source, `jobs` at once; yields what belongs to each with its end. Raises TryFailed."""
    waiting = list(reversed(tries))
    running: dict[int, tuple[Part, _Tried]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                part, source, belongs = waiting.pop()
                running[_begun(part, source)] = part, belongs
            child, status = os.wait()
            part, belongs = running.pop(child)
            yield belongs, _end_of(part, status)
    finally:
        for child in running:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _begun(part: Part, source: str) -> int:
    child = os.fork()
    if child == 0:
        os._exit(_run_tests(part, source))
    return child


def _run_tests(part: Part, source: str) -> int:
    """Run a part's tests upon a source, in a process that does nothing else; returns its exit code."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS_MAX, PROCESSOR_SECONDS_MAX + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    stands_in = _InPlaceOf(part, source)
    sys.meta_path.insert(0, stands_in)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings.register_profile("mutants", max_examples=30, derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")
    options = [*_OPTIONS, "-c", os.devnull, "--rootdir", str(ROOT), *part.tests]
    try:
        ended = pytest.main(options, plugins=[_EndsAtOnce()])
    except BaseException:  # noqa: BLE001  (the top of a process: whatever it is, the one who waits hears of it)
        traceback.print_exc()
        return _BROKEN_OFF
    return int(ended) if stands_in.is_loaded else _NOT_LOADED


def _end_of(part: Part, status: int) -> End:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TIME_IS_UP:
        return End.KILLED
    code = os.waitstatus_to_exitcode(status)
    if code in _KILLED:
        return End.KILLED
    if code == pytest.ExitCode.OK:
        return End.SURVIVED
    reason = "they never load it" if code == _NOT_LOADED else f"they ended with {code}"
    raise TryFailed(f"{part.path}: its tests say nothing, {reason}: {' '.join(part.tests)}")

"""Many companies in one process: a company that hangs takes its places and no more, and a stop ends what began."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise

from integrator.crew import IN_VAIN_SECONDS, Crew, KindOfWork
from integrator.domain.turns import Urgency
from integrator.lanes import PLACES, Lanes

SECONDS_MAX = 10.0


class Work:
    """Pieces of work of companies; those of a hanging company end only when the test says so."""

    def __init__(self, lanes: Lanes, companies: list[str], *, hanging: str = "") -> None:
        self.lanes = lanes
        self.waiting = companies
        self.hanging = hanging
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.let_go = threading.Event()
        self.is_over = threading.Event()
        self.looking = 0
        self.looking_most = 0

    def do_one(self) -> bool:
        self.looking += 1
        self.looking_most = max(self.looking_most, self.looking)
        full = self.lanes.full(Urgency.PAY)
        found = next((company for company in self.waiting if company not in full), None)
        self.looking -= 1
        if found is None:
            return False
        self.waiting.remove(found)
        self.begun.append(found)
        self.lanes.enter(found, Urgency.PAY)
        if found == self.hanging:
            assert self.let_go.wait(SECONDS_MAX)
        self.ended.append(found)
        if len(self.ended) >= 4 or not self.waiting:
            self.is_over.set()
        return True


def make_crew(
    works: list[Callable[[], bool]],
    lanes: Lanes,
    *,
    count: int,
    stopping: threading.Event,
    timer: Callable[[], float] = time.monotonic,
) -> Crew:
    """A crew that tries every kind of work, whatever is due."""
    kinds = [KindOfWork(work) for work in works]
    return Crew(kinds, lanes, look=frozenset, count=count, stopping=stopping, timer=timer)


def start(work: Work, *, count: int) -> tuple[threading.Thread, threading.Event]:
    stopping = threading.Event()
    crew = make_crew([work.do_one], work.lanes, count=count, stopping=stopping)
    thread = threading.Thread(target=crew.run)
    thread.start()
    return thread, stopping


def test_a_hanging_company_holds_up_no_other_one() -> None:
    work = Work(Lanes(), ["hung"] * 5 + ["a", "b", "c", "d"], hanging="hung")
    thread, stopping = start(work, count=4)
    assert work.is_over.wait(SECONDS_MAX)

    assert sorted(work.ended) == ["a", "b", "c", "d"]
    assert work.begun.count("hung") == PLACES[Urgency.PAY]
    stopping.set()
    work.let_go.set()
    thread.join(SECONDS_MAX)


def test_one_thread_at_a_time_looks_for_work() -> None:
    work = Work(Lanes(), [f"company-{number}" for number in range(40)])
    thread, stopping = start(work, count=6)
    assert work.is_over.wait(SECONDS_MAX)
    stopping.set()
    thread.join(SECONDS_MAX)

    assert work.looking_most == 1


def test_a_stop_claims_nothing_new_and_ends_what_is_under_way() -> None:
    work = Work(Lanes(), ["hung", "hung"], hanging="hung")
    thread, stopping = start(work, count=1)
    while not work.begun:
        stopping.wait(0.01)

    stopping.set()
    work.let_go.set()
    thread.join(SECONDS_MAX)

    assert not thread.is_alive()
    assert (work.begun, work.ended) == (["hung"], ["hung"])


def test_a_place_is_free_again_once_its_piece_has_ended_however_it_ended() -> None:
    lanes = Lanes()
    for _ in range(PLACES[Urgency.PAY]):
        lanes.enter("a", Urgency.PAY)
    assert lanes.full(Urgency.PAY) == ["a"]
    assert lanes.full(Urgency.LATER) == []

    lanes.leave()

    assert lanes.full(Urgency.PAY) == []


def test_a_kind_that_has_nothing_is_not_looked_for_after_each_piece_of_the_others() -> None:
    lanes, stopping = Lanes(), threading.Event()
    seconds, done, looks = [0.0], [], []

    def idle() -> bool:
        looks.append(seconds[0])
        return False

    def busy() -> bool:
        done.append(seconds[0])
        seconds[0] += IN_VAIN_SECONDS / 10
        if len(done) == 40:
            stopping.set()
        return True

    make_crew([idle, busy], lanes, count=1, stopping=stopping, timer=lambda: seconds[0]).run()

    assert 4 <= len(looks) <= 5
    assert max(later - earlier for earlier, later in pairwise(looks)) <= IN_VAIN_SECONDS * 1.2


def test_a_kind_of_work_that_fails_holds_up_no_other_one() -> None:
    lanes, stopping, done = Lanes(), threading.Event(), threading.Event()

    def fail() -> bool:
        raise ValueError("always")

    def succeed() -> bool:
        done.set()
        stopping.set()
        return True

    crew = threading.Thread(target=make_crew([fail, succeed], lanes, count=2, stopping=stopping).run)
    crew.start()

    assert done.wait(SECONDS_MAX)
    crew.join(SECONDS_MAX)
    assert not crew.is_alive()

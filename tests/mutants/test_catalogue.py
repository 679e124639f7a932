"""The catalogue itself: enough mistakes, each plantable where it says, each gone without a trace afterwards."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integrator.domain import outcome, submission
from mock_gmo.bank import states
from mock_gmo.gateway import checks
from tests.mutants import planting
from tests.mutants.hunting import ROOT, Hunt, hunt_here
from tests.mutants.planting import PROGRAMS, Hunter, Mistake, NoSuchPlace, everywhere, load_programs
from tests.mutants.report import figures_of, write_report
from tests.mutants.wrong_banks import WRONG_BANKS
from tests.mutants.wrong_integrators import WRONG_INTEGRATORS

CATALOGUE = (*WRONG_INTEGRATORS, *WRONG_BANKS)
INTEGRATORS_LEAST, BANKS_LEAST = 40, 25


def everything() -> dict[tuple[str, str], int]:
    """Return what every module and every class of both programs consists of."""
    found: dict[tuple[str, str], Any] = {}
    for name, module in sys.modules.items():
        if name.split(".")[0] in PROGRAMS:
            for key, value in vars(module).items():
                found[name, key] = id(value)
                if isinstance(value, type) and value.__module__ == name:
                    found |= {(f"{name}.{key}", part): id(it) for part, it in vars(value).items()}
    return found


def test_there_are_enough_mistakes_of_either_program() -> None:
    assert len(WRONG_INTEGRATORS) >= INTEGRATORS_LEAST
    assert len(WRONG_BANKS) >= BANKS_LEAST


def test_the_figures_want_every_one_of_them_found() -> None:
    assert f"MUTANTS: Final = {len(CATALOGUE)} " in (ROOT / "tools" / "bench.py").read_text(encoding="utf-8")


def test_every_mistake_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert [name for name, count in Counter(mistake.name for mistake in CATALOGUE).items() if count > 1] == []
    assert [mistake.name for mistake in CATALOGUE if len(mistake.says.split()) < 5] == []


def test_the_places_in_which_mistakes_are_hunted_exist() -> None:
    missing = {ground for mistake in CATALOGUE for ground in mistake.grounds if not (ROOT / ground).exists()}
    assert missing == set()


def test_no_mistake_names_the_very_test_that_is_to_find_it() -> None:
    assert [mistake.name for mistake in CATALOGUE if any("::" in ground for ground in mistake.grounds)] == []


def test_every_mistake_changes_something_while_it_is_planted_and_nothing_afterwards() -> None:
    load_programs()
    before, rows = everything(), rows_of_tables()
    for mistake in CATALOGUE:
        with mistake.plant():
            assert (everything(), rows_of_tables()) != (before, rows), f"{mistake.name} changes nothing"
        assert (everything(), rows_of_tables()) == (before, rows), f"{mistake.name} leaves something behind"


def rows_of_tables() -> list[dict[Any, int]]:
    """Return the rows of the tables in which mistakes are planted."""
    tables: list[dict[Any, Any]] = [
        outcome.CLASSIFICATION, submission.AFTER_CALL, submission.STANDINGS, states._MOVE_OF, checks.BY_KIND,
    ]  # fmt: skip
    return [{key: id(value) for key, value in table.items()} for table in tables]


def test_a_mistake_that_has_no_place_any_more_is_refused() -> None:
    with pytest.raises(NoSuchPlace, match="no such_rule"), everywhere(submission, "such_rule", lambda old: old):
        pass
    with pytest.raises(NoSuchPlace, match="no row"), planting.row(submission.STANDINGS, "99", None):
        pass
    with pytest.raises(NoSuchPlace, match="such_method"), planting.member(Hunt, "such_method", lambda old: old):
        pass


def test_a_hunt_without_a_failure_finds_nothing() -> None:
    harmless = Mistake(
        "harmless", "changes nothing that matters", lambda: everywhere(submission, "KEY_LIFE", lambda old: old),
        grounds=("tests/unit/integrator_clock",),
    )  # fmt: skip

    hunt = hunt_here(harmless)

    assert not hunt.is_killed
    assert hunt.steps > 0


def test_the_report_counts_what_was_found_and_names_what_was_not(tmp_path: Path) -> None:
    hunts = [
        Hunt("new-key-on-retry", Hunter.WORLD, killer="seed 7", said="paid twice", steps=812, seconds=1.5),
        Hunt("utc-date", Hunter.SUITE, said="nothing"),
    ]

    figures = write_report(hunts, CATALOGUE, path=tmp_path / "mutants.json")

    assert figures == {"mutants_planned": 2, "mutants_killed": 1, "hardest_mutant_steps": 812}
    assert (
        "| utc-date | the day of an order is the one in London | **nobody** |" in (tmp_path / "mutants.md").read_text()
    )
    assert figures_of(hunts[1:])["mutants_killed"] == 0

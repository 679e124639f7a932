"""Which small changes are tried, and that each is one change of running code at its place."""

import pytest

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.mutating import mutants_of
from tests.mutants.pure_parts import PARTS, ROOT
from tests.mutants.score import figures_of


def changed_lines(source: str) -> list[str]:
    return [mutant.after for mutant in mutants_of(source)]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("a < b", ["(a <= b)"]),
        ("a is b", ["(a is not b)"]),
        ("a + b", ["(a - b)"]),
        ("a and not b", ["(a or not b)", "(not a) and not b", "a and (b)"]),
        ("x = 1", ["x = (2)"]),
        ("x = True", ["x = (False)"]),
        ("x = '円'; y = 1", ["x = ('XX円XX'); y = 1", "x = '円'; y = (2)"]),
        ("x = max(a, b)", ["x = (min(a, b))"]),
        ("x = [a, b]", ["x = [*(), b]", "x = [a, *()]"]),
        ("x = {a: b, c: d}", ["x = {**{}, c: d}", "x = {a: d, c: d}", "x = {a: b, **{}}", "x = {a: b, c: b}"]),
        ("x = f(a=b)", ["x = f(**{})"]),
        ("x += y", ["x -= y"]),
        ("f(x)", ["pass"]),
        ("raise X('a text')", ["pass"]),
        ("x: int = y", []),
        ("import a", []),
        ("'''a docstring'''", []),
        ("x = zip(a, b, strict=True)", []),
        ("x: dict[str, int] = a[b, c]", []),
    ],
)
def test_a_line_is_changed_in_these_ways(line: str, after: list[str]) -> None:
    assert sorted(changed_lines(f"{line}\n")) == sorted(after)


def test_a_function_is_changed_in_what_it_decides_and_returns() -> None:
    source = "@d(1)\ndef f(a: int = 0) -> int:\n    if a:\n        return b\n    return None\n"

    assert changed_lines(source) == ["def f(a: int = (1)) -> int:", "if (not a):", "return None"]
    assert [mutant.where for mutant in mutants_of(source)] == ["f", "f", "f"]


def test_a_case_is_left_out() -> None:
    source = "match a:\n    case B():\n        f = b\n    case _:\n        f = c\n"

    assert changed_lines(source) == ["case B() if False:", "case _ if False:"]


def test_every_part_and_its_tests_are_there() -> None:
    missing = [path for part in PARTS for path in (part.path, *part.tests) if not (ROOT / path).is_file()]

    assert missing == []


def test_every_equivalent_is_of_a_part_and_says_why() -> None:
    assert {path for path, *_ in EQUIVALENTS} <= {part.path for part in PARTS}
    assert all(reason.strip() for reason in EQUIVALENTS.values())


def test_nothing_tried_is_no_score() -> None:
    assert figures_of([], seconds=0)["mutation_score"] == 0

"""docs/doubt.md has a row for every call and every point of its life, and each row names a test that is there."""

import ast
import re
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CALLS = ("first", "repeat", "cancel")
POINTS = (
    "not sent",
    "sent and lost",
    "done, reply lost",
    "done, reply unreadable",
    "5xx",
    "504",
    "429",
    "401",
    "refused",
    "refused after an earlier doubt",
    "key older than 24 hours",
    "another consent in between",
    "late worker",
    "cancel requested",
    "cancel requested and expired",
    "process killed",
    "lease lapsed",
    "clock moved back",
    "emergency stop",
    "restored database",
    "a person decided",
)
HELD_BY = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def table() -> list[list[str]]:
    lines = (ROOT / "docs" / "doubt.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_call_has_one_row_for_every_point_of_its_life() -> None:
    assert sorted((row[0], row[1]) for row in table()) == sorted(product(CALLS, POINTS))


def test_every_row_says_what_is_believed_done_and_told_and_names_a_test_that_is_there() -> None:
    for row in table():
        assert len(row) == 6, row
        assert all(row), row
        held = HELD_BY.fullmatch(row[5])
        assert held is not None, row
        assert held[2] in names_in(held[1]), row

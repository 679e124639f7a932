"""Every fact that the integrator logs is written in the one form that becomes members of a JSON line."""

import ast
from collections.abc import Iterator
from pathlib import Path

from integrator.logs import FACT

ROOT = Path(__file__).resolve().parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
WHOLE_LINE = "%s"  # a line that is JSON already: one call to the bank, one request


def logged() -> Iterator[tuple[str, str, ast.expr]]:
    for path in sorted((ROOT / "integrator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in LEVELS and "log" in ast.unparse(node.func.value):
                yield path.name, node.func.attr, node.args[0]
            elif ast.unparse(node.func) == "log.log":
                yield path.name, "several", node.args[1]


def test_every_logged_fact_has_the_one_form() -> None:
    strange = [
        (name, ast.unparse(said))
        for name, _, said in logged()
        if not (isinstance(said, ast.Constant) and (FACT.fullmatch(str(said.value)) or said.value == WHOLE_LINE))
    ]

    assert strange == [("access_log.py", "json.dumps(_line(response, environment, _now(clock)), ensure_ascii=False)")]


def test_no_fact_is_logged_with_an_exceptions_message() -> None:
    assert [name for name, level, _ in logged() if level == "exception"] == []

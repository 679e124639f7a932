"""The matrix of a whole run: operation × status × error, and which test reached each; a hole fails the run.

Every worker hands over what it saw, the controller joins it, writes build/matrix.md and build/matrix.html, and compares
it with what the contracts declare. `--matrix` does so for a narrower run too, which then has holes.
"""

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.reach.errors import NOT_REACHED, declared_errors
from tests.sightings import SEEN, Sighting, declared

# Ours are shown as well; what their own tests reach is not complete in one process, so nobody is held to it yet.
JUDGED: Final = ("auth", "corporation", "personal", "webhooks")
BUILD: Final = Path(__file__).resolve().parents[1] / "build"
HANDED_OVER: Final = "sightings"
NARROWING: Final = ("keyword", "markexpr", "lf", "failedfirst", "collectonly", "deselect", "ignore", "ignore_glob")
HEAD: Final = """Operations, their statuses and errors, and a test that reached each

Written by a run of all tests from what the programs really answered. An error is the id of the refusal in
contracts/refusals.yaml, at our own programs the code of the problem. How statuses are reached on purpose stands in
docs/operations.md; here stands the first test, in alphabetical order, that saw one."""


class MatrixOfTheRun:
    """The plugin: on a worker it hands over, on the controller it joins, writes and judges."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._holes: list[str] = []
        self._seen: dict[Sighting, str] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Join what a worker of pytest-xdist saw."""
        for *kind, test in getattr(node, "workeroutput", {}).get(HANDED_OVER, ()):
            self._join(Sighting(*kind), test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over, or write and judge."""
        if (output := getattr(self._config, "workeroutput", None)) is not None:
            output[HANDED_OVER] = [(kind.operation_id, kind.status, kind.error, test) for kind, test in SEEN.items()]
            return
        if not (self._config.getoption("matrix") or is_whole(self._config)):
            return
        for kind, test in SEEN.items():
            self._join(kind, test)
        BUILD.mkdir(exist_ok=True)
        (BUILD / "matrix.md").write_text(as_markdown(self._seen), encoding="utf-8")
        (BUILD / "matrix.html").write_text(as_html(self._seen), encoding="utf-8")
        self._holes = complaints(self._seen)
        if self._holes and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the holes."""
        if self._holes:
            terminalreporter.section("holes in the matrix of operations, statuses and errors")
            for hole in self._holes:
                terminalreporter.line(hole)

    def _join(self, kind: Sighting, test: str) -> None:
        self._seen[kind] = min(test, self._seen.get(kind, test))


def is_whole(config: pytest.Config) -> bool:
    """Tell whether a run is one of all tests: nothing chosen, nothing left out, not ended by the first failure."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.getoption("maxfail", 0):
        return False
    return not any(config.getoption(name, None) for name in NARROWING)


def expected() -> dict[str, set[tuple[int, str]]]:
    """Return by operation every status that is declared, alone, and every error that belongs to it, with its status."""
    found: dict[str, set[tuple[int, str]]] = {}
    for _, operation in declared():
        found[operation.operation_id] = {(status, "") for status in operation.replies if status}
    for operation_id, status, error in declared_errors():
        found[operation_id].add((status, error))
    return found


def complaints(seen: Mapping[Sighting, str]) -> list[str]:
    """Return every hole that no reason is named for, every named one that is none, and what nobody declared."""
    judged = {operation.operation_id for document, operation in declared() if document in JUDGED}
    wanted = {operation_id: rows for operation_id, rows in expected().items() if operation_id in judged}
    reached = {(kind.operation_id, kind.status, kind.error) for kind in seen if kind.operation_id in judged}
    reached |= {(operation_id, status, "") for operation_id, status, _ in reached}
    declared_rows = {(operation_id, *row) for operation_id, rows in wanted.items() for row in rows}
    holes = declared_rows - reached
    named = set(NOT_REACHED)
    surprises = {row for row in reached if row[2]} - declared_rows
    return [
        *(f"{_words(row)}: declared, and no test reached it" for row in sorted(holes - named)),
        *(f"{_words(row)}: named in NOT_REACHED, and reached" for row in sorted(named - holes)),
        *(f"{_words(row)}: answered, and not in the table of errors" for row in sorted(surprises)),
    ]


def as_markdown(seen: Mapping[Sighting, str]) -> str:
    """Return the page for readers of text."""
    lines = [f"# {HEAD}", ""]
    for document, rows in _tables(seen):
        lines += [f"## {document}.yaml", "", "| operation | status | error | test |", "| --- | --- | --- | --- |"]
        lines += [f"| {operation} | {status} | {error} | {_cell(test)} |" for operation, status, error, test in rows]
        lines.append("")
    return "\n".join(lines)


def as_html(seen: Mapping[Sighting, str]) -> str:
    """Return the page for browsers."""
    title, _, text = HEAD.partition("\n\n")
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{html.escape(title)}</title><style>body{{font:14px/1.4 sans-serif;margin:2em}}",
        "td,th{padding:.1em .8em;text-align:left;border-bottom:1px solid #ddd}.hole{background:#fdd}</style>",
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>",
    ]
    for document, rows in _tables(seen):
        parts.append(f"<h2>{document}.yaml</h2><table><tr><th>operation<th>status<th>error<th>test")
        for operation, status, error, test in rows:
            mark = "" if test else ' class="hole"'
            cells = "".join(f"<td>{html.escape(str(cell))}" for cell in (operation, status, error, test or "none"))
            parts.append(f"<tr{mark}>{cells}")
        parts.append("</table>")
    return "\n".join(parts) + "\n"


def _tables(seen: Mapping[Sighting, str]) -> Iterable[tuple[str, list[tuple[str, int, str, str]]]]:
    wanted = expected()
    documents: dict[str, list[tuple[str, int, str, str]]] = {}
    for document, operation in declared():
        name = operation.operation_id
        told = {(kind.status, kind.error): test for kind, test in seen.items() if kind.operation_id == name}
        said = {status for status, error in (*told, *wanted[name]) if error}
        rows = sorted({*told, *(row for row in wanted[name] if row[1] or row[0] not in {at for at, _ in told} | said)})
        documents.setdefault(document, []).extend((name, *row, told.get(row, "")) for row in rows)
    return documents.items()


def _cell(test: str) -> str:
    return f"`{test}`".replace("|", "\\|") if test else "**none**"


def _words(row: tuple[str, int, str]) -> str:
    operation_id, status, error = row
    return f"{operation_id} {status} {error}".rstrip()

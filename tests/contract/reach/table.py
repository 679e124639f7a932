"""The table in docs/operations.md, written from the rows that the test reaches; run as a program, it does so."""

from collections.abc import Iterator
from pathlib import Path

from mock_gmo.contract import DEFAULT, Operation, read_operations
from tests.contract.reach.good_calls import DOCUMENTS
from tests.contract.reach.ways import WAYS, Way, way_to

FILE = Path(__file__).parents[3] / "docs" / "operations.md"
TEST = "tests/contract/test_every_status.py::test_every_declared_status_is_reached"
OPERATIONS = tuple((document, operation) for document in DOCUMENTS for operation in read_operations(document))

HEAD = f"""# Operations and their statuses

Every operation of the bank, every status that its contract declares, and how a test reaches it. Written by
`python -m tests.contract.reach.table` from the rows that the test itself runs, and held to them by a test; do not edit.

A cell names the way to the status (the list below the table) and stands for the test
`{TEST}[OPERATION-STATUS]`,
which checks status, body, and that a refusal changed nothing. Where a cell is empty, the contract does not declare the
status.
"""


def rows() -> Iterator[tuple[str, Operation, int, Way | None]]:
    """Yield document, operation, status and way to it, for every status that is declared."""
    for document, operation in OPERATIONS:
        for status in sorted(operation.replies):
            if status != DEFAULT:
                yield document, operation, status, way_to(status, document, operation)


def render() -> str:
    """Return the page."""
    statuses = sorted({status for _, _, status, _ in rows()})
    lines = [HEAD]
    for document in DOCUMENTS:
        lines += [f"## {document}.yaml", ""]
        lines += [_row("operation", "method and path", *map(str, statuses)), _row(*["---"] * (len(statuses) + 2))]
        for owner, operation in OPERATIONS:
            if owner == document:
                ways = {status: way_to(status, document, operation) for status in operation.replies}
                cells = [way.cell if (way := ways.get(status)) else "" for status in statuses]
                lines.append(_row(operation.operation_id, f"`{operation.name}`", *cells))
        lines.append("")
    lines += ["## Ways", "", _row("cell", "status", "what answers so"), _row("---", "---", "---")]
    used = {id(way) for _, _, _, way in rows()}
    said = {(way.cell, way.words): [] for way in WAYS if id(way) in used}
    for way in WAYS:
        if id(way) in used:
            said[way.cell, way.words].append(str(way.status))
    lines += [_row(cell, ", ".join(found), words) for (cell, words), found in said.items()]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")

"""The matrix of the whole run: what is joined, what counts as a hole, and when a run is held to it."""

import pytest

from tests.contract.reach.errors import NOT_REACHED, declared_errors
from tests.matrix import as_html, as_markdown, complaints, expected, is_whole
from tests.sightings import Sighting, declared, operations_at

EVERYTHING = {
    Sighting(operation_id, status, error): "tests/x.py::test_y"
    for operation_id, rows in expected().items()
    for status, error in rows
    if (operation_id, status, error) not in NOT_REACHED
}


def test_a_run_that_reached_everything_has_no_hole() -> None:
    assert complaints(EVERYTHING) == []


def test_a_status_that_nobody_reached_is_a_hole() -> None:
    seen = {kind: test for kind, test in EVERYTHING.items() if (kind.operation_id, kind.status) != ("getAccounts", 200)}

    assert complaints(seen) == ["getAccounts 200: declared, and no test reached it"]


def test_an_error_that_nobody_reached_is_a_hole() -> None:
    seen = {kind: test for kind, test in EVERYTHING.items() if kind != Sighting("requestTransfer", 400, "date_in_past")}

    assert complaints(seen) == ["requestTransfer 400 date_in_past: declared, and no test reached it"]


def test_a_named_hole_that_is_reached_and_an_error_of_no_row_are_told() -> None:
    named = min(NOT_REACHED)
    seen = {**EVERYTHING, Sighting(*named): "t", Sighting("getAccounts", 400, "date_in_past"): "t"}

    assert complaints(seen) == [
        f"{named[0]} {named[1]} {named[2]}".rstrip() + ": named in NOT_REACHED, and reached",
        "getAccounts 400 date_in_past: answered, and not in the table of errors",
    ]


def test_the_table_of_errors_speaks_of_declared_statuses_only() -> None:
    statuses = {operation.operation_id: set(operation.replies) for _, operation in declared()}

    assert [row for row in declared_errors() if row[1] not in statuses[row[0]]] == []
    assert all(reason for reason in NOT_REACHED.values())


def test_the_pages_tell_test_and_hole() -> None:
    seen = {Sighting("getAccounts", 401, "token_invalid"): "tests/a.py::test_b[x|<y>]"}

    assert "| getAccounts | 401 | token_invalid | `tests/a.py::test_b[x\\|<y>]` |" in as_markdown(seen)
    assert "| getAccounts | 200 |  | **none** |" in as_markdown(seen)
    assert "<td>getAccounts<td>401<td>token_invalid<td>tests/a.py::test_b[x|&lt;y&gt;]" in as_html(seen)
    assert '<tr class="hole"><td>getAccounts<td>200<td><td>none' in as_html(seen)


@pytest.mark.parametrize(
    ("method", "path", "status", "found"),
    [
        ("GET", "/ganb/api/corporation/v1/accounts", 200, ("getAccounts",)),
        ("PUT", "/ganb/api/corporation/v1/accounts", 405, ("getAccounts",)),
        ("GET", "/corporation/v1/accounts", 200, ("getAccounts",)),
        ("POST", "/_sandbox/v1/worlds/aB3/nothing", 404, ()),
        ("POST", "/_sandbox/v1/worlds/aB3", 201, ("createNamedWorld",)),
        ("GET", "/v1/companies/mihon-001", 200, ("getCompany",)),
        ("GET", "/nowhere", 404, ()),
    ],
)
def test_a_call_is_known_by_method_and_path(method: str, path: str, status: int, found: tuple[str, ...]) -> None:
    assert operations_at(method, path, status) == found


def test_a_narrow_run_is_not_held_to_it(pytestconfig: pytest.Config) -> None:
    whole = pytestconfig.args_source is pytest.Config.ArgsSource.TESTPATHS

    assert whole or not is_whole(pytestconfig)

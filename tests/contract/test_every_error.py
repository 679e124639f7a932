"""Every refusal that an operation gives is given by it, in the words of the table of refusals, and changes nothing."""

import pytest

import contracts
from mock_gmo.contract import Operation
from tests.contract.reach.errors import ERRORS, NOT_REACHED, OUTSIDE_OPERATIONS, Error, rows
from tests.contract.reach.ways import way_to
from tests.contract.test_every_status import attempt_by
from tests.sightings import error_of
from tests.unit.bank.fingerprint import fingerprint

ROWS = [
    pytest.param(document, operation, error, status, id=f"{operation.operation_id}-{status}-{error.refusal}")
    for document, operation, error, status in rows()
    if error.spoil is not None and (operation.operation_id, status, error.refusal) not in NOT_REACHED
]
REFUSALS = contracts.load("refusals")["refusals"]


@pytest.mark.parametrize(("document", "operation", "error", "status"), ROWS)
def test_every_error_of_an_operation_is_given_by_it(
    document: str, operation: Operation, error: Error, status: int
) -> None:
    good = way_to(operation.success_status, document, operation)
    assert good is not None
    assert error.spoil is not None
    attempt = attempt_by(good, document, operation)
    error.spoil(attempt)
    before = fingerprint(attempt.caller.world.bank)

    reply = attempt.send()

    assert (reply.status_code, error_of(reply.headers, reply.data)) == (status, error.refusal), reply.text
    assert fingerprint(attempt.caller.world.bank) == before


def test_every_refusal_that_somebody_raises_has_an_operation_that_gives_it() -> None:
    raised = {row["id"] for row in REFUSALS if row["raised_by"] != "nobody"}

    assert {error.refusal for error in ERRORS} | set(OUTSIDE_OPERATIONS) == raised

"""Every status that the contracts declare is reached by a call, with a lawful body; the table in docs/ says how."""

import pytest

from mock_gmo.contract import Operation
from tests.contract.reach import table
from tests.contract.reach.good_calls import Attempt, bare_attempt, good_attempt, holder_of
from tests.contract.reach.ways import WAYS, Way, way_to
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.gateway.calling import Caller, make_caller

ROWS = [
    pytest.param(document, operation, status, way, id=f"{operation.operation_id}-{status}")
    for document, operation, status, way in table.rows()
]


BANKS: dict[tuple[str, int], Caller] = {}
SETTINGS = [way.settings for way in WAYS]


def _bank(scenario: str, way: Way) -> Caller:
    """Return the bank of that scenario and of the way's settings; one serves all rows that share them."""
    key = (scenario, SETTINGS.index(way.settings))
    if key not in BANKS:
        BANKS[key] = make_caller(scenario=scenario, customer_id=scenario, **way.settings)
    return BANKS[key]


def attempt_by(way: Way, document: str, operation: Operation) -> Attempt:
    """Return the call at a bank in its first state, good unless nothing can be prepared there."""
    holder = holder_of(document, operation)
    caller = _bank(holder.scenario, way)
    assert caller.control("POST", "/reset").status_code == 200
    if not way.is_prepared:
        return bare_attempt(caller, document, operation)
    caller.no_limit()
    caller.customer_id = holder.customer_id
    caller.token = caller.new_token(holder.scope)["access_token"]
    return good_attempt(caller, document, operation)


@pytest.mark.parametrize(("document", "operation", "status", "way"), ROWS)
def test_every_declared_status_is_reached(document: str, operation: Operation, status: int, way: Way | None) -> None:
    assert way is not None, "no way to this status; add one to WAYS, or take the status out of the contract"
    attempt = attempt_by(way, document, operation)
    way.spoil(attempt)
    before = fingerprint(attempt.caller.world.bank)

    reply = attempt.send()

    assert reply.status_code == status, reply.text
    assert operation.reply_is_lawful(status, reply.get_json(silent=True))
    assert status < 400 or fingerprint(attempt.caller.world.bank) == before


def test_the_table_in_the_docs_says_what_is_reached() -> None:
    written = table.FILE.read_text(encoding="utf-8")

    assert written == table.render(), "python -m tests.contract.reach.table writes it anew"


def test_every_way_is_somebodys() -> None:
    used = {id(way) for _, _, _, way in table.rows()}
    faults = [way for way in WAYS if way.cell == "fault"]

    assert [way for way in WAYS if id(way) not in used and way not in faults] == []


def test_a_fault_stands_only_where_no_rule_reaches_the_status() -> None:
    faults = [row for row in table.rows() if row[3] is not None and row[3].cell == "fault"]
    by_fault = {(operation.operation_id, status) for _, operation, status, _ in faults}

    assert {status for _, status in by_fault} <= {400, 404, 411, 412, 415, 500, 504}
    assert {operation for operation, status in by_fault if status == 400} == {
        "getAccounts", "getPersonalAccounts", "getUnsentVaDeposits", "getSubscribeStatus",
    }  # fmt: skip


def test_a_status_without_a_way_is_seen() -> None:
    document, operation = table.OPERATIONS[0]

    assert way_to(418, document, operation) is None

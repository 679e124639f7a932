"""Every success that the contracts document is reached by generated calls, not only by the calls that we thought of."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from mock_gmo.contract import Operation
from tests.contract.reach import table
from tests.contract.reach.generated_calls import BOUND_BY_RULES, KNOWN_TO_THE_BANK, NOT_GUESSED, generated_calls, told
from tests.contract.reach.good_calls import good_attempt, holder_of
from tests.unit.gateway.calling import make_caller

ROUNDS = 8
SEARCH = settings(
    max_examples=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ONLY_TOLD = KNOWN_TO_THE_BANK | NOT_GUESSED | BOUND_BY_RULES
SUCCESSES = [
    pytest.param(document, operation, id=f"{operation.operation_id}-{operation.success_status}")
    for document, operation in table.OPERATIONS
]


@pytest.mark.parametrize(("document", "operation"), SUCCESSES)
def test_generated_calls_reach_every_documented_success(document: str, operation: Operation) -> None:
    holder = holder_of(document, operation)
    bank = make_caller(profile="strict", scenario=holder.scenario, customer_id=holder.customer_id)
    untold = {field.name for field in (*operation.query, *operation.body)} - ONLY_TOLD
    successes = 0

    @SEARCH
    @given(generated=generated_calls(document, operation))
    def call(generated: tuple[dict[str, Any], Any]) -> None:
        bank.control("POST", "/reset")
        bank.no_limit()
        bank.token = bank.new_token(holder.scope)["access_token"]
        attempt = told(good_attempt(bank, document, operation), *generated)
        reply = attempt.send()
        assert operation.reply_is_lawful(reply.status_code, reply.get_json(silent=True))
        if reply.status_code == operation.success_status:
            nonlocal successes
            successes += 1
            sent = {**attempt.query, **attempt.body}
            untold.difference_update(name for name, value in sent.items() if value not in ("", None))

    for number in range(ROUNDS):
        seed(number)(call)()
        if not untold:
            break

    assert successes > 0, "no generated call succeeded"
    assert untold == set(), "fields that no call carried that succeeded"

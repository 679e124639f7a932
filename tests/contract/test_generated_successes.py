"""Every success that the contracts document is reached by generated calls, not only by the calls that we thought of."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mock_gmo.contract import Operation
from tests.contract.reach import table
from tests.contract.reach.generated_calls import BOUND_BY_RULES, KNOWN_TO_THE_BANK, NOT_GUESSED, generated_calls, told
from tests.contract.reach.good_calls import HOLDERS, good_attempt
from tests.unit.gateway.calling import make_caller

SEARCH = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SUCCESSES = [
    pytest.param(document, operation, id=f"{operation.operation_id}-{operation.success_status}")
    for document, operation in table.OPERATIONS
]


@pytest.mark.parametrize(("document", "operation"), SUCCESSES)
def test_generated_calls_reach_every_documented_success(document: str, operation: Operation) -> None:
    bank = make_caller(profile="strict", scenario=HOLDERS[document].scenario)
    sent_in_successes: list[set[str]] = []

    @SEARCH
    @given(generated=generated_calls(document, operation))
    def call(generated: tuple[dict[str, Any], Any]) -> None:
        bank.control("POST", "/reset")
        bank.no_limit()
        bank.token = bank.new_token(HOLDERS[document].scope)["access_token"]
        attempt = told(good_attempt(bank, document, operation), *generated)
        reply = attempt.send()
        assert operation.reply_is_lawful(reply.status_code, reply.json if reply.is_json else None)
        if reply.status_code == operation.success_status:
            sent = {**attempt.query, **attempt.body}
            sent_in_successes.append({name for name, value in sent.items() if value not in ("", None)})

    call()

    assert sent_in_successes, "no generated call succeeded"
    never_sent = {field.name for field in (*operation.query, *operation.body)}.difference(*sent_in_successes)
    assert never_sent <= KNOWN_TO_THE_BANK | NOT_GUESSED | BOUND_BY_RULES, (
        "a field that stands in no call that succeeded"
    )

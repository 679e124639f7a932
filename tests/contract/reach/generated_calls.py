"""Calls that the contract generates, told only what it cannot know: whose account, which number, which day it is."""

from copy import deepcopy
from functools import cache
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

import contracts
from mock_gmo.contract import Operation
from tests.contract.reach.good_calls import Attempt

# Fields whose values stand in the bank's memory, not in the contract; a good call has some that exist.
KNOWN_TO_THE_BANK = frozenset(
    {"accountId", "applyNo", "vaId", "vaIdList", "raId", "depositSpAccountId", "debitSpAccountId", "paymentAmount"}
    | {"transfers", "bulkTransfers", "totalCount", "totalAmount", "transferDesignatedDate", "cancelTargetKeyClass"}
    | {"client_id", "client_secret", "code", "redirect_uri", "scope", "grant_type"}
)
# Optional fields that narrow or bind a call to something that exists: they are generated away.
NOT_GUESSED = frozenset({"nextItemKey", "bulktransferItemKey", "vaContractAuthKey"})
# Optional fields that a rule of the bank binds to its memory: characters, business days, business IDs, one application.
# Calls with these succeed in hand-written strategies: test_mock_keeps_contract, _bulk_orders, _valid_virtual_accounts.
BOUND_BY_RULES = frozenset(
    {"remitterName", "transferDateHolidayCode", "requestTransferClass", "detailInfoNecessity", "vaHolderNameKana"}
)
SEARCH = "2"  # the queryKeyClass of an inquiry that must not name an application


@cache
def _schema(document: str) -> Any:
    # Schemathesis writes the links that it infers into the document.
    return schemathesis.openapi.from_dict(deepcopy(contracts.load(document)))


def generated_calls(document: str, operation: Operation) -> st.SearchStrategy[tuple[dict[str, Any], Any]]:
    """Return query and body of calls that keep the contract."""
    described = _schema(document)[operation.relative_path][operation.method]
    return described.as_strategy(generation_mode=GenerationMode.POSITIVE).map(
        lambda case: (case.query or {}, case.body)
    )


def told(attempt: Attempt, query: dict[str, Any], body: Any) -> Attempt:
    """Put a generated call into a good one: what it cannot know stays as the good one has it."""
    if isinstance(body, dict):
        attempt.body = _merged(attempt.body, body)
    attempt.query = _merged(attempt.query, query)
    return attempt


def _merged(good: dict[str, Any], generated: dict[str, Any]) -> dict[str, Any]:
    free = {name: value for name, value in generated.items() if name not in KNOWN_TO_THE_BANK | NOT_GUESSED}
    known = {name: value for name, value in good.items() if name in KNOWN_TO_THE_BANK or name not in free}
    if free.get("queryKeyClass") == SEARCH:
        known.pop("applyNo", None)
    return {**free, **known}

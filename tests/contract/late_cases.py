"""One test for each operation of a document, whose calls are generated when the test runs.

Schemathesis' own `parametrize` generates the calls that it does not draw while tests are collected: every process of a
run would do so for every operation, and the calls would carry tokens that the test's fresh bank does not know.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from schemathesis import Case
from schemathesis.core.marks import Mark
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.hypothesis import builder
from schemathesis.generation.hypothesis.reporting import ignore_hypothesis_output
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source

# What Schemathesis writes on a test of which it had to leave a part out.
LEFT_OUT: tuple[Mark[Any], ...] = (
    builder.InvalidHeadersExampleMark,
    builder.InvalidRegexMark,
    builder.MissingPathParameters,
    builder.NonSerializableMark,
    builder.UnsatisfiableExampleMark,
    builder.UnserializablePayloadMark,
)


def each_operation(schema: Any) -> pytest.MarkDecorator:
    """Return the mark that makes one test of every operation; it comes in as `operation`."""
    found = [result.ok() for result in schema.get_all_operations()]
    return pytest.mark.parametrize("operation", found, ids=[operation.label for operation in found])


def judge_operation(operation: Any, profile: settings, checks: list[Callable[..., None]]) -> None:
    """Make examples', boundaries' and drawn calls; hold every reply to the built-in checks and to these."""

    @profile
    def keeps_its_contract(case: Case) -> None:
        case.call_and_validate(additional_checks=checks)

    test = build_operation_test(
        config=operation.schema.config,
        operation=operation,
        test_func=keeps_its_contract,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(operation.schema)),
    )
    with ignore_hypothesis_output():
        test()
    assert [mark.attr_name for mark in LEFT_OUT if mark.is_set(test)] == []

"""How the bare facts of a call are read: every cell of the table, and why."""

from itertools import product

import pytest

from integrator.domain.outcome import (
    CLASSIFICATION,
    Accepted,
    Attempt,
    Fact,
    InDoubt,
    NotCarriedOut,
    OutcomeKind,
    Rejected,
    classify,
    kind_of,
)

FIRST, REPEAT = Attempt.FIRST, Attempt.REPEAT
ROWS = [
    # attempt, what was seen, what it is
    (FIRST, Fact.NOT_CONNECTED, OutcomeKind.NOT_CARRIED_OUT),
    (FIRST, Fact.DONE, OutcomeKind.ACCEPTED),
    (FIRST, Fact.REFUSED, OutcomeKind.REJECTED),
    (FIRST, Fact.TOKEN_REFUSED, OutcomeKind.NOT_CARRIED_OUT),
    (FIRST, Fact.LIMITED, OutcomeKind.NOT_CARRIED_OUT),
    (FIRST, Fact.UNREADABLE, OutcomeKind.IN_DOUBT),
    (FIRST, Fact.SERVER_ERROR, OutcomeKind.IN_DOUBT),
    (FIRST, Fact.TIMED_OUT, OutcomeKind.IN_DOUBT),
    (FIRST, Fact.BROKEN, OutcomeKind.IN_DOUBT),
    (FIRST, Fact.LEASE_LAPSED, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.NOT_CONNECTED, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.DONE, OutcomeKind.ACCEPTED),
    (REPEAT, Fact.REFUSED, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.TOKEN_REFUSED, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.LIMITED, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.UNREADABLE, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.SERVER_ERROR, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.TIMED_OUT, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.BROKEN, OutcomeKind.IN_DOUBT),
    (REPEAT, Fact.LEASE_LAPSED, OutcomeKind.IN_DOUBT),
]


@pytest.mark.parametrize(("attempt", "fact", "kind"), ROWS)
def test_a_call_ends_as_the_table_says(attempt: Attempt, fact: Fact, kind: OutcomeKind) -> None:
    assert classify(attempt, fact) is kind


def test_every_pair_of_attempt_and_fact_has_a_row() -> None:
    assert set(CLASSIFICATION) == set(product(Attempt, Fact)) == {(attempt, fact) for attempt, fact, _ in ROWS}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Accepted("2026040100000001", "2"), OutcomeKind.ACCEPTED),
        (Rejected(400, "220011", "…"), OutcomeKind.REJECTED),
        (NotCarriedOut(Fact.LIMITED), OutcomeKind.NOT_CARRIED_OUT),
        (InDoubt(Fact.TIMED_OUT, "no answer"), OutcomeKind.IN_DOUBT),
    ],
)
def test_every_outcome_has_its_row_name(
    outcome: Accepted | Rejected | NotCarriedOut | InDoubt, kind: OutcomeKind
) -> None:
    assert kind_of(outcome) is kind

"""The decisions about a submission: after a call, in doubt, at the bank, when a cancel is wanted."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from integrator.domain.outcome import OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import (
    AFTER_CALL,
    KEY_LIFE,
    STANDINGS,
    DoubtFacts,
    DoubtStep,
    SubmissionState,
    look_again_seconds,
    next_in_doubt,
    shown_to_recore,
)

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)  # 12:00 in Japan
TODAY = date(2026, 4, 1)
S, K, P = SubmissionState, OutcomeKind, PayoutState


def test_every_state_and_outcome_has_a_row() -> None:
    assert set(AFTER_CALL) == set(product(S, K))


@pytest.mark.parametrize(("state", "outcome"), list(product(S, K)))
def test_an_outcome_counts_only_while_the_call_is_under_way(state: SubmissionState, outcome: OutcomeKind) -> None:
    assert (AFTER_CALL[state, outcome] is not None) == (state in (S.SENDING, S.REPEATING))


@pytest.mark.parametrize(
    ("state", "outcome", "after"),
    [
        (S.SENDING, K.ACCEPTED, (S.FOLLOWED, P.SUBMITTING)),
        (S.SENDING, K.REJECTED, (S.DEAD, P.REJECTED)),
        (S.SENDING, K.NOT_CARRIED_OUT, (S.WAITING, P.ACCEPTED)),
        (S.SENDING, K.IN_DOUBT, (S.IN_DOUBT, P.IN_DOUBT)),
        (S.REPEATING, K.ACCEPTED, (S.FOLLOWED, P.SUBMITTING)),
        (S.REPEATING, K.REJECTED, (S.IN_DOUBT, P.IN_DOUBT)),
        (S.REPEATING, K.NOT_CARRIED_OUT, (S.IN_DOUBT, P.IN_DOUBT)),
        (S.REPEATING, K.IN_DOUBT, (S.IN_DOUBT, P.IN_DOUBT)),
    ],
)
def test_a_call_under_way_ends_as_the_table_says(
    state: SubmissionState, outcome: OutcomeKind, after: tuple[SubmissionState, PayoutState]
) -> None:
    assert AFTER_CALL[state, outcome] == after


def facts(**changed: object) -> DoubtFacts:
    known: dict[str, object] = {
        "inquiry_complete": True,
        "is_found": False,
        "is_ambiguous": False,
        "first_attempt_at": NOON,
        "designated_date": TODAY,
        "is_same_grant": True,
        "cancel_wanted": False,
    }
    return DoubtFacts(**{**known, **changed})  # type: ignore[arg-type]


SOON, LATE = timedelta(minutes=5), KEY_LIFE
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("known", "age", "step"),
    [
        (facts(is_found=True), SOON, DoubtStep.ADOPT),
        (facts(is_found=True), LATE, DoubtStep.ADOPT),
        (facts(is_found=True, is_same_grant=False, cancel_wanted=True), LATE, DoubtStep.ADOPT),
        (facts(), timedelta(0), DoubtStep.REPEAT),
        (facts(), LATE - timedelta(seconds=1), DoubtStep.REPEAT),
        (facts(), LATE, DoubtStep.ASK_PERSON),
        (facts(inquiry_complete=False), SOON, DoubtStep.LOOK_AGAIN),
        (facts(inquiry_complete=False), LATE, DoubtStep.ASK_PERSON),
        (facts(inquiry_complete=False, is_found=True), SOON, DoubtStep.ADOPT),
        (facts(is_found=True, is_ambiguous=True), SOON, DoubtStep.ASK_PERSON),
        (facts(is_same_grant=False), SOON, DoubtStep.ASK_PERSON),
        (facts(designated_date=YESTERDAY), SOON, DoubtStep.ASK_PERSON),
        (facts(cancel_wanted=True), SOON, DoubtStep.LOOK_AGAIN),
        (facts(cancel_wanted=True), LATE, DoubtStep.ASK_PERSON),
    ],
)
def test_in_doubt_only_what_cannot_pay_twice_is_repeated(known: DoubtFacts, age: timedelta, step: DoubtStep) -> None:
    assert next_in_doubt(known, at=NOON + age, today=TODAY) is step


def test_a_doubt_is_looked_at_soon_and_then_ever_more_rarely() -> None:
    ages = [timedelta(seconds=seconds) for seconds in (0, 2, 60, 3600, 86400)]
    assert [look_again_seconds(age) for age in ages] == [2, 2, 30, 900, 900]


@pytest.mark.parametrize(
    ("status", "payout", "submission"),
    [
        ("2", P.AWAITING_APPROVAL, S.FOLLOWED),
        ("3", P.NEEDS_PERSON, S.FOLLOWED),
        ("4", P.WITHDRAWN, S.DEAD),
        ("5", P.EXPIRED, S.DEAD),
        ("8", P.CANCELLED, S.DEAD),
        ("11", P.RESERVED, S.FOLLOWED),
        ("12", P.PROCESSING, S.FOLLOWED),
        ("13", P.PROCESSING, S.FOLLOWED),
        ("20", P.SETTLED, S.FOLLOWED),
        ("22", P.RETURNED, S.DEAD),
        ("24", P.RECALL_IN_PROCESS, S.FOLLOWED),
        ("25", P.RETURNED, S.DEAD),
        ("26", P.SETTLED, S.FINISHED),
        ("40", P.NOT_EXECUTED, S.DEAD),
    ],
)
def test_the_banks_status_is_read_as_the_table_says(
    status: str, payout: PayoutState, submission: SubmissionState
) -> None:
    assert (STANDINGS[status].payout, STANDINGS[status].submission) == (payout, submission)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (P.AWAITING_CONFIRMATION, P.CANCELLING),
        (P.RESERVED, P.CANCELLING),
        (P.PROCESSING, P.PROCESSING),
        (P.SETTLED, P.SETTLED),
        (P.EXPIRED, P.CANCELLED),
        (P.IN_DOUBT, P.IN_DOUBT),
    ],
)
def test_a_wanted_cancel_is_shown_until_the_bank_has_made_it_true(state: PayoutState, shown: PayoutState) -> None:
    assert shown_to_recore(state, cancel_wanted=True) is shown
    assert shown_to_recore(state, cancel_wanted=False) is state

"""The decisions about a submission: after a call, in doubt, at the bank, when a cancel is wanted."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from integrator.domain.outcome import OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import (
    AFTER_CALL,
    AFTER_SETTLED,
    AWAITING_CONFIRMATION_WAIT_SECONDS,
    CANCEL_CLASS,
    CANCELLABLE,
    CARRIED_OUT,
    CLOCK_DISTRUST,
    CLOCK_TOLERANCE,
    COMPLETE_LOOK_SECONDS,
    FOLLOW_SETTLED_FOR,
    KEY_LIFE,
    NOT_SENT_PROBLEM_AFTER,
    PAST_CANCEL,
    RETRY_DELAYS_SECONDS,
    STANDINGS,
    UNKNOWN_STANDING,
    UNSEEN_LOOK_SECONDS,
    UNSEEN_PERSON_AFTER,
    DoubtFacts,
    DoubtStep,
    Standing,
    SubmissionState,
    confirmation_look_seconds,
    delay_seconds,
    look_again_seconds,
    next_in_doubt,
    person_look_seconds,
    processing_look_seconds,
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
        (facts(is_whole=False), SOON, DoubtStep.ASK_PERSON),
        (facts(is_whole=False, is_same_grant=False), SOON, DoubtStep.ASK_PERSON),
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
    ("status", "payout", "submission", "wait_seconds"),
    [
        ("2", P.AWAITING_APPROVAL, S.FOLLOWED, 60),
        ("3", P.NEEDS_PERSON, S.FOLLOWED, 3600),
        ("4", P.WITHDRAWN, S.DEAD, 0),
        ("5", P.EXPIRED, S.DEAD, 0),
        ("8", P.CANCELLED, S.DEAD, 0),
        ("11", P.RESERVED, S.FOLLOWED, 600),
        ("12", P.PROCESSING, S.FOLLOWED, 45),
        ("13", P.PROCESSING, S.FOLLOWED, 300),
        ("20", P.SETTLED, S.FOLLOWED, 86400),
        ("22", P.RETURNED, S.DEAD, 0),
        ("24", P.RECALL_IN_PROCESS, S.FOLLOWED, 86400),
        ("25", P.RETURNED, S.DEAD, 0),
        ("26", P.SETTLED, S.FINISHED, 0),
        ("40", P.NOT_EXECUTED, S.DEAD, 0),
    ],
)
def test_the_banks_status_is_read_as_the_table_says(
    status: str, payout: PayoutState, submission: SubmissionState, wait_seconds: int
) -> None:
    assert STANDINGS[status] == Standing(payout, submission, wait_seconds)


def test_a_status_that_no_document_names_is_followed_and_asks_for_a_person() -> None:
    assert Standing(P.NEEDS_PERSON, S.FOLLOWED, 3600) == UNKNOWN_STANDING
    assert Standing(P.PROCESSING, S.FOLLOWED, 45) == CARRIED_OUT
    assert len(STANDINGS) == 14


SHOWN_WITH_CANCEL_WANTED = {
    P.AWAITING_CONFIRMATION: P.CANCELLING,
    P.AWAITING_APPROVAL: P.CANCELLING,
    P.RESERVED: P.CANCELLING,
    P.SUBMITTING: P.CANCELLING,
    P.ACCEPTED: P.CANCELLED,
    P.EXPIRED: P.CANCELLED,
    P.WITHDRAWN: P.CANCELLED,
}


@pytest.mark.parametrize("state", PayoutState)
def test_a_wanted_cancel_is_shown_until_the_bank_has_made_it_true(state: PayoutState) -> None:
    assert shown_to_recore(state, cancel_wanted=True) is SHOWN_WITH_CANCEL_WANTED.get(state, state)
    assert shown_to_recore(state, cancel_wanted=False) is state


def test_what_the_bank_cancels_and_in_which_states_a_cancel_may_be_asked_for() -> None:
    assert CANCEL_CLASS == {"2": "1", "11": "2"}
    assert sorted(PAST_CANCEL, key=int) == ["12", "13", "20", "22", "24", "25", "26", "40"]
    assert {
        P.ACCEPTED,
        P.SUBMITTING,
        P.IN_DOUBT,
        P.AWAITING_CONFIRMATION,
        P.AWAITING_APPROVAL,
        P.RESERVED,
    } == CANCELLABLE


def test_what_can_become_of_a_settled_transfer_and_for_how_long_it_is_followed() -> None:
    assert AFTER_SETTLED == ("22", "24", "25", "26", "40")
    assert timedelta(days=60) == FOLLOW_SETTLED_FOR


def test_a_key_is_trusted_an_hour_less_than_the_bank_keeps_it() -> None:
    assert timedelta(hours=24) - timedelta(hours=1) == KEY_LIFE


def test_an_attempt_dated_minutes_ahead_is_taken_to_be_days_old() -> None:
    assert (timedelta(minutes=5), timedelta(hours=72)) == (CLOCK_TOLERANCE, CLOCK_DISTRUST)


def test_the_delays_between_tries_are_used_in_turn_and_the_last_one_repeats() -> None:
    assert [delay_seconds((1, 5, 15), count) for count in (0, 1, 2, 3, 4, 99)] == [1, 1, 5, 15, 15, 15]
    assert RETRY_DELAYS_SECONDS == (1, 5, 15, 60, 300)
    assert NOT_SENT_PROBLEM_AFTER == 5


def looks(look: Callable[[timedelta], int], *ages: int) -> list[int]:
    return [look(timedelta(seconds=age)) for age in ages]


def test_a_confirmation_is_looked_for_often_within_the_banks_limit_and_rarely_after_it() -> None:
    assert looks(confirmation_look_seconds, 0, 21, 60, 91, 599) == [10, 10, 30, 45, 45]
    assert looks(confirmation_look_seconds, 600, 3660, 6000, 18_000, 36_000) == [60, 61, 100, 300, 300]


def test_what_the_bank_carries_out_is_looked_at_after_a_sixth_of_its_age() -> None:
    assert looks(processing_look_seconds, 0, 60, 66, 180, 270, 3600) == [10, 10, 11, 30, 45, 45]


def test_what_waits_for_a_person_is_looked_at_hourly_for_a_week_and_then_daily() -> None:
    week = 7 * 86_400

    assert looks(person_look_seconds, 0, week - 1, week) == [3600, 3600, 86_400]


def test_what_is_complete_but_not_shown_is_looked_for_like_a_doubt_and_after_an_hour_by_a_person() -> None:
    assert [look_again_seconds(timedelta(seconds=age), UNSEEN_LOOK_SECONDS) for age in (0, 20, 86_400)] == [5, 10, 900]
    assert timedelta(minutes=60) == UNSEEN_PERSON_AFTER
    assert (COMPLETE_LOOK_SECONDS, AWAITING_CONFIRMATION_WAIT_SECONDS) == (5, 10)

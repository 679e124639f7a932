"""A submission: one order as it is sent to the bank, and every decision about it. Pure tables and functions.

A submission is frozen at its first send: body, bank key, designated date, consent. It is repeated only byte
for byte. What becomes of it after a call is `AFTER_CALL`; what may be done in doubt is `next_in_doubt`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from integrator.domain.outcome import OutcomeKind
from integrator.domain.payout import PayoutState

KEY_LIFE = timedelta(
    hours=23
)  # the bank keeps a duplicate key for 24 hours; the last hour is for slow clocks and calls
LEASE = timedelta(seconds=120)  # longer than the longest call, its wait at the gate and a refresh before it
CLOCK_TOLERANCE = timedelta(minutes=5)  # hosts differ by less; an attempt later than that ahead was dated wrongly
CLOCK_DISTRUST = timedelta(days=3)  # how long ago such an attempt is taken to be: longer than any key, soon enough seen
FOLLOW_SETTLED_FOR = timedelta(days=60)  # returns come late
DOUBT_LOOK_SECONDS = (2, 900)  # the next look comes after half the age of the doubt, within these bounds


class SubmissionState(StrEnum):
    WAITING = "waiting"  # nothing of it is at the bank
    SENDING = "sending"  # first attempt: intent stored, a call may be under way until the lease ends
    IN_DOUBT = "in_doubt"  # may be at the bank
    REPEATING = "repeating"  # the same bytes again, because an inquiry did not find it
    FOLLOWED = "followed"  # at the bank, apply number known
    NEEDS_PERSON = "needs_person"  # looked up now and then, never sent again
    DEAD = "dead"  # can no longer be paid, or was given back
    FINISHED = "finished"  # paid, and no longer followed


_S, _O, _P = SubmissionState, OutcomeKind, PayoutState

# (state, outcome) -> (submission, payout) after a call. None: the outcome does not count, because the call's
# lease is gone and somebody else has decided meanwhile; the late worker writes nothing.
AFTER_CALL: dict[tuple[SubmissionState, OutcomeKind], tuple[SubmissionState, PayoutState] | None] = {
    (_S.WAITING, _O.ACCEPTED): None,
    (_S.WAITING, _O.REJECTED): None,
    (_S.WAITING, _O.NOT_CARRIED_OUT): None,
    (_S.WAITING, _O.IN_DOUBT): None,
    (_S.SENDING, _O.ACCEPTED): (_S.FOLLOWED, _P.SUBMITTING),
    (_S.SENDING, _O.REJECTED): (_S.DEAD, _P.REJECTED),
    (_S.SENDING, _O.NOT_CARRIED_OUT): (_S.WAITING, _P.ACCEPTED),
    (_S.SENDING, _O.IN_DOUBT): (_S.IN_DOUBT, _P.IN_DOUBT),
    (_S.IN_DOUBT, _O.ACCEPTED): None,
    (_S.IN_DOUBT, _O.REJECTED): None,
    (_S.IN_DOUBT, _O.NOT_CARRIED_OUT): None,
    (_S.IN_DOUBT, _O.IN_DOUBT): None,
    (_S.REPEATING, _O.ACCEPTED): (_S.FOLLOWED, _P.SUBMITTING),
    (_S.REPEATING, _O.REJECTED): (_S.IN_DOUBT, _P.IN_DOUBT),
    (_S.REPEATING, _O.NOT_CARRIED_OUT): (_S.IN_DOUBT, _P.IN_DOUBT),
    (_S.REPEATING, _O.IN_DOUBT): (_S.IN_DOUBT, _P.IN_DOUBT),
    (_S.FOLLOWED, _O.ACCEPTED): None,
    (_S.FOLLOWED, _O.REJECTED): None,
    (_S.FOLLOWED, _O.NOT_CARRIED_OUT): None,
    (_S.FOLLOWED, _O.IN_DOUBT): None,
    (_S.NEEDS_PERSON, _O.ACCEPTED): None,
    (_S.NEEDS_PERSON, _O.REJECTED): None,
    (_S.NEEDS_PERSON, _O.NOT_CARRIED_OUT): None,
    (_S.NEEDS_PERSON, _O.IN_DOUBT): None,
    (_S.DEAD, _O.ACCEPTED): None,
    (_S.DEAD, _O.REJECTED): None,
    (_S.DEAD, _O.NOT_CARRIED_OUT): None,
    (_S.DEAD, _O.IN_DOUBT): None,
    (_S.FINISHED, _O.ACCEPTED): None,
    (_S.FINISHED, _O.REJECTED): None,
    (_S.FINISHED, _O.NOT_CARRIED_OUT): None,
    (_S.FINISHED, _O.IN_DOUBT): None,
}


class DoubtStep(StrEnum):
    ADOPT = "adopt"  # it is there: follow it
    REPEAT = "repeat"  # the same bytes and key once more
    LOOK_AGAIN = "look_again"  # the inquiry said nothing, or a repetition is not wanted: ask later
    ASK_PERSON = "ask_person"


@dataclass(frozen=True, slots=True)
class DoubtFacts:
    """What is known when the inquiry of a submission in doubt has been answered, or has not."""

    inquiry_complete: bool  # every page of every day since the day before the first attempt was read
    is_found: bool
    is_ambiguous: bool  # the bank shows two orders with one mark, or one without its number
    first_attempt_at: datetime
    designated_date: date
    is_same_grant: bool  # nobody consented anew in between: the same user stands behind the call
    cancel_wanted: bool  # of every line: what is still wanted goes on, and the rest of the order with it
    is_whole: bool = True  # of no line has a person, or ReCORE, been told that it will not be paid


def next_in_doubt(facts: DoubtFacts, *, at: datetime, today: date) -> DoubtStep:
    """Return the one safe next step. A new key is never among them.

    An empty status proves nothing, because an unconfirmed request is invisible. So what is not found is
    repeated with its own key, which cannot pay twice while the bank remembers the key; when that is no
    longer certain, only a person may decide, who sees the bank's site.
    """
    if facts.is_ambiguous:
        return DoubtStep.ASK_PERSON
    if facts.is_found:
        return DoubtStep.ADOPT
    if at - facts.first_attempt_at >= KEY_LIFE:
        return DoubtStep.ASK_PERSON
    if not facts.inquiry_complete:
        return DoubtStep.LOOK_AGAIN
    if facts.cancel_wanted:
        # A repetition could create the very order that ReCORE no longer wants.
        return DoubtStep.LOOK_AGAIN
    if facts.is_whole and facts.is_same_grant and facts.designated_date >= today:
        return DoubtStep.REPEAT
    return DoubtStep.ASK_PERSON


@dataclass(frozen=True, slots=True)
class Standing:
    """What a transferStatus of the bank means to us. `wait_seconds` paces the next inquiry."""

    payout: PayoutState
    submission: SubmissionState
    wait_seconds: int


# transferStatus -> our reading. Source: Corporation API, status codes; lifecycle of a transfer.
STANDINGS: dict[str, Standing] = {
    "2": Standing(_P.AWAITING_APPROVAL, _S.FOLLOWED, 60),
    # Sent back: documented nowhere as final, so it is not taken as dead; somebody may apply for it again.
    "3": Standing(_P.NEEDS_PERSON, _S.FOLLOWED, 3600),
    "4": Standing(_P.WITHDRAWN, _S.DEAD, 0),
    "5": Standing(_P.EXPIRED, _S.DEAD, 0),
    "8": Standing(_P.CANCELLED, _S.DEAD, 0),
    "11": Standing(_P.RESERVED, _S.FOLLOWED, 600),
    "12": Standing(_P.PROCESSING, _S.FOLLOWED, 45),
    "13": Standing(_P.PROCESSING, _S.FOLLOWED, 300),
    "20": Standing(_P.SETTLED, _S.FOLLOWED, 86400),
    "22": Standing(_P.RETURNED, _S.DEAD, 0),
    "24": Standing(_P.RECALL_IN_PROCESS, _S.FOLLOWED, 86400),
    "25": Standing(_P.RETURNED, _S.DEAD, 0),
    "26": Standing(_P.SETTLED, _S.FINISHED, 0),
    "40": Standing(_P.NOT_EXECUTED, _S.DEAD, 0),
}
AFTER_SETTLED = ("22", "24", "25", "26", "40")  # what can become of a settled transfer
CARRIED_OUT = STANDINGS["12"]
UNKNOWN_STANDING = Standing(_P.NEEDS_PERSON, _S.FOLLOWED, 3600)  # a code that no document names

AWAITING_CONFIRMATION_WAIT_SECONDS = 10  # a cancel that somebody is about to confirm
COMPLETE_LOOK_SECONDS = 5  # what nobody has to confirm
CONFIRMED_WITHIN = timedelta(minutes=10)  # the bank's limit, as far as known; until then nobody asks whether it passed
CONFIRMATION_LOOK_SECONDS = (10, 45)  # half the age: people confirm soon, and the payment is known within a minute
CONFIRMATION_LOOK_SECONDS_LATE = (60, 300)  # an account that gives its people longer than that
PROCESSING_LOOK_SECONDS = (10, 45)  # a sixth of the age of the order
UNSEEN_LOOK_SECONDS = (5, 900)  # complete by request-result, not shown by status: as for a doubt
UNSEEN_PERSON_AFTER = timedelta(hours=1)  # nobody has seen the bank take minutes for it
PERSON_LOOK_SECONDS = 3600
PERSON_LOOK_SECONDS_LATE = 86400
PERSON_LOOK_OFTEN_FOR = timedelta(days=7)  # afterwards daily; the order was applied for in these days, or never
NOT_SENT_PROBLEM_AFTER = 5  # attempts that were provably not carried out, before ReCORE is told why it waits
RETRY_DELAYS_SECONDS = (1, 5, 15, 60, 300)  # provably not carried out: no hurry, no storm


def delay_seconds(delays: tuple[int, ...], count: int) -> int:
    """Return the wait before try number `count` + 1; the last delay repeats."""
    return delays[min(max(count, 1), len(delays)) - 1]


def look_again_seconds(age: timedelta, bounds: tuple[int, int] = DOUBT_LOOK_SECONDS) -> int:
    """Return when to look again at something of this age: soon at first, then ever more rarely."""
    shortest, longest = bounds
    return max(shortest, min(longest, int(age.total_seconds() / 2)))


def confirmation_look_seconds(age: timedelta) -> int:
    """Return when to look again whether somebody has confirmed the order that was sent `age` ago."""
    if age < CONFIRMED_WITHIN:
        return look_again_seconds(age, CONFIRMATION_LOOK_SECONDS)
    return look_again_seconds(age / 30, CONFIRMATION_LOOK_SECONDS_LATE)


def processing_look_seconds(age: timedelta) -> int:
    """Return when to look again at what the bank carries out, of an order sent `age` ago."""
    return look_again_seconds(age / 3, PROCESSING_LOOK_SECONDS)


def person_look_seconds(age: timedelta) -> int:
    """Return when to look again at what waits for a person since its first attempt `age` ago."""
    return PERSON_LOOK_SECONDS if age < PERSON_LOOK_OFTEN_FOR else PERSON_LOOK_SECONDS_LATE


class CancelState(StrEnum):
    NONE = "none"
    WANTED = "wanted"  # ReCORE asked; the order is not in a state that the bank cancels, or we do not know
    DUE = "due"  # the bank shows a state that it cancels: call next
    REQUESTED = "requested"  # the bank took the cancel request; it may still wait for its own confirmation


def shown_to_recore(state: PayoutState, *, cancel_wanted: bool) -> PayoutState:
    """Return the state that a payout has while ReCORE's wish to cancel it is open.

    Alive and cancellable becomes `cancelling`; dead because nobody confirmed is what ReCORE wanted, `cancelled`.
    """
    if not cancel_wanted:
        return state
    return _WITH_CANCEL_WANTED.get(state, state)


_WITH_CANCEL_WANTED = {
    PayoutState.AWAITING_CONFIRMATION: PayoutState.CANCELLING,
    PayoutState.AWAITING_APPROVAL: PayoutState.CANCELLING,
    PayoutState.RESERVED: PayoutState.CANCELLING,
    PayoutState.SUBMITTING: PayoutState.CANCELLING,
    PayoutState.ACCEPTED: PayoutState.CANCELLED,
    PayoutState.EXPIRED: PayoutState.CANCELLED,
    PayoutState.WITHDRAWN: PayoutState.CANCELLED,
}
# What the bank no longer cancels: a wish to cancel it is over once it is seen there.
PAST_CANCEL = frozenset({"12", "13", "20", "22", "24", "25", "26", "40"})
# Which states of the bank a cancel request fits. Source: Corporation API, 10 振込取消依頼.
CANCEL_CLASS = {"2": "1", "11": "2"}
# States in which ReCORE may ask for a cancel; in all others it is refused with the reason.
CANCELLABLE = frozenset(
    {
        PayoutState.ACCEPTED,
        PayoutState.SUBMITTING,
        PayoutState.IN_DOUBT,
        PayoutState.AWAITING_CONFIRMATION,
        PayoutState.AWAITING_APPROVAL,
        PayoutState.RESERVED,
    }
)

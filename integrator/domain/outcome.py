"""What a call that moves money can end as, and how the bare facts of the call are read.

Pure. The tables here are the whole truth about doubt: code walks them, tests cover them cell by cell.
"""

from dataclasses import dataclass
from enum import StrEnum


class Attempt(StrEnum):
    """Is anything of this submission possibly at the bank already?"""

    FIRST = "first"  # nothing: never sent, or every earlier attempt was provably not carried out
    REPEAT = "repeat"  # an earlier attempt may have been carried out


class Fact(StrEnum):
    """What was observed of one call, before any judgement."""

    NOT_CONNECTED = "not_connected"  # no connection came about, so not one byte was sent
    DONE = "done"  # the documented success status with a body that says what it must
    REFUSED = "refused"  # a documented refusal (400, 403, 404, 405, 406, 411, 415) in the bank's error shape
    TOKEN_REFUSED = "token_refused"  # 401  # noqa: S105  (a name of a fact, no secret)
    LIMITED = "limited"  # 429
    UNREADABLE = "unreadable"  # an answer that is none of the above: torn, foreign, undocumented
    SERVER_ERROR = "server_error"  # any 5xx
    TIMED_OUT = "timed_out"  # sent, no answer in time
    BROKEN = "broken"  # the connection ended in the middle
    LEASE_LAPSED = "lease_lapsed"  # the worker that held the call did not come back


class OutcomeKind(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_CARRIED_OUT = "not_carried_out"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The bank took the request: `apply_no` is its handle; `result_code` 1 complete, 2 waits for confirmation."""

    apply_no: str
    result_code: str


@dataclass(frozen=True, slots=True)
class LineRefusal:
    """What the bank says against one line of a request; `item_id` None when it does not say which."""

    item_id: int | None
    message: str
    detail_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The bank refused this very request, and nothing of it can be alive. `lines` are those it finds fault with."""

    status: int
    code: str
    message: str
    detail_codes: tuple[str, ...] = ()
    lines: tuple[LineRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class NotCarriedOut:
    """The request never took effect, and may be sent again as it is. `fact` says why."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The request may have been carried out. Nothing may be sent before an inquiry. `reason` is for people."""

    fact: Fact
    reason: str


Outcome = Accepted | Rejected | NotCarriedOut | InDoubt

_FIRST = {
    Fact.NOT_CONNECTED: OutcomeKind.NOT_CARRIED_OUT,
    Fact.DONE: OutcomeKind.ACCEPTED,
    Fact.REFUSED: OutcomeKind.REJECTED,
    Fact.TOKEN_REFUSED: OutcomeKind.NOT_CARRIED_OUT,
    Fact.LIMITED: OutcomeKind.NOT_CARRIED_OUT,
    Fact.UNREADABLE: OutcomeKind.IN_DOUBT,
    Fact.SERVER_ERROR: OutcomeKind.IN_DOUBT,
    Fact.TIMED_OUT: OutcomeKind.IN_DOUBT,
    Fact.BROKEN: OutcomeKind.IN_DOUBT,
    Fact.LEASE_LAPSED: OutcomeKind.IN_DOUBT,
}
# A repetition can prove only one thing: that the order is there. A refusal may speak of the key, of a
# limit already used by the first attempt, of a day that has passed; none of it says the first one died.
_REPEAT = {fact: OutcomeKind.ACCEPTED if fact is Fact.DONE else OutcomeKind.IN_DOUBT for fact in Fact}

CLASSIFICATION: dict[tuple[Attempt, Fact], OutcomeKind] = {
    **{(Attempt.FIRST, fact): kind for fact, kind in _FIRST.items()},
    **{(Attempt.REPEAT, fact): kind for fact, kind in _REPEAT.items()},
}


def classify(attempt: Attempt, fact: Fact) -> OutcomeKind:
    """Return how a call ended, from the one table of facts. Total: every pair has a row."""
    return CLASSIFICATION[attempt, fact]


def kind_of(outcome: Outcome) -> OutcomeKind:
    """Return the row name of an outcome in the tables of `submission`."""
    match outcome:
        case Accepted():
            return OutcomeKind.ACCEPTED
        case Rejected():
            return OutcomeKind.REJECTED
        case NotCarriedOut():
            return OutcomeKind.NOT_CARRIED_OUT
        case InDoubt():
            return OutcomeKind.IN_DOUBT

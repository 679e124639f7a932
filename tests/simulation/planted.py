"""Mistakes planted by hand, as things to enter around a world: the world must find each of them."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from integrator import doubt, gate, submitting
from integrator.bank_client.calls import Calls
from integrator.domain import submission
from integrator.domain.outcome import OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import AFTER_CALL, STANDINGS, DoubtFacts, DoubtStep, Standing, SubmissionState
from integrator.domain.turns import Turn

Around = Callable[[], AbstractContextManager[None]]


@contextmanager
def name_means(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Let a name of a module or class mean something else for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def row_says(table: MutableMapping[Any, Any], row: Any, value: Any) -> Iterator[None]:
    """Let a row of a table say something else for a while."""
    before = table[row]
    table[row] = value
    try:
        yield
    finally:
        table[row] = before


def _new_key_at_each_repetition() -> AbstractContextManager[None]:
    def call(desk: Any, sent: Any, access: Any, attempt: Any) -> None:
        submitting.call(desk, replace(sent, bank_key=f"{sent.bank_key[:30]}-{sent.attempt_count}"), access, attempt)

    return name_means(doubt, "call", call)


def _doubt_is_taken_as_refusal() -> AbstractContextManager[None]:
    row = (SubmissionState.SENDING, OutcomeKind.IN_DOUBT)
    return row_says(AFTER_CALL, row, (SubmissionState.DEAD, PayoutState.REJECTED))


def _what_was_processed_is_taken_as_settled() -> AbstractContextManager[None]:
    return row_says(STANDINGS, "2", Standing(PayoutState.SETTLED, SubmissionState.FOLLOWED, 60))


def _what_is_not_found_is_dead() -> AbstractContextManager[None]:
    def ask_person(desk: Any, held: Any) -> None:
        at = desk.times()
        with desk.db.begin() as tx:
            values = doubt.rows.release({"state": SubmissionState.DEAD.value})
            if doubt.rows.change_held(tx, held, at=at, values=values):
                for line in held.lines:
                    doubt.payout_rows.move(tx, line.payout_id, PayoutState.NOT_EXECUTED, at=at.now)

    def next_step(facts: DoubtFacts, *, at: Any, today: Any) -> DoubtStep:
        step = submission.next_in_doubt(facts, at=at, today=today)
        return DoubtStep.ASK_PERSON if step is DoubtStep.REPEAT else step

    @contextmanager
    def both() -> Iterator[None]:
        with name_means(doubt, "_ask_person", ask_person), name_means(doubt, "next_in_doubt", next_step):
            yield

    return both()


def _limit_per_process() -> AbstractContextManager[None]:
    def try_turn(tx: Any, waiter: Any, *, now: Callable[[], Any], jitter: timedelta) -> Turn:
        present = now()
        return Turn(waiter.client_id, present, present + timedelta(seconds=1), present, 0)

    return name_means(gate.rows, "try_turn", try_turn)


def _token_in_the_log() -> AbstractContextManager[None]:
    perform = Calls.perform

    def telling(self: Any, call: Any, **options: Any) -> Any:
        self._ports.log.info("call headers=%s", call.headers)
        return perform(self, call, **options)

    return name_means(Calls, "perform", telling)


def _one_yen_more() -> AbstractContextManager[None]:
    body_of = submitting.wire.transfer_body

    def with_more(account_id: Any, lines: Any, **options: Any) -> bytes:
        more = tuple(replace(line, amount_yen=line.amount_yen + 1) for line in lines)
        return body_of(account_id, more, **options)

    return name_means(submitting.wire, "transfer_body", with_more)


MISTAKES: dict[str, Around] = {
    "a new key at each repetition": _new_key_at_each_repetition,
    "a doubt is taken as a refusal": _doubt_is_taken_as_refusal,
    "what waits for approval is told as settled": _what_was_processed_is_taken_as_settled,
    "what the list does not show is dead": _what_is_not_found_is_dead,
    "a limit for each process": _limit_per_process,
    "a token in the log": _token_in_the_log,
    "one yen more": _one_yen_more,
}

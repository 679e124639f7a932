"""What wrong integrators do, function by function. Which of it is planted where stands in wrong_integrators.py.

Each function takes what the program has and returns what stands in its place.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from integrator import (
    listing,
    standings,
)
from integrator.bank_client import wire
from integrator.bank_client.calls import Calls
from integrator.bank_client.wire import StatusLine
from integrator.connections import Tokens
from integrator.domain import days, outcome, submission
from integrator.domain.outcome import Attempt, Fact, OutcomeKind
from integrator.domain.payout import PayoutState
from integrator.domain.submission import STANDINGS, DoubtStep, SubmissionState
from integrator.gate import Gate
from integrator.listing import Ending, Listed
from integrator.secret import Secret
from integrator.store import callbacks as callback_rows
from integrator.store import claims
from integrator.store import payouts as payout_rows
from integrator.store import submissions as submission_rows
from integrator.vault import Vault
from tests.mutants.planting import row, together

Plant = Callable[[], AbstractContextManager[object]]


def classified(attempt: Attempt, *facts: Fact, kind: OutcomeKind) -> Plant:
    """An integrator that reads these facts of a call as something else."""
    return lambda: together(*(row(outcome.CLASSIFICATION, (attempt, fact), kind) for fact in facts))


def refused_when_repeated(fact: Fact) -> Plant:
    """An integrator that believes a refusal of a repetition to speak of the order."""
    dead = (SubmissionState.DEAD, PayoutState.REJECTED)
    return lambda: together(
        row(outcome.CLASSIFICATION, (Attempt.REPEAT, fact), OutcomeKind.REJECTED),
        row(submission.AFTER_CALL, (SubmissionState.REPEATING, OutcomeKind.REJECTED), dead),
    )


def standing(code: str, payout: PayoutState, state: SubmissionState) -> Plant:
    """An integrator that reads one code of the bank as another state."""
    return lambda: row(STANDINGS, code, replace(STANDINGS[code], payout=payout, submission=state))


def always(answer: object) -> Callable[[object], Callable[..., Any]]:
    return lambda _: lambda *_arguments, **_more: answer


def new_key(old: Callable[..., None]) -> Callable[..., None]:
    def call(desk: Any, sent: Any, access: Any, attempt: Attempt) -> None:
        fresh = replace(sent, bank_key=f"{sent.bank_key}-{sent.attempt_count}")
        old(desk, fresh if attempt is Attempt.REPEAT else sent, access, attempt)

    return call


def new_body(old: Callable[..., None]) -> Callable[..., None]:
    def call(desk: Any, sent: Any, access: Any, attempt: Attempt) -> None:
        today = days.civil_date(desk.clock.now())
        body = wire.transfer_body(sent.account_id, sent.lines, designated_date=today, remitter_name="ｶ)ﾘｺｱ")
        old(desk, replace(sent, body=body) if attempt is Attempt.REPEAT else sent, access, attempt)

    return call


def same_grant(old: Callable[..., DoubtStep]) -> Callable[..., DoubtStep]:
    def step(facts: Any, *, at: datetime, today: date) -> DoubtStep:
        return old(replace(facts, is_same_grant=True), at=at, today=today)

    return step


def repeats_what_is_not_wanted(old: Callable[..., DoubtStep]) -> Callable[..., DoubtStep]:
    def step(facts: Any, *, at: datetime, today: date) -> DoubtStep:
        return old(replace(facts, cancel_wanted=False), at=at, today=today)

    return step


def not_found_is_dead(old: Callable[..., None]) -> Callable[..., None]:
    def act(desk: Any, held: Any, access: Any, inquiry: Any) -> None:
        if inquiry.is_complete and not inquiry.found:
            standings.store_expired(desk, held)
        else:
            old(desk, held, access, inquiry)

    return act


def unanswered_is_empty(old: Callable[..., Any]) -> Callable[..., Any]:
    def look(desk: Any, access: Any, held: Any) -> Any:
        found = old(desk, access, held)
        if found.is_complete or found.found:
            return found
        standings.store_expired(desk, held)
        return found

    return look


def without_lease(_: object) -> Callable[..., bool]:
    def change(tx: Any, held: Any, *, at: Any, values: Any) -> bool:
        table = submission_rows.submissions
        same = table.c.submission_id == held.submission_id
        return bool(tx.execute(table.update().where(same).values(updated_at=at.now, **values)).rowcount)

    return change


def lapse_sends_again(_: object) -> Callable[..., None]:
    def lapse(desk: Any, held: Any) -> None:
        at = desk.times()
        values = {"state": SubmissionState.WAITING.value, "due_at": at.now, "body": None}
        key = {"bank_key": f"{held.bank_key}-again"}
        with desk.db.begin() as tx:
            if submission_rows.change_held(tx, held, at=at, values=submission_rows.release({**values, **key})):
                for line in held.lines:
                    payout_rows.move(tx, line.payout_id, PayoutState.ACCEPTED, at=at.now)

    return lapse


def by_prefix(_: object) -> Callable[[StatusLine], Any]:
    def standing(line: StatusLine) -> Any:
        known = (code for code in STANDINGS if (line.status or "").startswith(code))
        return STANDINGS[next(known)] if line.status else submission.UNKNOWN_STANDING

    return standing


def one_for_all(old: Callable[..., None]) -> Callable[..., None]:
    def store(desk: Any, held: Any, found: dict[str, StatusLine], **more: Any) -> None:
        shown = [line.status for line in found.values()]
        old(desk, held, {mark: replace(line, status=shown[0]) for mark, line in found.items()}, **more)

    return store


def lines_turned_round(old: Callable[..., Any]) -> Callable[..., Any]:
    def ours(held: Any, shown: Any) -> dict[str, StatusLine]:
        found = old(held, shown)
        return dict(zip(found, reversed(found.values()), strict=True))

    return ours


def neighbours_amount(old: Callable[..., bytes]) -> Callable[..., bytes]:
    def body(account_id: str, lines: Any, **more: Any) -> bytes:
        amounts = [line.amount_yen for line in lines]
        turned = [*amounts[1:], amounts[0]]
        paid = [replace(line, amount_yen=yen) for line, yen in zip(lines, turned, strict=True)]
        return old(account_id, paid, **more)

    return body


def one_yen_more(old: Callable[..., bytes]) -> Callable[..., bytes]:
    def body(account_id: str, lines: Any, **more: Any) -> bytes:
        return old(account_id, [replace(line, amount_yen=line.amount_yen + 1) for line in lines], **more)

    return body


def first_page_only(_: object) -> Callable[..., Listed]:
    def read(desk: Any, access: Any, search: Any, *, urgency: Any, goes_on: object) -> Listed:
        page = listing.ask(desk, access, listing.partial(listing._page, desk, search, None), urgency=urgency)
        if isinstance(page, wire.StatusPage):
            return Listed(page.lines, Ending.COMPLETE)
        return Listed((), Ending.UNANSWERED)

    return read


def everybody(_: object) -> Callable[..., frozenset[int]]:
    return lambda item_ids, named: frozenset(item_ids)


def the_next_one(old: Callable[..., frozenset[int]]) -> Callable[..., frozenset[int]]:
    def culprits(item_ids: Any, named: Any) -> frozenset[int]:
        found = old(item_ids, named)
        return frozenset(item_id % len(item_ids) + 1 for item_id in found)

    return culprits


def in_utc(_: object) -> Callable[[datetime], date]:
    return lambda at: at.astimezone(UTC).date()


def own_gate(old: Callable[..., None]) -> Callable[..., None]:
    def wait(self: Gate, client_id: str, urgency: Any, **more: Any) -> None:
        old(self, f"{client_id}/{id(self)}", urgency, **more)

    return wait


def without_reserve(_: object) -> Callable[..., timedelta]:
    return lambda requests_per_second, *, jitter: timedelta(seconds=0.9) / requests_per_second


def with_headers(old: Callable[..., None]) -> Callable[..., None]:
    def write(self: Calls, call: Any, *rest: Any) -> None:
        old(self, call, *rest)
        logging.getLogger("integrator.bank_call").info("sent %s with %s", call.path, dict(call.headers))

    return write


def in_clear(_: object) -> Callable[..., bytes]:
    return lambda self, secret, *, company_id, kind: b"\x00" + secret.reveal().encode()


def from_clear(old: Callable[..., Secret]) -> Callable[..., Secret]:
    def opened(self: Vault, sealed: bytes, **bound: Any) -> Secret:
        return Secret(sealed[1:].decode()) if sealed[:1] == b"\x00" else old(self, sealed, **bound)

    return opened


def shows_itself(_: object) -> Callable[[Secret], str]:
    return lambda self: f"Secret({self.reveal()})"


def unbound(_: object) -> Callable[..., bytes]:
    return lambda use, environment, company_id, kind: b"bound to nothing"


def old_refresh_token(old: Callable[..., Any]) -> Callable[..., Any]:
    def sealed(self: Tokens, company_id: str, grant: Any, *, asked_at: datetime, **more: Any) -> Any:
        before = more["old"]
        kept = grant if before is None else replace(grant, refresh_token=None)
        return old(self, company_id, kept, asked_at=asked_at, old=before)

    return sealed


def nothing(_: object) -> Callable[..., None]:
    return lambda *_arguments, **_more: None


def marks_only(_: object) -> Callable[..., int]:
    def drop(tx: Any, *, now: datetime, machine_now: datetime) -> int:
        return 0

    return drop


def any_body(_: object) -> Callable[..., Any]:
    def known(tx: Any, payer: Any, found: tuple[str, str], request_hash: str) -> Any:
        view = payout_rows.find_view(tx, payer.company_id, found[0])
        assert view is not None, "a known key has its payout"
        return view

    return known


def cancelled_at_once(old: Callable[..., PayoutState]) -> Callable[..., PayoutState]:
    def shown(state: PayoutState, *, cancel_wanted: bool) -> PayoutState:
        found = old(state, cancel_wanted=cancel_wanted)
        return PayoutState.CANCELLED if found is PayoutState.CANCELLING else found

    return shown


def lost_callback(old: Callable[..., Any]) -> Callable[..., Any]:
    def postpone(tx: Any, event_id: str, **_more: Any) -> None:
        callback_rows.delete_delivery(tx, event_id)

    return postpone


def unsigned(_: object) -> Callable[..., str]:
    return lambda secret, *, event_id, timestamp, body: "v1,AAAA"


def signs_body_only(old: Callable[..., str]) -> Callable[..., str]:
    return lambda secret, *, event_id, timestamp, body: old(secret, event_id=event_id, timestamp=0, body=body)


def settled_is_reconciled(_: object) -> Callable[..., bool]:
    return lambda state, debited_on, returned_on: state is PayoutState.SETTLED


def not_chained(old: Callable[..., str]) -> Callable[..., str]:
    return lambda previous_hash, entry: old("", entry)


def never_revoked(old: Callable[..., Any]) -> Callable[..., Any]:
    def find(tx: Any, key_id: str) -> Any:
        found = old(tx, key_id)
        return None if found is None else replace(found, revoked_at=None)

    return find


def newest_first(old: Callable[..., Any]) -> Callable[..., Any]:
    """Events of one payout leave in any order: the newest that waits goes first."""

    def claim(tx: Any, lane: Any, *, holder: str, at: Any, until: datetime) -> Any:
        held = old(tx, lane, holder=holder, at=at, until=until)
        if held is None:
            return None
        events, deliveries = callback_rows.events, callback_rows.deliveries
        newest = (
            select(events.c.event_id, events.c.body)
            .join(deliveries, deliveries.c.event_id == events.c.event_id)
            .where(events.c.company_id == held.company_id)
            .order_by(events.c.number.desc())
        )
        found = tx.execute(newest).first()
        return held if found is None else replace(held, event_id=found.event_id, body=found.body)

    return claim


def told_expired(_: object) -> Callable[..., None]:
    return lambda desk, held, **more: standings.store_expired(desk, held)


def never_stopped(_: object) -> Callable[..., Any]:
    return lambda column: claims.and_(column != column)

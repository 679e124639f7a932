"""Delivering events to ReCORE: claim → sign → post → record. At least once, in order for each payout, until taken.

A deliverer that dies before or after the post leaves a lapsed lease, and the event goes out once more under the
same id. Nothing of the bank is touched here, and no transaction is open during the post.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrator.clock import Clock
from integrator.courier import Parcel, Post, Receipt
from integrator.domain.callback import signature, wait_after
from integrator.domain.event import EventKind
from integrator.effects import Checkpoints
from integrator.failures import told
from integrator.secret import Secret
from integrator.store import callbacks as rows
from integrator.store.callbacks import Delivery, Lane, StoredSecret
from integrator.store.database import Database
from integrator.store.submissions import Times
from integrator.vault import Kind, SealBroken, Vault

LEASE = timedelta(seconds=90)
POST_TIME_MAX = timedelta(seconds=60)  # far beyond the courier's limit: a name server may take its time as well
SLOW_SECONDS = 2.0
LANES = (Lane.QUICK, Lane.QUICK, Lane.ANY, Lane.ANY)  # a thread each
IDLE_SECONDS = 0.2
AFTER_FAILURE_SECONDS = 1.0
STOP_SECONDS = 2.0  # how long posts under way may take after a signal
SEAL_BROKEN = Receipt("secret_unreadable")
HOLDER_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""

log = logging.getLogger("integrator.callback")


@dataclass(frozen=True, slots=True)
class Deliverer:
    """What deliveries work with. `timer` counts real seconds; `machine_clock` is what receivers compare with."""

    db: Database
    vault: Vault
    post: Post
    clock: Clock
    machine_clock: Clock
    timer: Callable[[], float]
    checkpoints: Checkpoints
    new_text: NewText

    def times(self) -> Times:
        """Return the present by both clocks."""
        return Times(now=self.clock.now(), machine=self.machine_clock.now())


def deliver_one(deliverer: Deliverer, lane: Lane) -> bool:
    """Post the event that is due first, of the company that was served longest ago. False when none is due."""
    held = _claim(deliverer, lane)
    if held is None:
        return False
    _deliver(deliverer, held)
    return True


def _claim(deliverer: Deliverer, lane: Lane) -> Delivery | None:
    at = deliverer.times()
    with deliverer.db.read() as tx:
        if not rows.has_delivery(tx, lane, at=at):
            return None
    holder = deliverer.new_text(32, HOLDER_ALPHABET)
    with deliverer.db.begin() as tx:
        return rows.claim_delivery(tx, lane, holder=holder, at=at, until=at.machine + LEASE)


def _deliver(deliverer: Deliverer, held: Delivery) -> None:
    try:
        keys = [_opened(deliverer, held.company_id, stored) for stored in held.secrets]
    except SealBroken as broken:
        log.error("callback.seal_broken company=%s reason=%s", held.company_id, broken)
        _record(deliverer, held, SEAL_BROKEN, seconds=0.0)
        return
    sent_at = deliverer.times()
    if sent_at.machine + POST_TIME_MAX >= held.lease_until:
        # This process stood still since its claim; somebody else may be posting later events by now.
        log.warning("callback.not_sent_too_late event=%s", held.event_id)
        return
    started = deliverer.timer()
    deliverer.checkpoints.reached("callback.before")
    receipt = deliverer.post(_parcel(held, keys, at=sent_at.machine))
    deliverer.checkpoints.reached("callback.after")
    _record(deliverer, held, receipt, seconds=deliverer.timer() - started)


@contextmanager
def delivering_beside(deliverer: Deliverer, stopping: threading.Event) -> Iterator[None]:
    """Deliver events in threads of their own while the block runs; afterwards wait a moment for what is under way."""
    looking = {lane: threading.Lock() for lane in LANES}
    threads = [
        threading.Thread(
            target=_deliver_until,
            args=(deliverer, lane, stopping, looking[lane]),
            name=f"deliveries-{number}-{lane}",
            daemon=True,  # a post under way is not worth waiting for: its event goes out again
        )
        for number, lane in enumerate(LANES, start=1)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(STOP_SECONDS / len(threads))


def _deliver_until(deliverer: Deliverer, lane: Lane, stopping: threading.Event, looking: threading.Lock) -> None:
    while not stopping.is_set():
        try:
            with looking:  # one thread of a lane at a time, so that two ask the database no more often than one
                held = None if stopping.is_set() else _claim(deliverer, lane)
                if held is None:
                    stopping.wait(IDLE_SECONDS)
            if held is not None:
                _deliver(deliverer, held)
        except Exception as error:  # noqa: BLE001
            # The one place of these threads that catches everything; what it ended stays leased, and is tried again.
            log.error("callback.failed failure=%s", told(error))
            stopping.wait(AFTER_FAILURE_SECONDS)


def _opened(deliverer: Deliverer, company_id: str, stored: StoredSecret) -> Secret:
    vault = deliverer.vault
    if stored.sealed_secret is not None:
        return vault.open(stored.sealed_secret, company_id=company_id, kind=Kind.CALLBACK_SECRET)
    assert stored.intake_secret is not None, "a secret is sealed one way or the other"
    secret = vault.open_intake(stored.intake_secret, company_id=company_id, kind=Kind.CALLBACK_SECRET)
    sealed = vault.seal(secret, company_id=company_id, kind=Kind.CALLBACK_SECRET)
    with deliverer.db.begin() as tx:
        rows.keep_secret(tx, stored.secret_id, sealed=sealed)
    return secret


def _parcel(held: Delivery, keys: list[Secret], *, at: datetime) -> Parcel:
    body = held.body.encode()
    timestamp = int(at.timestamp())
    signatures = [signature(key.reveal(), event_id=held.event_id, timestamp=timestamp, body=body) for key in keys]
    headers = (
        ("Content-Type", "application/json"),
        ("webhook-id", held.event_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", " ".join(signatures)),
    )
    return Parcel(held.url, headers, body)


def _record(deliverer: Deliverer, held: Delivery, receipt: Receipt, *, seconds: float) -> None:
    at = deliverer.times()
    learned = _learned(held, receipt, now=at.now, seconds=seconds)
    with deliverer.db.begin() as tx:
        if not rows.let_go(tx, held, at=at, values=learned):
            log.warning("callback.recorded_too_late event=%s outcome=%s", held.event_id, receipt.outcome)
            return
        rows.delete_ended_secrets(tx, held.company_id, now=at.now)
        if receipt.is_taken or held.kind == EventKind.CALLBACK_TEST:
            rows.delete_delivery(tx, held.event_id)
        else:
            attempts = held.attempt_count + 1
            due_at = learned["paused_until"] if receipt.status is None else at.now + wait_after(attempts)
            rows.postpone_delivery(tx, held.event_id, attempt_count=attempts, due_at=due_at)
    log.log(
        logging.INFO if receipt.is_taken else logging.WARNING,
        "callback.posted company=%s event=%s attempt=%d outcome=%s status=%s duration_ms=%d",
        held.company_id,
        held.event_id,
        held.attempt_count + 1,
        receipt.outcome,
        receipt.status,
        round(seconds * 1000),
    )


def _learned(held: Delivery, receipt: Receipt, *, now: datetime, seconds: float) -> dict[str, Any]:
    """Return what one post says of the receiver: no answer lets the whole company wait, an answer only this event."""
    is_answered = receipt.status is not None
    failures = 0 if is_answered else held.failures + 1
    return {
        "is_slow": not is_answered or seconds >= SLOW_SECONDS,
        "failures": failures,
        "paused_until": now if is_answered else now + wait_after(failures),
        "last_event_id": held.event_id,
        "last_at": now,
        "last_outcome": receipt.outcome,
        "last_status": receipt.status,
    }

"""A wrong integrator that tells ReCORE of a change before it is committed. Its own file, for it needs a memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from integrator import delivering
from integrator.delivering import Deliverer
from integrator.store import callbacks as callback_rows
from integrator.store import events
from integrator.vault import Kind
from tests.mutants.planting import everywhere, together


@contextmanager
def told_before_the_commit() -> Iterator[None]:
    """Events leave while the transaction that stores them is open; those that are stored go out once more later."""
    known: list[Deliverer] = []

    def remembering(old: Callable[..., bool]) -> Callable[..., bool]:
        def deliver(deliverer: Deliverer, lane: Any) -> bool:
            known[:] = [deliverer]
            return old(deliverer, lane)

        return deliver

    def telling(old: Callable[..., None]) -> Callable[..., None]:
        def store(tx: Any, told: Any) -> None:
            old(tx, told)
            for values, _ in told:
                if known and known[0].db.engine.pool is tx.engine.pool:  # the web has no way to ReCORE
                    _post(known[0], tx, values)

        return store

    planted = together(everywhere(delivering, "deliver_one", remembering), everywhere(events, "_store", telling))
    with planted:
        yield


def _post(deliverer: Deliverer, tx: Any, values: dict[str, Any]) -> None:
    at = deliverer.times()
    callback = callback_rows.find_callback(tx, values["company_id"])
    secrets = callback_rows.secrets_of(tx, values["company_id"], now=at.now)
    sealed = [secret.sealed_secret for secret in secrets if secret.sealed_secret is not None]
    if callback is None or not sealed:
        return
    keys = [deliverer.vault.open(each, company_id=values["company_id"], kind=Kind.CALLBACK_SECRET) for each in sealed]
    held = callback_rows.Delivery(
        event_id=values["event_id"],
        company_id=values["company_id"],
        kind=values["kind"],
        url=callback.url,
        body=values["body"],
        attempt_count=0,
        failures=0,
        secrets=secrets,
        holder="",
        lease_until=at.machine + timedelta(minutes=1),
    )
    deliverer.post(delivering._parcel(held, keys, at=at.machine))

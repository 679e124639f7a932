"""The emergency stop: while it stands no order leaves, of one company or of all. Inquiries and cancels go on.

Every process reads it in the transaction that stores the intent to send, and once more before the call. So what
may still leave after a stop is only what had been handed to a call before it; that is counted and said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from integrator.companies import CompanyUnknown
from integrator.domain.payout import written_instant
from integrator.store import audit
from integrator.store import stops as rows
from integrator.store.audit import Change
from integrator.store.companies import find_company
from integrator.store.database import Database
from integrator.store.stops import ALL, Cause, Stop


class NotStopped(LookupError):
    """There is no emergency stop of this scope to be ended."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who wants it, and why. `company_id` None means every company."""

    company_id: str | None
    reason: str
    by: str

    @property
    def scope(self) -> str:
        """The scope in the tables."""
        return self.company_id or ALL


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stop that stands. `calls_under_way` had been handed to a call before it and may still reach the bank."""

    stop: Stop
    calls_under_way: int

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {**stop_json(self.stop), "calls_under_way": self.calls_under_way}


def stop_payouts(db: Database, decision: Decision, *, at: datetime) -> Stopped:
    """Let no order leave from now on. A stop that stands already stays as it is. Raises CompanyUnknown."""
    stop = Stop(decision.scope, Cause.EMERGENCY, decision.reason, decision.by, at)
    try:
        with db.begin() as tx:
            if decision.company_id is not None and find_company(tx, decision.company_id) is None:
                raise CompanyUnknown(decision.company_id)
            rows.insert_stop(tx, stop)
            told = {"reason": stop.reason, "by": stop.stopped_by}
            audit.note(tx, stop.scope, Change("payouts.stopped", stop.scope, None, told), at=at)
    except IntegrityError:
        pass  # it stands already, with its own reason
    with db.read() as tx:
        standing = [found for found in rows.stops_of(tx) if (found.scope, found.cause) == (stop.scope, stop.cause)]
        return Stopped(standing[0] if standing else stop, rows.count_calls_under_way(tx, stop.scope))


def resume_payouts(db: Database, decision: Decision, *, at: datetime) -> Stop:
    """End the emergency stop of exactly this scope and return it. Raises NotStopped.

    A stop for all is not ended for one company, nor does a stop after a restore end here.
    """
    with db.begin() as tx:
        standing = [found for found in rows.stops_of(tx) if found.scope == decision.scope]
        if not rows.delete_stop(tx, decision.scope, Cause.EMERGENCY):
            raise NotStopped(decision.scope)
        stop = next(found for found in standing if found.cause is Cause.EMERGENCY)
        before = {"reason": stop.reason, "by": stop.stopped_by, "since": stop.stopped_at}
        after = {"reason": decision.reason, "by": decision.by}
        audit.note(tx, stop.scope, Change("payouts.resumed", stop.scope, before, after), at=at)
    return stop


def standing_stops(db: Database, company_id: str | None = None) -> list[Stop]:
    """Return the stops that hold for a company, or every one there is."""
    with db.read() as tx:
        return rows.stops_of(tx, company_id)


def stop_json(stop: Stop) -> dict[str, Any]:
    """Return the wire form of a stop; one for all companies names none."""
    members = {
        "company_id": None if stop.scope == ALL else stop.scope,
        "cause": stop.cause.value,
        "reason": stop.reason,
        "by": stop.stopped_by,
        "since": written_instant(stop.stopped_at),
    }
    return {name: value for name, value in members.items() if value is not None}

"""Letting go on what was set aside because our own work on it broke off: a person says that the cause is mended."""

import logging
from dataclasses import dataclass
from datetime import datetime

from integrator.store import audit
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.audit import Change
from integrator.store.database import Database

log = logging.getLogger("integrator.payout")


class NotSetAside(LookupError):
    """Nobody set this payout aside: there is nothing to release, whatever else it waits for."""


@dataclass(frozen=True, slots=True)
class Release:
    """Who says that the cause is mended, and what it was."""

    reason: str
    by: str


def release(db: Database, company_id: str, payout_id: str, told: Release, *, at: datetime) -> None:
    """Let workers take up a payout with problem `work-fails` at once, where they left it. Raises NotSetAside.

    Only the time of being set aside ends. What may be done next follows from the payout's state, as ever: what is in
    doubt is looked up first. `at` is the machine's clock.
    """
    with db.begin() as tx:
        if payout_rows.find_view(tx, company_id, payout_id) is None or not rows.release_aside(tx, payout_id, at=at):
            raise NotSetAside(payout_id)
        after = {"reason": told.reason, "by": told.by}
        audit.note(tx, company_id, Change("payout.released", payout_id, None, after), at=at)
    log.warning("payout.released payout=%s", payout_id)

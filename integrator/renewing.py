"""Keeping connections alive without anyone asking: tokens are renewed in time, a consent that dies is announced.

Each worker looks now and then; who renews is decided in the database, so two never do it at once.
"""

import logging
from datetime import datetime, timedelta

from integrator.desk import Desk
from integrator.domain.connection import days_to_announce, is_renewal_due
from integrator.domain.turns import Urgency
from integrator.store import connections as connection_rows
from integrator.store import renewals as rows
from integrator.store.renewals import Standing

LOOK_EVERY = timedelta(seconds=10)

log = logging.getLogger("integrator.connection")


class Renewer:
    """One process's look at all connections, at most every LOOK_EVERY."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._look_at: datetime | None = None

    def renew_one(self) -> bool:
        """Renew the token that ends first of those that are due, and announce ends. False when nothing was renewed."""
        desk = self._desk
        at = desk.times()
        if self._look_at is not None and self._look_at - LOOK_EVERY <= at.machine < self._look_at:
            return False
        with desk.db.read() as tx:
            standing = rows.connected(tx)
            due = [one for one in standing if _is_due(one, now=at.now, machine_now=at.machine)]
            busy = rows.companies_with_waiting_payouts(tx) if due else frozenset()
            lost = rows.companies_lost_untold(tx)
        for one in standing:
            _announce(desk, one, now=at.now)
        for company_id in lost:
            with desk.db.begin() as tx:
                connection_rows.tell_lost(tx, company_id, at=at.now)
        for one in due:
            if one.is_urgent(at.now) or one.company_id not in busy:
                desk.lanes.enter(one.company_id, Urgency.LATER)
                desk.tokens.keep_fresh(one.company_id, version=one.version)
                return True
        self._look_at = at.machine + LOOK_EVERY
        return False


def _is_due(one: Standing, *, now: datetime, machine_now: datetime) -> bool:
    if one.refresh_until is not None and one.refresh_until > machine_now:
        return False
    if one.access_expires_at <= now:
        return True
    if not one.is_renewable or (one.refresh_expires_at is not None and one.refresh_expires_at <= now):
        return False
    if one.refresh_owner is not None or one.is_in_doubt:
        return True  # whether the consent was lost is learned by asking
    left = one.access_expires_at - now
    return is_renewal_due(left=left, lifetime=one.lifetime, is_payout_waiting=False)


def _announce(desk: Desk, one: Standing, *, now: datetime) -> None:
    days = days_to_announce(one.consent_ends_at, now=now)
    is_nearer = days is not None and (one.announced_days is None or days < one.announced_days)
    if not is_nearer and not (days is None and one.announced_days is not None):
        return
    with desk.db.begin() as tx:
        is_ours = rows.note_announced(tx, one, days=days, at=now)
    if days is not None and is_ours:
        level = logging.ERROR if days == 1 else logging.WARNING
        log.log(
            level, "connection.consent_ends company=%s days=%d at=%s", one.company_id, days, one.consent_ends_at.date()
        )

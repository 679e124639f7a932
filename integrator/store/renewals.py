"""Which connections there are to keep alive. No sealed text is read here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select, update

from integrator.domain.connection import ConnectionState, ToldChange, is_renewal_due
from integrator.domain.submission import SubmissionState
from integrator.store import connections as connection_rows
from integrator.store.schema import connections, submissions

# A lost reply now would stop what is about to be sent, or looked up.
WAITING = (
    SubmissionState.WAITING.value,
    SubmissionState.SENDING.value,
    SubmissionState.REPEATING.value,
    SubmissionState.IN_DOUBT.value,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A connected company's tokens by their times alone. `is_renewable`: a refresh token is there."""

    company_id: str
    version: int
    access_expires_at: datetime
    refresh_expires_at: datetime | None
    is_renewable: bool
    granted_at: datetime
    refreshed_at: datetime | None
    refresh_owner: str | None
    refresh_until: datetime | None
    is_in_doubt: bool
    announced_days: int | None

    @property
    def lifetime(self) -> timedelta:
        """Return how long the access token lives in all."""
        return self.access_expires_at - (self.refreshed_at or self.granted_at)

    @property
    def consent_ends_at(self) -> datetime:
        """Return when the consent ends unless a refresh brings a new refresh token."""
        return self.refresh_expires_at or self.access_expires_at

    def is_urgent(self, now: datetime) -> bool:
        """True when renewing cannot wait for the payouts to be done."""
        left = self.access_expires_at - now
        return is_renewal_due(left=left, lifetime=self.lifetime, is_payout_waiting=True)


# Built once: every worker looks every few seconds.
_CONNECTED = (
    select(
        connections.c.company_id,
        connections.c.version,
        connections.c.access_expires_at,
        connections.c.refresh_expires_at,
        connections.c.sealed_refresh_token.is_not(None),
        connections.c.granted_at,
        connections.c.refreshed_at,
        connections.c.refresh_owner,
        connections.c.refresh_until,
        connections.c.refresh_in_doubt_at.is_not(None),
        connections.c.announced_days,
    )
    .where(connections.c.state == "connected")
    .order_by(connections.c.access_expires_at, connections.c.company_id)
)


def connected(tx: Connection) -> list[Standing]:
    """Return every connected company, the one whose access token ends first before all others."""
    return [Standing(*row) for row in tx.execute(_CONNECTED)]


def companies_with_waiting_payouts(tx: Connection) -> frozenset[str]:
    """Return the companies of which something is about to be sent, under way, or in doubt."""
    statement = select(submissions.c.company_id).where(submissions.c.state.in_(WAITING)).distinct()
    return frozenset(tx.execute(statement).scalars())


def companies_lost_untold(tx: Connection) -> list[str]:
    """Return the companies whose consent is over without ReCORE having been told: the purge ends consents as well."""
    lost = ConnectionState.NEEDS_CONSENT.value
    statement = select(connections.c.company_id).where(connections.c.state == lost, connections.c.told_state != lost)
    return list(tx.execute(statement.order_by(connections.c.company_id)).scalars())


def note_announced(tx: Connection, one: Standing, *, days: int | None, at: datetime) -> bool:
    """Note which end was announced, and tell ReCORE. False when another worker did, or the tokens are others by now."""
    same = and_(
        connections.c.company_id == one.company_id,
        connections.c.version == one.version,
        connections.c.announced_days.is_not_distinct_from(one.announced_days),
    )
    if tx.execute(update(connections).where(same).values(announced_days=days)).rowcount != 1:
        return False
    told = ToldChange.RENEWED if days is None else ToldChange.CONSENT_ENDS
    connection_rows.tell(tx, one.company_id, told, at=at)
    return True

"""What a company's connection to the bank can be, what happens to it, what follows (the table), how it is shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from integrator.domain.payout import written_instant

REFRESH_PAUSE = timedelta(seconds=30)  # after a refresh that certainly did not happen
DOUBT_PAUSE = timedelta(seconds=60)  # after a refresh whose outcome is not known
REFUSED_PAUSE = timedelta(minutes=10)  # after a refusal that a new consent does not mend
# A refresh whose reply is lost may cost the consent; so it is made early, when no payout waits, and at the latest
# a day before the access token ends, whatever waits. Both are shorter for tokens that live shorter.
RENEW_QUIETLY_BEFORE = timedelta(days=7)
RENEW_BEFORE = timedelta(hours=24)
ANNOUNCED_DAYS = (14, 7, 1)  # so long before its end a consent is announced as dying


class ConnectionState(StrEnum):
    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    NEEDS_CONSENT = "needs_consent"


class Happening(StrEnum):
    """What can happen to a connection."""

    CONSENTED = "consented"  # a code was exchanged
    REFRESHED = "refreshed"
    REFRESH_NOT_SENT = "refresh_not_sent"  # certainly not done: no connection, the limit, no turn, a broken seal
    REFRESH_IN_DOUBT = "refresh_in_doubt"  # sent, and no readable answer: the refresh token may be used up
    REFRESH_ABANDONED = "refresh_abandoned"  # the worker that made it did not come back
    REFRESH_REFUSED = "refresh_refused"  # for a reason that a new consent does not mend
    GRANT_ENDED = "grant_ended"  # the bank says that the refresh token is worth nothing
    TOKENS_ENDED = "tokens_ended"  # the access token is over or refused, and nothing is left to renew it with


class ToldChange(StrEnum):
    """What ReCORE is told of a connection."""

    CONNECTED = "connected"  # a consent came: the first, a new one, or one after a loss
    CONSENT_ENDS = "consent_ends"  # the consent dies within so many days, once for each of ANNOUNCED_DAYS
    RENEWED = "renewed"  # what was announced as dying lives on
    LOST = "lost"  # only a new consent lets payouts go on


@dataclass(frozen=True, slots=True)
class Move:
    """What follows: the state, how long no refresh is tried, and whether somebody is called at once."""

    state: ConnectionState
    pause: timedelta | None = None
    is_in_doubt: bool = False
    is_alarm: bool = False


_STAYS = ConnectionState.CONNECTED
_CONNECTED = Move(ConnectionState.CONNECTED)
_ENDED = Move(ConnectionState.NEEDS_CONSENT, is_alarm=True)

# (state, what happens) → what follows. What is not here cannot happen: only a connected company has tokens to renew.
MOVES: dict[tuple[ConnectionState, Happening], Move] = {
    (ConnectionState.NOT_CONNECTED, Happening.CONSENTED): _CONNECTED,
    (ConnectionState.NEEDS_CONSENT, Happening.CONSENTED): _CONNECTED,
    (ConnectionState.CONNECTED, Happening.CONSENTED): _CONNECTED,
    (ConnectionState.CONNECTED, Happening.REFRESHED): _CONNECTED,
    (ConnectionState.CONNECTED, Happening.REFRESH_NOT_SENT): Move(_STAYS, pause=REFRESH_PAUSE),
    (ConnectionState.CONNECTED, Happening.REFRESH_IN_DOUBT): Move(_STAYS, DOUBT_PAUSE, is_in_doubt=True, is_alarm=True),
    (ConnectionState.CONNECTED, Happening.REFRESH_ABANDONED): Move(_STAYS, None, is_in_doubt=True, is_alarm=True),
    (ConnectionState.CONNECTED, Happening.REFRESH_REFUSED): Move(_STAYS, pause=REFUSED_PAUSE, is_alarm=True),
    (ConnectionState.CONNECTED, Happening.GRANT_ENDED): _ENDED,
    (ConnectionState.CONNECTED, Happening.TOKENS_ENDED): _ENDED,
}


def is_renewal_due(*, left: timedelta, lifetime: timedelta, is_payout_waiting: bool) -> bool:
    """True when a token that lives `lifetime` and has `left` to live is to be renewed now."""
    if left <= min(RENEW_BEFORE, lifetime / 4):
        return True
    return not is_payout_waiting and left <= min(RENEW_QUIETLY_BEFORE, lifetime / 2)


def days_to_announce(ends_at: datetime, *, now: datetime) -> int | None:
    """Return the nearest of ANNOUNCED_DAYS that a consent with this end has reached, or None."""
    reached = [days for days in ANNOUNCED_DAYS if ends_at - now <= timedelta(days=days)]
    return min(reached, default=None)


@dataclass(frozen=True, slots=True)
class ConnectionSummary:
    """A connection without its sealed tokens: what the web may read and what is shown of it."""

    state: str
    scopes: tuple[str, ...]
    granted_at: datetime
    refreshed_at: datetime | None
    access_expires_at: datetime
    refresh_expires_at: datetime | None
    refresh_in_doubt_at: datetime | None
    announced_days: int | None


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as ReCORE sees it. `consent` is None before the first consent."""

    company_id: str
    consent: ConnectionSummary | None

    @property
    def state(self) -> str:
        """not_connected, connected or needs_consent."""
        return "not_connected" if self.consent is None else self.consent.state

    def as_json(self) -> dict[str, Any]:
        """Return the wire form; instants that do not exist are left out. Never a token."""
        consent = self.consent
        instants: dict[str, datetime | None] = {}
        days: int | None = None
        if consent is not None:
            instants = {"granted_at": consent.granted_at, "refreshed_at": consent.refreshed_at}
        if consent is not None and self.state == "connected":
            instants["access_expires_at"] = consent.access_expires_at
            instants["renew_consent_by"] = consent.refresh_expires_at or consent.access_expires_at
            instants["renewal_in_doubt_since"] = consent.refresh_in_doubt_at
            days = consent.announced_days
        return {
            "company_id": self.company_id,
            "connected": self.state == "connected",
            "state": self.state,
            "scopes": [] if consent is None else list(consent.scopes),
            **{name: written_instant(at) for name, at in instants.items() if at is not None},
            **({} if days is None else {"consent_ends_within_days": days}),
        }

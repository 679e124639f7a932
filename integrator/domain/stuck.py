"""When a payout counts as stuck: how long each state may last before a person should look. No state may be missing.

None: the state is an end, or lasts for as long as somebody outside likes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from integrator.domain.payout import PayoutState

STUCK_AFTER: Mapping[PayoutState, timedelta | None] = {
    PayoutState.NEEDS_PERSON: timedelta(0),
    PayoutState.IN_DOUBT: timedelta(minutes=2),
    PayoutState.ACCEPTED: timedelta(minutes=2),
    PayoutState.SUBMITTING: timedelta(minutes=3),
    PayoutState.CANCELLING: timedelta(minutes=15),
    PayoutState.AWAITING_CONFIRMATION: timedelta(hours=1),
    PayoutState.AWAITING_APPROVAL: timedelta(days=1),
    PayoutState.PROCESSING: timedelta(days=1),
    PayoutState.RECALL_IN_PROCESS: timedelta(days=7),
    PayoutState.RESERVED: None,
    PayoutState.SETTLED: None,
    PayoutState.RETURNED: None,
    PayoutState.REJECTED: None,
    PayoutState.EXPIRED: None,
    PayoutState.NOT_EXECUTED: None,
    PayoutState.WITHDRAWN: None,
    PayoutState.CANCELLED: None,
}


def stuck_before(at: datetime) -> dict[PayoutState, datetime]:
    """Return for each state that can be stuck the instant before which it must have begun."""
    return {state: at - after for state, after in STUCK_AFTER.items() if after is not None}

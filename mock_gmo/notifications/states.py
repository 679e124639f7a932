"""The states of a client's delivery and of one message, and the one table of a client's moves.

Source: Notifications, States of delivery for a client.
"""

from enum import Enum, StrEnum
from typing import Final


class DeliveryState(StrEnum):
    """Where a client's delivery stands."""

    STOPPED_BY_REQUEST = "stopped_by_request"
    RUNNING = "running"
    STOPPED_BY_ITSELF = "stopped_by_itself"


class DeliveryTrigger(Enum):
    """What moves it: subscribe with 0 or 1, or a message that failed for an hour."""

    STOP = "0"
    START = "1"
    GAVE_UP = "gave_up"


class MessageState(StrEnum):
    """Where one message stands; all but the first are final."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FETCHED = "fetched"
    NO_TOKEN = "no_token"  # noqa: S105  (a state: there was no valid token to send it with)
    DELETED = "deleted"
    LOST = "lost"


_S: Final = DeliveryState
_T: Final = DeliveryTrigger

# Every state with every trigger. What stays as it is stands here as well, so that nothing is left to chance.
MOVES: Final[dict[tuple[DeliveryState, DeliveryTrigger], DeliveryState]] = {
    (_S.STOPPED_BY_REQUEST, _T.START): _S.RUNNING,
    (_S.STOPPED_BY_REQUEST, _T.STOP): _S.STOPPED_BY_REQUEST,
    (_S.STOPPED_BY_REQUEST, _T.GAVE_UP): _S.STOPPED_BY_REQUEST,
    (_S.RUNNING, _T.START): _S.RUNNING,
    (_S.RUNNING, _T.STOP): _S.STOPPED_BY_REQUEST,
    (_S.RUNNING, _T.GAVE_UP): _S.STOPPED_BY_ITSELF,
    (_S.STOPPED_BY_ITSELF, _T.START): _S.RUNNING,
    (_S.STOPPED_BY_ITSELF, _T.STOP): _S.STOPPED_BY_ITSELF,
    (_S.STOPPED_BY_ITSELF, _T.GAVE_UP): _S.STOPPED_BY_ITSELF,
}

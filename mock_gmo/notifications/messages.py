"""Messages, attempts and what a client's delivery remembers: values only. What becomes of them is in machine.py."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from mock_gmo.bank.customers import Account
from mock_gmo.bank.virtual_accounts import VaDeposit
from mock_gmo.notifications.states import DeliveryState, DeliveryTrigger, MessageState

EVENT_TYPE: Final = "va-deposit-transaction"
MESSAGE_ID_LENGTH: Final = 19


class Outcome(StrEnum):
    """How one attempt ended; only the first is a success."""

    DELIVERED = "delivered"
    OTHER_STATUS = "other_status"
    NO_ANSWER = "no_answer"
    NOT_CONNECTED = "not_connected"
    NO_URL = "no_url"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver; `status` is that of the answer, if one came."""

    at: datetime
    outcome: Outcome
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One deposit as one client is to be told of it, and what a tester wants to go wrong with it."""

    client_id: str
    account: Account
    deposit: VaDeposit
    at: datetime
    has_token: bool = True
    is_lost: bool = False
    is_held: bool = False
    delay_seconds: float = 0
    copies_count: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one client.

    While it waits, `due_at` is the next attempt when delivery runs, and `delete_at` its end when delivery is stopped.
    `series_began_at` is the first of the attempts since delivery last started, `tries_count` how many they are.
    """

    number: int
    client_id: str
    message_id: str
    made_at: datetime
    account: Account
    deposit: VaDeposit
    state: MessageState = MessageState.WAITING
    not_before: datetime | None = None
    due_at: datetime | None = None
    delete_at: datetime | None = None
    turn: int = 0
    is_held: bool = False
    copies_left: int = 0
    series_began_at: datetime | None = None
    tries_count: int = 0
    attempts: tuple[Attempt, ...] = ()
    ended_at: datetime | None = None

    @property
    def customer_id(self) -> str:
        """The user concerned: whose account the deposit is on."""
        return self.account.customer_id


@dataclass(frozen=True, slots=True)
class ClientDelivery:
    """Where a client's delivery stands since when, and the start or stop that has yet to work."""

    state: DeliveryState = DeliveryState.STOPPED_BY_REQUEST
    since: datetime | None = None
    asked: DeliveryTrigger | None = None
    works_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotificationsMemory:
    """All that is remembered of notifications, messages in the order in which they were made."""

    clients: dict[str, ClientDelivery]
    messages: tuple[Message, ...]
    last_no: int
    last_turn: int

"""What one world remembers, on one reference, and what it needs from outside. Who builds and replaces it is `world`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random, SystemRandom
from string import ascii_letters, digits
from typing import Any, Final

from mock_gmo.bank.bank import Bank
from mock_gmo.clock import BankClock
from mock_gmo.faults import Faults
from mock_gmo.journal import Journal
from mock_gmo.notifications.machine import Notifications
from mock_gmo.notifications.messages import Message
from mock_gmo.notifications.sending import NotificationSender
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.rate_limit import RequestLimiter
from mock_gmo.scenarios.scenario import Scenario
from mock_gmo.secret import Secret

LETTERS_AND_DIGITS: Final = ascii_letters + digits
SITE_KEY_LENGTH: Final = 50


@dataclass(frozen=True, slots=True)
class Ports:
    """What a world needs from outside: seconds since 1970, a monotonic clock, randomness, a way to wait,

    and for notifications their form on the wire and a way out.
    """

    real_time: Callable[[], float]
    monotonic: Callable[[], float]
    random_source: Random
    sleep: Callable[[float], None]
    write_message: Callable[[Message], Mapping[str, Any]]
    send_notification: NotificationSender


class Chance:
    """One world's source of ids and tokens. With a seed all that will ever come of it is fixed from the start."""

    __slots__ = ("source",)

    def __init__(self, source: Random) -> None:
        self.source = source

    def text(self, length: int) -> str:
        """Return letters and digits."""
        return "".join(self.source.choices(LETTERS_AND_DIGITS, k=length))

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be written down and taken up again; the system's own randomness cannot."""
        return not isinstance(self.source, SystemRandom)


@dataclass(frozen=True, slots=True)
class WorldState:
    """Everything that a reset or a snapshot replaces. `site_key` signs the log-ins at this world's site."""

    scenario: Scenario
    clock: BankClock
    bank: Bank
    oauth: AuthorizationServer
    limiter: RequestLimiter
    faults: Faults
    journal: Journal
    chance: Chance
    site_key: Secret
    notifications: Notifications

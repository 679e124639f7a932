"""Every choice about notifications that the documents leave open, as one frozen value. No behaviour lives here."""

from dataclasses import dataclass, fields
from typing import Final

SECONDS_MAX: Final = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class NotificationRules:
    """The switches and their defaults. Seconds are seconds of the bank's clock, but for the receiver's answer.

    Source: Notifications, Delivery rules; where it is silent, the default is a guess.
    """

    notification_subscribe_delay_seconds: int = 0
    """How long a start or stop takes to work; the bank speaks of about ten minutes."""
    notification_answer_seconds: int = 10
    """Real seconds that the receiver has for its answer. Guess."""
    notification_first_retry_seconds: int = 10
    """From the first failure to the next attempt; the interval doubles from there. Guess."""
    notification_retry_seconds_max: int = 3_600
    """After this time since its first attempt a message that fails stops the client's delivery."""
    notification_kept_seconds: int = 1_209_600
    """How long a message is kept in a stopped state."""
    notification_unsent_list_max: int = 500
    notification_former_token_seconds: int = 0
    """How long after a refresh the former access token still comes; one integration expects up to 7200."""
    notification_scheme_optional: bool = True
    """Whether the control operations take their credentials without the word `Basic` in front. Guess."""
    notification_messages_max: int = 50_000
    """How many messages wait, and how many that ended are remembered; the oldest give way. Ours, a bound."""

    def __post_init__(self) -> None:
        if min(self.notification_answer_seconds, self.notification_first_retry_seconds) < 1:
            raise ValueError("notification_answer_seconds and notification_first_retry_seconds are 1 or more")
        if min(self.notification_retry_seconds_max, self.notification_kept_seconds) < 1:
            raise ValueError("notification_retry_seconds_max and notification_kept_seconds are 1 or more")
        if self.notification_messages_max < 1 or not 1 <= self.notification_unsent_list_max <= 500:
            raise ValueError("notification_messages_max is 1 or more, notification_unsent_list_max 1 to 500")
        if min(self.notification_subscribe_delay_seconds, self.notification_former_token_seconds) < 0:
            raise ValueError("notification_subscribe_delay_seconds and notification_former_token_seconds are 0 or more")
        for name in (member.name for member in fields(self) if "_seconds" in member.name):
            if getattr(self, name) > SECONDS_MAX:
                raise ValueError(f"{name} is {SECONDS_MAX} at most")

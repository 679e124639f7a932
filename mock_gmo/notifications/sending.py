"""What goes out with one notification, and the port through which it goes. The real sender is in `posting`.

Source: Notifications, The pushed notification.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, Protocol

from mock_gmo.notifications.messages import EVENT_TYPE, Outcome
from mock_gmo.oauth.clients import Client
from mock_gmo.secret import Secret

SUCCESS: Final = 200
CONTENT_TYPE: Final = "application/json;charset=UTF-8"
USER_AGENT: Final = "GMO Aozora Net Bank Notification Service Agent"


class DeliveryFailed(Exception):
    """No answer came: `outcome` says whether nobody was there or nobody answered in time."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class NotificationSender(Protocol):
    """Posts one notification. Returns the status of the answer. Raises DeliveryFailed when none came in time."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes, *, answer_seconds: float) -> int: ...


def no_network(url: str, headers: Mapping[str, str], body: bytes, *, answer_seconds: float) -> int:  # noqa: ARG001
    """The sender of a bank that was given no network: nobody is ever there."""
    raise DeliveryFailed(Outcome.NOT_CONNECTED)


def make_headers(client: Client, token: Secret, body: bytes) -> dict[str, str]:
    """Return the header fields of a notification; the signature covers the bytes of the body as they are sent."""
    headers = {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": USER_AGENT,
        "x-access-token": token.reveal(),
        "x-eventType": EVENT_TYPE,
    }
    if client.notification_signature:
        headers["x-webhook-signature"] = sign(body, key=client.client_secret)
    if client.notification_basic is not None:
        headers["Authorization"] = client.notification_basic.header()
    return headers


def sign(body: bytes, *, key: Secret) -> str:
    """Return the signature of a body: base64, padded, of its HMAC-SHA256 under the client secret."""
    digest = hmac.new(key.reveal().encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def judge(status: int) -> Outcome:
    """Say what an answer means: 200 alone is a success, every other 2xx and every redirect is a failure."""
    return Outcome.DELIVERED if status == SUCCESS else Outcome.OTHER_STATUS

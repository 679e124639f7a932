"""What a world remembers of notifications, read and proven whole. Writing needs nothing beyond the codec."""

import re
from collections.abc import Callable
from typing import Any, Final

from mock_gmo.bank.bank import Bank
from mock_gmo.notifications.machine import Notifications
from mock_gmo.notifications.messages import MESSAGE_ID_LENGTH, Message, NotificationsMemory
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.notifications.states import DeliveryState, MessageState
from mock_gmo.snapshots.codec import SnapshotError, codec_of

_MESSAGE_ID: Final = re.compile(rf"[0-9A-Za-z]{{{MESSAGE_ID_LENGTH}}}")


def read_notifications(
    content: Any, at: str, bank: Bank, *, rules: NotificationRules, random_text: Callable[[int], str]
) -> Notifications:
    """Return the machine that goes on from this memory. Raises SnapshotError for what no machine could remember."""
    memory: NotificationsMemory = codec_of(NotificationsMemory).read(content, at)
    numbers = [message.number for message in memory.messages]
    if numbers != sorted(set(numbers)) or any(not 0 < number <= memory.last_no for number in numbers):
        raise SnapshotError(f"{at}/messages", f"messages in the order of their numbers, 1 to {memory.last_no}")
    if len({message.message_id for message in memory.messages}) < len(numbers):
        raise SnapshotError(f"{at}/messages", "every message_id once")
    for index, message in enumerate(memory.messages):
        if _MESSAGE_ID.fullmatch(message.message_id) is None:
            raise SnapshotError(f"{at}/messages/{index}/message_id", f"{MESSAGE_ID_LENGTH} letters and digits")
    for client_id, client in memory.clients.items():
        if (client.asked is None) is not (client.works_at is None):
            raise SnapshotError(f"{at}/clients/{client_id}", "a wish and the instant at which it works, or neither")
    for index, message in enumerate(memory.messages):
        _check_message(message, f"{at}/messages/{index}", memory, bank)
    return Notifications(rules, random_text, memory)


def _check_message(message: Message, at: str, memory: NotificationsMemory, bank: Bank) -> None:
    # Its limit may have changed since; which account it is may not.
    account = bank.look(lambda state, _: state.accounts.get(message.account.account_id))
    if account is None or account.customer_id != message.customer_id:
        raise SnapshotError(f"{at}/account", "an account of this snapshot")
    if message.client_id not in memory.clients:
        raise SnapshotError(f"{at}/client_id", "a client whose delivery stands somewhere")
    if not 0 <= message.turn <= memory.last_turn or min(message.copies_left, message.tries_count) < 0:
        raise SnapshotError(at, f"a turn up to {memory.last_turn}, copies and tries of 0 or more")
    is_waiting = message.state is MessageState.WAITING
    is_running = memory.clients[message.client_id].state is DeliveryState.RUNNING
    expected = {
        "due_at": is_waiting and is_running,
        "delete_at": is_waiting and not is_running,
        "ended_at": not is_waiting,
    }
    for name, is_there in expected.items():
        if (getattr(message, name) is not None) is not is_there:
            raise SnapshotError(f"{at}/{name}", "an instant" if is_there else "null")

"""The delivery machine: which message is due when, and what an attempt, a stop, a start or passing time makes of it.

No network and no clock: whoever sends takes what is due, sends it outside, and records the outcome. Every method locks.
Source: Notifications, Delivery rules.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Lock

from mock_gmo.notifications.messages import (
    MESSAGE_ID_LENGTH,
    Attempt,
    ClientDelivery,
    Happening,
    Message,
    NotificationsMemory,
    Outcome,
)
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.notifications.states import MOVES, DeliveryState, DeliveryTrigger, MessageState

# A message that is sent again after every restart must not grow without end.
ATTEMPTS_REMEMBERED_MAX = 50


class Notifications:
    """The messages of one world and the delivery state of each client. `random_text(n)` gives letters and digits."""

    def __init__(
        self,
        rules: NotificationRules,
        random_text: Callable[[int], str],
        memory: NotificationsMemory | None = None,
    ) -> None:
        self.rules = rules
        self._random_text = random_text
        self._lock = Lock()
        self._clients: dict[str, ClientDelivery] = {}
        self._messages: dict[int, Message] = {}
        self._waiting: dict[str, dict[int, None]] = {}
        self._waiting_count = 0
        self._held: dict[str, list[int]] = {}
        self._ended: deque[int] = deque()
        self._ids: set[str] = set()
        self._under_way: set[int] = set()
        self._last_no = self._last_turn = 0
        # What falls due: attempts as (instant, turn, number); ends of messages and changes of delivery beside them.
        # An entry may be stale: whoever takes it compares it with the message or the client.
        self._attempts_due: list[tuple[datetime, int, int]] = []
        self._changes_due: list[tuple[datetime, str, int]] = []
        if memory is not None:
            self._remember(memory)

    def memory(self) -> NotificationsMemory:
        """Return all that is remembered, as of one moment."""
        with self._lock:
            messages = tuple(self._messages.values())
            return NotificationsMemory(dict(self._clients), messages, self._last_no, self._last_turn)

    def deliveries(self) -> dict[str, ClientDelivery]:
        """Return where the delivery of every client stands that has asked for anything or has had a message."""
        with self._lock:
            return dict(self._clients)

    def delivery_of(self, client_id: str, *, at: datetime) -> ClientDelivery:
        """Return where a client's delivery stands."""
        with self._lock:
            self._change(until=at)
            return self._clients.get(client_id, ClientDelivery())

    def messages(self) -> list[Message]:
        """Return every message that is remembered, in the order in which they were made."""
        with self._lock:
            return list(self._messages.values())

    def subscribe(self, client_id: str, trigger: DeliveryTrigger, *, at: datetime) -> None:
        """Start or stop a client's delivery, after the delay of the rules; a later wish takes the place of this one."""
        with self._lock:
            self._change(until=at)
            client = self._clients.get(client_id, ClientDelivery())
            if client.asked is not trigger:
                works_at = at + timedelta(seconds=self.rules.notification_subscribe_delay_seconds)
                self._clients[client_id] = replace(client, asked=trigger, works_at=works_at)
                heappush(self._changes_due, (works_at, client_id, 0))
            self._change(until=at)

    def tell(self, happening: Happening) -> Message:
        """Make the message for a deposit; it is due at once when delivery runs, and kept when it does not."""
        with self._lock:
            client = self._clients.setdefault(happening.client_id, ClientDelivery())
            self._last_no += 1
            message = Message(
                number=self._last_no,
                client_id=happening.client_id,
                message_id=self._new_id(),
                made_at=happening.at,
                account=happening.account,
                deposit=happening.deposit,
                not_before=happening.at + timedelta(seconds=self._delay_of(happening)),
                is_held=happening.is_held,
                copies_left=happening.copies_count,
            )
            self._messages[message.number] = message
            self._waiting.setdefault(message.client_id, {})[message.number] = None
            self._waiting_count += 1
            if happening.is_lost:
                return self._end(message, MessageState.LOST, at=happening.at)
            if not happening.has_token:
                return self._end(message, MessageState.NO_TOKEN, at=happening.at)
            self._make_room(at=happening.at)
            kept = self._schedule(message, client, at=happening.at)
            self._let_go_after(kept)
            return kept

    def take_due(self, *, until: datetime) -> tuple[Message, datetime] | None:
        """Return the next message to be sent and the instant at which it was due, or None.

        It is under way from now on and must be given back by `record` or `drop`. Starts, stops and ends that lie
        before happen first.
        """
        with self._lock:
            while self._attempts_due and self._attempts_due[0][0] <= until:
                due_at, turn, number = self._attempts_due[0]
                if self._changes_due and self._changes_due[0][0] <= due_at:
                    self._change(until=due_at)
                    continue
                heappop(self._attempts_due)
                message = self._messages.get(number)
                if message is not None and message.due_at == due_at and message.turn == turn:
                    self._under_way.add(number)
                    return message, due_at
            self._change(until=until)
            return None

    def record(self, number: int, attempt: Attempt) -> Message:
        """Note how an attempt ended; a failure is tried again, until it has lasted too long and delivery stops."""
        with self._lock:
            self._under_way.discard(number)
            message = self._messages[number]
            message = self._keep(
                message,
                attempts=(*message.attempts, attempt)[-ATTEMPTS_REMEMBERED_MAX:],
                series_began_at=message.series_began_at or attempt.at,
                tries_count=message.tries_count + 1,
            )
            if message.state is not MessageState.WAITING:
                return message
            if attempt.outcome is not Outcome.DELIVERED:
                return self._try_again(message, at=attempt.at)
            if message.copies_left:
                return self._put(message, due_at=attempt.at, copies_left=message.copies_left - 1)
            return self._end(message, MessageState.DELIVERED, at=attempt.at)

    def drop(self, number: int, *, at: datetime) -> Message:
        """Give up a message for want of a token: it is not made up for later."""
        with self._lock:
            self._under_way.discard(number)
            message = self._messages[number]
            if message.state is not MessageState.WAITING:
                return message
            return self._end(message, MessageState.NO_TOKEN, at=at)

    def fetch_unsent(self, client_id: str, *, at: datetime) -> list[Message]:
        """Return the oldest messages that have not arrived, as many as one reply holds; they count as delivered now."""
        with self._lock:
            self._change(until=at)
            waiting = [self._messages[it] for it in self._waiting.get(client_id, {}) if it not in self._under_way]
            waiting.sort(key=lambda message: (message.made_at, message.number))
            fetched = waiting[: self.rules.notification_unsent_list_max]
            for message in fetched:
                self._end(message, MessageState.FETCHED, at=at)
            return fetched

    def _change(self, *, until: datetime) -> None:
        """Let starts and stops work, and messages come to their end, in the order of time."""
        while self._changes_due and self._changes_due[0][0] <= until:
            at, client_id, number = heappop(self._changes_due)
            client, message = self._clients.get(client_id), self._messages.get(number)
            if message is not None and message.state is MessageState.WAITING and message.delete_at == at:
                self._end(message, MessageState.DELETED, at=at)
            elif number == 0 and client is not None and client.asked is not None and client.works_at == at:
                self._move(client_id, client.asked, at=at)

    def _move(self, client_id: str, trigger: DeliveryTrigger, *, at: datetime) -> None:
        client = self._clients[client_id]
        state = MOVES[client.state, trigger]
        is_answered = client.asked is trigger
        changed = replace(
            client,
            state=state,
            since=at if state is not client.state else client.since,
            asked=None if is_answered else client.asked,
            works_at=None if is_answered else client.works_at,
        )
        self._clients[client_id] = changed
        if (state is DeliveryState.RUNNING) is not (client.state is DeliveryState.RUNNING):
            for number in self._waiting.get(client_id, {}):
                self._schedule(self._messages[number], changed, at=at)

    def _schedule(self, message: Message, client: ClientDelivery, *, at: datetime) -> Message:
        """Put a message where its client's delivery, which has just started or stopped, wants it."""
        begins = max(at, message.made_at)
        if client.state is DeliveryState.RUNNING:
            due_at = max(begins, message.not_before or begins)
            return self._put(message, due_at=due_at, delete_at=None, series_began_at=None, tries_count=0)
        delete_at = begins + timedelta(seconds=self.rules.notification_kept_seconds)
        heappush(self._changes_due, (delete_at, message.client_id, message.number))
        return self._keep(message, due_at=None, delete_at=delete_at)

    def _delay_of(self, happening: Happening) -> float:
        """What is held back for the next message does not wait for it any longer than for a first retry."""
        longest = self.rules.notification_first_retry_seconds if happening.is_held else 0
        return max(happening.delay_seconds, longest)

    def _let_go_after(self, message: Message) -> None:
        """What a tester holds back comes right after the message that came after it."""
        held = self._held.pop(message.client_id, [])
        for number in held:
            before = self._messages.get(number)
            if before is not None and before.is_held and before.due_at is not None and message.due_at is not None:
                self._put(before, due_at=message.due_at, is_held=False)
        if message.is_held:
            self._held[message.client_id] = [message.number]

    def _try_again(self, message: Message, *, at: datetime) -> Message:
        if message.due_at is None:
            return message
        began_at = message.series_began_at or at
        last_at = began_at + timedelta(seconds=self.rules.notification_retry_seconds_max)
        if at >= last_at:
            self._move(message.client_id, DeliveryTrigger.GAVE_UP, at=at)
            return self._messages[message.number]
        interval = self.rules.notification_first_retry_seconds * 2 ** (message.tries_count - 1)
        return self._put(message, due_at=min(at + timedelta(seconds=interval), last_at))

    def _put(self, message: Message, *, due_at: datetime, **changes: object) -> Message:
        self._last_turn += 1
        heappush(self._attempts_due, (due_at, self._last_turn, message.number))
        return self._keep(message, due_at=due_at, turn=self._last_turn, **changes)

    def _keep(self, message: Message, **changes: object) -> Message:
        changed = replace(message, **changes)  # type: ignore[arg-type]
        self._messages[message.number] = changed
        return changed

    def _end(self, message: Message, state: MessageState, *, at: datetime) -> Message:
        del self._waiting[message.client_id][message.number]
        self._waiting_count -= 1
        ended = self._keep(message, state=state, due_at=None, delete_at=None, ended_at=at)
        self._ended.append(message.number)
        if len(self._ended) > self.rules.notification_messages_max:
            self._forget(self._ended[0])
        return ended

    def _forget(self, number: int) -> None:
        # One that is under way is given back first; the next that ends makes its room.
        if number not in self._under_way:
            self._ended.popleft()
            self._ids.discard(self._messages.pop(number).message_id)

    def _make_room(self, *, at: datetime) -> None:
        if self._waiting_count > self.rules.notification_messages_max:
            oldest = min(next(iter(numbers)) for numbers in self._waiting.values() if numbers)
            self._end(self._messages[oldest], MessageState.DELETED, at=at)

    def _new_id(self) -> str:
        message_id = self._random_text(MESSAGE_ID_LENGTH)
        while message_id in self._ids:
            message_id = self._random_text(MESSAGE_ID_LENGTH)
        self._ids.add(message_id)
        return message_id

    def _remember(self, memory: NotificationsMemory) -> None:
        self._clients = dict(memory.clients)
        self._messages = {message.number: message for message in memory.messages}
        self._last_no, self._last_turn = memory.last_no, memory.last_turn
        self._ids = {message.message_id for message in memory.messages}
        for message in memory.messages:
            if message.state is MessageState.WAITING:
                self._waiting.setdefault(message.client_id, {})[message.number] = None
                self._waiting_count += 1
                if message.is_held:
                    self._held.setdefault(message.client_id, []).append(message.number)
            if message.due_at is not None:
                heappush(self._attempts_due, (message.due_at, message.turn, message.number))
            if message.delete_at is not None:
                heappush(self._changes_due, (message.delete_at, message.client_id, message.number))
        ended = [message for message in memory.messages if message.ended_at is not None]
        self._ended.extend(it.number for it in sorted(ended, key=lambda it: (it.ended_at, it.number)))
        for client_id, client in self._clients.items():
            if client.works_at is not None:
                heappush(self._changes_due, (client.works_at, client_id, 0))

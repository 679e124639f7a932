"""Notifications through the control surface: what became of each message; sending what is due. Never a token."""

from typing import Any

from mock_gmo.bank.transfers import Event
from mock_gmo.console.routes import Call
from mock_gmo.delivery import Delivery
from mock_gmo.notifications.messages import EVENT_TYPE, Attempt, ClientDelivery, Message

Result = tuple[int, dict[str, Any] | None]

MESSAGES_TOLD = "100"


def list_notifications(call: Call) -> Result:
    """Tell the newest messages with their attempts, and where each client's delivery stands."""
    call.world.tick()
    client_id, state = call.query.get("client_id"), call.query.get("state")
    found = [
        message
        for message in call.world.notifications.messages()
        if client_id in (None, message.client_id) and state in (None, message.state)
    ]
    limit = int(call.query.get("limit", MESSAGES_TOLD))
    deliveries = call.world.notifications.deliveries()
    return 200, {
        "deliveries": [_write_delivery(name, it) for name, it in deliveries.items() if client_id in (None, name)],
        "notifications": [_write_message(message) for message in found[-limit:]],
    }


def deliver_notifications(call: Call) -> Result:
    """Send what is due, and tell what happened."""
    return 200, {"attempts": [_write_attempted(delivery) for delivery in call.world.deliver_notifications()]}


def notification_event(delivery: Delivery) -> Event:
    """Return an attempt as one of the things that happened while the clock was moved."""
    outcome = delivery.attempt.outcome if delivery.attempt is not None else delivery.message.state
    detail = f"{delivery.message.client_id} {delivery.message.message_id}"
    return Event(at=delivery.at, kind=f"notification_{outcome}", apply_no=None, item_id=None, detail=detail)


def _write_delivery(client_id: str, delivery: ClientDelivery) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "state": delivery.state,
        "since": delivery.since.isoformat() if delivery.since is not None else None,
        "asked": delivery.asked.value if delivery.asked is not None else None,
        "works_at": delivery.works_at.isoformat() if delivery.works_at is not None else None,
    }


def _write_message(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "client_id": message.client_id,
        "customer_id": message.customer_id,
        "event_type": EVENT_TYPE,
        "made_at": message.made_at.isoformat(),
        "account_id": message.account.account_id,
        "va_id": message.deposit.va_id,
        "item_key": message.deposit.line.item_key,
        "amount_yen": message.deposit.line.amount_yen,
        "state": message.state,
        "next_attempt_at": message.due_at.isoformat() if message.due_at is not None else None,
        "delete_at": message.delete_at.isoformat() if message.delete_at is not None else None,
        "ended_at": message.ended_at.isoformat() if message.ended_at is not None else None,
        "attempts": [_write_attempt(attempt) for attempt in message.attempts],
    }


def _write_attempt(attempt: Attempt) -> dict[str, Any]:
    return {"at": attempt.at.isoformat(), "outcome": attempt.outcome, "status": attempt.status}


def _write_attempted(delivery: Delivery) -> dict[str, Any]:
    attempt = delivery.attempt
    return {
        "message_id": delivery.message.message_id,
        "client_id": delivery.message.client_id,
        "at": delivery.at.isoformat(),
        "outcome": attempt.outcome if attempt is not None else None,
        "status": attempt.status if attempt is not None else None,
        "state": delivery.message.state,
    }

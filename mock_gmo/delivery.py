"""Deposits become notifications, and notifications go out: taken out of the world's state, sent, the outcome recorded.

No lock of the bank is held while anything is sent. What becomes of a message is the machine's part.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mock_gmo.bank.customers import Account
from mock_gmo.bank.virtual_accounts import VaDeposit
from mock_gmo.faults import NOTIFICATION, NOTIFIED, FaultRule
from mock_gmo.notifications.messages import Attempt, Happening, Message, Outcome
from mock_gmo.notifications.sending import DeliveryFailed, judge, make_headers
from mock_gmo.oauth.clients import Client
from mock_gmo.oauth.consents import clients_with_consent, token_to_present
from mock_gmo.secret import Secret
from mock_gmo.state import Ports, WorldState

FAMILY: Final = "virtual-account"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, or the end of a message that could not be attempted, and the message after it."""

    at: datetime
    message: Message
    attempt: Attempt | None


def take_notice(state: WorldState) -> None:
    """Make the messages for the deposits that have come in since the last look: one for each client with a consent."""
    desk = state.bank.virtual_accounts
    if not desk.has_untold:
        return
    desk.hand_over_untold(lambda at, account, deposit: _tell(state, at, account, deposit))


def deliver(
    state: WorldState,
    ports: Ports,
    *,
    until: datetime,
    keep: Callable[[], None],
    now: Callable[[], datetime] | None = None,
) -> list[Delivery]:
    """Send what is due up to an instant, one after the other, and return what happened.

    Each attempt counts as made when it was due, or, when `now` is given, at the instant that it tells. `keep` returns
    once the present state is safe: a message that went out must not be made again under another id.
    """
    deliveries: list[Delivery] = []
    while (due := state.notifications.take_due(until=until)) is not None:
        message, at = due
        if not deliveries:
            keep()
        deliveries.append(_deliver(state, ports, message, at=now() if now is not None else at))
    if deliveries:
        keep()
    return deliveries


def _tell(state: WorldState, at: datetime, account: Account, deposit: VaDeposit) -> None:
    tokens = state.oauth.access_tokens_of(account.customer_id)
    for client_id in clients_with_consent(tokens, FAMILY):
        has_token = token_to_present(tokens, client_id, FAMILY, former_seconds=0, at=at) is not None
        struck = state.faults.strike(NOTIFIED, operation=NOTIFICATION, client_id=client_id)
        state.notifications.tell(_happening(client_id, account, deposit, struck, has_token=has_token, at=at))


def _happening(
    client_id: str, account: Account, deposit: VaDeposit, struck: list[FaultRule], *, has_token: bool, at: datetime
) -> Happening:
    effects = [rule.effect for rule in struck]
    return Happening(
        client_id,
        account,
        deposit,
        at,
        has_token=has_token,
        is_lost="drop" in effects,
        is_held="reorder" in effects,
        delay_seconds=sum((rule.delay_ms or 0) / 1_000 for rule in struck),
        copies_count=effects.count("duplicate"),
    )


def _deliver(state: WorldState, ports: Ports, message: Message, *, at: datetime) -> Delivery:
    machine = state.notifications
    client = state.oauth.clients.find(message.client_id)
    token = token_to_present(
        state.oauth.access_tokens_of(message.customer_id),
        message.client_id,
        FAMILY,
        former_seconds=machine.rules.notification_former_token_seconds,
        at=at,
    )
    if client is None or token is None:
        return Delivery(at, machine.drop(message.number, at=at), None)
    try:
        attempt = Attempt(at, *_send(client, token.token, message, ports, machine.rules.notification_answer_seconds))
    except Exception:
        # What is under way must come back, whatever the sender did; the mistake itself goes on its way.
        machine.record(message.number, Attempt(at, Outcome.NOT_CONNECTED))
        raise
    return Delivery(at, machine.record(message.number, attempt), attempt)


def _send(
    client: Client, token: Secret, message: Message, ports: Ports, answer_seconds: float
) -> tuple[Outcome, int | None]:
    if client.notification_url is None:
        return Outcome.NO_URL, None
    body = _encode(ports.write_message(message)).encode()
    headers = make_headers(client, token, body)
    try:
        status = ports.send_notification(client.notification_url, headers, body, answer_seconds=answer_seconds)
    except DeliveryFailed as failed:
        return failed.outcome, None
    return judge(status), status

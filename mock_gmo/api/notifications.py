"""イベント通知: start and stop delivery, its status, the unsent list, and the one shape of a message. Rules elsewhere.

Source: Notifications, 1 to 4.
"""

from mock_gmo.api.virtual_accounts import branch_kana, write_va_transaction
from mock_gmo.api.wire import Json, write_base, write_datetime
from mock_gmo.errors import Refused, Reply
from mock_gmo.gateway.exchange import Exchange
from mock_gmo.notifications.messages import EVENT_TYPE, Message
from mock_gmo.notifications.states import DeliveryState, DeliveryTrigger
from mock_gmo.oauth.clients import Client

HOLDER_NAME_LENGTH_MAX = 48


def subscribe(exchange: Exchange) -> Reply:
    """Answer POST /subscribe: 通知配信制御. Repeating the present state changes nothing. Source: Notifications, 1."""
    trigger = DeliveryTrigger(exchange.fields["subscribeStatus"])
    exchange.world.notifications.subscribe(_client(exchange).client_id, trigger, at=exchange.at)
    return Reply(200, None)


def get_unsent_va_deposits(exchange: Exchange) -> Reply:
    """Answer GET /unsentlist/va-deposit-transaction: what it tells counts as delivered. Source: Notifications, 2."""
    fetched = exchange.world.notifications.fetch_unsent(_client(exchange).client_id, at=exchange.at)
    if not fetched:
        raise Refused("unsent_list_empty")
    return Reply(200, {"messages": [write_message(message) for message in fetched]})


def get_subscribe_status(exchange: Exchange) -> Reply:
    """Answer GET /subscribe-status: 通知配信状況照会. Source: Notifications, 3."""
    delivery = exchange.world.notifications.delivery_of(_client(exchange).client_id, at=exchange.at)
    is_running = delivery.state is DeliveryState.RUNNING
    status = DeliveryTrigger.START if is_running else DeliveryTrigger.STOP
    return Reply(200, {"subscribeStatuses": [{"eventType": EVENT_TYPE, "subscribeStatus": status.value}]})


def write_message(message: Message) -> Json:
    """Return a message as the unsent list and the pushed notification tell it, objects and no lists in it."""
    account = message.account
    return {
        "messageId": message.message_id,
        "timestamp": write_datetime(message.made_at),
        "account": {
            "raId": account.account_id,
            "raBranchCode": account.branch_code,
            "raBranchNameKana": branch_kana(account),
            "raAccountNumber": account.number,
            "raHolderName": account.name[:HOLDER_NAME_LENGTH_MAX],
            **write_base(message.made_at),
        },
        "vaTransaction": write_va_transaction(message.deposit),
    }


def _client(exchange: Exchange) -> Client:
    assert exchange.client is not None, "the gateway lets nobody through who has not proven to be a client"
    return exchange.client

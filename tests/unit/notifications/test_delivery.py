"""From the deposit to the receiver: who is told, with which token, when, and what the delivery log says of it."""

import json
from ipaddress import ip_network
from typing import Any

import pytest

from mock_gmo.app import worlds_of
from mock_gmo.bank.deposits import Deposit
from mock_gmo.notifications.messages import Outcome
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.notifications.sending import DeliveryFailed, sign
from mock_gmo.oauth.clients import BasicCredentials, Client
from mock_gmo.secret import Secret
from tests.unit.gateway.calling import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, TOKEN_URL, token_form
from tests.unit.notifications.receiving import SCOPES, URL, Notified, faults, make_notified


@pytest.fixture
def bank() -> Notified:
    bank = make_notified()
    bank.subscribe()
    return bank


def test_a_deposit_to_a_virtual_account_is_told_to_the_client(bank: Notified) -> None:
    bank.pay_in(7_000)

    made = bank.control("POST", "/notifications/deliver").json["attempts"]

    assert [(attempt["outcome"], attempt["status"], attempt["state"]) for attempt in made] == [
        ("delivered", 200, "delivered")
    ]
    url, headers, body = bank.receiver.came[0]
    assert url == URL
    assert headers["x-access-token"] == bank.token
    content = json.loads(body)
    assert content["account"]["raId"] == ACCOUNT_ID
    assert content["vaTransaction"]["depositAmount"] == "7000"
    assert content["messageId"] == made[0]["message_id"]
    assert content["timestamp"] == "2026-04-01T12:00:00+09:00"
    assert (content["account"]["baseDate"], content["account"]["baseTime"]) == ("2026-04-01", "12:00:00+09:00")


def test_the_message_tells_the_deposit_as_the_inquiry_does(bank: Notified) -> None:
    bank.pay_in()
    bank.advance(0)

    told = bank.get(f"/va/deposit-transactions?vaId={bank.va_id}").json["vaTransactions"]
    assert [json.loads(bank.receiver.came[0][2])["vaTransaction"]] == told


def test_a_deposit_that_goes_past_every_virtual_account_is_not_told(bank: Notified) -> None:
    bank.control("POST", "/deposits", {"account_id": ACCOUNT_ID, "amount": 1, "remitter_name": "ﾔﾏﾀﾞ"})
    bank.advance(60)

    assert bank.log()["notifications"] == []


def test_every_path_of_the_money_into_a_virtual_account_is_told(bank: Notified) -> None:
    world = bank.world
    world.bank.virtual_accounts.deposit(bank.va_id, Deposit(1_000, "ﾔﾏﾀﾞ ﾀﾛｳ"), at=world.clock.now())

    assert len(world.deliver_notifications()) == 1


def test_moving_the_clock_makes_the_attempts_in_order_and_tells_them(bank: Notified) -> None:
    bank.receiver.answers = [500, DeliveryFailed(Outcome.NO_ANSWER), 204, 200]
    bank.pay_in()

    events = bank.advance(100)

    assert [(event["at"][11:19], event["kind"]) for event in events] == [
        ("03:00:00", "notification_other_status"),
        ("03:00:10", "notification_no_answer"),
        ("03:00:30", "notification_other_status"),
        ("03:01:10", "notification_delivered"),
    ]
    assert len({body for _, _, body in bank.receiver.came}) == 1, "every repetition is the same bytes"
    attempts = bank.log()["notifications"][0]["attempts"]
    assert [attempt["status"] for attempt in attempts] == [500, None, 204, 200]


def test_an_hour_of_failures_stops_delivery_and_the_client_can_see_it(bank: Notified) -> None:
    bank.receiver.answers = [500] * 100
    bank.pay_in()
    bank.advance(7200)

    assert bank.log()["deliveries"][0]["state"] == "stopped_by_itself"
    assert bank.as_client("GET", "/subscribe-status").json["subscribeStatuses"][0]["subscribeStatus"] == "0"
    assert len(bank.receiver.came) == 10
    bank.pay_in(6_000)
    bank.receiver.answers = []
    bank.subscribe()
    bank.advance(0)
    assert bank.states() == ["delivered", "delivered"]


def test_kept_messages_go_after_the_start_but_for_those_fetched() -> None:
    bank = make_notified()
    bank.pay_in(1_000)
    fetched = bank.as_client("GET", "/unsentlist/va-deposit-transaction").json["messages"]
    bank.pay_in(2_000)
    bank.subscribe()
    bank.advance(0)

    assert [message["vaTransaction"]["depositAmount"] for message in fetched] == ["1000"]
    assert [json.loads(body)["vaTransaction"]["depositAmount"] for _, _, body in bank.receiver.came] == ["2000"]
    assert bank.states() == ["fetched", "delivered"]


def test_a_message_in_the_stopped_state_is_deleted_after_14_days() -> None:
    bank = make_notified()
    bank.pay_in()
    bank.advance(14 * 86_400 - 1)
    assert bank.states() == ["waiting"]
    bank.advance(1)

    assert bank.as_client("GET", "/unsentlist/va-deposit-transaction").status_code == 404
    assert bank.states() == ["deleted"]


def test_an_expired_token_ends_the_message_and_nothing_is_made_up_later(bank: Notified) -> None:
    bank.receiver.answers = [500]
    bank.pay_in(1_000)
    bank.advance(0)
    bank.control("POST", "/tokens/expire", {"client_id": CLIENT_ID})
    bank.pay_in(2_000)
    events = bank.advance(60)
    bank.token = bank.new_token(SCOPES)["access_token"]
    bank.pay_in(3_000)
    bank.advance(60)

    assert [event["kind"] for event in events] == ["notification_no_token"]
    assert bank.states() == ["no_token", "no_token", "delivered"]
    assert len(bank.receiver.came) == 2


def test_a_client_without_a_consent_for_virtual_accounts_is_not_told() -> None:
    bank = make_notified()
    bank.control("POST", "/tokens/expire", {"client_id": CLIENT_ID})
    add_client(bank, "neighbour", scope="private:account")
    add_client(bank, "partner", scope="private:virtual-account")
    bank.pay_in()

    told = {entry["client_id"]: entry["state"] for entry in bank.log()["notifications"]}
    assert told == {CLIENT_ID: "no_token", "partner": "waiting"}
    assert len(bank.log("?client_id=partner")["notifications"]) == 1
    assert len(bank.log("?state=no_token")["notifications"]) == 1
    assert bank.log("?state=lost")["notifications"] == []
    assert bank.control("GET", "/notifications?state=elsewhere").status_code == 400


def add_client(bank: Notified, name: str, *, scope: str) -> None:
    """Register one more client and let the customer consent."""
    bank.world.oauth.clients.register(
        Client(name, Secret(name), name, None, (REDIRECT_URI,), (ip_network("127.0.0.1/32"),), frozenset({scope}))
    )
    bank.world.oauth.clients.change(name, requests_per_second=None)
    consent = {"client_id": name, "customer_id": "corporate", "scope": scope, "redirect_uri": REDIRECT_URI}
    code = bank.control("POST", "/consents", consent).json["code"]
    form = token_form(code=code, client_id=name, client_secret=name)
    assert bank.client.post(TOKEN_URL, data=form).status_code == 200


def test_two_clients_are_each_told_with_their_own_token_and_under_their_own_id(bank: Notified) -> None:
    add_client(bank, "partner", scope="private:virtual-account")
    bank.world.oauth.clients.change("partner", notification_url="https://partner.example/n")
    events = [{"eventType": "va-deposit-transaction"}]
    secret = "cGFydG5lcjpwYXJ0bmVy"  # partner:partner
    bank.as_client("POST", "/subscribe", {"subscribeStatus": "1", "eventTypes": events}, authorization=secret)
    bank.pay_in()
    bank.advance(0)

    (url, first, body), (other_url, second, other_body) = bank.receiver.came
    assert (url, other_url) == (URL, "https://partner.example/n")
    assert first["x-access-token"] != second["x-access-token"]
    assert json.loads(body)["messageId"] != json.loads(other_body)["messageId"]
    assert json.loads(body)["vaTransaction"] == json.loads(other_body)["vaTransaction"]


def refreshed(bank: Notified, **settings: Any) -> tuple[str, str]:
    """Refresh the client's token; return the former access token and the new one."""
    first = bank.new_token(SCOPES)
    form = token_form(grant_type="refresh_token", refresh_token=first["refresh_token"])
    bank.advance(1)
    second = bank.client.post(TOKEN_URL, data=form).json
    return first["access_token"], second["access_token"]


def test_of_two_consents_given_at_one_instant_the_later_ones_token_comes() -> None:
    bank = make_notified()
    bank.subscribe()
    later = bank.new_token(SCOPES)["access_token"]
    bank.pay_in()
    bank.advance(0)

    assert bank.receiver.came[-1][1]["x-access-token"] == later != bank.token


def test_after_a_refresh_the_newest_token_comes_unless_the_rules_let_the_former_one_come_for_a_time() -> None:
    for seconds, shift in ((0, 1), (7200, 0)):
        bank = make_notified(notification_rules=NotificationRules(notification_former_token_seconds=seconds))
        bank.subscribe()
        tokens = refreshed(bank)
        bank.pay_in()
        bank.advance(0)
        bank.advance(7200)
        bank.pay_in()
        bank.advance(0)

        sent = [headers["x-access-token"] for _, headers, _ in bank.receiver.came]
        assert sent == [tokens[shift], tokens[1]]


def test_the_options_of_the_registration_are_sent(bank: Notified) -> None:
    basic = BasicCredentials("receiver", Secret("made-up"))
    bank.world.oauth.clients.change(CLIENT_ID, notification_signature=True, notification_basic=basic)
    bank.pay_in()
    bank.advance(0)

    _, headers, body = bank.receiver.came[0]
    assert headers["x-webhook-signature"] == sign(body, key=Secret(CLIENT_SECRET))
    assert headers["Authorization"] == basic.header()


def test_a_client_without_an_address_fails_like_one_that_does_not_answer(bank: Notified) -> None:
    bank.world.oauth.clients.change(CLIENT_ID, notification_url=None)
    bank.pay_in()
    bank.advance(7200)

    assert bank.log()["deliveries"][0]["state"] == "stopped_by_itself"
    assert bank.log()["notifications"][0]["attempts"][0]["outcome"] == "no_url"
    assert bank.receiver.came == []


def test_a_client_that_was_struck_off_gets_nothing(bank: Notified) -> None:
    bank.pay_in()
    bank.control("DELETE", f"/clients/{CLIENT_ID}")
    bank.advance(0)

    assert bank.states() == ["no_token"]


def test_a_tester_can_have_a_notification_twice(bank: Notified) -> None:
    with faults(bank, "duplicate"):
        bank.pay_in()
    bank.advance(0)

    assert len(bank.receiver.came) == 2
    assert bank.receiver.came[0] == bank.receiver.came[1]


def test_a_tester_can_have_notifications_in_another_order(bank: Notified) -> None:
    with faults(bank, "reorder"):
        bank.pay_in(1_000)
    bank.pay_in(2_000)
    bank.advance(0)

    amounts = [json.loads(body)["vaTransaction"]["depositAmount"] for _, _, body in bank.receiver.came]
    assert amounts == ["2000", "1000"]


def test_a_tester_can_have_a_notification_late_or_never(bank: Notified) -> None:
    with faults(bank, "delay", delay_ms=90_000):
        bank.pay_in(1_000)
    with faults(bank, "drop", client_id=CLIENT_ID):
        bank.pay_in(2_000)
    bank.advance(89)
    assert bank.receiver.came == []
    bank.advance(1)

    assert bank.states() == ["delivered", "lost"]


@pytest.mark.parametrize(
    "change",
    [{"point": "received"}, {"operation": "*"}, {"operation": "POST /transfer/request"}, {"effect": "garbage"},
     {"effect": "status"}, {"effect": "truncate"}, {"effect": "delay"}],
    ids=str,
)  # fmt: skip
def test_a_fault_that_no_notification_can_have_is_refused(bank: Notified, change: dict[str, str]) -> None:
    rule = {"operation": "notification", "point": "notified", "effect": "duplicate", **change}

    assert bank.control("POST", "/faults", rule).json["error"]["code"] == "fault_impossible"


def test_nothing_is_repeated_or_out_of_order_unless_asked_for(bank: Notified) -> None:
    for yen in range(1, 51):
        bank.pay_in(yen)
    bank.advance(7200)

    amounts = [int(json.loads(body)["vaTransaction"]["depositAmount"]) for _, _, body in bank.receiver.came]
    assert amounts == list(range(1, 51))


def test_the_log_tells_no_token_and_no_secret(bank: Notified) -> None:
    bank.receiver.answers = [500]
    bank.pay_in()
    bank.advance(0)

    told = json.dumps(bank.log()) + json.dumps(bank.control("POST", "/notifications/deliver").json)
    assert bank.token not in told
    assert CLIENT_SECRET not in told


def test_a_sender_that_breaks_leaves_the_message_to_be_tried_again(bank: Notified) -> None:
    bank.receiver.answers = [RuntimeError("a bug of ours")]
    bank.pay_in()

    with pytest.raises(RuntimeError):
        bank.world.deliver_notifications()

    assert [event["kind"] for event in bank.advance(10)] == ["notification_delivered"]


def test_nothing_is_sent_under_a_lock_of_the_bank() -> None:
    answers = []

    def calling_back(url: str, headers: Any, body: bytes, *, answer_seconds: float) -> int:
        # A receiver that looks at the bank before it answers.
        answers.append(bank.get("/accounts/balances").status_code)
        answers.append(bank.control("GET", "/notifications").status_code)
        answers.append(bank.as_client("GET", "/subscribe-status").status_code)
        return 200

    bank = make_notified(sender=calling_back)
    bank.subscribe()
    bank.pay_in()
    bank.advance(0)

    assert answers == [200, 200, 200]
    assert bank.states() == ["delivered"]


def test_a_late_attempt_counts_as_made_now(bank: Notified) -> None:
    bank.receiver.answers = [500]
    bank.pay_in()
    bank.real.seconds += 5_000

    delivery = only_delivery(bank.world.deliver_notifications(late=True))

    assert delivery.at == bank.world.clock.now()
    assert delivery.message.state == "waiting"


def only_delivery(deliveries: list[Any]) -> Any:
    (delivery,) = deliveries
    return delivery


def test_a_reset_forgets_messages_and_a_fork_goes_on_with_them(bank: Notified) -> None:
    bank.receiver.answers = [500]
    bank.pay_in()
    bank.advance(0)
    fork = worlds_of(bank.app).fork(bank.world, "fork")
    bank.control("POST", "/reset", {})

    assert bank.log() == {"deliveries": [], "notifications": []}
    fork.clock.advance(10)
    assert [delivery.message.state for delivery in fork.deliver_notifications()] == ["delivered"]


def test_worlds_tell_each_its_own_deposits(bank: Notified) -> None:
    fork = worlds_of(bank.app).fork(bank.world, "fork")
    bank.pay_in(1_000)
    fork.bank.virtual_accounts.deposit(bank.va_id, Deposit(2_000, "ﾔﾏﾀﾞ ﾀﾛｳ"), at=fork.clock.now())

    fork.deliver_notifications()
    amounts = [json.loads(body)["vaTransaction"]["depositAmount"] for _, _, body in bank.receiver.came]
    assert amounts == ["2000"]
    assert bank.states() == ["waiting"]
    assert bank.client.get("/w/fork/_sandbox/v1/notifications").json["notifications"][0]["state"] == "delivered"


def test_with_a_seed_the_ids_of_messages_repeat() -> None:
    ids = []
    for _ in range(2):
        bank = make_notified(seed=5)
        bank.pay_in()
        ids.append(bank.log()["notifications"][0]["message_id"])

    assert ids[0] == ids[1]

"""The three control operations of notifications: who may call them, what they take, what they answer."""

from typing import Any

import pytest

from mock_gmo.gateway import CHECKS
from mock_gmo.gateway.checks import CLIENT
from mock_gmo.notifications.rules import NotificationRules
from tests.unit.gateway.calling import CLIENT_ID, CLIENT_SECRET
from tests.unit.notifications.receiving import BASE, Notified, credentials, make_notified

EVENTS = [{"eventType": "va-deposit-transaction"}]
START = {"subscribeStatus": "1", "eventTypes": EVENTS}
OPERATIONS = (
    ("POST", "/subscribe", START),
    ("GET", "/unsentlist/va-deposit-transaction", None),
    ("GET", "/subscribe-status", None),
)
NAMES = ("webhooks", "webhook")
WRONG = (
    "",
    "Basic",
    credentials(secret="another"),
    credentials(client_id="another"),
    credentials(secret=""),
    credentials(scheme="Bearer "),
    credentials(scheme="basic:"),
    f"{CLIENT_ID}:{CLIENT_SECRET}",
    "Basic !!!",
    "Basic " + "QUFB" * 500,
)


@pytest.fixture(scope="module")
def bank() -> Notified:
    return make_notified()


@pytest.mark.parametrize("authorization", WRONG)
@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
def test_wrong_credentials_are_refused(bank: Notified, method: str, path: str, body: Any, authorization: str) -> None:
    reply = bank.as_client(method, path, body, authorization=authorization)

    assert (reply.status_code, reply.json["errorCode"]) == (401, "MOCK401")


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
def test_an_access_token_does_not_help(bank: Notified, method: str, path: str, body: Any) -> None:
    reply = bank.call(method, BASE + path, json=body)

    assert (reply.status_code, reply.json["errorCode"]) == (401, "MOCK401")
    assert bank.control("GET", "/journal?limit=1").json["entries"][0]["check"] == "client's credentials"


@pytest.mark.parametrize("scheme", ["Basic ", "basic ", "BASIC ", ""])
def test_credentials_come_with_and_without_the_word_basic(bank: Notified, scheme: str) -> None:
    assert bank.as_client("GET", "/subscribe-status", authorization=credentials(scheme=scheme)).status_code == 200


def test_the_word_basic_can_be_made_necessary() -> None:
    bank = make_notified(notification_rules=NotificationRules(notification_scheme_optional=False))

    assert bank.as_client("GET", "/subscribe-status", authorization=credentials(scheme="")).status_code == 401
    assert bank.as_client("GET", "/subscribe-status").status_code == 200


def test_a_token_beside_right_credentials_changes_nothing(bank: Notified) -> None:
    headers = {"Authorization": credentials(), "x-access-token": "wrong"}

    assert bank.call("GET", BASE + "/subscribe-status", headers=headers).status_code == 200


@pytest.mark.parametrize("prefix", [f"/ganb/{api}/{name}/v1" for api in ("api", "stg-api") for name in NAMES])
@pytest.mark.parametrize("profile", ["bank", "strict"])
def test_every_prefix_that_documents_name_is_answered(prefix: str, profile: str) -> None:
    bank = make_notified(profile=profile)

    reply = bank.client.get(f"{prefix}/subscribe-status", headers={"Authorization": credentials()})

    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/subscribe"), ("POST", "/subscribe-status"), ("GET", "/subscribe/"), ("GET", "/unsentlist")],
)
def test_another_path_or_method_is_405(bank: Notified, method: str, path: str) -> None:
    reply = bank.as_client(method, path, {} if method == "POST" else None)

    assert (reply.status_code, reply.json["errorCode"]) == (405, "WG_ERR_019")


def test_calls_count_against_the_limit_of_the_client() -> None:
    bank = make_notified()
    bank.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)

    assert bank.as_client("GET", "/subscribe-status").status_code == 200
    assert bank.as_client("GET", "/subscribe-status").status_code == 429
    assert bank.get("/accounts").status_code == 429


def test_a_client_is_heard_from_its_own_addresses_only(bank: Notified) -> None:
    for address in ("192.0.2.9", "198.51.100.7"):
        reply = bank.client.get(
            f"{BASE}/subscribe-status",
            headers={"Authorization": credentials()},
            environ_overrides={"REMOTE_ADDR": address},
        )
        assert (reply.status_code, reply.json["errorCode"]) == (403, "MOCK403")


def test_a_call_of_a_client_passes_every_check_but_those_of_a_token() -> None:
    skipped = [check.name for check in CHECKS if CLIENT not in check.kinds]

    assert skipped == ["token", "holder", "feature", "scope"]


def test_a_strict_bank_wants_a_length_and_json() -> None:
    bank = make_notified(profile="strict")
    given: dict[str, Any] = {"headers": {"Authorization": credentials()}}

    missing = bank.client.post(f"{BASE}/subscribe", environ_overrides={"CONTENT_LENGTH": ""}, **given)
    text = bank.client.post(f"{BASE}/subscribe", data="{}", content_type="text/plain", **given)
    html = bank.client.get(f"{BASE}/subscribe-status", headers={**given["headers"], "Accept": "text/html"})

    assert [reply.status_code for reply in (missing, text, html)] == [411, 415, 406]


def test_maintenance_closes_the_control_operations_too() -> None:
    bank = make_notified()
    object.__setattr__(bank.world.settings, "maintenance", True)

    assert bank.as_client("GET", "/subscribe-status").json["errorCode"] == "WG_ERR_300"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "配信状態を入力してください。"),
        ({"subscribeStatus": "", "eventTypes": EVENTS}, "配信状態を入力してください。"),
        ({"subscribeStatus": "2", "eventTypes": EVENTS}, "配信状態が正しくありません。"),
        ({"subscribeStatus": 1, "eventTypes": EVENTS}, "配信状態が正しくありません。"),
        ({"subscribeStatus": "1"}, "イベント種別のリストを入力してください。"),
        ({"subscribeStatus": "1", "eventTypes": []}, "イベント種別のリストを入力してください。"),
        ({"subscribeStatus": "1", "eventTypes": EVENTS * 101}, "イベント種別のリストが正しくありません。"),
        ({"subscribeStatus": "1", "eventTypes": "x"}, "イベント種別のリストが正しくありません。"),
        ({"subscribeStatus": "1", "eventTypes": [{}]}, "イベント種別を入力してください。"),
        ({"subscribeStatus": "1", "eventTypes": [{"eventType": "transfer"}]}, "イベント種別が正しくありません。"),
        ({"subscribeStatus": "1", "eventTypes": [*EVENTS, {"eventType": "x"}]}, "イベント種別が正しくありません。"),
    ],
)
def test_a_wrong_field_is_complained_of_and_changes_nothing(bank: Notified, body: Any, message: str) -> None:
    reply = bank.as_client("POST", "/subscribe", body)

    assert (reply.status_code, reply.json) == (400, {"errorCode": "WG_ERR_110", "errorMessage": message})
    assert bank.as_client("GET", "/subscribe-status").json["subscribeStatuses"][0]["subscribeStatus"] == "0"


def test_a_start_and_a_stop_answer_with_an_empty_body_and_are_told_by_the_status() -> None:
    bank = make_notified()
    told = []
    for status in ("0", "1", "1", "0"):
        reply = bank.as_client("POST", "/subscribe", {"subscribeStatus": status, "eventTypes": EVENTS * 2})
        assert (reply.status_code, reply.data) == (200, b"")
        told.append(bank.as_client("GET", "/subscribe-status").json)

    statuses = [reply["subscribeStatuses"] for reply in told]
    assert statuses == [[{"eventType": "va-deposit-transaction", "subscribeStatus": s}] for s in ("0", "1", "1", "0")]


def test_the_status_changes_once_the_delay_is_over() -> None:
    bank = make_notified(notification_rules=NotificationRules(notification_subscribe_delay_seconds=600))
    bank.subscribe()
    (delivery,) = bank.log()["deliveries"]
    assert (delivery["state"], delivery["asked"]) == ("stopped_by_request", "1")

    bank.advance(600)

    assert bank.as_client("GET", "/subscribe-status").json["subscribeStatuses"][0]["subscribeStatus"] == "1"


def test_the_unsent_list_tells_each_message_once_and_then_404() -> None:
    bank = make_notified()
    for yen in (1_000, 2_000):
        bank.pay_in(yen)

    first = bank.as_client("GET", "/unsentlist/va-deposit-transaction")
    second = bank.as_client("GET", "/unsentlist/va-deposit-transaction")

    amounts = [message["vaTransaction"]["depositAmount"] for message in first.json["messages"]]
    assert amounts == ["1000", "2000"]
    assert (second.status_code, second.json["errorCode"]) == (404, "MOCK404")


def test_a_fault_can_strike_the_fetching_and_lose_what_was_told() -> None:
    bank = make_notified()
    bank.pay_in()
    rule = {
        "operation": "GET /unsentlist/va-deposit-transaction", "point": "committed", "effect": "status", "status": 504,
        "times": 1, "client_id": CLIENT_ID,
    }  # fmt: skip
    assert bank.control("POST", "/faults", rule).status_code == 201

    assert bank.as_client("GET", "/unsentlist/va-deposit-transaction").status_code == 504
    assert bank.as_client("GET", "/unsentlist/va-deposit-transaction").status_code == 404


def test_the_journal_keeps_the_calls_without_the_credentials(bank: Notified) -> None:
    bank.as_client("GET", "/subscribe-status")

    (entry,) = bank.control("GET", "/journal?limit=1").json["entries"]
    assert (entry["client_id"], entry["headers"]["Authorization"]) == (CLIENT_ID, "[masked]")


def test_a_registration_takes_shows_and_changes_where_notifications_go(bank: Notified) -> None:
    registered = {
        "name": "Shop 2", "redirect_uris": ["https://shop.example/cb"], "networks": ["127.0.0.1/32"],
        "scopes": ["private:virtual-account"], "notification_url": "https://shop.example/n",
        "notification_signature": True, "notification_basic": {"user": "receiver", "password": "made-up"},
    }  # fmt: skip
    client = bank.control("POST", "/clients", registered).json
    assert {name: client[name] for name in registered} == registered

    path = f"/clients/{client['client_id']}"
    change = {"notification_url": None, "notification_signature": False, "notification_basic": None}
    changed = bank.control("PATCH", path, change).json
    assert {name: changed[name] for name in change} == change
    refused = bank.control("PATCH", path, {"notification_url": "http://shop.example/n"})
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "client_unusable")
    assert "https URL, or http on loopback" in refused.json["error"]["message_en"]
    bank.control("DELETE", path)

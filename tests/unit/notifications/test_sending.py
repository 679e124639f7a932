"""What goes out with a notification: header fields, signature, and which answer is a success."""

import base64
import hashlib
import hmac
from ipaddress import ip_network

import pytest

from mock_gmo.notifications.messages import Outcome
from mock_gmo.notifications.sending import DeliveryFailed, judge, make_headers, no_network, sign
from mock_gmo.oauth.clients import BasicCredentials, Client, ClientUnusable
from mock_gmo.secret import Secret

BODY = '{"messageId":"ﾐﾎﾝ"}'.encode()


def make_client(**changes: object) -> Client:
    members: dict[str, object] = {
        "client_id": "client-a",
        "client_secret": Secret("made-up"),
        "name": "shop",
        "company_id": None,
        "redirect_uris": ("https://shop.example/cb",),
        "networks": (ip_network("192.0.2.0/24"),),
        "scopes": frozenset({"private:virtual-account"}),
    }
    return Client(**{**members, **changes})  # type: ignore[arg-type]


def test_the_plain_header_fields_are_those_of_the_bank() -> None:
    assert make_headers(make_client(), Secret("token-1"), BODY) == {
        "Content-Type": "application/json;charset=UTF-8",
        "User-Agent": "GMO Aozora Net Bank Notification Service Agent",
        "x-access-token": "token-1",
        "x-eventType": "va-deposit-transaction",
    }


def test_the_signature_is_base64_of_the_hmac_over_the_bytes_as_sent() -> None:
    headers = make_headers(make_client(notification_signature=True), Secret("token-1"), BODY)

    expected = base64.b64encode(hmac.new(b"made-up", BODY, hashlib.sha256).digest()).decode()
    assert headers["x-webhook-signature"] == expected
    assert len(expected) == 44
    assert sign(BODY + b" ", key=Secret("made-up")) != expected
    assert sign(BODY, key=Secret("made-uq")) != expected


def test_the_receivers_own_credentials_go_as_basic() -> None:
    client = make_client(notification_basic=BasicCredentials("receiver", Secret("a:b")))

    assert (
        make_headers(client, Secret("t"), BODY)["Authorization"]
        == "Basic " + base64.b64encode(b"receiver:a:b").decode()
    )
    assert "a:b" not in repr(client)


@pytest.mark.parametrize("status", [100, 201, 202, 204, 301, 302, 307, 400, 401, 404, 500, 503])
def test_200_alone_is_a_success(status: int) -> None:
    assert judge(200) is Outcome.DELIVERED
    assert judge(status) is Outcome.OTHER_STATUS


def test_a_bank_without_a_network_reaches_nobody() -> None:
    with pytest.raises(DeliveryFailed) as failed:
        no_network("https://shop.example/n", {}, b"", answer_seconds=1)
    assert failed.value.outcome is Outcome.NOT_CONNECTED


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/notified", "https://shop.example:8443/n?x=1", "http://127.0.0.1:8000/n", "http://127.8.9.1/",
     "http://localhost:8000/n", "http://[::1]:8000/n"],
)  # fmt: skip
def test_a_receiver_is_registered_with_https_or_on_loopback(url: str) -> None:
    assert make_client(notification_url=url).notification_url == url


@pytest.mark.parametrize(
    "url",
    ["http://shop.example/n", "http://127.0.0.1.shop.example/n", "http://localhost.shop.example/", "//x",
     "ftp://127.0.0.1/n",
     "https://user:pass@shop.example/n", "https://shop.example/#part", "https:///n", "", "https://shop.example/ n",
     "https://shop.example/" + "n" * 300, "http://10.0.0.1/n"],
)  # fmt: skip
def test_any_other_address_is_refused_with_what_was_expected(url: str) -> None:
    with pytest.raises(ClientUnusable, match="notification_url: expected an https URL, or http on loopback"):
        make_client(notification_url=url)


@pytest.mark.parametrize(
    ("user", "password"), [("a:b", "x"), ("", "x"), ("a b", "x"), ("a", ""), ("a", "x y"), ("é", "x")]
)
def test_credentials_that_cannot_be_sent_are_refused(user: str, password: str) -> None:
    with pytest.raises(ClientUnusable, match="notification_basic: expected"):
        BasicCredentials(user, Secret(password))

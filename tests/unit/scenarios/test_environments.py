"""Environments: what ReCORE registers with the bank, and that no environment borrows from another."""

from importlib.resources import files
from ipaddress import ip_address

import pytest

from mock_gmo.environments.loader import ENVIRONMENTS, EnvironmentFileError, load_environment, parse_environment
from mock_gmo.oauth.clients import ClientRegistry
from mock_gmo.oauth.scopes import SCOPES

REGISTERED_SCOPES = {"private:account", "private:transfer", "offline_access"}
LOCAL = files("mock_gmo.environments").joinpath("local.yaml").read_text(encoding="utf-8")

REGISTRATIONS = [
    ("development", "shop-0001", "https://dev.gmo-bank-integrator.nvst.jp/refresh_token/shop-0001"),
    ("development", "shop-0002", "https://dev.gmo-bank-integrator.nvst.jp/refresh_token/shop-0002"),
    ("production", "shop-0001", "https://gmo-bank-integrator.nvst.jp/refresh_token/shop-0001"),
    ("production", "shop-0002", "https://gmo-bank-integrator.nvst.jp/refresh_token/shop-0002"),
]
ADDRESSES = {"development": {"18.177.192.247"}, "production": {"13.113.217.217", "18.177.65.42"}}

BROKEN = [
    ("127.0.0.1/32, ", "127.0.0.300/32, ", "site_networks[0]", "a network such as"),
    ("client_secret_post", "private_key_jwt", "clients[0].authentication", "one of client_secret_post"),
    ("loCa1C1ientShop1", "short", "clients[0].client_id", "16 letters and digits"),
    ("scopes: [every]", "scopes: [private:all]", "clients[0].scopes[0]", "one of private:account"),
    ("requests_per_second: 1", "requests_per_second: 0", "clients[0].requests_per_second", "a whole number from 1"),
    ("{integrator_port}/", "{port}/", "clients[0]", "a client that can be registered"),
    ("https://stg-api", "http://stg-api", "issuer", "an https URL"),
]


@pytest.mark.parametrize(("environment", "company_id", "redirect_uri"), REGISTRATIONS)
def test_a_company_is_registered_as_the_application_guide_says(environment, company_id, redirect_uri):
    clients = load_environment(environment, integrator_port=8320).clients

    (client,) = [client for client in clients if client.company_id == company_id]
    assert client.redirect_uris == (redirect_uri,)
    assert client.scopes == REGISTERED_SCOPES
    assert client.authentication == "client_secret_post"
    assert {str(network.network_address) for network in client.networks} == ADDRESSES[environment]
    assert all(network.num_addresses == 1 for network in client.networks)
    assert client.requests_per_second == 1


def test_the_local_environment_takes_the_integrators_real_port():
    (client,) = load_environment("local", integrator_port=18_320).clients

    assert client.redirect_uris == (
        "http://127.0.0.1:18320/refresh_token/shop-0001",
        "http://127.0.0.1/callback",
    )
    assert client.scopes == SCOPES.keys()
    assert client.admits(ip_address("127.0.0.1"))
    assert not client.admits(ip_address("127.0.0.2"))


@pytest.mark.parametrize(
    ("environment", "address", "is_admitted"),
    [
        ("local", "127.0.0.1", True),
        ("local", "192.0.2.1", False),
        ("development", "18.177.192.247", True),
        ("development", "127.0.0.1", False),
        ("production", "192.0.2.1", True),
        ("production", "2001:db8::1", True),
    ],
)
def test_the_site_answers_to_the_environments_networks(environment, address, is_admitted):
    assert load_environment(environment, integrator_port=1).admits_to_site(ip_address(address)) is is_admitted


def test_no_id_secret_or_redirect_uri_is_shared():
    clients = [client for name in ENVIRONMENTS for client in load_environment(name, integrator_port=1).clients]

    ClientRegistry(tuple(clients))
    assert len({client.client_secret.reveal() for client in clients}) == len(clients)
    uris = [uri for client in clients for uri in client.redirect_uris]
    assert len(set(uris)) == len(uris)


@pytest.mark.parametrize(("old", "new", "field", "expected"), BROKEN)
def test_a_fault_is_told_with_its_place(old, new, field, expected):
    assert old in LOCAL

    with pytest.raises(EnvironmentFileError) as fault:
        parse_environment(LOCAL.replace(old, new, 1), name="local", file="local.yaml", integrator_port=8320)

    assert fault.value.field == field
    assert str(fault.value).startswith(f"local.yaml, line {fault.value.line}: {field}: expected {expected}")


def test_a_secret_with_a_fault_is_not_shown():
    broken = LOCAL.replace("Loca10", "Loca1")

    with pytest.raises(EnvironmentFileError) as fault:
        parse_environment(broken, name="local", file="local.yaml", integrator_port=8320)

    assert fault.value.field == "clients[0].client_secret"
    assert "Loca1" not in str(fault.value)


def test_an_unknown_environment_is_told():
    with pytest.raises(EnvironmentFileError, match="one of local, development, production"):
        load_environment("staging", integrator_port=8320)


def test_a_client_may_tell_where_its_notifications_go():
    told = """requests_per_second: 1
    notification_url: http://127.0.0.1:8330/notified
    notification_signature: true
    notification_basic: {user: receiver, password: made-up}"""
    text = LOCAL.replace("requests_per_second: 1", told)

    (client,) = parse_environment(text, name="local", file="local.yaml", integrator_port=8320).clients

    assert client.notification_url == "http://127.0.0.1:8330/notified"
    assert client.notification_signature
    assert client.notification_basic is not None
    assert client.notification_basic.user == "receiver"
    assert client.notification_basic.password.matches("made-up")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("notification_url: http://shop.example/n", "http on loopback"),
        ("notification_url: 8330", "an https URL, or http on loopback"),
        ("notification_signature: yes", "true or false"),
        ("notification_basic: {user: receiver}", "'password'"),
        ("notification_basic: {user: 'a:b', password: made-up}", "no colon"),
    ],
)
def test_a_wrong_address_for_notifications_is_told_with_its_place(told, expected):
    text = LOCAL.replace("requests_per_second: 1", f"requests_per_second: 1\n    {told}")

    with pytest.raises(EnvironmentFileError, match="clients\\[0\\]") as refused:
        parse_environment(text, name="local", file="local.yaml", integrator_port=8320)

    assert expected in str(refused.value)
    assert "made-up" not in str(refused.value)

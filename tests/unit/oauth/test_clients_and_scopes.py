"""What may be registered, and what a scope opens."""

from ipaddress import ip_address, ip_network

import pytest

from mock_gmo.oauth.clients import ClientRegistry, ClientUnusable
from mock_gmo.oauth.scopes import SCOPES, ScopeUnusable, covers, parse_scope
from mock_gmo.secret import Secret
from tests.unit.oauth.authorization_servers import CLIENT, OTHER_CLIENT, make_client

UNUSABLE = [
    ("client_id", ""),
    ("client_id", "a" * 129),
    ("client_id", "a:b"),
    ("client_id", "a b"),
    ("client_secret", Secret("")),
    ("client_secret", Secret("ａ")),
    ("redirect_uris", ()),
    ("redirect_uris", ("/relative",)),
    ("redirect_uris", ("ftp://shop.example/",)),
    ("redirect_uris", ("javascript:alert(1)",)),
    ("redirect_uris", ("https://",)),
    ("redirect_uris", ("https:///path",)),
    ("redirect_uris", ("https://shop.example/#part",)),
    ("redirect_uris", ("https://shop.example/a b",)),
    ("redirect_uris", ("https://shop.example/{company_id}",)),
    ("redirect_uris", ("https://shop.example;script-src/",)),
    ("redirect_uris", ("https://user@shop.example/",)),
    ("redirect_uris", ("https://shop.example:99999/",)),
    ("redirect_uris", ("https://shop.example/\n",)),
    ("redirect_uris", ("https://shop.example/" + "a" * 236,)),
    ("scopes", frozenset({"private:everything"})),
    ("authentication", "private_key_jwt"),
    ("requests_per_second", 0),
    ("grants", frozenset({"password"})),
]


@pytest.mark.parametrize(("member", "value"), UNUSABLE)
def test_a_client_with_a_fault_cannot_be_registered_and_is_told_which(member, value):
    with pytest.raises(ClientUnusable, match=member):
        make_client(**{member: value})


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/refresh_token/shop-0001",
        "http://127.0.0.1:8320/refresh_token/shop-0001",
        "http://[::1]:8320/callback",
        "https://shop.example/callback?shop=1&x=%20",
        "https://shop.example/" + "a" * 235,
    ],
)
def test_a_usual_redirect_uri_can_be_registered(uri):
    assert make_client(redirect_uris=(uri,)).redirect_uris == (uri,)


def test_a_client_does_not_print_its_secret():
    assert CLIENT.client_secret.reveal() not in repr(CLIENT)


def test_an_id_is_registered_once():
    with pytest.raises(ClientUnusable, match="registered already"):
        ClientRegistry((CLIENT, CLIENT))


def test_clients_are_found_changed_and_struck_off():
    registry = ClientRegistry((CLIENT, OTHER_CLIENT))

    changed = registry.change(CLIENT.client_id, requests_per_second=5)
    registry.remove(OTHER_CLIENT.client_id)

    assert registry.find(CLIENT.client_id) is changed
    assert registry.all() == (changed,)
    assert registry.find("nobody") is None
    for change in (registry.remove, registry.change):
        with pytest.raises(KeyError):
            change("nobody")
    with pytest.raises(KeyError):
        registry.replace(OTHER_CLIENT)


def test_the_networks_of_all_clients_decide_who_gets_an_answer():
    other = make_client("other", networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")))
    registry = ClientRegistry((CLIENT, other))

    assert registry.admits(ip_address("192.0.2.1"))
    assert registry.admits(ip_address("2001:db8::1"))
    assert not registry.admits(ip_address("192.0.2.2"))
    assert CLIENT.admits(ip_address("192.0.2.1"))
    assert not CLIENT.admits(ip_address("198.51.100.7"))

    registry.remove("other")
    assert not registry.admits(ip_address("198.51.100.7"))


@pytest.mark.parametrize(("scope", "family"), sorted((scope, family) for scope, family in SCOPES.items() if family))
def test_a_scope_opens_its_own_family_only(scope, family):
    assert scope.rpartition(":")[2] == family
    for other in {value for value in SCOPES.values() if value}:
        assert covers((scope, "offline_access"), other) is (other == family)


def test_nothing_is_opened_by_scopes_that_are_no_access():
    assert not covers(("openid", "offline_access"), "account")


@pytest.mark.parametrize("scope", ["private:account", "corp:account", "personal:account"])
def test_a_scope_opens_the_api_of_its_kind_only(scope):
    kind = scope.split(":")[0]

    assert covers((scope,), "account", kinds=(kind,))
    assert not covers((scope,), "account", kinds={"private", "corp", "personal"} - {kind})


@pytest.mark.parametrize("text", ["", "  ", "private:account\tprivate:transfer", "private:Account", "*"])
def test_a_scope_that_cannot_be_read_is_refused(text):
    with pytest.raises(ScopeUnusable):
        parse_scope(text, registered=SCOPES)


def test_personal_scopes_may_stand_beside_others_but_corp_and_private_exclude_each_other():
    assert parse_scope("personal:account openid", registered=SCOPES) == ("personal:account", "openid")
    with pytest.raises(ScopeUnusable, match="mixed"):
        parse_scope("corp:account private:account", registered=SCOPES)

"""GET /authorization: who is redirected where, with what; who is not."""

import pytest

from mock_gmo.oauth.authorization import PENDING_REQUESTS_MAX
from mock_gmo.oauth.authorization_request import AuthorizationRefused
from mock_gmo.oauth.errors import ERRORS, AuthorizationPageError, OAuthRefusal
from mock_gmo.oauth.rules import OAuthRules
from tests.unit.oauth.authorization_servers import (
    CLIENT,
    CUSTOMER,
    NOON,
    OTHER_CLIENT,
    OTHER_REDIRECT_URI,
    REDIRECT_URI,
    SCOPE,
    make_client,
    make_server,
    parameters_of,
    request_parameters,
    seconds,
)

PAGE_ERRORS = [
    ({"client_id": ""}, "client_unknown"),
    ({"client_id": "nobody"}, "client_unknown"),
    ({"client_id": CLIENT.client_id.lower()}, "client_unknown"),
    ({"redirect_uri": ""}, "redirect_uri_unknown"),
    ({"redirect_uri": REDIRECT_URI + "/"}, "redirect_uri_unknown"),
    ({"redirect_uri": REDIRECT_URI + "?a=1"}, "redirect_uri_unknown"),
    ({"redirect_uri": REDIRECT_URI.replace("https", "http")}, "redirect_uri_unknown"),
    ({"redirect_uri": REDIRECT_URI.upper()}, "redirect_uri_unknown"),
    ({"redirect_uri": REDIRECT_URI.replace("example/", "example:443/")}, "redirect_uri_unknown"),
    ({"redirect_uri": OTHER_REDIRECT_URI}, "redirect_uri_unknown"),
    ({"client_id": OTHER_CLIENT.client_id}, "redirect_uri_unknown"),
]

REDIRECTED_ERRORS = [
    ({"response_type": ""}, "invalid_request"),
    ({"scope": ""}, "invalid_request"),
    ({"state": ""}, "invalid_request"),
    ({"state": "a" * 129}, "invalid_request"),
    ({"nonce": "a" * 129}, "invalid_request"),
    ({"scope": "private:account " + "a" * 256}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "CODE"}, "unsupported_response_type"),
    ({"scope": "private:everything"}, "invalid_scope"),
    ({"scope": "PRIVATE:account"}, "invalid_scope"),
    ({"scope": "private:offline_access"}, "invalid_scope"),
    ({"scope": "corp:account private:transfer"}, "invalid_scope"),
    ({"scope": " "}, "invalid_scope"),
]


@pytest.mark.parametrize(("changes", "reason"), PAGE_ERRORS)
def test_nobody_is_redirected_while_client_or_redirect_uri_are_not_exactly_right(changes, reason):
    with pytest.raises(AuthorizationPageError) as refused:
        make_server().begin(request_parameters(**changes), at=NOON)

    assert refused.value.reason == reason
    assert refused.value.http_status == 400


@pytest.mark.parametrize(("changes", "error"), REDIRECTED_ERRORS)
def test_every_other_fault_is_told_to_the_client_by_redirect(changes, error):
    with pytest.raises(AuthorizationRefused) as refused:
        make_server().begin(request_parameters(**changes), at=NOON)

    told = parameters_of(refused.value.location)
    assert refused.value.location.startswith(REDIRECT_URI + "?")
    assert told["error"] == error
    state = changes.get("state", "a" * 64)
    assert told.get("state") == (state if 0 < len(state) <= 128 else None)
    assert told["error_description"].isascii()
    assert not set('"\\') & set(told["error_description"])


def test_a_scope_that_is_known_but_not_registered_is_refused():
    server = make_server(None, make_client(scopes=frozenset({"private:account"})))

    with pytest.raises(AuthorizationRefused) as refused:
        server.begin(request_parameters(scope="private:account private:transfer"), at=NOON)

    assert refused.value.error == "invalid_scope"


def test_a_client_without_the_code_grant_is_told_so():
    server = make_server(None, make_client(grants=frozenset({"refresh_token"})))

    with pytest.raises(AuthorizationRefused) as refused:
        server.begin(request_parameters(), at=NOON)

    assert refused.value.error == "unauthorized_client"


def test_consent_redirects_with_a_code_and_the_state_unchanged():
    server = make_server()
    state = "with space&=?#/あ"
    begun = server.begin(request_parameters(state=state), at=NOON)

    location = server.approve(begun.request_id, CUSTOMER, at=NOON)

    assert location.startswith(REDIRECT_URI + "?code=")
    assert parameters_of(location)["state"] == state
    assert set(parameters_of(location)) == {"code", "state"}


def test_a_redirect_uri_with_a_query_keeps_it():
    uri = "https://shop-a.example/callback?shop=1"
    server = make_server(None, make_client(redirect_uris=(uri,)))
    begun = server.begin(request_parameters(redirect_uri=uri), at=NOON)

    location = server.approve(begun.request_id, CUSTOMER, at=NOON)

    assert location.startswith(uri + "&code=")


def test_denial_redirects_with_access_denied_and_the_state():
    server = make_server()
    begun = server.begin(request_parameters(), at=NOON)

    told = parameters_of(server.deny(begun.request_id, at=NOON))

    assert told["error"] == "access_denied"
    assert told["state"] == "a" * 64
    assert "code" not in told


@pytest.mark.parametrize("first", ["approve", "deny"])
def test_a_request_is_decided_once(first):
    server = make_server()
    request_id = server.begin(request_parameters(), at=NOON).request_id
    if first == "approve":
        server.approve(request_id, CUSTOMER, at=NOON)
    else:
        server.deny(request_id, at=NOON)

    with pytest.raises(AuthorizationPageError) as refused:
        server.approve(request_id, CUSTOMER, at=NOON)

    assert refused.value.reason == "request_unknown"


def test_a_request_waits_until_its_last_second_and_no_longer():
    server = make_server(OAuthRules(pending_request_seconds=60))
    request_id = server.begin(request_parameters(), at=NOON).request_id

    assert server.find_request(request_id, at=NOON + seconds(59.9)) is not None
    assert server.find_request(request_id, at=NOON + seconds(60)) is None
    with pytest.raises(AuthorizationPageError):
        server.approve(request_id, CUSTOMER, at=NOON + seconds(60))


def test_the_oldest_request_gives_way_when_too_many_wait():
    server = make_server()
    first, second = (server.begin(request_parameters(), at=NOON).request_id for _ in range(2))

    for _ in range(PENDING_REQUESTS_MAX - 1):
        server.begin(request_parameters(), at=NOON)

    assert server.find_request(first, at=NOON) is None
    assert server.find_request(second, at=NOON) is not None


def test_unknown_parameters_are_ignored_and_repeated_scopes_count_once():
    server = make_server()

    begun = server.begin(
        request_parameters(scope="private:account  private:account offline_access", prompt="none"), at=NOON
    )

    assert begun.request.scopes == ("private:account", "offline_access")


def test_consent_without_a_browser_gives_the_same_code_and_location():
    code, location = make_server().consent_directly(
        CLIENT.client_id, CUSTOMER, scope=SCOPE, redirect_uri=REDIRECT_URI, state="abc", at=NOON
    )

    assert location == f"{REDIRECT_URI}?code={code.reveal()}&state=abc"


def test_consent_without_a_browser_is_as_strict():
    server = make_server()

    with pytest.raises(AuthorizationPageError):
        server.consent_directly("nobody", CUSTOMER, scope=SCOPE, redirect_uri=REDIRECT_URI, at=NOON)
    with pytest.raises(AuthorizationPageError):
        server.consent_directly(CLIENT.client_id, CUSTOMER, scope=SCOPE, redirect_uri=OTHER_REDIRECT_URI, at=NOON)
    with pytest.raises(OAuthRefusal) as refused:
        server.consent_directly(CLIENT.client_id, CUSTOMER, scope="openid2", redirect_uri=REDIRECT_URI, at=NOON)
    assert refused.value.error == "invalid_scope"


def test_the_tables_here_reach_every_error_that_a_redirect_can_tell():
    reached = {error for _, error in REDIRECTED_ERRORS} | {"unauthorized_client", "access_denied"}

    assert {row.error for row in ERRORS.values() if row.on_redirect} - reached == {
        # The rest of the table belongs to failures inside, which nothing here can cause.
        "server_error",
        "temporarily_unavailable",
    }

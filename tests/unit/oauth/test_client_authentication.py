"""Who stands behind a token request: every way that occurs in the field, lenient and strict."""

import pytest

from mock_gmo.oauth.client_authentication import authenticate
from mock_gmo.oauth.clients import ClientRegistry
from mock_gmo.oauth.errors import OAuthRefusal
from tests.unit.oauth.authorization_servers import BASIC_CLIENT, CLIENT, OTHER_CLIENT, SECRET, basic, make_server

CLIENTS = ClientRegistry((CLIENT, OTHER_CLIENT, BASIC_CLIENT))
POST, BASIC, OTHER = CLIENT.client_id, BASIC_CLIENT.client_id, OTHER_CLIENT.client_id
OK = "ok"


def form(client_id: str = "", client_secret: str = "") -> dict[str, str]:
    return {"client_id": client_id, "client_secret": client_secret}


# what came: form, header | what the lenient and the strict bank make of it
WAYS = [
    ("post as registered", form(POST, SECRET), None, OK, OK),
    ("basic as registered", {}, basic(BASIC), OK, OK),
    ("basic, form fields sent empty", form(), basic(BASIC), OK, OK),
    ("basic in lower case", {}, basic(BASIC, scheme="basic "), OK, OK),
    ("basic without the word", {}, basic(BASIC, scheme=""), OK, "invalid_client"),
    ("post although basic is registered", form(BASIC, SECRET), None, OK, "invalid_client"),
    ("basic although post is registered", {}, basic(POST), OK, "invalid_client"),
    ("both, both right", form(BASIC, SECRET), basic(BASIC), OK, "invalid_client"),
    ("both, id alone in the form", form(BASIC), basic(BASIC), OK, "invalid_client"),
    ("both, form wrong", form(BASIC, "wrong"), basic(BASIC), "invalid_client", "invalid_client"),
    ("both, header wrong", form(POST, SECRET), basic(POST, "wrong"), "invalid_client", "invalid_client"),
    ("both, of two clients", form(OTHER, SECRET), basic(BASIC), "invalid_client", "invalid_client"),
    ("basic, wrong secret", {}, basic(BASIC, "wrong"), "invalid_client", "invalid_client"),
    ("basic, unknown client", {}, basic("nobody"), "invalid_client", "invalid_client"),
    ("basic, not base64", {}, "Basic ***", "invalid_client", "invalid_client"),
    ("basic, no colon", {}, "Basic YWJj", "invalid_client", "invalid_client"),
    ("basic, too long", {}, "Basic " + "YWJj" * 400, "invalid_client", "invalid_client"),
    ("another scheme beside the form", form(POST, SECRET), "Bearer abc", "invalid_client", "invalid_client"),
    ("post, wrong secret", form(POST, "wrong"), None, "invalid_client", "invalid_client"),
    ("post, unknown client", form("nobody", SECRET), None, "invalid_client", "invalid_client"),
    ("nothing at all", {}, None, "invalid_request", "invalid_request"),
    ("post, no secret", form(POST), None, "invalid_request", "invalid_request"),
    ("post, no id", form("", SECRET), "", "invalid_request", "invalid_request"),
]


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    ("fields", "header", "lenient_answer", "strict_answer"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS]
)
def test_a_client_is_known_by_its_credentials(fields, header, lenient_answer, strict_answer, strict):
    expected = strict_answer if strict else lenient_answer

    if expected == OK:
        client = authenticate(CLIENTS, fields, header, strict=strict)
        assert client.client_secret.matches(SECRET)
    else:
        with pytest.raises(OAuthRefusal) as refused:
            authenticate(CLIENTS, fields, header, strict=strict)
        assert refused.value.error == expected


def test_the_challenge_comes_only_when_basic_was_tried():
    with pytest.raises(OAuthRefusal) as with_basic:
        authenticate(CLIENTS, {}, basic("nobody"), strict=False)
    with pytest.raises(OAuthRefusal) as with_post:
        authenticate(CLIENTS, form("nobody", "wrong"), None, strict=False)

    assert with_basic.value.http_status == with_post.value.http_status == 401
    assert with_basic.value.headers()["WWW-Authenticate"].startswith("Basic ")
    assert "WWW-Authenticate" not in with_post.value.headers()


def test_an_unknown_client_and_a_wrong_secret_are_told_in_the_same_words():
    descriptions = set()
    for fields in (form("nobody", SECRET), form(POST, "wrong")):
        with pytest.raises(OAuthRefusal) as refused:
            authenticate(CLIENTS, fields, None, strict=False)
        descriptions.add(refused.value.description)

    assert len(descriptions) == 1


def test_the_gateway_learns_the_client_without_a_refusal():
    server = make_server()

    assert server.authenticating_client(form(POST, SECRET), None) is CLIENT
    assert server.authenticating_client(form(POST, "wrong"), None) is None
    assert server.authenticating_client({}, None) is None

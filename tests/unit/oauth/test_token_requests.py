"""POST /token: what a right request gives, and every error of the bank's list."""

import base64
import hashlib
import hmac
import json
from dataclasses import fields

import pytest

import contracts
from mock_gmo.oauth.errors import ERRORS, OAuthRefusal
from mock_gmo.oauth.rules import OAuthRules
from tests.unit.oauth.authorization_servers import (
    CUSTOMER,
    NOON,
    OTHER_CLIENT,
    OTHER_REDIRECT_URI,
    REDIRECT_URI,
    SCOPE,
    SECRET,
    Dialogue,
    make_client,
    seconds,
)

REFUSED_REDEMPTIONS = [
    ({"client_id": ""}, "invalid_request"),
    ({"client_secret": ""}, "invalid_request"),
    ({"client_id": "nobody"}, "invalid_client"),
    ({"client_secret": "wrong"}, "invalid_client"),
    ({"client_secret": "\ud800"}, "invalid_client"),
    ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"code": ""}, "invalid_request"),
    ({"code": "1" * 129}, "invalid_request"),
    ({"code": "unknown"}, "invalid_grant"),
    ({"redirect_uri": ""}, "invalid_request"),
    ({"redirect_uri": "https://" + "a" * 249}, "invalid_request"),
    ({"redirect_uri": OTHER_REDIRECT_URI}, "invalid_grant"),
    ({"redirect_uri": REDIRECT_URI + "/"}, "invalid_grant"),
    ({"client_id": OTHER_CLIENT.client_id}, "invalid_grant"),
    ({"client_id": OTHER_CLIENT.client_id, "redirect_uri": OTHER_REDIRECT_URI}, "invalid_grant"),
]

REFUSED_REFRESHES = [
    ({"refresh_token": ""}, "invalid_request"),
    ({"refresh_token": "unknown"}, "invalid_grant"),
    ({"client_id": OTHER_CLIENT.client_id}, "invalid_grant"),
    ({"grant_type": "authorization_code"}, "invalid_request"),
]


def test_a_code_gives_the_members_that_the_bank_documents():
    dialogue = Dialogue()

    body = dialogue.redeem(dialogue.code()).body()

    assert list(body) == ["access_token", "refresh_token", "scope", "token_type", "expires_in"]
    assert body["scope"] == SCOPE
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 2_592_000
    assert len(str(body["access_token"])) == len(str(body["refresh_token"])) == 32


def test_the_token_stands_for_client_customer_and_scopes():
    dialogue = Dialogue()

    token = dialogue.server.find_access(dialogue.redeem(dialogue.code()).access_token.reveal())

    assert token is not None
    assert (token.client_id, token.customer_id) == (dialogue.client.client_id, CUSTOMER)
    assert " ".join(token.scopes) == SCOPE


@pytest.mark.parametrize(("changes", "error"), REFUSED_REDEMPTIONS)
def test_a_redemption_with_a_fault_is_refused_and_leaves_the_code_usable(changes, error):
    dialogue = Dialogue()
    code = dialogue.code()

    with pytest.raises(OAuthRefusal) as refused:
        dialogue.redeem(**{"code": code, **changes})

    assert refused.value.error == error
    assert dialogue.opens(dialogue.redeem(code))


@pytest.mark.parametrize(("changes", "error"), REFUSED_REFRESHES)
def test_a_refresh_with_a_fault_is_refused_and_leaves_the_tokens_alive(changes, error):
    dialogue = Dialogue()
    first = dialogue.redeem(dialogue.code())

    with pytest.raises(OAuthRefusal) as refused:
        dialogue.refresh(first, **changes)

    assert refused.value.error == error
    assert dialogue.opens(first)
    assert dialogue.opens(dialogue.refresh(first))


def test_a_code_works_once_and_its_reuse_ends_what_came_of_it():
    dialogue = Dialogue()
    code = dialogue.code()
    first = dialogue.redeem(code)

    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.redeem(code)

    assert not dialogue.opens(first)
    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.refresh(first)


def test_a_code_reused_by_another_client_ends_nothing():
    dialogue = Dialogue()
    code = dialogue.code()
    first = dialogue.redeem(code)

    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.redeem(code, client_id=OTHER_CLIENT.client_id, redirect_uri=OTHER_REDIRECT_URI)

    assert dialogue.opens(first)


def test_a_rule_can_leave_the_tokens_alive_when_a_code_is_reused():
    dialogue = Dialogue(OAuthRules(code_reuse_revokes_tokens=False))
    code = dialogue.code()
    first = dialogue.redeem(code)

    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.redeem(code)

    assert dialogue.opens(first)


def test_a_code_ends_at_its_second():
    dialogue = Dialogue()

    assert dialogue.opens(dialogue.redeem(dialogue.code(), at=NOON + seconds(599.999)))
    with pytest.raises(OAuthRefusal, match="invalid_grant"):
        dialogue.redeem(dialogue.code(), at=NOON + seconds(600))


def test_without_offline_access_there_is_no_refresh_token():
    dialogue = Dialogue()

    assert "refresh_token" not in dialogue.redeem(dialogue.code(scope="private:account")).body()


def test_a_rule_can_give_a_refresh_token_without_offline_access():
    dialogue = Dialogue(OAuthRules(refresh_token_without_offline_access=True))

    assert "refresh_token" in dialogue.redeem(dialogue.code(scope="private:account")).body()


def test_a_client_that_may_not_refresh_is_told_so():
    dialogue = Dialogue()
    first = dialogue.redeem(dialogue.code())
    dialogue.server.clients.replace(make_client(grants=frozenset({"authorization_code"})))

    with pytest.raises(OAuthRefusal, match="unauthorized_client"):
        dialogue.refresh(first)


def test_a_scope_field_on_refresh_changes_nothing():
    dialogue = Dialogue()

    assert dialogue.refresh(dialogue.redeem(dialogue.code()), scope="corp:account").scope == SCOPE


def test_a_second_consent_leaves_the_first_grant_alive():
    dialogue = Dialogue()
    first = dialogue.redeem(dialogue.code())
    second = dialogue.redeem(dialogue.code())

    assert dialogue.opens(first)
    assert dialogue.opens(second)


def test_too_many_living_tokens_are_a_temporary_refusal_and_dead_ones_make_room():
    dialogue = Dialogue(OAuthRules(tokens_max=3, access_token_seconds=60, refresh_token_seconds=120))
    for _ in range(3):
        dialogue.redeem(dialogue.code())

    with pytest.raises(OAuthRefusal, match="temporarily_unavailable") as refused:
        dialogue.redeem(dialogue.code())

    assert refused.value.http_status == 503
    later = NOON + seconds(120)
    assert dialogue.opens(dialogue.redeem(dialogue.code(at=later), at=later), at=later)


@pytest.mark.parametrize(
    ("method", "verifier", "is_right"),
    [("S256", "v" * 43, True), ("S256", "w" * 43, False), ("S256", "", False), ("plain", "v" * 43, True)],
)
def test_a_code_challenge_is_checked_when_the_rule_says_so(method, verifier, is_right):
    challenge = "v" * 43
    if method == "S256":
        digest = hashlib.sha256(challenge.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    dialogue = Dialogue(OAuthRules(verify_pkce=True))
    code = dialogue.code(code_challenge=challenge, code_challenge_method=method)

    if is_right:
        assert dialogue.opens(dialogue.redeem(code, code_verifier=verifier))
    else:
        with pytest.raises(OAuthRefusal, match="invalid_grant"):
            dialogue.redeem(code, code_verifier=verifier)


def test_a_code_challenge_is_ignored_by_default():
    dialogue = Dialogue()

    assert dialogue.opens(dialogue.redeem(dialogue.code(code_challenge="never answered")))


def test_openid_gives_an_id_token_signed_with_the_client_secret():
    dialogue = Dialogue()

    body = dialogue.redeem(dialogue.code(scope="openid private:account", nonce="n-1")).body()

    signed, _, signature = str(body["id_token"]).rpartition(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    expected = hmac.digest(SECRET.encode(), signed.encode(), "sha256")
    assert base64.urlsafe_b64decode(signature + "==") == expected
    assert header == {"alg": "HS256", "typ": "JWT"}
    issued = int(NOON.timestamp())
    assert claims == {
        "iss": "https://bank.example/",
        "sub": CUSTOMER,
        "aud": dialogue.client.client_id,
        "azp": dialogue.client.client_id,
        "iat": issued,
        "exp": issued + 3600,
        "nonce": "n-1",
    }


def test_the_issuer_can_stand_without_its_slash():
    assert Dialogue(OAuthRules(issuer_trailing_slash=False)).server.issuer == "https://bank.example"


def test_error_descriptions_use_the_characters_that_the_bank_allows_and_never_echo_the_request():
    dialogue = Dialogue()
    refusals = []
    for changes, _ in REFUSED_REDEMPTIONS:
        with pytest.raises(OAuthRefusal) as refused:
            dialogue.redeem(**{"code": dialogue.code(), **changes})
        refusals.append(refused.value)

    for refusal in refusals:
        description = refusal.body()["error_description"]
        assert all(" " <= letter <= "~" and letter not in '"\\' for letter in description)
        assert refusal.headers()["Cache-Control"] == "no-store"
        assert SECRET not in f"{refusal!r}{refusal}"


def test_the_statuses_are_those_of_the_table_of_refusals():
    rows = {row["error"]: row["status"] for row in contracts.load("refusals")["refusals"] if "error" in row}

    assert rows.keys() == ERRORS.keys()
    for error, row in ERRORS.items():
        if row.token_status is not None:
            assert rows[error] == row.token_status


def test_a_reply_does_not_print_its_tokens():
    dialogue = Dialogue()
    reply = dialogue.redeem(dialogue.code())

    printed = repr(reply) + repr(dialogue.server.find_access(reply.access_token.reveal()))

    assert reply.access_token.reveal() not in printed
    assert {field.name for field in fields(reply)} >= {"access_token", "refresh_token"}

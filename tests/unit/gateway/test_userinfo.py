"""ユーザー情報: whose token it is, for clients of OpenID Connect."""

import base64
import json

import pytest

from mock_gmo.oauth.rules import OAuthRules
from tests.unit.gateway.calling import CLIENT_ID, REDIRECT_URI, TOKEN_URL, Caller, make_caller, token_form

USERINFO = "/ganb/api/auth/v1/userinfo"
HOLDER = {"sub": "corporate", "iss": "https://stg-api.gmo-aozora.com/"}


@pytest.fixture(params=["bank", "strict"])
def caller(request: pytest.FixtureRequest) -> Caller:
    return make_caller(profile=request.param)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("header", ["x-access-token", "X-Access-Token", "Authorization"])
def test_the_token_comes_in_either_header_and_by_either_method(caller: Caller, method: str, header: str) -> None:
    token = caller.new_token("openid")["access_token"]
    caller.token = ""
    value = f"Bearer {token}" if header == "Authorization" else token

    reply = caller.call(method, USERINFO + "?", headers={header: value}, content_type="text/plain")

    assert (reply.status_code, reply.json) == (200, HOLDER)
    assert reply.content_type == "application/json;charset=UTF-8"


def test_bearer_opens_userinfo_only(caller: Caller) -> None:
    token = caller.new_token("openid private:account")["access_token"]
    caller.token = ""

    assert caller.call("GET", USERINFO, headers={"Authorization": f"bearer {token}"}).status_code == 200
    assert caller.get("/accounts", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_without_openid_tells_nothing_of_its_holder(caller: Caller) -> None:
    reply = caller.call("GET", USERINFO)

    assert (reply.status_code, reply.json["errorCode"]) == (403, "MOCK403")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 129])
def test_without_a_valid_token_it_is_401(caller: Caller, authorization: str) -> None:
    caller.token = ""
    reply = caller.call("GET", USERINFO, headers={"Authorization": authorization})

    assert (reply.status_code, reply.json) == (
        401, {"errorCode": "WG_ERR_105", "errorMessage": "アクセストークンが無効です。"},
    )  # fmt: skip
    assert "WWW-Authenticate" not in reply.headers


def test_an_expired_token_is_401(caller: Caller) -> None:
    caller.token = caller.new_token("openid")["access_token"]
    caller.real.seconds += 2_592_000
    assert caller.call("GET", USERINFO).status_code == 401


def test_openid_alone_opens_no_account(caller: Caller) -> None:
    caller.token = caller.new_token("openid")["access_token"]
    assert caller.get("/accounts").status_code == 403


def test_userinfo_and_id_token_name_the_same_holder_and_issuer(caller: Caller) -> None:
    consent = {"client_id": CLIENT_ID, "customer_id": "corporate", "scope": "openid offline_access"}
    asked = {**consent, "redirect_uri": REDIRECT_URI, "nonce": "n-0S6WzA2Mj"}
    code = caller.control("POST", "/consents", asked).json["code"]
    tokens = caller.client.post(TOKEN_URL, data=token_form(code=code)).json
    header, claims = (_read(part) for part in tokens["id_token"].split(".")[:2])

    assert header == {"alg": "HS256", "typ": "JWT"}
    assert claims.items() >= {**HOLDER, "aud": CLIENT_ID, "azp": CLIENT_ID, "nonce": "n-0S6WzA2Mj"}.items()
    assert claims["exp"] - claims["iat"] == 3_600
    assert claims["iat"] == int(caller.real.seconds)
    assert claims.keys() == {"iss", "sub", "aud", "azp", "iat", "exp", "nonce"}

    refreshed = caller.client.post(
        TOKEN_URL, data=token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    ).json
    assert "nonce" not in _read(refreshed["id_token"].split(".")[1])


def test_a_nonce_without_openid_has_no_effect(caller: Caller) -> None:
    asked = {
        "client_id": CLIENT_ID, "customer_id": "corporate", "scope": "private:account", "redirect_uri": REDIRECT_URI,
        "nonce": "n-0S6WzA2Mj",
    }  # fmt: skip
    code = caller.control("POST", "/consents", asked).json["code"]
    assert "id_token" not in caller.client.post(TOKEN_URL, data=token_form(code=code)).json


def test_the_issuer_can_lose_its_slash() -> None:
    caller = make_caller(oauth_rules=OAuthRules(issuer_trailing_slash=False))
    caller.token = caller.new_token("openid")["access_token"]
    assert caller.call("GET", USERINFO).json["iss"] == "https://stg-api.gmo-aozora.com"


def _read(part: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))

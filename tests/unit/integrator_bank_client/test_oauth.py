"""The token endpoint: both error shapes, and whether a code or refresh token may be spent."""

import json
from typing import Any

import httpx
import pytest

from integrator.bank_client.oauth import TokenAnswer, TokenGrant, TokenRefused, TokenUnavailable
from integrator.domain.outcome import Fact
from integrator.secret import Secret
from tests.unit.integrator_bank_client.bench import CLIENT, Bench, refused

GRANT: dict[str, Any] = {
    "access_token": "accessExample000000000000000000a",
    "refresh_token": "refreshExample00000000000000000a",
    "scope": "private:transfer private:account offline_access",
    "token_type": "Bearer",
    "expires_in": 2592000,
}


def refresh(reply: httpx.Response | Exception) -> TokenAnswer:
    return Bench(reply).oauth.refresh(CLIENT, Secret("refreshExample"))


def granted(**changes: Any) -> httpx.Response:
    members = {**GRANT, **changes}
    return httpx.Response(200, json={name: value for name, value in members.items() if value is not None})


def oauth_error(status: int, error: str) -> httpx.Response:
    return httpx.Response(status, json={"error": error, "error_description": "why"})


def test_new_tokens_are_read() -> None:
    assert refresh(granted()) == TokenGrant(
        access_token=Secret(GRANT["access_token"]),
        refresh_token=Secret(GRANT["refresh_token"]),
        scopes=("offline_access", "private:account", "private:transfer"),
        expires_in_seconds=2592000,
    )


@pytest.mark.parametrize("changes", [{"refresh_token": None}, {"refresh_token": ""}])
def test_no_new_refresh_token_is_none(changes: dict[str, Any]) -> None:
    answer = refresh(granted(**changes))

    assert isinstance(answer, TokenGrant)
    assert answer.refresh_token is None


@pytest.mark.parametrize("changes", [{"expires_in": "2592000"}, {"token_type": None}, {"id_token": "odd", "error": ""}])
def test_a_grant_is_read_in_every_form_that_was_seen(changes: dict[str, Any]) -> None:
    answer = refresh(granted(**changes))

    assert isinstance(answer, TokenGrant)
    assert answer.expires_in_seconds == 2592000


@pytest.mark.parametrize(
    "reply",
    [
        granted(access_token=None),
        granted(access_token="with space"),
        granted(access_token="x" * 129),
        granted(access_token="改"),
        granted(refresh_token="line\nend"),
        granted(scope=None),
        granted(scope="two  spaces"),
        granted(expires_in=None),
        granted(expires_in=0),
        granted(expires_in=-1),
        granted(expires_in=1.5),
        granted(expires_in=9_999_999_999),
        granted(error="invalid_grant"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=json.dumps(GRANT).encode()[:-5]),
        httpx.Response(201, json=GRANT),
        httpx.Response(302, headers={"Location": "https://bank.example/"}),
        httpx.Response(400, text="<html>"),
        httpx.Response(400, json={"error": ["odd"]}),
        httpx.Response(404, json={}),
    ],
)
def test_an_answer_that_cannot_be_read_leaves_open_whether_the_grant_is_spent(reply: httpx.Response) -> None:
    answer = refresh(reply)

    assert isinstance(answer, TokenUnavailable)
    assert answer.fact is Fact.UNREADABLE
    assert answer.is_spent_unknown


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "invalid_request"),
        (400, "invalid_grant"),
        (400, "unauthorized_client"),
        (400, "unsupported_grant_type"),
        (400, "invalid_scope"),
        (400, "invalid_client"),
        (401, "invalid_client"),
        (400, "something_new"),
    ],
)
def test_an_oauth_error_is_a_refusal_by_its_name(status: int, error: str) -> None:
    assert refresh(oauth_error(status, error)) == TokenRefused(error)


@pytest.mark.parametrize(
    ("reply", "fact", "is_spent_unknown"),
    [
        (httpx.ConnectError("refused"), Fact.NOT_CONNECTED, False),
        (httpx.ReadTimeout("slow"), Fact.TIMED_OUT, True),
        (httpx.RemoteProtocolError("closed"), Fact.BROKEN, True),
        (refused(429, "WG_ERR_154"), Fact.LIMITED, False),
        (httpx.Response(429), Fact.LIMITED, False),
        (refused(403, "MOCK403"), Fact.REFUSED, False),
        (refused(405, "WG_ERR_019"), Fact.REFUSED, False),
        (refused(503, "WG_ERR_300"), Fact.SERVER_ERROR, True),
        (httpx.Response(504, text="<html>"), Fact.SERVER_ERROR, True),
        (oauth_error(500, "server_error"), Fact.SERVER_ERROR, True),
        (oauth_error(400, "server_error"), Fact.UNREADABLE, True),
        (oauth_error(503, "temporarily_unavailable"), Fact.SERVER_ERROR, True),
    ],
)
def test_no_word_on_the_grant_says_whether_it_may_be_spent(
    reply: httpx.Response | Exception, fact: Fact, is_spent_unknown: bool
) -> None:
    answer = refresh(reply)

    assert isinstance(answer, TokenUnavailable)
    assert (answer.fact, answer.is_spent_unknown) == (fact, is_spent_unknown)


def test_tokens_never_print() -> None:
    shown = repr(refresh(granted()))

    assert "Example" not in shown

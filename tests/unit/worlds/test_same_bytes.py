"""The same seed, scenario, calls and clock give the same bytes, ids, tokens and cookies included."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.gateway.calling import (
    ACCOUNT_ID,
    API,
    CLIENT_ID,
    CONTROL,
    REDIRECT_URI,
    TOKEN_URL,
    make_caller,
    make_order,
    token_form,
)

Bytes = tuple[int, tuple[tuple[str, str], ...], bytes]


class Teller:
    """Tells a story to one bank and writes down every byte that it answers."""

    def __init__(self, client: FlaskClient, prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.heard: list[Bytes] = []

    def say(self, method: str, path: str, **given: Any) -> TestResponse:
        reply = self.client.open(self.prefix + path, method=method, **given)
        self.heard.append((reply.status_code, tuple(reply.headers), reply.data))
        return reply

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.say(method, CONTROL + path, json=body).json

    def story(self) -> list[Bytes]:
        """Consent in the browser, tokens, two transfers, a refusal, a deposit, a refresh, a fault, a snapshot."""
        self.control("PATCH", f"/clients/{CLIENT_ID}", {"requests_per_second": None})
        tokens = self.say("POST", TOKEN_URL, data=token_form(code=self._consent())).json
        headers = {"x-access-token": tokens["access_token"]}
        paid = self.say("POST", f"{API}/transfer/request", json=make_order(), headers=headers).json["applyNo"]
        self.say("POST", f"{API}/transfer/request", json=make_order(), headers={**headers, "Idempotency-Key": "k-1"})
        self.say("POST", f"{API}/transfer/request", json={}, headers=headers)
        self.control("POST", f"/transfers/{paid}/confirm")
        self.control("POST", "/deposits", {"account_id": ACCOUNT_ID, "amount": 500, "remitter_name": "ﾃｽﾄ"})
        self.control("POST", "/clock", {"advance_seconds": 700})
        self.say("GET", f"{API}/accounts/transactions?accountId={ACCOUNT_ID}", headers=headers)
        self.say("POST", TOKEN_URL, data=token_form(grant_type="refresh_token", refresh_token=tokens["refresh_token"]))
        self.control("POST", "/faults", {"operation": "*", "point": "committed", "effect": "garbage", "times": 1})
        self.say("GET", f"{API}/accounts", headers=headers)
        self.control("POST", "/clients", {
            "name": "made up", "redirect_uris": [REDIRECT_URI], "networks": ["127.0.0.1/32"], "scopes": ["openid"],
        })  # fmt: skip
        for path in ("/journal", "/payments", "/clients", "/customers", "/postings/check", "/snapshot"):
            self.control("GET", path)
        return self.heard

    def _consent(self) -> str:
        query = {
            "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "state": "s" * 32,
            "scope": "openid private:account private:transfer offline_access", "nonce": "n-1",
        }  # fmt: skip
        asked = self.say("GET", "/ganb/api/auth/v1/authorization", query_string=query)
        login = self.say("GET", asked.headers["Location"].removeprefix(self.prefix))
        passwords = {"login_id": "corporate", "password": "mihon-login-2026"}
        consent = self.say("POST", "/site/login", data={**_hidden(login), **passwords})
        page = self.say("GET", consent.headers["Location"].removeprefix(self.prefix))
        done = self.say("POST", "/site/consent", data={**_hidden(page), "decision": "allow"})
        return re.findall(r"code=(\w+)", done.headers["Location"])[0]


def _hidden(page: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


def test_a_whole_story_told_twice_is_answered_with_the_same_bytes() -> None:
    first, second = (Teller(make_caller(seed=11).app.test_client(), "") for _ in range(2))

    assert first.story() == second.story()


def test_after_a_reset_the_same_story_is_answered_with_the_same_bytes() -> None:
    caller = make_caller(seed=11)
    told: list[list[Bytes]] = []
    for _ in range(2):
        assert caller.control("POST", "/reset").status_code == 200
        told.append(Teller(caller.app.test_client(), "").story())

    assert told[0] == told[1]


def test_a_fork_answers_the_same_story_with_the_same_bytes() -> None:
    caller = make_caller()
    snapshot = caller.control("POST", "/worlds/one", {"seed": 4}) and caller.client.get(f"/w/one{CONTROL}/snapshot")
    told = Teller(caller.app.test_client(), "/w/one").story()
    assert caller.client.put(f"/w/one{CONTROL}/snapshot", data=snapshot.data, content_type="application/json").json

    assert Teller(caller.app.test_client(), "/w/one").story() == told


def test_another_seed_gives_other_tokens_and_the_same_shape() -> None:
    first, second = (Teller(make_caller(seed=seed).app.test_client(), "").story() for seed in (1, 2))

    assert [status for status, _, _ in first] == [status for status, _, _ in second]
    assert first != second

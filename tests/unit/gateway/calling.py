"""A bank in process and a client that calls it, for the tests of gateway and console."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mock_gmo import Settings, create_app, world_of
from mock_gmo.world import World
from tests.sightings import observed

NOON = 1_775_012_400.0  # Wednesday, 1 April 2026, 12:00 in Japan
TODAY = "2026-04-01"
ACCOUNT_ID = "101010012345"
CLIENT_ID = "loCa1C1ientShop1"
CLIENT_SECRET = "s4ndboxOn1yS4ndboxOn1yS4ndboxOn1yS4ndboxOn1yLoca10"
REDIRECT_URI = "http://127.0.0.1/callback"
API = "/ganb/api/corporation/v1"
SHORT_API = "/corporation/v1"
TOKEN_URL = "/ganb/api/auth/v1/token"
CONTROL = "/_sandbox/v1"
SCOPES = "private:account private:transfer private:bulk-transfer offline_access"


@dataclass
class HandClock:
    """A clock that moves when a test says so."""

    seconds: float = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Caller:
    """One bank, and calls to it with a token that works."""

    app: Flask
    client: FlaskClient
    real: HandClock
    monotonic: HandClock
    token: str = ""
    api: str = API
    customer_id: str = "corporate"
    scopes: str = SCOPES

    @property
    def world(self) -> World:
        return world_of(self.app)

    def on_loopback(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The bank for callers in process that tell no address and no length: a call would end at the first checks."""
        environ.setdefault("REMOTE_ADDR", "127.0.0.1")
        environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "0"
        return self.app.wsgi_app(environ, start_response)

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.call("GET", self.api + path, **given)

    def post(self, path: str, body: Any, **given: Any) -> TestResponse:
        given.setdefault("data", json.dumps(body))
        given.setdefault("content_type", "application/json")
        return self.call("POST", self.api + path, **given)

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: Any) -> TestResponse:
        sent = {"x-access-token": self.token, **(headers or {})}
        sent = {name: value for name, value in sent.items() if value}
        return self.client.open(path, method=method, headers=sent, **given)

    def control(self, method: str, path: str, body: Any = None, **given: Any) -> TestResponse:
        if body is not None:
            given["json"] = body
        return self.client.open(CONTROL + path, method=method, **given)

    def new_token(self, scope: str = "") -> dict[str, Any]:
        code = self.control("POST", "/consents", {
            "client_id": CLIENT_ID, "customer_id": self.customer_id, "scope": scope or self.scopes,
            "redirect_uri": REDIRECT_URI,
        }).json["code"]  # fmt: skip
        reply = self.client.post(TOKEN_URL, data=token_form(code=code))
        assert reply.status_code == 200, reply.text
        return reply.json

    def no_limit(self) -> None:
        self.world.oauth.clients.change(CLIENT_ID, requests_per_second=None)


def make_caller(*, customer_id: str = "corporate", api: str = API, scopes: str = SCOPES, **settings: Any) -> Caller:
    """Return a bank at noon of a business day with one token issued and no request limit."""
    real, monotonic = HandClock(), HandClock(1_000.0)
    chance = Random(7)  # noqa: S311  (test data)
    app = observed(
        create_app(
            Settings.of_profile(**settings), real_time=real, monotonic=monotonic, random_source=chance, sleep=real.sleep
        )
    )
    caller = Caller(app, app.test_client(), real, monotonic, api=api, customer_id=customer_id, scopes=scopes)
    if settings.get("profile") == "sunabar":
        caller.api = SHORT_API
        caller.token = caller.control("GET", "/customers").json["customers"][0]["portal_token"]
    elif not settings.get("maintenance"):
        caller.no_limit()
        caller.token = caller.new_token()["access_token"]
    return caller


def token_form(**changed: str) -> dict[str, str]:
    """Return the form of a token request with the client's credentials."""
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    return {**form, **changed}


def make_order(**changed: Any) -> dict[str, Any]:
    """Return the body of a transfer request over 10,000 yen to another bank, today."""
    order = {
        "accountId": ACCOUNT_ID,
        "transferDesignatedDate": TODAY,
        "transfers": [make_line()],
    }
    return {name: value for name, value in {**order, **changed}.items() if value is not ...}


def make_line(**changed: Any) -> dict[str, Any]:
    """Return one line of a transfer request."""
    line = {
        "transferAmount": "10000",
        "beneficiaryBankCode": "0001",
        "beneficiaryBranchCode": "001",
        "accountTypeCode": "1",
        "accountNumber": "7654321",
        "beneficiaryName": "ｻﾝﾌﾟﾙ ﾊﾅｺ",
        "ediInfo": "MARK0001",
    }
    return {name: value for name, value in {**line, **changed}.items() if value is not ...}

"""An authorization server with two clients and a count in place of randomness, for the tests beside this file."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import count
from urllib.parse import parse_qs, urlsplit

from mock_gmo.oauth.clients import Client, ClientRegistry
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.scopes import SCOPES
from mock_gmo.oauth.server import AuthorizationServer, TokenReply
from mock_gmo.secret import Secret

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
CUSTOMER = "corporate"
ISSUER = "https://bank.example"
SECRET = "s" * 50
REDIRECT_URI = "https://shop-a.example/refresh_token/shop-a"
OTHER_REDIRECT_URI = "https://shop-b.example/refresh_token/shop-b"
SCOPE = "private:account private:transfer offline_access"


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def make_random_text() -> Callable[[int], str]:
    """Texts that are all different and of the right length and letters."""
    numbers = count(1)
    return lambda length: f"{next(numbers):0{length}d}"


def make_client(client_id: str = "clientOfShopA000", **changes: object) -> Client:
    values: dict[str, object] = {
        "client_id": client_id,
        "client_secret": Secret(SECRET),
        "name": "ReCORE",
        "company_id": "shop-a",
        "redirect_uris": (REDIRECT_URI,),
        "networks": (ip_network("192.0.2.1/32"),),
        "scopes": frozenset(SCOPES),
    }
    return Client(**{**values, **changes})  # type: ignore[arg-type]


CLIENT = make_client()
OTHER_CLIENT = make_client("clientOfShopB000", company_id="shop-b", redirect_uris=(OTHER_REDIRECT_URI,))
BASIC_CLIENT = make_client("clientWithBasic0", authentication="client_secret_basic")


def make_server(rules: OAuthRules | None = None, *clients: Client) -> AuthorizationServer:
    registry = ClientRegistry(clients or (CLIENT, OTHER_CLIENT, BASIC_CLIENT))
    return AuthorizationServer(rules or OAuthRules(), registry, make_random_text(), issuer=ISSUER)


def request_parameters(**changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": CLIENT.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "state": "a" * 64,
        **changes,
    }


def parameters_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def basic(client_id: str, client_secret: str = SECRET, *, scheme: str = "Basic ") -> str:
    return scheme + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


@dataclass
class Dialogue:
    """One client and one customer at one server, with the fields of every request filled in."""

    rules: OAuthRules = field(default_factory=OAuthRules)
    client: Client = CLIENT

    def __post_init__(self) -> None:
        self.server = make_server(self.rules)

    def code(self, *, scope: str = SCOPE, at: datetime = NOON, **changes: str) -> str:
        begun = self.server.begin(
            request_parameters(
                client_id=self.client.client_id, redirect_uri=self.client.redirect_uris[0], scope=scope, **changes
            ),
            at=at,
        )
        return parameters_of(self.server.approve(begun.request_id, CUSTOMER, at=at))["code"]

    def redeem_form(self, code: str, **changes: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "client_id": self.client.client_id,
            "client_secret": SECRET,
            **changes,
        }

    def redeem(self, code: str, *, at: datetime = NOON, **changes: str) -> TokenReply:
        return self.server.token(self.redeem_form(code, **changes), None, at=at)

    def refresh_form(self, refresh_token: str) -> dict[str, str]:
        return {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": self.client.client_id,
            "client_secret": SECRET,
        }

    def refresh(self, reply: TokenReply, *, at: datetime = NOON, **changes: str) -> TokenReply:
        assert reply.refresh_token is not None
        return self.server.token({**self.refresh_form(reply.refresh_token.reveal()), **changes}, None, at=at)

    def opens(self, reply: TokenReply, *, at: datetime = NOON) -> bool:
        token = self.server.find_access(reply.access_token.reveal())
        return token is not None and token.is_valid(at)

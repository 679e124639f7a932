"""Registered clients: what the bank noted down about each before its first call. No token and no code here."""

import re
from base64 import b64encode
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from threading import Lock
from typing import Literal
from urllib.parse import urlsplit

from mock_gmo.oauth.scopes import SCOPES
from mock_gmo.secret import Secret

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Authentication = Literal["client_secret_post", "client_secret_basic"]

AUTHENTICATIONS: tuple[Authentication, ...] = ("client_secret_post", "client_secret_basic")
GRANTS = frozenset({"authorization_code", "refresh_token"})
CREDENTIAL_LENGTH_MAX = 128
REDIRECT_URI_LENGTH_MAX = 256
CLIENTS_MAX = 10_000
NAME_LENGTH_MAX = 48
NETWORKS_MAX = 100

_CREDENTIAL = re.compile(r"[!-~]{1,128}")
_REDIRECT_URI = re.compile(r"https?://[!#-&(-;=?-Z_a-z~\[\]]{1,248}")


_NOTIFICATION_USER = re.compile(r"[!-9;-~]{1,128}")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")


class ClientUnusable(ValueError):
    """A client cannot be registered as it stands; the message names the item and what was expected."""


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    """What a receiver of notifications has told the bank, so that it can tell the bank from others."""

    user: str
    password: Secret

    def __post_init__(self) -> None:
        if _NOTIFICATION_USER.fullmatch(self.user) is None:
            raise ClientUnusable("notification_basic: expected a user of 1 to 128 visible ASCII characters, no colon")
        if _CREDENTIAL.fullmatch(self.password.reveal()) is None:
            raise ClientUnusable("notification_basic: expected a password of 1 to 128 visible ASCII characters")

    def header(self) -> str:
        """Return the value of the header field Authorization."""
        return "Basic " + b64encode(f"{self.user}:{self.password.reveal()}".encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Client:
    """One registration. Redirect URIs are compared as strings, character by character.

    Source: Authorization API, 事前登録; ReCORE's application guide for the values used here.
    """

    client_id: str
    client_secret: Secret
    name: str
    company_id: str | None
    redirect_uris: tuple[str, ...]
    networks: tuple[Network, ...]
    scopes: frozenset[str]
    authentication: Authentication = "client_secret_post"
    requests_per_second: int | None = 1
    """Calls allowed in any second, all operations together; None for no limit."""
    grants: frozenset[str] = GRANTS
    """Grant types that the client may use; another known one is `unauthorized_client`."""
    notification_url: str | None = None
    """Where notifications go; None where the client has told the bank no address."""
    notification_signature: bool = False
    notification_basic: BasicCredentials | None = None

    def __post_init__(self) -> None:
        if _CREDENTIAL.fullmatch(self.client_id) is None or ":" in self.client_id:
            raise ClientUnusable("client_id: expected 1 to 128 visible ASCII characters without a colon")
        if _CREDENTIAL.fullmatch(self.client_secret.reveal()) is None:
            raise ClientUnusable("client_secret: expected 1 to 128 visible ASCII characters")
        if not 1 <= len(self.name) <= NAME_LENGTH_MAX:
            raise ClientUnusable(f"name: expected 1 to {NAME_LENGTH_MAX} characters")
        if not 1 <= len(self.networks) <= NETWORKS_MAX:
            raise ClientUnusable(f"networks: expected 1 to {NETWORKS_MAX}")
        if not self.redirect_uris:
            raise ClientUnusable("redirect_uris: expected at least one")
        for uri in self.redirect_uris:
            check_redirect_uri(uri)
        if not self.scopes <= SCOPES.keys():
            raise ClientUnusable(f"scopes: expected known scopes, came {sorted(self.scopes - SCOPES.keys())}")
        if not self.grants <= GRANTS:
            raise ClientUnusable(f"grants: expected a part of {sorted(GRANTS)}, came {sorted(self.grants)}")
        if self.authentication not in AUTHENTICATIONS:
            raise ClientUnusable(f"authentication: expected one of {AUTHENTICATIONS}")
        if self.notification_url is not None:
            check_notification_url(self.notification_url)
        if self.requests_per_second is not None and self.requests_per_second < 1:
            raise ClientUnusable("requests_per_second: expected 1 or more, or nothing for no limit")

    def admits(self, address: Address) -> bool:
        """Tell whether calls of this client may come from `address`."""
        return any(address in network for network in self.networks)


def check_redirect_uri(uri: str) -> None:
    """Raise ClientUnusable unless `uri` may be registered: absolute, http or https, no fragment, 256 at most.

    Spaces, quotes and unfilled `{…}` placeholders are refused as well, and `;` in the host: the URI becomes a
    Location header and its origin a part of a content security policy.
    """
    if len(uri) > REDIRECT_URI_LENGTH_MAX or _REDIRECT_URI.fullmatch(uri) is None:
        raise ClientUnusable(f"redirect_uris: expected an absolute http or https URL, came {uri!r}")
    try:
        parts = urlsplit(uri)
        usable = bool(parts.hostname) and not parts.fragment and "#" not in uri and (parts.port or 1) > 0
    except ValueError as malformed:
        raise ClientUnusable(f"redirect_uris: expected a readable URL, came {uri!r}") from malformed
    if not usable or parts.username is not None or ";" in parts.netloc:
        raise ClientUnusable(f"redirect_uris: expected a host, no user and no fragment, came {uri!r}")


def check_notification_url(url: str) -> None:
    """Raise ClientUnusable unless notifications may be sent to `url`: https, or http on loopback."""
    expected = "notification_url: expected an https URL, or http on loopback, of 1 to 256 characters"
    try:
        check_redirect_uri(url)
    except ClientUnusable as unusable:
        raise ClientUnusable(f"{expected}, with a host, no user and no fragment, came {url!r}") from unusable
    parts = urlsplit(url)
    if parts.scheme != "https" and _LOOPBACK.fullmatch(parts.hostname or "") is None:
        raise ClientUnusable(f"{expected}; http to {parts.hostname} would send access tokens in the clear")


class ClientRegistry:
    """The registered clients. Reading takes no lock: every change replaces the whole mapping."""

    def __init__(self, clients: tuple[Client, ...] = ()) -> None:
        self._lock = Lock()
        self._by_id: dict[str, Client] = {}
        self._networks: frozenset[Network] = frozenset()
        for client in clients:
            self.register(client)

    def register(self, client: Client) -> None:
        """Add `client`. Raises ClientUnusable when its id is taken or the registry is full (10,000)."""
        with self._lock:
            if client.client_id in self._by_id:
                raise ClientUnusable(f"client_id: {client.client_id} is registered already")
            if len(self._by_id) >= CLIENTS_MAX:
                raise ClientUnusable(f"clients: no more than {CLIENTS_MAX} can be registered")
            self._put({**self._by_id, client.client_id: client})

    def replace(self, client: Client) -> None:
        """Put `client` in the place of the one with the same id. Raises KeyError when there is none."""
        with self._lock:
            if client.client_id not in self._by_id:
                raise KeyError(client.client_id)
            self._put({**self._by_id, client.client_id: client})

    def change(self, client_id: str, /, **changes: object) -> Client:
        """Replace some members of a client and return the new one. Raises KeyError and ClientUnusable."""
        changed = replace(self._by_id[client_id], **changes)  # type: ignore[arg-type]
        self.replace(changed)
        return changed

    def remove(self, client_id: str) -> None:
        """Strike a client off. Raises KeyError when there is none; its tokens belong to nobody then."""
        with self._lock:
            rest = dict(self._by_id)
            del rest[client_id]
            self._put(rest)

    def find(self, client_id: str) -> Client | None:
        """Return the client with this id, if there is one."""
        return self._by_id.get(client_id)

    def all(self) -> tuple[Client, ...]:
        """Return every client, in the order of registration."""
        return tuple(self._by_id.values())

    @property
    def networks(self) -> frozenset[Network]:
        """The networks of all clients together: from anywhere else nobody gets an answer."""
        return self._networks

    def admits(self, address: Address) -> bool:
        """Tell whether `address` lies in a network of any client."""
        return any(address in network for network in self._networks)

    def _put(self, clients: dict[str, Client]) -> None:
        self._by_id = clients
        self._networks = frozenset(network for client in clients.values() for network in client.networks)

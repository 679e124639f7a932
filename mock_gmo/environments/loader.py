"""Environments: which clients are registered with the bank and from where its site may be opened.

Each is a YAML file in this package. Nothing here listens, and no environment borrows from another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import ip_network
from typing import Any, Final

from mock_gmo.marked_yaml import DocumentError, Entry, read_document
from mock_gmo.oauth.clients import (
    AUTHENTICATIONS,
    REDIRECT_URI_LENGTH_MAX,
    Address,
    BasicCredentials,
    Client,
    ClientUnusable,
    Network,
)
from mock_gmo.oauth.scopes import SCOPES

ENVIRONMENTS: Final = ("local", "development", "production")
EVERY_SCOPE: Final = "every"
CLIENT_MEMBERS: Final = (
    "client_id", "client_secret", "name", "company_id", "redirect_uris", "networks", "scopes", "authentication",
    "requests_per_second",
)  # fmt: skip
NOTIFICATION_MEMBERS: Final = ("notification_url", "notification_signature", "notification_basic")
_CREDENTIAL: Final = "[A-Za-z0-9]"


class EnvironmentFileError(DocumentError):
    """An environment cannot be used; the message names file, line, field, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One closed set: the issuer's name, the clients, and the networks that may open the bank's site."""

    name: str
    issuer: str
    site_networks: tuple[Network, ...]
    clients: tuple[Client, ...]

    def admits_to_site(self, address: Address) -> bool:
        """Tell whether the bank's site answers to `address`."""
        return any(address in network for network in self.site_networks)


def load_environment(name: str, *, integrator_port: int) -> Environment:
    """Return the environment of this name; `integrator_port` fills the redirect URL of `local`.

    Raises EnvironmentFileError when there is no such environment.
    """
    if name not in ENVIRONMENTS:
        expected = f"expected one of {', '.join(ENVIRONMENTS)}, came {name!r}"
        raise EnvironmentFileError(expected, file="environment")
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return parse_environment(text, name=name, file=f"{name}.yaml", integrator_port=integrator_port)


def parse_environment(text: str, *, name: str, file: str, integrator_port: int) -> Environment:
    """Return the environment written in `text`; `file` is what complaints call it. Raises EnvironmentFileError."""
    root = read_document(text, file=file, error=EnvironmentFileError)
    members = root.members(required=("issuer", "site_networks", "clients"))
    clients = tuple(
        _client(entry, integrator_port=integrator_port) for entry in members["clients"].items(at_least=1, at_most=1_000)
    )
    ids = [client.client_id for client in clients]
    if len(set(ids)) != len(ids):
        raise members["clients"].fault("every client_id once", came="one of them again")
    return Environment(
        name=name,
        issuer=members["issuer"].text("an https URL", pattern=r"https://[a-z0-9.-]{1,200}/?"),
        site_networks=_networks(members["site_networks"]),
        clients=clients,
    )


def _client(entry: Entry, *, integrator_port: int) -> Client:
    members = entry.members(required=CLIENT_MEMBERS, optional=NOTIFICATION_MEMBERS)
    company_id = members["company_id"].text("letters, digits, hyphens", pattern=r"[A-Za-z0-9-]{1,64}")
    authentication = members["authentication"].one_of(AUTHENTICATIONS)
    try:
        return Client(
            client_id=members["client_id"].text("16 letters and digits", pattern=_CREDENTIAL + "{16}"),
            client_secret=members["client_secret"].secret("50 letters and digits", pattern=_CREDENTIAL + "{50}"),
            name=members["name"].text("a name of 1 to 48 characters", pattern=r".{1,48}"),
            company_id=company_id,
            redirect_uris=_redirect_uris(
                members["redirect_uris"], company_id=company_id, integrator_port=integrator_port
            ),
            networks=_networks(members["networks"]),
            scopes=_scopes(members["scopes"]),
            authentication=next(known for known in AUTHENTICATIONS if known == authentication),
            requests_per_second=members["requests_per_second"].integer(low=1, high=10_000),
            **_notification(members),
        )
    except ClientUnusable as unusable:
        raise entry.fault("a client that can be registered", came=str(unusable)) from unusable


def _notification(members: Mapping[str, Entry]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "notification_url" in members:
        found["notification_url"] = members["notification_url"].text("an https URL, or http on loopback")
    if "notification_signature" in members:
        found["notification_signature"] = members["notification_signature"].flag()
    if "notification_basic" in members:
        basic = members["notification_basic"].members(required=("user", "password"))
        password = basic["password"].secret("1 to 128 visible ASCII characters", pattern="[!-~]{1,128}")
        found["notification_basic"] = BasicCredentials(basic["user"].text(), password)
    return found


def _redirect_uris(entry: Entry, *, company_id: str, integrator_port: int) -> tuple[str, ...]:
    pattern = rf"https?://[!-~]{{1,{REDIRECT_URI_LENGTH_MAX}}}"
    return tuple(
        item.text("an http or https URL", pattern=pattern)
        .replace("{company_id}", company_id)
        .replace("{integrator_port}", str(integrator_port))
        for item in entry.items(at_least=1, at_most=10)
    )


def _networks(entry: Entry) -> tuple[Network, ...]:
    return tuple(item.converted(ip_network, "a network such as 192.0.2.0/24") for item in entry.items(at_least=1))


def _scopes(entry: Entry) -> frozenset[str]:
    items = entry.items(at_least=1)
    if len(items) == 1 and items[0].text() == EVERY_SCOPE:
        return frozenset(SCOPES)
    return frozenset(item.one_of(tuple(SCOPES)) for item in items)

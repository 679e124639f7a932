"""What the site needs from the world around it, as protocols: the world itself stands above and fits them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from flask import Request

from mock_gmo.bank.bank import Bank
from mock_gmo.environments.loader import Environment
from mock_gmo.oauth.clients import Address
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.scenarios.scenario import Login


class SiteClock(Protocol):
    """The bank's clock."""

    def now(self) -> datetime:
        """Return the bank's present instant."""


class SiteWorld(Protocol):
    """One bank with everything around it."""

    @property
    def oauth(self) -> AuthorizationServer:
        """The authorization server."""

    @property
    def bank(self) -> Bank:
        """The bank."""

    @property
    def clock(self) -> SiteClock:
        """The bank's clock."""

    @property
    def environment(self) -> Environment:
        """Who may open the site."""

    @property
    def logins(self) -> Mapping[str, Login]:
        """Every log-in by its id."""


WorldOf = Callable[[], SiteWorld]
AddressOf = Callable[[Request], Address | None]
RandomText = Callable[[int], str]

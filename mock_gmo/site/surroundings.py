"""What the site needs from the world around it, as protocols: the world itself stands above and fits them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from flask import Request

from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.transfers import PendingApproval, PendingConfirmation
from mock_gmo.environments.loader import Environment
from mock_gmo.oauth.clients import Address
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.scenarios.scenario import Login


class SiteClock(Protocol):
    """The bank's clock."""

    def now(self) -> datetime:
        """Return the bank's present instant."""


class SiteBank(Protocol):
    """What the site shows and does at the bank."""

    def get_customer(self, customer_id: str, /) -> Customer:
        """Return a customer."""

    def accounts_of(self, customer_id: str, /) -> Sequence[Account]:
        """Return a customer's accounts, the main one first."""

    def pending_confirmations(self, customer_id: str, /, *, at: datetime) -> Sequence[PendingConfirmation]:
        """Return what waits for this customer's confirmation."""

    def confirm(self, apply_no: str, /, *, at: datetime) -> object:
        """Confirm one request. Raises ImpossibleStep when it does not wait."""

    def pending_approvals(self, customer_id: str, /, *, at: datetime) -> Sequence[PendingApproval]:
        """Return what waits for this customer's approver."""

    def approve(self, apply_no: str, /, *, at: datetime) -> object:
        """Approve one application. Raises ImpossibleStep when it does not wait."""

    def send_back(self, apply_no: str, /, *, at: datetime) -> object:
        """Send one application back. Raises ImpossibleStep when it does not wait."""


class SiteWorld(Protocol):
    """One bank with everything around it."""

    @property
    def oauth(self) -> AuthorizationServer:
        """The authorization server."""

    @property
    def bank(self) -> SiteBank:
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

"""One call at the bank while it lasts: what came in and what the checks found out about it. No check lives here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Request

from mock_gmo.bank.business_id import User
from mock_gmo.bank.customers import CORPORATION
from mock_gmo.contract import Operation
from mock_gmo.errors import Reply
from mock_gmo.gateway.body import body_bytes_max, read_bytes
from mock_gmo.gateway.peer import Address
from mock_gmo.oauth.clients import Client
from mock_gmo.oauth.tokens import AccessToken
from mock_gmo.world import World


@dataclass(slots=True)
class Exchange:
    """What the checks learn about one call, in the order in which they learn it."""

    world: World
    request: Request
    operation: Operation | None
    at: datetime
    address: Address | None = None
    client: Client | None = None
    token: AccessToken | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw_body: bytes | None = None
    check: str | None = None
    refusal_id: str | None = None
    refusal: Exception | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def customer_id(self) -> str:
        """The customer whose consent the token carries; only resource calls that passed the checks have one."""
        assert self.token is not None, "asked for the customer before the token was checked"
        return self.token.customer_id

    @property
    def user(self) -> User | None:
        """The person whose log-in gave the consent behind the token, as far as the bank still knows that log-in."""
        assert self.token is not None, "asked for the person before the token was checked"
        login = self.world.logins.get(self.token.grant.login_id or "")
        return login.user if login is not None else None

    @property
    def holder_kind(self) -> str:
        """What kind of holder the customer is; one of the bank's CUSTOMER_KINDS."""
        return self.world.bank.get_customer(self.customer_id).kind

    @property
    def is_personal(self) -> bool:
        """Whether the call is one of the personal API, which alone knows つかいわけ口座."""
        holders = self.operation.holders if self.operation is not None else frozenset()
        return bool(holders) and CORPORATION not in holders

    def read_body(self) -> bytes:
        """Return the bytes of the request body; they are read once. Raises Unreadable."""
        if self.raw_body is None:
            lines_max = self.operation.lines_max if self.operation is not None else 0
            self.raw_body = read_bytes(self.request, bytes_max=body_bytes_max(lines_max=lines_max))
        return self.raw_body


Handler = Callable[[Exchange], Reply]

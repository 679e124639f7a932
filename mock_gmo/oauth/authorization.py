"""Authorization requests waiting for a decision, and the codes that a consent gives. Tokens live elsewhere.

Neither class locks: the authorization server calls them under its own lock.
"""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from mock_gmo.oauth.clients import Client
from mock_gmo.secret import Secret

REQUEST_ID_LENGTH: Final = 32
CODE_LENGTH: Final = 32
PENDING_REQUESTS_MAX: Final = 10_000
CODES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What one browser was sent to ask for; every member is checked already."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request with the id under which the site's pages carry it, usable until `expires_at`."""

    request_id: str
    request: AuthorizationRequest
    client: Client
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """One consent, to be redeemed once by its client. `grant_id` is set from the redemption on."""

    code: Secret
    request: AuthorizationRequest
    customer_id: str
    expires_at: datetime
    grant_id: str | None = None
    login_id: str | None = None

    def belongs_to(self, client: Client, *, redirect_uri: str) -> bool:
        """Tell whether `client` may redeem this code with `redirect_uri`."""
        return self.request.client_id == client.client_id and self.request.redirect_uri == redirect_uri

    def is_proven_by(self, code_verifier: str | None) -> bool:
        """Tell whether `code_verifier` answers the challenge of the request; true when there was none."""
        challenge = self.request.code_challenge
        if challenge is None:
            return True
        if code_verifier is None:
            return False
        if self.request.code_challenge_method == "S256":
            digest = hashlib.sha256(code_verifier.encode("utf-8", "surrogatepass")).digest()
            code_verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        return Secret(challenge).matches(code_verifier)


class PendingRequests:
    """Requests between the first redirect and the decision, oldest first."""

    def __init__(self) -> None:
        self._by_id: dict[str, PendingRequest] = {}

    def add(self, pending: PendingRequest) -> None:
        """Keep `pending`; the oldest gives way when 10,000 wait, for the endpoint is open to everybody."""
        if len(self._by_id) >= PENDING_REQUESTS_MAX:
            del self._by_id[next(iter(self._by_id))]
        self._by_id[pending.request_id] = pending

    def find(self, request_id: str, *, at: datetime) -> PendingRequest | None:
        """Return the request if it still waits at `at`."""
        pending = self._by_id.get(request_id)
        return pending if pending is not None and at < pending.expires_at else None

    def remove(self, request_id: str) -> None:
        """Forget a request that was decided."""
        self._by_id.pop(request_id, None)

    def all(self) -> tuple[PendingRequest, ...]:
        """Return what waits, oldest first."""
        return tuple(self._by_id.values())

    def forget_expired(self, *, at: datetime) -> None:
        """Drop what nobody decided in time."""
        for request_id in _expired(self._by_id, at=at):
            del self._by_id[request_id]


class AuthorizationCodes:
    """Codes that were given out and have not expired, the redeemed ones included."""

    def __init__(self) -> None:
        self._by_text: dict[str, AuthorizationCode] = {}

    def add(self, code: AuthorizationCode) -> None:
        """Keep `code`; the oldest gives way when 10,000 are known."""
        if len(self._by_text) >= CODES_MAX:
            del self._by_text[next(iter(self._by_text))]
        self._by_text[code.code.reveal()] = code

    def find(self, text: str, *, at: datetime) -> AuthorizationCode | None:
        """Return the code if it has not expired at `at`; it may have been redeemed."""
        code = self._by_text.get(text)
        return code if code is not None and at < code.expires_at else None

    def mark_redeemed(self, code: AuthorizationCode, *, grant_id: str) -> None:
        """Note that `code` was redeemed, and which grant came of it."""
        self._by_text[code.code.reveal()] = replace(code, grant_id=grant_id)

    def all(self) -> tuple[AuthorizationCode, ...]:
        """Return every code that is known, oldest first."""
        return tuple(self._by_text.values())

    def forget_expired(self, *, at: datetime) -> None:
        """Drop what can never be redeemed any more."""
        for text in _expired(self._by_text, at=at):
            del self._by_text[text]


def redirect_location(redirect_uri: str, **parameters: str | None) -> str:
    """Return `redirect_uri` with `parameters` appended, None left out; its own query stays.

    Source: Authorization API, redirect on success and on failure.
    """
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value is not None)
    if not query:
        return redirect_uri
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{query}"


def _expired(known: "dict[str, PendingRequest] | dict[str, AuthorizationCode]", *, at: datetime) -> list[str]:
    expired = []
    for key, value in known.items():
        if at < value.expires_at:
            break  # they stand in the order of their begin and live equally long
        expired.append(key)
    return expired

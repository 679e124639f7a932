"""Access and refresh tokens: issue, look up, refresh, end. Who may have one, the authorization server decides.

The store does not lock: the authorization server calls it under its own lock; only `find_access` needs none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.secret import Secret

TOKEN_LENGTH: Final = 32


class TooManyTokens(Exception):
    """As many tokens are alive as the bank keeps; none can be issued before some of them end."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a customer allowed a client: the thing that all tokens of one consent stand for.

    `login_id` is whose consent it was, where that is known.
    """

    grant_id: str
    client_id: str
    customer_id: str
    scopes: tuple[str, ...]
    login_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token for `x-access-token`. It stays known after its end: the gateway still sees whose call it is."""

    token: Secret
    grant: Grant
    issued_at: datetime
    expires_at: datetime
    revoked: bool = False

    @property
    def client_id(self) -> str:
        """The client that it was issued to."""
        return self.grant.client_id

    @property
    def customer_id(self) -> str:
        """The customer whose accounts it opens."""
        return self.grant.customer_id

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes granted, in the order asked for."""
        return self.grant.scopes

    def is_valid(self, at: datetime) -> bool:
        """Tell whether the token opens anything at `at`; at the very second of `expires_at` it does not."""
        return not self.revoked and at < self.expires_at


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token for a new pair. `dead_at` is set once another has taken its place, or when it was revoked."""

    token: Secret
    grant: Grant
    issued_at: datetime
    expires_at: datetime
    dead_at: datetime | None = None

    def is_valid(self, at: datetime) -> bool:
        """Tell whether the token can be exchanged at `at`."""
        return at < self.expires_at and (self.dead_at is None or at < self.dead_at)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What one exchange gives."""

    access: AccessToken
    refresh: RefreshToken | None


class TokenStore:
    """All tokens of one bank, found by their text and by their grant."""

    def __init__(self, rules: OAuthRules, random_text: Callable[[int], str]) -> None:
        self._rules = rules
        self._random_text = random_text
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access_of_grant: dict[str, list[str]] = {}
        self._refresh_of_grant: dict[str, list[str]] = {}

    def all(self) -> tuple[tuple[AccessToken, ...], tuple[RefreshToken, ...]]:
        """Return every access token and every refresh token that is known, in the order of their issue."""
        return tuple(self._access.values()), tuple(self._refresh.values())

    def remember(self, access: tuple[AccessToken, ...], refresh: tuple[RefreshToken, ...]) -> None:
        """Know these tokens in the place of all others."""
        self._access = {token.token.reveal(): token for token in access}
        self._refresh = {token.token.reveal(): token for token in refresh}
        self._access_of_grant = _texts_by_grant({text: it for text, it in self._access.items() if not it.revoked})
        self._refresh_of_grant = _texts_by_grant(self._refresh)

    def put_access(self, token: AccessToken) -> None:
        """Know this access token, in the place of one with the same text. Raises TooManyTokens."""
        self._make_room(at=token.issued_at)
        self._access[token.token.reveal()] = token
        texts = self._access_of_grant.setdefault(token.grant.grant_id, [])
        if token.token.reveal() not in texts:
            texts.append(token.token.reveal())

    def issue(self, grant: Grant, *, with_refresh: bool, at: datetime) -> TokenPair:
        """Issue the first pair of a grant. Raises TooManyTokens."""
        self._make_room(at=at)
        access = self._add_access(grant, at=at)
        return TokenPair(access, self._add_refresh(grant, at=at) if with_refresh else None)

    def refresh(self, token: RefreshToken, *, at: datetime) -> TokenPair:
        """Exchange a valid refresh token for a new pair, as the rules say. Raises TooManyTokens."""
        self._make_room(at=at)
        grant = token.grant
        if self._rules.old_access_dead_at_once:
            self._revoke_access(grant.grant_id)
        if not self._rules.rotates_refresh_tokens:
            return TokenPair(self._add_access(grant, at=at), token)
        grace = timedelta(seconds=self._rules.refresh_grace_seconds)
        self._end_refresh(grant.grant_id, at=at, dead_at=at + grace)
        return TokenPair(self._add_access(grant, at=at), self._add_refresh(grant, at=at))

    def find_access(self, text: str) -> AccessToken | None:
        """Return the access token with this text, expired and revoked ones included."""
        return self._access.get(text)

    def access_of_customer(self, customer_id: str) -> list[AccessToken]:
        """Return every access token of one customer, in the order of their issue."""
        return [token for token in self._access.values() if token.grant.customer_id == customer_id]

    def find_refresh(self, text: str) -> RefreshToken | None:
        """Return the refresh token with this text, expired and replaced ones included."""
        return self._refresh.get(text)

    def revoke_grant(self, grant_id: str, *, at: datetime) -> None:
        """End every token of a grant."""
        self._revoke_access(grant_id)
        self._end_refresh(grant_id, at=at, dead_at=at)

    def expire_access(self, text: str, *, at: datetime) -> int:
        """Let one access token expire at `at`. Returns how many were alive: 0 or 1."""
        token = self._access.get(text)
        if token is None or not token.is_valid(at):
            return 0
        self._access[text] = replace(token, expires_at=at)
        return 1

    def expire_refresh(self, text: str, *, at: datetime) -> int:
        """Let one refresh token expire at `at`. Returns how many were alive: 0 or 1."""
        token = self._refresh.get(text)
        if token is None or not token.is_valid(at):
            return 0
        self._refresh[text] = replace(token, expires_at=at)
        return 1

    def expire_client(self, client_id: str, *, at: datetime) -> int:
        """Let every token of a client expire at `at`. Returns how many were alive."""
        access = [text for text, token in self._access.items() if token.grant.client_id == client_id]
        refresh = [text for text, token in self._refresh.items() if token.grant.client_id == client_id]
        return sum(self.expire_access(text, at=at) for text in access) + sum(
            self.expire_refresh(text, at=at) for text in refresh
        )

    def _add_access(self, grant: Grant, *, at: datetime) -> AccessToken:
        expires_at = at + timedelta(seconds=self._rules.access_token_seconds)
        token = AccessToken(Secret(self._random_text(TOKEN_LENGTH)), grant, at, expires_at)
        self._access[token.token.reveal()] = token
        self._access_of_grant.setdefault(grant.grant_id, []).append(token.token.reveal())
        return token

    def _add_refresh(self, grant: Grant, *, at: datetime) -> RefreshToken:
        expires_at = at + timedelta(seconds=self._rules.refresh_token_seconds)
        token = RefreshToken(Secret(self._random_text(TOKEN_LENGTH)), grant, at, expires_at)
        self._refresh[token.token.reveal()] = token
        self._refresh_of_grant.setdefault(grant.grant_id, []).append(token.token.reveal())
        return token

    def _revoke_access(self, grant_id: str) -> None:
        for text in self._access_of_grant.pop(grant_id, []):
            self._access[text] = replace(self._access[text], revoked=True)

    def _end_refresh(self, grant_id: str, *, at: datetime, dead_at: datetime) -> None:
        """A token that was replaced earlier keeps its own, earlier end; those past it are not looked at again."""
        alive = [text for text in self._refresh_of_grant.get(grant_id, []) if self._refresh[text].is_valid(at)]
        self._refresh_of_grant[grant_id] = alive
        for text in alive:
            token = self._refresh[text]
            if token.dead_at is None or dead_at < token.dead_at:
                self._refresh[text] = replace(token, dead_at=dead_at)

    def _make_room(self, *, at: datetime) -> None:
        """At the bound the dead are forgotten, which costs the gateway only their clients' names."""
        room = self._rules.tokens_max
        if len(self._access) < room and len(self._refresh) < room:
            return
        self._access = {text: token for text, token in self._access.items() if token.is_valid(at)}
        self._refresh = {text: token for text, token in self._refresh.items() if token.is_valid(at)}
        self._access_of_grant = _texts_by_grant(self._access)
        self._refresh_of_grant = _texts_by_grant(self._refresh)
        if len(self._access) >= room or len(self._refresh) >= room:
            raise TooManyTokens(f"{room} tokens are alive")


def _texts_by_grant(tokens: "dict[str, AccessToken] | dict[str, RefreshToken]") -> dict[str, list[str]]:
    by_grant: dict[str, list[str]] = {}
    for text, token in tokens.items():
        by_grant.setdefault(token.grant.grant_id, []).append(text)
    return by_grant

"""AuthorizationServer: requests, codes and tokens behind one lock, on the bank's clock. No HTTP, no page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from mock_gmo.oauth.authorization import (
    CODE_LENGTH,
    REQUEST_ID_LENGTH,
    AuthorizationCode,
    AuthorizationCodes,
    AuthorizationRequest,
    PendingRequest,
    PendingRequests,
    redirect_location,
)
from mock_gmo.oauth.authorization_request import read_authorization_request, registered_client
from mock_gmo.oauth.client_authentication import authenticate, read_credentials
from mock_gmo.oauth.clients import GRANTS, REDIRECT_URI_LENGTH_MAX, Client, ClientRegistry
from mock_gmo.oauth.errors import AuthorizationPageError, OAuthRefusal
from mock_gmo.oauth.id_token import make_id_token
from mock_gmo.oauth.portal import PORTAL_CLIENT_ID, portal_token
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.scopes import OFFLINE_ACCESS, OPENID, ScopeUnusable, parse_scope
from mock_gmo.oauth.tokens import AccessToken, Grant, RefreshToken, TokenPair, TokenStore, TooManyTokens
from mock_gmo.secret import Secret

VALUE_LENGTH_MAX = 128
GRANT_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class TokenReply:
    """The 200 of the token endpoint, and whose it is (for the journal)."""

    access_token: Secret
    refresh_token: Secret | None
    scope: str
    expires_in: int
    id_token: Secret | None
    client_id: str
    customer_id: str

    def body(self) -> dict[str, str | int]:
        """Return the JSON members in the bank's order, with the tokens in plain text."""
        members: dict[str, str | int] = {"access_token": self.access_token.reveal()}
        if self.refresh_token is not None:
            members["refresh_token"] = self.refresh_token.reveal()
        members |= {"scope": self.scope, "token_type": "Bearer", "expires_in": self.expires_in}
        if self.id_token is not None:
            members["id_token"] = self.id_token.reveal()
        return members


@dataclass(frozen=True, slots=True)
class OAuthMemory:
    """All that an authorization server remembers, each list oldest first."""

    clients: tuple[Client, ...]
    pending: tuple[PendingRequest, ...]
    codes: tuple[AuthorizationCode, ...]
    access_tokens: tuple[AccessToken, ...]
    refresh_tokens: tuple[RefreshToken, ...]


class AuthorizationServer:
    """The authorization API of one bank. Every method that takes `at` means the bank's instant (aware, UTC).

    `random_text(n)` gives n random letters and digits. Source: Authorization API (認可編).
    """

    def __init__(
        self, rules: OAuthRules, clients: ClientRegistry, random_text: Callable[[int], str], *, issuer: str
    ) -> None:
        self.rules = rules
        self.clients = clients
        self.issuer = issuer.rstrip("/") + ("/" if rules.issuer_trailing_slash else "")
        self._random_text = random_text
        self._pending = PendingRequests()
        self._codes = AuthorizationCodes()
        self._tokens = TokenStore(rules, random_text)
        self._lock = Lock()

    def begin(self, parameters: Mapping[str, str], *, at: datetime) -> PendingRequest:
        """Check an authorization request and keep it for the site's pages.

        Raises AuthorizationPageError when the browser must not be sent back, and AuthorizationRefused, which
        carries the redirect, for every other fault.
        """
        client, request = read_authorization_request(self.clients, parameters)
        with self._lock:
            self._forget_expired(at=at)
            pending = PendingRequest(
                request_id=self._random_text(REQUEST_ID_LENGTH),
                request=request,
                client=client,
                expires_at=at + timedelta(seconds=self.rules.pending_request_seconds),
            )
            self._pending.add(pending)
        return pending

    def find_request(self, request_id: str, *, at: datetime) -> PendingRequest | None:
        """Return a request that still waits for the account holder's decision."""
        with self._lock:
            return self._pending.find(request_id, at=at)

    def approve(self, request_id: str, customer_id: str, *, login_id: str | None = None, at: datetime) -> str:
        """Grant a waiting request for `customer_id`; returns where to send the browser, with code and state.

        `login_id` is the log-in behind the consent.

        Raises AuthorizationPageError when the request is not waiting any more.
        """
        with self._lock:
            request = self._take_pending(request_id, at=at)
            code = self._issue_code(request, customer_id, login_id=login_id, at=at)
        return redirect_location(request.redirect_uri, code=code.reveal(), state=request.state)

    def deny(self, request_id: str, *, at: datetime) -> str:
        """Refuse a waiting request; returns where to send the browser, with `access_denied` and state.

        Raises AuthorizationPageError when the request is not waiting any more.
        """
        with self._lock:
            request = self._take_pending(request_id, at=at)
        return redirect_location(
            request.redirect_uri,
            error="access_denied",
            error_description="the account holder refused",
            state=request.state,
        )

    def consent_directly(
        self,
        client_id: str,
        customer_id: str,
        *,
        scope: str,
        redirect_uri: str,
        at: datetime,
        state: str | None = None,
        nonce: str | None = None,
        login_id: str | None = None,
    ) -> tuple[Secret, str]:
        """Consent without a browser, for the control surface: the code, and the location that would carry it.

        Raises AuthorizationPageError for a client or redirect URI that is not registered and OAuthRefusal
        `invalid_scope`. Whether the customer exists is the caller's to know.
        """
        client = registered_client(self.clients, client_id, redirect_uri)
        try:
            scopes = parse_scope(scope, registered=client.scopes)
        except ScopeUnusable as unusable:
            raise OAuthRefusal("invalid_scope", str(unusable)) from unusable
        request = AuthorizationRequest(client_id, redirect_uri, scopes, state, nonce)
        with self._lock:
            self._forget_expired(at=at)
            code = self._issue_code(request, customer_id, login_id=login_id, at=at)
        return code, redirect_location(redirect_uri, code=code.reveal(), state=state)

    def authenticating_client(self, form: Mapping[str, str], authorization: str | None) -> Client | None:
        """Return the client that authenticates itself with a token request, or None. Changes nothing."""
        try:
            return self._authenticate(form, authorization)
        except OAuthRefusal:
            return None

    def token(self, form: Mapping[str, str], authorization: str | None, *, at: datetime) -> TokenReply:
        """Answer a token request: a code or a refresh token for a new pair.

        `form` holds the fields of the body (empty means absent), `authorization` the header field.
        Raises OAuthRefusal. Source: Authorization API, アクセストークン発行.
        """
        client = self._authenticate(form, authorization)
        grant_type = _required(form, "grant_type")
        if grant_type not in GRANTS:
            raise OAuthRefusal("unsupported_grant_type", "grant_type is not supported")
        if grant_type not in client.grants:
            raise OAuthRefusal("unauthorized_client", "the client may not use this grant_type")
        with self._lock:
            self._forget_expired(at=at)
            try:
                if grant_type == "authorization_code":
                    return self._redeem(client, form, at=at)
                return self._refresh(client, form, at=at)
            except TooManyTokens as full:
                raise OAuthRefusal("temporarily_unavailable", "too many tokens are alive") from full

    def client_of_header(self, authorization: str | None, *, scheme_optional: bool) -> Client | None:
        """Return the client whose id and secret stand in the header, as `Basic` or, if that may be left out, bare."""
        came = read_credentials({}, authorization)
        client = self.clients.find(came.header_id or "")
        if client is None or not client.client_secret.matches(came.header_secret or ""):
            return None
        return client if came.scheme_named or scheme_optional else None

    def access_tokens_of(self, customer_id: str) -> list[AccessToken]:
        """Return every access token that is known for a customer, ended ones included, in the order of their issue."""
        with self._lock:
            return self._tokens.access_of_customer(customer_id)

    def find_access(self, token: str) -> AccessToken | None:
        """Return the access token with this text, even after its end; ask it `is_valid(at)`."""
        return self._tokens.find_access(token)

    def log_in_at_portal(self, customer_id: str, *, at: datetime, text: Secret | None = None) -> AccessToken | None:
        """Let a customer's portal token live from `at` on; `text` is that of a first token. None: there is none."""
        with self._lock:
            present = self._portal_token(customer_id)
            text = text or (present.token if present is not None else None)
            if text is None:
                return None
            token = portal_token(customer_id, text, at=at, seconds=self.rules.access_token_seconds)
            self._tokens.put_access(token)
            return token

    def portal_token(self, customer_id: str) -> AccessToken | None:
        """Return the token that the customer can copy from the portal, dead or alive."""
        with self._lock:
            return self._portal_token(customer_id)

    def claims_of(self, token: AccessToken) -> dict[str, str]:
        """Return what userinfo tells of the holder behind a token. Source: Authorization API, ユーザー情報."""
        return {"sub": token.customer_id, "iss": self.issuer}

    def expire(
        self,
        *,
        at: datetime,
        access_token: str | None = None,
        refresh_token: str | None = None,
        client_id: str | None = None,
    ) -> int:
        """Let a token, or all tokens of a client, expire at `at`. Returns how many were alive until now."""
        with self._lock:
            count = 0
            if access_token is not None:
                count += self._tokens.expire_access(access_token, at=at)
            if refresh_token is not None:
                count += self._tokens.expire_refresh(refresh_token, at=at)
            if client_id is not None:
                count += self._tokens.expire_client(client_id, at=at)
            return count

    def memory(self) -> OAuthMemory:
        """Return all that is remembered, as of one moment."""
        with self._lock:
            access, refresh = self._tokens.all()
            return OAuthMemory(self.clients.all(), self._pending.all(), self._codes.all(), access, refresh)

    def remember(self, memory: OAuthMemory) -> None:
        """Take over requests, codes and tokens; the clients came with the registry."""
        with self._lock:
            for pending in memory.pending:
                self._pending.add(pending)
            for code in memory.codes:
                self._codes.add(code)
            self._tokens.remember(memory.access_tokens, memory.refresh_tokens)

    def _authenticate(self, form: Mapping[str, str], authorization: str | None) -> Client:
        return authenticate(
            self.clients,
            form,
            authorization,
            strict=self.rules.strict_client_authentication,
            basic_word_required=self.rules.basic_word_required,
        )

    def _portal_token(self, customer_id: str) -> AccessToken | None:
        return next(
            (
                token
                for token in self._tokens.all()[0]
                if token.client_id == PORTAL_CLIENT_ID and token.customer_id == customer_id
            ),
            None,
        )

    def _take_pending(self, request_id: str, *, at: datetime) -> AuthorizationRequest:
        pending = self._pending.find(request_id, at=at)
        if pending is None:
            raise AuthorizationPageError("request_unknown")
        self._pending.remove(request_id)
        return pending.request

    def _issue_code(
        self, request: AuthorizationRequest, customer_id: str, *, login_id: str | None, at: datetime
    ) -> Secret:
        code = AuthorizationCode(
            code=Secret(self._random_text(CODE_LENGTH)),
            request=request,
            customer_id=customer_id,
            expires_at=at + timedelta(seconds=self.rules.code_seconds),
            login_id=login_id,
        )
        self._codes.add(code)
        return code.code

    def _redeem(self, client: Client, form: Mapping[str, str], *, at: datetime) -> TokenReply:
        text = _required(form, "code")
        redirect_uri = _required(form, "redirect_uri", length_max=REDIRECT_URI_LENGTH_MAX)
        code = self._codes.find(text, at=at)
        if code is None or not code.belongs_to(client, redirect_uri=redirect_uri):
            raise OAuthRefusal("invalid_grant", "code or redirect_uri is not valid", field="code")
        if code.grant_id is not None:
            if self.rules.code_reuse_revokes_tokens:
                self._tokens.revoke_grant(code.grant_id, at=at)
            raise OAuthRefusal("invalid_grant", "code was used before", field="code")
        if self.rules.verify_pkce and not code.is_proven_by(form.get("code_verifier") or None):
            raise OAuthRefusal("invalid_grant", "code_verifier does not answer the challenge", field="code_verifier")
        grant = Grant(
            grant_id=self._random_text(GRANT_ID_LENGTH),
            client_id=client.client_id,
            customer_id=code.customer_id,
            scopes=code.request.scopes,
            login_id=code.login_id,
        )
        with_refresh = OFFLINE_ACCESS in grant.scopes or self.rules.refresh_token_without_offline_access
        pair = self._tokens.issue(grant, with_refresh=with_refresh, at=at)
        self._codes.mark_redeemed(code, grant_id=grant.grant_id)
        return self._reply(client, pair, nonce=code.request.nonce, at=at)

    def _refresh(self, client: Client, form: Mapping[str, str], *, at: datetime) -> TokenReply:
        token = self._tokens.find_refresh(_required(form, "refresh_token"))
        if token is None or token.grant.client_id != client.client_id or not token.is_valid(at):
            raise OAuthRefusal("invalid_grant", "refresh_token is wrong or has expired", field="refresh_token")
        # A `scope` field is not documented for a refresh: the grant keeps the scopes it has.
        return self._reply(client, self._tokens.refresh(token, at=at), nonce=None, at=at)

    def _reply(self, client: Client, pair: TokenPair, *, nonce: str | None, at: datetime) -> TokenReply:
        grant = pair.access.grant
        id_token = None
        if OPENID in grant.scopes:
            seconds = self.rules.id_token_seconds
            id_token = make_id_token(
                client, issuer=self.issuer, subject=grant.customer_id, nonce=nonce, at=at, seconds=seconds
            )
        return TokenReply(
            access_token=pair.access.token,
            refresh_token=pair.refresh.token if pair.refresh is not None else None,
            scope=" ".join(grant.scopes),
            expires_in=int((pair.access.expires_at - at).total_seconds()),
            id_token=id_token,
            client_id=grant.client_id,
            customer_id=grant.customer_id,
        )

    def _forget_expired(self, *, at: datetime) -> None:
        self._pending.forget_expired(at=at)
        self._codes.forget_expired(at=at)


def _required(form: Mapping[str, str], name: str, *, length_max: int = VALUE_LENGTH_MAX) -> str:
    value = form.get(name) or ""
    if not value:
        raise OAuthRefusal("invalid_request", f"{name} is required", field=name)
    if len(value) > length_max:
        raise OAuthRefusal("invalid_request", f"{name} is too long", field=name)
    return value

"""The bank's authorization as seen from outside: the URL for the browser, and the token endpoint.

Client authentication by parameters, as registered. Which error ends a consent is decided in `connections`.
Source: authorization, 1 and 2.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from integrator.bank_client.calls import Call, Calls, Failed, Received, Verdict
from integrator.bank_client.reading import JSONObject, Unreadable, find_text, need_text, read_object
from integrator.domain.outcome import Fact
from integrator.secret import Secret

BASE_PATH = "/ganb/api/auth/v1"
AUTHORIZATION_PATH = f"{BASE_PATH}/authorization"
TOKEN_PATH = f"{BASE_PATH}/token"
FORM_TYPE = "application/x-www-form-urlencoded"
SCOPES = ("private:account", "private:transfer", "offline_access")

# The bank says that it failed itself: the grant may be used up or not.
OWN_FAILURES = frozenset({"server_error", "temporarily_unavailable"})
LIFE_SECONDS_MAX = 10 * 366 * 86_400
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,10}")
_ERROR = re.compile(r"[A-Za-z0-9_]{1,64}")
_SCOPES = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")


@dataclass(frozen=True, slots=True)
class Client:
    """A company as the token endpoint knows it."""

    company_id: str
    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """New tokens. The refresh token's own life is not told by the bank; `refresh_token` None means: keep the old."""

    access_token: Secret
    refresh_token: Secret | None
    scopes: tuple[str, ...]
    expires_in_seconds: int


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """The bank refused with an OAuth error (`invalid_grant`, `invalid_client`, …): repeating it is of no use."""

    error: str


@dataclass(frozen=True, slots=True)
class TokenUnavailable:
    """No tokens, and no word on the grant. `is_spent_unknown`: the code or refresh token may be used up by now."""

    fact: Fact
    reason: str

    @property
    def is_spent_unknown(self) -> bool:
        """Whether the bank may have carried the call out without our learning the tokens."""
        return self.fact not in {Fact.NOT_CONNECTED, Fact.LIMITED, Fact.REFUSED}


@dataclass(frozen=True, slots=True)
class AuthorizationSeen:
    """How the door for browsers answered: `status`, or the fact that stood in the way."""

    status: int | None
    fact: Fact | None = None

    @property
    def word(self) -> str:
        """Return shown, refused or unavailable: the bank shows its page only for a registered redirect URL."""
        if self.status is None or self.status >= 500 or self.status == 429:
            return "unavailable"
        return "refused" if self.status >= 400 else "shown"


def _authorization_seen(received: Received) -> AuthorizationSeen:
    if isinstance(received, Failed):
        return AuthorizationSeen(None, received.fact)
    return AuthorizationSeen(received.status)


TokenAnswer = TokenGrant | TokenRefused | TokenUnavailable


def authorization_url(bank_url: str, *, client_id: str, redirect_uri: str, state: str) -> str:
    """Return the URL at which the account holder consents, asking for `SCOPES`. Source: authorization, 1."""
    query = _authorization_query(client_id, redirect_uri, state)
    return f"{bank_url}{AUTHORIZATION_PATH}?{urlencode(query, safe='', quote_via=quote)}"


def _authorization_query(client_id: str, redirect_uri: str, state: str) -> tuple[tuple[str, str], ...]:
    return (
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("scope", " ".join(SCOPES)),
        ("state", state),
    )


class OAuthClient:
    """The token endpoint. Takes no turn at the gate and repeats nothing: who calls does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def probe_authorization(
        self, company_id: str, client_id: str, *, redirect_uri: str, state: str
    ) -> "AuthorizationSeen":
        """Ask for the page at which a holder consents, and read only its status: nobody logs in, nothing begins."""
        call = Call(
            method="GET",
            path=AUTHORIZATION_PATH,
            company_id=company_id,
            scope="authorization",
            context="probe_authorization",
            query=_authorization_query(client_id, redirect_uri, state),
        )
        return self._calls.perform(call, read=_authorization_seen, judge=lambda seen: Verdict(seen.word))

    def exchange_code(self, client: Client, code: Secret, *, redirect_uri: str) -> TokenAnswer:
        """Turn an authorization code into tokens. The code is spent by the first call that reaches the bank."""
        fields = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
        return self._token(client, fields, context="exchange_code")

    def refresh(self, client: Client, refresh_token: Secret) -> TokenAnswer:
        """Turn a refresh token into new tokens. The old refresh token is dead as soon as the bank has answered."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        return self._token(client, fields, context="refresh_token")

    def _token(self, client: Client, fields: dict[str, str], *, context: str) -> TokenAnswer:
        form = {**fields, "client_id": client.client_id, "client_secret": client.client_secret.reveal()}
        call = Call(
            method="POST",
            path=TOKEN_PATH,
            company_id=client.company_id,
            scope="token",
            context=context,
            headers=(("Content-Type", FORM_TYPE), ("Accept", "application/json")),
            body=urlencode(form, quote_via=quote, safe="").encode("ascii"),
        )
        return self._calls.perform(call, read=token_answer, judge=_verdict)


def token_answer(received: Received) -> TokenAnswer:
    """Return what the token endpoint said. Survives both error shapes, OAuth's and the gateway's."""
    if isinstance(received, Failed):
        return TokenUnavailable(received.fact, received.reason)
    status = received.status
    try:
        members = read_object(received.body)
        error = find_text(members, "error", _ERROR)
        code = find_text(members, "errorCode", _ERROR)
        if status == 200 and error is None:
            return _grant(members)
    except Unreadable as unreadable:
        return TokenUnavailable(_fact(status, is_bank_error=False), f"{status}: {unreadable}")
    if status in {400, 401} and error is not None and error not in OWN_FAILURES:
        return TokenRefused(error)
    return TokenUnavailable(_fact(status, is_bank_error=code is not None), f"{status} {error or code or ''}".strip())


def _fact(status: int, *, is_bank_error: bool) -> Fact:
    if status == 429:
        return Fact.LIMITED
    if 500 <= status <= 599:
        return Fact.SERVER_ERROR
    # The gateway refused before the authorization server saw the request: nothing is spent.
    return Fact.REFUSED if is_bank_error and 400 <= status <= 499 else Fact.UNREADABLE


def _grant(members: JSONObject) -> TokenGrant:
    seconds = int(need_text(members, "expires_in", _SECONDS))
    if not 1 <= seconds <= LIFE_SECONDS_MAX:
        raise Unreadable("expires_in is no sensible time")
    refresh_token = find_text(members, "refresh_token", _TOKEN)
    return TokenGrant(
        access_token=Secret(need_text(members, "access_token", _TOKEN)),
        refresh_token=None if refresh_token is None else Secret(refresh_token),
        scopes=tuple(sorted(set(need_text(members, "scope", _SCOPES).split(" ")))),
        expires_in_seconds=seconds,
    )


def _verdict(answer: TokenAnswer) -> Verdict:
    match answer:
        case TokenGrant():
            return Verdict("granted")
        case TokenRefused(error=error):
            return Verdict("refused", error_code=error)
        case TokenUnavailable(fact=fact, reason=reason):
            return Verdict("unavailable", f"{fact.value}: {reason}")

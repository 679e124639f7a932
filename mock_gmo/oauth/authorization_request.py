"""Reading the query of GET /authorization: which fault is told where. Nothing is kept here."""

from collections.abc import Mapping
from typing import Final

from mock_gmo.oauth.authorization import AuthorizationRequest, redirect_location
from mock_gmo.oauth.clients import Client, ClientRegistry
from mock_gmo.oauth.errors import ERRORS, AuthorizationPageError
from mock_gmo.oauth.scopes import ScopeUnusable, parse_scope

RESPONSE_TYPE: Final = "code"

# Parameters and their greatest lengths; the required ones in the order in which they are missed.
REQUIRED: Final = (("response_type", 128), ("scope", 256), ("state", 128))
OPTIONAL: Final = (("nonce", 128), ("code_challenge", 128), ("code_challenge_method", 128))


class AuthorizationRefused(Exception):
    """The request has a fault that the client may learn of: `location` is where to send the browser."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str | None) -> None:
        super().__init__(error, description)
        assert ERRORS[error].on_redirect, f"{error} is never told by redirect"
        self.error = error
        self.description = description
        self.location = redirect_location(redirect_uri, error=error, error_description=description, state=state)

    @property
    def refusal_id(self) -> str:
        """The row of `contracts/refusals.yaml`."""
        return f"oauth_{self.error}"


def read_authorization_request(
    clients: ClientRegistry, parameters: Mapping[str, str]
) -> tuple[Client, AuthorizationRequest]:
    """Return the client and its request. An empty parameter counts as absent, an unknown one is ignored.

    Raises AuthorizationPageError while client and redirect URI are not proven, AuthorizationRefused from
    then on. Source: Authorization API, 認可, request parameters and error redirect.
    """
    redirect_uri = parameters.get("redirect_uri") or ""
    client = registered_client(clients, parameters.get("client_id") or "", redirect_uri)
    state = parameters.get("state") or None

    def refused(error: str, description: str) -> AuthorizationRefused:
        # A state too long to be accepted is too long to be sent back as well.
        echoed = state if state is not None and len(state) <= dict(REQUIRED)["state"] else None
        return AuthorizationRefused(error, description, redirect_uri=redirect_uri, state=echoed)

    if "authorization_code" not in client.grants:
        raise refused("unauthorized_client", "the client may not use authorization_code")
    for name, _ in REQUIRED:
        if not parameters.get(name):
            raise refused("invalid_request", f"{name} is required")
    for name, length_max in (*REQUIRED, *OPTIONAL):
        if len(parameters.get(name) or "") > length_max:
            raise refused("invalid_request", f"{name} is too long")
    if parameters["response_type"] != RESPONSE_TYPE:
        raise refused("unsupported_response_type", "response_type must be code")
    try:
        scopes = parse_scope(parameters["scope"], registered=client.scopes)
    except ScopeUnusable as unusable:
        raise refused("invalid_scope", str(unusable)) from unusable
    request = AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=state,
        nonce=parameters.get("nonce") or None,
        code_challenge=parameters.get("code_challenge") or None,
        code_challenge_method=parameters.get("code_challenge_method") or None,
    )
    return client, request


def registered_client(clients: ClientRegistry, client_id: str, redirect_uri: str) -> Client:
    """Return the client whose registration names exactly this redirect URI, compared character by character.

    Raises AuthorizationPageError: until both are known to be right, nobody may be redirected anywhere.
    """
    client = clients.find(client_id)
    if client is None:
        raise AuthorizationPageError("client_unknown")
    if redirect_uri not in client.redirect_uris:
        raise AuthorizationPageError("redirect_uri_unknown")
    return client

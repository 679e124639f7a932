"""The errors of the authorization API as one table, and the exceptions that carry them. No page is made here."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error code: where it may appear and its HTTP status at the token endpoint (None: redirect only)."""

    error: str
    token_status: int | None
    on_redirect: bool
    meaning: str


# Source: Authorization API, エラーコード. Every status, and the three codes marked so, are guesses.
ERRORS: Final[dict[str, ErrorRow]] = {
    row.error: row
    for row in (
        ErrorRow("invalid_request", 400, True, "a required parameter is missing, empty or too long"),
        ErrorRow("invalid_client", 401, False, "the client is unknown or its credentials are wrong"),
        ErrorRow("invalid_grant", 400, False, "the code, the redirect URI or the refresh token is not valid"),
        ErrorRow("unauthorized_client", 400, True, "the client may not use this grant"),
        ErrorRow("unsupported_grant_type", 400, False, "the gateway does not know this grant type"),
        ErrorRow("invalid_scope", 400, True, "a scope is unknown, not registered, or does not fit the others"),
        ErrorRow("server_error", 500, True, "an error inside the provider"),
        ErrorRow("temporarily_unavailable", 503, True, "too busy at present (guess)"),
        ErrorRow("access_denied", None, True, "the account holder refused (guess)"),
        ErrorRow("unsupported_response_type", None, True, "response_type is not code (guess)"),
    )
}


class OAuthRefusal(Exception):
    """The token endpoint says no. `body()`, `http_status` and `headers()` are the whole reply."""

    def __init__(self, error: str, description: str, *, basic_tried: bool = False, field: str | None = None) -> None:
        super().__init__(error, description)
        self.row = ERRORS[error]
        assert self.row.token_status is not None, f"{error} never leaves the token endpoint"
        self.http_status: int = self.row.token_status
        self.error = error
        self.description = description
        self.basic_tried = basic_tried
        self.field = field

    @property
    def refusal_id(self) -> str:
        """The row of `contracts/refusals.yaml`."""
        return f"oauth_{self.error}"

    def body(self) -> dict[str, str]:
        """Return the JSON members of the reply."""
        return {"error": self.error, "error_description": self.description}

    def headers(self) -> dict[str, str]:
        """Return the header fields that belong to this reply besides its content type."""
        challenge = {"WWW-Authenticate": 'Basic realm="token"'} if self.basic_tried and self.http_status == 401 else {}
        return {"Cache-Control": "no-store", "Pragma": "no-cache", **challenge}


class AuthorizationPageError(Exception):
    """The browser cannot be sent back: client or redirect URI are not valid, or the pages were left too long.

    `reason` is a key of the site's texts: `client_unknown`, `redirect_uri_unknown`, `request_unknown`.
    """

    http_status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

"""The switches of the authorization server and their defaults; what each does stands beside what it rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OAuthRules:
    """Every choice that the bank's documents leave open. Seconds are seconds of the bank's clock.

    Source: Authorization API, 有効期限; where it is silent, the default is a guess and said to be one.
    """

    code_seconds: int = 600
    """Life of an authorization code. Guess: not published."""
    access_token_seconds: int = 2_592_000
    refresh_token_seconds: int = 7_776_000
    id_token_seconds: int = 3_600
    """From `iat` to `exp` of an id_token. Guess."""
    pending_request_seconds: int = 1_800
    """How long the log-in and consent pages of one authorization request stay usable. Guess."""
    rotates_refresh_tokens: bool = True
    refresh_grace_seconds: int = 0
    """How long a replaced refresh token still works: client libraries repeat a refresh up to three times."""
    old_access_dead_at_once: bool = True
    """Whether a refresh ends the access tokens issued before it. Guess."""
    refresh_token_without_offline_access: bool = False
    code_reuse_revokes_tokens: bool = True
    """Whether a second redemption ends the tokens of the first, as RFC 6749 section 4.1.2 advises. Guess."""
    strict_client_authentication: bool = False
    """Refuse credentials that are right but came another way than registered, or by two ways at once."""
    basic_word_required: bool = False
    """Refuse a header of credentials without the word `Basic` before them. Some client libraries leave it out."""
    verify_pkce: bool = False
    """Check `code_verifier` when a challenge was sent. The bank's documents do not know PKCE."""
    issuer_trailing_slash: bool = True
    bearer_header_accepted: bool = False
    """Read by the gateway: whether `Authorization: Bearer` opens resources as `x-access-token` does."""
    tokens_max: int = 50_000
    """How many access tokens, and how many refresh tokens, are kept; the dead make room first."""
    consent_needs_login: bool = True
    """Off: the log-in page asks for the customer number only."""

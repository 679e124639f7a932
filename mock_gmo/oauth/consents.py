"""What a customer's access tokens say about clients: who has a standing consent, and which token speaks for it now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from mock_gmo.oauth.scopes import covers
from mock_gmo.oauth.tokens import AccessToken


def clients_with_consent(tokens: Iterable[AccessToken], family: str) -> tuple[str, ...]:
    """Return the ids of the clients that ever got a token for operations of `family`, in the order of the first."""
    return tuple(dict.fromkeys(token.client_id for token in tokens if covers(token.scopes, family)))


def token_to_present(
    tokens: Iterable[AccessToken], client_id: str, family: str, *, former_seconds: int, at: datetime
) -> AccessToken | None:
    """Return the token that the bank presents to a client as the customer's, or None when none is valid.

    `tokens` come in the order of their issue. It is the newest; for `former_seconds` after a refresh the one that it
    replaced, though that opens nothing any more.
    """
    own = [token for token in tokens if token.client_id == client_id and covers(token.scopes, family)]
    place = next((place for place in reversed(range(len(own))) if own[place].is_valid(at)), None)
    if place is None:
        return None
    newest = own[place]
    former = [token for token in own[:place] if token.grant == newest.grant and at < token.expires_at]
    if former and at < newest.issued_at + timedelta(seconds=former_seconds):
        return former[-1]
    return newest

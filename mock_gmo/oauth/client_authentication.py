"""Which client stands behind a token request: credentials in the form, in a Basic header, or in both.

Source: Authorization API, クライアント認証 (`client_secret_basic`, `client_secret_post`), and how client libraries
in the field depart from it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mock_gmo.oauth.clients import Client, ClientRegistry
from mock_gmo.oauth.errors import OAuthRefusal

HEADER_LENGTH_MAX: Final = 1024
_SCHEME: Final = "basic"
_WRONG: Final = "client authentication failed"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was presented, as it came. None stands for absent or empty."""

    header_id: str | None
    header_secret: str | None
    form_id: str | None
    form_secret: str | None
    header_readable: bool
    header_came: bool
    scheme_named: bool


def authenticate(
    clients: ClientRegistry,
    form: Mapping[str, str],
    authorization: str | None,
    *,
    strict: bool,
    basic_word_required: bool = False,
) -> Client:
    """Return the client whose credentials came with a token request.

    Lenient: a right pair is accepted wherever it stands, and whatever stands beside it must be right too.
    Strict: only the way that was registered, and nothing beside it.
    Raises OAuthRefusal: `invalid_request` when a required field is missing, else `invalid_client`, which does not
    tell an unknown client from a wrong secret.
    """
    came = read_credentials(form, authorization)
    if not came.header_came:
        for name, value in (("client_id", came.form_id), ("client_secret", came.form_secret)):
            if value is None:
                raise OAuthRefusal("invalid_request", f"{name} is required", field=name)
    client = clients.find(came.header_id or came.form_id or "")
    is_nameless = came.header_came and not came.scheme_named
    if client is None or not _is_right(came, client) or (strict and not _came_as_registered(came, client)):
        raise OAuthRefusal("invalid_client", _WRONG, basic_tried=came.header_came)
    if basic_word_required and is_nameless:
        raise OAuthRefusal("invalid_client", _WRONG, basic_tried=came.header_came)
    return client


def read_credentials(form: Mapping[str, str], authorization: str | None) -> Credentials:
    """Take the credentials out of form and header; the base64 may come without the word `Basic`."""
    form_id, form_secret = form.get("client_id") or None, form.get("client_secret") or None
    text = (authorization or "").strip()
    if not text:
        return Credentials(None, None, form_id, form_secret, True, False, False)
    scheme, _, rest = text.partition(" ")
    named = scheme.lower() == _SCHEME
    pair = _decode((rest if named else text).strip())
    header_id, header_secret = pair if pair is not None else (None, None)
    return Credentials(header_id, header_secret, form_id, form_secret, pair is not None, True, named)


def _decode(encoded: str) -> tuple[str, str] | None:
    if len(encoded) > HEADER_LENGTH_MAX:
        return None
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    # The bank's client libraries do not URL-encode either part, so neither is decoded here.
    client_id, colon, client_secret = decoded.partition(":")
    return (client_id, client_secret) if colon and client_id and client_secret else None


def _is_right(came: Credentials, client: Client) -> bool:
    ids = [text for text in (came.header_id, came.form_id) if text is not None]
    secrets = [text for text in (came.header_secret, came.form_secret) if text is not None]
    return (
        came.header_readable
        and bool(secrets)
        and all(text == client.client_id for text in ids)
        and all(client.client_secret.matches(text) for text in secrets)
    )


def _came_as_registered(came: Credentials, client: Client) -> bool:
    if client.authentication == "client_secret_post":
        return not came.header_came
    return came.scheme_named and came.form_id is None and came.form_secret is None

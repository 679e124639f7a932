"""The id_token of OpenID Connect: a JWT signed with the client secret. Nothing here decides who gets one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from mock_gmo.oauth.clients import Client
from mock_gmo.secret import Secret


def make_id_token(
    client: Client, *, issuer: str, subject: str, nonce: str | None, at: datetime, seconds: int
) -> Secret:
    """Return a compact JWT, HS256 with the bytes of the client secret as key.

    Source: Authorization API, id_token. `azp` repeats the client id, for one client library refuses without it.
    """
    issued = int(at.timestamp())
    claims: dict[str, str | int] = {
        "iss": issuer,
        "sub": subject,
        "aud": client.client_id,
        "azp": client.client_id,
        "iat": issued,
        "exp": issued + seconds,
    }
    if nonce is not None:
        claims["nonce"] = nonce
    signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = hmac.digest(client.client_secret.reveal().encode(), signed.encode(), hashlib.sha256)
    return Secret(f"{signed}.{_base64url(signature)}")


def _encoded(members: Mapping[str, str | int]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")

"""Tokens that a customer copies from the portal, in the place of OAuth. Which profile has them is not asked here.

Source: README, Hosts; Authorization API, Lifetimes: such a token dies 30 days after the last log-in at the portal.
"""

from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final

from mock_gmo.oauth.clients import Client
from mock_gmo.oauth.tokens import AccessToken, Grant
from mock_gmo.secret import Secret

PORTAL_CLIENT_ID: Final = "portal"
PORTAL_NAME: Final = "ポータル"
PORTAL_SCOPES: Final = ("private:account", "private:transfer", "private:bulk-transfer", "private:virtual-account")
PORTAL_URL: Final = "https://portal.example/"
ANYWHERE: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def portal_client(secret: Secret) -> Client:
    """Return the client that calls with a portal token count as: from anywhere, without a request limit."""
    return Client(
        client_id=PORTAL_CLIENT_ID,
        client_secret=secret,
        name=PORTAL_NAME,
        company_id=None,
        redirect_uris=(PORTAL_URL,),
        networks=ANYWHERE,
        scopes=frozenset(PORTAL_SCOPES),
        requests_per_second=None,
        grants=frozenset(),
    )


def portal_token(customer_id: str, text: Secret, *, at: datetime, seconds: int) -> AccessToken:
    """Return a customer's token, which begins with a log-in at `at`."""
    grant = Grant(f"{PORTAL_CLIENT_ID}-{customer_id}", PORTAL_CLIENT_ID, customer_id, PORTAL_SCOPES)
    return AccessToken(text, grant, at, at + timedelta(seconds=seconds))

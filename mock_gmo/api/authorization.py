"""アクセストークン発行: the form in, the tokens out. Who gets which token is the authorization server's business.

The other operation of that API, for browsers, is a page of the site.
"""

from mock_gmo.errors import Reply
from mock_gmo.gateway.body import Unreadable, read_form
from mock_gmo.gateway.exchange import Exchange

NOT_KEPT = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


def issue_token(exchange: Exchange) -> Reply:
    """Answer POST /token. Raises OAuthRefusal. Source: Authorization API, アクセストークン発行."""
    try:
        form = read_form(exchange.read_body())
    except Unreadable:
        form = {}
    authorization = exchange.request.headers.get("Authorization")
    reply = exchange.world.oauth.token(form, authorization, at=exchange.at)
    return Reply(200, reply.body(), NOT_KEPT)

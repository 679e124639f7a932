"""アクセストークン発行 and ユーザー情報. Who gets which token, and what is told of whom, is the server's business.

The third operation of that API, for browsers, is a page of the site.
"""

import logging
from typing import Final

from mock_gmo.errors import Reply
from mock_gmo.gateway.body import Unreadable, read_form
from mock_gmo.gateway.exchange import Exchange

log = logging.getLogger("mock_gmo.token")

# What must not stand in a URL, because URLs are written to logs on the way.
SECRET_FIELDS: Final = ("client_secret", "code", "refresh_token")
NOT_KEPT = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


def issue_token(exchange: Exchange) -> Reply:
    """Answer POST /token. Raises OAuthRefusal. Source: Authorization API, アクセストークン発行."""
    try:
        form = read_form(exchange.read_body())
    except Unreadable:
        form = {}
    if in_url := [name for name in SECRET_FIELDS if exchange.request.args.get(name)]:
        log.warning("token.secret_in_url fields=%s", ",".join(in_url))
    authorization = exchange.request.headers.get("Authorization")
    reply = exchange.world.oauth.token(form, authorization, at=exchange.at)
    return Reply(200, reply.body(), NOT_KEPT)


def get_user_info(exchange: Exchange) -> Reply:
    """Answer GET /userinfo, or a POST without a body. Source: Authorization API, ユーザー情報."""
    assert exchange.token is not None, "the checks let nobody without a token through"
    return Reply(200, exchange.world.oauth.claims_of(exchange.token))

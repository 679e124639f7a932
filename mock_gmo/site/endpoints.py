"""GET /authorization for the account holder's browser: the door from a client's server into the site's pages."""

from datetime import datetime

from flask import Response, url_for
from werkzeug.datastructures import MultiDict

from mock_gmo.oauth.authorization_request import AuthorizationRefused
from mock_gmo.oauth.errors import AuthorizationPageError
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.site.pages import error_page, redirect_to

FOUND = 302
# Before client and redirect URI are proven the fault is shown on a page; the rows name what it comes down to.
PAGE_REFUSALS = {"client_unknown": "oauth_invalid_client", "redirect_uri_unknown": "oauth_invalid_request"}


def authorize(
    oauth: AuthorizationServer, parameters: MultiDict[str, str], *, at: datetime
) -> tuple[Response, str | None]:
    """Answer the operation `authorize`: 302 to the log-in page, 302 back with an error, or a page with status 400.

    The second value is the row of `contracts/refusals.yaml` when something is wrong.
    Needs the application context, and the site registered in it. Raises nothing: every fault is a page or a redirect.
    """
    try:
        pending = oauth.begin(_once_each(parameters), at=at)
    except AuthorizationPageError as unusable:
        return error_page(unusable.reason), PAGE_REFUSALS[unusable.reason]
    except AuthorizationRefused as refused:
        return redirect_to(refused.location, status=FOUND), refused.refusal_id
    return redirect_to(url_for("site.login", request=pending.request_id), status=FOUND), None


def _once_each(parameters: MultiDict[str, str]) -> dict[str, str]:
    """A parameter that is repeated counts as missing, for nobody knows which was meant (RFC 6749, section 3.1)."""
    return {name: values[0] for name, values in parameters.lists() if len(values) == 1}

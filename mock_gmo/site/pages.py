"""How every page of the site leaves the bank: rendered, not stored, not framed, loading nothing from elsewhere."""

from urllib.parse import urlsplit

from flask import Response, make_response, render_template, url_for

from mock_gmo.site.texts import ERROR_TEXTS

HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
OUTSIDE_ERRORS = {404: "page_unknown", 405: "method_unknown", 500: "failure_inside"}
# Errors after which the site's own first page is the way on; after the others it is the client's server, or none.
LEADING_HOME = frozenset({"form_outdated", *OUTSIDE_ERRORS.values()})
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {targets}"


def page(template: str, *, status: int = 200, returns_to: str | None = None, **values: object) -> Response:
    """Return a page of the site; `returns_to` is a URL to which its form may lead outside the site."""
    response = make_response(render_template(f"site/{template}", **values), status)
    response.headers["Content-Security-Policy"] = _policy(returns_to)
    return with_safe_headers(response)


def error_page(reason: str) -> Response:
    """Return the page for a reason of ERROR_TEXTS."""
    status, heading, advice = ERROR_TEXTS[reason]
    leads_home = reason in LEADING_HOME
    return page("error.html", status=status, heading=heading, advice=advice, leads_home=leads_home, who=None)


def outside_error_page(status: int) -> Response | None:
    """Return the page for what no view of the site answered, or None for a status that needs no words."""
    reason = OUTSIDE_ERRORS.get(status)
    return error_page(reason) if reason is not None else None


def ask_to_log_in(*, request_id: str | None = None) -> Response:
    """Return a redirect to the log-in page, which leads on to the consent for that request if there is one."""
    return redirect_to(url_for("site.login", request=request_id))


def redirect_to(location: str, *, status: int = 303) -> Response:
    """Return a redirect that is not stored and tells no referrer; `location` goes out byte for byte."""
    # Not Flask's redirect(): its body would repeat the location, and with it the code, for every log to see.
    return with_safe_headers(Response(status=status, headers={"Location": location}))


def with_safe_headers(response: Response) -> Response:
    """Add the header fields that every answer of the site has; what stands there already stays."""
    for name, value in HEADERS:
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _policy(None))
    return response


def _policy(returns_to: str | None) -> str:
    # Browsers check the redirect after a form against form-action as well, so the client's origin has to be named.
    targets = "'self'" if returns_to is None else f"'self' {_origin(returns_to)}"
    return POLICY.format(targets=targets)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    # A policy has no way to write an IPv6 address: then the scheme has to do.
    return f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"

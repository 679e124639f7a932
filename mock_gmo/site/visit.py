"""Who is at the site: log-in, log-out and the form token, in Flask's signed cookie. No page and no banking.

The cookie tells when it was signed, and Flask believes it no longer than the application's session lifetime, on the
machine's clock. Every page that asks who is here has it signed anew, so a log-in ends when nobody uses it.
"""

from flask import current_app, request, session

from mock_gmo.scenarios.scenario import Login
from mock_gmo.secret import Secret
from mock_gmo.site.surroundings import RandomText, SiteWorld

FORM_TOKEN_LENGTH = 32
FORM_FIELD = "form_token"
_LOGIN = "site_login_id"
_FORM = "site_form_token"


class FormOutdated(Exception):
    """A form came without the token of this visit: it was not made by the page, or the visit is over."""


def log_in(login: Login, *, random_text: RandomText) -> None:
    """Begin a new visit; whatever the browser's session held before is gone."""
    session.clear()
    session[_LOGIN] = login.login_id
    session[_FORM] = random_text(FORM_TOKEN_LENGTH)


def log_out() -> None:
    """End the visit."""
    session.clear()


def who_is_here(world: SiteWorld) -> Login | None:
    """Return the log-in of this visit, as far as this bank still knows it, and let its time begin anew."""
    login_id = session.get(_LOGIN)
    login = world.logins.get(login_id) if isinstance(login_id, str) else None
    if login is not None:
        session.modified = True  # signed anew with this reply
    return login


def has_ended() -> bool:
    """Return whether the browser shows a visit that does not count any more, mostly because it was left too long."""
    cookie = current_app.session_interface.get_cookie_name(current_app)
    return not session and cookie in request.cookies


def form_token(*, random_text: RandomText) -> str:
    """Return the token that every form of this visit has to carry."""
    if _FORM not in session:
        session[_FORM] = random_text(FORM_TOKEN_LENGTH)
    return str(session[_FORM])


def check_form() -> None:
    """Raise FormOutdated unless the form carries the token of this visit."""
    expected = session.get(_FORM)
    if not isinstance(expected, str) or not Secret(expected).matches(request.form.get(FORM_FIELD, "")):
        raise FormOutdated


def find_login(world: SiteWorld, login_id: str, password: str) -> Login | None:
    """Return the log-in that id and password belong to; an unknown id takes the same way as a wrong password."""
    login = world.logins.get(login_id)
    expected = login.password if login is not None else Secret("\0")
    is_right = expected.matches(password)
    if not world.oauth.rules.consent_needs_login:
        return login
    return login if is_right else None

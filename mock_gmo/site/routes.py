"""The bank's own web site under /site, as its customers see it: log-in, consent, confirmations. No API and no JSON."""

from datetime import timedelta

from flask import Blueprint, Response, request, url_for
from flask.blueprints import BlueprintSetupState

from mock_gmo.oauth.authorization import PendingRequest
from mock_gmo.oauth.errors import AuthorizationPageError
from mock_gmo.site import visit
from mock_gmo.site.pages import ask_to_log_in, error_page, page, redirect_to, with_safe_headers
from mock_gmo.site.surroundings import AddressOf, RandomText, SiteWorld, WorldOf
from mock_gmo.site.texts import ACCOUNT_TYPE_TEXTS, LOGIN_ENDED, SCOPE_TEXTS, WRONG_LOGIN, Text
from mock_gmo.site.waiting_views import WaitingViews

SITE = "site"
ALLOW = "allow"
FOUND = 302
# Browsers keep cookies by host, not by port: another program on this machine may have one called "session".
COOKIE_NAME = "mock_bank_site"


def create_site(world_of: WorldOf, *, address_of: AddressOf, random_text: RandomText, idle_seconds: int) -> Blueprint:
    """Return the site as a blueprint. The application needs a `secret_key`; its session becomes the site's.

    `world_of()` gives the bank of the current request, `address_of(request)` the visitor's address as the gateway
    would tell it, `random_text(n)` n unguessable letters and digits. A log-in ends after `idle_seconds` real seconds
    without a page.
    """
    site = Blueprint(SITE, __name__, url_prefix="/site", template_folder="templates", static_folder="static")
    views = _Views(world_of, random_text)
    waiting = WaitingViews(world_of)
    for path, name, view, methods in (
        ("/", "home", views.home, ["GET"]),
        ("/login", "login", views.login, ["GET"]),
        ("/login", "log_in", views.log_in, ["POST"]),
        ("/logout", "log_out", views.log_out, ["POST"]),
        ("/logged-out", "logged_out", views.logged_out, ["GET"]),
        ("/consent", "consent", views.consent, ["GET"]),
        ("/consent", "decide", views.decide, ["POST"]),
        ("/confirmations", "confirmations", waiting.confirmations, ["GET"]),
        ("/confirmations/<apply_no>", "confirmation", waiting.back_to_confirmations, ["GET"]),
        ("/confirmations/<apply_no>", "confirm", waiting.confirm, ["POST"]),
        ("/approvals", "approvals", waiting.approvals, ["GET"]),
        ("/approvals/<apply_no>", "approval", waiting.back_to_approvals, ["GET"]),
        ("/approvals/<apply_no>", "decide_approval", waiting.decide_approval, ["POST"]),
    ):
        site.add_url_rule(path, name, view, methods=methods)

    @site.before_request
    def check_visitor() -> Response | None:
        address = address_of(request)
        if address is None or not world_of().environment.admits_to_site(address):
            return error_page("address_not_allowed")
        if request.method == "POST":
            visit.check_form()
        return None

    @site.context_processor
    def add_form_token() -> dict[str, object]:
        return {"form_field": visit.FORM_FIELD, "form_token": lambda: visit.form_token(random_text=random_text)}

    site.register_error_handler(visit.FormOutdated, lambda _: _outdated())
    site.register_error_handler(AuthorizationPageError, lambda error: error_page(error.reason))
    site.after_request(with_safe_headers)
    site.record_once(lambda state: _set_up_session(state, idle_seconds=idle_seconds))
    return site


def _set_up_session(state: BlueprintSetupState, *, idle_seconds: int) -> None:
    # Flask holds every signature to this age, also in sessions that are not permanent and end with the browser.
    state.app.config.update(
        SESSION_COOKIE_NAME=COOKIE_NAME,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=idle_seconds),
    )


def _outdated() -> Response:
    if visit.has_ended():
        return ask_to_log_in(request_id=request.form.get("request"))
    return error_page("form_outdated")


class _Views:
    """The pages. Each reads the world once and decides; what moves money is the bank's alone."""

    def __init__(self, world_of: WorldOf, random_text: RandomText) -> None:
        self._world_of = world_of
        self._random_text = random_text

    def home(self) -> Response:
        return redirect_to(url_for("site.confirmations"))

    def login(self) -> Response:
        world = self._world_of()
        request_id = request.args.get("request") or None
        if request_id is not None:
            _get_pending(world, request_id)
        if visit.who_is_here(world) is not None:
            return _next_page(request_id)
        return _login_page(world, request_id, notice=LOGIN_ENDED if visit.has_ended() else None)

    def log_in(self) -> Response:
        world = self._world_of()
        request_id = request.form.get("request") or None
        login_id = request.form.get("login_id", "")
        login = visit.find_login(world, login_id, request.form.get("password", ""))
        if login is None:
            return _login_page(world, request_id, login_id=login_id, problem=WRONG_LOGIN)
        visit.log_in(login, random_text=self._random_text)
        world.oauth.log_in_at_portal(login.customer_id, at=world.clock.now())
        return _next_page(request_id)

    def log_out(self) -> Response:
        visit.log_out()
        return redirect_to(url_for("site.logged_out"))

    def logged_out(self) -> Response:
        return page("logged_out.html", who=None)

    def consent(self) -> Response:
        world = self._world_of()
        request_id = request.args.get("request", "")
        pending = _get_pending(world, request_id)
        login = visit.who_is_here(world)
        if login is None:
            return ask_to_log_in(request_id=request_id)
        return page(
            "consent.html",
            returns_to=pending.request.redirect_uri,
            who=world.bank.get_customer(login.customer_id),
            pending=pending,
            scopes=tuple(dict.fromkeys(SCOPE_TEXTS[scope] for scope in pending.request.scopes)),
            accounts=world.bank.accounts_of(login.customer_id),
            account_types=ACCOUNT_TYPE_TEXTS,
        )

    def decide(self) -> Response:
        world = self._world_of()
        at = world.clock.now()
        request_id = request.form.get("request", "")
        login = visit.who_is_here(world)
        if login is None:
            return ask_to_log_in(request_id=request_id)
        if request.form.get("decision") == ALLOW:
            location = world.oauth.approve(request_id, login.customer_id, login_id=login.login_id, at=at)
        else:
            location = world.oauth.deny(request_id, at=at)
        return redirect_to(location, status=FOUND)


def _get_pending(world: SiteWorld, request_id: str) -> PendingRequest:
    pending = world.oauth.find_request(request_id, at=world.clock.now())
    if pending is None:
        raise AuthorizationPageError("request_unknown")
    return pending


def _next_page(request_id: str | None) -> Response:
    if request_id is None:
        return redirect_to(url_for("site.confirmations"))
    return redirect_to(url_for("site.consent", request=request_id))


def _login_page(
    world: SiteWorld,
    request_id: str | None,
    *,
    login_id: str = "",
    problem: Text | None = None,
    notice: Text | None = None,
) -> Response:
    pending = world.oauth.find_request(request_id, at=world.clock.now()) if request_id else None
    return page(
        "login.html",
        status=200 if problem is None else 401,
        who=None,
        client=pending.client if pending is not None else None,
        request_id=request_id,
        login_id=login_id,
        problem=problem,
        notice=notice,
        needs_password=world.oauth.rules.consent_needs_login,
    )

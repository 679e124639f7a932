"""The bank's own web site under /site, as its customers see it: log-in, consent, confirmations. No API and no JSON."""

from flask import Blueprint, Response, flash, request, url_for

from mock_gmo.bank.days import JAPAN
from mock_gmo.bank.refusals import ImpossibleStep
from mock_gmo.oauth.authorization import PendingRequest
from mock_gmo.oauth.errors import AuthorizationPageError
from mock_gmo.scenarios.scenario import Login
from mock_gmo.site import visit
from mock_gmo.site.confirmations import waiting_list
from mock_gmo.site.pages import error_page, page, redirect_to, with_safe_headers
from mock_gmo.site.surroundings import AddressOf, RandomText, SiteWorld, WorldOf
from mock_gmo.site.texts import (
    ACCOUNT_TYPE_TEXTS,
    CONFIRMED,
    NOT_WAITING,
    SCOPE_TEXTS,
    WRONG_LOGIN,
    WRONG_TRANSACTION_PASSWORD,
    Text,
)

SITE = "site"
ALLOW = "allow"
FOUND = 302


def create_site(world_of: WorldOf, *, address_of: AddressOf, random_text: RandomText) -> Blueprint:
    """Return the site as a blueprint. The application needs a `secret_key`; its session cookie becomes SameSite=Lax.

    `world_of()` gives the bank of the current request, `address_of(request)` the visitor's address as the gateway
    would tell it, `random_text(n)` n unguessable letters and digits.
    """
    site = Blueprint(SITE, __name__, url_prefix="/site", template_folder="templates", static_folder="static")
    views = _Views(world_of, random_text)
    for path, name, view, methods in (
        ("/", "home", views.home, ["GET"]),
        ("/login", "login", views.login, ["GET"]),
        ("/login", "log_in", views.log_in, ["POST"]),
        ("/logout", "log_out", views.log_out, ["POST"]),
        ("/logged-out", "logged_out", views.logged_out, ["GET"]),
        ("/consent", "consent", views.consent, ["GET"]),
        ("/consent", "decide", views.decide, ["POST"]),
        ("/confirmations", "confirmations", views.confirmations, ["GET"]),
        ("/confirmations/<apply_no>", "confirm", views.confirm, ["POST"]),
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

    site.register_error_handler(visit.FormOutdated, lambda _: error_page("form_outdated"))
    site.register_error_handler(AuthorizationPageError, lambda error: error_page(error.reason))
    site.after_request(with_safe_headers)
    site.record_once(lambda state: state.app.config.update(SESSION_COOKIE_SAMESITE="Lax"))
    return site


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
        return _login_page(world, request_id)

    def log_in(self) -> Response:
        world = self._world_of()
        request_id = request.form.get("request") or None
        login_id = request.form.get("login_id", "")
        login = visit.find_login(world, login_id, request.form.get("password", ""))
        if login is None:
            return _login_page(world, request_id, login_id=login_id, problem=WRONG_LOGIN)
        visit.log_in(login, random_text=self._random_text)
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
            return redirect_to(url_for("site.login", request=request_id))
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
            return redirect_to(url_for("site.login", request=request_id))
        if request.form.get("decision") == ALLOW:
            location = world.oauth.approve(request_id, login.customer_id, at=at)
        else:
            location = world.oauth.deny(request_id, at=at)
        return redirect_to(location, status=FOUND)

    def confirmations(self) -> Response:
        world = self._world_of()
        login = visit.who_is_here(world)
        if login is None:
            return redirect_to(url_for("site.login"))
        return _confirmations_page(world, login)

    def confirm(self, apply_no: str) -> Response:
        world = self._world_of()
        at = world.clock.now()
        login = visit.who_is_here(world)
        if login is None:
            return redirect_to(url_for("site.login"))
        # Looked up among the visitor's own, so that nobody confirms for somebody else.
        waiting = world.bank.pending_confirmations(login.customer_id, at=at)
        if apply_no not in [pending.apply_no for pending in waiting]:
            return _confirmations_page(world, login, status=409, problem=NOT_WAITING)
        if not login.transaction_password.matches(request.form.get("transaction_password", "")):
            return _confirmations_page(
                world, login, status=401, problem=WRONG_TRANSACTION_PASSWORD, problem_of=apply_no
            )
        try:
            world.bank.confirm(apply_no, at=at)
        except ImpossibleStep:
            return _confirmations_page(world, login, status=409, problem=NOT_WAITING)
        flash(apply_no)
        return redirect_to(url_for("site.confirmations"))


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
    world: SiteWorld, request_id: str | None, *, login_id: str = "", problem: Text | None = None
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
        needs_password=world.oauth.rules.consent_needs_login,
    )


def _confirmations_page(
    world: SiteWorld,
    login: Login,
    *,
    status: int = 200,
    problem: Text | None = None,
    problem_of: str | None = None,
) -> Response:
    at = world.clock.now()
    return page(
        "confirmations.html",
        status=status,
        who=world.bank.get_customer(login.customer_id),
        now=at.astimezone(JAPAN),
        waiting=waiting_list(
            world.bank.pending_confirmations(login.customer_id, at=at),
            accounts=world.bank.accounts_of(login.customer_id),
            at=at,
        ),
        problem=problem,
        problem_of=problem_of,
        confirmed=CONFIRMED,
    )

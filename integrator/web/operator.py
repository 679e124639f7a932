"""The operators' page: log in, look, log out. Each form brings a token that only its own browser can know.

No rule of payouts stands here, and nothing of the bank is asked. What the page shows is read from the database in one
transaction, up to the bounds of `store/overview.py`. `SECTIONS` are the further parts of the page, by template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from flask import Blueprint, Response, redirect, request
from sqlalchemy import Connection

from integrator import stopping
from integrator.clock import Clock
from integrator.companies import CompanyUnknown
from integrator.domain.stuck import stuck_before
from integrator.operators import (
    LoggedIn,
    LoginBlocked,
    LoginRefused,
    OperatorRole,
    Operators,
    PasswordRefused,
    is_csrf_token,
)
from integrator.secret import Secret
from integrator.store import overview
from integrator.store import pulse as pulse_rows
from integrator.store.database import Database
from integrator.store.stops import ALL, count_calls_under_way, stops_of
from integrator.web.metrics import ALIVE_SECONDS
from integrator.web.operator_pages import Notice, OperatorPages, Tile, View

HOME = "/operator"
SECTIONS = ("operator/stops.html", "operator/differences.html")
COOKIE_LENGTH_MAX = 64
REASON_LENGTH_MAX = 200

WRONG = Notice("名前またはパスワードが違います。", "Name or password is wrong.")
OUTDATED = Notice("画面の有効期限が切れました。もう一度送信してください。", "The form was out of date. Send it again.")
MUST_CHOOSE = Notice(
    "ワンタイムパスワードでログインしました。ご自分のパスワードを決めてください。",
    "You are in with a one-time password. Choose your own.",
    "plain",
)
NOT_ALLOWED = Notice("この操作をする権限がありません。", "Your account may look, not decide.")
REASON_MISSING = Notice("理由を入力してください。", "Give a reason.")
NOT_STOPPED = Notice("その範囲は停止していません。", "There is no such stop.")
COMPANY_UNKNOWN = Notice("会社が見つかりません。", "There is no such company.")
CHOSEN = Notice("パスワードを変更しました。", "The password was changed.", "plain")
NOT_THE_SAME = Notice("新しいパスワードが一致しません。", "The new passwords differ.")
UNFIT: Mapping[str, Notice] = {
    "short": Notice("12文字以上にしてください。", "Use 12 characters or more."),
    "long": Notice("128文字以内にしてください。", "Use 128 characters at most."),
    "name": Notice("名前を含むパスワードは使えません。", "It must not contain your name."),
    "same": Notice("今と違うパスワードにしてください。", "It must differ from the present one."),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page works with. `is_secure`: browsers reach us by https, and the cookie travels no other way."""

    db: Database
    clock: Clock
    machine_clock: Clock
    operators: Operators
    pages: OperatorPages
    is_secure: bool

    @property
    def cookie_name(self) -> str:
        """The prefix binds the cookie to this very host; browsers know it for https only."""
        return "__Host-operator" if self.is_secure else "operator"


Inside = Callable[[Parts, LoggedIn], Response]


def blueprint(parts: Parts) -> Blueprint:
    """Return the blueprint of everything under /operator."""
    made = Blueprint("operator", __name__)
    rules: tuple[tuple[str, str, str, Callable[[], Response]], ...] = (
        ("GET", HOME, "overview", _inside(parts, _overview)),
        ("GET", f"{HOME}/login", "login_form", partial(_login_form, parts)),
        ("POST", f"{HOME}/login", "login", partial(_log_in, parts)),
        ("POST", f"{HOME}/logout", "logout", _inside(parts, _log_out, may_choose=True)),
        ("GET", f"{HOME}/password", "password_form", _inside(parts, _password_form, may_choose=True)),
        ("POST", f"{HOME}/password", "password", _inside(parts, _choose, may_choose=True)),
    )
    for method, rule, name, view in rules:
        made.add_url_rule(rule, name, view, methods=[method], provide_automatic_options=False)
    for path, decide in (("stop", _stop), ("resume", _resume)):
        view = _inside(parts, decide, role=OperatorRole.OPERATOR)
        made.add_url_rule(f"{HOME}/{path}", path, view, methods=["POST"], provide_automatic_options=False)
    made.after_request(partial(_with_headers, parts))
    return made


def _inside(
    parts: Parts, handler: Inside, *, may_choose: bool = False, role: OperatorRole = OperatorRole.VIEWER
) -> Callable[[], Response]:
    @wraps(handler)
    def view() -> Response:
        cookie = _cookie(parts)
        who = None if cookie is None else parts.operators.find(cookie, at=parts.clock.now())
        if who is None:
            return _to(f"{HOME}/login")
        if who.must_choose and not may_choose:
            return _to(f"{HOME}/password")
        if request.method == "POST" and not is_csrf_token(who.cookie, request.form.get("csrf", "")):
            return _page(parts, 403, "password" if who.must_choose else "outdated", View(who, who.cookie), OUTDATED)
        if role is OperatorRole.OPERATOR and who.role is not role:
            return _page(parts, 403, "outdated", View(who, who.cookie), NOT_ALLOWED)
        return handler(parts, who)

    return view


def _stop(parts: Parts, who: LoggedIn) -> Response:
    wanted = _decision(who)
    if wanted is None:
        return _overview(parts, who, REASON_MISSING, status=400)
    try:
        stopping.stop_payouts(parts.db.acting(f"operator:{who.name}"), wanted, at=parts.clock.now())
    except CompanyUnknown:
        return _overview(parts, who, COMPANY_UNKNOWN, status=404)
    return _to(HOME)


def _resume(parts: Parts, who: LoggedIn) -> Response:
    wanted = _decision(who)
    if wanted is None:
        return _overview(parts, who, REASON_MISSING, status=400)
    try:
        stopping.resume_payouts(parts.db.acting(f"operator:{who.name}"), wanted, at=parts.clock.now())
    except stopping.NotStopped:
        return _overview(parts, who, NOT_STOPPED, status=409)
    return _to(HOME)


def _decision(who: LoggedIn) -> stopping.Decision | None:
    company_id = request.form.get("company_id", "")[:64] or None
    reason = request.form.get("reason", "").strip()[:REASON_LENGTH_MAX]
    return stopping.Decision(company_id, reason, who.name) if reason else None


def _overview(parts: Parts, who: LoggedIn, notice: Notice | None = None, *, status: int = 200) -> Response:
    now, machine = parts.clock.now(), parts.machine_clock.now()
    with parts.db.read() as tx:
        values: dict[str, Any] = {
            "doubts": overview.doubts(tx),
            "stuck": overview.stuck(tx, stuck_before(now)),
            "consents": overview.consents(tx),
            "backlogs": overview.backlogs(tx),
            "gates": overview.gates(tx, machine=machine),
            "workers": pulse_rows.all_workers(tx),
            "totals": _totals(tx),
            "stops": stops_of(tx),
            "differences": overview.open_differences(tx),
            "under_way": count_calls_under_way(tx, ALL),
        }
        piles = (overview.queue(tx, is_connected=True), overview.doubt(tx), overview.backlog(tx))
    alive = sum(machine - seen_at <= timedelta(seconds=ALIVE_SECONDS) for _, _, seen_at in values["workers"])
    values |= {"now": now, "machine": machine, "sections": SECTIONS, "rows_max": overview.ROWS_MAX}
    view = View(who, who.cookie)
    return _page(parts, status, "overview", view, notice, tiles=_tiles(*piles, alive=alive), **values)


def _tiles(waiting: overview.Pile, doubt: overview.Pile, backlog: overview.Pile, *, alive: int) -> list[Tile]:
    return [
        Tile("ワーカー", "Workers", str(alive), "good" if alive else "bad"),
        Tile("送信待ち", "Waiting", _counted(waiting), since=waiting.oldest_at),
        Tile("結果不明", "In doubt", _counted(doubt), "bad" if doubt.count else "good", doubt.oldest_at),
        Tile("未受信の通知", "Events not taken", _counted(backlog), since=backlog.oldest_at),
    ]


def _counted(pile: overview.Pile) -> str:
    return f"{pile.count:,}+" if pile.count >= overview.COUNT_MAX else f"{pile.count:,}"


def _totals(tx: Connection) -> dict[str, int]:
    counted = pulse_rows.all_counters(tx)
    names = {
        "calls": "bank_calls",
        "limited": "gate_limit_reached",
        "no_turn": "gate_no_turn",
        "jitter": "gate_jitter_exceeded",
    }
    return {shown: sum(value for entry, value in counted.items() if entry[0] == name) for shown, name in names.items()}


def _login_form(parts: Parts) -> Response:
    return _ask(parts, 200, None)


def _log_in(parts: Parts) -> Response:
    cookie = _cookie(parts)
    if cookie is None or not is_csrf_token(cookie, request.form.get("csrf", "")):
        return _ask(parts, 403, OUTDATED)
    name, password = request.form.get("name", "")[:32], Secret(request.form.get("password", "")[:128])
    try:
        who = parts.operators.log_in(name, password, at=parts.clock.now())
    except LoginRefused:
        return _ask(parts, 401, WRONG)
    except LoginBlocked as blocked:
        return _blocked(_ask(parts, 429, _later(blocked)), blocked)
    response = _to(HOME)
    _set_cookie(parts, response, who.cookie)
    return response


def _log_out(parts: Parts, who: LoggedIn) -> Response:
    parts.operators.log_out(who, at=parts.clock.now())
    response = _to(f"{HOME}/login")
    response.delete_cookie(parts.cookie_name, secure=parts.is_secure, httponly=True, samesite="Strict")
    return response


def _password_form(parts: Parts, who: LoggedIn) -> Response:
    return _page(parts, 200, "password", View(who, who.cookie), MUST_CHOOSE if who.must_choose else None)


def _choose(parts: Parts, who: LoggedIn) -> Response:
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    view = View(who, who.cookie)
    if new != again:
        return _page(parts, 400, "password", view, NOT_THE_SAME)
    try:
        chosen = parts.operators.choose_password(who, Secret(old[:128]), Secret(new), at=parts.clock.now())
    except PasswordRefused as refused:
        return _page(parts, 400, "password", view, UNFIT[refused.reason])
    except LoginRefused:
        return _page(parts, 403, "password", view, WRONG)
    except LoginBlocked as blocked:
        return _blocked(_page(parts, 429, "password", view, _later(blocked)), blocked)
    response = _page(parts, 200, "password", View(chosen, chosen.cookie), CHOSEN)
    _set_cookie(parts, response, chosen.cookie)
    return response


def _ask(parts: Parts, status: int, notice: Notice | None) -> Response:
    # A new cookie each time: what a browser had before its log-in is never what it has afterwards.
    cookie = parts.operators.new_cookie()
    response = _page(parts, status, "login", View(None, cookie), notice)
    _set_cookie(parts, response, cookie)
    return response


def _later(blocked: LoginBlocked) -> Notice:
    return Notice(
        f"失敗が続いたため、{blocked.seconds}秒後までログインできません。",
        f"Too many failures: try again in {blocked.seconds} seconds.",
    )


def _blocked(response: Response, blocked: LoginBlocked) -> Response:
    response.headers["Retry-After"] = str(blocked.seconds)
    return response


def _cookie(parts: Parts) -> Secret | None:
    text = request.cookies.get(parts.cookie_name, "")
    return Secret(text) if 0 < len(text) <= COOKIE_LENGTH_MAX else None


def _set_cookie(parts: Parts, response: Response, cookie: Secret) -> None:
    response.set_cookie(
        parts.cookie_name, cookie.reveal(), secure=parts.is_secure, httponly=True, samesite="Strict", path="/"
    )


def _page(parts: Parts, status: int, name: str, view: View, notice: Notice | None = None, **values: Any) -> Response:
    text = parts.pages.page(name, view, notice=notice, **values)
    return Response(text, status, content_type="text/html; charset=utf-8")


def _to(path: str) -> Response:
    response = redirect(path, code=303)
    assert isinstance(response, Response), "our own redirect"
    return response


def _with_headers(parts: Parts, response: Response) -> Response:
    response.headers.extend(parts.pages.headers)
    return response

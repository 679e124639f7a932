"""The operators' pages as text: Japanese first, English beside. No script, no outside link, nothing to be framed."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from integrator.domain.days import JAPAN
from integrator.operators import LoggedIn, csrf_token
from integrator.secret import Secret
from integrator.web.metrics import ALIVE_SECONDS

POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
CONSENT_WORDS = {
    None: "未連携 not connected",
    "connected": "連携中 connected",
    "needs_consent": "再同意が必要 needs consent",
}
NEAR_DAYS, SOON_DAYS = 7, 14


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence above a form."""

    text: str
    text_en: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number at the top. `tone` is bad, good or nothing."""

    label: str
    label_en: str
    value: str
    tone: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, and what the forms of the page must bring."""

    who: LoggedIn | None
    cookie: Secret


class OperatorPages:
    """The templates, compiled, and the policy that allows our one style sheet."""

    def __init__(self, *, environment: str) -> None:
        loader = PackageLoader("integrator.web", "templates")
        self._templates = Environment(
            loader=loader,
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "japan": _japan,
            "age": _age,
            "yen": lambda amount: f"¥{amount:,}",
            "days_left": _days_left,
            "nearness": _nearness,
            "is_alive": lambda seen_at, machine: machine - seen_at <= timedelta(seconds=ALIVE_SECONDS),
        }
        source, _, _ = loader.get_source(self._templates, "operator.css")
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        self._style = source
        self._environment = environment
        self.headers = (*HEADERS, ("Content-Security-Policy", f"{POLICY}; style-src 'sha256-{digest}'"))

    def page(self, name: str, view: View, *, notice: Notice | None = None, **values: Any) -> str:
        """Return the page `name` for who looks."""
        return self._templates.get_template(f"operator/{name}.html").render(
            style=self._style,
            environment=self._environment,
            who=view.who,
            csrf=csrf_token(view.cookie),
            notice=notice,
            consent_words=CONSENT_WORDS,
            **values,
        )


def _japan(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")


def _age(at: datetime, now: datetime) -> str:
    seconds = max(0, int((now - at).total_seconds()))
    for size, ja, en in ((86_400, "日", "d"), (3_600, "時間", "h"), (60, "分", "min")):
        if seconds >= size:
            return f"{seconds // size}{ja} ({seconds // size} {en})"
    return f"{seconds}秒 ({seconds} s)"


def _days_left(until: datetime, now: datetime) -> str:
    days = (until - now) // timedelta(days=1)
    return f"あと{days}日 ({days} days)" if until > now else "期限切れ (ended)"


def _nearness(until: datetime | None, now: datetime) -> str:
    if until is None:
        return ""
    left = until - now
    if left <= timedelta(days=NEAR_DAYS):
        return "bad"
    return "warn" if left <= timedelta(days=SOON_DAYS) else ""

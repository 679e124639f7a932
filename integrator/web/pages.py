"""The pages that an account holder sees after consent: Japanese first, English beside. No script, no outside link."""

import base64
import hashlib
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from integrator.domain.problem import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which an authorization can end, in words. `tone` is good, wait or bad."""

    status: int
    tone: str
    heading: str
    heading_en: str
    text: str
    text_en: str


OUTCOMES: dict[str, Outcome] = {
    "connected": Outcome(
        200,
        "good",
        "口座連携が完了しました",
        "The account is connected",
        "ReCOREから振込を依頼できるようになりました。この画面は閉じてかまいません。",
        "ReCORE can now place transfers. You may close this page.",
    ),
    "working": Outcome(
        202,
        "wait",
        "口座連携を処理しています",
        "The connection is being made",
        "銀行との手続きに時間がかかっています。この画面は閉じて、しばらくしてからReCOREで連携状態を確認してください。",
        "The bank is taking its time. Close this page and look at the connection in ReCORE a little later.",
    ),
    "denied": Outcome(
        403,
        "bad",
        "連携が許可されませんでした",
        "Consent was denied",
        "銀行の画面で許可されませんでした。連携するには、ReCOREからもう一度手続きを始めてください。",
        "Consent was not given on the bank's page. To connect, start again in ReCORE.",
    ),
    "bank-error": Outcome(
        502,
        "bad",
        "銀行が連携を受け付けませんでした",
        "The bank did not allow the connection",
        "銀行からエラーが返されました（{reason}）。ReCOREからもう一度手続きを始めてください。",
        "The bank reported an error ({reason}). Start again in ReCORE.",
    ),
    "state-unknown": Outcome(
        400,
        "bad",
        "この連携リンクは使用できません",
        "This link cannot be used",
        "リンクが正しくないか、別の会社のものです。ReCOREからもう一度手続きを始めてください。",
        "The link is not right or belongs to another company. Start again in ReCORE.",
    ),
    "state-used": Outcome(
        400,
        "bad",
        "この連携リンクは使用済みです",
        "This link was already used",
        "連携の結果はReCOREの連携状態で確認してください。未連携の場合は、もう一度手続きを始めてください。",
        "See the connection in ReCORE for how it ended. If it is not connected, start again there.",
    ),
    "state-expired": Outcome(
        400,
        "bad",
        "この連携リンクは期限切れです",
        "This link has expired",
        "手続きは15分以内に完了してください。ReCOREからもう一度始めてください。",
        "Consent must be finished within 15 minutes. Start again in ReCORE.",
    ),
    "code-missing": Outcome(
        400,
        "bad",
        "銀行からの情報が足りません",
        "Something from the bank is missing",
        "認可コードがありません。ReCOREからもう一度手続きを始めてください。",
        "There is no authorization code. Start again in ReCORE.",
    ),
    "exchange-refused": Outcome(
        502,
        "bad",
        "銀行が連携を完了できませんでした",
        "The bank refused to complete the connection",
        "銀行の回答: {reason}。ReCOREからもう一度手続きを始めてください。続く場合は管理者に連絡してください。",
        "The bank answered {reason}. Start again in ReCORE. If it happens again, tell an operator.",
    ),
    "exchange-unavailable": Outcome(
        502,
        "bad",
        "銀行に接続できませんでした",
        "The bank could not be reached",
        "連携は完了していません。しばらくしてから、ReCOREでもう一度手続きを始めてください。",
        "The account is not connected. Wait a little and start again in ReCORE.",
    ),
}


_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Pages:
    """The templates, compiled, and the policy that allows our one style sheet."""

    def __init__(self) -> None:
        loader = PackageLoader("integrator.web", "templates")
        self._templates = Environment(
            loader=loader, autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True
        )
        source, _, _ = loader.get_source(self._templates, "page.css")
        self._style = source
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        self.content_security_policy = f"{_POLICY}; style-src 'sha256-{digest}'"

    def outcome(self, name: str, *, reason: str = "") -> str:
        """Return the page of a row of OUTCOMES; `reason` is the bank's error code where the words have room for it."""
        outcome = OUTCOMES[name]
        return self._render(
            tone=outcome.tone,
            heading=outcome.heading,
            heading_en=outcome.heading_en,
            text=outcome.text.format(reason=reason),
            text_en=outcome.text_en.format(reason=reason),
        )

    def problem(self, found: Problem) -> str:
        """Return the page of a problem that came before any outcome."""
        return self._render(
            tone="bad",
            heading=found.title,
            heading_en="This cannot be shown",
            text=found.detail,
            text_en=found.detail_en,
        )

    def _render(self, **words: str) -> str:
        return self._templates.get_template("page.html").render(style=self._style, **words)

"""Every refusal and failure of the web side as a problem document (RFC 9457): one table from code to status and words.

Domain refusals bring their own words; here they only get their HTTP status.
"""

from dataclasses import dataclass, replace
from typing import Any

from integrator.domain.problem import Problem

PROBLEM_MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one code have in common."""

    status: int
    title: str
    detail: str
    detail_en: str


KINDS: dict[str, Kind] = {
    "request-invalid": Kind(
        400,
        "リクエストの内容が正しくありません",
        "リクエストを確認してください。",
        "The request is not as the contract describes it.",
    ),
    "key-missing": Kind(
        401,
        "APIキーがありません",
        "Authorization ヘッダーに Bearer APIキー を指定してください。",
        "Send the API key as Authorization: Bearer KEY.",
    ),
    "key-unknown": Kind(
        401,
        "APIキーが無効です",
        "APIキーが登録されていないか、失効しています。管理者に確認してください。",
        "The API key is not known or has been revoked. Ask an operator for a new one.",
    ),
    "role-not-allowed": Kind(
        403,
        "このAPIキーでは実行できません",
        "この操作には別の種類のAPIキーが必要です。",
        "This operation needs an API key of another role.",
    ),
    "other-company": Kind(
        403,
        "他の会社の情報は利用できません",
        "このAPIキーの会社IDを指定してください。",
        "The key belongs to another company. Use that company's id in the path.",
    ),
    "path-unknown": Kind(
        404,
        "該当する操作がありません",
        "URLを確認してください。",
        "There is no such path. See contracts/integrator.yaml.",
    ),
    "company-unknown": Kind(
        404,
        "会社が登録されていません",
        "会社IDを確認するか、先に会社を登録してください。",
        "There is no such company. Check the id or register the company first.",
    ),
    "payout-unknown": Kind(
        404, "支払が見つかりません", "支払IDを確認してください。", "This company has no such payout. Check the id."
    ),
    "callback-unknown": Kind(
        404,
        "コールバックが登録されていません",
        "先に PUT でコールバックURLを登録してください。",
        "The company has no callback. Set one first with PUT.",
    ),
    "bank-unknown": Kind(
        404,
        "金融機関が見つかりません",
        "金融機関コードを確認してください。",
        "There is no bank of this code in our directory. Check the code.",
    ),
    "method-not-allowed": Kind(
        405,
        "このメソッドは使えません",
        "Allow ヘッダーのメソッドを使ってください。",
        "Use one of the methods in the Allow header.",
    ),
    "not-connected": Kind(
        409,
        "銀行口座と連携していません",
        "口座連携を行ってから、もう一度お試しください。",
        "The company is not connected to the bank. Let the account holder consent, then try again.",
    ),
    "idempotency-conflict": Kind(
        409,
        "同じ冪等キーで別の内容が依頼されています",
        "このキーは別の支払に使われています。内容を戻すか、新しいキーを指定してください。",
        "This Idempotency-Key stands for another payout. Send the same body again, or use a new key.",
    ),
    "cancel-refused": Kind(
        409,
        "この支払は取り消せません",
        "現在の状態では取消できません。",
        "The payout cannot be cancelled in its present state.",
    ),
    "company-exists": Kind(
        409,
        "すでに登録されています",
        "会社IDまたはクライアントIDは、すでに登録されています。",
        "A company with this company_id or client_id is already registered.",
    ),
    "not-stopped": Kind(
        409,
        "支払は停止されていません",
        "この範囲の緊急停止はありません。復旧後の停止は、銀行の照会が済むと自動で解除されます。",
        "There is no emergency stop of this scope. A stop after a restore ends by itself once the bank was asked.",
    ),
    "difference-unknown": Kind(
        404, "差異が見つかりません", "差異IDを確認してください。", "This company has no such difference. Check the id."
    ),
    "difference-closed": Kind(
        409,
        "差異の状態を変更できません",
        "解決済みの差異は変更できません。説明済みの差異は、解決済みにだけ変更できます。",
        "A closed difference stays closed; an explained one can only be explained anew or closed.",
    ),
    "reconciliation-unknown": Kind(
        404,
        "突合が見つかりません",
        "突合IDを確認してください。",
        "This company has no such reconciliation. Check the id.",
    ),
    "reconciliation-under-way": Kind(
        409,
        "別の期間の突合が終わっていません",
        "その突合（came のID）が終わってから、もう一度依頼してください。",
        "A reconciliation of other days, named in came, is not done yet. Ask again once it is.",
    ),
    "period-refused": Kind(
        422,
        "この期間は突合できません",
        "今日までの31日以内の期間を指定してください。date_from は date_to 以前の日付にしてください。",
        "Give at most 31 days up to today, date_from not after date_to.",
    ),
    "decision-not-open": Kind(
        409,
        "この支払は担当者の判断待ちではありません",
        "状態が needs_person の支払にだけ、判断を記録できます。照会中のときは、しばらくしてからお試しください。",
        "Only a payout in needs_person can be decided. If it is being looked up just now, try again in a moment.",
    ),
    "decision-contradicted": Kind(
        409,
        "銀行の情報と合いません",
        "銀行の振込状況または明細が、記録しようとした内容と異なります。銀行の表示をもう一度確認してください。",
        "What the bank shows contradicts this decision. Look again at the bank's site or statement.",
    ),
    "decision-too-early": Kind(
        409,
        "まだ明細では判断できません",
        "振込指定日が過ぎ、最初の送信から23時間たつまでは、明細に無くても不成立とは言えません。銀行の担当者に確認してください。",
        "Until the day is over and 23 hours after the first attempt, a statement proves nothing. Ask the bank's staff.",
    ),
    "body-too-large": Kind(
        413, "リクエストが大きすぎます", "本文は64KiB以内にしてください。", "The body may have at most 64 KiB."
    ),
    "content-type-unsupported": Kind(
        415,
        "Content-Type が正しくありません",
        "本文は application/json で送信してください。",
        "Send the body as application/json.",
    ),
    "other-environment": Kind(
        422,
        "環境が一致しません",
        "この環境に登録できるのは、同じ環境の会社だけです。",
        "This service belongs to another environment. Register the company there.",
    ),
    "callback-url-refused": Kind(
        422,
        "このURLには通知できません",
        "公開されたホストの https のURLを指定してください。社内や端末内のアドレスには通知できません。",
        "Events cannot be sent there. Give an https URL of a public host; addresses inside a network are refused.",
    ),
    "redirect-uri-too-long": Kind(
        422,
        "リダイレクトURLが長すぎます",
        "銀行に登録できるのは256文字までです。会社IDを短くしてください。",
        "The bank registers redirect URLs of at most 256 characters. Use a shorter company_id.",
    ),
    "name-not-transferable": Kind(
        422,
        "名義を振込できる文字にできません",
        "全角または半角のカタカナで入力してください。",
        "The name cannot be written in the bank's characters. Write it in katakana.",
    ),
    "period-reversed": Kind(
        400,
        "対象期間が正しくありません",
        "date_from は date_to 以前の日付にしてください。",
        "date_from must not be after date_to.",
    ),
    "cursor-unknown": Kind(
        400,
        "次ページキーが正しくありません",
        "前のページの next_cursor をそのまま指定してください。",
        "Pass next_cursor of the page before, unchanged.",
    ),
    "bank-refused-order": Kind(
        422,
        "銀行で受け付けられない内容です",
        "銀行の回答を確認し、内容を直してください。",
        "The bank would not take this order. Correct it.",
    ),
    "too-many-requests": Kind(
        429,
        "リクエストが多すぎます",
        "Retry-After の秒数だけ待ってから、もう一度送信してください。",
        "This key makes more requests than it may. Wait for the seconds of Retry-After, then send it again.",
    ),
    "failure": Kind(
        500,
        "処理に失敗しました",
        "当サービスの不具合です。instance を添えてご連絡ください。支払依頼は、同じ冪等キーで再度送信できます。",
        "A bug of ours. Report the instance. A payout order can be sent again under the same Idempotency-Key.",
    ),
    "bank-refused": Kind(
        502,
        "銀行が照会を受け付けませんでした",
        "銀行の回答を確認してください。",
        "The bank refused the inquiry.",
    ),
    "bank-unreadable": Kind(
        502,
        "銀行の回答を読み取れませんでした",
        "しばらくしてから、もう一度お試しください。",
        "The bank's answer could not be read. Try again later.",
    ),
    "bank-unavailable": Kind(
        503,
        "銀行に接続できません",
        "しばらくしてから、もう一度お試しください。",
        "The bank cannot be asked right now. Try again later.",
    ),
    "too-many-waiting": Kind(
        503,
        "混み合っています",
        "銀行への照会が多すぎます。しばらくしてから、もう一度お試しください。",
        "Too many inquiries are waiting for the bank. Try again later.",
    ),
    "seal-broken": Kind(
        503,
        "保管された秘密情報を読み取れません",
        "当サービスの鍵の設定を確認してください。管理者にご連絡ください。",
        "A kept secret does not open with the configured keys. Tell an operator.",
    ),
    "not-ready": Kind(
        503,
        "準備ができていません",
        "データベースに接続できないか、移行が済んでいません。integrator migrate を実行してください。",
        "The database does not answer or lacks migrations. Run: integrator migrate",
    ),
    "no-answer-in-time": Kind(
        504,
        "時間内に回答がありませんでした",
        "ワーカーが動いているか確認し、もう一度お試しください。",
        "The worker did not answer in time. See that it runs, and try again.",
    ),
}

# Codes of refusals that `payouts` words itself; all of them are well-formed orders that break a rule.
REFUSED_STATUS = 422


class WebProblem(Exception):
    """A problem on its way to the caller."""

    def __init__(self, problem: Problem, *, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(problem.detail_en)
        self.problem = problem
        self.status = status
        self.headers = headers

    def as_json(self, *, instance: str | None = None) -> dict[str, Any]:
        """Return the document with its status, and `instance` when there is one."""
        members = {**self.problem.as_json(), "status": self.status}
        return members if instance is None else {**members, "instance": instance}


@dataclass(frozen=True, slots=True)
class Words:
    """What one occurrence adds to its kind. Absent texts are those of the kind."""

    detail: str | None = None
    detail_en: str | None = None
    field: str | None = None
    expected: str | None = None
    came: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


_NO_WORDS = Words()


def problem(code: str, words: Words = _NO_WORDS) -> WebProblem:
    """Return the problem of a row of KINDS, ready to raise."""
    kind = KINDS[code]
    found = Problem(
        code=code,
        title=kind.title,
        detail=words.detail or kind.detail,
        detail_en=words.detail_en or kind.detail_en,
        field=words.field,
        expected=words.expected,
        came=words.came,
    )
    return WebProblem(found, status=kind.status, headers=words.headers)


def refused(found: Problem) -> WebProblem:
    """Return the problem of a domain refusal that has its own words."""
    return WebProblem(found, status=REFUSED_STATUS)


_INPUT_WORDS = {  # by the JSON Schema keyword that failed; anything else is "not right"
    "missing": ("{label}を指定してください。", "{field} is required."),
    "required": ("{label}を指定してください。", "{field} is required."),
    "unknown": ("{label}という項目はありません。", "{field} is not known here."),
    "repeated": ("{label}は1回だけ指定してください。", "{field} may stand only once."),
    "unreadable": ("本文をJSONとして読み取れません。", "The body cannot be read as JSON."),
    "type": ("{label}の型が正しくありません。", "{field} has the wrong type."),
}
_NOT_RIGHT = ("{label}が正しくありません。", "{field} is not right.")


def input_invalid(reason: str, *, label: str, words: Words) -> WebProblem:
    """Return the problem of a request outside the contract; `reason` is the rule of the contract that it breaks."""
    detail, detail_en = _INPUT_WORDS.get(reason, _NOT_RIGHT)
    where = words.field or "the body"
    told = replace(words, detail=detail.format(label=label), detail_en=detail_en.format(field=where))
    return problem("request-invalid", told)

"""Refusals of the control surface: one table of codes, statuses and words in Japanese and English. No action."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One kind of refusal; `{}` in the texts takes the particulars."""

    status: int
    message: str
    message_en: str


PROBLEMS: Final[dict[str, ProblemRow]] = {
    "not_from_here": ProblemRow(
        403, "この接続元からは操作できません。", "The control surface does not answer to this address or origin."
    ),
    "path_unknown": ProblemRow(404, "この操作はありません。", "There is no such operation."),
    "method_not_allowed": ProblemRow(405, "このメソッドは使えません。", "This operation has another method."),
    "body_not_json": ProblemRow(
        400, "JSONのオブジェクトを送ってください。", "Expected a JSON object with Content-Type application/json: {}"
    ),
    "field_invalid": ProblemRow(400, "項目が正しくありません。", "This member or parameter cannot be used: {}"),
    "client_unusable": ProblemRow(400, "このクライアントは登録できません。", "The client cannot be registered: {}"),
    "client_unknown": ProblemRow(404, "クライアントが登録されていません。", "No client has this id."),
    "customer_unknown": ProblemRow(404, "顧客が存在しません。", "No customer has this id."),
    "login_unknown": ProblemRow(404, "ログインが存在しません。", "This customer has no such log-in: {}"),
    "not_an_approver": ProblemRow(409, "この人はこの申請を決裁できません。", "The person may not decide on it: {}"),
    "account_unknown": ProblemRow(404, "口座が存在しません。", "No such account: {}"),
    "deposit_sent_back": ProblemRow(
        409,
        "この振込入金口座には入金できません。資金は振込元に返却されました。",
        "The virtual account takes no deposits; the money went back: {}",
    ),
    "apply_no_unknown": ProblemRow(404, "受付番号が存在しません。", "No application has this number."),
    "fault_unknown": ProblemRow(404, "障害設定が存在しません。", "No fault has this id."),
    "operation_unknown": ProblemRow(400, "対象の操作がありません。", "No operation has this name."),
    "fault_impossible": ProblemRow(400, "この時点ではこの障害を起こせません。", "This fault is not possible: {}"),
    "consent_refused": ProblemRow(400, "同意できません。", "Consent is not possible: {}"),
    "scenario_unusable": ProblemRow(400, "シナリオを使えません。", "The scenario cannot be used: {}"),
    "value_impossible": ProblemRow(400, "この値は使えません。", "This value cannot be used: {}"),
    "snapshot_unusable": ProblemRow(
        400, "このスナップショットは使えません。", "The snapshot cannot be used, and nothing has changed: {}"
    ),
    "world_unknown": ProblemRow(404, "この名前の世界は存在しません。", "No world has this name."),
    "worlds_from_first_only": ProblemRow(
        404, "世界の作成と削除は元の銀行でだけできます。", "Worlds are made and dropped without the prefix /w/ only."
    ),
    "world_exists": ProblemRow(409, "この名前の世界はすでに存在します。", "The name is taken: {}"),
    "too_many_worlds": ProblemRow(409, "世界の数が上限に達しています。", "No room for another world: {}"),
    "clock_backwards": ProblemRow(409, "銀行の時刻は戻せません。", "The bank's clock only goes forward: {}"),
    "failure_inside": ProblemRow(
        500, "内部エラーが発生しました。", "A failure inside; the log of the bank has the particulars."
    ),
    "impossible_step": ProblemRow(409, "今の状態ではこの操作はできません。", "The state does not allow this step: {}"),
}


class Problem(Exception):
    """The control surface refuses. `detail` goes into the English text; it never holds a secret."""

    def __init__(
        self, code: str, detail: str = "", *, at: str | None = None, possible: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.row = PROBLEMS[code]
        self.detail = detail
        self.at = at
        self.possible = possible

    def body(self) -> dict[str, object]:
        """Return the JSON of the refusal."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.row.message,
            "message_en": self.row.message_en.format(self.detail),
        }
        if self.at is not None:
            error["at"] = self.at
        if self.possible is not None:
            error["possible"] = list(self.possible)
        return {"error": error}

"""What the pages say: Japanese first, English beside. Names of calls are those of the contracts."""

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import contracts
from mock_gmo.contract import METHODS
from mock_gmo.testing.verdict import Finding


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    ja: str
    en: str


# Facts of the integrator's log that belong to a payout; any other is told by its own name.
FACTS: Final = MappingProxyType({
    "http.answered": Words("呼出に応答", "a caller was answered"),
    "payout.call_recorded": Words("結果を記録", "outcome recorded"),
    "payout.cancel_called": Words("取消を依頼", "cancel asked for"),
    "payout.decided": Words("担当者が判断", "a person decided"),
    "payout.doubt": Words("結果不明の確認", "doubt looked into"),
    "payout.expired": Words("期限切れ", "expired"),
    "payout.lease_lapsed": Words("処理の担当が途切れた", "a lease lapsed"),
    "payout.needs_person": Words("担当者の判断が必要", "waits for a person"),
    "payout.not_sent_too_late": Words("期限を過ぎたため送らない", "not sent: too late"),
    "payout.outcome_came_late": Words("結果が遅れて届いた", "an outcome came late"),
    "payout.second_order": Words("二つ目の依頼が見つかった", "a second order was found"),
})  # fmt: skip
OPERATIONS: Final = MappingProxyType({"requestPayout": Words("支払の依頼を受付", "payout asked for")})
UNKNOWN_CALL: Final = Words("銀行の呼出", "a call at the bank")
SIDES: Final = MappingProxyType({
    "integrator": Words("連携サービス", "integrator"),
    "bank": Words("銀行の記録", "the bank's journal"),
    "both": Words("連携サービス → 銀行", "integrator → bank"),
    "money": Words("口座", "the account"),
})  # fmt: skip
FACT_NAMES: Final = MappingProxyType({
    "status": Words("HTTP", "status"),
    "fault": Words("障害", "fault"),
    "refusal_id": Words("拒否", "refusal"),
    "apply_no": Words("受付番号", "apply number"),
    "told": Words("振込ステータス", "state"),
    "integrator": Words("連携サービス側", "integrator saw"),
    "result": Words("判定", "result"),
    "reason": Words("理由", "reason"),
    "error_code": Words("エラーコード", "error code"),
    "outcome": Words("結果", "outcome"),
    "state": Words("状態", "state"),
    "step": Words("次の手", "step"),
    "failure": Words("失敗", "failure"),
    "source": Words("根拠", "source"),
    "amount": Words("金額", "amount"),
    "fee": Words("手数料", "fee"),
})  # fmt: skip
FINDINGS: Final = MappingProxyType({
    Finding.PAID_ONCE: Words("一度だけ支払済", "paid once"),
    Finding.NOT_PAID: Words("支払なし", "not paid"),
    Finding.OPEN: Words("未確定", "still open"),
    Finding.WITH_A_PERSON: Words("担当者待ち", "waits for a person"),
    Finding.WRONG_AMOUNT: Words("金額違い", "wrong amount"),
    Finding.WRONG_BENEFICIARY: Words("受取人違い", "wrong beneficiary"),
    Finding.LOST: Words("支払われていない", "lost"),
    Finding.BELIEVED_FAILED_BUT_PAID: Words("失敗と認識、実際は支払済", "believed failed but paid"),
    Finding.PAID_TWICE: Words("二重払い", "paid twice"),
    Finding.DEBIT_WITHOUT_CLAIM: Words("依頼のない出金", "debit without a payout"),
})  # fmt: skip


def words_of_fact(event: str, operation: str) -> Words:
    """Return the name of a fact of the log."""
    return OPERATIONS.get(operation) or FACTS.get(event) or Words(event, "")


def words_of_call(method: str, path: str) -> Words:
    """Return the bank's name of a call, whatever prefix its path has, and the operation's id."""
    relative = max((it for it in _calls() if it[0] == method and path.endswith(it[1])), key=_length, default=None)
    return _calls()[relative] if relative is not None else UNKNOWN_CALL


def _length(call: tuple[str, str]) -> int:
    return len(call[1])


@cache
def _calls() -> dict[tuple[str, str], Words]:
    found: dict[tuple[str, str], Words] = {}
    for name in ("personal", "corporation", "auth"):
        for path, item in contracts.load(name)["paths"].items():
            for method in METHODS:
                if method in item:
                    found[method.upper(), path] = Words(item[method]["x-name-ja"], item[method]["operationId"])
    return found

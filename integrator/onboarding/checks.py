"""What a rehearsal of a connection looks at: one row a check, with what to do when it fails. Values and words only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from integrator.domain.payout import written_instant


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105  (a word of the table, not a password)
    FAIL = "FAIL"
    NOT_DONE = "----"  # an earlier check stands in its way


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the table: what is looked at, and what to do when it is not right. Japanese first."""

    title: str
    title_en: str
    mend: str
    mend_en: str


# In the order in which they are made; each needs those before it that it cannot do without.
SUBJECTS: dict[str, Subject] = {
    "settings": Subject(
        "設定（環境・銀行ホスト）",
        "settings: environment and bank host",
        "INTEGRATOR_ENVIRONMENT と INTEGRATOR_BANK_URL を確認する",
        "Check INTEGRATOR_ENVIRONMENT and INTEGRATOR_BANK_URL",
    ),
    "database": Subject(
        "データベースと鍵",
        "database and keys",
        "integrator migrate を実行し、この環境のデータベースと鍵を指定する",
        "Run integrator migrate, with this environment's database and keys",
    ),
    "redirect_form": Subject(
        "リダイレクトURL（環境との一致）",
        "redirect URL belongs to the environment",
        "integrator application-form のURLと比べ、会社を正しい環境に登録し直す",
        "Compare with integrator application-form; register the company in its own environment",
    ),
    "reachable": Subject(
        "銀行への接続",
        "the bank can be reached",
        "送信元IPアドレスの登録、ファイアウォール、DNS、メンテナンス情報を確認する",
        "Check the registered source address, firewall, DNS, and the bank's maintenance notices",
    ),
    "redirect_registered": Subject(
        "リダイレクトURL（銀行への登録）",
        "redirect URL is registered with the bank",
        "接続通知書のクライアントIDとリダイレクトURLを1文字ずつ確認する",
        "Compare client id and redirect URL with the bank's notice, character by character",
    ),
    "connection": Subject(
        "口座連携（同意）",
        "the account holder has consented",
        "POST /v1/companies/{company_id}/authorization のURLを口座名義人に開いてもらう",
        "Have the account holder open the URL of POST /v1/companies/{company_id}/authorization",
    ),
    "scopes": Subject(
        "スコープ",
        "scopes",
        "口座・振込のスコープを銀行に申請し、同意をやり直す",
        "Apply for the account and transfer scopes, then consent anew",
    ),
    "consent_days": Subject(
        "同意の残り日数",
        "days until a new consent is needed",
        "口座名義人に同意をやり直してもらう",
        "Have the account holder consent anew",
    ),
    "token": Subject(
        "トークンの保管と更新",
        "token is kept and can be renewed",
        "ワーカーが動いているか確認し、だめなら同意をやり直す",
        "See that a worker runs; if it does, consent anew",
    ),
    "accounts": Subject(
        "口座一覧照会と口座ID",
        "accounts, and the company's account id among them",
        "integrator company show の口座IDを口座一覧と比べる",
        "Compare the account id of integrator company show with the holder's accounts",
    ),
    "balances": Subject(
        "残高照会", "balances", "口座の権限を銀行に確認する", "Ask the bank for the rights on this account"
    ),
    "fee": Subject(
        "振込手数料事前照会（資金は動かない）",
        "transfer fee inquiry (moves no money)",
        "銀行の回答コードと --beneficiary を確認する。振込のスコープと契約（更新系接続）も確認する",
        "Look at the bank's code and at --beneficiary; check the transfer scope and the contract for write access",
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check as it went. `request_id` finds its calls in the log; absent when it made none."""

    name: str
    result: Result
    seen: str
    at: datetime
    request_id: str | None = None

    @property
    def subject(self) -> Subject:
        """Return the row of the table."""
        return SUBJECTS[self.name]

    def as_json(self) -> dict[str, Any]:
        """Return the form of the evidence."""
        subject = self.subject
        found = {
            "check": self.name,
            "title": subject.title,
            "title_en": subject.title_en,
            "result": "NOT_DONE" if self.result is Result.NOT_DONE else self.result.value,
            "seen": self.seen,
            "at": written_instant(self.at),
        }
        if self.result is Result.FAIL:
            found |= {"mend": subject.mend, "mend_en": subject.mend_en}
        return found if self.request_id is None else {**found, "request_id": self.request_id}


def masked(text: str) -> str:
    """Return an account or client id of which only the last four characters can be read."""
    return "*" * max(0, len(text) - 4) + text[-4:]

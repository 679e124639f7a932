"""The bank's security questions that NOVASTO answers for its customers, and what in the product each answer rests on.

`features` are commands, documents and tests of this repository; a test holds that each of them is there. Numbers that
are not here are the company's own, as are those marked so.
"""

from dataclasses import dataclass
from typing import Any

RUNBOOK = "docs/runbook.md"
SECRETS = "docs/decisions/0013-secrets-at-rest.md"
SUPERVISION = "docs/decisions/0014-the-statement-is-the-proof.md"
OWN = "（会社ご記入 / the company answers）"
YES = "はい / Yes"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question, or several that are answered alike. `answer` None: the company answers for itself."""

    numbers: tuple[int, ...]
    subject: str
    subject_en: str
    answer: str | None
    features: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the numbers as the bank writes them."""
        return "Sec-" + ", ".join(map(str, self.numbers))

    def as_json(self) -> dict[str, Any]:
        """Return the answer with what it rests on."""
        return {
            "numbers": [f"Sec-{number}" for number in self.numbers],
            "subject": self.subject_en,
            "subject_ja": self.subject,
            "answered_by": "own" if self.answer is None else "NOVASTO",
            "answer": self.answer,
            "features": list(self.features),
        }


ANSWERS: tuple[Answer, ...] = (
    Answer((1,), "情報セキュリティ責任者の設置", "a responsible officer for information security", YES),
    Answer((3, 4), "情報セキュリティ方針・機密情報の規程", "security policy; rules for confidential information", None),
    Answer(
        (6, 7, 8),
        "インシデント対応の体制・手順・連絡網",
        "incident response: organisation, flow, contact tree",
        YES,
        (RUNBOOK, "integrator stop-payouts", "tests/scenario/test_emergency_stop.py"),
    ),
    Answer(
        (9, 10),
        "外部委託先の選定・管理、本システムの外部委託",
        "outsourcing: selection and control rules; of this system",
        "1 はい 2 はい 3 はい; 委託なし / 1 Yes 2 Yes 3 Yes; none outsourced",
    ),
    Answer(
        (12, 13),
        "パスワード規程、共有IDの禁止",
        "password policy; no shared accounts",
        None,
        ("integrator operator add", "tests/scenario/test_people.py"),
    ),
    Answer(
        (14, 15),
        "利用者・運用者IDの最小権限",
        "least privilege for every user and for operators' ids",
        "はい（15） / Yes (15)",
        (
            "integrator operator add",
            "integrator key create",
            "integrator roles",
            SECRETS,
            "tests/scenario/test_least_privilege.py",
        ),
    ),
    Answer(
        (16,),
        "本番と開発のネットワーク分離",
        "production and development networks are separate",
        "いいえ。ステージングもIP制限された外部APIを使うため、本番ネットワーク内に別環境として置く。"
        "相互の通信はなく、職務を分離している / "
        "No: staging needs the IP-restricted external API, so it lives in the production network as a separate "
        "environment with no mutual traffic; duties are separated",
        (SECRETS, "tests/unit/integrator_safety/test_installation.py"),
    ),
    Answer((17,), "内部通信の必要最小限化", "internal traffic limited to the necessary", YES),
    Answer(
        (18, 19),
        "変更管理と違反の検知",
        "change management, with detection of violations",
        YES,
        ("integrator audit verify", SUPERVISION, "tests/unit/integrator_store/test_audit.py"),
    ),
    Answer(
        (20,),
        "計画外のプログラム変更の検知（回帰試験など）",
        "unplanned changes to the program are detected",
        YES,
        ("make check", ".ci/run"),
    ),
    Answer((24,), "秘密保持契約", "non-disclosure agreements", None),
    Answer(
        (26,),
        "年次の脆弱性診断",
        "yearly vulnerability assessment",
        YES,
        ("make audit", "make check"),
    ),
    Answer(
        (27, 28, 29),
        "WAF、IPS、通信履歴の分析",
        "WAF, IPS, analysis of communication history",
        YES,
        ("integrator/web/access_log.py", "integrator/bank_client/calls.py", RUNBOOK),
    ),
    Answer(
        (33, 34),
        "内部不正の検知、委託先のアクセス",
        "detection of inside misuse; outsourcers' access",
        "はい; いいえ（委託なし） / Yes; No (none)",
        ("integrator audit export", "integrator audit verify", SUPERVISION),
    ),
    Answer(
        (36,),
        "アクセストークン・リフレッシュトークンの厳格な保管",
        "access and refresh tokens are strictly kept, encrypted, readable by a specific id only",
        YES,
        (SECRETS, "integrator rotate-keys", "integrator roles", "tests/unit/integrator_vault/test_vault.py"),
    ),
    Answer(
        (37,),
        "期限切れトークンの物理削除",
        "access and refresh tokens are physically deleted once they expire",
        YES,
        ("integrator purge", SECRETS, "tests/unit/integrator_safety/test_purge.py"),
    ),
    Answer((39, 40), "業務PCのマルウェア対策と更新", "anti-malware on office PCs, kept up to date", YES),
    Answer(
        (41, 42),
        "過去のインシデントと対応",
        "past incidents and their follow-up",
        "いいえ; 該当なし / No; not applicable",
    ),
)


def as_markdown() -> str:
    """Return the questions and answers for people: Japanese first."""
    lines = [
        "# セキュリティ質問への回答 / Answers to the security questions",
        "",
        "| 番号 / no | 内容 / subject | 回答 / answer | 根拠 / what it rests on |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {each.name} | {each.subject} / {each.subject_en} | {each.answer or OWN} | "
        f"{', '.join(f'`{feature}`' for feature in each.features) or '–'} |"
        for each in ANSWERS
    ]
    return "\n".join([*lines, ""])

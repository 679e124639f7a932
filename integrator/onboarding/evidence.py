"""The evidence of a rehearsal for the bank's connection test (接続試験): one document, as JSON and as Markdown."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from integrator.domain.payout import written_instant
from integrator.onboarding.checks import Check, Result, masked
from integrator.onboarding.rehearsal import Rehearsed
from integrator.settings import WorkerSettings
from integrator.store.companies import Company

OWNER_ONLY = 0o600
CALL_MEMBERS = ("ts", "context", "method", "path", "status", "duration_ms", "result", "error_code", "call_id")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who was rehearsed, where, when, and how it went."""

    company: Company
    settings: WorkerSettings
    at: datetime
    rehearsed: Rehearsed

    def as_json(self) -> dict[str, Any]:
        """Return the document. Ids are masked; no token, secret, name of a person or balance is in it."""
        company, settings = self.company, self.settings
        return {
            "document": "connection-test",
            "at": written_instant(self.at),
            "environment": settings.environment.value,
            "bank_url": settings.bank_url,
            "company_id": company.company_id,
            "client_id": masked(company.client_id),
            "account_id": masked(company.account_id),
            "redirect_uri": company.redirect_uri,
            "passed": self.rehearsed.is_passed,
            "checks": [check.as_json() for check in self.rehearsed.checks],
            "calls": [
                {name: line[name] for name in (*CALL_MEMBERS, "request_id") if name in line}
                for line in self.rehearsed.calls
            ],
        }

    def as_markdown(self) -> str:
        """Return the same for people: Japanese first."""
        told = self.as_json()
        facts = ("at", "environment", "bank_url", "company_id", "client_id", "account_id", "redirect_uri")
        lines = [
            "# 接続試験の記録 / Connection test",
            "",
            f"結果 / result: **{'PASS' if told['passed'] else 'FAIL'}**. 資金は動いていません。No money was moved.",
            "",
            *(f"- {name}: `{told[name]}`" for name in facts),
            "",
            "| # | 確認 / check | 結果 | 内容 / seen | 時刻 / at | request_id |",
            "|---|---|---|---|---|---|",
            *(_row(number, check) for number, check in enumerate(self.rehearsed.checks, start=1)),
            "",
            "## API実行ログ / API execution log",
            "",
            "| " + " | ".join(CALL_MEMBERS) + " |",
            "|" + "---|" * len(CALL_MEMBERS),
            *("| " + " | ".join(_cell(call.get(name, "")) for name in CALL_MEMBERS) + " |" for call in told["calls"]),
            "",
        ]
        return "\n".join(lines)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both forms, readable by their owner only, and return their paths. Raises OSError."""
        stem = f"connection-test-{self.company.company_id}-{self.settings.environment}-{self.at:%Y%m%dT%H%M%SZ}"
        folder.mkdir(parents=True, exist_ok=True)
        document = json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n"
        written = ((folder / f"{stem}.json", document), (folder / f"{stem}.md", self.as_markdown()))
        for path, text in written:
            with os.fdopen(
                os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, OWNER_ONLY), "w", encoding="utf-8"
            ) as file:
                file.write(text)
        return written[0][0], written[1][0]


def table(checks: tuple[Check, ...]) -> str:
    """Return the checks for a terminal: Japanese first, and for each that failed what to do."""
    lines = []
    for check in checks:
        subject = check.subject
        lines.append(
            f"{check.result}  {subject.title} / {subject.title_en}" + (f": {check.seen}" if check.seen else "")
        )
        if check.result is Result.FAIL:
            lines += [f"      → {subject.mend}", f"      → {subject.mend_en}"]
    return "\n".join(lines)


def _row(number: int, check: Check) -> str:
    subject = check.subject
    cells = (
        str(number),
        f"{subject.title} / {subject.title_en}",
        check.result.value,
        check.seen,
        written_instant(check.at),
        check.request_id or "",
    )
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(value: object) -> str:
    return str("" if value is None else value).replace("|", "\\|")

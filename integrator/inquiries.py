"""Questions to the bank that change nothing, asked by the web and answered by the worker.

Above: what can be asked. Below: how the worker answers. An answer holds balances and names, so it is not kept
longer than the web needs to read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from integrator.bank_client.statements import (
    AccountList,
    AccountView,
    BalanceView,
    StatementLine,
    StatementPage,
    StatementQuery,
)
from integrator.bank_client.wire import FeeQuote, TransferLine, TransferOrder
from integrator.desk import Desk
from integrator.domain.payout import Beneficiary, written_instant
from integrator.store.companies import Company
from integrator.store.jobs import Job, JobAnswer, JobKind

QUOTE_MARK = "QUOTE"  # a fee inquiry takes the body of an order; its line needs no mark that is ever looked for


@dataclass(frozen=True, slots=True)
class Question:
    """What the web wants to know. `arguments` are JSON values."""

    kind: JobKind
    company_id: str
    arguments: dict[str, Any] = field(repr=False, default_factory=dict)


def accounts(company_id: str) -> Question:
    """Ask for every account of the holder."""
    return Question(JobKind.INQUIRY_ACCOUNTS, company_id)


def balances(company_id: str, account_id: str | None) -> Question:
    """Ask for the balance of one account, or of all."""
    return Question(JobKind.INQUIRY_BALANCES, company_id, {} if account_id is None else {"account_id": account_id})


def transactions(company_id: str, *, account_id: str, period: tuple[date, date], cursor: str | None) -> Question:
    """Ask for one page of a statement; both days are included."""
    arguments: dict[str, Any] = {
        "account_id": account_id,
        "date_from": period[0].isoformat(),
        "date_to": period[1].isoformat(),
    }
    if cursor is not None:
        arguments["cursor"] = cursor
    return Question(JobKind.INQUIRY_TRANSACTIONS, company_id, arguments)


def quote(company_id: str, beneficiary: Beneficiary, *, amount_yen: int, day: date) -> Question:
    """Ask what a payout would cost and whether the bank would take it."""
    arguments = {
        "amount_yen": amount_yen,
        "bank_code": beneficiary.bank_code,
        "branch_code": beneficiary.branch_code,
        "account_type": beneficiary.account_type,
        "account_number": beneficiary.account_number,
        "name_kana": beneficiary.name_kana,
        "designated_date": day.isoformat(),
    }
    return Question(JobKind.QUOTE, company_id, arguments)

"""Questions to the bank that change nothing, asked by the web and answered by the worker.

Above: what can be asked. Below: how the worker answers. An answer holds balances and names, so it is not kept
longer than the web needs to read it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from integrator import connections
from integrator.bank_client.statements import (
    AccountList,
    AccountView,
    BalanceView,
    StatementLine,
    StatementPage,
    StatementQuery,
)
from integrator.bank_client.wire import FeeQuote, Refused, TransferLine, Unavailable, transfer_body
from integrator.connections import Access
from integrator.desk import Desk
from integrator.desk import ask as in_turn
from integrator.domain.outcome import Fact
from integrator.domain.payout import Beneficiary, written_instant
from integrator.domain.turns import Urgency
from integrator.store.companies import Company, find_company
from integrator.store.jobs import Job, JobAnswer, JobKind

QUOTE_MARK = "QUOTE"  # a fee inquiry takes the body of an order; its line needs no mark that is ever looked for

Arguments = dict[str, Any]


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


def answer(desk: Desk, job: Job) -> JobAnswer:
    """Ask the bank what the job wants to know. Raises NoTurn when its turn does not come."""
    ask, write = _ANSWERS[job.kind]
    company = _company(desk, job.company_id)
    access = desk.tokens.access(job.company_id)
    if access is None:
        is_connected = connections.view(desk.db, job.company_id).state == "connected"
        return _failed("bank-unavailable" if is_connected else "not-connected")
    said = in_turn(
        desk, access, lambda with_access: ask(desk, with_access, job.arguments, company), urgency=Urgency.SOON
    )
    match said:
        case Refused():
            return _refused(said, is_order=job.kind is JobKind.QUOTE)
        case Unavailable(fact=fact):
            return _failed("bank-unreadable" if fact is Fact.UNREADABLE else "bank-unavailable")
        case _:
            return JobAnswer(is_done=True, result=write(said, job.arguments))


def _company(desk: Desk, company_id: str) -> Company:
    with desk.db.read() as tx:
        company = find_company(tx, company_id)
    assert company is not None, "a job belongs to a company"
    return company


def _refused(said: Refused, *, is_order: bool) -> JobAnswer:
    codes = " ".join((str(said.status), said.code, *said.detail_codes)).replace("  ", " ").strip()
    # 401 and 403 speak of the consent or of us, never of the order.
    code = "bank-refused-order" if is_order and said.status == 400 else "bank-refused"
    return JobAnswer(is_done=False, result={"problem": code, "came": codes, "message": said.message})


def _failed(code: str) -> JobAnswer:
    return JobAnswer(is_done=False, result={"problem": code})


def _ask_accounts(desk: Desk, access: Access, _arguments: Arguments, _company: Company) -> Any:
    return desk.bank.accounts(access)


def _ask_balances(desk: Desk, access: Access, arguments: Arguments, _company: Company) -> Any:
    return desk.bank.balances(access, arguments.get("account_id"))


def _ask_transactions(desk: Desk, access: Access, arguments: Arguments, _company: Company) -> Any:
    query = StatementQuery(
        account_id=arguments["account_id"],
        date_from=date.fromisoformat(arguments["date_from"]),
        date_to=date.fromisoformat(arguments["date_to"]),
        next_item_key=arguments.get("cursor"),
    )
    return desk.bank.transactions(access, query)


def _ask_fee(desk: Desk, access: Access, arguments: Arguments, company: Company) -> Any:
    line = TransferLine(
        item_id=1,
        amount_yen=arguments["amount_yen"],
        mark=QUOTE_MARK,
        bank_code=arguments["bank_code"],
        branch_code=arguments["branch_code"],
        account_type=arguments["account_type"],
        account_number=arguments["account_number"],
        name_kana=arguments["name_kana"],
    )
    day = date.fromisoformat(arguments["designated_date"])
    body = transfer_body(company.account_id, (line,), designated_date=day, remitter_name=company.remitter_name)
    return desk.bank.fee(access, body)


def _accounts_json(said: AccountList, _arguments: Arguments) -> Arguments:
    return {"as_of": written_instant(said.as_of), "accounts": [_account_json(account) for account in said.accounts]}


def _account_json(account: AccountView) -> Arguments:
    return _present(
        {
            "account_id": account.account_id,
            "account_type": account.account_type_code,
            "account_type_name": account.account_type_name,
            "currency": account.currency_code,
            "branch_code": account.branch_code,
            "branch_name": account.branch_name,
            "account_number": account.account_number,
            "is_primary": account.is_primary,
            "account_name": account.account_name,
            "account_name_kana": account.account_name_kana,
            "transfer_limit_yen": account.transfer_limit_yen,
        }
    )


def _balances_json(said: tuple[BalanceView, ...], _arguments: Arguments) -> Arguments:
    return {"balances": [_balance_json(balance) for balance in said]}


def _balance_json(balance: BalanceView) -> Arguments:
    foreign = balance.foreign_balance
    return _present(
        {
            "account_id": balance.account_id,
            "account_type": balance.account_type_code,
            "account_type_name": balance.account_type_name,
            "currency": balance.currency_code,
            "balance_yen": balance.balance_yen,
            "withdrawable_yen": balance.withdrawable_yen,
            "previous_day_balance_yen": balance.previous_day_balance_yen,
            "previous_month_balance_yen": balance.previous_month_balance_yen,
            "foreign_balance": None if foreign is None else str(foreign),
            "yen_equivalent": balance.yen_equivalent,
            "as_of": written_instant(balance.as_of),
        }
    )


def _statement_json(said: StatementPage, arguments: Arguments) -> Arguments:
    return _present(
        {
            "account_id": said.account_id,
            "date_from": arguments["date_from"],
            "date_to": arguments["date_to"],
            "as_of": written_instant(said.as_of),
            "transactions": [_posting_json(line) for line in said.lines],
            "next_cursor": said.next_item_key,
        }
    )


def _posting_json(line: StatementLine) -> Arguments:
    return _present(
        {
            "transaction_date": line.transaction_date.isoformat(),
            "value_date": line.value_date.isoformat(),
            "direction": "credit" if line.is_credit else "debit",
            "amount_yen": line.amount_yen,
            "balance_yen": line.balance_yen,
            "item_key": line.item_key,
            "remarks": line.remarks,
            "applicant_name": line.applicant_name,
            "payment_bank_name": line.payment_bank_name,
            "payment_branch_name": line.payment_branch_name,
            "edi_info": line.edi_info,
        }
    )


def _quote_json(said: FeeQuote, arguments: Arguments) -> Arguments:
    return {
        "amount_yen": arguments["amount_yen"],
        "fee_yen": said.total_fee_yen,
        "total_yen": arguments["amount_yen"] + said.total_fee_yen,
        "beneficiary_name_kana": arguments["name_kana"],
        "designated_date": arguments["designated_date"],
    }


def _present(members: Arguments) -> Arguments:
    return {name: value for name, value in members.items() if value is not None}


# For each kind of question: how the bank is asked, and how its answer is written.
_ANSWERS: dict[
    JobKind, tuple[Callable[[Desk, Access, Arguments, Company], Any], Callable[[Any, Arguments], Arguments]]
] = {
    JobKind.INQUIRY_ACCOUNTS: (_ask_accounts, _accounts_json),
    JobKind.INQUIRY_BALANCES: (_ask_balances, _balances_json),
    JobKind.INQUIRY_TRANSACTIONS: (_ask_transactions, _statement_json),
    JobKind.QUOTE: (_ask_fee, _quote_json),
}

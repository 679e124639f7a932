"""The resource inquiries: accounts, balances and statement, asked at the bank through the worker."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint

from integrator import companies, inquiries
from integrator.clock import Clock
from integrator.domain.days import civil_date
from integrator.settings import Environment
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.web.contract import JSONValue
from integrator.web.problems import Words, problem
from integrator.web.serving import Call, Door, Reply

Asked = Callable[[inquiries.Question], JSONValue]


def blueprint(door: Door, *, db: Database, environment: Environment, clock: Clock, ask: Asked) -> Blueprint:
    """Return the blueprint of listAccounts, listBalances and listTransactions."""

    def company_of(call: Call) -> Company:
        return companies.get_company(db, call.parameters["company_id"], environment=environment)

    def accounts(call: Call) -> Reply:
        return Reply(200, ask(inquiries.accounts(company_of(call).company_id)))

    def balances(call: Call) -> Reply:
        return Reply(200, ask(inquiries.balances(company_of(call).company_id, call.text("account_id"))))

    def transactions(call: Call) -> Reply:
        company = company_of(call)
        date_from, date_to = _period(call, today=civil_date(clock.now()))
        question = inquiries.transactions(
            company.company_id,
            account_id=call.text("account_id") or company.account_id,
            period=(date_from, date_to),
            cursor=call.text("cursor"),
        )
        return Reply(200, ask(question))

    return door.blueprint(
        "inquiries", {"listAccounts": accounts, "listBalances": balances, "listTransactions": transactions}
    )


def _period(call: Call, *, today: date) -> tuple[date, date]:
    # The bank reads a missing date in four ways; we always send both, so that what is answered is what was meant.
    written_from, written_to = call.text("date_from"), call.text("date_to")
    date_to = today if written_to is None else date.fromisoformat(written_to)
    date_from = min(date_to, today) if written_from is None else date.fromisoformat(written_from)
    if date_from > date_to:
        words = Words(field="date_from", expected=f"a day up to {date_to.isoformat()}", came=date_from.isoformat())
        raise problem("period-reversed", words)
    return date_from, date_to

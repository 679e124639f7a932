"""The resource payouts: place, read, list, cancel and quote. The rules stand in `payouts`; here is only the wire."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint

from integrator import companies, inquiries, payouts
from integrator.clock import Clock
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutRequest, PayoutState
from integrator.payouts import NewText, Payer
from integrator.settings import Environment
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.web.contract import JSONValue
from integrator.web.problems import problem
from integrator.web.serving import Call, Door, Reply

Asked = Callable[[inquiries.Question], JSONValue]


def blueprint(
    door: Door, *, db: Database, environment: Environment, clock: Clock, ask: Asked, new_text: NewText
) -> Blueprint:
    """Return the blueprint of the payout operations. `ask` gets an answer of the bank through the worker."""

    def company_of(call: Call) -> Company:
        return companies.get_company(db, call.parameters["company_id"], environment=environment)

    def place(call: Call) -> Reply:
        view, _ = payouts.request_payout(
            db,
            payout_request(call.body),
            payer=_payer(company_of(call)),
            idempotency_key=call.parameters["Idempotency-Key"],
            at=clock.now(),
            new_text=new_text,
        )
        return Reply(202, view.as_json())

    def read_one(call: Call) -> Reply:
        view = payouts.find_payout(db, company_of(call).company_id, call.parameters["payout_id"])
        if view is None:
            raise problem("payout-unknown")
        return Reply(200, view.as_json())

    def read_many(call: Call) -> Reply:
        state = call.parameters.get("state")
        try:
            found, next_cursor = payouts.list_payouts(
                db,
                company_of(call).company_id,
                cursor=call.text("cursor"),
                limit=call.parameters["limit"],
                state=None if state is None else PayoutState(state),
            )
        except ValueError:
            raise problem("cursor-unknown") from None
        page: dict[str, Any] = {"payouts": [view.as_json() for view in found]}
        return Reply(200, page if next_cursor is None else {**page, "next_cursor": next_cursor})

    def cancel(call: Call) -> Reply:
        company_id = company_of(call).company_id
        return Reply(
            202, payouts.request_cancel(db, company_id, call.parameters["payout_id"], at=clock.now()).as_json()
        )

    def quote(call: Call) -> Reply:
        company = company_of(call)
        request = payout_request(call.body)
        return Reply(200, ask(_quote_question(request, company, at=clock.now())))

    return door.blueprint(
        "payouts",
        {
            "requestPayout": place,
            "getPayout": read_one,
            "listPayouts": read_many,
            "cancelPayout": cancel,
            "quotePayout": quote,
        },
    )


def payout_request(body: dict[str, Any]) -> PayoutRequest:
    """Return the order in a body that the contract has checked."""
    beneficiary, case = body["beneficiary"], body["case"]
    designated = body.get("designated_date")
    return PayoutRequest(
        amount_yen=body["amount_yen"],
        bank_code=beneficiary["bank_code"],
        branch_code=beneficiary["branch_code"],
        account_type=beneficiary["account_type"],
        account_number=beneficiary["account_number"],
        name=beneficiary["name"],
        case_type=case["type"],
        case_reference=case["reference"],
        designated_date=None if designated is None else date.fromisoformat(designated),
        replaces=body.get("replaces"),
    )


def _quote_question(request: PayoutRequest, company: Company, *, at: datetime) -> inquiries.Question:
    today = civil_date(at)
    beneficiary = payouts.check_request(request, payer=_payer(company), today=today)
    return inquiries.quote(
        company.company_id, beneficiary, amount_yen=request.amount_yen, day=request.designated_date or today
    )


def _payer(company: Company) -> Payer:
    return Payer(
        company_id=company.company_id, account_id=company.account_id, payout_limit_yen=company.payout_limit_yen
    )

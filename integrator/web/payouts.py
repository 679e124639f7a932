"""The resource payouts: place, read, list, cancel and quote. The rules stand in `payouts`; here is only the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint

from integrator import companies, inquiries, payouts
from integrator.clock import Clock
from integrator.directory import Directory
from integrator.domain.days import civil_date, day_begins, day_ends
from integrator.domain.kana import NameNotTransferable, check_name
from integrator.domain.payout import PayoutFilter, PayoutRequest, PayoutState
from integrator.payout_checks import Payer
from integrator.payouts import NewText
from integrator.settings import Environment
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.web.contract import JSONValue
from integrator.web.problems import Words, problem
from integrator.web.serving import Call, Door, Reply

Asked = Callable[[inquiries.Question], JSONValue]


@dataclass(frozen=True, slots=True)
class Parts:
    """What this resource works with. `ask` gets an answer of the bank through the worker."""

    db: Database
    environment: Environment
    clock: Clock
    ask: Asked
    new_text: NewText
    directory: Directory


def blueprint(door: Door, parts: Parts) -> Blueprint:
    """Return the blueprint of the payout operations."""
    handlers = {
        "requestPayout": _place,
        "getPayout": _read_one,
        "listPayouts": _read_many,
        "cancelPayout": _cancel,
        "quotePayout": _quote,
        "checkName": _check_name,
    }
    return door.blueprint("payouts", {name: partial(handler, parts) for name, handler in handlers.items()})


def _place(parts: Parts, call: Call) -> Reply:
    view, _ = payouts.request_payout(
        parts.db.acting(call.who),
        payout_request(call.body),
        payer=_payer(_company_of(parts, call)),
        idempotency_key=call.parameters["Idempotency-Key"],
        at=parts.clock.now(),
        new_text=parts.new_text,
    )
    return Reply(202, view.as_json())


def _read_one(parts: Parts, call: Call) -> Reply:
    view = payouts.find_payout(parts.db, _company_of(parts, call).company_id, call.parameters["payout_id"])
    if view is None:
        raise problem("payout-unknown")
    return Reply(200, view.as_json())


def _read_many(parts: Parts, call: Call) -> Reply:
    wanted = _filter(call)
    try:
        found, next_cursor = payouts.list_payouts(
            parts.db,
            _company_of(parts, call).company_id,
            cursor=call.text("cursor"),
            limit=call.parameters["limit"],
            wanted=wanted,
        )
    except ValueError:
        raise problem("cursor-unknown") from None
    page: dict[str, Any] = {"payouts": [view.as_json() for view in found]}
    return Reply(200, page if next_cursor is None else {**page, "next_cursor": next_cursor})


def _cancel(parts: Parts, call: Call) -> Reply:
    company_id = _company_of(parts, call).company_id
    view = payouts.request_cancel(
        parts.db.acting(call.who), company_id, call.parameters["payout_id"], at=parts.clock.now()
    )
    return Reply(202, view.as_json())


def _quote(parts: Parts, call: Call) -> Reply:
    company = _company_of(parts, call)
    request = payout_request(call.body)
    answer = parts.ask(_quote_question(parts, request, company))
    bank = parts.directory.bank(request.bank_code)
    branch = parts.directory.branch(request.bank_code, request.branch_code)
    names = {"bank_name": bank and bank.name, "branch_name": branch and branch.name}
    found = {name: value for name, value in names.items() if value is not None}
    return Reply(200, {**answer, "name_check": check_name(request.name).as_json(), **found})


def _check_name(parts: Parts, call: Call) -> Reply:
    _company_of(parts, call)
    try:
        return Reply(200, check_name(call.body["name"]).as_json())
    except NameNotTransferable as refused:
        words = Words(field="/name", expected=refused.expected, came=refused.came)
        raise problem("name-not-transferable", words) from None


def _filter(call: Call) -> PayoutFilter:
    given = call.parameters
    first, last = (_day(call.text(name)) for name in ("created_from", "created_to"))
    if first is not None and last is not None and first > last:
        raise problem(
            "period-reversed",
            Words(
                detail="created_from は created_to 以前の日付にしてください。",
                detail_en="created_from must not be after created_to.",
                field="created_from",
                expected=f"a day up to {last.isoformat()}",
                came=first.isoformat(),
            ),
        )
    return PayoutFilter(
        state=PayoutState(given["state"]) if "state" in given else None,
        created_from=None if first is None else day_begins(first),
        created_before=None if last is None else day_ends(last),
        case_reference=given.get("case_reference"),
        amount_yen=given.get("amount_yen"),
        apply_no=given.get("apply_no"),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


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


def _quote_question(parts: Parts, request: PayoutRequest, company: Company) -> inquiries.Question:
    today = civil_date(parts.clock.now())
    beneficiary = payouts.check_order(parts.db, request, payer=_payer(company), today=today)
    return inquiries.quote(
        company.company_id, beneficiary, amount_yen=request.amount_yen, day=request.designated_date or today
    )


def _company_of(parts: Parts, call: Call) -> Company:
    return companies.get_company(parts.db, call.parameters["company_id"], environment=parts.environment)


def _payer(company: Company) -> Payer:
    return Payer(
        company_id=company.company_id, account_id=company.account_id, payout_limit_yen=company.payout_limit_yen
    )

"""The resources of supervision: stops, reconciliations, differences, and doubts that wait for a person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import Blueprint

from integrator import companies, connections, deciding, differences, payouts, stopping
from integrator.clock import Clock
from integrator.companies import NewText
from integrator.deciding import Decision
from integrator.differences import Verdict
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutFilter, PayoutState
from integrator.inquiries import Question
from integrator.settings import Environment
from integrator.stopping import stop_json
from integrator.store.database import Database
from integrator.web.contract import JSONValue
from integrator.web.problems import Words, problem
from integrator.web.serving import Call, Door, Reply

DAY = timedelta(days=1)
DOUBTS = PayoutFilter(state=PayoutState.NEEDS_PERSON)

Asked = Callable[[Question], JSONValue]


@dataclass(frozen=True, slots=True)
class Parts:
    """What these resources work with. `ask` gets an answer of the bank through the worker."""

    db: Database
    environment: Environment
    clock: Clock
    ask: Asked
    new_text: NewText


def blueprint(door: Door, parts: Parts) -> Blueprint:
    """Return the blueprint of the operations of supervision."""
    handlers = {
        "listPayoutStops": _list_stops,
        "stopPayouts": _stop,
        "resumePayouts": _resume,
        "listReconciliations": _list_runs,
        "requestReconciliation": _ask_for_run,
        "getReconciliation": _get_run,
        "listDifferences": _list_differences,
        "decideDifference": _decide_difference,
        "listDoubts": _list_doubts,
        "decideDoubt": _decide_doubt,
    }
    return door.blueprint("supervision", {name: partial(handler, parts) for name, handler in handlers.items()})


def _list_stops(parts: Parts, _call: Call) -> Reply:
    return Reply(200, {"stops": [stop_json(stop) for stop in stopping.standing_stops(parts.db)]})


def _stop(parts: Parts, call: Call) -> Reply:
    stopped = stopping.stop_payouts(parts.db.acting(call.who), _wanted(parts, call), at=parts.clock.now())
    return Reply(200, stopped.as_json())


def _resume(parts: Parts, call: Call) -> Reply:
    wanted = _wanted(parts, call)
    try:
        ended = stopping.resume_payouts(parts.db.acting(call.who), wanted, at=parts.clock.now())
    except stopping.NotStopped:
        raise problem("not-stopped") from None
    return Reply(200, stop_json(ended))


def _wanted(parts: Parts, call: Call) -> stopping.Decision:
    company_id: str | None = call.body.get("company_id")
    if company_id is not None:
        companies.get_company(parts.db, company_id, environment=parts.environment)
    return stopping.Decision(company_id, call.body["reason"], call.body["by"])


def _list_runs(parts: Parts, call: Call) -> Reply:
    try:
        found, next_cursor = differences.list_runs(
            parts.db, _company_id(parts, call), cursor=call.text("cursor"), limit=call.parameters["limit"]
        )
    except ValueError:
        raise problem("cursor-unknown") from None
    return _page("reconciliations", [differences.run_json(run) for run in found], next_cursor)


def _ask_for_run(parts: Parts, call: Call) -> Reply:
    company_id = _company_id(parts, call)
    if connections.view(parts.db, company_id).state != "connected":
        raise problem("not-connected")
    at = parts.clock.now()
    yesterday = civil_date(at) - DAY
    last = date.fromisoformat(call.body["date_to"]) if "date_to" in call.body else yesterday
    first = date.fromisoformat(call.body["date_from"]) if "date_from" in call.body else min(yesterday, last)
    wanted = differences.WantedRun(company_id, (first, last))
    try:
        run = differences.ask_for_run(parts.db.acting(call.who), wanted, at=at, new_text=parts.new_text)
    except differences.PeriodRefused as refused:
        words = Words(field=f"/{refused.field}", expected=refused.expected, came=refused.came.isoformat())
        raise problem("period-refused", words) from None
    except differences.RunUnderWay as other:
        raise problem("reconciliation-under-way", Words(came=other.reconciliation_id)) from None
    return Reply(202, differences.run_json(run))


def _get_run(parts: Parts, call: Call) -> Reply:
    try:
        found = differences.get_run(parts.db, _company_id(parts, call), call.parameters["reconciliation_id"])
    except differences.RunUnknown:
        raise problem("reconciliation-unknown") from None
    return Reply(200, differences.run_json(found))


def _list_differences(parts: Parts, call: Call) -> Reply:
    try:
        found, next_cursor = differences.list_differences(
            parts.db,
            _company_id(parts, call),
            cursor=call.text("cursor"),
            limit=call.parameters["limit"],
            state=call.text("state"),
        )
    except ValueError:
        raise problem("cursor-unknown") from None
    return _page("differences", [differences.difference_json(each) for each in found], next_cursor)


def _decide_difference(parts: Parts, call: Call) -> Reply:
    given = call.body
    verdict = Verdict(given["state"], given["reason"], given["by"], given.get("owner"))
    company_id = _company_id(parts, call)
    try:
        found = differences.decide(
            parts.db.acting(call.who), company_id, call.parameters["difference_id"], verdict, at=parts.clock.now()
        )
    except differences.DifferenceUnknown:
        raise problem("difference-unknown") from None
    except differences.DifferenceClosed as closed:
        raise problem(
            "difference-closed", Words(field="/state", expected=closed.expected, came=verdict.state)
        ) from None
    return Reply(200, differences.difference_json(found))


def _list_doubts(parts: Parts, call: Call) -> Reply:
    try:
        found, next_cursor = payouts.list_payouts(
            parts.db,
            _company_id(parts, call),
            cursor=call.text("cursor"),
            limit=call.parameters["limit"],
            wanted=DOUBTS,
        )
    except ValueError:
        raise problem("cursor-unknown") from None
    return _page("doubts", deciding.doubts_json(parts.db, found), next_cursor)


def _decide_doubt(parts: Parts, call: Call) -> Reply:
    company_id, payout_id = _company_id(parts, call), call.parameters["payout_id"]
    view = payouts.find_payout(parts.db, company_id, payout_id)
    if view is None:
        raise problem("payout-unknown")
    if view.state is not PayoutState.NEEDS_PERSON:
        raise problem("decision-not-open", Words(field="state", expected="needs_person", came=view.state.value))
    given = call.body
    decision = Decision(given["outcome"], given["source"], given["reason"], given["by"])
    parts.ask(deciding.question(company_id, payout_id, decision))
    decided = payouts.find_payout(parts.db, company_id, payout_id)
    assert decided is not None, "a payout never goes away"
    return Reply(200, decided.as_json())


def _page(name: str, items: list[dict[str, Any]], next_cursor: str | None) -> Reply:
    page: dict[str, Any] = {name: items}
    return Reply(200, page if next_cursor is None else {**page, "next_cursor": next_cursor})


def _company_id(parts: Parts, call: Call) -> str:
    company_id: str = call.parameters["company_id"]
    return companies.get_company(parts.db, company_id, environment=parts.environment).company_id

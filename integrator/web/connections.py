"""The resource connection: start a consent, take the browser back from the bank, tell where the connection stands.

The authorization code and the state come in here and are never written anywhere in clear, nor shown again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint

from integrator import companies, connections
from integrator.clock import Clock
from integrator.companies import NewText
from integrator.connections import ConsentRefused
from integrator.secret import Secret
from integrator.settings import WebSettings
from integrator.stopping import standing_stops, stop_json
from integrator.store.database import Database
from integrator.store.jobs import JobAnswer
from integrator.vault import Intake, Kind
from integrator.web.pages import OUTCOMES, Pages
from integrator.web.serving import Call, Door, Reply

WaitForAnswer = Callable[[str], JobAnswer | None]
"""(job_id) -> the worker's answer, or None when it did not come within the limit."""

# The page for each way in which an exchange can fail; what is not listed was not decided by the bank.
FAILURE_PAGES: Mapping[str, str] = {"refused": "exchange-refused"}
ACCESS_DENIED = "access_denied"


@dataclass(frozen=True, slots=True)
class Parts:
    """What this resource works with."""

    settings: WebSettings
    db: Database
    clock: Clock
    intake: Intake
    new_text: NewText
    pages: Pages
    wait_for_answer: WaitForAnswer


def blueprint(door: Door, parts: Parts) -> Blueprint:
    """Return the blueprint of beginAuthorization, getConnection and receiveAuthorization."""

    def begin(call: Call) -> Reply:
        company = companies.get_company(parts.db, call.parameters["company_id"], environment=parts.settings.environment)
        at = parts.clock.now()
        begun = connections.begin(parts.db, company, bank_url=parts.settings.bank_url, at=at, new_text=parts.new_text)
        return Reply(201, begun.as_json())

    def read(call: Call) -> Reply:
        company = companies.get_company(parts.db, call.parameters["company_id"], environment=parts.settings.environment)
        stops = [stop_json(stop) for stop in standing_stops(parts.db, company.company_id)]
        return Reply(200, {**connections.view(parts.db, company.company_id).as_json(), "payout_stops": stops})

    def receive(call: Call) -> Reply:
        company = companies.get_company(parts.db, call.parameters["company_id"], environment=parts.settings.environment)
        try:
            return _receive(call, company.company_id, parts)
        except ConsentRefused as refused:
            return _page(parts, f"state-{refused.reason}")

    return door.blueprint(
        "connections", {"beginAuthorization": begin, "getConnection": read, "receiveAuthorization": receive}
    )


def _receive(call: Call, company_id: str, parts: Parts) -> Reply:
    unverified_state = Secret(call.text("state") or "")
    at = parts.clock.now()
    error, code = call.text("error"), call.text("code")
    if error is not None or code is None:
        connections.close_consent(parts.db, company_id, unverified_state, at=at)
        if error is None:
            return _page(parts, "code-missing")
        return _page(parts, "denied" if error == ACCESS_DENIED else "bank-error", reason=error)
    sealed = parts.intake.seal(Secret(code), company_id=company_id, kind=Kind.AUTHORIZATION_CODE)
    job_id = connections.accept_code(
        parts.db, company_id, unverified_state, sealed_code=sealed, at=at, new_text=parts.new_text
    )
    return _outcome(parts, parts.wait_for_answer(job_id))


def _outcome(parts: Parts, answer: JobAnswer | None) -> Reply:
    if answer is None:
        return _page(parts, "working")
    if answer.is_done:
        return _page(parts, "connected")
    page = FAILURE_PAGES.get(answer.result["problem"], "exchange-unavailable")
    return _page(parts, page, reason=answer.result.get("error", ""))


def _page(parts: Parts, name: str, *, reason: str = "") -> Reply:
    return Reply(OUTCOMES[name].status, parts.pages.outcome(name, reason=reason))

"""The resource companies: an operator registers and reads who may pay."""

from typing import Any

from flask import Blueprint

from integrator import companies
from integrator.clock import Clock
from integrator.companies import NewText, Registration, Site
from integrator.domain.payout import written_instant
from integrator.secret import Secret
from integrator.settings import WebSettings
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.vault import Intake
from integrator.web.contract import Contract
from integrator.web.serving import Call, Door, Reply


def blueprint(
    door: Door, *, settings: WebSettings, db: Database, clock: Clock, intake: Intake, new_text: NewText
) -> Blueprint:
    """Return the blueprint of registerCompany, listCompanies and getCompany."""

    def register(call: Call) -> Reply:
        company = companies.register(
            db.acting(call.who),
            read_registration(call.body, door.contract, settings),
            site=Site(settings.environment, settings.public_url),
            intake=intake,
            at=clock.now(),
            new_text=new_text,
        )
        return Reply(201, company_json(company))

    def read_many(call: Call) -> Reply:
        found, next_cursor = companies.list_companies(db, after=call.text("cursor"), limit=call.parameters["limit"])
        page: dict[str, Any] = {"companies": [company_json(company) for company in found]}
        return Reply(200, page if next_cursor is None else {**page, "next_cursor": next_cursor})

    def read_one(call: Call) -> Reply:
        company_id = call.parameters["company_id"]
        return Reply(200, company_json(companies.get_company(db, company_id, environment=settings.environment)))

    return door.blueprint(
        "companies", {"registerCompany": register, "listCompanies": read_many, "getCompany": read_one}
    )


def company_json(company: Company) -> dict[str, Any]:
    """Return the wire form of a company; its secret is no part of what we hold here."""
    members = {
        "company_id": company.company_id,
        "name": company.name,
        "environment": company.environment,
        "client_id": company.client_id,
        "account_id": company.account_id,
        "remitter_name": company.remitter_name,
        "redirect_uri": company.redirect_uri,
        "limits": {"payout_yen": company.payout_limit_yen, "requests_per_second": company.requests_per_second},
        "client_secret_kept": company.has_kept_secret,
        "created_at": written_instant(company.created_at),
    }
    return {name: value for name, value in members.items() if value is not None}


def read_registration(body: dict[str, Any], contract: Contract, settings: WebSettings) -> Registration:
    """Return the registration in a body that the contract has checked; absent limits get their defaults."""
    payout_yen: int = contract.schema("Limits")["properties"]["payout_yen"]["default"]
    defaults = {"payout_yen": payout_yen, "requests_per_second": settings.requests_per_second}
    limits = {**defaults, **body.get("limits", {})}
    return Registration(
        company_id=body["company_id"],
        name=body["name"],
        environment=body["environment"],
        client_id=body["client_id"],
        client_secret=Secret(body["client_secret"]),
        account_id=body["account_id"],
        remitter_name=body.get("remitter_name"),
        payout_limit_yen=limits["payout_yen"],
        requests_per_second=limits["requests_per_second"],
    )

"""A rehearsal of one company's connection: every kind of call that a payout needs but the one that moves money.

It goes through the real gate, token, roles and log. Nothing is renewed unless it was asked for, and no order is sent.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from integrator import trail
from integrator.bank_client.oauth import SCOPES, AuthorizationSeen
from integrator.bank_client.wire import Refused, TransferLine, Unavailable, transfer_body
from integrator.companies import redirect_uri_of
from integrator.connections import ALPHABET, Access, view
from integrator.desk import Desk, ask_with
from integrator.domain.connection import ANNOUNCED_DAYS, ConnectionView
from integrator.domain.days import civil_date
from integrator.domain.payout import Beneficiary
from integrator.domain.turns import NoTurn, Urgency
from integrator.inquiries import QUOTE_MARK
from integrator.onboarding.checks import SUBJECTS, Check, Result, masked
from integrator.settings import REGISTERED_HOSTS, WorkerSettings
from integrator.store.companies import Company
from integrator.store.connections import find_connection

CALL_LOG = "integrator.bank_call"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is rehearsed: a payout of `amount_yen` to this beneficiary, and whether a refresh may be spent."""

    company: Company
    beneficiary: Beneficiary = field(repr=False)
    amount_yen: int
    with_refresh: bool


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The checks in order, and the log lines of the calls that they made: no query, header or body in them."""

    checks: tuple[Check, ...]
    calls: tuple[dict[str, Any], ...]

    @property
    def is_passed(self) -> bool:
        """True when every check passed."""
        return all(check.result is Result.PASS for check in self.checks)


class _Stopped(Exception):
    """What comes after this check cannot be done without it."""


def rehearse(desk: Desk, settings: WorkerSettings, wanted: Wanted) -> Rehearsed:
    """Make every check in order; the first that others need and that fails ends it, and they are told as not done."""
    rehearsal = _Rehearsal(desk, wanted)
    with _calls_heard() as calls:
        try:
            rehearsal.passed("settings", f"{settings.environment}, {settings.bank_url}")
            rehearsal.passed("database", f"{desk.db.url.get_backend_name()}, {settings.environment}")
            rehearsal.look_at_redirect(settings)
            rehearsal.knock()
            access = rehearsal.look_at_consent()
            rehearsal.ask(access)
        except _Stopped:
            pass
    return Rehearsed(rehearsal.all_checks(), tuple(calls))


class _Rehearsal:
    def __init__(self, desk: Desk, wanted: Wanted) -> None:
        self._desk = desk
        self._wanted = wanted
        self._checks: dict[str, Check] = {}
        self._request_id: str | None = None

    def passed(self, name: str, seen: str) -> None:
        self._note(name, Result.PASS, seen)

    def all_checks(self) -> tuple[Check, ...]:
        for name in SUBJECTS:
            if name not in self._checks:
                self._note(name, Result.NOT_DONE, "")
        return tuple(self._checks[name] for name in SUBJECTS)

    def look_at_redirect(self, settings: WorkerSettings) -> None:
        company = self._wanted.company
        parts = urlsplit(company.redirect_uri)
        origin = f"{parts.scheme}://{parts.netloc}"
        owner = REGISTERED_HOSTS.get(parts.hostname or "", settings.environment)
        is_right = owner is settings.environment and company.redirect_uri == redirect_uri_of(origin, company.company_id)
        self._judge("redirect_form", is_right, company.redirect_uri)

    def knock(self) -> None:
        """See that the bank answers, and that it shows its page for this client and redirect URL."""
        self._begin_calls()
        try:
            seen = self._desk.tokens.probe_authorization(self._wanted.company)
        except NoTurn as no_turn:
            self._judge("reachable", False, str(no_turn))
            raise _Stopped from None
        if seen.word == "unavailable":
            self._judge("reachable", False, _told_page(seen))
            raise _Stopped
        self._judge("reachable", True, _told_page(seen))
        self._judge("redirect_registered", seen.word == "shown", _told_page(seen))

    def look_at_consent(self) -> Access:
        """See that there is a consent that lasts, and a token; return that."""
        self._request_id = None
        company_id = self._wanted.company.company_id
        standing = view(self._desk.db, company_id)
        self._judge("connection", standing.state == "connected", standing.state)
        if standing.consent is None or standing.state != "connected":
            raise _Stopped
        missing = [scope for scope in SCOPES if scope not in standing.consent.scopes]
        self._judge("scopes", not missing, " ".join(standing.consent.scopes) or "-")
        self._look_at_days(standing)
        access = self._token(company_id)
        if access is None:
            raise _Stopped
        return access

    def ask(self, access: Access) -> None:
        """Ask the bank for accounts, balance and fee with this very token."""
        bank, wanted = self._desk.bank, self._wanted
        account_id = wanted.company.account_id
        accounts = self._answer(access, bank.accounts)
        is_there = not isinstance(accounts, Refused | Unavailable) and account_id in {
            account.account_id for account in accounts.accounts
        }
        shown = masked(account_id) if is_there else f"{_told(accounts)}; {masked(account_id)} is not among them"
        self._judge("accounts", is_there, shown)
        balances = self._answer(access, lambda with_access: bank.balances(with_access, account_id))
        self._judge("balances", not isinstance(balances, Refused | Unavailable), _told(balances))
        fee = self._answer(access, lambda with_access: bank.fee(with_access, self._order()))
        is_told = not isinstance(fee, Refused | Unavailable)
        self._judge("fee", is_told, f"{fee.total_fee_yen} yen" if is_told else _told(fee))

    def _look_at_days(self, standing: ConnectionView) -> None:
        consent = standing.consent
        assert consent is not None, "looked at after the connection"
        ends_at = consent.refresh_expires_at or consent.access_expires_at
        left = (ends_at - self._desk.clock.now()) // DAY
        self._judge("consent_days", left >= max(ANNOUNCED_DAYS), f"{left} days, until {civil_date(ends_at)}")

    def _token(self, company_id: str) -> Access | None:
        desk = self._desk
        access = desk.tokens.as_stored(company_id)
        if self._wanted.with_refresh and access is not None:
            self._begin_calls()
            desk.tokens.keep_fresh(company_id, version=access.version)
            renewed = desk.tokens.as_stored(company_id)
            is_renewed = renewed is not None and renewed.version != access.version
            self._judge("token", is_renewed, "renewed just now" if is_renewed else "the bank did not renew it")
            return renewed
        with desk.db.read() as tx:
            stored = find_connection(tx, company_id)
        can_renew = stored is not None and stored.tokens is not None and stored.tokens.refresh_token is not None
        words = {True: "present", False: "absent or over"}
        seen = f"access token {words[access is not None]}, refresh token {words[can_renew]}"
        self._judge("token", access is not None and can_renew, seen)
        return access

    def _order(self) -> bytes:
        wanted, to = self._wanted, self._wanted.beneficiary
        line = TransferLine(
            item_id=1,
            amount_yen=wanted.amount_yen,
            mark=QUOTE_MARK,
            bank_code=to.bank_code,
            branch_code=to.branch_code,
            account_type=to.account_type,
            account_number=to.account_number,
            name_kana=to.name_kana,
        )
        day: date = civil_date(self._desk.clock.now())
        company = wanted.company
        return transfer_body(company.account_id, (line,), designated_date=day, remitter_name=company.remitter_name)

    def _answer(self, access: Access, question: Callable[[Access], Any]) -> Any:
        self._begin_calls()
        return ask_with(self._desk, access, question, urgency=Urgency.SOON)

    def _begin_calls(self) -> None:
        self._request_id = self._desk.new_text(20, ALPHABET)
        trail.take_up((self._request_id,))

    def _judge(self, name: str, is_right: bool, seen: str) -> None:
        self._note(name, Result.PASS if is_right else Result.FAIL, seen)

    def _note(self, name: str, result: Result, seen: str) -> None:
        request_id = None if result is Result.NOT_DONE else self._request_id
        self._checks[name] = Check(name, result, seen, self._desk.clock.now(), request_id)


def _told_page(seen: AuthorizationSeen) -> str:
    return f"HTTP {seen.status}" if seen.fact is None else str(seen.fact.value)


def _told(answer: Any) -> str:
    match answer:
        case Refused():
            return " ".join(["HTTP", str(answer.status), answer.code, *answer.detail_codes]).strip()
        case Unavailable(fact=fact, reason=reason):
            return f"{fact.value}: {reason}"
        case _:
            return "HTTP 200"


class _Ear(logging.Handler):
    def __init__(self, heard: list[dict[str, Any]]) -> None:
        super().__init__(logging.INFO)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(json.loads(record.getMessage()))


@contextmanager
def _calls_heard() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []
    ear, logger = _Ear(heard), logging.getLogger(CALL_LOG)
    before = logger.level
    logger.addHandler(ear)
    logger.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        logger.removeHandler(ear)
        logger.setLevel(before)

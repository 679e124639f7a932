"""Who may pay, and who may call us: registering and reading companies, making and checking API keys.

The client secret is sealed on arrival; nothing here can open it.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.exc import IntegrityError

from integrator.domain.kana import transfer_name
from integrator.secret import Secret
from integrator.settings import Environment
from integrator.store import api_keys as key_rows
from integrator.store import audit
from integrator.store import companies as company_rows
from integrator.store.api_keys import ApiKey
from integrator.store.audit import Change
from integrator.store.companies import Company
from integrator.store.database import Database
from integrator.store.jobs import Job, JobKind, insert_job
from integrator.vault import Intake, Kind

REDIRECT_URI_LENGTH_MAX = 256  # what the bank registers: auth.md, redirect_uri
SEAL_TIME_MAX = timedelta(days=3650)  # the worker may be away for long; the secret waits for it
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
KEY_FORM = re.compile(r"rk_([A-Za-z0-9]{8})_[A-Za-z0-9]{43}")

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""


class Role(StrEnum):
    COMPANY = "company"  # works for one company
    OPERATOR = "operator"  # registers companies, starts their connections; pays nobody


class CompanyUnknown(LookupError):
    """No such company is registered."""


class CompanyTaken(Exception):
    """Another company has this company_id or client_id. `which` names the member."""

    def __init__(self, which: str) -> None:
        super().__init__(f"the {which} is already registered")
        self.which = which


class OtherEnvironment(Exception):
    """The company belongs to another environment than this service. Both are named."""

    def __init__(self, *, expected: str, came: str) -> None:
        super().__init__(f"expected environment {expected}, came {came}")
        self.expected = expected
        self.came = came


class RedirectURITooLong(Exception):
    """The company's redirect URL would be longer than the bank registers."""

    def __init__(self, length: int) -> None:
        super().__init__(f"expected at most {REDIRECT_URI_LENGTH_MAX} characters, came {length}")
        self.length = length


@dataclass(frozen=True, slots=True)
class Registration:
    """What an operator tells of a company. The contract has checked the shape."""

    company_id: str
    name: str
    environment: str
    client_id: str
    client_secret: Secret
    account_id: str = field(repr=False)
    remitter_name: str | None
    payout_limit_yen: int
    requests_per_second: int


@dataclass(frozen=True, slots=True)
class Site:
    """Which service this is: its environment, and the base URL under which browsers reach it."""

    environment: Environment
    public_url: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """Whose API key to make; `company_id` is given exactly for the role company. `name` is for people."""

    role: Role
    company_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `company_id` is None for an operator."""

    key_id: str
    role: Role
    company_id: str | None


def redirect_uri_of(public_url: str, company_id: str) -> str:
    """Return the redirect URL that the company registers with the bank: one of its own in each environment."""
    return f"{public_url}/refresh_token/{company_id}"


def register(
    db: Database,
    registration: Registration,
    *,
    site: Site,
    intake: Intake,
    at: datetime,
    new_text: NewText,
) -> Company:
    """Store a company, its secret sealed for the worker, and the worker's job to seal it for keeping.

    Raises OtherEnvironment, RedirectURITooLong, CompanyTaken, and NameNotTransferable for the remitter's name.
    """
    _check_environment(registration.environment, site.environment)
    redirect_uri = redirect_uri_of(site.public_url, registration.company_id)
    if len(redirect_uri) > REDIRECT_URI_LENGTH_MAX:
        raise RedirectURITooLong(len(redirect_uri))
    company = _company(registration, redirect_uri, at=at)
    sealed = intake.seal(registration.client_secret, company_id=company.company_id, kind=Kind.CLIENT_SECRET)
    job = Job(
        job_id=f"jo_{new_text(24, ALPHABET)}",
        kind=JobKind.SEAL_CLIENT_SECRET,
        company_id=company.company_id,
        arguments={},
        created_at=at,
        expires_at=at + SEAL_TIME_MAX,
    )
    try:
        with db.begin() as tx:
            taken = company_rows.find_taken(tx, company.company_id, company.client_id)
            if taken is not None:
                raise CompanyTaken(taken)
            company_rows.insert_company(tx, company, intake_client_secret=sealed)
            insert_job(tx, job)
            told = {"client_id": company.client_id, "payout_limit_yen": company.payout_limit_yen}
            audit.note(tx, company.company_id, Change("company.registered", company.company_id, None, told), at=at)
    except IntegrityError:
        raise CompanyTaken("company_id or client_id") from None
    return company


def get_company(db: Database, company_id: str, *, environment: Environment) -> Company:
    """Return a company of this environment. Raises CompanyUnknown, OtherEnvironment."""
    with db.read() as tx:
        company = company_rows.find_company(tx, company_id)
    if company is None:
        raise CompanyUnknown(company_id)
    _check_environment(company.environment, environment)
    return company


def list_companies(db: Database, *, after: str | None, limit: int) -> tuple[list[Company], str | None]:
    """Return one page of companies by company_id, and the company_id to go on after."""
    with db.read() as tx:
        found = company_rows.page_of_companies(tx, after=after, limit=limit + 1)
    page = found[:limit]
    return page, page[-1].company_id if len(found) > limit else None


def create_key(db: Database, wanted: NewKey, *, at: datetime, new_text: NewText) -> tuple[Secret, ApiKey]:
    """Store a new API key and return (the key itself, what is stored of it). It cannot be shown again.

    Raises CompanyUnknown.
    """
    company_id = wanted.company_id
    assert (wanted.role is Role.COMPANY) == (company_id is not None), "company keys name their company, others none"
    key_id = new_text(8, ALPHABET)
    key = Secret(f"rk_{key_id}_{new_text(43, ALPHABET)}")
    stored = ApiKey(key_id, _hash(key), role=wanted.role, company_id=company_id, name=wanted.name, created_at=at)
    with db.begin() as tx:
        if company_id is not None and company_rows.find_company(tx, company_id) is None:
            raise CompanyUnknown(company_id)
        key_rows.insert_key(tx, stored)
        told = {"role": stored.role, "name": stored.name}
        audit.note(tx, company_id or audit.ALL, Change("key.created", key_id, None, told), at=at)
    return key, stored


def list_keys(db: Database, *, company_id: str | None = None) -> list[ApiKey]:
    """Return what is stored of the keys, oldest first."""
    with db.read() as tx:
        return key_rows.all_keys(tx, company_id=company_id)


def revoke_key(db: Database, key_id: str, *, at: datetime) -> bool:
    """Revoke a key at once and for ever. Returns False when there is none of this id."""
    with db.begin() as tx:
        known = key_rows.find_key(tx, key_id)
        if known is None:
            return False
        key_rows.revoke_key(tx, key_id, at=at)
        if known.revoked_at is None:
            audit.note(tx, known.company_id or audit.ALL, Change("key.revoked", key_id), at=at)
        return True


def find_caller(db: Database, unverified_key: Secret) -> Caller | None:
    """Return whose key this is, or None for one that is unknown, revoked, or no key at all."""
    form = KEY_FORM.fullmatch(unverified_key.reveal())
    if form is None:
        return None
    with db.read() as tx:
        stored = key_rows.find_key(tx, form[1])
    if stored is None or stored.revoked_at is not None:
        return None
    if not hmac.compare_digest(stored.key_hash, _hash(unverified_key)):
        return None
    return Caller(key_id=stored.key_id, role=Role(stored.role), company_id=stored.company_id)


def _company(registration: Registration, redirect_uri: str, *, at: datetime) -> Company:
    remitter_name = registration.remitter_name
    return Company(
        company_id=registration.company_id,
        name=registration.name,
        environment=registration.environment,
        client_id=registration.client_id,
        account_id=registration.account_id,
        remitter_name=None if remitter_name is None else transfer_name(remitter_name),
        redirect_uri=redirect_uri,
        payout_limit_yen=registration.payout_limit_yen,
        requests_per_second=registration.requests_per_second,
        created_at=at,
    )


def _check_environment(came: str, expected: Environment) -> None:
    if came != expected:
        raise OtherEnvironment(expected=expected, came=came)


def _hash(key: Secret) -> str:
    # A key has 256 bits of chance, so a plain hash cannot be searched; a slow one would only slow every request.
    return hashlib.sha256(key.reveal().encode()).hexdigest()

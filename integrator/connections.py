"""One company's standing consent at the bank: begin, take the code, exchange it, keep the token fresh.

The upper half is the web's: it never holds a token. The class `Tokens` is the worker's: only it opens seals.
No transaction is open during a call, and at most one refresh of a company is under way.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrator import trail
from integrator.bank_client.oauth import (
    AuthorizationSeen,
    Client,
    OAuthClient,
    TokenAnswer,
    TokenGrant,
    authorization_url,
)
from integrator.clock import Clock
from integrator.domain.connection import ConnectionState, ConnectionView, Happening, is_renewal_due
from integrator.domain.payout import written_instant
from integrator.domain.turns import NoTurn, Urgency
from integrator.gate import Gate
from integrator.refreshes import happening, tell, word
from integrator.secret import Secret
from integrator.store import companies as company_rows
from integrator.store import connections as rows
from integrator.store.companies import Company
from integrator.store.connections import SealedTokens, StandingConsent
from integrator.store.database import Database
from integrator.store.jobs import Job, JobKind, insert_job
from integrator.vault import Kind, SealBroken, Vault

CONSENT_TIME_MAX = timedelta(minutes=15)
CODE_TIME_MAX = timedelta(minutes=9)  # the bank's codes are taken to live for 10 (auth.md, a guess)
# Not published by the bank; 90 days were seen by one integration. Counted from the request, which is the earlier side.
REFRESH_TOKEN_LIFE = timedelta(days=90)
REFRESH_LEASE = timedelta(seconds=180)  # longer than a wait at the gate and the slowest reply
HEX = "0123456789abcdef"
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

NewText = Callable[[int, str], str]
"""(length, alphabet) -> random text."""

log = logging.getLogger("integrator.connection")


class ConsentRefused(Exception):
    """The state that came back starts nothing. `reason` is unknown, used or expired."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the state is {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorization URL, good for one use until `expires_at`. It carries the state, so it does not print."""

    authorization_url: str = field(repr=False)
    expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the wire form. Source: contracts/integrator.yaml, Authorization."""
        return {"authorization_url": self.authorization_url, "expires_at": written_instant(self.expires_at)}


def begin(db: Database, company: Company, *, bank_url: str, at: datetime, new_text: NewText) -> Begun:
    """Return the URL at which the account holder consents, and remember the hash of its state."""
    state = new_text(64, HEX)
    expires_at = at + CONSENT_TIME_MAX
    with db.begin() as tx:
        rows.insert_consent_request(tx, _hash(Secret(state)), company.company_id, at=at, expires_at=expires_at)
    url = authorization_url(bank_url, client_id=company.client_id, redirect_uri=company.redirect_uri, state=state)
    return Begun(url, expires_at)


def view(db: Database, company_id: str) -> ConnectionView:
    """Return where the company's connection stands."""
    with db.read() as tx:
        return ConnectionView(company_id, rows.find_summary(tx, company_id))


def accept_code(
    db: Database, company_id: str, unverified_state: Secret, *, sealed_code: bytes, at: datetime, new_text: NewText
) -> str:
    """Use up the state and hand the sealed code to the worker, in one transaction. Returns the job's id.

    Raises ConsentRefused for a state that is not this company's, was used, or has expired.
    """
    job = Job(
        job_id=f"jo_{new_text(24, ALPHABET)}",
        kind=JobKind.EXCHANGE_CODE,
        company_id=company_id,
        arguments={},
        created_at=at,
        expires_at=at + CODE_TIME_MAX,
        intake_secret=sealed_code,
        request_id=trail.request_id(),
    )
    state_hash = _hash(unverified_state)
    with db.begin() as tx:
        _check_state(rows.find_consent_request(tx, state_hash), company_id, at=at)
        rows.use_consent_request(tx, state_hash, at=at)
        insert_job(tx, job)
    return job.job_id


def close_consent(db: Database, company_id: str, unverified_state: Secret, *, at: datetime) -> None:
    """Use up the state of a consent that brought no code. Raises ConsentRefused as `accept_code` does."""
    state_hash = _hash(unverified_state)
    with db.begin() as tx:
        _check_state(rows.find_consent_request(tx, state_hash), company_id, at=at)
        rows.use_consent_request(tx, state_hash, at=at)


def _check_state(found: rows.ConsentRequest | None, company_id: str, *, at: datetime) -> None:
    if found is None or found.company_id != company_id:
        raise ConsentRefused("unknown")
    if found.used_at is not None:
        raise ConsentRefused("used")
    if found.expires_at <= at:
        raise ConsentRefused("expired")


def _hash(state: Secret) -> str:
    # Found by its hash, a state cannot be approached letter by letter: how long the search takes says nothing of it.
    return hashlib.sha256(state.reveal().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Access:
    """An open access token, for the time of a call. `version` tells whether it is still the stored one."""

    company_id: str
    client_id: str
    token: Secret
    grant_id: str
    version: int


@dataclass(frozen=True, slots=True)
class TokenPorts:
    """What the worker keeps tokens with."""

    db: Database
    vault: Vault
    oauth: OAuthClient
    gate: Gate
    clock: Clock
    machine_clock: Clock
    new_text: NewText


class Tokens:
    """The worker's half: exchanges codes, opens tokens, renews them."""

    def __init__(self, ports: TokenPorts, *, refresh_token_life: timedelta = REFRESH_TOKEN_LIFE) -> None:
        self._ports = ports
        self._refresh_token_life = refresh_token_life

    def access(self, company_id: str) -> Access | None:
        """Return a token that is good now, renewed when it would expire within a day. None when there is none.

        None also when somebody else is renewing it just now, or the bank does not answer: ask again later.
        """
        consent = self._read(company_id)
        if consent is None or consent.tokens is None:
            return None
        if self._is_renewal_urgent(consent, consent.tokens):
            self._refresh(consent, is_refused=False)
            consent = self._read(company_id)
        return self._open(consent)

    def as_stored(self, company_id: str) -> Access | None:
        """Return the token as it stands, whatever is due; nothing is renewed. None when there is none that is good."""
        return self._open(self._read(company_id))

    def probe_authorization(self, company: Company) -> AuthorizationSeen:
        """Ask for the page of consent as the holder's browser would, and read only its status. Raises NoTurn."""
        ports = self._ports
        ports.gate.wait(company.client_id, Urgency.SOON)
        return ports.oauth.probe_authorization(
            company.company_id, company.client_id, redirect_uri=company.redirect_uri, state=ports.new_text(64, HEX)
        )

    def renew(self, refused: Access) -> Access | None:
        """Return another token after the bank refused this one with 401. None when there is none to be had now."""
        consent = self._read(refused.company_id)
        if consent is not None and consent.version == refused.version:
            self._refresh(consent, is_refused=True)
            consent = self._read(refused.company_id)
        if consent is None or consent.version == refused.version:
            return None
        return self._open(consent)

    def keep_fresh(self, company_id: str, *, version: int) -> None:
        """Renew the token of this version before anybody needs it; nothing when it is another by now."""
        consent = self._read(company_id)
        if consent is not None and consent.version == version:
            self._refresh(consent, is_refused=False, urgency=Urgency.SOON)

    def exchange(self, company_id: str, code: Secret) -> TokenAnswer:
        """Redeem an authorization code and store what it brings as a new grant. Raises NoTurn, SealBroken."""
        ports = self._ports
        company, client = self._client(company_id)
        ports.gate.wait(company.client_id, Urgency.SOON)
        asked_at = ports.clock.now()
        answer = ports.oauth.exchange_code(client, code, redirect_uri=company.redirect_uri)
        if isinstance(answer, TokenGrant):
            self._store_grant(company_id, answer, asked_at=asked_at)
        log.info("connection.exchanged company=%s result=%s", company_id, word(answer))
        return answer

    def keep_client_secret(self, company_id: str) -> None:
        """Replace the web's envelope of the client secret by the seal for keeping. Raises SealBroken."""
        self._client(company_id)

    def _read(self, company_id: str) -> StandingConsent | None:
        with self._ports.db.read() as tx:
            return rows.find_connection(tx, company_id)

    def _open(self, consent: StandingConsent | None) -> Access | None:
        if consent is None or consent.tokens is None or consent.tokens.access_token is None:
            return None
        if consent.tokens.access_expires_at <= self._ports.clock.now():
            return None
        with self._ports.db.read() as tx:
            company = company_rows.find_company(tx, consent.company_id)
        assert company is not None, "a connection belongs to a company"
        try:
            token = self._ports.vault.open(
                consent.tokens.access_token, company_id=consent.company_id, kind=Kind.ACCESS_TOKEN
            )
        except SealBroken as broken:
            log.error("connection.seal_broken company=%s reason=%s", consent.company_id, broken)
            return None
        return Access(consent.company_id, company.client_id, token, consent.grant_id, consent.version)

    def _client(self, company_id: str) -> tuple[Company, Client]:
        ports = self._ports
        with ports.db.read() as tx:
            company = company_rows.find_company(tx, company_id)
            intake, sealed = company_rows.find_client_secret(tx, company_id)
        assert company is not None, "jobs and connections belong to a company"
        if sealed is not None:
            secret = ports.vault.open(sealed, company_id=company_id, kind=Kind.CLIENT_SECRET)
            return company, Client(company_id, company.client_id, secret)
        assert intake is not None, "a company has its secret in one of two forms"
        secret = ports.vault.open_intake(intake, company_id=company_id, kind=Kind.CLIENT_SECRET)
        kept = ports.vault.seal(secret, company_id=company_id, kind=Kind.CLIENT_SECRET)
        with ports.db.begin() as tx:
            company_rows.keep_client_secret(tx, company_id, sealed=kept)
        return company, Client(company_id, company.client_id, secret)

    def _store_grant(self, company_id: str, grant: TokenGrant, *, asked_at: datetime) -> None:
        ports = self._ports
        tokens = self._sealed(company_id, grant, asked_at=asked_at, old=None)
        with ports.db.begin() as tx:
            before = rows.find_connection(tx, company_id)
            consent = StandingConsent(
                company_id=company_id,
                state="connected",
                grant_id=f"gr_{ports.new_text(24, ALPHABET)}",
                # Going on counting makes a refresh of the grant before this one come too late, as it should.
                version=1 if before is None else before.version + 1,
                scopes=grant.scopes,
                tokens=tokens,
                granted_at=asked_at,
                refreshed_at=None,
                refresh_in_doubt_at=None,
            )
            rows.store_grant(tx, consent)

    def _sealed(
        self, company_id: str, grant: TokenGrant, *, asked_at: datetime, old: SealedTokens | None
    ) -> SealedTokens:
        vault = self._ports.vault
        refresh_token, refresh_expires_at = None, None
        if grant.refresh_token is not None:
            refresh_token = vault.seal(grant.refresh_token, company_id=company_id, kind=Kind.REFRESH_TOKEN)
            refresh_expires_at = asked_at + self._refresh_token_life
        elif old is not None:
            refresh_token, refresh_expires_at = old.refresh_token, old.refresh_expires_at
        return SealedTokens(
            access_token=vault.seal(grant.access_token, company_id=company_id, kind=Kind.ACCESS_TOKEN),
            access_expires_at=asked_at + timedelta(seconds=grant.expires_in_seconds),
            refresh_token=refresh_token,
            refresh_expires_at=refresh_expires_at,
        )

    def _is_renewal_urgent(self, consent: StandingConsent, tokens: SealedTokens) -> bool:
        left = tokens.access_expires_at - self._ports.clock.now()
        lifetime = tokens.access_expires_at - (consent.refreshed_at or consent.granted_at)
        return is_renewal_due(left=left, lifetime=lifetime, is_payout_waiting=True)

    def _refresh(self, consent: StandingConsent, *, is_refused: bool, urgency: Urgency = Urgency.PAY) -> None:
        ports = self._ports
        now = ports.clock.now()
        tokens = consent.tokens
        if tokens is None:
            return
        if tokens.refresh_token is None or (tokens.refresh_expires_at is not None and tokens.refresh_expires_at <= now):
            if is_refused or tokens.access_expires_at <= now:
                self._follow(consent, Happening.TOKENS_ENDED, reason="no refresh token is left")
            return
        # A lease is about processes, so it goes by the machine's clock, which does not jump.
        machine_now = ports.machine_clock.now()
        lease = (ports.new_text(32, ALPHABET), machine_now + REFRESH_LEASE)
        with ports.db.begin() as tx:
            is_abandoned = rows.find_abandoned_refresh(tx, consent.company_id, now=machine_now)
            if not rows.claim_refresh(tx, consent.company_id, version=consent.version, now=machine_now, lease=lease):
                return
            if is_abandoned:
                rows.note_refresh_in_doubt(tx, consent.company_id, version=consent.version, at=now)
        if is_abandoned:
            tell(consent.company_id, consent.state, Happening.REFRESH_ABANDONED, reason="its worker did not come back")
        self._ask(consent, tokens.refresh_token, urgency)

    def _ask(self, consent: StandingConsent, sealed: bytes, urgency: Urgency) -> None:
        ports = self._ports
        try:
            _, client = self._client(consent.company_id)
            refresh_token = ports.vault.open(sealed, company_id=consent.company_id, kind=Kind.REFRESH_TOKEN)
            ports.gate.wait(client.client_id, urgency)
        except (SealBroken, NoTurn) as hindered:
            self._follow(consent, Happening.REFRESH_NOT_SENT, reason=str(hindered))
            return
        asked_at = ports.clock.now()
        answer = ports.oauth.refresh(client, refresh_token)
        log.info("connection.refreshed company=%s result=%s", consent.company_id, word(answer))
        if isinstance(answer, TokenGrant):
            self._store_refreshed(consent, answer, asked_at=asked_at)
        else:
            self._follow(consent, happening(answer), reason=word(answer))

    def _follow(self, consent: StandingConsent, happened: Happening, *, reason: str) -> None:
        move = tell(consent.company_id, consent.state, happened, reason=reason)
        if move.state is ConnectionState.NEEDS_CONSENT:
            with self._ports.db.begin() as tx:
                rows.require_consent(tx, consent.company_id, version=consent.version, at=self._ports.clock.now())
        elif move.pause is not None:
            self._pause(consent, move.pause, is_in_doubt=move.is_in_doubt)

    def _store_refreshed(self, consent: StandingConsent, grant: TokenGrant, *, asked_at: datetime) -> None:
        tokens = self._sealed(consent.company_id, grant, asked_at=asked_at, old=consent.tokens)
        with self._ports.db.begin() as tx:
            rows.store_refreshed(
                tx, consent.company_id, version=consent.version, tokens=tokens, scopes=grant.scopes, at=asked_at
            )

    def _pause(self, consent: StandingConsent, pause: timedelta, *, is_in_doubt: bool = False) -> None:
        in_doubt_at = self._ports.clock.now() if is_in_doubt else None
        not_before = self._ports.machine_clock.now() + pause
        with self._ports.db.begin() as tx:
            rows.end_refresh(
                tx, consent.company_id, version=consent.version, not_before=not_before, in_doubt_at=in_doubt_at
            )

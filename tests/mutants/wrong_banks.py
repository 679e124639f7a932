"""Wrong banks: the mock with one rule broken, each as a bank in the field might really be broken or be imitated badly.

A mistake names the places in which it is hunted, likeliest first; the places are those of a subject, never one test.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mock_gmo import journal, rate_limit
from mock_gmo.api import wire as bank_wire
from mock_gmo.bank import (
    calendar,
    checks,
    days,
    execution,
    inquiry,
    money,
    requests,
    states,
    virtual_account_deposits,
)
from mock_gmo.bank.books import Books, _Ledger
from mock_gmo.bank.postings import Leg
from mock_gmo.bank.refusals import CancelNotPossible
from mock_gmo.bank.state import BankState
from mock_gmo.bank.states import Money, TransferStatus
from mock_gmo.bank.transfers import ResultCode
from mock_gmo.gateway import checks as gateway_checks
from mock_gmo.gateway import peer
from mock_gmo.gateway.peer import read_address
from mock_gmo.oauth import authorization, authorization_request, scopes
from mock_gmo.oauth.authorization import AuthorizationCode, AuthorizationCodes
from mock_gmo.oauth.errors import AuthorizationPageError
from mock_gmo.oauth.tokens import AccessToken, RefreshToken, TokenPair, TokenStore
from mock_gmo.secret import Secret
from tests.mutants.planting import Mistake, everywhere, member, row, together

BANK = ("tests/unit/bank", "tests/property", "tests/contract")
BOOKS = ("tests/property", "tests/unit/bank")
GATEWAY = ("tests/unit/gateway", "tests/contract")
OAUTH = ("tests/unit/oauth", "tests/unit/test_secret.py", "tests/unit/gateway", "tests/contract")
Plant = Callable[[], AbstractContextManager[object]]


def _without_check(name: str) -> Plant:
    """A gateway that leaves out one of the checks before the bank."""

    def plant() -> AbstractContextManager[object]:
        by_kind = gateway_checks.BY_KIND
        assert any(check.name == name for check in gateway_checks.CHECKS), f"no check is called {name}"
        rows = [row(by_kind, kind, tuple(it for it in walked if it.name != name)) for kind, walked in by_kind.items()]
        return together(*rows)

    return plant


def _without_order_check(name: str) -> Plant:
    """A bank that leaves out one of the checks of an order."""
    left_out = getattr(checks, name)
    return lambda: everywhere(checks, "CHECKS", lambda old: tuple(check for check in old if check is not left_out))


def _other_move(source: TransferStatus, trigger: states.Trigger, **changed: Any) -> Plant:
    """A table of moves in which one row is another."""
    old = states.find_move(source, trigger)
    return lambda: row(states._MOVE_OF, (source, trigger), replace(old, **changed))


def _replays_any_body(_: object) -> Callable[..., Any]:
    def find(state: BankState, order: object, key: Any) -> Any:
        stored = state.replies.get(key)
        return stored.result if stored is not None else None

    return find


def _keys_of_everybody(old: Callable[..., Any]) -> Callable[..., Any]:
    def find(state: BankState, order: Any, key: Any) -> Any:
        return old(state, order, next((it for it in state.replies if it.key == key.key), key))

    return find


def _expires_after(**life: float) -> Callable[[object], Callable[..., datetime]]:
    def new(_: object) -> Callable[..., datetime]:
        return lambda _state, *, at: at + timedelta(**life)

    return new


def _twice(old: Callable[..., Any]) -> Callable[..., Any]:
    def entries(*arguments: Any) -> Any:
        return (*old(*arguments), *old(*arguments))

    return entries


def _one_sided(old: Callable[..., int]) -> Callable[..., int]:
    def post(self: Books, kind: Any, legs: tuple[Leg, ...], **more: Any) -> int:
        number = old(self, kind, legs, **more)
        if legs[0].amount_yen < 0 and legs[1].ledger == "settlement":
            self._leg_yen[-1] -= 1
            self._ledgers["settlement"].balance -= 1
        return number

    return post


def _drifting_balance(old: Callable[..., None]) -> Callable[..., None]:
    def append(self: _Ledger, leg: Leg, **more: Any) -> None:
        old(self, leg, **more)
        if leg.amount_yen == -143:
            self.balance += 1

    return append


def _as_if_rich(_: object) -> Callable[..., int]:
    return lambda self, account_id: 10**12


def _in_utc(_: object) -> Callable[[datetime], date]:
    return lambda at: at.astimezone(UTC).date()


def _day_off_by_one(old: Callable[..., datetime]) -> Callable[..., datetime]:
    return lambda application: old(application) + timedelta(days=1)


def _weekends_only(_: object) -> Callable[..., bool]:
    return lambda self, day: day.weekday() < 5


def _inquiring_moves(old: Callable[..., Any]) -> Callable[..., Any]:
    def find(state: BankState, query: Any, **more: Any) -> Any:
        execution.settle_all_due(state, until=datetime(2099, 1, 1, tzinfo=UTC))
        return old(state, query, **more)

    return find


def _page_from_the_start(old: Callable[..., Any]) -> Callable[..., Any]:
    return lambda state, query: None


def _skips_one(old: Callable[..., Any]) -> Callable[..., Any]:
    def search(state: BankState, query: Any, period: Any, after: Any) -> Any:
        found = old(state, query, period, after)
        if after is not None:
            next(found, None)
        return found

    return search


def _loses_last_day(old: Callable[..., Any]) -> Callable[..., Any]:
    def page(self: Books, account_id: str, *, date_to: date, **more: Any) -> Any:
        return old(self, account_id, date_to=date_to - timedelta(days=1), **more)

    return page


def _counts_everything(_: object) -> Callable[..., bool]:
    def lets_through(self: rate_limit.RequestLimiter, client_id: str, *, requests_per_second: int | None) -> bool:
        if requests_per_second is None:
            return True
        second = int(self._monotonic())
        passed = self._passed.setdefault(client_id, rate_limit.deque())
        if sum(int(then) == second for then in passed) >= requests_per_second:
            return False
        passed.append(self._monotonic())
        return True

    return lets_through


def _believes_forwarded_for(_: object) -> Callable[..., Any]:
    def address(environ: Any, *, trusted_proxies: object) -> Any:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        return read_address(str(forwarded).split(",")[0].strip() if forwarded else str(environ["REMOTE_ADDR"]))

    return address


def _redirects_by_prefix(_: object) -> Callable[..., Any]:
    def registered(clients: Any, client_id: str, redirect_uri: str) -> Any:
        client = clients.find(client_id)
        if client is None:
            raise AuthorizationPageError("client_unknown")
        if not any(redirect_uri.startswith(known) for known in client.redirect_uris):
            raise AuthorizationPageError("redirect_uri_unknown")
        return client

    return registered


def _always(answer: bool) -> Callable[[object], Callable[..., bool]]:
    return lambda _: lambda *_arguments, **_more: answer


def _nothing(_: object) -> Callable[..., None]:
    return lambda *_arguments, **_more: None


def _valid_a_second_more(_: object) -> Callable[..., bool]:
    return lambda self, at: not self.revoked and at <= self.expires_at


def _keeps_old_refresh(_: object) -> Callable[..., TokenPair]:
    def refresh(self: TokenStore, token: RefreshToken, *, at: datetime) -> TokenPair:
        return TokenPair(self._add_access(token.grant, at=at), self._add_refresh(token.grant, at=at))

    return refresh


def _forgets_state(old: Callable[..., str]) -> Callable[..., str]:
    def location(redirect_uri: str, **parameters: str | None) -> str:
        return old(redirect_uri, **{name: value for name, value in parameters.items() if name != "state"})

    return location


def _any_account(_: object) -> Callable[..., Any]:
    return lambda self, customer_id, account_id: self.accounts[account_id]


def _prefix_secret(_: object) -> Callable[..., bool]:
    return lambda self, candidate: bool(candidate) and self.reveal().startswith(candidate)


def _cancels_what_is_paid(old: Callable[..., Any]) -> Callable[..., Any]:
    def cancel(state: BankState, application: Any, cancel_class: str, moment: Any, **more: Any) -> Any:
        try:
            return old(state, application, cancel_class, moment, **more)
        except CancelNotPossible:
            if application.stage is not TransferStatus.IN_PROCESS:
                raise
            return replace(requests.result_of(application, at=moment.at), result=ResultCode.DONE)

    return cancel


def _as_it_is(_: object) -> Callable[[bytes], Any]:
    return lambda body, *, is_form: body


def _with_headers(_: object) -> Callable[..., dict[str, str]]:
    return lambda environ: {name: str(environ[key]) for key, name in journal.KEPT_HEADERS if environ.get(key)}


def _float_balance(old: Callable[..., Any]) -> Callable[..., Any]:
    def write(balance: Any, *, at: datetime) -> Any:
        members = old(balance, at=at)
        return {**members, "balance": str(float(members["balance"]))}

    return write


WRONG_BANKS: tuple[Mistake, ...] = (
    # Exactly once
    Mistake("bank-forgets-keys", "an idempotency key is never remembered, so a repetition is a second order",
            lambda: everywhere(requests, "remember_reply", _nothing)),
    Mistake("bank-key-lives-a-minute", "a key is forgotten a minute after its use, not after a day",
            lambda: everywhere(requests, "key_expires_at", _expires_after(minutes=1)), BANK),
    Mistake("bank-key-lives-for-ever", "a key from last week still answers",
            lambda: everywhere(requests, "key_expires_at", _expires_after(days=3650)), BANK),
    Mistake("bank-replays-another-body", "a key used with another order gets the first reply, not a refusal",
            lambda: everywhere(requests, "find_first_reply", _replays_any_body), BANK),
    Mistake("bank-key-of-anybody", "the key of one client answers another client",
            lambda: everywhere(requests, "find_first_reply", _keys_of_everybody), BANK),
    # Money
    Mistake("bank-debits-twice", "a transfer is debited twice, and given back once",
            lambda: everywhere(money, "entries_for", _twice)),
    Mistake("bank-one-sided-posting", "a posting loses a yen on its way to the other bank",
            lambda: member(Books, "post", _one_sided)),
    Mistake("bank-balance-drifts", "the running balance forgets a yen at each fee",
            lambda: member(_Ledger, "append", _drifting_balance)),
    Mistake("bank-overdraws", "an order is taken and paid whatever the balance is",
            lambda: member(BankState, "withdrawable_yen", _as_if_rich), BANK),
    Mistake("bank-keeps-fee-of-what-failed", "what was not executed gets its amount back but not its fee",
            _other_move(TransferStatus.IN_PROCESS, states.Trigger.REFUSED_AT_ONCE, money=Money.AMOUNT_BACK), BANK),
    Mistake("bank-keeps-returned-funds", "funds that the other bank returned are not credited",
            _other_move(TransferStatus.SETTLED, states.Trigger.COULD_NOT_CREDIT, money=Money.NONE), BANK),
    Mistake("bank-debits-before-approval", "a transfer is debited when it is applied for",
            _other_move(TransferStatus.REQUESTED, states.Trigger.CONFIRMED_TO_APPROVER, money=Money.DEBIT), BANK),
    Mistake("bank-recall-refused-pays-back", "a recall that the beneficiary refused gives the money back all the same",
            _other_move(TransferStatus.RECALL_IN_PROCESS, states.Trigger.RECALL_DECLINED, money=Money.AMOUNT_BACK),
            BANK),
    Mistake("bank-limit-unchecked", "the daily limit of transfers is not looked at",
            _without_order_check("_check_limit"), BANK),
    Mistake("bank-totals-unchecked", "totals that do not fit the lines are taken",
            _without_order_check("_check_totals"), BANK),
    # Days and limits of time
    Mistake("bank-day-in-utc", "the bank's day changes at nine in the morning",
            lambda: everywhere(days, "civil_date", _in_utc), BANK),
    Mistake("bank-no-holidays", "national holidays and the turn of the year are business days",
            lambda: member(calendar.BusinessCalendar, "_decide", _weekends_only), BANK),
    Mistake("bank-approval-a-day-late", "an application may be approved a day after its designated day",
            lambda: everywhere(execution, "approval_deadline", _day_off_by_one), BANK),
    Mistake("bank-confirmation-never-ends", "an order that nobody confirmed never lapses",
            lambda: everywhere(execution, "enter_limit", _nothing), BANK),
    # Inquiries
    Mistake("bank-balance-by-float", "a balance is written as a decimal number",
            lambda: everywhere(bank_wire, "write_balance", _float_balance), ("tests/contract", "tests/unit/gateway")),
    Mistake("bank-inquiry-settles", "asking for the status lets everything fall due",
            lambda: everywhere(inquiry, "find_status", _inquiring_moves), BANK),
    Mistake("bank-page-two-is-page-one", "the next page begins at the beginning again",
            lambda: everywhere(inquiry, "_position", _page_from_the_start), BANK),
    Mistake("bank-page-skips-a-line", "the line at each page's beginning is left out",
            lambda: everywhere(inquiry, "_search", _skips_one), BANK),
    Mistake("bank-statement-without-last-day", "a statement ends the day before the last one asked for",
            lambda: member(Books, "page", _loses_last_day), BANK),
    Mistake("bank-cancels-what-is-paid", "a cancel of a transfer under way is answered as done, and is not",
            lambda: everywhere(requests, "request_cancel", _cancels_what_is_paid), BANK),
    # The gateway
    Mistake("bank-limit-by-calendar-second", "the request limit counts calendar seconds, so two calls fit in 10 ms",
            lambda: member(rate_limit.RequestLimiter, "lets_through", _counts_everything), GATEWAY),
    Mistake("bank-without-limit", "no call is ever too soon", _without_check("request limit"), GATEWAY),
    Mistake("bank-believes-forwarded-for", "the allowlist goes by X-Forwarded-For, which anybody can write",
            lambda: everywhere(peer, "peer_address", _believes_forwarded_for), GATEWAY),
    Mistake("bank-address-of-anybody", "a client may call from another client's network",
            _without_check("client's address"), GATEWAY),
    Mistake("bank-token-unchecked", "a token that has expired or was revoked still opens everything",
            lambda: member(AccessToken, "is_valid", _always(True)), OAUTH),
    Mistake("bank-token-a-second-too-long", "a token still opens in the second in which it ends",
            lambda: member(AccessToken, "is_valid", _valid_a_second_more), OAUTH),
    Mistake("bank-scope-unchecked", "a token for inquiries moves money",
            lambda: everywhere(scopes, "covers", _always(True)), OAUTH),
    Mistake("bank-any-account", "a token opens the accounts of other customers",
            lambda: member(BankState, "get_own_account", _any_account), BANK),
    # The authorization server
    Mistake("bank-redirects-by-prefix", "a redirect URL that begins like a registered one is taken",
            lambda: everywhere(authorization_request, "registered_client", _redirects_by_prefix), OAUTH),
    Mistake("bank-code-for-many", "an authorization code can be redeemed again and again",
            lambda: member(AuthorizationCodes, "mark_redeemed", _nothing), OAUTH),
    Mistake("bank-code-of-anybody", "another client may redeem a code",
            lambda: member(AuthorizationCode, "belongs_to", _always(True)), OAUTH),
    Mistake("bank-old-refresh-lives", "a refresh token that was replaced still gives new tokens",
            lambda: member(TokenStore, "refresh", _keeps_old_refresh), OAUTH),
    Mistake("bank-forgets-state", "the redirect comes without the state that was sent",
            lambda: everywhere(authorization, "redirect_location", _forgets_state), OAUTH),
    Mistake("bank-secret-by-prefix", "the beginning of a secret is taken for the secret",
            lambda: member(Secret, "matches", _prefix_secret), OAUTH),
    Mistake("bank-pkce-unchecked", "a code is given out without the answer to its challenge",
            lambda: member(AuthorizationCode, "is_proven_by", _always(True)), OAUTH),
    # What it writes down
    Mistake("bank-journal-keeps-bodies", "the journal keeps tokens of bodies in clear",
            lambda: everywhere(journal, "mask_body", _as_it_is)),
    Mistake("bank-journal-keeps-headers", "the journal keeps access tokens of headers in clear",
            lambda: everywhere(journal, "mask_headers", _with_headers)),
    # Virtual accounts
    Mistake("bank-deposit-unrecorded", "money arrives through a virtual account and no deposit is recorded",
            lambda: everywhere(virtual_account_deposits, "record_va_deposit", _nothing), BANK),
)  # fmt: skip

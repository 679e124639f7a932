"""The bank's site in a Flask application of its own, with a real bank behind it, for the tests beside this file."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from ipaddress import ip_address
from itertools import count
from typing import Any

from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.business_id import User
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import civil_date, midnight
from mock_gmo.bank.directory import BankEntry, BranchEntry
from mock_gmo.bank.rules import BankRules
from mock_gmo.bank.transfers import OrderLine, TransferOrder
from mock_gmo.environments.loader import load_environment
from mock_gmo.oauth.clients import ClientRegistry
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.scenarios.loader import parse_scenario
from mock_gmo.site.endpoints import authorize
from mock_gmo.site.routes import create_site

NOON = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
STATE = "a" * 64
REDIRECT_URI = "http://127.0.0.1:8320/refresh_token/shop-0001"
PASSWORD, TRANSACTION_PASSWORD = "password-1", "transaction-1"


def _customer(customer_id: str, name: str, number: str) -> str:
    return f"""
  - customer_id: {customer_id}
    name: {name}
    kind: corporation
    confirmation_required: true
    business_id_management: false
    logins: [{{login_id: {customer_id}, password: {PASSWORD}, transaction_password: {TRANSACTION_PASSWORD}}}]
    accounts:
      - branch_code: "101"
        branch_name: 法人営業部
        type_code: "01"
        number: "{number}"
        primary: true
        name: {name}
        name_kana: ﾐﾎﾝ
        opened_on: 2020-01-01
        opening_balance_yen: 10_000_000
        transfer_limit_yen: 5_000_000
"""


SCENARIO = "title: two companies\ncustomers:" + _customer("mihon", "見本商事株式会社", "0000001")
SCENARIO += _customer("rei", "例示物産株式会社", "0000002")


class OneBankDirectory:
    """Knows one bank with one branch."""

    def find_bank(self, bank_code: str) -> BankEntry | None:
        return BankEntry("0001", "見本銀行", "ﾐﾎﾝ") if bank_code == "0001" else None

    def find_branch(self, bank_code: str, branch_code: str) -> BranchEntry | None:
        return BranchEntry("0001", "001", "本店", "ﾎﾝﾃﾝ") if (bank_code, branch_code) == ("0001", "001") else None


@dataclass
class HandClock:
    """Shows what it is told."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Bench:
    """A world as the site sees it."""

    rules: OAuthRules = field(default_factory=OAuthRules)
    environment_name: str = "local"
    business_id_management: bool = False
    idle_seconds: int = 1_800

    def __post_init__(self) -> None:
        numbers = count(1)
        self.clock = HandClock()
        self.environment = load_environment(self.environment_name, integrator_port=8320)
        self.scenario = parse_scenario(SCENARIO, name="two", file="two.yaml")
        self.logins = self.scenario.logins
        self.oauth = AuthorizationServer(
            self.rules,
            ClientRegistry(self.environment.clients),
            lambda length: f"{next(numbers):0{length}d}",
            issuer=self.environment.issuer,
        )
        self.bank = self._open_bank()
        app = Flask(__name__)
        app.secret_key = "for this test only"
        site = create_site(
            lambda: self,
            address_of=lambda call: ip_address(call.remote_addr or ""),
            random_text=lambda length: f"{next(numbers):0{length}d}",
            idle_seconds=self.idle_seconds,
        )
        app.register_blueprint(site)
        app.add_url_rule(
            "/authorization", "authorize", lambda: authorize(self.oauth, request.args, at=self.clock.now())[0]
        )
        self.app = app

    def _open_bank(self) -> Bank:
        bank = Bank(rules=BankRules(), calendar=BusinessCalendar(lambda _: False), directory=OneBankDirectory())
        for customer in self.scenario.customers:
            with_approver = self.business_id_management
            bank.open_customer(Customer(customer.customer_id, customer.name, business_id_management=with_approver))
            for account in customer.accounts:
                bank.open_account(
                    Account(
                        account_id=account.account_id,
                        customer_id=customer.customer_id,
                        branch_code=account.branch_code,
                        branch_name=account.branch_name,
                        branch_name_kana="",
                        type_code=account.type_code,
                        number=account.number,
                        primary=account.primary,
                        name=account.name,
                        name_kana=account.name_kana,
                        transfer_limit_yen=account.transfer_limit_yen,
                        opened_on=account.opened_on,
                    ),
                    opening_balance_yen=account.opening_balance_yen,
                    at=midnight(account.opened_on),
                )
        return bank

    def request_transfer(
        self,
        customer_id: str = "mihon",
        *,
        amount_yen: int = 50_000,
        days_ahead: int = 0,
        apply_comment: str | None = None,
        user: User | None = None,
        **bulk: Any,
    ) -> str:
        """Ask the bank for a transfer, or with `kind` and `data_name` for a bulk one; returns the apply number."""
        line = OrderLine("1", amount_yen, None, "0001", "001", "1", "1234567", "ﾔﾏﾀﾞ ﾀﾛｳ")
        order = TransferOrder(
            account_id=self.bank.accounts_of(customer_id)[0].account_id,
            remitter_name=None,
            designated_date=civil_date(self.clock.at) + timedelta(days=days_ahead),
            holiday_code="1",
            total_count=None,
            total_amount_yen=None,
            apply_comment=apply_comment,
            lines=(line,),
            **bulk,
        )
        return self.bank.request_transfer(customer_id, order, key=None, user=user, at=self.clock.at).apply_no

    def balance_yen(self, customer_id: str = "mihon") -> int:
        account_id = self.bank.accounts_of(customer_id)[0].account_id
        return self.bank.balance_of(account_id, at=self.clock.at).balance_yen

    def wait(self, number: float) -> None:
        self.clock.at += timedelta(seconds=number)
        self.bank.tick(at=self.clock.at)

    def visitor(self) -> "Visitor":
        return Visitor(self, self.app.test_client())


class Visitor:
    """A person at a browser: follows links and sends the forms that a page shows."""

    def __init__(self, bench: Bench, client: FlaskClient) -> None:
        self.bench = bench
        self.client = client
        self.page = ""

    def open(self, path: str, **query: str) -> TestResponse:
        return self._see(self.client.get(path, query_string=query or None))

    def send(self, path: str, **fields: str) -> TestResponse:
        """Send a form with the hidden fields of the page seen last."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.page))
        return self._see(self.client.post(path, data={**hidden, **fields}))

    def follow(self, reply: TestResponse) -> TestResponse:
        return self.open(reply.headers["Location"])

    def ask(self, **changes: str) -> TestResponse:
        """Come from the client's server with an authorization request."""
        return self.open(
            "/authorization",
            **{
                "response_type": "code",
                "client_id": self.bench.environment.clients[0].client_id,
                "redirect_uri": REDIRECT_URI,
                "scope": "private:account private:transfer offline_access",
                "state": STATE,
                **changes,
            },
        )

    def log_in(self, login_id: str = "mihon", password: str = PASSWORD) -> TestResponse:
        if 'name="login_id"' not in self.page:
            self.open("/site/login")
        return self.send("/site/login", login_id=login_id, password=password)

    def confirm(self, apply_no: str, password: str = TRANSACTION_PASSWORD) -> TestResponse:
        return self.send(f"/site/confirmations/{apply_no}", transaction_password=password)

    def decide(self, apply_no: str, decision: str, password: str = TRANSACTION_PASSWORD) -> TestResponse:
        return self.send(f"/site/approvals/{apply_no}", transaction_password=password, decision=decision)

    def _see(self, reply: TestResponse) -> TestResponse:
        if reply.status_code not in (302, 303):
            self.page = reply.get_data(as_text=True)
        return reply


class PageReader(HTMLParser):
    """What a page is made of: every element with its attributes, and what was never closed."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

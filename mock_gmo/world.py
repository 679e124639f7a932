"""One world: a bank with its clock, authorization server, log-ins, limits, faults and journal, built from settings.

No HTTP here. The whole state hangs on one reference, so that going back to the first state is one assignment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from string import ascii_letters, digits
from typing import Final

import jpholiday

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import midnight
from mock_gmo.bank.deposits import PayingBank
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.other_accounts import OtherAccount
from mock_gmo.bank.transfers import Event
from mock_gmo.clock import BankClock
from mock_gmo.directory import ZenginDirectory
from mock_gmo.environments.loader import Environment, load_environment
from mock_gmo.faults import Faults
from mock_gmo.journal import Journal
from mock_gmo.oauth.clients import ClientRegistry
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.rate_limit import RequestLimiter
from mock_gmo.scenarios.loader import load_scenario
from mock_gmo.scenarios.scenario import Login, Scenario, ScenarioAccount, ScenarioOtherAccount
from mock_gmo.settings import Settings

LETTERS_AND_DIGITS: Final = ascii_letters + digits


@dataclass(frozen=True, slots=True)
class Ports:
    """What a world needs from outside: seconds since 1970, a monotonic clock, randomness, a way to wait."""

    real_time: Callable[[], float]
    monotonic: Callable[[], float]
    random_source: Random
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that a reset replaces."""

    scenario: Scenario
    clock: BankClock
    bank: Bank
    oauth: AuthorizationServer
    limiter: RequestLimiter
    faults: Faults
    journal: Journal


class World:
    """The bank as its servers and pages see it. Its parts are those of the present state: never keep one."""

    def __init__(self, settings: Settings, ports: Ports, *, directory: Directory) -> None:
        self.settings = settings
        self.environment: Environment = load_environment(settings.environment, integrator_port=settings.integrator_port)
        self._ports = ports
        self._directory = directory
        self._calendar = BusinessCalendar(jpholiday.is_holiday)
        self._scenarios: dict[str, Scenario] = {}
        self._state = self._first_state(settings.scenario)

    @classmethod
    def build(cls, settings: Settings, ports: Ports) -> "World":
        """Build the world that the settings name.

        Raises ScenarioError and EnvironmentFileError, which say file, line and field.
        """
        return cls(settings, ports, directory=ZenginDirectory())

    @property
    def scenario(self) -> Scenario:
        """The scenario that the present state began with."""
        return self._state.scenario

    @property
    def clock(self) -> BankClock:
        """What time it is at the bank."""
        return self._state.clock

    @property
    def bank(self) -> Bank:
        """The bank itself."""
        return self._state.bank

    @property
    def oauth(self) -> AuthorizationServer:
        """The authorization server, with the registered clients."""
        return self._state.oauth

    @property
    def limiter(self) -> RequestLimiter:
        """The request limits, on real seconds."""
        return self._state.limiter

    @property
    def faults(self) -> Faults:
        """The faults that a tester has set."""
        return self._state.faults

    @property
    def journal(self) -> Journal:
        """What came in and what went out."""
        return self._state.journal

    @property
    def logins(self) -> Mapping[str, Login]:
        """Every log-in of the bank's site by its id."""
        return self._state.scenario.logins

    def random_text(self, length: int) -> str:
        """Return letters and digits from the world's source of randomness."""
        return "".join(self._ports.random_source.choices(LETTERS_AND_DIGITS, k=length))

    def tick(self) -> datetime:
        """Settle all that fell due and return the bank's present instant. Call it once before looking at the bank."""
        state = self._state
        now = state.clock.now()
        state.bank.tick(at=now)
        return now

    def settle(self) -> list[Event]:
        """Settle all that fell due, as `tick` does, and return what happened, in order."""
        state = self._state
        return state.bank.tick(at=state.clock.now())

    def reset(self, scenario: str | None = None) -> None:
        """Go back to the first state of a scenario, the present one by default. Raises ScenarioError."""
        self._state = self._first_state(scenario or self._state.scenario.name)

    def _first_state(self, name: str) -> _State:
        scenario = self._scenarios.get(name)
        if scenario is None:
            scenario = load_scenario(name)
            self._scenarios[name] = self._scenarios[scenario.name] = scenario
        clock = BankClock(self._ports.real_time, start=scenario.clock_start)
        rules = self.settings.bank_rules
        bank = Bank(rules=rules, calendar=self._calendar, directory=self._directory)
        self._open_accounts(bank, scenario, at=clock.now())
        return _State(
            scenario=scenario,
            clock=clock,
            bank=bank,
            oauth=AuthorizationServer(
                self.settings.oauth_rules,
                ClientRegistry(self.environment.clients),
                self._random_text_from_start(),
                issuer=self.environment.issuer,
            ),
            limiter=RequestLimiter(self._ports.monotonic),
            faults=Faults(),
            journal=Journal(),
        )

    def _random_text_from_start(self) -> Callable[[int], str]:
        """With a seed, every first state has the same tokens to come; without one, nobody can guess them."""
        seed = self.settings.seed
        source = self._ports.random_source if seed is None else Random(seed)  # noqa: S311  (asked for by --seed)
        return lambda length: "".join(source.choices(LETTERS_AND_DIGITS, k=length))

    def _open_accounts(self, bank: Bank, scenario: Scenario, *, at: datetime) -> None:
        for customer in scenario.customers:
            bank.open_customer(
                Customer(
                    customer_id=customer.customer_id,
                    name=customer.name,
                    kind=customer.kind,
                    confirmation_required=customer.confirmation_required,
                    business_id_management=customer.business_id_management,
                    virtual_accounts_enabled=customer.virtual_accounts_enabled,
                    va_partner_keys=tuple((key.reveal(), acted_for) for key, acted_for in customer.va_partner_keys),
                )
            )
        accounts = [(account, customer.customer_id) for customer in scenario.customers for account in customer.accounts]
        # Books are kept in the order of time, whatever the order in the file.
        for account, customer_id in sorted(accounts, key=lambda opened: opened[0].opened_on):
            bank.open_account(
                self._account(account, customer_id),
                opening_balance_yen=account.opening_balance_yen,
                at=min(midnight(account.opened_on), at - timedelta(microseconds=1)),
            )
        for customer in scenario.customers:
            for other in customer.other_accounts:
                bank.open_other_account(_other_account(other, customer.customer_id))
        deposits = [(deposit, account) for account, _ in accounts for deposit in account.past_deposits]
        for deposit, account in sorted(deposits, key=lambda paid: paid[0].instant(at)):
            bank.deposit(
                account.account_id,
                amount_yen=deposit.amount_yen,
                remitter_name=deposit.remitter_name,
                edi_info=deposit.edi_info,
                paying_bank=PayingBank(deposit.paying_bank, deposit.paying_branch) if deposit.paying_bank else None,
                at=deposit.instant(at),
            )
        for account, _ in accounts:
            if account.visa_uses is not None:
                bank.note_visa_uses(account.account_id, [use.on_card(at) for use in account.visa_uses])

    def _account(self, account: ScenarioAccount, customer_id: str) -> Account:
        branch = self._directory.find_branch(THIS_BANK, account.branch_code)
        return Account(
            account_id=account.account_id,
            customer_id=customer_id,
            branch_code=account.branch_code,
            branch_name=account.branch_name,
            branch_name_kana=branch.name_kana if branch is not None else "",
            type_code=account.type_code,
            number=account.number,
            primary=account.primary,
            name=account.name,
            name_kana=account.name_kana,
            transfer_limit_yen=account.transfer_limit_yen,
            opened_on=account.opened_on,
        )


def _other_account(account: ScenarioOtherAccount, customer_id: str) -> OtherAccount:
    return OtherAccount(
        account_id=account.account_id,
        customer_id=customer_id,
        type_code=account.type_code,
        balance_yen=account.balance_yen,
        foreign=account.foreign,
    )

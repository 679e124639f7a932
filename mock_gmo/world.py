"""One world: a bank with its clock, authorization server, log-ins, limits, faults and journal, built from settings.

No HTTP here. The whole state hangs on one reference, so that going back to the first state is one assignment.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from threading import RLock
from typing import Any

import jpholiday

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.customers import Account, Customer
from mock_gmo.bank.days import midnight
from mock_gmo.bank.deposits import PayingBank
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.fees import THIS_BANK
from mock_gmo.bank.other_accounts import OtherAccount
from mock_gmo.bank.sp_accounts import SpAccount, child_of, parent_of
from mock_gmo.bank.transfers import Event
from mock_gmo.clock import BankClock
from mock_gmo.delivery import Delivery, deliver, take_notice
from mock_gmo.directory import ZenginDirectory
from mock_gmo.environments.loader import Environment, load_environment
from mock_gmo.faults import Faults
from mock_gmo.journal import Journal
from mock_gmo.notifications.machine import Notifications
from mock_gmo.oauth.clients import Client, ClientRegistry
from mock_gmo.oauth.portal import portal_client
from mock_gmo.oauth.server import AuthorizationServer
from mock_gmo.oauth.tokens import TOKEN_LENGTH
from mock_gmo.rate_limit import RequestLimiter
from mock_gmo.scenarios.loader import load_scenario
from mock_gmo.scenarios.scenario import Login, Scenario, ScenarioAccount, ScenarioOtherAccount, ScenarioSpAccount
from mock_gmo.secret import Secret
from mock_gmo.settings import Settings
from mock_gmo.snapshots.document import Givens, read_snapshot, write_snapshot
from mock_gmo.state import SITE_KEY_LENGTH, Chance, Ports, WorldState

SECRET_LENGTH = 50

__all__ = ["Ground", "Ports", "World"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the worlds of one process share because nothing changes it: facts of Japan, registrations, scenarios."""

    environment: Environment
    directory: Directory
    calendar: BusinessCalendar
    scenarios: dict[str, Scenario] = field(default_factory=dict)

    def scenario(self, name: str) -> Scenario:
        """Return a scenario, read once. Raises ScenarioError."""
        scenario = self.scenarios.get(name)
        if scenario is None:
            scenario = load_scenario(name)
            self.scenarios[name] = self.scenarios[scenario.name] = scenario
        return scenario


class World:
    """The bank as its servers and pages see it. Its parts are those of the present state: never keep one."""

    def __init__(self, settings: Settings, ports: Ports, *, ground: Ground, name: str = "") -> None:
        self.settings = settings
        self.name = name
        self.ground = ground
        self.ports = ports
        self.delivering = RLock()
        """Held while notifications go out, one after the other, and while somebody moves the clock past due ones."""
        self._keep: Callable[[], None] = _keep_nothing
        self._portal_texts: dict[str, Secret] = {}
        self._held_from: World | None = None
        self._state = self._first_state(settings.scenario)

    @classmethod
    def build(cls, settings: Settings, ports: Ports) -> "World":
        """Build the world that the settings name.

        Raises ScenarioError and EnvironmentFileError, which say file, line and field.
        """
        environment = load_environment(settings.environment, integrator_port=settings.integrator_port)
        ground = Ground(environment, ZenginDirectory(), BusinessCalendar(jpholiday.is_holiday))
        return cls(settings, ports, ground=ground)

    @property
    def environment(self) -> Environment:
        """The clients registered at the start, and who may open the site."""
        return self.ground.environment

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
    def notifications(self) -> Notifications:
        """The messages to clients, and where the delivery of each stands."""
        return self._state.notifications

    @property
    def logins(self) -> Mapping[str, Login]:
        """Every log-in of the bank's site by its id."""
        return self._state.scenario.logins

    @property
    def site_key(self) -> Secret:
        """What signs the log-ins at this world's site, so that they are worth nothing at another's."""
        return self._state.site_key

    @property
    def chance(self) -> Chance:
        """The source of this world's ids and tokens."""
        return self._state.chance

    def random_text(self, length: int) -> str:
        """Return letters and digits from the world's source of randomness."""
        return self._state.chance.text(length)

    def tick(self) -> datetime:
        """Settle all that fell due and return the bank's present instant. Call it once before looking at the bank."""
        state = self._state
        now = state.clock.now()
        state.bank.tick(at=now)
        take_notice(state)
        return now

    def settle(self) -> list[Event]:
        """Settle all that fell due, as `tick` does, and return what happened, in order."""
        state = self._state
        events = state.bank.tick(at=state.clock.now())
        take_notice(state)
        return events

    def keep_by(self, keep: Callable[[], None]) -> None:
        """Have `keep` called around the sending of notifications; it returns once the present state is safe."""
        self._keep = keep

    def deliver_notifications(self, *, late: bool = False) -> list[Delivery]:
        """Send every notification that is due, in order, and return what happened; receivers are called in between.

        Each attempt counts as made when it was due. `late`: as made now, because the past is over.
        """
        with self.delivering:
            state = self._state
            now = state.clock.now
            self.tick()
            return deliver(state, self.ports, until=now(), keep=self._keep, now=now if late else None)

    def held(self) -> "World":
        """Return this world for one call, which keeps to one state whatever others put in its place meanwhile.

        A reset or a restore of what is returned is one of the world itself.
        """
        held = copy(self)
        held._held_from = self
        return held

    def reset(self, scenario: str | None = None) -> None:
        """Go back to the first state of a scenario, the present one by default. Raises ScenarioError."""
        self._go_to(self._first_state(scenario or self._state.scenario.name))

    @property
    def memory(self) -> WorldState:
        """The present state as one value, which a reset and a restore replace by another."""
        return self._state

    def snapshot(self, *, with_journal: bool = True) -> dict[str, Any]:
        """Return the whole state as plain JSON values, tokens and passwords included; other calls may go on."""
        return write_snapshot(self._state, with_journal=with_journal)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Put the state of a snapshot in the place of the present one. Raises SnapshotError; then nothing changed."""
        givens = Givens(
            ports=self.ports,
            bank_rules=self.settings.bank_rules,
            calendar=self.ground.calendar,
            directory=self.ground.directory,
            oauth_rules=self.settings.oauth_rules,
            notification_rules=self.settings.notification_rules,
            issuer=self.environment.issuer,
        )
        state = read_snapshot(snapshot, givens, otherwise=self._first_chance)
        self._go_to(state)
        self._portal_texts.update(_portal_texts(state))

    def _go_to(self, state: WorldState) -> None:
        self._state = state
        if self._held_from is not None:
            self._held_from._go_to(state)

    def _first_state(self, name: str) -> WorldState:
        scenario = self.ground.scenario(name)
        clock = BankClock(self.ports.real_time, start=scenario.clock_start)
        rules = self.settings.bank_rules
        bank = Bank(rules=rules, calendar=self.ground.calendar, directory=self.ground.directory)
        self._open_accounts(bank, scenario, at=clock.now())
        chance = self._first_chance()
        oauth = self._first_oauth(chance)
        self._give_portal_tokens(oauth, scenario, chance, at=clock.now())
        return WorldState(
            scenario=scenario,
            clock=clock,
            bank=bank,
            oauth=oauth,
            limiter=RequestLimiter(self.ports.monotonic),
            faults=Faults(),
            journal=Journal(),
            chance=chance,
            site_key=Secret(chance.text(SITE_KEY_LENGTH)),
            notifications=Notifications(self.settings.notification_rules, chance.text),
        )

    def _first_oauth(self, chance: Chance) -> AuthorizationServer:
        clients: tuple[Client, ...] = self.environment.clients
        if self.settings.imitated.has_portal_tokens:
            clients = (*clients, portal_client(Secret(chance.text(SECRET_LENGTH))))
        return AuthorizationServer(
            self.settings.oauth_rules, ClientRegistry(clients), chance.text, issuer=self.environment.issuer
        )

    def _give_portal_tokens(
        self, oauth: AuthorizationServer, scenario: Scenario, chance: Chance, *, at: datetime
    ) -> None:
        """A token that somebody has copied outlives a reset: the portal would show the same one again."""
        if not self.settings.imitated.has_portal_tokens:
            return
        for customer in scenario.customers:
            drawn = Secret(chance.text(TOKEN_LENGTH))
            text = self._portal_texts.setdefault(customer.customer_id, drawn)
            oauth.log_in_at_portal(customer.customer_id, at=at, text=text)

    def _first_chance(self) -> Chance:
        """With a seed, every first state has the same tokens to come; without one, nobody can guess them."""
        seed = self.settings.seed
        return Chance(self.ports.random_source if seed is None else Random(seed))  # noqa: S311  (asked for by --seed)

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
                    family_name_kana=customer.family_name_kana,
                    given_name_kana=customer.given_name_kana,
                )
            )
            for other in customer.other_accounts:
                bank.open_other_account(_other_account(other, customer.customer_id))
        accounts = [(account, customer) for customer in scenario.customers for account in customer.accounts]
        # Books are kept in the order of time, whatever the order in the file.
        for account, customer in sorted(accounts, key=lambda opened: opened[0].opened_on):
            opened = self._account(account, customer.customer_id)
            opened_at = min(midnight(account.opened_on), at - timedelta(microseconds=1))
            bank.open_account(opened, opening_balance_yen=account.opening_balance_yen, at=opened_at)
            for purse in customer.sp_accounts if account.primary else ():
                bank.sp_accounts.open(_purse(purse, opened), purse.shares, at=opened_at)
        deposits = [(deposit, account) for account, _ in accounts for deposit in account.past_deposits]
        for deposit, account in sorted(deposits, key=lambda paid: paid[0].instant(at)):
            bank.outside.deposit(
                account.account_id,
                amount_yen=deposit.amount_yen,
                remitter_name=deposit.remitter_name,
                edi_info=deposit.edi_info,
                paying_bank=PayingBank(deposit.paying_bank, deposit.paying_branch) if deposit.paying_bank else None,
                at=deposit.instant(at),
            )
        for beneficiary in scenario.beneficiaries:
            bank.outside.list_beneficiary(beneficiary)
        for account, _ in accounts:
            if account.visa_uses is not None:
                bank.note_visa_uses(account.account_id, [use.on_card(at) for use in account.visa_uses])

    def _account(self, account: ScenarioAccount, customer_id: str) -> Account:
        branch = self.ground.directory.find_branch(THIS_BANK, account.branch_code)
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
            transfer_limit_yen=min(account.transfer_limit_yen, self.settings.bank_rules.opening_limit_max_yen),
            opened_on=account.opened_on,
        )


def _purse(purse: ScenarioSpAccount, main: Account) -> SpAccount:
    return parent_of(main, purse.name) if purse.place is None else child_of(main, purse.name, purse.place)


def _portal_texts(state: WorldState) -> dict[str, Secret]:
    """What the portal shows in this state, which is what somebody may have copied."""
    tokens = {it.customer_id: state.oauth.portal_token(it.customer_id) for it in state.bank.customers()}
    return {customer_id: token.token for customer_id, token in tokens.items() if token is not None}


def _keep_nothing() -> None:
    """A world without a file: what it remembers ends with the process."""


def _other_account(account: ScenarioOtherAccount, customer_id: str) -> OtherAccount:
    return OtherAccount(
        account_id=account.account_id,
        customer_id=customer_id,
        type_code=account.type_code,
        balance_yen=account.balance_yen,
        foreign=account.foreign,
    )

"""One world's state as a versioned JSON document and back, part by part. Which parts there are stands here.

Tokens, secrets and passwords are in it in plain text, because a bank that forgot them could not go on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from mock_gmo.bank.calendar import BusinessCalendar
from mock_gmo.bank.directory import Directory
from mock_gmo.bank.rules import BankRules
from mock_gmo.clock import EPOCH, LATEST, RATE_MAX, BankClock
from mock_gmo.faults import EFFECTS, FAULT_PREFIX, RULES_MAX, FaultRule, Faults, ImpossibleFault, check_rule
from mock_gmo.journal import Entry, Journal
from mock_gmo.notifications.messages import NotificationsMemory
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.oauth.authorization import CODES_MAX, PENDING_REQUESTS_MAX
from mock_gmo.oauth.clients import ClientRegistry, ClientUnusable
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.server import AuthorizationServer, OAuthMemory
from mock_gmo.rate_limit import WINDOW_SECONDS, RequestLimiter
from mock_gmo.scenarios.scenario import Scenario
from mock_gmo.secret import Secret
from mock_gmo.snapshots.banks import BankGivens, latest_instant, read_bank, write_bank
from mock_gmo.snapshots.codec import SnapshotError, codec_of, read_members
from mock_gmo.snapshots.notifications import read_notifications
from mock_gmo.state import Chance, Ports, WorldState

FORMAT: Final = "mock-gmo-snapshot"
VERSION: Final = 1
PARTS: Final = (
    "scenario", "clock", "bank", "oauth", "limiter", "faults", "journal", "chance", "site_key", "notifications",
)  # fmt: skip
SITE_KEY_LENGTH_MIN: Final = 16
_FAULT_ID: Final = re.compile(FAULT_PREFIX + "([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Givens:
    """What a world has besides what it remembers; a snapshot never brings it."""

    ports: Ports
    bank_rules: BankRules
    calendar: BusinessCalendar
    directory: Directory
    oauth_rules: OAuthRules
    notification_rules: NotificationRules
    issuer: str


@dataclass(frozen=True, slots=True)
class _ClockMemory:
    now: datetime
    rate: float
    frozen: bool


@dataclass(frozen=True, slots=True)
class _FaultsMemory:
    rules: tuple[FaultRule, ...]
    last_no: int


@dataclass(frozen=True, slots=True)
class SmallPart:
    """A part that is told whole: what it is at the moment, to be compared with what it was, and how it is written."""

    look: Callable[[WorldState], Any]
    write: Callable[[Any], Any]


def _clock_memory(state: WorldState) -> _ClockMemory:
    return _ClockMemory(state.clock.now(), state.clock.rate, state.clock.is_frozen)


def _faults_memory(state: WorldState) -> _FaultsMemory:
    return _FaultsMemory(tuple(state.faults.all()), state.faults.last_no)


def _chance_memory(state: WorldState) -> Any:
    return state.chance.source.getstate() if state.chance.is_repeatable else None


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


# Calls go on while parts are looked at one after another. A token must not name a customer whom the bank got later,
# nor the books an instant that the clock has not reached: what refers to the bank comes before it, the clock after it.
PARTS_BEFORE_BANK: Final[Mapping[str, SmallPart]] = {
    "scenario": SmallPart(lambda state: state.scenario, codec_of(Scenario).write),
    "oauth": SmallPart(lambda state: state.oauth.memory(), codec_of(OAuthMemory).write),
    "limiter": SmallPart(lambda state: state.limiter.ages(), codec_of(dict[str, list[float]]).write),
    "faults": SmallPart(_faults_memory, codec_of(_FaultsMemory).write),
    "chance": SmallPart(_chance_memory, _listed),
    "site_key": SmallPart(lambda state: state.site_key, codec_of(Secret).write),
}
# A deposit that nobody was told of stands in the bank, then in a message: both are looked at in one moment.
PARTS_WITH_BANK: Final[Mapping[str, SmallPart]] = {
    "notifications": SmallPart(lambda state: state.notifications.memory(), codec_of(NotificationsMemory).write),
}
PARTS_AFTER_BANK: Final[Mapping[str, SmallPart]] = {
    "clock": SmallPart(_clock_memory, codec_of(_ClockMemory).write),
}


def write_snapshot(state: WorldState, *, with_journal: bool = True) -> dict[str, Any]:
    """Return the whole state as JSON values. Every part is as of one moment; calls may go on between two parts."""
    return {
        "format": FORMAT,
        "version": VERSION,
        **{name: part.write(part.look(state)) for name, part in PARTS_BEFORE_BANK.items()},
        **state.bank.look(lambda *_: _bank_and_messages(state)),
        **{name: part.write(part.look(state)) for name, part in PARTS_AFTER_BANK.items()},
        "journal": codec_of(list[Entry]).write(state.journal.all() if with_journal else []),
    }


def _bank_and_messages(state: WorldState) -> dict[str, Any]:
    messages = {name: part.write(part.look(state)) for name, part in PARTS_WITH_BANK.items()}
    return {"bank": write_bank(state.bank), **messages}


def read_snapshot(snapshot: Any, givens: Givens, *, otherwise: Callable[[], Chance]) -> WorldState:
    """Return the state that a snapshot describes; `otherwise` gives the randomness when it brings none.

    Raises SnapshotError, which says where, for anything that `write_snapshot` could not have written.
    """
    members = read_members(snapshot, "", frozenset({"format", "version", *PARTS}))
    if members["format"] != FORMAT or members["version"] != VERSION or isinstance(members["version"], bool):
        raise SnapshotError("/version", f"format {FORMAT} in version {VERSION}")
    bank_givens = BankGivens(givens.bank_rules, givens.calendar, givens.directory)
    bank = read_bank(members["bank"], "/bank", bank_givens)
    clock = _read_clock(members["clock"], "/clock", givens.ports)
    newest = bank.look(lambda state, _: latest_instant(state.books))
    if newest is not None and newest > clock.now():
        raise SnapshotError("/clock/now", f"no earlier instant than the newest posting, {newest.isoformat()}")
    customers = frozenset(customer.customer_id for customer in bank.customers())
    chance = _read_chance(members["chance"], "/chance") or otherwise()
    site_key: Secret = codec_of(Secret).read(members["site_key"], "/site_key")
    if len(site_key.reveal()) < SITE_KEY_LENGTH_MIN:
        raise SnapshotError("/site_key", f"{SITE_KEY_LENGTH_MIN} characters or more")
    return WorldState(
        scenario=_read_scenario(members["scenario"], "/scenario", customers),
        clock=clock,
        bank=bank,
        oauth=_read_oauth(members["oauth"], "/oauth", givens, chance=chance, customers=customers),
        limiter=_read_limiter(members["limiter"], "/limiter", givens.ports),
        faults=_read_faults(members["faults"], "/faults"),
        journal=_read_journal(members["journal"], "/journal"),
        chance=chance,
        site_key=site_key,
        notifications=read_notifications(
            members["notifications"],
            "/notifications",
            bank,
            rules=givens.notification_rules,
            random_text=chance.text,
        ),
    )


def _read_scenario(content: Any, at: str, customers: frozenset[str]) -> Scenario:
    scenario: Scenario = codec_of(Scenario).read(content, at)
    for login_id, login in scenario.logins.items():
        if login.customer_id not in customers:
            raise SnapshotError(at, f"log-ins of customers of this snapshot, not {login_id!r}")
    return scenario


def _read_clock(content: Any, at: str, ports: Ports) -> BankClock:
    memory: _ClockMemory = codec_of(_ClockMemory).read(content, at)
    if not EPOCH <= memory.now <= LATEST:
        raise SnapshotError(f"{at}/now", f"an instant from {EPOCH.isoformat()} to {LATEST.isoformat()}")
    if not 0 < memory.rate <= RATE_MAX:
        raise SnapshotError(f"{at}/rate", f"a rate above 0, at most {RATE_MAX:g}")
    clock = BankClock(ports.real_time, start=memory.now)
    clock.set_rate(memory.rate)
    clock.freeze(memory.frozen)
    return clock


def _read_oauth(
    content: Any, at: str, givens: Givens, *, chance: Chance, customers: frozenset[str]
) -> AuthorizationServer:
    memory: OAuthMemory = codec_of(OAuthMemory).read(content, at)
    try:
        registry = ClientRegistry(memory.clients)
    except ClientUnusable as unusable:
        raise SnapshotError(f"{at}/clients", str(unusable)) from unusable
    _check_once(memory, at)
    for kind in ("access_tokens", "refresh_tokens"):
        for index, token in enumerate(getattr(memory, kind)):
            if token.grant.customer_id not in customers:
                raise SnapshotError(f"{at}/{kind}/{index}/grant/customer_id", "a customer of this snapshot")
    for index, code in enumerate(memory.codes):
        if code.customer_id not in customers:
            raise SnapshotError(f"{at}/codes/{index}/customer_id", "a customer of this snapshot")
    server = AuthorizationServer(givens.oauth_rules, registry, chance.text, issuer=givens.issuer)
    server.remember(memory)
    return server


def _check_once(memory: OAuthMemory, at: str) -> None:
    for name, texts, most in (
        ("pending", [it.request_id for it in memory.pending], PENDING_REQUESTS_MAX),
        ("codes", [it.code.reveal() for it in memory.codes], CODES_MAX),
        ("access_tokens", [it.token.reveal() for it in memory.access_tokens], None),
        ("refresh_tokens", [it.token.reveal() for it in memory.refresh_tokens], None),
    ):
        if len(set(texts)) < len(texts) or (most is not None and len(texts) > most):
            raise SnapshotError(f"{at}/{name}", f"each once{f', {most} at most' if most is not None else ''}")


def _read_limiter(content: Any, at: str, ports: Ports) -> RequestLimiter:
    ages: Mapping[str, list[float]] = codec_of(dict[str, list[float]]).read(content, at)
    for client_id, passed in ages.items():
        if any(not 0 <= age < WINDOW_SECONDS for age in passed) or passed != sorted(passed, reverse=True):
            raise SnapshotError(f"{at}/{client_id}", f"seconds from 0 to {WINDOW_SECONDS:g}, the longest first")
    limiter = RequestLimiter(ports.monotonic)
    limiter.remember(ages)
    return limiter


def _read_faults(content: Any, at: str) -> Faults:
    memory: _FaultsMemory = codec_of(_FaultsMemory).read(content, at)
    if len(memory.rules) > RULES_MAX or len({rule.fault_id for rule in memory.rules}) < len(memory.rules):
        raise SnapshotError(f"{at}/rules", f"every fault once, {RULES_MAX} at most")
    for index, rule in enumerate(memory.rules):
        if rule.effect not in EFFECTS or (rule.times is not None and rule.times < 1):
            raise SnapshotError(f"{at}/rules/{index}", f"an effect of {', '.join(EFFECTS)}, once or more")
        found = _FAULT_ID.fullmatch(rule.fault_id)
        if found is None or not 0 < int(found[1]) <= memory.last_no:
            raise SnapshotError(f"{at}/rules/{index}/fault_id", f"fault-1 to fault-{memory.last_no}")
        try:
            check_rule(rule)
        except ImpossibleFault as impossible:
            raise SnapshotError(f"{at}/rules/{index}", str(impossible)) from impossible
    return Faults(memory.rules, last_no=memory.last_no)


def _read_journal(content: Any, at: str) -> Journal:
    journal = Journal()
    for entry in codec_of(list[Entry]).read(content, at):
        journal.write(entry)
    return journal


def _read_chance(content: Any, at: str) -> Chance | None:
    if content is None:
        return None
    source = Random()  # noqa: S311  (a state that was asked for by a seed)
    try:
        version, numbers, gauss = content
        source.setstate((version, tuple(numbers), gauss))
        # A state that cannot be used shows itself at the first use.
        probe = Random()  # noqa: S311  (thrown away)
        probe.setstate(source.getstate())
        probe.random()
    except (TypeError, ValueError, OverflowError) as unusable:
        raise SnapshotError(at, f"the state of a source of randomness, or null: {unusable}") from unusable
    return Chance(source)

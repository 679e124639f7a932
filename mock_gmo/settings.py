"""Settings of one bank, read once at start. What cannot be read stops the start with the variable's name.

Every name is a row of `VARIABLES` or follows from a field of one of the three rules as MOCK_GMO_RULE_…
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Self, TypeVar, get_type_hints

from mock_gmo.bank.fees import FeeRules
from mock_gmo.bank.rules import BankRules, ClosedHours
from mock_gmo.notifications.rules import NotificationRules
from mock_gmo.oauth.clients import Network
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.profiles import PROFILES, Profile

PREFIX: Final = "MOCK_GMO_"
RULE_PREFIX: Final = "MOCK_GMO_RULE_"
ENVIRONMENTS: Final = ("local", "development", "production")
WORDS: Final = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
PORT_MAX: Final = 65_535

AnyRules = BankRules | OAuthRules | NotificationRules | FeeRules
Rules = TypeVar("Rules", BankRules, OAuthRules, NotificationRules, FeeRules)


class SettingsError(ValueError):
    """A setting is missing or cannot be read. The message names it, what came, and what was expected."""

    def __init__(self, name: str, *, came: str, expected: str) -> None:
        super().__init__(f"{name}: {came!r} cannot be used; expected {expected}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen about one bank before it starts."""

    host: str = "127.0.0.1"
    port: int = 8310
    scenario: str = "corporate"
    environment: str = "local"
    profile: str = "bank"
    seed: int | None = None
    ready_file: Path | None = None
    state: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()
    control_networks: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    control_hosts: tuple[str, ...] = ()
    integrator_port: int = 8320
    maintenance: bool = False
    retry_after_seconds: int | None = None
    site_idle_seconds: int = 1_800
    explain: bool = True
    bank_rules: BankRules = field(default_factory=BankRules)
    oauth_rules: OAuthRules = field(default_factory=OAuthRules)
    notification_rules: NotificationRules = field(default_factory=NotificationRules)

    @property
    def imitated(self) -> Profile:
        """The row of PROFILES that this bank imitates."""
        return PROFILES[self.profile]

    @classmethod
    def of_profile(cls, profile: str = "bank", **given: Any) -> Self:
        """Return the settings of a profile with its rules; what is given wins over them. Raises KeyError."""
        imitated = PROFILES[profile]
        rules = {
            "bank_rules": replace(BankRules(), **imitated.bank_rules),
            "oauth_rules": replace(OAuthRules(), **imitated.oauth_rules),
        }
        return cls(profile=profile, **{**rules, **given})

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **overrides: Any) -> Self:
        """Read the settings; an override (from the command line) that is not None wins over its variable.

        Raises SettingsError for a value that cannot be read and for a MOCK_GMO_ variable that does not exist.
        """
        _refuse_unknown(environ)
        values: dict[str, Any] = {}
        for name, variable in VARIABLES.items():
            text = environ.get(variable.name, "")
            given = overrides.get(name)
            if given is not None:
                values[name] = variable.read_from(str(given), name=f"--{name.replace('_', '-')}")
            elif text != "":
                values[name] = variable.read_from(text, name=variable.name)
        settings = cls.of_profile(**values)
        return replace(
            settings,
            bank_rules=_read_rules(settings.bank_rules, environ),
            oauth_rules=_read_rules(settings.oauth_rules, environ),
            notification_rules=_read_rules(settings.notification_rules, environ),
        )


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: how it is read, and what to tell who wrote something else."""

    name: str
    read: Callable[[str], Any]
    expected: str

    def read_from(self, text: str, *, name: str) -> Any:
        """Return the value. Raises SettingsError with `name`, which may be that of a command-line option."""
        try:
            return self.read(text.strip())
        except ValueError as unreadable:
            raise SettingsError(name, came=text, expected=self.expected) from unreadable


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return read


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.removeprefix("-").isdigit() and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return read


def _switch(text: str) -> bool:
    if text.lower() not in WORDS:
        raise ValueError(text)
    return WORDS[text.lower()]


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(HOST_NAME.fullmatch(name) for name in names):
        raise ValueError(text)
    return names


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


HOST_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?")
_CIDR = "networks separated by commas, such as 192.0.2.0/24,198.51.100.7/32"
_ON_OFF = "one of 1, true, yes, on, 0, false, no, off"

VARIABLES: Final[dict[str, Variable]] = {
    "host": Variable("MOCK_GMO_HOST", _not_empty, "a host name or an address"),
    "port": Variable("MOCK_GMO_PORT", _whole_number(0, PORT_MAX), "a port from 0 (any free one) to 65535"),
    "scenario": Variable("MOCK_GMO_SCENARIO", _not_empty, "the name of a scenario or the path of a scenario file"),
    "environment": Variable("MOCK_GMO_ENVIRONMENT", _one_of(ENVIRONMENTS), f"one of {', '.join(ENVIRONMENTS)}"),
    "profile": Variable("MOCK_GMO_PROFILE", _one_of(tuple(PROFILES)), f"one of {', '.join(PROFILES)}"),
    "seed": Variable("MOCK_GMO_SEED", _whole_number(0, 2**63 - 1), "a whole number from 0"),
    "ready_file": Variable("MOCK_GMO_READY_FILE", Path, "the path of a file"),
    "state": Variable("MOCK_GMO_STATE", Path, "the path of a file"),
    "trusted_proxies": Variable("MOCK_GMO_TRUSTED_PROXIES", _networks, _CIDR),
    "control_networks": Variable("MOCK_GMO_CONTROL_NETWORKS", _networks, _CIDR),
    "control_hosts": Variable(
        "MOCK_GMO_CONTROL_HOSTS", _names, "host names separated by commas, such as bank,bank.example"
    ),
    "integrator_port": Variable("INTEGRATOR_PORT", _whole_number(0, PORT_MAX), "a port from 0 to 65535"),
    "maintenance": Variable("MOCK_GMO_MAINTENANCE", _switch, _ON_OFF),
    "retry_after_seconds": Variable("MOCK_GMO_RETRY_AFTER_SECONDS", _whole_number(1, 3_600), "seconds from 1 to 3600"),
    "explain": Variable("MOCK_GMO_EXPLAIN", _switch, _ON_OFF),
    "site_idle_seconds": Variable("MOCK_GMO_SITE_IDLE_SECONDS", _whole_number(1, 86_400), "seconds from 1 to 86400"),
}

READERS: Final[dict[Any, tuple[Callable[[str], Any], str]]] = {
    bool: (_switch, _ON_OFF),
    int: (_whole_number(0, 10**12), "a whole number"),
    time: (time.fromisoformat, "a time in Japan such as 09:00"),
    tuple[time, ...]: (
        lambda text: tuple(time.fromisoformat(part.strip()) for part in text.split(",") if part.strip()),
        "times in Japan separated by commas, such as 12:00,15:00",
    ),
    tuple[ClosedHours, ...]: (
        lambda text: tuple(ClosedHours.parse(part) for part in text.split(",") if part.strip()),
        "weekly gaps such as sat 23:52-00:10, separated by commas",
    ),
}


def rule_names() -> dict[str, str]:
    """Return every MOCK_GMO_RULE_… variable and what it expects."""
    every = (BankRules(), OAuthRules(), NotificationRules())
    return {name: variable.expected for rules in every for name, variable in _rows(rules)}


def _rows(rules: AnyRules, prefix: str = RULE_PREFIX) -> list[tuple[str, Variable]]:
    rows: list[tuple[str, Variable]] = []
    hints = get_type_hints(type(rules))
    for member in fields(rules):
        name = prefix + member.name.upper()
        value = getattr(rules, member.name)
        if isinstance(value, FeeRules):
            rows.extend(_rows(value, prefix=f"{name}_"))
        else:
            read, expected = READERS[hints[member.name]]
            rows.append((name, Variable(name, read, expected)))
    return rows


def _read_rules(rules: Rules, environ: Mapping[str, str], prefix: str = RULE_PREFIX) -> Rules:
    changes: dict[str, Any] = {}
    readable = dict(_rows(rules, prefix))
    for member in fields(rules):
        name = prefix + member.name.upper()
        value = getattr(rules, member.name)
        if isinstance(value, FeeRules):
            changes[member.name] = _read_rules(value, environ, prefix=f"{name}_")
        elif environ.get(name, "") != "":
            changes[member.name] = readable[name].read_from(environ[name], name=name)
    try:
        return replace(rules, **changes)
    except ValueError as impossible:
        given = ", ".join(name for name in readable if environ.get(name, "") != "")
        raise SettingsError(given, came="these values together", expected=str(impossible)) from impossible


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {variable.name for variable in VARIABLES.values()} | rule_names().keys()
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            own_names = sorted(it.removeprefix(PREFIX) for it in known)
            meant = get_close_matches(name.removeprefix(PREFIX), own_names, n=1)
            hint = f"did you mean {PREFIX}{meant[0]}?" if meant else "serve --help and contracts/README.md list them"
            raise SettingsError(name, came=environ[name], expected=f"the name of a setting; {hint}")

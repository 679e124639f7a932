"""Every setting, read once at start. A value that is missing or cannot be read stops the start and is named.

The web process and the worker have settings of their own: only the worker's can hold a master key. Nothing
here opens a file, a socket or a database.
"""

import base64
import binascii
import difflib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from integrator.effects import FailPoint

PREFIX = "INTEGRATOR_"
KEY_LENGTH = 32
PRINTABLE = re.compile(r"[\x21-\x7e]+")
WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
MASTER_KEY_ID = re.compile(r"[A-Za-z0-9_-]{8}")
FAIL_POINT = re.compile(
    r"(?P<point>(?:commit|bank)\.(?:before|after)|sleep|[A-Za-z_]{1,64}\.(?:sent|answered)):(?P<visit>[1-9][0-9]{0,5})"
)


class Environment(StrEnum):
    """One closed set of bank host, public URL, client ids, keys and database."""

    LOCAL = "local"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ClockSource(StrEnum):
    OWN = "own"
    BANK = "bank"


BANK_HOSTS = {
    Environment.DEVELOPMENT: "stg-api.gmo-aozora.com",
    Environment.PRODUCTION: "api.gmo-aozora.com",
}
# The hosts of the redirect URLs that are registered with the bank; other hosts may be registered as well, but
# one of these never serves another environment.
REGISTERED_HOSTS = {
    "gmo-bank-integrator.nvst.jp": Environment.PRODUCTION,
    "dev.gmo-bank-integrator.nvst.jp": Environment.DEVELOPMENT,
}

KNOWN = (
    "INTEGRATOR_ENVIRONMENT",
    "INTEGRATOR_BANK_URL",
    "INTEGRATOR_DATABASE_URL",
    "INTEGRATOR_PUBLIC_URL",
    "INTEGRATOR_MASTER_KEY",
    "INTEGRATOR_MASTER_KEY_FILE",
    "INTEGRATOR_INTAKE_PUBLIC_KEY",
    "INTEGRATOR_HOST",
    "INTEGRATOR_PORT",
    "INTEGRATOR_CLOCK",
    "INTEGRATOR_REQUESTS_PER_SECOND",
    "INTEGRATOR_KEY_REQUESTS_PER_SECOND",
    "INTEGRATOR_GATE_JITTER_MS",
    "INTEGRATOR_CLOCK_SKEW_MS",
    "INTEGRATOR_WORKER_THREADS",
    "INTEGRATOR_CRASHES_MAX",
    "INTEGRATOR_CONNECT_SECONDS",
    "INTEGRATOR_READ_SECONDS",
    "INTEGRATOR_FAIL_POINT",
)


class SettingsError(Exception):
    """A setting stops the start. `variable` is its name; the message says what was wrong and how to mend it."""

    def __init__(self, variable: str, problem: str, mend: str) -> None:
        super().__init__(f"{variable}: {problem}. {mend}")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One key of the worker. `key_id` stands in front of everything sealed with it."""

    key_id: str
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What a command needs that touches only the database."""

    environment: Environment
    database_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The web process. Holds no key that opens anything."""

    environment: Environment
    database_url: str = field(repr=False)
    bank_url: str
    public_url: str
    clock: ClockSource
    intake_public_key: bytes
    host: str
    port: int
    requests_per_second: int
    key_requests_per_second: int


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The worker. The first master key seals; all of them open."""

    environment: Environment
    database_url: str = field(repr=False)
    bank_url: str
    clock: ClockSource
    master_keys: tuple[MasterKey, ...]
    gate_jitter_seconds: float
    connect_seconds: float
    read_seconds: float
    threads: int
    crashes_max: int
    fail_point: FailPoint | None = None
    clock_skew_ms: int = 25


def read_store_settings(variables: Mapping[str, str]) -> StoreSettings:
    """Return the settings of a database command. Raises SettingsError."""
    _refuse_unknown(variables)
    return StoreSettings(read_environment(variables), _required(variables, "INTEGRATOR_DATABASE_URL"))


def read_web_settings(variables: Mapping[str, str]) -> WebSettings:
    """Return the settings of the web process. Raises SettingsError, also when it was given a master key."""
    _refuse_unknown(variables)
    for name in ("INTEGRATOR_MASTER_KEY", "INTEGRATOR_MASTER_KEY_FILE"):
        if name not in variables:
            continue
        raise SettingsError(
            name,
            "the web process must not be able to open what it seals",
            "Set it for the worker only and give the web INTEGRATOR_INTAKE_PUBLIC_KEY "
            "(integrator key intake-public prints it)",
        )
    environment = read_environment(variables)
    return WebSettings(
        environment=environment,
        database_url=_required(variables, "INTEGRATOR_DATABASE_URL"),
        bank_url=_bank_url(variables, environment),
        public_url=_public_url(variables, environment),
        clock=_clock(variables, environment),
        intake_public_key=_intake_public_key(variables),
        host=variables.get("INTEGRATOR_HOST") or "127.0.0.1",
        port=_whole(variables, "INTEGRATOR_PORT", default=8320, least=0, most=65535),
        requests_per_second=_whole(variables, "INTEGRATOR_REQUESTS_PER_SECOND", default=1, least=1, most=100),
        key_requests_per_second=_whole(
            variables, "INTEGRATOR_KEY_REQUESTS_PER_SECOND", default=100, least=1, most=100_000
        ),
    )


def read_worker_settings(variables: Mapping[str, str]) -> WorkerSettings:
    """Return the settings of the worker. Raises SettingsError."""
    _refuse_unknown(variables)
    environment = read_environment(variables)
    jitter_ms = _whole(variables, "INTEGRATOR_GATE_JITTER_MS", default=50, least=0, most=1000)
    return WorkerSettings(
        environment=environment,
        database_url=_required(variables, "INTEGRATOR_DATABASE_URL"),
        bank_url=_bank_url(variables, environment),
        clock=_clock(variables, environment),
        master_keys=read_master_keys(variables),
        gate_jitter_seconds=jitter_ms / 1000,
        connect_seconds=float(_whole(variables, "INTEGRATOR_CONNECT_SECONDS", default=3, least=1, most=10)),
        read_seconds=float(_whole(variables, "INTEGRATOR_READ_SECONDS", default=30, least=1, most=40)),
        threads=_whole(variables, "INTEGRATOR_WORKER_THREADS", default=16, least=1, most=64),
        crashes_max=_whole(variables, "INTEGRATOR_CRASHES_MAX", default=10, least=1, most=1000),
        fail_point=_fail_point(variables, environment),
        clock_skew_ms=_whole(variables, "INTEGRATOR_CLOCK_SKEW_MS", default=25, least=1, most=10_000),
    )


def read_public_url(variables: Mapping[str, str]) -> tuple[Environment, str]:
    """Return the environment and the base URL under which browsers reach it. Raises SettingsError."""
    _refuse_unknown(variables)
    environment = read_environment(variables)
    return environment, _public_url(variables, environment)


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return INTEGRATOR_ENVIRONMENT, which has no default. Raises SettingsError."""
    text = _required(variables, "INTEGRATOR_ENVIRONMENT")
    if text not in list(Environment):
        raise SettingsError("INTEGRATOR_ENVIRONMENT", f"{text!r} is unknown", f"Set one of {', '.join(Environment)}")
    return Environment(text)


def read_master_keys(variables: Mapping[str, str]) -> tuple[MasterKey, ...]:
    """Return the keys of INTEGRATOR_MASTER_KEY in their order. Raises SettingsError, which never shows a key."""
    name = "INTEGRATOR_MASTER_KEY"
    mend = "Set KEYID:BASE64, KEYID of 8 letters or digits, BASE64 of 32 bytes, several separated by commas; " + (
        "integrator master-key new prints one"
    )
    keys = []
    for number, part in enumerate(_required(variables, name, mend=mend).split(","), start=1):
        key_id, colon, text = part.partition(":")
        material = _base64(text)
        if not colon or not MASTER_KEY_ID.fullmatch(key_id) or material is None or len(material) != KEY_LENGTH:
            raise SettingsError(name, f"key number {number} cannot be read", mend)
        keys.append(MasterKey(key_id, material))
    if len({key.key_id for key in keys}) != len(keys):
        raise SettingsError(name, "two keys have the same id", mend)
    return tuple(keys)


def written_master_key(key: MasterKey) -> str:
    """Return the form that `read_master_keys` reads. A secret: for the operator's eyes, once."""
    return f"{key.key_id}:{base64.b64encode(key.material).decode()}"


def _refuse_unknown(variables: Mapping[str, str]) -> None:
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(KNOWN)}"
            raise SettingsError(name, "there is no such setting", mend)


def _required(variables: Mapping[str, str], name: str, *, mend: str | None = None) -> str:
    text = variables.get(name, "")
    if not text:
        raise SettingsError(name, "is not set", mend or _EXAMPLES[name])
    return text


_EXAMPLES = {
    "INTEGRATOR_ENVIRONMENT": f"Set one of {', '.join(Environment)}",
    "INTEGRATOR_DATABASE_URL": "Set sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
    "INTEGRATOR_BANK_URL": "Set the bank's base URL, for instance http://127.0.0.1:8310",
    "INTEGRATOR_PUBLIC_URL": "Set the base URL under which browsers reach us, for instance http://127.0.0.1:8320",
    "INTEGRATOR_INTAKE_PUBLIC_KEY": "Set the base64 text that integrator key intake-public prints on the worker's side",
}


def _bank_url(variables: Mapping[str, str], environment: Environment) -> str:
    name = "INTEGRATOR_BANK_URL"
    text, parts = _url(variables, name)
    host = BANK_HOSTS.get(environment)
    if host is None:
        if not _is_loopback(parts):
            raise SettingsError(name, f"{parts.hostname} is not on this machine", _mend_local(name))
        return text
    if (parts.scheme, parts.hostname, parts.port, parts.path) != ("https", host, None, ""):
        raise SettingsError(name, f"does not belong to the environment {environment}", f"Set https://{host}")
    return text


def _public_url(variables: Mapping[str, str], environment: Environment) -> str:
    name = "INTEGRATOR_PUBLIC_URL"
    text, parts = _url(variables, name)
    if environment is Environment.LOCAL:
        if not _is_loopback(parts):
            raise SettingsError(name, f"{parts.hostname} is not on this machine", _mend_local(name))
        return text
    owner = REGISTERED_HOSTS.get(parts.hostname or "", environment)
    if owner is not environment:
        raise SettingsError(name, f"{parts.hostname} belongs to the environment {owner}", f"Set that of {environment}")
    if parts.scheme != "https" or _is_loopback(parts):
        raise SettingsError(name, "is not a public https address", "Set the registered base URL, https://HOST")
    return text


def _mend_local(name: str) -> str:
    return f"{_EXAMPLES[name]}, or change INTEGRATOR_ENVIRONMENT"


def _url(variables: Mapping[str, str], name: str) -> tuple[str, SplitResult]:
    text = _required(variables, name).rstrip("/")
    mend = _EXAMPLES[name]
    # urlsplit silently drops line ends and tabs, so the characters are looked at first.
    if not PRINTABLE.fullmatch(text):
        raise SettingsError(name, "holds a space or a control character", mend)
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise SettingsError(name, "is no URL", mend) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(name, "is no http or https URL with a host", mend)
    if parts.query or parts.fragment or parts.username or parts.password:
        raise SettingsError(name, "carries a query, a fragment or a log-in", mend)
    return text, parts


def _is_loopback(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _clock(variables: Mapping[str, str], environment: Environment) -> ClockSource:
    text = variables.get("INTEGRATOR_CLOCK") or ClockSource.OWN
    if text not in list(ClockSource):
        raise SettingsError("INTEGRATOR_CLOCK", f"{text!r} is unknown", "Set own or bank, or leave it out")
    if text == ClockSource.BANK and environment is not Environment.LOCAL:
        raise SettingsError(
            "INTEGRATOR_CLOCK", f"bank is not allowed in the environment {environment}", "Set own, or leave it out"
        )
    return ClockSource(text)


def _fail_point(variables: Mapping[str, str], environment: Environment) -> FailPoint | None:
    name = "INTEGRATOR_FAIL_POINT"
    if name not in variables:
        return None
    if environment is not Environment.LOCAL:
        raise SettingsError(name, f"a worker of the environment {environment} never ends on purpose", "Leave it out")
    found = FAIL_POINT.fullmatch(variables[name])
    if found is None:
        raise SettingsError(
            name,
            f"{variables[name]!r} is no fail point",
            "Set POINT:VISIT, for instance requestTransfer.sent:1, or leave it out",
        )
    return FailPoint(found["point"], int(found["visit"]))


def _intake_public_key(variables: Mapping[str, str]) -> bytes:
    name = "INTEGRATOR_INTAKE_PUBLIC_KEY"
    key = _base64(_required(variables, name))
    if key is None or len(key) != KEY_LENGTH:
        raise SettingsError(name, "is not the base64 text of 32 bytes", _EXAMPLES[name])
    return key


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _whole(variables: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    text = variables.get(name) or str(default)
    if not WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise SettingsError(
            name, f"{text!r} is not within {least} and {most}", f"Set a whole number, or leave it out ({default})"
        )
    return int(text)

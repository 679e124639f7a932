"""What may be asked of somebody else's bank, and which bank may be asked. Both are decided before the first call.

Two literal tables: SAFE, one row for every operation of the documents, and HOSTS, one row for every host of the bank.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mock_gmo.contract import Operation

PRODUCTION: Final = "production"
DEVELOPMENT: Final = "development"
SANDBOX: Final = "sandbox"
OTHER: Final = "other"
BANK_DOMAIN: Final = "gmo-aozora.com"
PORT_MAX: Final = 65_535
_HOST_NAME: Final = re.compile(r"[0-9a-z]([0-9a-z.-]*[0-9a-z])?")

# Source: README of the wire reference, Environments. Any other host of the domain counts as production.
HOSTS: Final = MappingProxyType({
    "api.gmo-aozora.com": PRODUCTION,
    "stg-api.gmo-aozora.com": DEVELOPMENT,
    "api.sunabar.gmo-aozora.com": SANDBOX,
})  # fmt: skip


class UnsafeTarget(Exception):
    """The run is refused before its first call. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether an operation may be called at a bank that is not ours, and the reason."""

    is_safe: bool
    reason: str


def _inquiry(reason: str = "an inquiry by GET") -> Safety:
    return Safety(True, reason)


def _never(reason: str) -> Safety:
    return Safety(False, reason)


_FEE: Final = _inquiry("an inquiry by POST: checks an order without placing it")
_VA_LIST: Final = _inquiry("an inquiry by POST: lists and changes nothing")
_ORDER: Final = _never("moves money")
_CANCEL: Final = _never("cancels an order")
_VA_CHANGE: Final = _never("changes virtual accounts that customers pay to")

SAFE: Final = MappingProxyType({
    "authorize": _never("begins a consent, which is for a person at the bank's site"),
    "issueToken": _never("uses up codes and replaces refresh tokens"),
    "getUserInfo": _inquiry(),
    "getAccounts": _inquiry(),
    "getBalances": _inquiry(),
    "getTransactions": _inquiry(),
    "getDepositTransactions": _inquiry(),
    "getVisaTransactions": _inquiry(),
    "getTransferStatus": _inquiry(),
    "getTransferRequestResult": _inquiry(),
    "calculateTransferFee": _FEE,
    "requestTransfer": _ORDER,
    "cancelTransfer": _CANCEL,
    "getBulkTransferStatus": _inquiry(),
    "getBulkTransferRequestResult": _inquiry(),
    "calculateBulkTransferFee": _FEE,
    "requestBulkTransfer": _ORDER,
    "cancelBulkTransfer": _CANCEL,
    "listVirtualAccounts": _VA_LIST,
    "getVirtualAccountDeposits": _inquiry(),
    "issueVirtualAccounts": _VA_CHANGE,
    "changeVirtualAccountStatus": _VA_CHANGE,
    "closeVirtualAccountContract": _VA_CHANGE,
    "getPersonalAccounts": _inquiry(),
    "getPersonalBalances": _inquiry(),
    "getPersonalTransactions": _inquiry(),
    "getPersonalDepositTransactions": _inquiry(),
    "getPersonalVisaTransactions": _inquiry(),
    "getPersonalTransferStatus": _inquiry(),
    "getPersonalTransferRequestResult": _inquiry(),
    "calculatePersonalTransferFee": _FEE,
    "requestPersonalTransfer": _ORDER,
    "cancelPersonalTransfer": _CANCEL,
    "transferBetweenSpAccounts": _ORDER,
    "getPersonalBulkTransferStatus": _inquiry(),
    "getPersonalBulkTransferRequestResult": _inquiry(),
    "calculatePersonalBulkTransferFee": _FEE,
    "requestPersonalBulkTransfer": _ORDER,
    "cancelPersonalBulkTransfer": _CANCEL,
    "listPersonalVirtualAccounts": _VA_LIST,
    "getPersonalVirtualAccountDeposits": _inquiry(),
    "issuePersonalVirtualAccounts": _VA_CHANGE,
    "changePersonalVirtualAccountStatus": _VA_CHANGE,
    "closePersonalVirtualAccountContract": _VA_CHANGE,
    "subscribe": _never("starts or stops notifications for everybody"),
    "getUnsentVaDeposits": _never("what is fetched counts as delivered, so messages would be lost"),
    "getSubscribeStatus": _never("wants the client's secret, which this command does not take"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A bank that may be asked: `base` has no path at its end but the prefix of a world, `kind` is a value of HOSTS."""

    base: str
    host: str
    kind: str
    is_loopback: bool


def check_target(url: str) -> Target:
    """Return the target of a URL. Raises UnsafeTarget for one that must not be called or cannot be read."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as unreadable:
        raise UnsafeTarget("the target is no URL; expected one like https://bank.example") from unreadable
    host = (parts.hostname or "").lower().rstrip(".")
    if parts.scheme not in ("http", "https") or not _is_host(host) or port == 0:
        raise UnsafeTarget("the target is no URL of a bank; expected one like https://bank.example")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UnsafeTarget("the target must be a plain URL: credentials, query and fragment do not belong into it")
    is_loopback = _is_loopback(host)
    if parts.scheme != "https" and not is_loopback:
        raise UnsafeTarget("the target must be https: the token would travel in clear (http is for loopback only)")
    return Target(base=_base(parts, host), host=host, kind=_kind(host), is_loopback=is_loopback)


def check_operations(
    operations: Iterable[Operation], *, allowed: tuple[str, ...], target: Target, is_production_confirmed: bool
) -> tuple[Operation, ...]:
    """Return the operations to call, in the documents' order: the safe ones, or those of them that `allowed` names.

    Raises UnsafeTarget when `allowed` names one that is not safe or does not exist, and for the bank's production
    unless it is confirmed and the operations are named one by one.
    """
    for name in allowed:
        if name not in SAFE:
            meant = get_close_matches(name, SAFE, n=1)
            raise UnsafeTarget(f"--allow {name}: no such operation" + (f"; did you mean {meant[0]}?" if meant else ""))
        if not SAFE[name].is_safe:
            raise UnsafeTarget(f"--allow {name}: never called, it {SAFE[name].reason}")
    if target.kind == PRODUCTION and not (is_production_confirmed and allowed):
        raise UnsafeTarget(
            f"{target.host} is the bank's production: give --production-read-only, "
            "and name every inquiry to make with --allow"
        )
    chosen = tuple(it for it in operations if SAFE[it.operation_id].is_safe and it.operation_id in (allowed or SAFE))
    if not chosen:
        raise UnsafeTarget("nothing to call: the named operations are not in the chosen documents")
    return chosen


def is_path_of_unsafe(path: str, unsafe: Iterable[Operation]) -> bool:
    """Tell whether a path, under whatever prefix, is that of an operation that is never called."""
    plain = path.rstrip("/").lower()
    return any(plain.endswith(operation.relative_path.lower()) for operation in unsafe)


def _base(parts: SplitResult, host: str) -> str:
    name = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{name}{port}{parts.path.rstrip('/')}"


def _is_host(host: str) -> bool:
    return ":" in host or bool(_HOST_NAME.fullmatch(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _kind(host: str) -> str:
    if host in HOSTS:
        return HOSTS[host]
    return PRODUCTION if host == BANK_DOMAIN or host.endswith(f".{BANK_DOMAIN}") else OTHER

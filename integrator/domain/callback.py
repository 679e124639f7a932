"""Callbacks to ReCORE: which addresses may be called, how a call is signed, how long what was not taken waits. Pure."""

import base64
import hashlib
import hmac
import ipaddress
import re
from datetime import timedelta
from urllib.parse import urlsplit

URL_LENGTH_MAX = 512
WAITS_SECONDS = (5, 15, 60, 300, 900, 1800, 3600)  # after the first, second, … failure; the last for all that follow
OVERLAP = timedelta(hours=24)  # how long the old secret signs beside the new one
SECRET_PREFIX = "whsec_"  # noqa: S105  (as Standard Webhooks writes secrets)
SECRET_CHARACTERS = 40  # 30 bytes in base64
BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
EXPECTED_URL = "https://HOST/PATH, at most 512 characters, HOST a public name or address"
EXPECTED_URL_LOCAL = f"{EXPECTED_URL}; in the environment local also http on this machine"

_VISIBLE = re.compile(r"[!-~]+")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
# A name with a dot whose last label begins with a letter: no decimal or hexadecimal form of an address.
_NAME = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?")
_NAME_LENGTH_MAX = 253
_INSIDE_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
# Addresses that carry an IPv4 address inside, and so lead wherever that leads.
_CARRIERS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "2001::/32", "2002::/16"))
# A cloud's metadata service on a public address; the others are link-local, private or shared addresses.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})


class CallbackURLRefused(ValueError):
    """The URL may not be called. `came` says what was wrong about it without repeating it."""

    def __init__(self, came: str, *, is_local: bool) -> None:
        self.expected = EXPECTED_URL_LOCAL if is_local else EXPECTED_URL
        self.came = came
        super().__init__(f"expected {self.expected}, came {came}")


def check_url(url: str, *, is_local: bool) -> None:
    """Raise CallbackURLRefused unless events may be sent there. The address behind a name is checked at each call."""
    came = _fault_of(url, is_local=is_local)
    if came is not None:
        raise CallbackURLRefused(came, is_local=is_local)


def may_connect(address: str, *, is_local: bool, is_encrypted: bool) -> bool:
    """True when a callback may go to this IP address: a public one over https, or this machine in `local`."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if is_local and found.is_loopback:
        return True
    if not is_encrypted or not found.is_global or found.is_multicast or found.is_reserved or found in _METADATA:
        return False
    return not any(found in carrier for carrier in _CARRIERS if carrier.version == found.version)


def signature(secret: str, *, event_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the base64 HMAC-SHA256 of "id.timestamp.body", as Standard Webhooks defines it.

    `secret` is `whsec_` and base64, `timestamp` whole seconds since 1970.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def wait_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row, at least one."""
    return timedelta(seconds=WAITS_SECONDS[min(failures, len(WAITS_SECONDS)) - 1])


def _fault_of(url: str, *, is_local: bool) -> str | None:
    if len(url) > URL_LENGTH_MAX:
        return f"{len(url)} characters"
    # urlsplit silently drops line ends and tabs, so the characters are looked at first.
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        return "a space, a backslash or a character outside ASCII"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "no URL"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "no https URL with a host"
    if parts.username is not None or parts.password is not None:
        return "a log-in in the URL"
    if parts.fragment or url.endswith("#"):
        return "a fragment in the URL"
    if port == 0:
        return "port 0"
    return _fault_of_host(parts.hostname, is_local=is_local, is_encrypted=parts.scheme == "https")


def _fault_of_host(host: str, *, is_local: bool, is_encrypted: bool) -> str | None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" and is_local:
            return None
        if len(host) > _NAME_LENGTH_MAX or not _NAME.fullmatch(host) or host.endswith(_INSIDE_NAMES):
            return "a host that is no public name"
        return None if is_encrypted else "http"
    if may_connect(host, is_local=is_local, is_encrypted=is_encrypted):
        return None
    is_only_in_clear = not is_encrypted and may_connect(host, is_local=is_local, is_encrypted=True)
    return "http" if is_only_in_clear else "an address that is not public"

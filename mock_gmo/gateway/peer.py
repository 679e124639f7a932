"""Where a call comes from. A header about it is believed only when a proxy sent it that the settings name."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def peer_address(environ: Mapping[str, object], *, trusted_proxies: tuple[Network, ...]) -> Address | None:
    """Return the caller's address, or None when it cannot be told.

    Behind trusted proxies it is the rightmost value of X-Forwarded-For that is no trusted proxy itself; what does not
    parse is never skipped, because everything left of it is the caller's own claim.
    """
    peer = read_address(str(environ.get("REMOTE_ADDR", "")))
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    if peer is None or not forwarded or not is_in(peer, trusted_proxies):
        return peer
    for value in reversed(str(forwarded).split(",")):
        peer = read_address(value.strip())
        if peer is None or not is_in(peer, trusted_proxies):
            return peer
    return peer


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """Return the address written in `text`, IPv4 in IPv6 unwrapped; None when it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether one of the networks holds the address."""
    return any(address in network for network in networks)

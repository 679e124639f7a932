"""Which bank is imitated: PROFILES, one row a profile, naming the paths it answers to and the rules it starts from.

A profile decides nothing by itself: gateway, bank and authorization server read its members. Settings win over them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

# Prefix that a client calls to the documents meant by it; the first of them that is served answers.
Paths = Mapping[str, tuple[str, ...]]

DOCUMENTED: Final[Paths] = {
    "/ganb/api/auth/v1": ("auth",),
    "/ganb/api/corporation/v1": ("corporation",),
    "/ganb/api/personal/v1": ("personal",),
    "/ganb/api/webhooks/v1": ("webhooks",),
}
# What the bank's own documents and client libraries call besides. Source: quirks, Hosts and paths.
OTHERS_OF_THE_BANK: Final[Paths] = {
    "/ganb/stg-api/auth/v1": ("auth",),
    "/ganb/stg-api/corporation/v1": ("corporation",),
    "/ganb/stg-api/personal/v1": ("personal",),
    "/ganb/stg-api/webhooks/v1": ("webhooks",),
    "/ganb/api/webhook/v1": ("webhooks",),
    "/ganb/stg-api/webhook/v1": ("webhooks",),
    "/ganb/api/simulator/corporation/v1": ("corporation",),
    "/ganb/api/simulator/personal/v1": ("personal",),
}
SLIPS: Final[Paths] = {
    "/ganb/api/corporate/v1": ("corporation",),
    "/ganb/stg-api/corporate/v1": ("corporation",),
    "/corporate/v1": ("corporation",),
}
# The sandbox has no /ganb/api, and both of its paths answer for the token's account, whoever holds it.
SANDBOX: Final[Paths] = {
    "/corporation/v1": ("corporation",),
    "/personal/v1": ("personal", "corporation"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """One bank to imitate."""

    name: str
    title: str
    paths: Paths
    absent_paths: frozenset[str] = frozenset()
    """Paths that would be answered by their prefix, and are not."""
    is_strict: bool = False
    """Whether forms are refused that the lenient bank reads although they are not documented."""
    has_portal_tokens: bool = False
    """Whether each customer has a token to be copied from the portal, in the place of OAuth."""
    bank_rules: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    oauth_rules: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(
            name="bank",
            title="the contract, and every form that clients in the field send",
            paths={**DOCUMENTED, **OTHERS_OF_THE_BANK, **SLIPS},
        ),
        Profile(
            name="strict",
            title="the contract; forms that a client should not rely on are refused",
            paths={**DOCUMENTED, **OTHERS_OF_THE_BANK},
            is_strict=True,
            oauth_rules={"basic_word_required": True},
        ),
        Profile(
            name="sunabar",
            title="the public sandbox as people have seen it: tokens from the portal, short paths, confirmation always",
            paths=SANDBOX,
            absent_paths=frozenset({"/personal/v1/accounts/deposit-transactions"}),
            has_portal_tokens=True,
            bank_rules={
                "confirmation_always": True,
                "short_item_keys": True,
                "opening_limit_max_yen": 500_000,
                "every_holder_served": True,
                "unserved_holder_is_405": True,
            },
        ),
    )
}

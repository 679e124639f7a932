"""Scopes: which exist, what each opens, what a request may ask for. A customer's words for them: the site."""

from collections.abc import Iterable
from typing import Final

OFFLINE_ACCESS: Final = "offline_access"
OPENID: Final = "openid"

# Scope to the family of operations that it opens; None for those that open no operation of the API.
SCOPES: Final[dict[str, str | None]] = {
    "private:account": "account",
    "private:transfer": "transfer",
    "private:bulk-transfer": "bulk-transfer",
    "private:virtual-account": "virtual-account",
    "corp:account": "account",
    "corp:transfer": "transfer",
    "corp:bulk-transfer": "bulk-transfer",
    "corp:virtual-account": "virtual-account",
    "personal:account": "account",
    "personal:transfer": "transfer",
    "personal:bulk-transfer": "bulk-transfer",
    "personal:virtual-account": "virtual-account",
    OPENID: "openid",
    OFFLINE_ACCESS: None,
}

# What stands before the colon: who is served, and on whose behalf.
SCOPE_KINDS: Final = ("private", "corp", "personal")

# Two kinds of access that one request must not mix.
_KINDS_OF_ACCESS = ("corp:", "private:")


class ScopeUnusable(ValueError):
    """The scopes asked for cannot be granted; the message is fit for `error_description`."""


def parse_scope(text: str, *, registered: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes in `text`, each once, in the order asked for.

    Raises ScopeUnusable when one is unknown or not in `registered`, or when corp: and private: are mixed.
    Source: Authorization API, scope. Case matters; order and repetition do not.
    """
    scopes = tuple(dict.fromkeys(word for word in text.split(" ") if word))
    if not scopes:
        raise ScopeUnusable("scope is empty")
    allowed = frozenset(registered)
    if any(scope not in SCOPES for scope in scopes):
        raise ScopeUnusable("scope contains an unknown value")
    if any(scope not in allowed for scope in scopes):
        raise ScopeUnusable("scope contains a value that is not registered for this client")
    if all(any(scope.startswith(kind) for scope in scopes) for kind in _KINDS_OF_ACCESS):
        raise ScopeUnusable("corp: and private: scopes must not be mixed")
    return scopes


def covers(scopes: Iterable[str], family: str, *, kinds: Iterable[str] = SCOPE_KINDS) -> bool:
    """Tell whether one of `scopes`, of one of these kinds, opens the operations of `family` (`account`, …).

    A scope without a kind (`openid`) opens its family everywhere.
    """
    for scope in scopes:
        if SCOPES.get(scope) == family and (scope == family or scope.partition(":")[0] in kinds):
            return True
    return False

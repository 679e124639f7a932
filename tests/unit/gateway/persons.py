"""Banks whose customer is a person, and calls to the personal API, for the tests of gateway and contracts."""

from functools import cache
from typing import Any

from tests.unit.gateway.calling import Caller, make_caller

PERSONAL = "/ganb/api/personal/v1"
PERSONAL_SCOPES = "personal:account personal:transfer personal:bulk-transfer personal:virtual-account"
SOLE_ACCOUNT_ID = "201010023456"
SOLE_SIDE_ACCOUNT_ID = "201020078901"
INDIVIDUAL_ACCOUNT_ID = "301010012345"


def make_sole_proprietor(**settings: Any) -> Caller:
    """Return a bank at noon of a business day, called for the sole proprietor of its scenario."""
    return make_person("sole-proprietor", **settings)


def make_individual(**settings: Any) -> Caller:
    """Return a bank at noon of a business day, called for the individual of its scenario."""
    return make_person("individual", **settings)


def make_person(scenario: str, **settings: Any) -> Caller:
    """Return a caller of the personal API; the customer has the name of the scenario."""
    settings = {"api": PERSONAL, "scopes": PERSONAL_SCOPES, "customer_id": scenario, **settings}
    return make_caller(scenario=scenario, **settings)


def sole_proprietor(**given: Any) -> Caller:
    """Return a shared bank in its first state, called for the sole proprietor of its scenario."""
    return reset_person("sole-proprietor", **given)


def individual(**given: Any) -> Caller:
    """Return a shared bank in its first state, called for the individual of its scenario."""
    return reset_person("individual", **given)


def reset_person(scenario: str, *, api: str = PERSONAL, scopes: str = PERSONAL_SCOPES, **settings: Any) -> Caller:
    """Return a shared bank in its first state, called for the customer that has the scenario's name."""
    caller = _built(scenario, tuple(sorted(settings.items())))
    caller.api, caller.scopes = api, scopes
    assert caller.control("POST", "/reset", {}).status_code == 200
    caller.no_limit()
    caller.token = caller.new_token()["access_token"]
    return caller


@cache
def _built(scenario: str, settings: tuple[tuple[str, Any], ...]) -> Caller:
    """Return a bank that the tests of one process share: nearly all of a test's time would go into building one."""
    return make_caller(scenario=scenario, customer_id=scenario, **dict(settings))

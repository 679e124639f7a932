"""Banks whose customer is a person, and calls to the personal API, for the tests of gateway and contracts."""

from typing import Any

from tests.unit.gateway.calling import Caller, make_caller

PERSONAL = "/ganb/api/personal/v1"
PERSONAL_SCOPES = "personal:account personal:transfer personal:bulk-transfer personal:virtual-account"
SOLE_ACCOUNT_ID = "201010023456"
SOLE_SIDE_ACCOUNT_ID = "201020078901"


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

"""What Schemathesis asks of every reply: its own checks, each on or named here with the reason, and four of ours.

Ours are about the bank: an error has the shape of its endpoint, the books sum to zero, what asks or is refused changes
nothing, and no secret comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemathesis import Case, Config
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.transport import Response

import contracts
from mock_gmo.contract import read_operations
from tests.unit.bank.fingerprint import fingerprint
from tests.unit.gateway.calling import CLIENT_SECRET, Caller
from tools.contract_refusals import find_rows

BANK: Final = ("auth", "corporation", "personal", "webhooks")
DOCUMENTS: Final = (*BANK, "sandbox", "integrator")
MAX_RESPONSE_TIME: Final = "max_response_time"
REFUSED_FROM: Final = 400
SECRET_LENGTH_MIN: Final = 12  # shorter texts stand in replies by chance
PASSWORDS: Final = ("mihon-login-2026", "mihon-torihiki-2026")


@dataclass(frozen=True, slots=True)
class Exemption:
    """A built-in check that is off for documents, or taught other statuses, and why."""

    check: str
    documents: tuple[str, ...]
    settings: Mapping[str, Any]
    reason: str


OFF: Final = {"enabled": False}
EXEMPTIONS: Final[tuple[Exemption, ...]] = (
    Exemption(
        "unsupported_method",
        BANK,
        OFF,
        "wants an Allow header beside 405, which the bank does not send; that 405 is the answer is test_every_status",
    ),
    Exemption(
        "positive_data_acceptance",
        (*BANK, "sandbox"),
        {"expected-statuses": ["2xx", "3xx", "400", "401", "403", "404", "409", "415", "422"]},
        "a well-formed order can break a rule of the bank (funds, days, names), which is a documented 400; a POST "
        "without a body that may be left out names no kind of content, and the strict profile refuses that",
    ),
    Exemption(
        "positive_data_acceptance",
        ("integrator",),
        {"expected-statuses": ["2xx", "400", "403", "404", "409", "422"]},
        "a well-formed order can break a rule (the day, the name, the limit), a cursor of ours cannot be guessed, and "
        "a made-up company is another than that of the key",
    ),
    Exemption(
        MAX_RESPONSE_TIME,
        DOCUMENTS,
        OFF,
        "the machine's clock decides it; how long calls take is measured and has goals in docs/performance.md",
    ),
)
# On, and silent: it compares what several people see, for whom Schemathesis has no tokens here. Somebody else's
# account, order or company is refused by tests of their own, in tests/unit/gateway and tests/unit/integrator_web.
IDLE: Final = {"object_level_authorization"}

ROWS: Final = contracts.load("refusals")["refusals"]
CODE_OF_THE_BANK: Final = "220011"  # the gateway's refusals come without the two lists
TRANSFER_ERROR: Final = frozenset({"errorCode", "errorMessage", "errorDetails", "transferErrorDetails"})
ERROR: Final = frozenset({"errorCode", "errorMessage"})
OAUTH_ERROR: Final = frozenset({"error", "error_description"})
ASKING_BY_POST: Final = ("transferfee", "/va/list")
FETCHING: Final = frozenset({"getUnsentVaDeposits"})
TOKEN_MEMBERS: Final = frozenset({"access_token", "refresh_token", "id_token"})


def built_in_checks() -> list[str]:
    """Return the name of every check that the installed Schemathesis has."""
    load_all_checks()
    return [*CHECKS.get_all_names(), MAX_RESPONSE_TIME]


def config_of(document: str, **more: Any) -> Config:
    """Return the configuration under which a document is tested: every check on that is not named above."""
    checks = {
        row.check: dict(row.settings)
        for row in EXEMPTIONS
        if document in row.documents and row.check != MAX_RESPONSE_TIME
    }
    return Config.from_dict({"checks": checks, **more})


class Judge:
    """Our checks of one bank, which remembers its picture from one call to the next."""

    def __init__(self, bank: Caller, document: str) -> None:
        self._bank = bank
        self._operations = {found.operation_id: found for found in read_operations(document)}
        self._picture: Any = None
        self.case_count = 0

    @property
    def checks(self) -> list[Any]:
        """The checks, as Schemathesis calls them after its own."""
        return [
            self.error_has_its_shape,
            self.books_sum_to_zero,
            self.asking_changes_nothing,
            self.no_secret_comes_back,
        ]

    def forget(self) -> None:
        """The bank was changed by others."""
        self._picture = None

    def error_has_its_shape(self, ctx: Any, response: Response, case: Case) -> None:
        """An error has the members of its endpoint, and is a row of contracts/refusals.yaml word by word."""
        if response.status_code < REFUSED_FROM or case.operation.definition.raw.get("operationId") == "authorize":
            return
        body = response.json()
        operation = self._operations[case.operation.definition.raw["operationId"]]
        has_lists = operation.has_transfer_errors and body.get("errorCode") == CODE_OF_THE_BANK
        own = TRANSFER_ERROR if has_lists else ERROR
        shapes = (own, ERROR, OAUTH_ERROR) if operation.operation_id == "issueToken" else (own,)
        assert body.keys() in shapes, f"{operation.operation_id} answers an error with {sorted(body)}"
        # The authorization server may say more exactly what is wrong than its row does.
        told = {"error": body["error"]} if "error" in body else body
        assert find_rows(ROWS, told), "no row of refusals.yaml says this"

    def books_sum_to_zero(self, ctx: Any, response: Response, case: Case) -> None:
        """Whatever was sent, every posting sums to zero and every running balance is what its legs give."""
        self.case_count += 1
        check = self._bank.world.bank.check_books()
        assert check.sum_yen == 0
        assert not check.differing

    def asking_changes_nothing(self, ctx: Any, response: Response, case: Case) -> None:
        """Neither an inquiry nor a refused call leaves a trace in the bank's memory."""
        before, self._picture = self._picture, fingerprint(self._bank.world.bank)
        asks = case.operation.method.upper() == "GET" or case.operation.path.endswith(ASKING_BY_POST)
        fetches = case.operation.definition.raw.get("operationId") in FETCHING
        if before is not None and (response.status_code >= REFUSED_FROM or (asks and not fetches)):
            assert self._picture == before, (
                f"{case.operation.label} changed the bank and answered {response.status_code}"
            )

    def no_secret_comes_back(self, ctx: Any, response: Response, case: Case) -> None:
        """No token, code, client secret or password stands in a reply; new tokens do, at their one place."""
        told = response.text
        if case.operation.path == "/token" and response.status_code < REFUSED_FROM:
            members = response.json()
            told = str({name: value for name, value in members.items() if name not in TOKEN_MEMBERS})
        told += str(response.headers)
        for secret in {*PASSWORDS, CLIENT_SECRET, self._bank.token, *_secrets_of(case)}:
            assert len(secret) < SECRET_LENGTH_MIN or secret not in told, "a secret comes back"


def _secrets_of(case: Case) -> list[str]:
    """Return what the call itself carried as a secret, made up or not."""
    body = case.body if isinstance(case.body, dict) else {}
    headers = dict(case.headers or {})
    found = [body.get(name) for name in ("client_secret", "code", "refresh_token")]
    found += [headers.get(name) for name in ("x-access-token", "Authorization")]
    return [value for value in found if isinstance(value, str)]

"""How each status comes about: one spoiling of a good call a row, in the words of the table that docs/ shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mock_gmo.bank.rules import BankRules
from mock_gmo.contract import JSON, Operation
from tests.contract.reach.good_calls import Attempt
from tests.unit.gateway.calling import CLIENT_ID

FOREIGN = "192.0.2.9"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a status. `cell` stands in the table; `settings` are those of the bank that answers so."""

    status: int
    cell: str
    words: str
    fits: Callable[[str, Operation], bool]
    spoil: Callable[[Attempt], None]
    settings: dict[str, Any] = field(default_factory=dict)
    is_prepared: bool = True
    """Whether the call is a good one before it is spoiled; nothing can be prepared at a bank that is closed."""


def is_json_call(document: str, operation: Operation) -> bool:
    """Tell whether calls are about a resource, with an access token or with the client's own credentials."""
    return operation.scope_family is not None or operation.called_by_client


def is_server_call(document: str, operation: Operation) -> bool:
    """Tell whether a client calls, and not the holder's browser."""
    return operation.operation_id != "authorize"


def is_post(document: str, operation: Operation) -> bool:
    """Tell whether calls have a body."""
    return operation.method == "POST" and is_server_call(document, operation)


def takes_json(document: str, operation: Operation) -> bool:
    """Tell whether calls have a JSON body."""
    return operation.body_kind == JSON


def takes_a_duplicate_key(document: str, operation: Operation) -> bool:
    """Tell whether calls may carry an Idempotency-Key."""
    return any(header.name == "Idempotency-Key" for header in operation.headers)


def is_any(document: str, operation: Operation) -> bool:
    """Every operation."""
    return True


def has_fields(document: str, operation: Operation) -> bool:
    """Tell whether there is a field that can be wrong."""
    return bool(operation.query or operation.body) or operation.operation_id in ("authorize", "issueToken")


def is_the_unsent_list(document: str, operation: Operation) -> bool:
    """Tell whether 404 is the answer for an empty list."""
    return operation.operation_id == "getUnsentVaDeposits"


def fetch_what_is_unsent(attempt: Attempt) -> None:
    """Fetch the messages: what is fetched is unsent no more."""
    assert attempt.send().status_code == attempt.operation.success_status


def leave_as_it_is(attempt: Attempt) -> None:
    """The good call itself."""


def spoil_a_field(attempt: Attempt) -> None:
    """Send a value that no field takes: the first field of the contract, or the client of a browser's request."""
    operation = attempt.operation
    if operation.operation_id in ("authorize", "issueToken"):
        sent = attempt.query if operation.method == "GET" else attempt.body
        sent["client_id" if operation.method == "GET" else "grant_type"] = "x"
    elif operation.query:
        attempt.query[operation.query[0].name] = "!"
    else:
        attempt.body[operation.body[0].name] = "!"


def end_the_token(attempt: Attempt) -> None:
    """The bank's token has expired; a client at the token endpoint has a wrong secret."""
    if attempt.operation.called_by_client:
        attempt.headers["Authorization"] = "bm9ib2R5Om5vdGhpbmc="
        return
    if attempt.operation.scope_family is None:
        attempt.body["client_secret"] = "wrong"
        return
    oauth = attempt.caller.world.oauth
    oauth.expire(at=attempt.caller.world.tick(), client_id=CLIENT_ID)


def come_from_elsewhere(attempt: Attempt) -> None:
    """Call from an address that is in no client's networks."""
    attempt.environ["REMOTE_ADDR"] = FOREIGN


def use_another_method(attempt: Attempt) -> None:
    """Call the path with a method that it does not have."""
    attempt.method = "PUT"


def want_html(attempt: Attempt) -> None:
    """Take HTML only."""
    attempt.headers["Accept"] = "text/html"


def hide_the_length(attempt: Attempt) -> None:
    """Send a body without telling how long it is."""
    attempt.environ["CONTENT_LENGTH"] = ""


def send_as_text(attempt: Attempt) -> None:
    """Send the body under another media type."""
    attempt.environ["CONTENT_TYPE"] = "text/plain"


def call_too_often(attempt: Attempt) -> None:
    """Call a second time within the second."""
    attempt.caller.world.oauth.clients.change(CLIENT_ID, requests_per_second=1)
    attempt.caller.world.limiter.lets_through(CLIENT_ID, requests_per_second=1)


def use_the_key_for_another_order(attempt: Attempt) -> None:
    """Send another order under the duplicate key of the first."""
    attempt.headers["Idempotency-Key"] = "key-0001"
    assert attempt.send().status_code == attempt.operation.success_status
    lines = next(value for value in attempt.body.values() if isinstance(value, list))
    lines[0] = {**lines[0], "beneficiaryName": "ﾐﾎﾝ"}


def _fail_with(status: int) -> Callable[[Attempt], None]:
    def fail(attempt: Attempt) -> None:
        fault = {"operation": attempt.operation.name, "point": "received", "effect": "status", "status": status}
        attempt.caller.control("POST", "/faults", fault)

    return fail


def _conflicting(status: int) -> dict[str, Any]:
    return {"bank_rules": BankRules(duplicate_key_conflict_status=status)}


_CONFLICT = "the duplicate key of another order, where the setting says so"

# The first way that fits an operation is the one that reaches the status there.
WAYS: tuple[Way, ...] = (
    *(Way(status, "done", "the call is in order", is_any, leave_as_it_is) for status in (200, 201, 302)),
    Way(400, "field", "a field with a value that it does not take", has_fields, spoil_a_field),
    Way(401, "token", "a token that has expired, or a wrong client secret", is_server_call, end_the_token),
    Way(403, "address", "a source address in no client's networks", is_server_call, come_from_elsewhere),
    Way(404, "nothing", "a list with nothing in it", is_the_unsent_list, fetch_what_is_unsent),
    Way(405, "method", "another method under the same path", is_any, use_another_method),
    Way(406, "accept", "a caller that takes HTML only", is_json_call, want_html, {"profile": "strict"}),
    *(
        Way(status, "key", _CONFLICT, takes_a_duplicate_key, use_the_key_for_another_order, _conflicting(status))
        for status in (409, 422)
    ),
    Way(411, "length", "a body of which the length is not told", is_post, hide_the_length),
    Way(415, "media type", "a body under another media type", is_post, send_as_text, {"profile": "strict"}),
    Way(429, "limit", "a second call within the second", is_server_call, call_too_often),
    Way(503, "closed", "a bank that is closed for maintenance", is_any, leave_as_it_is, {"maintenance": True}, False),
    *(
        Way(
            status,
            "fault",
            "a fault set by the control API; no rule is known for it",
            is_any,
            _fail_with(status),
        )
        for status in (400, 401, 403, 404, 406, 411, 412, 415, 429, 500, 503, 504)
    ),
)


def way_to(status: int, document: str, operation: Operation) -> Way | None:
    """Return the way that reaches a status of an operation; None when there is none."""
    return next((way for way in WAYS if way.status == status and way.fits(document, operation)), None)

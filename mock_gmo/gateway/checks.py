"""The checks before the bank, each a row of CHECKS, in the bank's order. The first that objects answers.

Source: README, "Order of checks". What a field may hold is `fields`' part; how a refusal looks is `errors`' part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mock_gmo.bank.customers import INDIVIDUAL
from mock_gmo.contract import JSON, Operation
from mock_gmo.errors import Refused
from mock_gmo.gateway.body import Unreadable, read_form, read_object
from mock_gmo.gateway.exchange import Exchange
from mock_gmo.gateway.fields import check_body, check_headers, check_query, read_query
from mock_gmo.gateway.peer import peer_address
from mock_gmo.oauth.scopes import SCOPE_KINDS, covers

BROWSER: Final = "browser"
TOKEN: Final = "token"  # noqa: S105  (a kind of operation)
RESOURCE: Final = "resource"
CLIENT: Final = "client"
UNKNOWN: Final = "unknown"

TOKEN_LENGTH_MAX = 128
BEARER = "bearer "
VIRTUAL_ACCOUNT = "virtual-account"
MEETING_JSON = frozenset({JSON, "application/*", "*/*"})


@dataclass(frozen=True, slots=True)
class Check:
    """One row: its name as journal and tests show it, what it does, and the kinds of operation that pass through it."""

    name: str
    run: Callable[[Exchange], None]
    kinds: frozenset[str]


def kind_of(exchange: Exchange) -> str:
    """Tell how an operation is called: by the holder's browser, for a token, by the client itself, or with a token."""
    operation = exchange.operation
    if operation is None:
        return UNKNOWN
    if operation.scope_family is not None:
        return RESOURCE
    if operation.called_by_client:
        return CLIENT
    return TOKEN if operation.method == "POST" else BROWSER


def any_address(exchange: Exchange) -> None:
    """Refuse an address that lies in no client's networks: nobody is known yet."""
    settings = exchange.world.settings
    exchange.address = peer_address(exchange.request.environ, trusted_proxies=settings.trusted_proxies)
    if exchange.address is None or not exchange.world.oauth.clients.admits(exchange.address):
        raise Refused("address_not_allowed")


def known_operation(exchange: Exchange) -> None:
    """Refuse what the gateway does not route: unknown path, other method, trailing slash."""
    if exchange.operation is None:
        raise Refused("operation_not_found")


def content_length(exchange: Exchange) -> None:
    """Refuse a POST of a body that tells neither its length nor that it comes in chunks."""
    if exchange.operation is not None and exchange.operation.body_kind is None:
        return
    environ = exchange.request.environ
    is_chunked = "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()
    if exchange.request.method == "POST" and not environ.get("CONTENT_LENGTH") and not is_chunked:
        raise Refused("content_length_missing")


def content_type(exchange: Exchange) -> None:
    """Refuse, in the strict profile, a POST of another kind than the contract's; the lenient one reads what came."""
    operation = exchange.operation
    if operation is None or operation.body_kind is None or not exchange.world.settings.imitated.is_strict:
        return
    if exchange.request.mimetype != operation.body_kind:
        raise Refused("content_type_not_json")


def accept(exchange: Exchange) -> None:
    """Refuse, in the strict profile, a caller that cannot take JSON."""
    if not exchange.world.settings.imitated.is_strict or not exchange.request.environ.get("HTTP_ACCEPT"):
        return
    # Every client library asks for JSON with a charset; what stands behind the media type says nothing against it.
    ranges = exchange.request.accept_mimetypes
    if not any(quality > 0 and media.partition(";")[0].strip().lower() in MEETING_JSON for media, quality in ranges):
        raise Refused("accept_not_possible")


def maintenance(exchange: Exchange) -> None:
    """Refuse everything while the bank is closed for maintenance."""
    if exchange.world.settings.maintenance:
        raise Refused("maintenance")


def find_client(exchange: Exchange) -> None:
    """Find out whose call it is: by the token, even an expired one, or by the credentials. Never refuses."""
    oauth = exchange.world.oauth
    if kind_of(exchange) == TOKEN:
        try:
            form = read_form(exchange.read_body())
        except Unreadable:
            return
        exchange.client = oauth.authenticating_client(form, exchange.request.headers.get("Authorization"))
        return
    if kind_of(exchange) == CLIENT:
        optional = exchange.world.settings.notification_rules.notification_scheme_optional
        authorization = exchange.request.headers.get("Authorization")
        exchange.client = oauth.client_of_header(authorization, scheme_optional=optional)
        return
    text = exchange.request.environ.get("HTTP_X_ACCESS_TOKEN")
    takes_bearer = exchange.operation is not None and exchange.operation.takes_bearer
    if not text and (takes_bearer or oauth.rules.bearer_header_accepted):
        text = _bearer(str(exchange.request.environ.get("HTTP_AUTHORIZATION", "")))
    if text and len(text) <= TOKEN_LENGTH_MAX:
        exchange.token = oauth.find_access(text)
    if exchange.token is not None:
        exchange.client = oauth.clients.find(exchange.token.client_id)


def client_address(exchange: Exchange) -> None:
    """Refuse a client that calls from an address of somebody else."""
    if exchange.client is not None:
        assert exchange.address is not None
        if not exchange.client.admits(exchange.address):
            raise Refused("address_not_allowed")


def request_limit(exchange: Exchange) -> None:
    """Refuse a client's call beyond its limit; every operation counts, token calls included."""
    client = exchange.client
    if client is not None:
        limiter = exchange.world.limiter
        if not limiter.lets_through(client.client_id, requests_per_second=client.requests_per_second):
            raise Refused("request_limit_exceeded")


def credentials(exchange: Exchange) -> None:
    """Refuse a client that has not proven to be one; an access token does not help."""
    if exchange.client is None:
        raise Refused("webhook_client_invalid")


def valid_token(exchange: Exchange) -> None:
    """Refuse a missing, malformed, unknown, expired or revoked token, and one whose client is registered no more."""
    token = exchange.token
    if token is None or exchange.client is None or not token.is_valid(exchange.at):
        raise Refused("token_invalid")


def holder(exchange: Exchange) -> None:
    """Refuse what the bank does not offer to this kind of holder; without x-holders in the contract it is for all.

    Where either API serves every holder, individuals still have no more of their own API than the contract says.
    """
    assert exchange.operation is not None
    rules = exchange.world.settings.bank_rules
    holders, kind = exchange.operation.holders, exchange.holder_kind
    if not holders or kind in holders:
        return
    if rules.every_holder_served and not (exchange.is_personal and kind == INDIVIDUAL):
        return
    raise Refused("operation_not_found" if rules.unserved_holder_is_405 else "holder_not_served")


def feature(exchange: Exchange) -> None:
    """Refuse what the bank does not offer to this customer, as if there were no such operation."""
    assert exchange.operation is not None
    if exchange.operation.scope_family != VIRTUAL_ACCOUNT:
        return
    if not exchange.world.bank.virtual_accounts.is_enabled(exchange.customer_id):
        raise Refused("operation_not_found")


def scope(exchange: Exchange) -> None:
    """Refuse a token whose scopes do not open this operation."""
    assert exchange.token is not None
    assert exchange.operation is not None
    assert exchange.operation.scope_family is not None
    kinds = SCOPE_KINDS if exchange.world.settings.bank_rules.every_holder_served else exchange.operation.scope_kinds
    if not covers(exchange.token.scopes, exchange.operation.scope_family, kinds=kinds):
        raise Refused("scope_missing")


def fields(exchange: Exchange) -> None:
    """Refuse the first field that is missing, malformed or not allowed, in the bank's words."""
    operation = exchange.operation
    assert operation is not None
    strict = exchange.world.settings.imitated.is_strict
    if operation.body_kind == JSON:
        exchange.fields = check_body(operation.body, _content(exchange, operation), strict=strict)
    elif operation.query:
        query_string = str(exchange.request.environ.get("QUERY_STRING", "")).encode("latin-1")
        exchange.fields = check_query(operation.query, read_query(query_string), strict=strict)
    if operation.headers:
        exchange.headers = check_headers(operation.headers, exchange.request.headers)


_KINDS = (BROWSER, TOKEN, CLIENT, RESOURCE, UNKNOWN)
_ALL = frozenset(_KINDS)
_SERVERS = frozenset({TOKEN, CLIENT, RESOURCE, UNKNOWN})
_CALLS = frozenset({TOKEN, CLIENT, RESOURCE})
_JSON_CALLS = frozenset({CLIENT, RESOURCE})
_CLIENTS = frozenset({CLIENT})
_RESOURCES = frozenset({RESOURCE})

# The order of README, "Order of checks". The holder's browser comes from anywhere and takes HTML.
CHECKS: Final[tuple[Check, ...]] = (
    Check("any client's address", any_address, _SERVERS),
    Check("operation", known_operation, _ALL),
    Check("content length", content_length, _CALLS),
    Check("content type", content_type, _CALLS),
    Check("accept", accept, _JSON_CALLS),
    Check("maintenance", maintenance, _ALL),
    Check("client", find_client, _CALLS),
    Check("client's address", client_address, _CALLS),
    Check("request limit", request_limit, _CALLS),
    Check("client's credentials", credentials, _CLIENTS),
    Check("token", valid_token, _RESOURCES),
    Check("holder", holder, _RESOURCES),
    Check("feature", feature, _RESOURCES),
    Check("scope", scope, _RESOURCES),
)
FIELDS: Final = Check("fields", fields, _JSON_CALLS)

BY_KIND: Final[dict[str, tuple[Check, ...]]] = {
    kind: tuple(check for check in CHECKS if kind in check.kinds) for kind in _KINDS
}


def _content(exchange: Exchange, operation: Operation) -> dict[str, Any]:
    try:
        content = exchange.read_body()
        return read_object(content) if content or operation.needs_body else {}
    except Unreadable as unreadable:
        raise Refused("body_not_json") from unreadable


def _bearer(authorization: str) -> str:
    return authorization[len(BEARER) :].strip() if authorization[: len(BEARER)].lower() == BEARER else ""

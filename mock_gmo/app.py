"""The only file that builds the bank's parts and joins them: world, gateway with its handlers, site, control API."""

from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Request, Response, request
from flask.globals import request_ctx
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from mock_gmo.api.accounts import (
    get_accounts,
    get_balances,
    get_deposit_transactions,
    get_transactions,
    get_visa_transactions,
)
from mock_gmo.api.authorization import issue_token
from mock_gmo.api.bulk_transfers import (
    calculate_bulk_transfer_fee,
    cancel_bulk_transfer,
    get_bulk_request_result,
    get_bulk_transfer_status,
    request_bulk_transfer,
)
from mock_gmo.api.transfers import (
    calculate_transfer_fee,
    cancel_transfer,
    get_request_result,
    get_transfer_status,
    request_transfer,
)
from mock_gmo.api.virtual_accounts import (
    change_virtual_account_status,
    close_virtual_account_contract,
    get_virtual_account_deposits,
    issue_virtual_accounts,
    list_virtual_accounts,
)
from mock_gmo.console import actions, registrations
from mock_gmo.console.problems import Problem
from mock_gmo.console.routes import Action, create_console, problem_reply
from mock_gmo.contract import Operation, read_operations, require_handlers
from mock_gmo.errors import JSON_TYPE, RefusalTable, Refused, Reply
from mock_gmo.gateway.connection import ConnectionEdge
from mock_gmo.gateway.exchange import Exchange, Handler
from mock_gmo.gateway.peer import Address, peer_address
from mock_gmo.gateway.serving import Gateway
from mock_gmo.settings import Settings
from mock_gmo.site.endpoints import authorize
from mock_gmo.site.pages import outside_error_page
from mock_gmo.site.routes import create_site
from mock_gmo.world import Ports, World

EXTENSION: Final = "mock_gmo"
SITE_PATH: Final = "/site"
CONTROL_PATH: Final = "/_sandbox"
DOCUMENTS: Final = ("auth", "corporation")
SECRET_KEY_LENGTH: Final = 50
CONTROL_ERRORS: Final = {MethodNotAllowed: "method_not_allowed", InternalServerError: "failure_inside"}


def create_app(
    settings: Settings,
    *,
    real_time: Callable[[], float],
    monotonic: Callable[[], float],
    random_source: Random,
    sleep: Callable[[float], None],
) -> Flask:
    """Return a bank as a WSGI application; its world is `app.extensions["mock_gmo"]`. Two applications share nothing.

    Raises StartError when contracts and code do not fit together, ScenarioError and EnvironmentFileError for
    files that cannot be used.
    """
    ports = Ports(real_time=real_time, monotonic=monotonic, random_source=random_source, sleep=sleep)
    world = World.build(settings, ports)
    operations = read_operations(*DOCUMENTS)
    require_handlers(operations, HANDLERS)
    gateway = Gateway(operations, HANDLERS, profile=settings.profile, sleep=sleep, monotonic=monotonic)
    app = _BankFlask(gateway, world)
    app.secret_key = world.random_text(SECRET_KEY_LENGTH)
    app.session_interface = _SiteSessions()
    app.extensions[EXTENSION] = world

    @app.before_request
    def pass_through_gateway() -> Response | None:
        # The request itself: every look through Flask's proxy costs, and the gateway looks often.
        call = request_ctx.request
        path = call.environ.get("PATH_INFO", "")
        if _belongs_to(path, CONTROL_PATH):
            return None
        if _belongs_to(path, SITE_PATH):
            world.tick()
            return None
        return gateway.serve(call, world)

    app.register_blueprint(
        create_site(
            lambda: world,
            address_of=partial(_address_of, settings),
            random_text=world.random_text,
            idle_seconds=settings.site_idle_seconds,
        )
    )
    app.register_blueprint(create_console(lambda: world, _actions(operations)))
    app.register_error_handler(HTTPException, partial(_outside_error, RefusalTable.load()))
    app.wsgi_app = ConnectionEdge(app.wsgi_app)  # type: ignore[method-assign]
    return app


def world_of(app: Flask) -> World:
    """Return the world behind an application that `create_app` built."""
    world = app.extensions[EXTENSION]
    assert isinstance(world, World), "not an application of create_app"
    return world


def _authorize(exchange: Exchange) -> Reply:
    """Answer GET /authorization with the site's page or redirect."""
    page, exchange.refusal_id = authorize(exchange.world.oauth, exchange.request.args, at=exchange.at)
    headers = tuple((name, value) for name, value in page.headers if name not in ("Content-Type", "Content-Length"))
    return Reply(page.status_code, None, headers, raw=page.get_data(), content_type=page.content_type or JSON_TYPE)


# Operation of the contracts: who answers it. The start fails when one is missing on either side.
HANDLERS: Final[dict[str, Handler]] = {
    "authorize": _authorize,
    "issueToken": issue_token,
    "getAccounts": get_accounts,
    "getBalances": get_balances,
    "getTransactions": get_transactions,
    "getDepositTransactions": get_deposit_transactions,
    "getVisaTransactions": get_visa_transactions,
    "getTransferStatus": get_transfer_status,
    "getTransferRequestResult": get_request_result,
    "calculateTransferFee": calculate_transfer_fee,
    "requestTransfer": request_transfer,
    "cancelTransfer": cancel_transfer,
    "getBulkTransferStatus": get_bulk_transfer_status,
    "getBulkTransferRequestResult": get_bulk_request_result,
    "calculateBulkTransferFee": calculate_bulk_transfer_fee,
    "requestBulkTransfer": request_bulk_transfer,
    "cancelBulkTransfer": cancel_bulk_transfer,
    "listVirtualAccounts": list_virtual_accounts,
    "getVirtualAccountDeposits": get_virtual_account_deposits,
    "issueVirtualAccounts": issue_virtual_accounts,
    "changeVirtualAccountStatus": change_virtual_account_status,
    "closeVirtualAccountContract": close_virtual_account_contract,
}


def _actions(operations: tuple[Operation, ...]) -> dict[str, Action]:
    names = frozenset(operation.name for operation in operations)
    return {
        "getHealth": actions.get_health,
        "resetWorld": actions.reset_world,
        "getClock": actions.get_clock,
        "moveClock": actions.move_clock,
        "listClients": registrations.list_clients,
        "registerClient": registrations.register_client,
        "changeClient": registrations.change_client,
        "removeClient": registrations.remove_client,
        "listCustomers": actions.list_customers,
        "changeCustomer": actions.change_customer,
        "giveConsent": actions.give_consent,
        "expireTokens": actions.expire_tokens,
        "stepTransfer": actions.step_transfer,
        "recordDeposit": actions.record_deposit,
        "listFaults": registrations.list_faults,
        "setFault": partial(registrations.set_fault, operations=names),
        "clearFaults": registrations.clear_faults,
        "removeFault": registrations.remove_fault,
        "readJournal": registrations.read_journal,
        "listPayments": actions.list_payments,
        "checkPostings": actions.check_postings,
    }


class _BankFlask(Flask):
    """Hands calls of the bank's resources to the gateway before Flask prepares for them.

    They use no route, no session and no context, and that was a fifth of their cost. Only pages need all of it.
    """

    def __init__(self, gateway: Gateway, world: World) -> None:
        super().__init__(EXTENSION, static_folder=None)
        self._gateway, self._world = gateway, world
        self._resource_paths = gateway.resource_paths

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in self._resource_paths:
            return super().wsgi_app(environ, start_response)
        try:
            response = self._gateway.serve(Request(environ), self._world)
        except Exception as failure:  # noqa: BLE001  (where Flask has its own: a failure of ours becomes a 500)
            with self.request_context(environ):
                response = self.handle_exception(failure)
        return response(environ, start_response)


class _SiteSessions(SecureCookieSessionInterface):
    """Sessions for the site's pages only: reading a cookie for every call at the bank costs a tenth of it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        is_page = _belongs_to(request.environ.get("PATH_INFO", ""), SITE_PATH)
        return super().open_session(app, request) if is_page else None

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002  (Flask's signature)
        return request.script_root + SITE_PATH


def _belongs_to(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _address_of(settings: Settings, visitor: Request) -> Address | None:
    return peer_address(visitor.environ, trusted_proxies=settings.trusted_proxies)


def _outside_error(table: RefusalTable, error: HTTPException) -> AnyResponse:
    """Answer for what no part answered: unknown paths beside the bank's own, and our own failures."""
    path = request.environ.get("PATH_INFO", "")
    if _belongs_to(path, SITE_PATH):
        return outside_error_page(error.code or 0) or error.get_response()
    if _belongs_to(path, CONTROL_PATH):
        return problem_reply(Problem(CONTROL_ERRORS.get(type(error), "path_unknown")))
    if isinstance(error, InternalServerError):
        reply = table.refusal_reply(Refused("failure_inside"), None)
        return Response(reply.content(), reply.status, content_type=JSON_TYPE)
    return error.get_response()

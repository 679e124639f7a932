"""The only file that builds the bank's parts and joins them: world, gateway with its handlers, site, control API."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Request, Response, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from mock_gmo.api.accounts import (
    get_accounts,
    get_balances,
    get_deposit_transactions,
    get_transactions,
    get_visa_transactions,
)
from mock_gmo.api.authorization import get_user_info, issue_token
from mock_gmo.api.bulk_transfers import (
    calculate_bulk_transfer_fee,
    cancel_bulk_transfer,
    get_bulk_request_result,
    get_bulk_transfer_status,
    request_bulk_transfer,
)
from mock_gmo.api.notifications import get_subscribe_status, get_unsent_va_deposits, subscribe, write_message
from mock_gmo.api.sp_accounts import transfer_between_sp_accounts
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
from mock_gmo.console import actions, notifications, parallel, registrations
from mock_gmo.console.problems import Problem
from mock_gmo.console.routes import Action, create_console, problem_reply
from mock_gmo.contract import Operation, read_operations, require_handlers
from mock_gmo.errors import JSON_TYPE, RefusalTable, Refused, Reply
from mock_gmo.faults import NOTIFICATION
from mock_gmo.gateway.connection import ConnectionEdge
from mock_gmo.gateway.exchange import Exchange, Handler
from mock_gmo.gateway.peer import Address, peer_address
from mock_gmo.gateway.serving import Gateway
from mock_gmo.keeping import KeepingEdge, StateFile
from mock_gmo.notifications.sending import NotificationSender, no_network
from mock_gmo.prefix import belongs_to, enter_world, world_of_request
from mock_gmo.sessions import SITE_PATH, SiteSessions
from mock_gmo.settings import Settings
from mock_gmo.site.endpoints import authorize
from mock_gmo.site.pages import outside_error_page
from mock_gmo.site.routes import create_site
from mock_gmo.world import Ports, World
from mock_gmo.worlds import Worlds

EXTENSION: Final = "mock_gmo"
STATE_FILE: Final = "mock_gmo.state_file"
CONTROL_PATH: Final = "/_sandbox"
# The inquiries that leave something behind: the request that a consent page is about, messages that count as delivered,
# and the ids of messages, which are made up when somebody first looks.
CHANGING_OPERATIONS: Final = frozenset({"authorize", "getUnsentVaDeposits"})
CHANGING_CONTROL_READS: Final = frozenset({"/_sandbox/v1/notifications", "/_sandbox/v1/snapshot"})
DOCUMENTS: Final = ("auth", "corporation", "personal", "webhooks")
CONTROL_ERRORS: Final = {MethodNotAllowed: "method_not_allowed", InternalServerError: "failure_inside"}


def create_app(
    settings: Settings,
    *,
    real_time: Callable[[], float],
    monotonic: Callable[[], float],
    random_source: Random,
    sleep: Callable[[float], None],
    send_notification: NotificationSender = no_network,
) -> Flask:
    """Return a bank as a WSGI application; its worlds are `app.extensions["mock_gmo"]`. Two applications share nothing.

    Notifications go out by `send_notification`, when a `Postman`, the control surface or a test says so.

    Raises StartError when contracts and code do not fit together, ScenarioError, EnvironmentFileError and
    StateFileUnusable for files that cannot be used.
    """
    ports = Ports(
        real_time=real_time,
        monotonic=monotonic,
        random_source=random_source,
        sleep=sleep,
        write_message=write_message,
        send_notification=send_notification,
    )
    worlds = Worlds(World.build(settings, ports))
    operations = read_operations(*DOCUMENTS)
    require_handlers(operations, HANDLERS)
    gateway = Gateway(operations, HANDLERS, profile=settings.imitated, sleep=sleep, monotonic=monotonic)
    app = _BankFlask(gateway, worlds)
    app.session_interface = SiteSessions(_present_world, real_time=real_time)
    app.extensions[EXTENSION] = worlds

    @app.before_request
    def pass_through_gateway() -> Response | None:
        # The request itself: every look through Flask's proxy costs, and the gateway looks often.
        call = request_ctx.request
        path = call.environ.get("PATH_INFO", "")
        world = world_of_request(call.environ)
        if belongs_to(path, CONTROL_PATH):
            return None
        if belongs_to(path, SITE_PATH):
            world.tick()
            return None
        return gateway.serve(call, world)

    _add_pages(app, settings, _actions(operations, worlds))
    # A fault that takes the reply away strikes outside: what was done is kept all the same.
    app.wsgi_app = ConnectionEdge(_kept(app, settings.state, gateway, real_time))  # type: ignore[method-assign]
    return app


def _add_pages(app: Flask, settings: Settings, found: dict[str, Action]) -> None:
    """Add what is not the bank's API: its site, the control surface, and the answer for everything else."""
    app.register_blueprint(
        create_site(
            _present_world,
            address_of=partial(_address_of, settings),
            random_text=lambda length: _present_world().random_text(length),
            idle_seconds=settings.site_idle_seconds,
        )
    )
    app.register_blueprint(create_console(_present_world, found))
    app.register_error_handler(HTTPException, partial(_outside_error, RefusalTable.load()))


def _kept(app: Flask, path: Path | None, gateway: Gateway, real_time: Callable[[], float]) -> WSGIApplication:
    if path is None:
        return app.wsgi_app
    world = world_of(app)
    file = StateFile(path, world, real_time=real_time)
    file.open()
    world.keep_by(file.save)
    app.extensions[STATE_FILE] = file
    reads = gateway.paths_of(CHANGING_OPERATIONS) | CHANGING_CONTROL_READS
    return KeepingEdge(app.wsgi_app, file, changing_reads=reads)


def worlds_of(app: Flask) -> Worlds:
    """Return the worlds behind an application that `create_app` built."""
    worlds = app.extensions[EXTENSION]
    assert isinstance(worlds, Worlds), "not an application of create_app"
    return worlds


def world_of(app: Flask) -> World:
    """Return the world under the plain paths of an application that `create_app` built."""
    return worlds_of(app).first


def _present_world() -> World:
    return world_of_request(request.environ)


def _authorize(exchange: Exchange) -> Reply:
    """Answer GET /authorization with the site's page or redirect."""
    page, exchange.refusal_id = authorize(exchange.world.oauth, exchange.request.args, at=exchange.at)
    headers = tuple((name, value) for name, value in page.headers if name not in ("Content-Type", "Content-Length"))
    return Reply(page.status_code, None, headers, raw=page.get_data(), content_type=page.content_type or JSON_TYPE)


# Operation of the contracts: who answers it. The start fails when one is missing on either side.
HANDLERS: Final[dict[str, Handler]] = {
    "authorize": _authorize,
    "issueToken": issue_token,
    "getUserInfo": get_user_info,
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
    "getPersonalAccounts": get_accounts,
    "getPersonalBalances": get_balances,
    "getPersonalTransactions": get_transactions,
    "getPersonalDepositTransactions": get_deposit_transactions,
    "getPersonalVisaTransactions": get_visa_transactions,
    "getPersonalTransferStatus": get_transfer_status,
    "getPersonalTransferRequestResult": get_request_result,
    "calculatePersonalTransferFee": calculate_transfer_fee,
    "requestPersonalTransfer": request_transfer,
    "cancelPersonalTransfer": cancel_transfer,
    "transferBetweenSpAccounts": transfer_between_sp_accounts,
    "getPersonalBulkTransferStatus": get_bulk_transfer_status,
    "getPersonalBulkTransferRequestResult": get_bulk_request_result,
    "calculatePersonalBulkTransferFee": calculate_bulk_transfer_fee,
    "requestPersonalBulkTransfer": request_bulk_transfer,
    "cancelPersonalBulkTransfer": cancel_bulk_transfer,
    "listPersonalVirtualAccounts": list_virtual_accounts,
    "getPersonalVirtualAccountDeposits": get_virtual_account_deposits,
    "issuePersonalVirtualAccounts": issue_virtual_accounts,
    "changePersonalVirtualAccountStatus": change_virtual_account_status,
    "closePersonalVirtualAccountContract": close_virtual_account_contract,
    "subscribe": subscribe,
    "getUnsentVaDeposits": get_unsent_va_deposits,
    "getSubscribeStatus": get_subscribe_status,
}


def _actions(operations: tuple[Operation, ...], worlds: Worlds) -> dict[str, Action]:
    names = frozenset((NOTIFICATION, *(operation.name for operation in operations)))
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
        "listBeneficiaries": actions.list_beneficiaries,
        "listFaults": registrations.list_faults,
        "setFault": partial(registrations.set_fault, operations=names),
        "clearFaults": registrations.clear_faults,
        "removeFault": registrations.remove_fault,
        "readJournal": registrations.read_journal,
        "listPayments": actions.list_payments,
        "checkPostings": actions.check_postings,
        "listNotifications": notifications.list_notifications,
        "deliverNotifications": notifications.deliver_notifications,
        "writeSnapshot": parallel.write_snapshot,
        "restoreSnapshot": parallel.restore_snapshot,
        "listWorlds": partial(parallel.list_worlds, worlds=worlds),
        "createWorld": partial(parallel.create_world, worlds=worlds),
        "createNamedWorld": partial(parallel.create_world, worlds=worlds),
        "dropWorlds": partial(parallel.drop_worlds, worlds=worlds),
        "dropWorld": partial(parallel.drop_world, worlds=worlds),
    }


class _BankFlask(Flask):
    """Hands calls of the bank's resources to the gateway before Flask prepares for them.

    They use no route, no session and no context, and that was a fifth of their cost. Only pages need all of it.
    """

    def __init__(self, gateway: Gateway, worlds: Worlds) -> None:
        super().__init__(EXTENSION, static_folder=None)
        self._gateway, self._worlds = gateway, worlds
        self._resource_paths = gateway.resource_paths

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        world = enter_world(environ, self._worlds)
        if world is None:
            return problem_reply(Problem("world_unknown"))(environ, start_response)
        if environ.get("PATH_INFO") not in self._resource_paths:
            return super().wsgi_app(environ, start_response)
        try:
            answer = self._gateway.answer(Request(environ), world)
        except Exception as failure:  # noqa: BLE001  (where Flask has its own: a failure of ours becomes a 500)
            with self.request_context(environ):
                return self.handle_exception(failure)(environ, start_response)
        return answer(environ, start_response)


def _address_of(settings: Settings, visitor: Request) -> Address | None:
    return peer_address(visitor.environ, trusted_proxies=settings.trusted_proxies)


def _outside_error(table: RefusalTable, error: HTTPException) -> AnyResponse:
    """Answer for what no part answered: unknown paths beside the bank's own, and our own failures."""
    path = request.environ.get("PATH_INFO", "")
    if belongs_to(path, SITE_PATH):
        return outside_error_page(error.code or 0) or error.get_response()
    if belongs_to(path, CONTROL_PATH):
        answer = problem_reply(Problem(CONTROL_ERRORS.get(type(error), "path_unknown")))
        answer.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
        return answer
    if isinstance(error, InternalServerError):
        reply = table.refusal_reply(Refused("failure_inside"), None)
        return Response(reply.content(), reply.status, content_type=JSON_TYPE)
    return error.get_response()

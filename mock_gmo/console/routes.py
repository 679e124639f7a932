"""The control API of the sandbox: routed and checked from `contracts/sandbox.yaml`. Calls act in `actions`.

Answers only to the control networks, and never to a page of another origin that a browser has open.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Request, Response, request

from mock_gmo.console.mistakes import tell_member, tell_parameter, tell_unknown_parameter
from mock_gmo.console.problems import Problem
from mock_gmo.contract import JSON, Operation, StartError, read_operations, require_handlers
from mock_gmo.errors import JSON_TYPE
from mock_gmo.gateway.body import Unreadable, read_bytes, read_object
from mock_gmo.gateway.peer import is_in, peer_address
from mock_gmo.world import World

log = logging.getLogger("mock_gmo.console")

NAME = "console"


@dataclass(frozen=True, slots=True)
class Call:
    """One control call whose members and parameters have been checked."""

    world: World
    root_url: str
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]


Action = Callable[[Call], tuple[int, dict[str, Any] | None]]


def create_console(world_of: Callable[[], World], actions: dict[str, Action]) -> Blueprint:
    """Return the control API as a blueprint. Raises StartError when contract and actions do not match."""
    operations = read_operations("sandbox")
    require_handlers(operations, actions)
    prefix = operations[0].path.removesuffix(operations[0].relative_path)
    console = Blueprint(NAME, __name__, url_prefix=prefix)
    for operation in operations:
        rule = operation.relative_path.replace("{", "<").replace("}", ">")
        view = _view(operation, actions[operation.operation_id], world_of)
        console.add_url_rule(
            rule, operation.operation_id, view, methods=[operation.method], provide_automatic_options=False
        )

    @console.before_request
    def check_caller() -> None:
        require_control(request, world_of())

    console.register_error_handler(Problem, problem_reply)
    return console


def problem_reply(problem: Problem) -> Response:
    """Return the reply for a refusal of the control surface."""
    return _reply(problem.row.status, problem.body())


def require_control(request: Request, world: World) -> None:
    """Raise Problem unless the caller's address may control this bank and no foreign page makes the call."""
    settings = world.settings
    address = peer_address(request.environ, trusted_proxies=settings.trusted_proxies)
    origin = request.environ.get("HTTP_ORIGIN")
    if address is None or not is_in(address, settings.control_networks):
        raise Problem("not_from_here")
    if origin and urlsplit(origin).netloc != request.environ.get("HTTP_HOST"):
        raise Problem("not_from_here")
    # A page somewhere in the web can have its own name point to this machine; its calls come from here, too.
    if not _is_own_name(request.environ.get("HTTP_HOST", ""), settings.control_hosts):
        raise Problem("not_from_here")
    if request.environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin"):
        raise Problem("not_from_here")


def _is_own_name(host: str, allowed: tuple[str, ...]) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name in allowed:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _view(operation: Operation, action: Action, world_of: Callable[[], World]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        call = Call(
            world=world_of(),
            root_url=request.root_url.rstrip("/"),
            path=_checked_path(operation, path),
            query=_checked_query(operation, request),
            body=_checked_body(operation, request),
        )
        status, body = action(call)
        if not operation.reply_is_lawful(status, body):
            log.error("reply.breaks_contract operation=%s status=%s", operation.operation_id, status)
            raise StartError(f"{operation.operation_id}: the reply {status} breaks contracts/sandbox.yaml")
        return _reply(status, body)

    return view


def _checked_path(operation: Operation, path: dict[str, str]) -> dict[str, str]:
    for field in operation.path_fields:
        if not field.fits(path[field.name]):
            raise Problem("field_invalid", tell_parameter(field, [path[field.name]]), at=field.name)
    return path


def _checked_query(operation: Operation, request: Request) -> dict[str, str]:
    query: dict[str, str] = {}
    known = [field.name for field in operation.query]
    if unknown := [name for name in request.args if name not in known]:
        raise Problem("field_invalid", tell_unknown_parameter(unknown[0], known), at=unknown[0])
    for field in operation.query:
        values = request.args.getlist(field.name)
        if len(values) > 1 or not all(field.fits(value) for value in values):
            raise Problem("field_invalid", tell_parameter(field, values), at=field.name)
        if values:
            query[field.name] = values[0]
    return query


def _checked_body(operation: Operation, request: Request) -> dict[str, Any]:
    if operation.body_kind is None:
        return {}
    try:
        content = read_bytes(request, bytes_max=operation.body_bytes_max)
        if not content and not operation.needs_body:
            return {}
        if request.mimetype != JSON:
            raise Problem("body_not_json", f"came {request.mimetype or 'no content type'}")
        body = read_object(content)
    except Unreadable as unreadable:
        raise Problem("body_not_json", str(unreadable)) from unreadable
    assert operation.body_errors is not None, "an operation with a body has a validator for it"
    for error in operation.body_errors(body):
        place = "/" + "/".join(str(step) for step in error.instance_path)
        raise Problem("field_invalid", tell_member(error), at=place)
    return {name: _whole(value) for name, value in body.items()}


def _whole(value: Any) -> Any:
    """JSON Schema takes 5.0 for an integer; whoever acts wants it as one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return {name: _whole(inner) for name, inner in value.items()} if isinstance(value, dict) else value


def _reply(status: int, body: dict[str, Any] | None) -> Response:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    reply = Response(content, status, content_type=JSON_TYPE)
    reply.headers["Cache-Control"] = "no-store"
    return reply

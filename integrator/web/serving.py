"""One request through the web side: who calls, is it in the contract, hand it to its operation, check the reply.

Handlers get a `Call` and give a `Reply`; they never see Flask.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from integrator import trail
from integrator.companies import Caller, find_caller
from integrator.secret import Secret
from integrator.store.database import Database
from integrator.web.allowance import Allowance
from integrator.web.contract import (
    BODY_BYTES_MAX,
    JSON_MEDIA_TYPE,
    Contract,
    ContractMismatch,
    InputInvalid,
    Operation,
)
from integrator.web.pages import Pages
from integrator.web.problems import PROBLEM_MEDIA_TYPE, WebProblem, Words, input_invalid, problem

PAGE_MEDIA_TYPE = "text/html"
TEXT_MEDIA_TYPE = "text/plain"
TEXT_CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"  # the only text served: Prometheus' figures
REQUEST_ID_HEADER = "X-Request-Id"
CHALLENGE = (("WWW-Authenticate", 'Bearer realm="integrator"'),)
BEARER_LENGTH_MAX = 512


@dataclass(frozen=True, slots=True)
class Call:
    """A checked request. `caller` is None for the open operations only."""

    operation: Operation
    parameters: Mapping[str, Any] = field(repr=False)
    body: Any = field(repr=False)
    caller: Caller | None

    def text(self, name: str) -> str | None:
        """Return a parameter; an empty one counts as absent."""
        value: str | None = self.parameters.get(name)
        return value or None

    @property
    def who(self) -> str:
        """Who calls, as the audit names it."""
        return "nobody" if self.caller is None else f"key:{self.caller.key_id}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: JSON values, or the text of a page."""

    status: int
    value: Any = field(repr=False)


Handler = Callable[[Call], Reply]
Refusals = Mapping[type[Exception], Callable[[Any], WebProblem]]


class Door:
    """Makes blueprints whose routes and checks come from the contract."""

    def __init__(
        self,
        contract: Contract,
        *,
        db: Database,
        pages: Pages,
        new_instance: Callable[[], str],
        allowance: Allowance,
    ) -> None:
        self.contract = contract
        self._allowance = allowance
        self._db = db
        self._pages = pages
        self._new_instance = new_instance

    def blueprint(self, name: str, handlers: Mapping[str, Handler]) -> Blueprint:
        """Return a blueprint that serves these operations. Raises ContractMismatch for one without a contract."""
        made = Blueprint(name, __name__)
        for operation_id, handler in handlers.items():
            operation = self.contract.operations.get(operation_id)
            if operation is None:
                raise ContractMismatch(f"{operation_id} has a handler but does not stand in contracts/integrator.yaml")
            made.add_url_rule(
                operation.rule,
                endpoint=operation_id,
                view_func=self._view(operation, handler),
                methods=[operation.method],
                provide_automatic_options=False,
            )
        return made

    def check_complete(self, app: Flask) -> None:
        """Raise ContractMismatch when an operation of the contract has no handler."""
        served = {endpoint.rpartition(".")[2] for endpoint in app.view_functions}
        missing = sorted(set(self.contract.operations) - served)
        if missing:
            raise ContractMismatch(f"contracts/integrator.yaml has operations without a handler: {', '.join(missing)}")

    def install_request_ids(self, app: Flask) -> None:
        """Give each request the id that came in X-Request-Id, or a new one for none or a strange one; tell it back."""

        def begin() -> None:
            sent = request.headers.get(REQUEST_ID_HEADER, "")
            g.request_id = sent if trail.REQUEST_ID.fullmatch(sent) else self._new_instance()
            trail.take_up((g.request_id,))

        def tell(response: Response) -> Response:
            response.headers[REQUEST_ID_HEADER] = g.request_id
            return response

        app.before_request(begin)
        app.after_request(tell)
        app.teardown_request(lambda _error: trail.lay_down())

    def install_refusals(self, app: Flask, refusals: Refusals) -> None:
        """Turn refusals, Flask's own errors and bugs into replies."""
        for kind, explain in refusals.items():
            app.register_error_handler(kind, lambda error, explain=explain: self.answer_problem(explain(error)))
        app.register_error_handler(WebProblem, self.answer_problem)
        app.register_error_handler(InputInvalid, lambda error: self.answer_problem(_explain_input(error)))
        app.register_error_handler(HTTPException, lambda error: self.answer_problem(_explain_http(error)))

    def answer_problem(self, found: WebProblem) -> Response:
        """Return the problem as the operation's contract wants it: a document, or a page for browsers."""
        operation: Operation | None = g.get("operation")
        g.problem_code = found.problem.code
        media_type = operation.media_type_of(found.status) if operation else PROBLEM_MEDIA_TYPE
        if media_type == PAGE_MEDIA_TYPE:
            return self._respond(found.status, self._pages.problem(found.problem), PAGE_MEDIA_TYPE)
        instance = (
            f"urn:gmo-bank-integrator:request:{g.request_id}" if found.status >= 500 and "request_id" in g else None
        )
        value = found.as_json(instance=instance)
        if operation is not None:
            operation.check_reply(found.status, PROBLEM_MEDIA_TYPE, value)
        response = self._respond(found.status, value, PROBLEM_MEDIA_TYPE)
        response.headers.update(found.headers)
        return response

    def _view(self, operation: Operation, handler: Handler) -> Callable[..., Response]:
        def view(**path: str) -> Response:
            g.operation = operation
            caller = None if operation.is_open else self._authenticate(request)
            g.caller = caller
            parameters = self.contract.read_parameters(operation, _sent(request, path))
            _check_allowed(operation, caller, parameters)
            body = self._read_body(operation, request)
            reply = handler(Call(operation, parameters, body, caller))
            media_type = operation.media_type_of(reply.status) or JSON_MEDIA_TYPE
            operation.check_reply(reply.status, media_type, reply.value)
            return self._respond(reply.status, reply.value, media_type)

        return view

    def _authenticate(self, incoming: Request) -> Caller:
        scheme, _, text = incoming.headers.get("Authorization", "")[:BEARER_LENGTH_MAX].partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise problem("key-missing", Words(headers=CHALLENGE))
        caller = find_caller(self._db, Secret(text.strip()))
        if caller is None:
            raise problem("key-unknown", Words(headers=CHALLENGE))
        seconds = self._allowance.seconds_to_wait(caller.key_id)
        if seconds:
            raise problem("too-many-requests", Words(headers=(("Retry-After", str(seconds)),)))
        return caller

    def _read_body(self, operation: Operation, incoming: Request) -> Any:
        if (incoming.content_length or 0) > BODY_BYTES_MAX:
            raise RequestEntityTooLarge
        if operation.body is None:
            return None
        if incoming.mimetype != JSON_MEDIA_TYPE:
            came = incoming.mimetype[:64] or "nothing"
            raise problem("content-type-unsupported", Words(field="Content-Type", expected=JSON_MEDIA_TYPE, came=came))
        return self.contract.read_body(operation, incoming.get_data(cache=False))

    def _respond(self, status: int, value: Any, media_type: str) -> Response:
        if media_type == PAGE_MEDIA_TYPE:
            response = Response(value, status, content_type="text/html; charset=utf-8")
            response.headers["Content-Security-Policy"] = self._pages.content_security_policy
        elif media_type == TEXT_MEDIA_TYPE:
            response = Response(value, status, content_type=TEXT_CONTENT_TYPE)
        else:
            text = current_app.json.dumps(value, ensure_ascii=False, sort_keys=False, separators=(",", ":"))
            response = Response(text, status, content_type=media_type)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _sent(incoming: Request, path: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    return {
        "path": {name: [value] for name, value in path.items()},
        "query": dict(incoming.args.lists()),
        "header": {name: incoming.headers.getlist(name) for name, _ in incoming.headers},
    }


def _check_allowed(operation: Operation, caller: Caller | None, parameters: Mapping[str, Any]) -> None:
    if caller is None:
        return
    if caller.role not in operation.roles:
        raise problem("role-not-allowed", Words(expected=" or ".join(sorted(operation.roles)), came=caller.role))
    if caller.company_id is not None and parameters.get("company_id", caller.company_id) != caller.company_id:
        raise problem("other-company", Words(field="company_id", expected=caller.company_id))


def _explain_input(error: InputInvalid) -> WebProblem:
    words = Words(field=error.field, expected=error.expected, came=error.came)
    return input_invalid(error.reason, label=error.label, words=words)


_HTTP_CODES = {404: "path-unknown", 405: "method-not-allowed", 413: "body-too-large", 500: "failure"}


def _explain_http(error: HTTPException) -> WebProblem:
    code = _HTTP_CODES.get(error.code or 500, "request-invalid")
    headers = tuple((name, value) for name, value in error.get_headers() if name == "Allow")
    return problem(code, Words(headers=headers))

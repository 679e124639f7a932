"""The life of one call: received, admitted, validated, committed, reply written; faults strike at these points.

The order of the checks is in `checks`, their wording in `errors`; here is only what comes after what.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Request, Response

from mock_gmo.bank.refusals import BankRefusal
from mock_gmo.contract import FORM, JSON, Operation, StartError
from mock_gmo.errors import RefusalTable, Refused, Reply
from mock_gmo.faults import FaultRule
from mock_gmo.gateway import admit, release, validate
from mock_gmo.gateway.checks import find_client
from mock_gmo.gateway.connection import DROP, TRUNCATE
from mock_gmo.gateway.exchange import Exchange, Handler
from mock_gmo.gateway.explaining import RuleBook
from mock_gmo.journal import Entry, mask_body, mask_headers, mask_query
from mock_gmo.oauth.errors import OAuthRefusal
from mock_gmo.profiles import Profile
from mock_gmo.world import World

STATUS_OF_FAULT: Final = 503
GARBAGE: Final = b'\x00\xff<<<{"applyNo":"'
DUPLICATE: Final = "duplicate"
WITHOUT_CONTENT: Final = frozenset({100, 101, 102, 103, 204, 304})
_STATUS_LINES: Final = {it.value: f"{it.value} {it.phrase}" for it in HTTPStatus}


class _Dropped(Exception):
    """A fault closes the connection: no reply, whatever was done until here."""


class _Instead(Exception):
    """A fault answers in place of what would have come."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out. A WSGI application by itself: making a Response of it costs a tenth of a call."""

    status: int
    content: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it."""
        if self.status in WITHOUT_CONTENT or environ["REQUEST_METHOD"] == "HEAD":
            return Response(self.content, self.status, self.headers, content_type=self.content_type)(
                environ, start_response
            )
        length = ("Content-Length", str(len(self.content)))
        start_response(
            _STATUS_LINES.get(self.status) or f"{self.status} Unknown",
            [("Content-Type", self.content_type), *self.headers, length],
        )
        return (self.content,)


class Gateway:
    """Serves the bank's operations. Keeps no state of the bank; that is the world's."""

    def __init__(
        self,
        operations: Iterable[Operation],
        handlers: Mapping[str, Handler],
        *,
        profile: Profile,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._routes = _routes(operations, profile)
        self._handlers = handlers
        self._table = RefusalTable.load()
        self._rules = RuleBook.load()
        self._sleep = sleep
        self._monotonic = monotonic
        self._steps = (("received", admit), ("admitted", validate))

    @property
    def resource_paths(self) -> frozenset[str]:
        """The paths under which calls with a token or of a client itself are answered, aliases included."""
        return frozenset(
            path
            for (_, path), found in self._routes.items()
            if found.scope_family is not None or found.called_by_client
        )

    def paths_of(self, operation_ids: frozenset[str]) -> frozenset[str]:
        """The paths under which these operations are called, aliases included."""
        return frozenset(path for (_, path), found in self._routes.items() if found.operation_id in operation_ids)

    def serve(self, request: Request, world: World) -> Response:
        """Answer one call at the bank, as Flask wants it."""
        answer = self.answer(request, world)
        return Response(answer.content, answer.status, answer.headers, content_type=answer.content_type)

    def answer(self, request: Request, world: World) -> Answer:
        """Answer one call at the bank, whatever it asks for."""
        started = self._monotonic()
        operation = self._routes.get((request.method, request.environ.get("PATH_INFO", "")))
        exchange = Exchange(world, request, operation, at=world.tick())
        reply: Reply | None = None
        content = b""
        try:
            reply = self._reply(exchange)
            content = reply.content()
        except _Dropped:
            request.environ[DROP] = True
            return Answer(HTTPStatus.NO_CONTENT, b"")
        finally:
            self._record(exchange, reply, content, started=started)
        if reply.is_truncated:
            request.environ[TRUNCATE] = True
        return Answer(reply.status, content, reply.headers, reply.content_type)

    def _reply(self, exchange: Exchange) -> Reply:
        try:
            reply = self._handle(exchange)
        except _Instead as instead:
            reply = instead.reply
        except (Refused, BankRefusal, OAuthRefusal) as refusal:
            reply = release(exchange, self._refuse(exchange, refusal), table=self._table)
        if exchange.refusal_id is not None and exchange.world.settings.explain:
            reply = replace(reply, headers=(*reply.headers, self._rules.header(exchange.refusal_id)))
        try:
            self._strike(exchange, "reply_written", reply)
        except _Instead as instead:
            return instead.reply
        return reply

    def _handle(self, exchange: Exchange) -> Reply:
        for index, (point, step) in enumerate(self._steps):
            if self._strike(exchange, point, None):
                self._handle_quietly(exchange, first=index)
            step(exchange)
        if self._strike(exchange, "validated", None):
            self._handle_quietly(exchange, first=len(self._steps))
        reply = self._act(exchange)
        self._strike(exchange, "committed", reply)
        return release(exchange, reply, table=self._table)

    def _handle_quietly(self, exchange: Exchange, *, first: int) -> None:
        """The first of two handlings of a call that arrives twice: done, its reply lost, no fault in it."""
        try:
            for _, step in self._steps[first:]:
                step(exchange)
            self._act(exchange)
        except (Refused, BankRefusal, OAuthRefusal):
            return

    def _act(self, exchange: Exchange) -> Reply:
        assert exchange.operation is not None, "an unknown operation passed the checks"
        return self._handlers[exchange.operation.operation_id](exchange)

    def _refuse(self, exchange: Exchange, refusal: Refused | BankRefusal | OAuthRefusal) -> Reply:
        exchange.refusal_id, exchange.refusal = refusal.refusal_id, refusal
        if isinstance(refusal, OAuthRefusal):
            return Reply(refusal.http_status, refusal.body(), tuple(refusal.headers().items()))
        reply = self._table.refusal_reply(refusal, exchange.operation)
        settings = exchange.world.settings
        if refusal.refusal_id == "account_not_usable" and settings.bank_rules.unusable_account_is_401:
            return self._table.refusal_reply(Refused("token_invalid"), exchange.operation)
        if refusal.refusal_id == "duplicate_key_other_body":
            return replace(reply, status=settings.bank_rules.duplicate_key_conflict_status)
        if refusal.refusal_id == "request_limit_exceeded" and settings.retry_after_seconds is not None:
            return replace(reply, headers=(("Retry-After", str(settings.retry_after_seconds)),))
        return reply

    def _strike(self, exchange: Exchange, point: str, reply: Reply | None) -> bool:
        """Carry out the faults set for this point. Returns True when the call is to be handled twice from here."""
        faults = exchange.world.faults
        if faults.is_empty:
            return False
        if exchange.client is None and exchange.operation is not None:
            find_client(exchange)
        client_id = exchange.client.client_id if exchange.client is not None else None
        twice = False
        for rule in faults.strike(point, operation=_name(exchange), client_id=client_id):
            exchange.faults.append(f"{rule.point} {rule.effect}")
            twice = self._carry_out(exchange, rule, reply) or twice
        return twice

    def _carry_out(self, exchange: Exchange, rule: FaultRule, reply: Reply | None) -> bool:
        match rule.effect:
            case "delay":
                self._sleep((rule.delay_ms or 0) / 1_000)
                exchange.at = exchange.world.tick()
            case "drop":
                raise _Dropped
            case "status":
                raise _Instead(self._table.status_reply(rule.status or STATUS_OF_FAULT))
            case "garbage":
                raise _Instead(Reply(_status_of(exchange, reply), None, raw=GARBAGE))
            case "truncate":
                assert reply is not None, "the table of faults lets truncate happen without a reply"
                raise _Instead(replace(reply, is_truncated=True))
        return rule.effect == DUPLICATE

    def _record(self, exchange: Exchange, reply: Reply | None, content: bytes, *, started: float) -> None:
        request, operation = exchange.request, exchange.operation
        is_form = operation is not None and operation.body_kind == FORM
        entry = Entry(
            at=exchange.at,
            client_id=exchange.client.client_id if exchange.client is not None else None,
            method=request.method,
            path=request.environ.get("PATH_INFO", ""),
            query=mask_query(request.environ.get("QUERY_STRING", "")),
            headers=mask_headers(request.environ),
            request_body=mask_body(exchange.raw_body or b"", is_form=is_form),
            status=reply.status if reply is not None else None,
            reply_body=mask_body(content, is_form=False),
            refusal_id=exchange.refusal_id,
            check=exchange.check,
            apply_no=_apply_no(exchange, reply),
            fault=", ".join(exchange.faults) or None,
            duration_ms=round((self._monotonic() - started) * 1_000, 3),
            explanation=self._rules.explain(exchange) if exchange.refusal_id is not None else None,
        )
        exchange.world.journal.write(entry)


def _routes(operations: Iterable[Operation], profile: Profile) -> dict[tuple[str, str], Operation]:
    routes: dict[tuple[str, str], Operation] = {}
    by_document: dict[str, list[Operation]] = {}
    for operation in operations:
        by_document.setdefault(operation.document, []).append(operation)
    for prefix, documents in profile.paths.items():
        meant = next((by_document[name] for name in documents if name in by_document), ())
        for operation in meant:
            path = prefix + operation.relative_path
            if path in profile.absent_paths:
                continue
            for method in (operation.method, *operation.other_methods):
                if (method, path) in routes:
                    raise StartError(f"two operations answer {method} {path}")
                routes[method, path] = operation
    return routes


def _name(exchange: Exchange) -> str:
    if exchange.operation is not None:
        return exchange.operation.name
    return f"{exchange.request.method} {exchange.request.environ.get('PATH_INFO', '')}"


def _status_of(exchange: Exchange, reply: Reply | None) -> int:
    if reply is not None:
        return reply.status
    return exchange.operation.success_status if exchange.operation is not None else 200


def _apply_no(exchange: Exchange, reply: Reply | None) -> str | None:
    if reply is not None and reply.body is not None and "applyNo" in reply.body:
        return str(reply.body["applyNo"])
    return exchange.fields.get("applyNo")

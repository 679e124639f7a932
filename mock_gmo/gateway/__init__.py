"""What stands before the bank: CHECKS, the ordered tuple; `admit` walks it, `release` looks at the reply."""

import logging

from mock_gmo.errors import RefusalTable, Refused, Reply
from mock_gmo.gateway.checks import BY_KIND, CHECKS, FIELDS, kind_of
from mock_gmo.gateway.exchange import Exchange

__all__ = ["CHECKS", "FIELDS", "admit", "release", "validate"]

log = logging.getLogger("mock_gmo.gateway")

# A setting may give a conflict a status that the bank's contract does not declare; the body is that of a 400.
_CONFLICTS = frozenset({409, 422})


def admit(exchange: Exchange) -> None:
    """Walk the checks that this kind of operation passes through. Raises Refused with the first objection."""
    for check in BY_KIND[kind_of(exchange)]:
        exchange.check = check.name
        check.run(exchange)
    exchange.check = None


def validate(exchange: Exchange) -> None:
    """Check the fields of a resource call. Raises Refused with the first complaint."""
    if kind_of(exchange) in FIELDS.kinds:
        exchange.check = FIELDS.name
        FIELDS.run(exchange)
        exchange.check = None


def release(exchange: Exchange, reply: Reply, *, table: RefusalTable) -> Reply:
    """Return the reply if the contract allows it; otherwise a 500, because then the mistake is ours."""
    operation = exchange.operation
    if operation is None:
        return reply
    status = 400 if reply.status in _CONFLICTS else reply.status
    if operation.reply_is_lawful(status, reply.body):
        return reply
    log.error("reply.breaks_contract operation=%s status=%s", operation.operation_id, reply.status)
    exchange.refusal_id = "failure_inside"
    return table.refusal_reply(Refused("failure_inside"), operation)

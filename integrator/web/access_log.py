"""One line for each request that came in: who called what, and how it was answered. Never a query, header or body."""

import json
import logging
from datetime import datetime

from flask import Flask, Response, g, request

from integrator.clock import Clock, ClockUnavailable
from integrator.domain.payout import written_instant
from integrator.settings import Environment

log = logging.getLogger("integrator.access")
# Asked every few seconds, and they tell nothing.
UNLOGGED = frozenset({"health.getHealth", "health.getReadiness", "health.getMetrics"})


def install(app: Flask, *, environment: Environment, clock: Clock) -> None:
    """Write one JSON line to the logger `integrator.access` after every request but the health probes."""

    def write(response: Response) -> Response:
        if request.endpoint not in UNLOGGED:
            log.info(json.dumps(_line(response, environment, _now(clock)), ensure_ascii=False))
        return response

    app.after_request(write)


def _line(response: Response, environment: Environment, at: datetime | None) -> dict[str, object]:
    caller = g.get("caller")
    members = {
        "ts": None if at is None else written_instant(at),
        "event": "http.answered",
        "env": environment.value,
        "direction": "in",
        "request_id": g.get("request_id"),
        "operation": (request.endpoint or "").rpartition(".")[2] or None,
        "method": request.method,
        # As the contract writes it: a path as sent may hold anything.
        "path": g.operation.path if "operation" in g else None,
        "company_id": (request.view_args or {}).get("company_id") if caller else None,
        "key_id": None if caller is None else caller.key_id,
        "peer": request.remote_addr,
        "status": response.status_code,
        "problem": g.get("problem_code"),
    }
    return {name: value for name, value in members.items() if value is not None}


def _now(clock: Clock) -> datetime | None:
    try:
        return clock.now()
    except ClockUnavailable:
        return None

"""The resource health: is the process alive, can it serve, and how does everything stand in figures."""

from flask import Blueprint

from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.migrate import is_current
from integrator.web.metrics import Figures
from integrator.web.problems import problem
from integrator.web.serving import Call, Door, Reply


def blueprint(door: Door, *, db: Database, environment: Environment, figures: Figures) -> Blueprint:
    """Return the blueprint of getHealth, getReadiness and getMetrics. None asks the bank."""

    def alive(_call: Call) -> Reply:
        return Reply(200, {"status": "ok"})

    def ready(_call: Call) -> Reply:
        if not is_current(db):
            raise problem("not-ready")
        return Reply(200, {"status": "ready", "environment": environment.value})

    def measured(call: Call) -> Reply:
        assert call.caller is not None, "the figures are not open"
        return Reply(200, figures.text(company_id=call.caller.company_id))

    return door.blueprint("health", {"getHealth": alive, "getReadiness": ready, "getMetrics": measured})

"""The resource health: is the process alive, and can it serve."""

from flask import Blueprint

from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.migrate import is_current
from integrator.web.problems import problem
from integrator.web.serving import Call, Door, Reply


def blueprint(door: Door, *, db: Database, environment: Environment) -> Blueprint:
    """Return the blueprint of getHealth and getReadiness. Neither asks the bank."""

    def alive(_call: Call) -> Reply:
        return Reply(200, {"status": "ok"})

    def ready(_call: Call) -> Reply:
        if not is_current(db):
            raise problem("not-ready")
        return Reply(200, {"status": "ready", "environment": environment.value})

    return door.blueprint("health", {"getHealth": alive, "getReadiness": ready})

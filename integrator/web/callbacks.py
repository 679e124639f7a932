"""The resources callback and events: where a company wants to be told, and what it can ask for itself."""

from dataclasses import replace

from flask import Blueprint

from integrator import callbacks, companies
from integrator.callbacks import Places
from integrator.clock import Clock
from integrator.web.serving import Call, Door, Reply


def blueprint(door: Door, places: Places, *, clock: Clock) -> Blueprint:
    """Return the blueprint of the operations on a company's callback and of pullEvents."""

    def company_of(call: Call) -> str:
        company_id = call.parameters["company_id"]
        return companies.get_company(places.db, company_id, environment=places.environment).company_id

    def acting(call: Call) -> Places:
        return replace(places, db=places.db.acting(call.who))

    def read(call: Call) -> Reply:
        return Reply(200, callbacks.get_callback(places.db, company_of(call), at=clock.now()).as_json())

    def put(call: Call) -> Reply:
        view, secret = callbacks.set_callback(acting(call), company_of(call), call.body["url"], at=clock.now())
        if secret is None:
            return Reply(200, view.as_json())
        return Reply(201, {"callback": view.as_json(), "secret": secret.reveal()})

    def remove(call: Call) -> Reply:
        callbacks.remove_callback(places.db, company_of(call))
        return Reply(200, {"removed": True})

    def rotate(call: Call) -> Reply:
        view, secret = callbacks.rotate_secret(acting(call), company_of(call), at=clock.now())
        return Reply(201, {"callback": view.as_json(), "secret": secret.reveal()})

    def test(call: Call) -> Reply:
        company_id = company_of(call)
        event_id = callbacks.send_test(places.db, company_id, at=clock.now(), new_text=places.new_text)
        return Reply(202, {"event_id": event_id})

    def pull(call: Call) -> Reply:
        given = call.parameters
        page = callbacks.pull_events(places.db, company_of(call), after=given["after"], limit=given["limit"])
        return Reply(200, page)

    handlers = {
        "getCallback": read,
        "setCallback": put,
        "removeCallback": remove,
        "rotateCallbackSecret": rotate,
        "testCallback": test,
        "pullEvents": pull,
    }
    return door.blueprint("callbacks", handlers)

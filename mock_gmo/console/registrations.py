"""Clients, faults and the journal through the control surface. Steps of transfers and the clock are in `actions`."""

import re
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, Final

from mock_gmo.console.problems import Problem
from mock_gmo.console.routes import Call
from mock_gmo.console.views import write_client, write_entry, write_fault
from mock_gmo.faults import ANY_OPERATION, FaultRule, ImpossibleFault
from mock_gmo.journal import Filter
from mock_gmo.oauth.clients import BasicCredentials, Client, ClientUnusable, Network
from mock_gmo.secret import Secret

Result = tuple[int, dict[str, Any] | None]

CLIENT_ID_LENGTH: Final = 16
CLIENT_SECRET_LENGTH: Final = 50
_BASE_PATH: Final = re.compile(r"/ganb/(?:stg-)?api/[a-z]+/v1(?=/)")


def list_clients(call: Call) -> Result:
    """Tell every registered client."""
    return 200, {"clients": [write_client(client) for client in call.world.oauth.clients.all()]}


def register_client(call: Call) -> Result:
    """Register one more client; id and secret are made up unless given."""
    world, body = call.world, call.body
    try:
        client = Client(
            client_id=body.get("client_id") or world.random_text(CLIENT_ID_LENGTH),
            client_secret=Secret(body.get("client_secret") or world.random_text(CLIENT_SECRET_LENGTH)),
            name=body["name"],
            company_id=body.get("company_id"),
            redirect_uris=tuple(body["redirect_uris"]),
            networks=_networks(body["networks"]),
            scopes=frozenset(body["scopes"]),
            authentication=body.get("authentication", "client_secret_post"),
            requests_per_second=body.get("requests_per_second", 1),
            notification_url=body.get("notification_url"),
            notification_signature=body.get("notification_signature", False),
            notification_basic=_basic(body.get("notification_basic")),
        )
        world.oauth.clients.register(client)
    except ClientUnusable as unusable:
        raise Problem("client_unusable", str(unusable)) from unusable
    return 201, write_client(client)


def change_client(call: Call) -> Result:
    """Change a registration."""
    changes: dict[str, object] = dict(call.body)
    if "networks" in call.body:
        changes["networks"] = _networks(call.body["networks"])
    if "redirect_uris" in call.body:
        changes["redirect_uris"] = tuple(call.body["redirect_uris"])
    if "scopes" in call.body:
        changes["scopes"] = frozenset(call.body["scopes"])
    try:
        if "notification_basic" in call.body:
            changes["notification_basic"] = _basic(call.body["notification_basic"])
        client = call.world.oauth.clients.change(call.path["client_id"], **changes)
    except KeyError as unknown:
        raise Problem("client_unknown") from unknown
    except ClientUnusable as unusable:
        raise Problem("client_unusable", str(unusable)) from unusable
    return 200, write_client(client)


def remove_client(call: Call) -> Result:
    """Strike a client off."""
    try:
        call.world.oauth.clients.remove(call.path["client_id"])
    except KeyError as unknown:
        raise Problem("client_unknown") from unknown
    return 204, None


def list_faults(call: Call) -> Result:
    """Tell the faults in force."""
    return 200, {"faults": [write_fault(rule) for rule in call.world.faults.all()]}


def set_fault(call: Call, *, operations: frozenset[str]) -> Result:
    """Set a fault; `operations` are the names that it may have besides "*"."""
    body = call.body
    operation = _BASE_PATH.sub("", body["operation"])
    if operation != ANY_OPERATION and operation not in operations:
        raise Problem("operation_unknown", at="/operation", possible=(ANY_OPERATION, *sorted(operations)))
    rule = FaultRule(
        fault_id="",
        operation=operation,
        point=body["point"],
        effect=body["effect"],
        client_id=body.get("client_id"),
        status=body.get("status"),
        delay_ms=body.get("delay_ms"),
        times=body.get("times"),
    )
    if rule.effect == "status" and rule.status is None:
        rule = replace(rule, status=503)
    try:
        return 201, write_fault(call.world.faults.add(rule))
    except ImpossibleFault as impossible:
        raise Problem("fault_impossible", str(impossible)) from impossible


def clear_faults(call: Call) -> Result:
    """Delete every fault."""
    call.world.faults.clear()
    return 204, None


def remove_fault(call: Call) -> Result:
    """Delete one fault."""
    if not call.world.faults.remove(call.path["fault_id"]):
        raise Problem("fault_unknown")
    return 204, None


def read_journal(call: Call) -> Result:
    """Tell what came in and what went out."""
    query = call.query
    wanted = Filter(
        client_id=query.get("client_id"),
        path=query.get("path"),
        status=int(query["status"]) if "status" in query else None,
        apply_no=query.get("apply_no"),
        limit=int(query.get("limit", "100")),
    )
    return 200, {"entries": [write_entry(entry) for entry in call.world.journal.find(wanted)]}


def _basic(told: dict[str, str] | None) -> BasicCredentials | None:
    return BasicCredentials(told["user"], Secret(told["password"])) if told is not None else None


def _networks(texts: list[str]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as unreadable:
        raise Problem("field_invalid", f"expected networks such as 192.0.2.0/24: {unreadable}", at="/networks") from (
            unreadable
        )

"""Does a request that the integrator sent keep the bank's contract? Used by the stories that run both programs."""

import json
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import jsonschema_rs

import contracts
from tests.world import Sent

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def _validators(name: str) -> Any:
    return jsonschema_rs.validator_map_for({"$schema": DIALECT, **contracts.load(name)}, validate_formats=True)


def complaints(sent: Sent) -> list[str]:
    """Return what in this request is not as contracts/auth.yaml or contracts/corporation.yaml says."""
    for name in ("auth", "corporation"):
        document = contracts.load(name)
        base = document["servers"][0]["url"]
        path = sent.path.removeprefix(base)
        if sent.path.startswith(base) and path in document["paths"]:
            operation = document["paths"][path].get(sent.method.lower())
            if operation is None:
                return [f"{sent.method} {sent.path}: no such operation"]
            pointer = f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{sent.method.lower()}"
            return [
                *_parameter_complaints(sent, name, operation, pointer),
                *_body_complaints(sent, name, operation, pointer),
            ]
    return [f"{sent.path} is not in the contract"]


def _parameter_complaints(sent: Sent, name: str, operation: dict[str, Any], pointer: str) -> list[str]:
    found = []
    query = parse_qs(sent.query, keep_blank_values=True)
    known = set()
    for index, parameter in enumerate(operation.get("parameters", [])):
        at = f"{pointer}/parameters/{index}"
        if "$ref" in parameter:
            at = parameter["$ref"]
            parameter = contracts.load(name)["components"]["parameters"][at.rsplit("/", 1)[1]]
        values = query.get(parameter["name"], []) if parameter["in"] == "query" else []
        if parameter["in"] == "header" and parameter["name"] in sent.headers:
            values = [sent.headers[parameter["name"]]]
        known.add(parameter["name"])
        if parameter.get("required") and not values:
            found.append(f"{parameter['name']} is missing")
        is_list = parameter["schema"].get("type") == "array"
        for value in [values] if is_list and values else values:
            found += [
                f"{parameter['name']}: {error.message}"
                for error in _validators(name)[f"{at}/schema"].iter_errors(value)
            ]
    return found + [f"{extra} is no parameter" for extra in set(query) - known]


def _body_complaints(sent: Sent, name: str, operation: dict[str, Any], pointer: str) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return [] if not sent.body else ["a body that the contract does not have"]
    (media_type,) = content
    if "json" in media_type:
        value = json.loads(sent.body)
    else:
        value = dict(parse_qsl(sent.body.decode(), keep_blank_values=True, strict_parsing=True))
    at = f"{pointer}/requestBody/content/{media_type.replace('/', '~1')}/schema"
    return [error.message for error in _validators(name)[at].iter_errors(value)]

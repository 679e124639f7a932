"""The bank's documents as a judge of requests: is this one that contracts/*.yaml describes?

Every line to the bank that tests put under the integrator asks this of every request that goes over it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema_rs
import yaml

import contracts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FORM = "application/x-www-form-urlencoded"
WORLD = re.compile("/w/[^/]+")
EXAMPLES = Path(contracts.__file__).parent / "examples"


BROKEN: list[str] = []
"""What requests broke that no test has answered for yet; a test that leaves something here has failed."""


def expect_lawful(request: httpx.Request) -> None:
    """Note what a request breaks of the bank's contract. Nothing is raised: the program under test would handle it."""
    for document in _documents():
        if document.describes(request):
            try:
                document.check_request(request)
            except (AssertionError, ValueError) as broken:
                BROKEN.append(f"{request.method} {request.url.path}: {broken}")
            return
    BROKEN.append(f"{request.method} {request.url.path}: no document has this path")


@cache
def _documents() -> tuple["Document", ...]:
    return Document("corporation"), Document("auth")


class Document:
    """One OpenAPI document with a validator for each of its schemas."""

    def __init__(self, name: str) -> None:
        self.document = contracts.load(name)
        self._base = self.document["servers"][0]["url"]
        self._validators = jsonschema_rs.validator_map_for({"$schema": DIALECT, **self.document}, validate_formats=True)

    def describes(self, request: httpx.Request) -> bool:
        """Tell whether the request goes to a path of this document."""
        return self._path(request).startswith(f"{self._base}/")

    def check_request(self, request: httpx.Request) -> str:
        """Return the operationId of a request that the document describes. Fails with what it does not."""
        path = self._path(request).removeprefix(self._base)
        assert path in self.document["paths"], f"{self._base} has no {path}"
        method = request.method.lower()
        operation = self.document["paths"][path].get(method)
        assert operation is not None, f"{path} has no {request.method}"
        pointer = f"#/paths/{path.replace('/', '~1')}/{method}"
        self._check_parameters(pointer, operation, request)
        self._check_body(pointer, operation, request)
        name: str = operation["operationId"]
        return name

    @staticmethod
    def _path(request: httpx.Request) -> str:
        """Return the path at the bank; which of its worlds is meant is no part of it."""
        world = WORLD.match(request.url.path)
        return request.url.path[world.end() :] if world else request.url.path

    def _check_parameters(self, pointer: str, operation: Mapping[str, Any], request: httpx.Request) -> None:
        pairs = request.url.params.multi_items()
        sent = {"query": dict(pairs), "header": dict(request.headers)}
        known = set()
        for number, entry in enumerate(operation.get("parameters", [])):
            parameter, place = self._resolved(entry, f"{pointer}/parameters/{number}")
            name = parameter["name"].lower() if parameter["in"] == "header" else parameter["name"]
            known.add(name)
            value = sent[parameter["in"]].get(name)
            assert value is not None or not parameter["required"], f"{name} is required"
            if value is not None:
                assert value, f"{name} is sent empty"
                values = [each for sent_name, each in pairs if sent_name == name]
                is_list = parameter["schema"].get("type") == "array"
                assert is_list or len(values) <= 1, f"{name} is sent twice"
                self._validators[f"{place}/schema"].validate(values if is_list else value)
            _check_conditions(parameter, value, sent["query"])
        assert set(sent["query"]) <= known, f"the document does not have {set(sent['query']) - known}"

    def _check_body(self, pointer: str, operation: Mapping[str, Any], request: httpx.Request) -> None:
        if "requestBody" not in operation:
            assert request.content == b""
            return
        media_type = request.headers["content-type"].split(";")[0]
        assert media_type in operation["requestBody"]["content"], f"{media_type} is not documented"
        fields = parse_qsl(request.content.decode("ascii"), strict_parsing=True) if media_type == FORM else None
        body = json.loads(request.content) if fields is None else dict(fields)
        escaped = media_type.replace("/", "~1")
        self._validators[f"{pointer}/requestBody/content/{escaped}/schema"].validate(body)
        assert list(_empty_members(body)) == [], "no member is sent empty"

    def _resolved(self, entry: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
        if "$ref" not in entry:
            return entry, place
        name = entry["$ref"].rsplit("/", 1)[1]
        return self.document["components"]["parameters"][name], f"#/components/parameters/{name}"

    def successes(self) -> Iterator[tuple[str, str, Any]]:
        """Yield (operationId, name, body) of every success example that stands in the document itself."""
        for methods in self.document["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    if status.startswith("2"):
                        for name, example in response["content"]["application/json"]["examples"].items():
                            yield operation["operationId"], name, example["value"]


def example_files() -> list[tuple[str, dict[str, Any]]]:
    """Return (name, request and reply) of every file in contracts/examples."""
    return [(path.stem, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(EXAMPLES.glob("*.yaml"))]


def _check_conditions(parameter: Mapping[str, Any], value: str | None, query: Mapping[str, str]) -> None:
    for other, wanted in parameter.get("x-required-with", {}).items():
        assert value is not None or query.get(other) != wanted, f"{parameter['name']} is required with {other} {wanted}"
    for other, wanted in parameter.get("x-only-with", {}).items():
        assert value is None or query.get(other) == wanted, f"{parameter['name']} is allowed only with {other} {wanted}"


def _empty_members(body: Any) -> Iterator[str]:
    for name, value in body.items():
        if value in (None, "", [], {}):
            yield name
        for item in value if isinstance(value, list) else ():
            yield from _empty_members(item)

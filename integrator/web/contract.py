"""The contract at work: contracts/integrator.yaml makes the routes and checks requests and replies.

What lives here knows OpenAPI and nothing of payouts. An operation without a handler, or a handler without an
operation, stops the start.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

import contracts

METHODS = ("get", "post", "put", "patch", "delete")
BODY_BYTES_MAX = 64 * 1024
JSON_MEDIA_TYPE = "application/json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXACT_FLOAT_MAX = 2**53

JSONValue = Any


class ContractMismatch(Exception):
    """The handlers and the document do not describe the same operations. Raised at start only."""


class ReplyBroken(AssertionError):
    """A reply of ours that the contract does not describe: a bug of ours."""


class InputInvalid(Exception):
    """A request that the contract does not describe. `field` is a JSON pointer or a parameter's name.

    `reason` is the JSON Schema keyword that failed, or missing, unknown, repeated, unreadable.
    """

    def __init__(self, *, reason: str, label: str, field: str | None, expected: str, came: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.reason = reason
        self.label = label
        self.field = field
        self.expected = expected
        self.came = came


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    is_required: bool
    is_integer: bool
    label: str
    schema: Mapping[str, Any]
    validator: Any
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document, ready to serve. `replies` maps status to media type to validator."""

    operation_id: str
    method: str
    path: str
    rule: str
    tag: str
    roles: frozenset[str]
    is_open: bool
    ignores_unknown_query: bool
    parameters: tuple[Parameter, ...]
    body: Any
    replies: Mapping[int, Mapping[str, Any]]

    def media_type_of(self, status: int) -> str | None:
        """Return the media type in which this operation answers with `status`, or None when it never does."""
        return next(iter(self.replies.get(status, {})), None)

    def check_reply(self, status: int, media_type: str, value: JSONValue) -> None:
        """Raise ReplyBroken unless the document has this status, media type and body."""
        validator = self.replies.get(status, {}).get(media_type)
        if validator is None:
            raise ReplyBroken(f"{self.operation_id} has no {status} {media_type} in the contract")
        error = next(validator.iter_errors(value), None)
        if error is not None:
            where = "/".join(str(step) for step in error.instance_path)
            raise ReplyBroken(f"{self.operation_id} {status}: /{where} breaks {error.kind.name}")


@cache
def own_contract() -> "Contract":
    """Return contracts/integrator.yaml, read and compiled once a process."""
    return Contract(contracts.load("integrator"))


class Contract:
    """A parsed OpenAPI document with all its schemas compiled."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._validators = jsonschema_rs.validator_map_for(
            {"$schema": _DIALECT, **document}, validate_formats=True, mask="[hidden]"
        )
        self.operations = {operation.operation_id: operation for operation in self._read_operations()}

    def schema(self, name: str) -> Mapping[str, Any]:
        """Return a schema of components/schemas as it stands in the document."""
        found: Mapping[str, Any] = self._document["components"]["schemas"][name]
        return found

    def check(self, name: str, value: JSONValue) -> None:
        """Raise InputInvalid unless `value` is what components/schemas/`name` describes."""
        error = _first_error(self._validators[f"#/components/schemas/{name}"], value)
        if error is not None:
            raise self._body_complaint(error)

    def read_parameters(
        self, operation: Operation, sent: Mapping[str, Mapping[str, list[str]]]
    ) -> dict[str, JSONValue]:
        """Return the parameters by name, checked and converted; absent ones with a default get it.

        `sent` maps each place (path, query, header) to the values under each name. Raises InputInvalid.
        """
        values: dict[str, JSONValue] = {}
        for parameter in operation.parameters:
            found = sent[parameter.place].get(parameter.name, [])
            if found:
                values[parameter.name] = self._read_parameter(parameter, found)
            elif parameter.is_required:
                raise _complaint(
                    parameter.schema, "missing", field=parameter.name, label=parameter.label, came="nothing"
                )
            elif "default" in parameter.schema:
                values[parameter.name] = parameter.schema["default"]
        if not operation.ignores_unknown_query:
            known = {parameter.name for parameter in operation.parameters if parameter.place == "query"}
            for name in sent["query"]:
                if name not in known:
                    expected = ", ".join(sorted(known)) or "no query parameter"
                    raise InputInvalid(
                        reason="unknown", label=name[:64], field=name[:64], expected=expected, came="another name"
                    )
        return values

    def read_body(self, operation: Operation, raw_body: bytes) -> JSONValue:
        """Return the request body as JSON values, checked against the document. Raises InputInvalid."""
        value = parse_json(raw_body)
        error = _first_error(operation.body, value)
        if error is not None:
            raise self._body_complaint(error)
        return value

    def _read_operations(self) -> Iterator[Operation]:
        for path, methods in self._document["paths"].items():
            for method in METHODS:
                if method in methods:
                    at = f"#/paths/{_escaped(path)}/{method}"
                    yield self._read_operation(path, method, methods[method], at)

    def _read_operation(self, path: str, method: str, found: Mapping[str, Any], at: str) -> Operation:
        parameters = tuple(
            self._compile_parameter(*self._resolve(item, f"{at}/parameters/{index}"))
            for index, item in enumerate(found.get("parameters", []))
        )
        body = None
        if "requestBody" in found:
            if "$ref" not in found["requestBody"]["content"][JSON_MEDIA_TYPE]["schema"]:
                # What is said against a body is found by the path of its schema, which begins at a component.
                raise ContractMismatch(f"{found['operationId']}: its body must be a schema of components/schemas")
            body = self._validators[f"{at}/requestBody/content/{_escaped(JSON_MEDIA_TYPE)}/schema"]
        security = found.get("security", self._document.get("security", []))
        return Operation(
            operation_id=found["operationId"],
            method=method.upper(),
            path=path,
            rule=path.replace("{", "<").replace("}", ">"),
            tag=found["tags"][0],
            roles=frozenset(found.get("x-roles", [])),
            is_open=not security,
            ignores_unknown_query=found.get("x-unknown-query") == "ignored",
            parameters=parameters,
            body=body,
            replies=self._compile_replies(found["responses"], f"{at}/responses"),
        )

    def _compile_parameter(self, found: Mapping[str, Any], at: str) -> Parameter:
        schema, _ = self._resolve(found["schema"], f"{at}/schema")
        return Parameter(
            name=found["name"],
            place=found["in"],
            is_required=found.get("required", False),
            is_integer=schema.get("type") == "integer",
            label=found.get("x-label-ja", found["name"]),
            schema={**schema, **{key: found[key] for key in ("x-expected",) if key in found}},
            validator=self._validators[f"{at}/schema"],
            is_sensitive=found.get("x-sensitive", schema.get("x-sensitive", False)),
        )

    def _compile_replies(self, responses: Mapping[str, Any], at: str) -> dict[int, dict[str, Any]]:
        replies: dict[int, dict[str, Any]] = {}
        for status, item in responses.items():
            response, where = self._resolve(item, f"{at}/{status}")
            replies[int(status)] = {
                media_type: self._validators[f"{where}/content/{_escaped(media_type)}/schema"]
                for media_type in response["content"]
            }
        return replies

    def _resolve(self, item: Mapping[str, Any], at: str) -> tuple[Mapping[str, Any], str]:
        if "$ref" not in item:
            return item, at
        pointer: str = item["$ref"]
        found: Any = self._document
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return self._resolve(found, pointer)

    def _read_parameter(self, parameter: Parameter, found: list[str]) -> JSONValue:
        raw = found[0]
        came = "a hidden value" if parameter.is_sensitive else _shown(raw)
        if len(found) > 1:
            raise _complaint(
                parameter.schema, "repeated", field=parameter.name, label=parameter.label, came="several values"
            )
        value: JSONValue = raw
        if parameter.is_integer and _is_integer(raw):
            value = int(raw)
        error = _first_error(parameter.validator, value)
        if error is not None:
            raise _complaint(parameter.schema, error.kind.name, field=parameter.name, label=parameter.label, came=came)
        return value

    def _body_complaint(self, error: Any) -> InputInvalid:
        schema = self._schema_at(error.schema_path[:-1])
        path = [str(step) for step in error.instance_path]
        came = _came(error.instance, schema)
        if error.kind.name == "required":
            path.append(error.kind.property)
            schema, came = self._resolve(schema["properties"][error.kind.property], "")[0], "nothing"
        elif error.kind.name == "additionalProperties":
            path.append(str(error.kind.unexpected[0])[:64])
            return InputInvalid(
                reason="unknown",
                label=path[-1],
                field="/" + "/".join(path),
                expected=", ".join(schema["properties"]),
                came="another name",
            )
        return _complaint(
            schema,
            error.kind.name,
            field="/" + "/".join(path),
            label=schema.get("x-label-ja", path[-1] if path else "本文"),
            came=came,
        )

    def _schema_at(self, path: list[Any]) -> Mapping[str, Any]:
        found: Any = self._document
        for step in path:
            found = found[step]
        assert isinstance(found, Mapping), "a schema that fails is a mapping"
        return found


def parse_json(raw: bytes) -> JSONValue:
    """Return the JSON value in `raw`; whole numbers written with a point or exponent become integers.

    Raises InputInvalid for anything else than one JSON value in UTF-8, for NaN, for a member that stands twice (which
    of the two was meant?) and for text that no database can keep.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_members, parse_float=_number, parse_constant=_refuse_constant
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        came = "an empty body" if not raw.strip() else "something else"
        if isinstance(error, _NotOneMeaning):
            came = str(error)
        raise InputInvalid(
            reason="unreadable", label="本文", field=None, expected="one JSON object in UTF-8", came=came
        ) from None
    return value


class _NotOneMeaning(ValueError):
    pass


def _members(pairs: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotOneMeaning("a member that stands twice")
    return members


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= _EXACT_FLOAT_MAX else value


def _refuse_constant(text: str) -> JSONValue:
    raise _NotOneMeaning(text)


def _first_error(validator: Any, value: JSONValue) -> Any:
    return next(validator.iter_errors(value), None)


def _is_integer(raw: str) -> bool:
    return raw.isascii() and raw.isdigit() and len(raw) <= 18


def _complaint(schema: Mapping[str, Any], reason: str, *, field: str, label: str, came: str) -> InputInvalid:
    return InputInvalid(reason=reason, label=label, field=field, expected=_expected(schema), came=came)


def _expected(schema: Mapping[str, Any]) -> str:
    if "x-expected" in schema:
        return str(schema["x-expected"])
    return f"type {schema.get('type', 'as in the contract')}"


def _came(value: JSONValue, schema: Mapping[str, Any]) -> str:
    if schema.get("x-sensitive") or schema.get("writeOnly"):
        return f"a hidden value of {len(value)} characters" if isinstance(value, str) else f"type {_type_name(value)}"
    if isinstance(value, bool) or value is None or isinstance(value, int | float | str):
        return _shown(value if isinstance(value, str) else json.dumps(value))
    return f"type {_type_name(value)}"


def _type_name(value: JSONValue) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _shown(text: str) -> str:
    printable = "".join(character if character.isprintable() else "�" for character in text[:64])
    return printable + ("…" if len(text) > len(printable) else "")


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")

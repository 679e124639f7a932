"""The contracts as the running mock uses them: operations, their fields in order, compiled validators of every schema.

Read once at start from `contracts/*.yaml`; the schemas of a document are compiled when the first of them is used, so
that a start waits for none that nobody asks for. Nothing here answers a request; the gateway and the console do.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import jsonschema_rs

import contracts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
BODY_BYTES_MAX = 1024 * 1024  # unless the document names another bound
MASKED = "[masked]"  # stands for what came in the messages of validators
DEFAULT = 0  # stands for every status that has no row of its own
FORM = "application/x-www-form-urlencoded"
TOKEN_HEADER = "x-access-token"  # noqa: S105  (the name of the header, not a token)

Conditions = tuple[tuple[str, str], ...]


class StartError(Exception):
    """The program cannot start: a contract, a table and the code do not fit together. The message says which."""


@dataclass(frozen=True)
class Schema:
    """One schema of a document."""

    compiled: Callable[[], jsonschema_rs.ValidatorMap]
    """Returns every validator of the document by its pointer."""
    pointer: str

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Tells whether a value fits."""
        fits: Callable[[Any], bool] = self.compiled()[self.pointer].is_valid
        return fits

    @cached_property
    def iter_errors(self) -> Callable[[Any], Iterable[Any]]:
        """Yields what is wrong with a value."""
        errors: Callable[[Any], Iterable[Any]] = self.compiled()[self.pointer].iter_errors
        return errors


@dataclass(frozen=True)
class Field:
    """One parameter or body member, with what the gateway must know to complain about it in the bank's words."""

    name: str
    label: str
    is_required: bool
    schema: Schema
    is_list: bool = False
    takes_integers: bool = False
    takes_integers_leniently: bool = False
    required_with: Conditions = ()
    only_with: Conditions = ()
    not_with: Conditions = ()
    not_before: str | None = None
    is_forbidden: bool = False
    """Whether the document admits the empty value only."""
    other_forms: Mapping[str, str] = field(default_factory=dict)
    """Forms of a value that mean another one, which is read in their place."""
    line_fields: tuple["Field", ...] = ()
    lines_max: int = 0
    example: str | None = None
    expected: str = "a value"
    """What fits, in words."""
    confused_names: tuple[str, ...] = ()
    """Names that clients send by mistake in the place of this one."""
    codes: tuple[str, ...] = ()
    """Every value that fits, where they are listed."""
    is_text: bool = field(default=False, init=False)
    """Whether a value is one text (or a number written as one), no list."""
    is_free: bool = field(default=False, init=False)
    """Whether a value may come whatever the other fields hold."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_text", not self.is_list and not self.line_fields)
        object.__setattr__(self, "is_free", not (self.is_forbidden or self.only_with or self.not_with))

    @cached_property
    def fits(self) -> Callable[[Any], bool]:
        """Tells whether one value, or one item of a list, fits."""
        return self.schema.is_valid


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one document, ready to be served."""

    operation_id: str
    document: str
    method: str
    path: str
    relative_path: str
    scope_family: str | None
    scope_kinds: tuple[str, ...]
    holders: frozenset[str]
    called_by_client: bool
    """Whether a client calls it for itself, with its own credentials in the header and no token."""
    query: tuple[Field, ...]
    headers: tuple[Field, ...]
    path_fields: tuple[Field, ...]
    body: tuple[Field, ...]
    body_kind: str | None
    needs_body: bool
    body_schema: Schema | None
    success_status: int
    replies: Mapping[int, Schema | None]
    has_transfer_errors: bool
    body_bytes_max: int = BODY_BYTES_MAX
    takes_bearer: bool = False
    other_methods: tuple[str, ...] = ()
    name: str = field(default="")
    lines_max: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.method} {self.relative_path}")
        object.__setattr__(self, "lines_max", max((field.lines_max for field in self.body), default=0))

    @property
    def body_errors(self) -> Callable[[Any], Iterable[Any]] | None:
        """Yields what is wrong with a body; None for an operation without one."""
        return self.body_schema.iter_errors if self.body_schema is not None else None

    def reply_is_lawful(self, status: int, body: Any) -> bool:
        """Tell whether the contract knows this status and the body fits its schema."""
        declared = status if status in self.replies else DEFAULT
        if declared not in self.replies:
            return False
        schema = self.replies[declared]
        return schema is None or schema.is_valid(body)


def read_operations(*names: str) -> tuple[Operation, ...]:
    """Return every operation of the named documents, in their order. Raises StartError for what cannot be served."""
    return tuple(operation for name in names for operation in _operations_of(name))


@cache
def _operations_of(name: str) -> tuple[Operation, ...]:
    """Documents are package data: applications of one process share what was read and compiled."""
    return tuple(_Document(name).operations())


def require_handlers(operations: Iterable[Operation], handlers: Mapping[str, object]) -> None:
    """Raise StartError for an operation without a handler, or a handler without an operation."""
    described = {operation.operation_id for operation in operations}
    if missing := sorted(described - handlers.keys()):
        raise StartError(f"operations without a handler: {', '.join(missing)}")
    if unknown := sorted(handlers.keys() - described):
        raise StartError(f"handlers without an operation in the contracts: {', '.join(unknown)}")


class _Document:
    """One parsed document; knows its references and the validator behind every pointer."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._content = contracts.load(name)
        self._base: str = self._content["servers"][0]["url"]

    @cached_property
    def _validators(self) -> jsonschema_rs.ValidatorMap:
        whole = {"$schema": DIALECT, **self._content}
        return jsonschema_rs.validator_map_for(whole, validate_formats=True, mask=MASKED)

    def _schema(self, pointer: str) -> Schema:
        return Schema(lambda: self._validators, pointer)

    def operations(self) -> Iterable[Operation]:
        for path, item in self._content["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item)

    def _operation(self, path: str, method: str, item: Mapping[str, Any]) -> Operation:
        here = f"#/paths/{_escape(path)}"
        content = item[method]
        parameters = [
            self._resolve(f"{where}/parameters/{index}")
            for where, holder in ((here, item), (f"{here}/{method}", content))
            for index in range(len(holder.get("parameters", ())))
        ]
        body_kind, body_pointer, body_fields = self._body(f"{here}/{method}", content)
        replies = {
            DEFAULT if status == "default" else int(status): self._reply(f"{here}/{method}/responses/{status}")
            for status in content["responses"]
        }
        return Operation(
            operation_id=content["operationId"],
            document=self._name,
            method=method.upper(),
            path=self._base + path,
            relative_path=path,
            scope_family=content.get("x-scope-family"),
            scope_kinds=tuple(self._content.get("x-scope-kinds", ())),
            holders=frozenset(content.get("x-holders", self._content.get("x-holders", ()))),
            called_by_client=content.get("x-caller") == "client",
            query=tuple(self._parameter(pointer) for pointer in parameters if self._at(pointer)["in"] == "query"),
            path_fields=tuple(self._parameter(pointer) for pointer in parameters if self._at(pointer)["in"] == "path"),
            headers=tuple(self._parameter(pointer) for pointer in parameters if self._is_checked_header(pointer)),
            body=body_fields,
            body_kind=body_kind,
            needs_body=content.get("requestBody", {}).get("required", False),
            body_schema=self._schema(body_pointer) if body_pointer else None,
            success_status=min(status for status in replies if 200 <= status < 400),
            replies=replies,
            has_transfer_errors=self._has_transfer_errors(f"{here}/{method}/responses"),
            takes_bearer=self._takes_bearer(content),
            other_methods=tuple(content.get("x-other-methods", ())),
            body_bytes_max=content.get("requestBody", {}).get("x-body-bytes-max", BODY_BYTES_MAX),
        )

    def _body(self, where: str, content: Mapping[str, Any]) -> tuple[str | None, str | None, tuple[Field, ...]]:
        if "requestBody" not in content:
            return None, None, ()
        pointer = self._resolve(f"{where}/requestBody")
        media = self._at(pointer)["content"]
        kind = next(iter(media))
        if kind not in (JSON, FORM):
            raise StartError(f"contracts/{self._name}.yaml: {where}: no reader for {kind}")
        schema = f"{pointer}/content/{_escape(kind)}/schema"
        return kind, schema, self._members(schema)

    def _members(self, pointer: str) -> tuple[Field, ...]:
        resolved = self._resolve(pointer)
        schema = self._at(resolved)
        required = frozenset(schema.get("required", ()))
        return tuple(
            self._field(name, f"{resolved}/properties/{_escape(name)}", required=name in required)
            for name in schema.get("properties", {})
        )

    def _parameter(self, pointer: str) -> Field:
        content = self._at(pointer)
        return self._field(
            content["name"], f"{pointer}/schema", required=content.get("required", False), holder=content
        )

    def _field(self, name: str, pointer: str, *, required: bool, holder: Mapping[str, Any] | None = None) -> Field:
        written, pointer = self._at(pointer), self._resolve(pointer)
        schema = self._at(pointer)
        told = {**schema, **written, **(holder or {})}
        types = schema.get("type", ())
        types = (types,) if isinstance(types, str) else tuple(types)
        items = self._resolve(f"{pointer}/items") if "array" in types and "items" in schema else None
        has_lines = items is not None and "properties" in self._at(items)
        return Field(
            name=name,
            label=told.get("x-label-ja", name),
            is_required=required,
            schema=self._schema(items if items and not has_lines else pointer),
            is_list="array" in types,
            takes_integers="integer" in types,
            takes_integers_leniently=bool(told.get("x-lenient-number", False)),
            required_with=_conditions(told.get("x-required-with")),
            only_with=_conditions(told.get("x-only-with")),
            not_with=_conditions(told.get("x-not-with")),
            not_before=told.get("x-not-before"),
            is_forbidden=set(schema.get("enum", (None, "a value"))) <= {"", None},
            other_forms=told.get("x-other-forms", {}),
            line_fields=self._members(items) if has_lines and items else (),
            lines_max=int(schema.get("maxItems", 0)),
            example=_example(told),
            expected=_expected(schema),
            confused_names=tuple(told.get("x-confused-names", ())),
            codes=_codes(self._at(items) if items and not has_lines else schema),
        )

    def _reply(self, pointer: str) -> Schema | None:
        resolved = self._resolve(pointer)
        media = self._at(resolved).get("content", {})
        if JSON not in media or "schema" not in media[JSON]:
            return None
        return self._schema(f"{resolved}/content/{_escape(JSON)}/schema")

    def _has_transfer_errors(self, pointer: str) -> bool:
        if "400" not in self._at(pointer):
            return False
        refused = self._resolve(f"{pointer}/400")
        media = self._at(refused).get("content", {})
        if JSON not in media or "schema" not in media[JSON]:
            return False
        schema = self._at(self._resolve(f"{refused}/content/{_escape(JSON)}/schema"))
        return bool("transferErrorDetails" in schema.get("properties", {}))

    def _is_checked_header(self, pointer: str) -> bool:
        content = self._at(pointer)
        return bool(content["in"] == "header" and content["name"].lower() != TOKEN_HEADER)

    def _takes_bearer(self, content: Mapping[str, Any]) -> bool:
        schemes = self._content.get("components", {}).get("securitySchemes", {})
        named = [name for requirement in content.get("security", ()) for name in requirement]
        return any(schemes.get(name, {}).get("scheme") == "bearer" for name in named)

    def _resolve(self, pointer: str) -> str:
        for _ in range(16):
            content = self._at(pointer)
            if not isinstance(content, Mapping) or "$ref" not in content:
                return pointer
            pointer = content["$ref"]
        raise StartError(f"contracts/{self._name}.yaml: references go in a circle at {pointer}")

    def _at(self, pointer: str) -> Any:
        content: Any = self._content
        for step in pointer.removeprefix("#/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            try:
                content = content[int(step)] if isinstance(content, list) else content[_key(content, step)]
            except (KeyError, IndexError) as missing:
                raise StartError(f"contracts/{self._name}.yaml: nothing at {pointer}") from missing
        return content


def _example(told: Mapping[str, Any]) -> str | None:
    examples = told.get("examples")
    value = told.get("example", examples[0] if isinstance(examples, list) and examples else None)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _codes(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(code) for code in schema.get("enum", ()) if code not in ("", None))


def _expected(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "pattern" in schema:
        return f"a text like {schema['pattern']}"
    return f"a text of {schema.get('minLength', 0)} to {schema.get('maxLength', 'any number of')} characters"


def _key(content: Mapping[Any, Any], step: str) -> Any:
    """Statuses are numbers in YAML unless they are quoted."""
    return step if step in content or not step.isdigit() else int(step)


def _conditions(told: Mapping[str, Any] | None) -> Conditions:
    return tuple((name, str(value)) for name, value in (told or {}).items())


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")

"""One parsed OpenAPI document and the questions that the lint asks of it: pointers, references, fields, expressions.

What is right or wrong is decided in check_contracts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
METHODS = ("get", "post", "put", "patch", "delete")
REFERENCES_MAX = 16
# Below these names stands data, where nothing is a schema; a property may have such a name all the same.
DATA = frozenset(
    {"value", "default", "const", "enum", "example", "x-codes", "x-only-with", "x-not-with", "x-required-with"}
)
ALTERNATIVES = frozenset({"oneOf", "anyOf", "not", "if", "then", "else"})
NAME_HOLDERS = frozenset({"properties", "schemas", "examples", "headers", "links", "responses", "parameters", "paths"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, and where."""

    file: str
    pointer: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.pointer}: {self.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a header or a property: where it stands, who holds its labels, and its schema."""

    kind: str
    pointer: str
    holder: Mapping[str, Any]
    schema: Mapping[str, Any]

    def has(self, member: str) -> bool:
        """Say whether the field or the schema it refers to tells this."""
        return bool(self.holder.get(member) or self.schema.get(member))

    @property
    def types(self) -> tuple[str, ...]:
        """The JSON types of the value, or of one item of a list."""
        types = self.schema.get("items", self.schema).get("type", ())
        return (types,) if isinstance(types, str) else tuple(types)


class Document:
    """A parsed document that nobody changes any more."""

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        self.name = name
        self.content = content

    def complaint(self, pointer: str, text: str) -> Complaint:
        """Return a complaint about this document."""
        return Complaint(f"contracts/{self.name}.yaml", pointer, text)

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        """Every object of OpenAPI or JSON Schema by pointer; neither data nor mere maps from names to objects."""
        return dict(_walk(self.content, "#", named=False))

    @cached_property
    def operations(self) -> Mapping[str, Mapping[str, Any]]:
        """Every operation, by pointer."""
        return {
            f"#/paths/{escape(path)}/{method}": item[method]
            for path, item in self.content.get("paths", {}).items()
            for method in METHODS
            if method in item
        }

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every parameter, header and property, except those inside alternatives, which only narrow others."""
        return tuple(self._find_fields())

    @cached_property
    def request_schemas(self) -> tuple[str, ...]:
        """The pointers of every object schema that a request body is made of."""
        found: list[str] = []
        for pointer, operation in self.operations.items():
            if "requestBody" in operation:
                body = self.resolve(f"{pointer}/requestBody")
                for kind in self.at(body)["content"]:
                    self._collect_objects(f"{body}/content/{escape(kind)}/schema", found)
        return tuple(dict.fromkeys(found))

    def is_sent(self, pointer: str) -> bool:
        """Say whether the property at that pointer belongs to a request body."""
        return pointer.rpartition("/properties/")[0] in self.request_schemas

    def at(self, pointer: str) -> Any:
        """Return what stands at a local pointer. Raises KeyError when nothing does."""
        node: Any = self.content
        for step in steps(pointer):
            try:
                node = node[int(step)] if isinstance(node, list) else node[step]
            except (KeyError, IndexError, ValueError, TypeError) as missing:
                raise KeyError(pointer) from missing
        return node

    def resolve(self, pointer: str) -> str:
        """Return where references lead. Raises KeyError when they lead nowhere."""
        for _ in range(REFERENCES_MAX):
            node = self.at(pointer)
            if not isinstance(node, Mapping) or "$ref" not in node:
                return pointer
            pointer = node["$ref"]
        raise KeyError(pointer)

    def parameters(self, operation: str) -> dict[str, str]:
        """Return the pointers of an operation's parameters by name, in their order."""
        found = {}
        for holder in (operation.rpartition("/")[0], operation):
            for index in range(len(self.at(holder).get("parameters", ()))):
                pointer = self.resolve(f"{holder}/parameters/{index}")
                found[self.at(pointer)["name"]] = pointer
        return found

    def errors(self, pointer: str, value: Any) -> list[str]:
        """Return what the schema at `pointer` has against a value."""
        validator = self._validators.get(pointer)
        if validator is None:
            return ["there is no schema here"]
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(value)]

    def examples(self, pointer: str) -> Iterator[tuple[str, Any]]:
        """Yield where and what: the examples of a schema, a parameter, a header or a media type."""
        node = self.nodes[pointer]
        if "example" in node:
            yield f"{pointer}/example", node["example"]
        examples = node.get("examples", ())
        if isinstance(examples, list):
            yield from ((f"{pointer}/examples/{index}", value) for index, value in enumerate(examples))
        elif "schema" in node:
            for name in examples:
                where = self.resolve(f"{pointer}/examples/{escape(name)}")
                yield where, self.at(where)["value"]

    def finds(self, link: str, expression: str) -> bool:
        """Say whether a runtime expression of the link at that pointer names something that the documents have."""
        operation, _, response = link.rpartition("/links/")[0].partition("/responses/")
        source, _, rest = expression.removeprefix("$").partition(".")
        if expression in ("$url", "$method", "$statusCode"):
            return True
        where, mark, inside = rest.partition("#")
        place, _, name = where.partition(".")
        if place != "body":
            if source == "response":
                return place == "header" and name in self.at(f"{operation}/responses/{response}").get("headers", {})
            parameter = self.parameters(operation).get(name)
            return parameter is not None and self.at(parameter)["in"] == place
        holder = f"{operation}/requestBody" if source == "request" else f"{operation}/responses/{response}"
        holder = self.resolve(holder)
        schemas = [f"{holder}/content/{escape(kind)}/schema" for kind in self.at(holder).get("content", {})]
        return bool(schemas) and (not mark or any(self._has_member(schema, steps(inside)) for schema in schemas))

    @cached_property
    def _validators(self) -> jsonschema_rs.ValidatorMap:
        return jsonschema_rs.validator_map_for({"$schema": DIALECT, **self.content}, validate_formats=True)

    def _find_fields(self) -> Iterator[Field]:
        for pointer, node in self.nodes.items():
            path = steps(pointer)
            if len(path) < 2 or ALTERNATIVES & set(path):
                continue
            if path[-2] == "properties":
                yield Field("property", pointer, node, self.at(self.resolve(pointer)))
            elif "schema" in node and (path[-2] == "headers" or "in" in node):
                kind = node.get("in", "response header")
                yield Field(kind, pointer, node, self.at(self.resolve(f"{pointer}/schema")))

    def _collect_objects(self, pointer: str, found: list[str]) -> None:
        pointer = self.resolve(pointer)
        schema = self.at(pointer)
        if "properties" in schema and pointer not in found:
            found.append(pointer)
            for name in schema["properties"]:
                self._collect_objects(f"{pointer}/properties/{escape(name)}", found)
        if "items" in schema:
            self._collect_objects(f"{pointer}/items", found)

    def _has_member(self, pointer: str, path: list[str]) -> bool:
        pointer = self.resolve(pointer)
        schema = self.at(pointer)
        if not path:
            return True
        if path[0].isdigit() and "items" in schema:
            return self._has_member(f"{pointer}/items", path[1:])
        if path[0] in schema.get("properties", {}):
            return self._has_member(f"{pointer}/properties/{escape(path[0])}", path[1:])
        return any(
            self._has_member(f"{pointer}/{word}/{index}", path)
            for word in ("allOf", "anyOf", "oneOf")
            for index in range(len(schema.get(word, ())))
        )


def steps(pointer: str) -> list[str]:
    """Return the steps of a JSON pointer, with or without its number sign."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("#").split("/")[1:]]


def escape(step: str) -> str:
    """Return a name as a step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def _walk(node: Any, pointer: str, *, named: bool) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """`named`: the keys of this mapping are names that the author chose, not words of OpenAPI."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(item, f"{pointer}/{index}", named=False)
    elif isinstance(node, Mapping):
        if not named:
            yield pointer, node
        for key, child in node.items():
            if named or key not in DATA:
                yield from _walk(child, f"{pointer}/{escape(str(key))}", named=not named and key in NAME_HOLDERS)

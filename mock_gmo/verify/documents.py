"""What the contracts say beside `mock_gmo.contract`: examples, links, headers of replies, confidence tags, refusals.

Read once a run. Nothing is called and nothing judged here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

import yaml

import contracts
from mock_gmo.contract import JSON, Operation, Schema, read_operations

DOCUMENT_TAG: Final = "SDK"  # confidence of what carries no tag of its own
_LOADER: Final[type] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of request and reply of contracts/examples."""

    name: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    status: int
    refusal_id: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """How to call `operation_id` with what a reply holds: a parameter's value is plain or begins with a dollar."""

    name: str
    operation_id: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownRefusal:
    """One row of refusals.yaml, as far as a caller sees it."""

    refusal_id: str
    status: int
    code: str
    raised_by: str
    tag: str
    field: str | None = None


@dataclass(frozen=True)
class Contracts:
    """The chosen documents."""

    names: tuple[str, ...]

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return every operation of the documents, in their order."""
        return read_operations(*self.names)

    @property
    def refusals(self) -> Mapping[str, KnownRefusal]:
        """Return the rows of refusals.yaml by their ids."""
        return _refusals()

    def examples(self, operation: Operation) -> tuple[Example, ...]:
        """Return the pairs of an operation, by name."""
        return _examples().get(operation.operation_id, ())

    def links(self, operation: Operation) -> tuple[Link, ...]:
        """Return the links of an operation's success that give parameters."""
        reply = self._reply(operation, operation.success_status)
        return tuple(
            Link(name, link["operationId"], link["parameters"])
            for name, link in reply.get("links", {}).items()
            if "parameters" in link
        )

    def headers(self, operation: Operation, status: int) -> Mapping[str, Mapping[str, Any]]:
        """Return the headers that the contract names for a reply: name to its `required`, `schema`, `x-tag`."""
        return dict(self._reply(operation, status).get("headers", {}))

    def header_schema(self, operation: Operation, status: int, name: str) -> Schema:
        """Return the schema of a named header."""
        return self._schema_of(operation, [*self._reply_steps(operation, status), "headers", name, "schema"])

    def is_json(self, operation: Operation, status: int) -> bool:
        """Tell whether a reply of that status has a JSON body."""
        return JSON in self._reply(operation, status).get("content", {})

    def tag_of(self, operation: Operation) -> str:
        """Return the confidence in an operation as a whole."""
        return str(self._operation(operation).get("x-tag", DOCUMENT_TAG))

    def tag_at(self, operation: Operation, schema_path: Sequence[str | int]) -> str:
        """Return the confidence in the place of the document to which a validator's path leads."""
        tag, node = self.tag_of(operation), contracts.load(operation.document)
        for step in schema_path:
            node = _child(node, step)
            if isinstance(node, Mapping):
                tag = str(node.get("x-tag", tag))
        return tag

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Return the names of what only the bank can give: parameters that some link fills from a reply's body."""
        return frozenset(
            name
            for operation in self.operations
            for link in self.links(operation)
            for name, value in link.parameters.items()
            if str(value).startswith("$response.body")
        )

    def _operation(self, operation: Operation) -> Mapping[str, Any]:
        item = contracts.load(operation.document)["paths"][operation.relative_path]
        found: Mapping[str, Any] = item[operation.method.lower()]
        return found

    def _reply(self, operation: Operation, status: int) -> Mapping[str, Any]:
        steps = self._reply_steps(operation, status)
        node: Any = contracts.load(operation.document) if steps else {}
        for step in steps:
            node = node[step]
        found: Mapping[str, Any] = node
        return found

    def _reply_steps(self, operation: Operation, status: int) -> list[Any]:
        """Return where a reply stands in its document; nothing for a status that the contract does not name."""
        replies = self._operation(operation)["responses"]
        key = next((it for it in (str(status), status, "default") if it in replies), None)
        if key is None:
            return []
        steps: list[Any] = ["paths", operation.relative_path, operation.method.lower(), "responses", key]
        reference = replies[key].get("$ref")
        return reference.removeprefix("#/").split("/") if reference else steps

    def _schema_of(self, operation: Operation, steps: Sequence[Any]) -> Schema:
        reply = operation.replies[operation.success_status]
        assert reply is not None, "operations that are verified answer with JSON"
        pointer = "#/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in steps)
        return Schema(reply.compiled, pointer)


@cache
def _refusals() -> Mapping[str, KnownRefusal]:
    rows = yaml.load(_text("refusals.yaml"), Loader=_LOADER)["refusals"]  # noqa: S506  (a safe loader)
    return {
        row["id"]: KnownRefusal(
            row["id"], row["status"], str(row.get("code", "")), row["raised_by"], row["tag"], row.get("field")
        )
        for row in rows
    }


@cache
def _examples() -> Mapping[str, tuple[Example, ...]]:
    """Every pair of contracts/examples by its operation, by name."""
    found: dict[str, list[Example]] = {}
    for path in sorted((files(contracts) / "examples").iterdir(), key=lambda it: it.name):
        if path.name.endswith(".yaml"):
            operation, name, _ = path.name.split(".", 2)
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  (a safe loader)
            found.setdefault(operation, []).append(_example(name, content))
    return {operation: tuple(examples) for operation, examples in found.items()}


def _example(name: str, content: Mapping[str, Any]) -> Example:
    request = content.get("request", {})
    return Example(
        name=name,
        query=request.get("query", {}),
        body=request.get("body"),
        status=content["reply"]["status"],
        refusal_id=content.get("refusal"),
    )


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _text(name: str) -> str:
    return (files(contracts) / name).read_text(encoding="utf-8")

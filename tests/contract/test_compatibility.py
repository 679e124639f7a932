"""Which change of a contract breaks a client: rules row by row, sent and answered, and changes of operations."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

import contracts
from tools.contract_compatibility import (
    RULES,
    breaks,
    compacted,
    present,
    read_released,
    released_names,
    unnamed_breaks,
)

TEXT = {"type": "string"}
# A word of the schema; before and after; whether that breaks who sends it, and who is answered so.
ROWS: tuple[tuple[str, Any, Any, bool, bool], ...] = (
    ("type", "string", "integer", True, True),
    ("type", ["string", "null"], "string", True, False),
    ("type", "string", ["string", "null"], False, True),
    ("type", "integer", "number", False, True),
    ("enum", ["1", "2"], ["1"], True, False),
    ("enum", ["1"], ["1", "2"], False, True),
    ("enum", None, ["1"], True, False),
    ("enum", ["1"], None, False, True),
    ("const", "1", "2", True, True),
    ("const", None, "1", True, False),
    ("required", ["a"], ["a", "b"], True, False),
    ("required", ["a", "b"], ["a"], False, True),
    *((word, 9, 8, True, False) for word in ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")),
    *((word, 8, None, False, True) for word in ("maxLength", "maxItems", "maxProperties", "maximum")),
    *((word, 1, 2, True, False) for word in ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")),
    *((word, 2, None, False, True) for word in ("minLength", "minItems", "minProperties", "minimum")),
    ("pattern", "^a$", "^b$", True, True),
    ("pattern", None, "^b$", True, False),
    ("format", "date", None, False, True),
    ("multipleOf", None, 5, True, False),
    ("uniqueItems", None, True, True, False),
    ("contains", None, TEXT, True, False),
    ("not", TEXT, None, False, True),
    *((word, None, TEXT, True, False) for word in ("if", "then", "else", "propertyNames")),
    ("dependentRequired", None, {"a": ["b"]}, True, False),
    ("additionalProperties", None, False, True, False),
    ("additionalProperties", False, None, False, False),
    *((word, None, {"a": "1"}, True, False) for word in ("x-required-with", "x-only-with", "x-not-with")),
    ("x-not-before", None, "a", True, False),
    ("properties", {"a": TEXT}, {}, True, True),
    ("properties", {"a": TEXT}, {"a": TEXT, "b": TEXT}, False, False),
    ("properties", {"a": {"type": "string", "maxLength": 9}}, {"a": {"type": "string", "maxLength": 8}}, True, False),
    ("items", {"enum": ["1"]}, {"enum": ["1", "2"]}, False, True),
    ("oneOf", [TEXT], [TEXT, {"type": "null"}], False, True),
    ("anyOf", [TEXT, {"type": "null"}], [TEXT], True, False),
    ("allOf", [TEXT], [TEXT, {"maxLength": 3}], True, False),
    ("prefixItems", [TEXT, TEXT], [TEXT], False, True),
    ("description", "a", "b", False, False),
)  # fmt: skip


def make_document() -> dict[str, Any]:
    """Return a document with one operation and one webhook, every part there that a release can lose."""
    return {
        "openapi": "3.1.0",
        "servers": [{"url": "/v1"}],
        "security": [{"key": []}],
        "paths": {
            "/a": {
                "post": {
                    "operationId": "makeA",
                    "parameters": [{"name": "day", "in": "query", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Sent"}}}},
                    "responses": {
                        "200": {
                            "headers": {"X-Id": {"required": True, "schema": TEXT}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answered"}}},
                        },
                        "400": {"description": "no"},
                    },
                }
            }
        },
        "webhooks": {
            "told": {
                "post": {
                    "operationId": "tell",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Told"}}}},
                    "responses": {"204": {"description": "taken"}},
                }
            }
        },
        "components": {"schemas": {"Sent": {}, "Answered": {}, "Told": {}}},
    }


def between(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(found) for found in breaks("x", compacted(old), compacted(new))]


@pytest.mark.parametrize(("word", "before", "after", "breaks_sent", "breaks_answered"), ROWS)
@pytest.mark.parametrize("schema", ["Sent", "Answered", "Told"])
def test_a_changed_word_breaks_by_its_direction(
    schema: str, word: str, before: Any, after: Any, breaks_sent: bool, breaks_answered: bool
) -> None:
    old, new = make_document(), make_document()
    for document, value in ((old, before), (new, after)):
        if value is not None:
            document["components"]["schemas"][schema][word] = value

    found = between(old, new)

    assert bool(found) == (breaks_sent if schema == "Sent" else breaks_answered), found
    assert all(f"#/components/schemas/{schema}" in text for text in found)


def test_every_rule_has_a_row() -> None:
    assert {rule.word for rule in RULES} <= {word for word, *_ in ROWS}


def _make(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/a"]["post"]
    return operation


CHANGES: tuple[tuple[str, Callable[[dict[str, Any]], object], list[str]], ...] = (
    ("nothing", lambda _: None, []),
    ("an operation is new", lambda it: it["paths"].update({"/b": {"get": {"operationId": "b"}}}), []),
    ("an operation is gone", lambda it: it["paths"].pop("/a"), ["x#/paths/~1a/post: removed"]),
    ("a webhook is gone", lambda it: it["webhooks"].clear(), ["x#/webhooks/told/post: removed"]),
    ("another name", lambda it: _make(it).update(operationId="b"), ["x#/paths/~1a/post/operationId: changed"]),
    ("another address", lambda it: it.update(servers=[{"url": "/v2"}]), ["x#/servers: changed"]),
    ("another key", lambda it: it.update(security=[{"other": []}]),
     ["x#/paths/~1a/post/security: changed", "x#/webhooks/told/post/security: changed"]),
    ("a parameter is gone", lambda it: _make(it).pop("parameters"), ["x#/paths/~1a/post/parameters/day: removed"]),
    ("a parameter is needed", lambda it: _make(it)["parameters"][0].update(required=True),
     ["x#/paths/~1a/post/parameters/day: newly required"]),
    ("a parameter may be sent",
     lambda it: _make(it)["parameters"].append({"name": "n", "in": "query", "schema": {}}), []),
    ("a condition", lambda it: _make(it)["parameters"][0].update({"x-required-with": {"n": "1"}}),
     ["x#/paths/~1a/post/parameters/day: x-required-with"]),
    ("a body is needed", lambda it: _make(it)["requestBody"].update(required=True),
     ["x#/paths/~1a/post/requestBody: newly required"]),
    ("a media type is gone", lambda it: _make(it)["requestBody"]["content"].clear(),
     ["x#/paths/~1a/post/requestBody/content/application~1json: removed"]),
    ("a status is gone", lambda it: _make(it)["responses"].pop("400"), ["x#/paths/~1a/post/responses/400: removed"]),
    ("another success", lambda it: _make(it)["responses"].update({"202": {}}),
     ["x#/paths/~1a/post/responses/202: added"]),
    ("another refusal", lambda it: _make(it)["responses"].update({"409": {}}), []),
    ("a header is gone", lambda it: _make(it)["responses"]["200"].pop("headers"),
     ["x#/paths/~1a/post/responses/200/headers/X-Id: removed"]),
)  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_change_of_an_operation_breaks_as_the_table_says(
    change: Callable[[dict[str, Any]], object], expected: list[str]
) -> None:
    new = make_document()
    change(new)

    assert between(make_document(), new) == expected


def test_what_is_referred_to_in_circles_is_compared_once() -> None:
    old = make_document()
    old["components"]["schemas"]["Sent"] = {"properties": {"inner": {"$ref": "#/components/schemas/Sent"}}}

    assert between(old, deepcopy(old)) == []


def test_a_refusal_that_says_something_else_breaks() -> None:
    row = {"status": 400, "code": "220011"}

    assert [str(it) for it in breaks("refusals", {"a": row, "b": row}, {"a": {**row, "code": "1"}})] == [
        "refusals#/a: code changed",
        "refusals#/b: removed",
    ]


def test_every_contract_has_been_released_and_none_breaks_unnamed() -> None:
    assert set(released_names()) == {*contracts.DOCUMENTS, "refusals"}
    assert unnamed_breaks() == []


def test_a_removed_member_of_a_real_contract_is_seen() -> None:
    new = present("integrator")
    del new["components"]["schemas"]["Payout"]["properties"]["amount_yen"]

    assert "integrator#/components/schemas/Payout/properties/amount_yen: removed from what is answered" in [
        str(found) for found in breaks("integrator", read_released("integrator"), new)
    ]

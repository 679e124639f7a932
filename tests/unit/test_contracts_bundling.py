"""Documents told by what differs: what is taken over, what is laid over it, and what is told in other words."""

import json
import sys
from subprocess import run
from typing import Any

import pytest
import yaml

import contracts
from contracts.bundling import bundle

BASE: dict[str, Any] = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "getThings",
                "description": "All things.",
                "parameters": [
                    {"name": "one", "example": "101", "schema": {"maxLength": 3}},
                    {"name": "two", "example": "2"},
                ],
                "responses": {"200": {"links": {"again": {"operationId": "getThings"}}}},
            }
        }
    },
    "components": {"schemas": {"Thing": {"required": ["a"], "properties": {"a": {"type": "string"}, "b": {}}}}},
}


def bundled(changes: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return the only operation and the components of a document that lays these changes over BASE."""
    operation = {"x-like": "base.yaml#/paths/~1things/get", "operationId": "getOwnThings", **changes}
    document = {"paths": {"/own": {"get": operation}}, **members}
    return bundle(document, {"base": BASE}.__getitem__)


def test_what_is_not_said_is_as_in_the_other_document() -> None:
    operation = bundled({})["paths"]["/own"]["get"]

    assert operation["description"] == "All things."
    assert [parameter["name"] for parameter in operation["parameters"]] == ["one", "two"]
    assert "x-like" not in operation


@pytest.mark.parametrize(
    ("changes", "member", "expected"),
    [
        ({"description": "Own."}, "description", "Own."),
        ({"description": None}, "description", None),
        ({"tags": ["new"]}, "tags", ["new"]),
        (
            {"parameters": [{"name": "two", "example": None, "schema": {"enum": [""]}}]},
            "parameters",
            [{"name": "one", "example": "101", "schema": {"maxLength": 3}}, {"name": "two", "schema": {"enum": [""]}}],
        ),
        ({"responses": {"200": {"links": {"again": None}}}}, "responses", {"200": {"links": {}}}),
    ],
)
def test_what_is_said_is_laid_over_it(changes: dict[str, Any], member: str, expected: Any) -> None:
    assert bundled(changes)["paths"]["/own"]["get"].get(member) == expected


def test_links_lead_to_the_operations_of_the_document_itself() -> None:
    operation = bundled({})["paths"]["/own"]["get"]

    assert operation["responses"]["200"]["links"]["again"]["operationId"] == "getOwnThings"


def test_values_are_told_in_the_documents_own_words_wherever_they_stand_whole() -> None:
    whole = bundled({}, **{"x-values": {"101": "201", "thing": "own"}})

    assert whole["paths"]["/own"]["get"]["parameters"][0]["example"] == "201"
    assert whole["paths"]["/own"]["get"]["description"] == "All things."
    assert "x-values" not in whole


def test_an_object_inside_may_take_over_another_one() -> None:
    components = {
        "x-like": "base.yaml#/components",
        "schemas": {
            "Thing": {"properties": {"b": None}},
            "OtherThing": {"x-like": "base.yaml#/components/schemas/Thing", "required": []},
        },
    }

    assert bundled({}, components=components)["components"]["schemas"] == {
        "Thing": {"required": ["a"], "properties": {"a": {"type": "string"}}},
        "OtherThing": {"required": [], "properties": {"a": {"type": "string"}, "b": {}}},
    }


def test_the_other_document_stays_as_it_is() -> None:
    before = json.dumps(BASE)

    bundled({"parameters": [{"name": "one", "example": "9"}], "description": None}, **{"x-values": {"2": "3"}})

    assert json.dumps(BASE) == before


def test_what_leads_nowhere_is_not_taken_for_nothing() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        bundle({"paths": {"/own": {"get": {"x-like": "base.yaml#/nowhere", "operationId": "a"}}}}, lambda _: BASE)


@pytest.mark.parametrize("name", contracts.DOCUMENTS)
def test_no_document_refers_to_another_once_it_is_loaded(name: str) -> None:
    text = json.dumps({member: value for member, value in contracts.load(name).items() if member != "info"})

    assert "x-like" not in text
    assert ".yaml#" not in text


@pytest.mark.parametrize(("options", "read"), [([], yaml.safe_load), (["--json"], json.loads)])
def test_other_tools_get_the_whole_document_from_the_command_line(options: list[str], read: Any) -> None:
    printed = run([sys.executable, "-m", "contracts", "personal", *options], capture_output=True, check=True, text=True)

    assert read(printed.stdout) == contracts.load("personal")

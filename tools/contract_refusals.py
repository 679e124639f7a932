"""Rules of contracts/refusals.yaml, of the errors that documents show, and of the pairs in contracts/examples.

Called by check_contracts, whose rules are those of the OpenAPI documents themselves.
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import contracts
from tools.contract_document import Complaint, Document, escape

EXAMPLES = Path(contracts.__file__).parent / "examples"
ROW_REQUIRED = ("id", "raised_by", "status", "message", "meaning", "rule_ja", "page", "tag", "source")
ROW_OPTIONAL = ("code", "error", "level", "detail_code", "detail_message", "field", "example")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "raised_by": ("gateway", "bank", "oauth", "nobody"),
    "tag": ("SDK", "SEEN", "SPEC", "GUESS"),
    "level": ("request", "line"),
}
CODE = re.compile("[0-9A-Za-z_]{1,10}")
PAGE = re.compile(r"[A-Za-z-]+\.md#[a-z0-9-]+")
TEXT = re.compile(".{1,255}")
OAUTH_TEXT = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]{1,255}")

PAIR_MEMBERS = frozenset({"summary", "operation", "request", "reply"})
REQUEST_HEADERS = ("x-access-token", "Authorization", "Content-Type")
# Refusals of what the document itself forbids; every other refusal answers a request that the document admits.
DOCUMENT_REFUSALS = frozenset({
    "field_missing", "field_invalid", "field_not_allowed", "period_reversed",
    "oauth_invalid_request", "oauth_unsupported_grant_type", "oauth_unsupported_response_type",
})  # fmt: skip


def check_refusals(rows: Sequence[Mapping[str, Any]]) -> list[Complaint]:
    """Return every complaint about the table of refusals."""
    ids = [row.get("id") for row in rows]
    return [
        Complaint("contracts/refusals.yaml", f"#/refusals/{index}", f"{row.get('id')}: {text}")
        for index, row in enumerate(rows)
        for text in _row_faults(row, occurrences=ids.count(row.get("id")))
    ]


def check_error_examples(document: Document, rows: Sequence[Mapping[str, Any]]) -> Iterator[Complaint]:
    """Every error that a document shows is a row of the table of refusals, in the same words."""
    for pointer, node in document.nodes.items():
        for where, value in document.examples(pointer) if "schema" in node else ():
            if isinstance(value, dict) and not {"error", "errorCode"}.isdisjoint(value) and not find_rows(rows, value):
                yield document.complaint(where, "no row of refusals.yaml says this")


def find_rows(rows: Iterable[Mapping[str, Any]], body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows that give this body of an error: the same code or error, the same words, the same details."""
    if "error" in body:
        told = body.get("error_description")
        return [row for row in rows if row.get("error") == body["error"] and told in (None, row["message"])]
    lines = [detail for line in body.get("transferErrorDetails", ()) for detail in line["errorDetails"]]
    details = {"request": body.get("errorDetails", []), "line": lines}
    return [
        row
        for row in rows
        if row.get("code") == body.get("errorCode")
        and re.fullmatch(re.escape(row["message"]).replace(r"\{label\}", ".+"), body["errorMessage"])
        and _says_details(row, details)
    ]


def check_pairs(
    pairs: Mapping[str, Mapping[str, Any]], documents: Sequence[Document], rows: Sequence[Mapping[str, Any]]
) -> list[Complaint]:
    """Return every complaint about the pairs of request and reply, by file name, and about operations without one."""
    operations = {
        operation["operationId"]: (document, pointer)
        for document in documents
        for pointer, operation in document.operations.items()
    }
    complaints: list[Complaint] = []
    for name, pair in pairs.items():
        expected, found = f"{pair.get('operation')}.", operations.get(pair.get("operation", ""))
        faults = ["the operation is not known"] if found is None else _pair_faults(pair, *found, rows)
        faults += [] if name.startswith(expected) else [f"the name does not begin with {expected}"]
        complaints += [Complaint(f"contracts/examples/{name}", "#", fault) for fault in faults]
    for operation, (document, pointer) in operations.items():
        shown = {pair["reply"]["status"] < 400 for pair in pairs.values() if pair.get("operation") == operation}
        if shown != {True, False}:
            complaints.append(document.complaint(pointer, "contracts/examples needs a success and a refusal"))
    return complaints


def load_pairs() -> dict[str, dict[str, Any]]:
    """Return the pairs of contracts/examples by file name."""
    files = sorted(EXAMPLES.glob("*.yaml"))
    return {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}


def _row_faults(row: Mapping[str, Any], *, occurrences: int) -> Iterator[str]:
    if occurrences > 1:
        yield "the id is not unique"
    if missing := [member for member in ROW_REQUIRED if row.get(member) in (None, "")]:
        yield f"{missing} are missing"
        return
    if unknown := sorted(row.keys() - {*ROW_REQUIRED, *ROW_OPTIONAL}):
        yield f"{unknown} are not known"
    for member, allowed in ALLOWED.items():
        if row.get(member, allowed[0]) not in allowed:
            yield f"{member} is one of {allowed}"
    if len({"level", "detail_code", "detail_message"} & row.keys()) not in (0, 3):
        yield "level, detail_code and detail_message go together"
    is_oauth = row["raised_by"] == "oauth"
    if ("error" in row) != is_oauth or ("code" in row) == is_oauth:
        yield "a row of oauth has error, any other has code"
    if not PAGE.fullmatch(row["page"]):
        yield "page is a page of the wire reference and its section, such as kana.md#counting"
    yield from _wording_faults(row, text=OAUTH_TEXT if is_oauth else TEXT)


def _wording_faults(row: Mapping[str, Any], *, text: re.Pattern[str]) -> Iterator[str]:
    for member in ("code", "detail_code"):
        if member in row and not (isinstance(row[member], str) and CODE.fullmatch(row[member])):
            yield f"{member} is not a text of 1 to 10 letters, digits and underscores"
    for member in ("message", "detail_message"):
        if member in row and not text.fullmatch(row[member]):
            yield f"{member} has the wrong length or characters"
    if {name for _, name, _, _ in string.Formatter().parse(row["message"]) if name} - {"label"}:
        yield "the message has another placeholder than {label}"


def _says_details(row: Mapping[str, Any], details: Mapping[str, list[Mapping[str, str]]]) -> bool:
    if not any(details.values()):
        return True
    detail = {"errorDetailsCode": row.get("detail_code"), "errorDetailsMessage": row.get("detail_message")}
    return all(found == [detail] if level == row.get("level") else not found for level, found in details.items())


def _pair_faults(
    pair: Mapping[str, Any], document: Document, pointer: str, rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    if unknown := sorted((pair.keys() - {"refusal"}) ^ PAIR_MEMBERS):
        return [f"{unknown} are missing or not known"]
    faults = list(_request_faults(pair["request"], document, pointer))
    if pair.get("refusal") in DOCUMENT_REFUSALS:
        faults = [] if faults else [f"{pair['refusal']} answers a request that the document admits"]
    return [*faults, *_reply_faults(pair["reply"], document, pointer), *_refusal_faults(pair, rows)]


def _reply_faults(reply: Mapping[str, Any], document: Document, pointer: str) -> Iterator[str]:
    if str(reply["status"]) not in document.at(f"{pointer}/responses"):
        yield f"reply: {reply['status']} is not declared"
        return
    response = document.resolve(f"{pointer}/responses/{reply['status']}")
    for kind in document.at(response).get("content", {}):
        schema = document.resolve(f"{response}/content/{escape(kind)}/schema")
        yield from (f"reply: {error}" for error in document.errors(schema, reply.get("body")))
    for name, header in document.at(response).get("headers", {}).items():
        if header.get("required", False) and name not in reply.get("headers", {}):
            yield f"reply: the header {name} is missing"
    for name, value in reply.get("headers", {}).items():
        yield from (f"reply: {name}: {error}" for error in document.errors(f"{response}/headers/{name}/schema", value))


def _refusal_faults(pair: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A refusal in JSON is its row of the table, word by word; one told by redirect carries the row's error."""
    refusal, reply = pair.get("refusal"), pair["reply"]
    row: Mapping[str, Any] = next((row for row in rows if row["id"] == refusal), {})
    if refusal is not None and not row:
        yield f"no row {refusal} in refusals.yaml"
    elif isinstance(reply.get("body"), dict) and reply["status"] >= 400:
        if (row.get("status") != reply["status"]) or row not in find_rows(rows, reply["body"]):
            yield f"reply: not what the row {refusal} of refusals.yaml says"
    elif refusal is not None and f"error={row['error']}&" not in reply.get("headers", {}).get("Location", "") + "&":
        yield f"reply: the redirect does not carry the error of {refusal}"


def _request_faults(request: Mapping[str, Any], document: Document, pointer: str) -> Iterator[str]:
    given = {**request.get("query", {}), **request.get("headers", {})}
    known = {name: document.at(where) for name, where in document.parameters(pointer).items()}
    yield from (f"request: {name} is not known" for name in given if name not in {*known, *REQUEST_HEADERS})
    for name, where in document.parameters(pointer).items():
        if name in given:
            yield from (f"request: {name}: {error}" for error in document.errors(f"{where}/schema", given[name]))
        yield from (f"request: {name} {fault}" for fault in _presence_faults(known[name], given))
    if "requestBody" in document.at(pointer):
        body = document.resolve(f"{pointer}/requestBody")
        for kind in document.at(body)["content"]:
            schema = document.resolve(f"{body}/content/{escape(kind)}/schema")
            yield from (f"request: {error}" for error in document.errors(schema, request.get("body")))
            members = document.at(schema).get("properties", {})
            for name, member in members.items():
                yield from (
                    f"request: {name} {fault}"
                    for fault in _presence_faults({"name": name, **member}, request.get("body", {}))
                )


def _presence_faults(parameter: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    value = given.get(parameter["name"], "")
    needed = parameter.get("x-required-with", {})
    allowed = parameter.get("x-only-with", {})
    if value == "" and (parameter.get("required", False) or (needed and needed.items() <= given.items())):
        yield "is missing"
    forbidden = parameter.get("x-not-with", {})
    if value != "" and not allowed.items() <= given.items():
        yield "is not allowed"
    if value != "" and forbidden and forbidden.items() <= given.items():
        yield "is not allowed"
    if value != "" and "x-not-before" in parameter and value < given.get(parameter["x-not-before"], value):
        yield f"is before {parameter['x-not-before']}"

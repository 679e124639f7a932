"""Lint of contracts/: every rule is a function that yields complaints, and stands in one of the tables of rules.

Run by `make check`; the contract tests call the same functions. Exits 1 with `file: pointer: complaint` lines.
Whether the running programs keep the documents is not checked here.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

import contracts
from tools.contract_compatibility import CHANGELOG, unnamed_breaks
from tools.contract_document import Complaint, Document, escape, steps
from tools.contract_refusals import check_error_examples, check_pairs, check_refusals, load_pairs

DIRECTORY = Path(contracts.__file__).parent
BANK_DOCUMENTS = ("auth", "corporation", "personal", "webhooks")

# What each operation of the bank declares, and nothing else. Source: HTTP statuses; for auth, Errors.
_REFUSALS = frozenset({"400", "401", "403", "404", "405", "406", "411", "412", "415", "429", "500", "503", "504"})
STATUSES: Mapping[str, frozenset[str]] = {
    "authorize": frozenset({"302", "400", "405", "500", "503", "504"}),
    "issueToken": frozenset({"200", "400", "401", "403", "405", "411", "415", "429", "500", "503", "504"}),
    "getUserInfo": frozenset({"200", "401", "403", "405", "406", "429", "500", "503", "504"}),
    "getAccounts": _REFUSALS | {"200"},
    "getBalances": _REFUSALS | {"200"},
    "getTransactions": _REFUSALS | {"200"},
    "getDepositTransactions": _REFUSALS | {"200"},
    "getVisaTransactions": _REFUSALS | {"200"},
    "getTransferStatus": _REFUSALS | {"200"},
    "getTransferRequestResult": _REFUSALS | {"200"},
    "calculateTransferFee": _REFUSALS | {"200"},
    "requestTransfer": _REFUSALS | {"201", "409", "422"},
    "cancelTransfer": _REFUSALS | {"201"},
    "getBulkTransferStatus": _REFUSALS | {"200"},
    "getBulkTransferRequestResult": _REFUSALS | {"200"},
    "calculateBulkTransferFee": _REFUSALS | {"200"},
    "requestBulkTransfer": _REFUSALS | {"201", "409", "422"},
    "cancelBulkTransfer": _REFUSALS | {"201"},
    "listVirtualAccounts": _REFUSALS | {"200"},
    "getVirtualAccountDeposits": _REFUSALS | {"200"},
    "issueVirtualAccounts": _REFUSALS | {"201"},
    "changeVirtualAccountStatus": _REFUSALS | {"200"},
    "closeVirtualAccountContract": _REFUSALS | {"200"},
    "getPersonalAccounts": _REFUSALS | {"200"},
    "getPersonalBalances": _REFUSALS | {"200"},
    "getPersonalTransactions": _REFUSALS | {"200"},
    "getPersonalDepositTransactions": _REFUSALS | {"200"},
    "getPersonalVisaTransactions": _REFUSALS | {"200"},
    "getPersonalTransferStatus": _REFUSALS | {"200"},
    "getPersonalTransferRequestResult": _REFUSALS | {"200"},
    "calculatePersonalTransferFee": _REFUSALS | {"200"},
    "requestPersonalTransfer": _REFUSALS | {"201", "409", "422"},
    "cancelPersonalTransfer": _REFUSALS | {"201"},
    "transferBetweenSpAccounts": _REFUSALS | {"200"},
    "getPersonalBulkTransferStatus": _REFUSALS | {"200"},
    "getPersonalBulkTransferRequestResult": _REFUSALS | {"200"},
    "calculatePersonalBulkTransferFee": _REFUSALS | {"200"},
    "requestPersonalBulkTransfer": _REFUSALS | {"201", "409", "422"},
    "cancelPersonalBulkTransfer": _REFUSALS | {"201"},
    "listPersonalVirtualAccounts": _REFUSALS | {"200"},
    "getPersonalVirtualAccountDeposits": _REFUSALS | {"200"},
    "issuePersonalVirtualAccounts": _REFUSALS | {"201"},
    "changePersonalVirtualAccountStatus": _REFUSALS | {"200"},
    "closePersonalVirtualAccountContract": _REFUSALS | {"200"},
    "subscribe": _REFUSALS | {"200"},
    "getUnsentVaDeposits": _REFUSALS | {"200"},
    "getSubscribeStatus": _REFUSALS | {"200"},
}
CONDITIONS = ("x-required-with", "x-only-with", "x-not-with")
HOLDERS = frozenset({"corporation", "sole_proprietor", "individual"})
SCOPE_KINDS = frozenset({"private", "corp", "personal"})
OPENID = "openid"  # of no account, so of no holder either
SCOPE_FAMILIES = ("account", "transfer", "bulk-transfer", "virtual-account")

Rule = Callable[[Document], Iterator[Complaint]]


def references_resolve(document: Document) -> Iterator[Complaint]:
    """Every reference leads somewhere in the same document."""
    for pointer, node in document.nodes.items():
        if "$ref" in node:
            try:
                document.resolve(pointer)
            except KeyError:
                yield document.complaint(pointer, f"{node['$ref']} leads nowhere")


def is_valid_openapi(document: Document) -> Iterator[Complaint]:
    """The document is OpenAPI 3.1.0, operation ids included."""
    if document.content.get("openapi") != "3.1.0":
        yield document.complaint("#/openapi", f"expected 3.1.0, came {document.content.get('openapi')!r}")
    for error in OpenAPIV31SpecValidator(dict(document.content)).iter_errors():
        yield document.complaint("#/" + "/".join(escape(str(step)) for step in error.absolute_path), error.message)


def operations_are_described(document: Document) -> Iterator[Complaint]:
    """Every operation has an id, a summary and a description."""
    for pointer, operation in document.operations.items():
        for member in ("operationId", "summary", "description"):
            if not operation.get(member):
                yield document.complaint(pointer, f"{member} is missing")


def fields_are_described(document: Document) -> Iterator[Complaint]:
    """Every field is described; those of the bank, and those that a caller sends, have a Japanese label too."""
    for field in document.fields:
        is_sent = field.kind in ("query", "path", "header") or document.is_sent(field.pointer)
        if not field.has("description"):
            yield document.complaint(field.pointer, "description is missing")
        if (is_sent or document.name in BANK_DOCUMENTS) and not field.has("x-label-ja"):
            yield document.complaint(field.pointer, "x-label-ja is missing")


def patterns_are_exact(document: Document) -> Iterator[Complaint]:
    """Patterns are anchored and have no class that languages read differently, such as backslash d."""
    for pointer, node in document.nodes.items():
        pattern = node.get("pattern")
        if isinstance(pattern, str) and not pattern.startswith("^"):
            yield document.complaint(pointer, f"pattern is not anchored: {pattern}")
        if isinstance(pattern, str) and re.search(r"\\[dwsDWS]", pattern):
            yield document.complaint(pointer, f"pattern has a class that languages read differently: {pattern}")


def examples_are_valid(document: Document) -> Iterator[Complaint]:
    """Every example fits the schema beside it, or around it."""
    for pointer, node in document.nodes.items():
        schema = f"{pointer}/schema" if "schema" in node else pointer
        for where, value in document.examples(pointer):
            for error in document.errors(schema, value):
                yield document.complaint(where, f"does not fit its schema: {error}")


def links_resolve(document: Document) -> Iterator[Complaint]:
    """Links lead to operations of the document, name their parameters, and take values that exist."""
    targets = {operation.get("operationId"): pointer for pointer, operation in document.operations.items()}
    for pointer, link in document.nodes.items():
        if steps(pointer)[-2:-1] != ["links"] or "$ref" in link:
            continue
        target = targets.get(link.get("operationId"))
        if target is None:
            yield document.complaint(pointer, f"no operation {link.get('operationId')!r}")
            continue
        known = document.parameters(target)
        for name, value in link.get("parameters", {}).items():
            if name not in known:
                yield document.complaint(pointer, f"{link['operationId']} has no parameter {name}")
            elif not _is_expression(value) and document.errors(f"{known[name]}/schema", value):
                yield document.complaint(pointer, f"{name} cannot be {value!r}")
        body = link.get("requestBody", {})
        if body and "requestBody" not in document.at(target):
            yield document.complaint(pointer, f"{link['operationId']} takes no body")
        for value in (*link.get("parameters", {}).values(), *(body.values() if isinstance(body, dict) else (body,))):
            if _is_expression(value) and not document.finds(pointer, value):
                yield document.complaint(pointer, f"{value} leads nowhere")


def bank_operations_are_complete(document: Document) -> Iterator[Complaint]:
    """The bank's operations are the known ones, with the bank's name, their source and all their statuses."""
    for pointer, operation in document.operations.items():
        expected = STATUSES.get(operation["operationId"])
        if expected is None:
            yield document.complaint(pointer, f"{operation['operationId']} is not in the table of statuses")
        elif expected != operation["responses"].keys():
            different = sorted(expected ^ operation["responses"].keys())
            yield document.complaint(f"{pointer}/responses", f"differs from the table of statuses in {different}")
        for member in ("x-name-ja", "x-spec", "tags", "security"):
            if member not in operation:
                yield document.complaint(pointer, f"{member} is missing")
        if operation.get("x-name-ja") != operation.get("summary"):
            yield document.complaint(pointer, "summary and x-name-ja differ")
        needs_scope = document.name != "auth" and operation.get("x-caller") != "client"
        if needs_scope and operation.get("x-scope-family") not in SCOPE_FAMILIES:
            yield document.complaint(pointer, f"x-scope-family is none of {', '.join(SCOPE_FAMILIES)}")


def bank_says_whom_it_serves(document: Document) -> Iterator[Complaint]:
    """The document says which holders and scopes its operations are for; an operation may narrow the holders."""
    families = {operation.get("x-scope-family") for operation in document.operations.values()}
    if families <= {None, OPENID}:
        return
    for member, known in (("x-holders", HOLDERS), ("x-scope-kinds", SCOPE_KINDS)):
        told = set(document.content.get(member, ()))
        if not told or not told <= known:
            yield document.complaint(f"#/{member}", f"names none, or another than {', '.join(sorted(known))}")
    for pointer, operation in document.operations.items():
        if not set(operation.get("x-holders", ())) <= set(document.content.get("x-holders", ())):
            yield document.complaint(f"{pointer}/x-holders", "names a holder that the document is not for")


def bank_lengths_agree(document: Document) -> Iterator[Complaint]:
    """Every text says the length of the bank's table, and its schema keeps that length."""
    for field in document.fields:
        if "string" not in field.types:
            continue
        schema = field.schema.get("items", field.schema)
        length = re.fullmatch("([0-9]+)(?:–([0-9]+))?", str(field.holder.get("x-length", "")))
        if length is None:
            yield document.complaint(field.pointer, "x-length is missing, or not of the form 10 or 1–10")
            continue
        low, high = int(length[1]), int(length[2] or length[1])
        if not all(low <= len(code) <= high for code in schema.get("enum", ()) if code):
            yield document.complaint(field.pointer, f"a code is not as long as x-length {length[0]}")
        if schema.get("maxLength", None if "enum" not in schema else high) != high:
            yield document.complaint(field.pointer, f"maxLength is not the {high} of x-length")
        if schema.get("minLength", low) != low:
            yield document.complaint(field.pointer, f"minLength is not the {low} of x-length")
        in_reply = field.kind in ("property", "response header") and not document.is_sent(field.pointer)
        if in_reply and not {"minLength", "enum"} & schema.keys():
            yield document.complaint(field.pointer, "minLength is missing in a reply")


def bank_codes_are_named(document: Document) -> Iterator[Complaint]:
    """x-codes names exactly the codes of the enum beside it."""
    for pointer, node in document.nodes.items():
        codes = [code for code in node.get("enum", ()) if code] if "x-codes" in node else []
        if "x-codes" in node and list(node["x-codes"]) != codes:
            yield document.complaint(pointer, f"x-codes names {list(node['x-codes'])}, enum has {codes}")


def bank_empty_values_are_absent(document: Document) -> Iterator[Complaint]:
    """An optional field of a request admits the empty value (and null in JSON); a required one admits neither."""
    empty = ("",) if document.name == "auth" else ("", None)
    for pointer in document.request_schemas:
        schema = document.at(pointer)
        for name in schema["properties"]:
            where = f"{pointer}/properties/{name}"
            admitted = [value for value in empty if not document.errors(where, value)]
            if name in schema.get("required", ()) and admitted:
                yield document.complaint(where, f"required, but {admitted} are admitted")
            if name not in schema.get("required", ()) and len(admitted) != len(empty):
                yield document.complaint(where, f"optional, but of {list(empty)} only {admitted} are admitted")
    for field in document.fields:
        if field.kind == "query":
            value = [""] if field.schema.get("type") == "array" else ""
            admits = not document.errors(f"{field.pointer}/schema", value)
            is_optional = not field.holder.get("required", False)
            if not (admits == is_optional == field.holder.get("allowEmptyValue", False)):
                yield document.complaint(field.pointer, "optional, allowEmptyValue and admitting it go together")


def bank_replies_are_closed(document: Document) -> Iterator[Complaint]:
    """Replies hold no member that the document does not name; requests may hold any."""
    for pointer, schema in document.nodes.items():
        if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
            continue
        is_closed = schema.get("additionalProperties", True) is False
        if is_closed and pointer in document.request_schemas:
            yield document.complaint(pointer, "a request must admit unknown members")
        if not is_closed and pointer not in document.request_schemas:
            yield document.complaint(pointer, "a reply must not admit unknown members")


def bank_conditions_name_earlier_fields(document: Document) -> Iterator[Complaint]:
    """x-required-with, x-only-with, x-not-with and x-not-before speak of parameters or members that come before."""
    groups = [list(document.parameters(operation).items()) for operation in document.operations]
    groups += [
        [(name, f"{pointer}/properties/{escape(name)}") for name in document.at(pointer)["properties"]]
        for pointer in document.request_schemas
    ]
    for group in groups:
        earlier: set[str] = set()
        for name, pointer in group:
            field = document.at(pointer)
            spoken_of = {name for condition in CONDITIONS for name in field.get(condition, {})}
            spoken_of |= {field["x-not-before"]} if "x-not-before" in field else set()
            if later := sorted(spoken_of - earlier):
                yield document.complaint(pointer, f"speaks of {later}, which does not come before")
            earlier.add(name)


RULES: tuple[Rule, ...] = (
    operations_are_described,
    fields_are_described,
    patterns_are_exact,
    examples_are_valid,
    links_resolve,
)
BANK_RULES: tuple[Rule, ...] = (
    bank_operations_are_complete,
    bank_says_whom_it_serves,
    bank_lengths_agree,
    bank_codes_are_named,
    bank_empty_values_are_absent,
    bank_replies_are_closed,
    bank_conditions_name_earlier_fields,
)


def check_document(name: str, content: Mapping[str, Any]) -> list[Complaint]:
    """Return every complaint about one document. What is not valid OpenAPI is not looked at further."""
    document = Document(name, content)
    for precondition in (references_resolve, is_valid_openapi):
        if invalid := list(precondition(document)):
            return invalid
    rules = (*RULES, *BANK_RULES) if name in BANK_DOCUMENTS else RULES
    return [complaint for rule in rules for complaint in rule(document)]


def check_compatibility() -> Iterator[Complaint]:
    """Whatever would break a client of the released contracts is named in the changelog."""
    for broken in unnamed_breaks():
        yield Complaint(CHANGELOG.name, "#", f"a client breaks, and the newest part does not say `{broken}`")


def main() -> int:
    """Print every complaint about the contracts that exist; return the exit code."""
    names = [name for name in contracts.DOCUMENTS if (DIRECTORY / f"{name}.yaml").exists()]
    documents = [Document(name, contracts.load(name)) for name in names]
    rows = contracts.load("refusals")["refusals"]
    bank = [document for document in documents if document.name in BANK_DOCUMENTS]
    complaints = list(chain(
        *(check_document(document.name, document.content) for document in documents),
        check_refusals(rows),
        *(check_error_examples(document, rows) for document in bank),
        check_pairs(load_pairs(), bank, rows),
        check_compatibility(),
    ))  # fmt: skip
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


if __name__ == "__main__":
    sys.exit(main())

"""One answer against the contract: every difference, with its place, what was expected, and the shape of what came.

Pure. No value of an answer is told, only shapes; codes of refusals are no secrets and are told as they are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mock_gmo.contract import JSON, Operation
from mock_gmo.errors import JSON_TYPE
from mock_gmo.gateway.body import Unreadable, read_object
from mock_gmo.gateway.explaining import shape_of
from mock_gmo.verify.calling import Reply
from mock_gmo.verify.cases import Case
from mock_gmo.verify.documents import Contracts

DIFFERENCES_MAX: Final = 20  # of one answer: a page of 500 wrong lines is one mistake
CODE: Final = re.compile(r"[0-9A-Za-z_]{1,10}")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
INDEX: Final = re.compile(r"/\d+(?=/|$)")
# What each rule of a schema asks for, in words; {} is the rule's value.
EXPECTED: Final = {
    "type": "type {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "a text like {}",
    "format": "a real {}",
    "enum": "one of {}",
    "const": "{}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "{} or more",
    "maximum": "{} or less",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which an answer is not as the contract has it. `where` is a JSON pointer, or names what is meant."""

    where: str
    expected: str
    came: str
    tag: str


def read_body(reply: Reply) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer; None when it is none."""
    try:
        return read_object(reply.body)
    except Unreadable:
        return None


def judge(case: Case, reply: Reply, contracts: Contracts) -> list[Difference]:
    """Return in what an answer differs from what the case expects and the contract says."""
    operation = case.operation
    differences = _status(case, reply)
    if reply.status in operation.replies:
        differences += _media_type(case, reply) if contracts.is_json(operation, reply.status) else []
        differences += _headers(operation, reply, contracts)
    body = read_body(reply)
    if body is None:
        return [*differences, _difference("body", "a JSON object", "something else", case)]
    schema = operation.replies.get(reply.status)
    if schema is not None:
        differences += _schema(operation, schema.iter_errors(body), body, contracts)
    if reply.status >= 400:
        differences += _code(case, reply, body, contracts)
    elif "count" in body:
        differences += _count(case, body)
    return differences


def pointer(steps: Iterable[str | int]) -> str:
    """Return a JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _difference(where: str, expected: str, came: str, case: Case) -> Difference:
    return Difference(where, expected, came, case.tag)


def _status(case: Case, reply: Reply) -> list[Difference]:
    declared = reply.status in case.operation.replies
    if reply.status == case.status and declared:
        return []
    came = str(reply.status) if declared else f"{reply.status}, which the contract does not name"
    return [_difference("status", str(case.status), came, case)]


def _media_type(case: Case, reply: Reply) -> list[Difference]:
    came = reply.header("Content-Type") or ""
    kind, _, rest = came.partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() == JSON and charset == "utf-8":
        return []
    shown = came if len(came) <= 64 and came.isprintable() and came else shape_of(came)
    return [_difference("header Content-Type", JSON_TYPE, shown, case)]


def _headers(operation: Operation, reply: Reply, contracts: Contracts) -> list[Difference]:
    found = []
    for name, header in contracts.headers(operation, reply.status).items():
        value = reply.header(name)
        tag = header.get("x-tag", contracts.tag_of(operation))
        if value is None and header.get("required", False):
            found.append(Difference(f"header {name}", "present", "absent", tag))
        if value is not None and not contracts.header_schema(operation, reply.status, name).is_valid(value):
            found.append(
                Difference(f"header {name}", header.get("x-length", "as the contract has it"), shape_of(value), tag)
            )
    if reply.status == 405 and reply.header("Allow") is not None:
        found.append(Difference("header Allow", "absent", "present", "GUESS"))
    return found


def _schema(operation: Operation, errors: Iterable[Any], body: Any, contracts: Contracts) -> list[Difference]:
    found: dict[tuple[str, str], Difference] = {}
    for error in errors:
        place, expected, came = _told(error, body)
        # The same mistake in every line of a list is told once, at the first of them.
        key = (INDEX.sub("/*", place), expected)
        found.setdefault(key, Difference(place, expected, came, contracts.tag_at(operation, error.schema_path)))
        if len(found) >= DIFFERENCES_MAX:
            break
    return list(found.values())


def _told(error: Any, body: Any) -> tuple[str, str, str]:
    place, rule = pointer(error.instance_path), error.kind.name
    if rule == "required":
        return f"{place}/{error.kind.property}", "present", "absent"
    if rule == "additionalProperties":
        names = [name for name in error.kind.unexpected if NAME.fullmatch(name)]
        return (
            f"{place}/{names[0] if names else '?'}",
            "absent",
            f"present ({len(error.kind.unexpected)} unknown members)",
        )
    value = _at(body, error.instance_path)
    return (
        place or "/",
        EXPECTED.get(rule, f"what the rule {rule} asks for").format(_words(error.kind.value)),
        shape_of(value),
    )


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _at(body: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        body = body[step]
    return body


def _code(case: Case, reply: Reply, body: Mapping[str, Any], contracts: Contracts) -> list[Difference]:
    code = body.get("errorCode")
    shown = code if isinstance(code, str) and CODE.fullmatch(code) else shape_of(code)
    known = sorted({row.code for row in contracts.refusals.values() if row.status == reply.status and row.code})
    if case.codes and reply.status == case.status:
        return [] if code in case.codes else [_difference("/errorCode", " or ".join(case.codes), shown, case)]
    if code not in known:
        return [
            _difference("/errorCode", f"a code known for {reply.status}: {', '.join(known) or 'none'}", shown, case)
        ]
    return []


def _count(case: Case, body: Mapping[str, Any]) -> list[Difference]:
    """The count of a page is that of one of the lists beside it."""
    lengths = sorted({len(value) for value in body.values() if isinstance(value, list)})
    count = body["count"]
    if not isinstance(count, str) or not count.isascii() or not count.isdigit() or not lengths or int(count) in lengths:
        return []
    return [_difference("/count", f"the length of a list beside it ({', '.join(map(str, lengths))})", count, case)]

"""Wrong calls that are safe, and odd ones that have to be served: made from the fields of an operation, one fault each.

Pure. Source of the odd ones: quirks of the wire reference; what the profile `strict` refuses is refused there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from mock_gmo.contract import Field, Operation
from mock_gmo.verify.calling import AS_BEARER, WITH_WRONG_TOKEN, WITHOUT_TOKEN, Call
from mock_gmo.verify.cases import (
    Case,
    Known,
    make_call,
    parameters_of,
    refused,
    success,
)
from mock_gmo.verify.documents import Contracts

NOT_FITTING: Final = ("?", "x" * 300)
UNLIKELY: Final = ("999999999998", "0000000000000000", "99999999999999999998")
UNKNOWN_PATH: Final = "/accounts/verify-no-such-operation"
GET: Final = "GET"
PUT: Final = "PUT"


@dataclass(frozen=True, slots=True)
class Subject:
    """One operation with a call whose fields are right. `succeeds` tells whether the bank served that call."""

    operation: Operation
    call: Call
    succeeds: bool
    contracts: Contracts
    known: Known
    is_strict: bool = False
    is_first: bool = False
    """Whether it is the first of its document, of which the document's own cases are made."""

    def refused(self, name: str, call: Call, refusal_id: str) -> Case:
        """Return a case that ends in a row of refusals.yaml."""
        return refused(self.operation, name, call, self.contracts.refusals[refusal_id])

    def served(self, name: str, call: Call, tag: str = "GUESS") -> Case:
        """Return a case that has to be served as the right call was."""
        return replace(success(self.operation, name, call, self.contracts), tag=tag)

    def given(self, **changed: Any) -> Call:
        """Return the right call with other parameters; Ellipsis leaves one out."""
        parameters = {**parameters_of(self.call), **changed}
        kept = {name: value for name, value in parameters.items() if value is not ...}
        return make_call(self.operation, self.call.path, kept)


def wrong_cases(subject: Subject) -> Iterator[Case]:
    """Yield every safe wrong call of an operation, then the odd ones that have to be served."""
    for maker in MAKERS:
        yield from maker(subject)


def _tokens(subject: Subject) -> Iterator[Case]:
    yield subject.refused("no token", replace(subject.call, access=WITHOUT_TOKEN), "token_invalid")
    yield subject.refused("wrong token", replace(subject.call, access=WITH_WRONG_TOKEN), "token_invalid")
    if subject.is_first and not subject.operation.takes_bearer:
        yield subject.refused("token as Bearer", replace(subject.call, access=AS_BEARER), "token_invalid")


def _routes(subject: Subject) -> Iterator[Case]:
    operation, call = subject.operation, subject.call
    other = PUT if operation.method == GET else GET
    plain = Call(other, call.path)
    yield subject.refused(f"method {other}", plain, "operation_not_found")
    yield subject.refused("trailing slash", replace(call, path=call.path + "/"), "operation_not_found")
    if subject.is_first:
        prefix = call.path.removesuffix(operation.relative_path)
        yield subject.refused("unknown path", Call(GET, prefix + UNKNOWN_PATH), "operation_not_found")


def _fields_missing(subject: Subject) -> Iterator[Case]:
    for field in _fields(subject.operation):
        if field.is_required:
            yield subject.refused(f"without {field.name}", subject.given(**{field.name: ...}), "field_missing")
            if field.is_text:
                yield subject.refused(f"empty {field.name}", subject.given(**{field.name: ""}), "field_missing")


def _fields_malformed(subject: Subject) -> Iterator[Case]:
    present = parameters_of(subject.call)
    for field in _fields(subject.operation):
        if field.line_fields or not _may_come(field, present):
            continue
        value = next((text for text in NOT_FITTING if not field.fits(text)), None)
        if value is not None and (field.is_text or subject.operation.body_kind is None):
            yield subject.refused(f"malformed {field.name}", subject.given(**{field.name: value}), "field_invalid")


def _periods(subject: Subject) -> Iterator[Case]:
    present = parameters_of(subject.call)
    today = subject.known.today
    for field in _fields(subject.operation):
        earlier = field.not_before
        if earlier and _may_come(field, present):
            dates = {field.name: (today - timedelta(days=1)).isoformat(), earlier: today.isoformat()}
            yield subject.refused(f"{earlier} after {field.name}", subject.given(**dates), "period_reversed")


def _unknown_identifiers(subject: Subject) -> Iterator[Case]:
    """A name that the bank never gave: refused where the contract has an example of that refusal."""
    ids = {example.refusal_id for example in subject.contracts.examples(subject.operation)}
    present = parameters_of(subject.call)
    for name, refusal_id in (("accountId", "account_not_usable"), ("applyNo", "apply_no_unknown")):
        if name in present and (refusal_id in ids or (name == "accountId" and subject.succeeds)):
            unlikely = _unlikely(subject, name)
            if unlikely is not None:
                yield subject.refused(f"unknown {name}", subject.given(**{name: unlikely}), refusal_id)


def _bodies(subject: Subject) -> Iterator[Case]:
    if subject.operation.body_kind is None:
        return
    yield subject.refused("body not JSON", replace(subject.call, body=b"{"), "body_not_json")
    yield subject.refused("body a list", replace(subject.call, body=b"[]"), "body_not_json")
    if subject.operation.needs_body:
        yield subject.refused("no Content-Length", replace(subject.call, body=None), "content_length_missing")
    plain = replace(subject.call, headers=(("Content-Type", "text/plain"),))
    if subject.is_strict:
        yield subject.refused("Content-Type text/plain", plain, "content_type_not_json")
    elif subject.succeeds:
        yield subject.served("Content-Type text/plain", plain)


def _odd_headers(subject: Subject) -> Iterator[Case]:
    if not subject.is_first:
        return
    html = replace(subject.call, headers=(("Accept", "text/html"),))
    if subject.is_strict:
        yield subject.refused("Accept text/html", html, "accept_not_possible")
    if not subject.succeeds:
        return
    if not subject.is_strict:
        yield subject.served("Accept text/html", html)
    for name, value in (("lower case charset", "application/json;charset=utf-8"), ("anything", "*/*"), ("none", "")):
        yield subject.served(f"Accept: {name}", replace(subject.call, headers=(("Accept", value),)), "SDK")
    yield subject.served("X-ACCESS-TOKEN", replace(subject.call, headers=(("X-ACCESS-TOKEN", ""),)), "SDK")
    if subject.operation.method == GET:
        body = replace(subject.call, body=b"{}")
        yield subject.served("a body with GET", body, "SEEN")


def _odd_fields(subject: Subject) -> Iterator[Case]:
    if not subject.succeeds:
        return
    present = parameters_of(subject.call)
    yield subject.served("unknown parameter", subject.given(verifyUnknown="1"))
    free = [field for field in _fields(subject.operation) if field.is_text and not field.is_required]
    empty = {field.name: "" for field in free if field.name not in present}
    if empty:
        yield subject.served("empty parameters", subject.given(**empty), "SEEN")
    for field in subject.operation.query:
        if not _may_come(field, present):
            continue
        if field.is_list:
            yield from _odd_lists(subject, field, present.get(field.name, list(field.codes[:2])))
    yield from _odd_numbers(subject, present)


def form_cases(subject: Subject) -> Iterator[Case]:
    """Yield a served call again, its values in other forms that mean the same."""
    present = parameters_of(subject.call)
    for field in subject.operation.query:
        for form, meant in field.other_forms.items() if field.name in present else ():
            if meant == present[field.name]:
                yield subject.served(f"{field.name}={form}", subject.given(**{field.name: form}))


def _odd_lists(subject: Subject, field: Field, value: Any) -> Iterator[Case]:
    values = [str(it) for it in (value if isinstance(value, list) else [value])]
    name = field.name
    yield subject.served(f"{name} with commas", subject.given(**{name: ",".join(values)}))
    yield subject.served(f"{name}[]", subject.given(**{name: ..., f"{name}[]": values}))
    indexed = {f"{name}[{index}]": it for index, it in enumerate(values)}
    yield subject.served(f"{name}[0]", subject.given(**{name: ..., **indexed}))
    for confused in field.confused_names:
        call = subject.given(**{confused: values[0]})
        if subject.is_strict:
            yield subject.refused(f"{confused} for {name}", call, "field_not_allowed")
        else:
            yield subject.served(f"{confused} for {name}", call)


def _odd_numbers(subject: Subject, present: Mapping[str, Any]) -> Iterator[Case]:
    """Digits as JSON numbers: what the bank's own samples do, and what a lenient reader takes."""
    for field in subject.operation.body:
        lines = present.get(field.name)
        if not field.line_fields or not isinstance(lines, list):
            continue
        for member in field.line_fields:
            if not all(str(line.get(member.name, "")).isdigit() for line in lines):
                continue
            changed = [{**line, member.name: int(line[member.name])} for line in lines]
            call = subject.given(**{field.name: changed})
            if member.takes_integers or (member.takes_integers_leniently and not subject.is_strict):
                yield subject.served(f"{member.name} as a number", call, "SEEN" if member.takes_integers else "GUESS")
            elif member.takes_integers_leniently:
                yield subject.refused(f"{member.name} as a number", call, "field_invalid")


def _may_come(field: Field, present: Mapping[str, Any]) -> bool:
    """Tell whether a field may have a value beside those that are present."""
    if field.is_forbidden or any(present.get(name) == value for name, value in field.not_with):
        return False
    return all(present.get(name) == value for name, value in field.only_with)


def _fields(operation: Operation) -> tuple[Field, ...]:
    return (*operation.query, *operation.body)


def _unlikely(subject: Subject, name: str) -> str | None:
    family = subject.operation.scope_family or ""
    field = next((it for it in _fields(subject.operation) if it.name == name), None)
    if field is None:
        return None
    lawful = (text for text in UNLIKELY if field.fits(text) and not subject.known.holds(family, name, text))
    return next(lawful, None)


Maker = Callable[[Subject], Iterator[Case]]
MAKERS: Final[tuple[Maker, ...]] = (
    _tokens,
    _routes,
    _fields_missing,
    _fields_malformed,
    _periods,
    _unknown_identifiers,
    _bodies,
    _odd_headers,
    _odd_fields,
)

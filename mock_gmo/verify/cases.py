"""What is asked of a bank, made from the contracts: calls that succeed, and calls that are always refused.

Pure. Values that only the bank can give come from its earlier answers; dates are counted from the bank's own day.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from types import MappingProxyType
from typing import Any, Final

from mock_gmo.contract import Conditions, Field, Operation
from mock_gmo.verify.calling import Call
from mock_gmo.verify.documents import Contracts, Example, KnownRefusal, Link

VALID: Final = "valid"
WRONG: Final = "wrong"
EXAMPLES_DATE: Final = date(2026, 4, 1)  # the day on which the examples of the contracts play
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SATURDAY: Final = 5
# What another name may stand for when the bank has not given one; applyNo is of one kind of transfer only.
SAME_THING: Final = MappingProxyType({"raId": "accountId"})
OF_ONE_FAMILY: Final = frozenset({"applyNo", "nextItemKey"})
NEVER_REPEATED: Final = frozenset({"nextItemKey"})  # a key belongs to one list at one time; pages are followed instead
MONTH: Final = timedelta(days=31)
KNOWN_MAX: Final = 50

AS_WRITTEN: Final = "as written"
# Whether the example of a refusal can be repeated at any bank: as it is written, or not, and then why.
REPEATABLE: Final = MappingProxyType({
    "address_not_allowed": "depends on where the call comes from",
    "operation_not_found": "its examples are features that this customer may have",
    "content_length_missing": "made by name",
    "content_type_not_json": "made by name",
    "accept_not_possible": "made by name",
    "maintenance": "depends on the hour",
    "request_limit_exceeded": "would break the bank's limit",
    "token_invalid": "made by name",
    "scope_missing": "depends on the token",
    "holder_not_served": "depends on the holder",
    "body_not_json": "made by name",
    "field_missing": AS_WRITTEN,
    "field_invalid": AS_WRITTEN,
    "field_not_allowed": AS_WRITTEN,
    "period_reversed": AS_WRITTEN,
    "failure_inside": "depends on the bank",
    "overload": "depends on the bank",
    "core_timeout": "depends on the bank",
    "account_not_usable": "made by name: the example's account may exist",
    "next_item_key_unknown": AS_WRITTEN,
    "transfer_class_needs_business_id": "depends on the customer's settings",
    "details_need_apply_no": AS_WRITTEN,
    "item_ids_not_consecutive": AS_WRITTEN,
    "item_id_missing": AS_WRITTEN,
    "total_count_missing": AS_WRITTEN,
    "total_amount_missing": AS_WRITTEN,
    "totals_differ": AS_WRITTEN,
    "forbidden_character": AS_WRITTEN,
    "bank_or_branch_unknown": AS_WRITTEN,
    "beneficiary_is_debited_account": "depends on the account",
    "date_in_past": AS_WRITTEN,
    "date_too_far": "depends on the calendar",
    "not_a_business_day": "depends on the calendar",
    "outside_hours": "depends on the hour",
    "limit_exceeded": "depends on the customer's limit",
    "insufficient_funds": "depends on the balance",
    "duplicate_key_other_body": "belongs to orders, which are never placed",
    "apply_no_unknown": "made by name: the example's application may exist",
    "cancel_not_possible": "belongs to orders, which are never placed",
    "va_not_usable": "depends on the virtual accounts",
    "va_change_not_possible": "belongs to changes, which are never made",
    "va_cap_reached": "belongs to changes, which are never made",
    "va_contract_ended": "depends on the contract",
    "va_close_repeated": "belongs to changes, which are never made",
    "va_auth_key_not_allowed": AS_WRITTEN,
    "va_holder_name_unusable": "belongs to changes, which are never made",
    "ra_id_missing": AS_WRITTEN,
    "ra_id_or_va_id_missing": AS_WRITTEN,
    "period_too_old": "depends on the lengths of months",
    "sp_account_not_usable": "belongs to orders, which are never placed",
    "sp_accounts_same": "belongs to orders, which are never placed",
    "sp_currency_unknown": "belongs to orders, which are never placed",
    "sp_amount_unusable": "belongs to orders, which are never placed",
    "visa_card_missing": "depends on the account",
    "visa_items_too_many": "depends on the account",
    "unsent_list_empty": "belongs to a list that is never fetched",
    "webhook_client_invalid": "wants the client's secret",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One call, and what has to come of it. `codes` are the errorCodes that will do; none for a success."""

    operation: Operation
    name: str
    call: Call
    status: int
    tag: str
    codes: tuple[str, ...] = ()
    kind: str = WRONG

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what two cases have in common that ask the same."""
        return (self.call, self.status)


@dataclass
class Known:
    """What the bank has told so far: identifiers by family and name, and its own day."""

    identifiers: frozenset[str]
    today: date = EXAMPLES_DATE
    _values: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def learn(self, family: str, content: Any) -> None:
        """Take note of every identifier in an answer, and of the bank's day."""
        for name, value in _members(content):
            if not isinstance(value, str):
                continue
            if name in self.identifiers:
                values = self._values.setdefault((family if name in OF_ONE_FAMILY else "", name), [])
                if value not in values and len(values) < KNOWN_MAX:
                    values.append(value)
            if name == "baseDate" and (day := as_date(value)) is not None:
                self.today = day

    def find(self, family: str, name: str) -> str | None:
        """Return the first value that the bank gave for a name, or for what may stand for it."""
        values = self._values.get((family if name in OF_ONE_FAMILY else "", name))
        if values:
            return values[0]
        return self.find(family, SAME_THING[name]) if name in SAME_THING else None

    def holds(self, family: str, name: str, value: str) -> bool:
        """Tell whether the bank gave this value."""
        return value in self._values.get((family if name in OF_ONE_FAMILY else "", name), ())


def as_date(text: str) -> date | None:
    """Return the day that a text names, or None."""
    if not DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def success(operation: Operation, name: str, call: Call, contracts: Contracts) -> Case:
    """Return a case that has to succeed."""
    return Case(operation, name, call, operation.success_status, contracts.tag_of(operation), kind=VALID)


def refused(operation: Operation, name: str, call: Call, row: KnownRefusal) -> Case:
    """Return a case that has to be refused by a row of refusals.yaml."""
    return Case(operation, name, call, row.status, row.tag, codes=(row.code,))


def make_call(operation: Operation, path: str, given: Mapping[str, Any]) -> Call:
    """Return a call with these parameters, in the body or in the query; a list repeats its key."""
    if operation.body_kind is not None:
        return Call(operation.method, path, body=json.dumps(given, ensure_ascii=False).encode())
    pairs = [
        (name, str(one)) for name, value in given.items() for one in (value if isinstance(value, list) else [value])
    ]
    return Call(operation.method, path, query=tuple(pairs))


def parameters_of(call: Call) -> dict[str, Any]:
    """Return the parameters of a call again, as `make_call` got them."""
    if call.body is not None:
        found: dict[str, Any] = json.loads(call.body)
        return found
    given: dict[str, Any] = {}
    for name, value in call.query:
        if name in given:
            given[name] = [*(given[name] if isinstance(given[name], list) else [given[name]]), value]
        else:
            given[name] = value
    return given


def example_cases(operation: Operation, path: str, contracts: Contracts, known: Known) -> Iterator[Case]:
    """Yield the pairs of the contracts that this bank can be asked: what the bank must have given is filled in."""
    for example in contracts.examples(operation):
        if example.status == operation.success_status:
            given = _filled(example, operation, known)
            if given is not None:
                call = make_call(operation, path, given)
                yield success(operation, f"example {example.name}", call, contracts)
        elif example.refusal_id and REPEATABLE.get(example.refusal_id) == AS_WRITTEN:
            given = _filled(example, operation, known, needs_all=False)
            assert given is not None
            call = make_call(operation, path, given)
            yield refused(operation, f"example {example.name}", call, contracts.refusals[example.refusal_id])


def least_cases(operation: Operation, path: str, contracts: Contracts, known: Known) -> Iterator[Case]:
    """Yield calls with as little as the operation needs, one for each way to ask, and one over the last month."""
    fields = (*operation.query, *operation.body)
    needed = [field for field in fields if field.is_required]
    if operation.body_kind is not None and (needed or operation.needs_body):
        return
    for way in _ways(needed):
        wanted = [*needed, *(it for it in fields if it.required_with and _holds(it.required_with, way))]
        given = {it.name: way.get(it.name) or known.find(operation.scope_family or "", it.name) for it in wanted}
        if None in given.values() or not (given or not fields or operation.body_kind is not None):
            continue
        name = ", ".join(["least parameters", *(f"{field} {value}" for field, value in way.items())])
        yield success(operation, name, make_call(operation, path, given), contracts)
        if any(it.name == "dateFrom" and (it.is_free or _holds(it.only_with, way)) for it in operation.query):
            month = {"dateFrom": (known.today - MONTH).isoformat(), "dateTo": known.today.isoformat()}
            yield success(operation, f"{name}, a month", make_call(operation, path, {**given, **month}), contracts)


def any_call(operation: Operation, path: str, contracts: Contracts, known: Known) -> Call | None:
    """Return a call whose fields are all right, though the bank may not know what it names; None without an example."""
    for example in contracts.examples(operation):
        if example.status == operation.success_status:
            return make_call(operation, path, _filled(example, operation, known, needs_all=False) or {})
    return None


def link_case(
    link: Link, target: Operation, path: str, asked: Mapping[str, Any], answer: Any, contracts: Contracts
) -> Case | None:
    """Return the call to which a link leads from an answer; None when the answer has not what it needs."""
    given: dict[str, Any] = {}
    for name, value in link.parameters.items():
        text = str(value)
        if text.startswith("$request.query."):
            found: Any = asked.get(text.removeprefix("$request.query."))
        elif text.startswith("$response.body#"):
            found = at_pointer(answer, text.removeprefix("$response.body#"))
            if found is None:
                return None
        else:
            found = value
        if found is not None:
            given[name] = found
    return success(target, f"link {link.name}", make_call(target, path, given), contracts)


def at_pointer(content: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer, or None."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        else:
            return None
    return content


def renamed(case: Case, name: str, call: Call) -> Case:
    """Return the same expectation of another call."""
    return replace(case, name=name, call=call)


def _ways(needed: Iterable[Field]) -> list[dict[str, str]]:
    """Return every choice of the codes that have to be given; one empty choice when there are none."""
    chosen = [(field.name, codes) for field in needed if (codes := field.codes)]
    return [
        dict(zip((name for name, _ in chosen), picked, strict=True)) for picked in product(*(it for _, it in chosen))
    ]


def _holds(conditions: Conditions, way: Mapping[str, str]) -> bool:
    return bool(conditions) and all(way.get(name) == value for name, value in conditions)


def _filled(example: Example, operation: Operation, known: Known, *, needs_all: bool = True) -> dict[str, Any] | None:
    """Return the example's parameters with the bank's identifiers and days; None when one is needed and not known."""
    family = operation.scope_family or ""
    fits = {it.name: it.fits for it in (*operation.query, *operation.body)}
    given: dict[str, Any] = {}
    for name, value in (example.body if example.body is not None else example.query).items():
        lawful = name not in fits or isinstance(value, list) or fits[name](value)
        if name in known.identifiers and value not in ("", None) and lawful and example.refusal_id is None:
            found = known.find(family, name) if name not in NEVER_REPEATED else None
            if found is None and needs_all:
                return None
            value = found if found is not None else value
        elif name in ("accountId", "raId") and lawful:
            value = known.find(family, name) or value
        given[name] = _with_own(value, family, known) if isinstance(value, list) else _shifted(name, value, known.today)
    return given


def _with_own(value: list[Any], family: str, known: Known) -> list[Any]:
    return [
        {name: known.find(family, name) or it if name in known.identifiers else it for name, it in one.items()}
        if isinstance(one, Mapping)
        else one
        for one in value
    ]


def _shifted(name: str, value: Any, today: date) -> Any:
    """Move a day of the examples as far as the bank's own day is from theirs; orders are for days that banks work."""
    day = as_date(value) if isinstance(value, str) else None
    if day is None:
        return value
    day += today - EXAMPLES_DATE
    if name == "transferDesignatedDate" and day >= today and day.weekday() >= SATURDAY:
        day += timedelta(days=7 - day.weekday())
    return day.isoformat()


def _members(content: Any) -> Iterable[tuple[str, Any]]:
    waiting = [content]
    while waiting:
        holder = waiting.pop(0)
        if isinstance(holder, Mapping):
            yield from holder.items()
            waiting.extend(holder.values())
        elif isinstance(holder, list):
            waiting.extend(holder)

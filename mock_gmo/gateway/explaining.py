"""Why a call was refused, for who builds a client: the reply header of the sandbox, and the journal's explanation.

Nothing here decides a refusal, and no value that came is ever told: only its length and kinds of characters.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import contracts
from mock_gmo.bank.days import civil_date
from mock_gmo.contract import FORM, Field
from mock_gmo.gateway.body import Unreadable, read_form
from mock_gmo.gateway.exchange import Exchange
from mock_gmo.journal import MASK, SECRET_NAMES, Explanation

HEADER: Final = "X-Sandbox-Rule"
HEADERS: Final = frozenset({"x-access-token", "Content-Length", "Content-Type", "Accept", "Idempotency-Key"})

WIRE_NAMES: Final = {"remitter_name": "remitterName", "beneficiary_name": "beneficiaryName", "edi_info": "ediInfo"}

# Kinds of characters by the first that fits; what fits none is told by its Unicode category.
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("digits", "0123456789"),
    ("capital letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("small letters", "abcdefghijklmnopqrstuvwxyz"),
    ("spaces", " \u3000"),
    ("ASCII signs", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ("half-width kana", "".join(map(chr, range(0xFF61, 0xFFA0)))),
    ("hiragana", "".join(map(chr, range(0x3041, 0x30A0)))),
    ("full-width katakana", "".join(map(chr, range(0x30A0, 0x3100)))),
    ("full-width letters, digits and signs", "".join(map(chr, range(0xFF01, 0xFF5F)))),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of `contracts/refusals.yaml`, as far as it explains."""

    rule_ja: str
    rule_en: str
    page: str
    field: str | None = None
    example: str | None = None


class RuleBook:
    """The rules behind the refusals, by the id of the refusal."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._headers = {name: (HEADER, f'{name}; docs="{rule.page}"') for name, rule in rules.items()}

    @classmethod
    def load(cls) -> "RuleBook":
        """Read the rules from the contracts."""
        rows = contracts.load("refusals")["refusals"]
        return cls({row["id"]: _read_rule(row) for row in rows})

    def header(self, refusal_id: str) -> tuple[str, str]:
        """Return the header field that names the refusal and where its rule stands."""
        return self._headers[refusal_id]

    def explain(self, exchange: Exchange) -> Explanation:
        """Return the explanation of a call that was refused."""
        assert exchange.refusal_id is not None, "only refusals are explained"
        rule = self._rules[exchange.refusal_id]
        field = _on_the_wire(getattr(exchange.refusal, "field", None) or rule.field)
        return Explanation(
            field=field,
            shape=_shape_that_came(exchange, field) if field is not None else None,
            rule_ja=rule.rule_ja,
            rule_en=rule.rule_en,
            page=rule.page,
            example=_filled(rule.example, exchange) if rule.example is not None else _example_of(exchange, field),
        )


def shape_of(value: Any) -> str:
    """Return what may be told of a value: its type, its length, its kinds of characters."""
    match value:
        case None | "":
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return f"a number of {len(str(value))} characters"
        case str():
            kinds = sorted({_kind(character) for character in value})
            return f"a text of {len(value)} characters: {', '.join(kinds)}"
        case list() | tuple():
            return f"a list of {len(value)}"
    return "an object"


def _read_rule(row: Mapping[str, Any]) -> Rule:
    return Rule(row["rule_ja"], row["meaning"], row["page"], row.get("field"), row.get("example"))


def _on_the_wire(field: str | None) -> str | None:
    """The bank itself knows no wire: remitter_name there is remitterName here. OAuth's fields have both forms."""
    return WIRE_NAMES.get(field, field) if field is not None else None


def _kind(character: str) -> str:
    for name, characters in _KINDS:
        if character in characters:
            return name
    return {"L": "other letters", "C": "control characters"}.get(unicodedata.category(character)[0], "other signs")


def _shape_that_came(exchange: Exchange, field: str) -> str:
    value = getattr(exchange.refusal, "came", None)
    if value is None:
        value = _value_of(exchange, field)
    if field.rpartition(".")[2].lower() in SECRET_NAMES and value:
        return MASK
    return shape_of(value)


def _value_of(exchange: Exchange, field: str) -> Any:
    if field in HEADERS:
        return exchange.request.headers.get(field)
    if exchange.operation is not None and exchange.operation.body_kind == FORM:
        try:
            return read_form(exchange.raw_body or b"").get(field)
        except Unreadable:
            return None
    if field in exchange.fields:
        return exchange.fields[field]
    item_id = getattr(exchange.refusal, "item_id", None)
    lines = [line for value in exchange.fields.values() if isinstance(value, list) for line in value]
    own = [line for line in lines if isinstance(line, dict) and item_id in (None, line.get("itemId"))]
    return next((line[field] for line in (*own, *lines) if isinstance(line, dict) and field in line), None)


def _example_of(exchange: Exchange, field: str | None) -> str | None:
    operation = exchange.operation
    if operation is None or field is None:
        return None
    name = field.rpartition(".")[2]
    if name.lower() in SECRET_NAMES:
        return None
    known = _all_fields((*operation.query, *operation.headers, *operation.body))
    return next((_written(it) for it in known if it.name == name), None)


def _all_fields(fields: Iterable[Field]) -> Iterable[Field]:
    for field in fields:
        yield field
        yield from _all_fields(field.line_fields)


def _written(field: Field) -> str | None:
    if not field.line_fields:
        return field.example
    line = {it.name: it.example for it in field.line_fields if it.is_required}
    return json.dumps([line], ensure_ascii=False)


def _filled(example: str, exchange: Exchange) -> str:
    """Fill in what no written example can know: days of the bank's clock, and the scope of the operation."""
    today = civil_date(exchange.at)
    family = exchange.operation.scope_family if exchange.operation is not None else None
    return example.format(
        today=today,
        next_business_day=exchange.world.ground.calendar.next_business_day(today),
        scope=f"private:{family}",
    )

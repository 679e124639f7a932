"""What of a change of the contracts would break a client: RULES, judged between the released contracts and these.

What is sent may be asked for less strictly and never more; what is answered may be promised more strictly and never
less. A break must be named in the changelog's newest part. `python -m tools.contract_compatibility` writes the
contracts as they are into contracts/released: the last act of a release, and never of anything else.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import contracts
from tools.contract_document import METHODS, NAME_HOLDERS, Document, escape

ROOT: Final = Path(contracts.__file__).parents[1]
RELEASED: Final = ROOT / "contracts" / "released"
CHANGELOG: Final = ROOT / "CHANGELOG.md"
REFUSALS: Final = "refusals"
ANNOTATIONS: Final = frozenset({
    "description", "summary", "title", "example", "examples", "tags", "links", "info", "default", "deprecated",
    "$comment", "externalDocs",
})  # fmt: skip
CONDITIONS: Final = ("x-required-with", "x-only-with", "x-not-with", "x-not-before")
REFUSAL_MEMBERS: Final = ("status", "code", "error", "detail_code", "level")
ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
REMOVED, ADDED, REQUIRED, CHANGED = "removed", "added", "newly required", "changed"

Judge = Callable[[Any, Any], bool]


def _never(_old: Any, _new: Any) -> bool:
    return False


def _lowered(old: Any, new: Any) -> bool:
    return new is not None and (old is None or new < old)


def _raised(old: Any, new: Any) -> bool:
    return new is not None and (old is None or new > old)


def _narrowed(old: Any, new: Any) -> bool:
    return new is not None and (old is None or not set(old) <= set(new))


def _given_or_changed(old: Any, new: Any) -> bool:
    return new is not None and new != old


def _grown(old: Any, new: Any) -> bool:
    return not set(new or ()) <= set(old or ())


def _closed(old: Any, new: Any) -> bool:
    return new is False and old is not False


@dataclass(frozen=True, slots=True)
class Rule:
    """When a changed word of a schema breaks: in what clients send, and in what they are answered."""

    word: str
    when_sent: Judge
    when_answered: Judge


def _backwards(judge: Judge) -> Judge:
    return lambda old, new: judge(new, old)


def _both(word: str, tightened: Judge) -> Rule:
    return Rule(word, tightened, _backwards(tightened))


RULES: Final[tuple[Rule, ...]] = (
    _both("type", _narrowed),
    _both("enum", _narrowed),
    _both("const", _given_or_changed),
    _both("required", _grown),
    *(_both(word, _lowered) for word in ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")),
    *(_both(word, _raised) for word in ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")),
    *(_both(word, _given_or_changed) for word in ("pattern", "format", "multipleOf", "uniqueItems", "contains")),
    *(_both(word, _given_or_changed) for word in ("not", "if", "then", "else", "propertyNames", "dependentRequired")),
    # A reply that becomes open, or tells more, breaks nobody: clients are told to leave alone what they do not know.
    Rule("additionalProperties", _closed, _never),
    *(Rule(word, _given_or_changed, _never) for word in CONDITIONS),
)


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """One thing that a client could have relied on. `str()` of it is its name in the changelog."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def compacted(node: Any, *, named: bool = False) -> Any:
    """Return what of a document binds: without words for people, examples, links and our own notes."""
    if isinstance(node, list):
        return [compacted(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: value if name in ("enum", "const", *CONDITIONS) and not named
        else compacted(value, named=not named and name in NAME_HOLDERS)
        for name, value in node.items()
        if named or name in CONDITIONS or not (name in ANNOTATIONS or str(name).startswith("x-"))
    }  # fmt: skip


def breaks(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Break]:
    """Return every break between two compact documents of that name."""
    if name == REFUSALS:
        return sorted(_refusal_breaks(old, new))
    return sorted(set(_Comparison(name, old, new).breaks()))


def unnamed_breaks() -> list[Break]:
    """Return every break between the released contracts and these that the changelog's newest part does not name."""
    named = CHANGELOG.read_text(encoding="utf-8").split("\n## ")[1]
    found = [found for name in released_names() for found in breaks(name, read_released(name), present(name))]
    return [found for found in found if f"`{found}`" not in named]


def present(name: str) -> dict[str, Any]:
    """Return the contract as it stands, compact; of a document that is no more, nothing."""
    if name == REFUSALS:
        rows = contracts.load(REFUSALS)["refusals"]
        return {row["id"]: {member: row[member] for member in REFUSAL_MEMBERS if member in row} for row in rows}
    return dict(compacted(contracts.load(name))) if name in contracts.DOCUMENTS else {}


def released_names() -> list[str]:
    """Return the names of what has been released."""
    return sorted(file.stem for file in RELEASED.glob("*.jsonl"))


def read_released(name: str) -> dict[str, Any]:
    """Return a contract as it was released."""
    document: dict[str, Any] = {}
    for line in (RELEASED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        path, value = json.loads(line)
        holder = document
        for step in path[:-1]:
            holder = holder.setdefault(step, {})
        holder[path[-1]] = value
    return document


def write_released() -> None:
    """Write the contracts as they stand: one operation or component a line, so that a release reads as a difference."""
    RELEASED.mkdir(exist_ok=True)
    for name in (*contracts.DOCUMENTS, REFUSALS):
        lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in _rows(present(name))]
        (RELEASED / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[list[str], Any]]:
    for name, value in document.items():
        if name not in ("paths", "webhooks", "components"):
            yield [name], value
            continue
        for inner, item in value.items():
            yield from (([name, inner, part], content) for part, content in item.items())


def _refusal_breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Break]:
    for name, row in old.items():
        if name not in new:
            yield Break(f"{REFUSALS}#/{name}", REMOVED)
            continue
        for member in REFUSAL_MEMBERS:
            if row.get(member) != new[name].get(member):
                yield Break(f"{REFUSALS}#/{name}", f"{member} {CHANGED}")


class _Comparison:
    """One walk over two documents side by side. What is referred to is compared once for each direction."""

    def __init__(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._name = name
        self._old, self._new = Document(name, old), Document(name, new)
        self._compared: set[tuple[str, str, bool]] = set()

    def breaks(self) -> Iterator[Break]:
        if self._old.content.get("servers") != self._new.content.get("servers"):
            yield self._break("#/servers", CHANGED)
        for holder, is_sent in (("paths", True), ("webhooks", False)):
            for path, item in self._old.content.get(holder, {}).items():
                for method in (method for method in METHODS if method in item):
                    pointer = f"#/{holder}/{escape(path)}/{method}"
                    if method in self._new.content.get(holder, {}).get(path, {}):
                        yield from self._operation(pointer, is_sent=is_sent)
                    else:
                        yield self._break(pointer, REMOVED)

    def _operation(self, at: str, *, is_sent: bool) -> Iterator[Break]:
        """`is_sent`: the client sends the request. A webhook's request is what the client is told."""
        old, new = self._old.at(at), self._new.at(at)
        for member in ("operationId", "security"):
            if old.get(member, self._old.content.get(member)) != new.get(member, self._new.content.get(member)):
                yield self._break(f"{at}/{member}", CHANGED)
        yield from self._parameters(at, is_sent=is_sent)
        if "requestBody" in new:
            was_needed = "requestBody" in old and self._in(self._old, f"{at}/requestBody").get("required", False)
            if is_sent and not was_needed and self._in(self._new, f"{at}/requestBody").get("required", False):
                yield self._break(f"{at}/requestBody", REQUIRED)
        if "requestBody" in old:
            yield from self._contents(f"{at}/requestBody", is_sent=is_sent)
        for status in old.get("responses", {}):
            yield from self._reply(f"{at}/responses/{status}", is_sent=not is_sent)
        for status in new.get("responses", {}).keys() - old.get("responses", {}).keys():
            if str(status).startswith("2"):
                yield self._break(f"{at}/responses/{status}", ADDED)

    def _parameters(self, at: str, *, is_sent: bool) -> Iterator[Break]:
        old, new = self._old.parameters(at), self._new.parameters(at)
        for name, pointer in old.items():
            if name not in new:
                yield self._break(f"{at}/parameters/{escape(name)}", REMOVED)
                continue
            yield from self._schema(f"{pointer}/schema", f"{new[name]}/schema", is_sent=is_sent)
        for name, pointer in new.items():
            was_needed = name in old and self._old.at(old[name]).get("required", False)
            if is_sent and self._new.at(pointer).get("required", False) and not was_needed:
                yield self._break(f"{at}/parameters/{escape(name)}", REQUIRED)
            for rule in (rule for rule in RULES if rule.word in CONDITIONS and name in old):
                if rule.when_sent(self._old.at(old[name]).get(rule.word), self._new.at(pointer).get(rule.word)):
                    yield self._break(f"{at}/parameters/{escape(name)}", rule.word)

    def _reply(self, at: str, *, is_sent: bool) -> Iterator[Break]:
        old = self._in(self._old, at)
        new = self._in(self._new, at) if self._has(self._new, at) else None
        if new is None:
            yield self._break(at, REMOVED)
            return
        for name, header in old.get("headers", {}).items():
            if header.get("required", False) and not new.get("headers", {}).get(name, {}).get("required", False):
                yield self._break(f"{at}/headers/{name}", REMOVED)
        yield from self._contents(at, is_sent=is_sent)

    def _contents(self, at: str, *, is_sent: bool) -> Iterator[Break]:
        old_at = self._old.resolve(at)
        new_at = self._new.resolve(at) if self._has(self._new, at) else at
        kinds = self._new.at(new_at).get("content", {}) if self._has(self._new, at) else {}
        for kind in self._old.at(old_at).get("content", {}):
            inner = f"content/{escape(kind)}/schema"
            if kind not in kinds:
                yield self._break(f"{at}/content/{escape(kind)}", REMOVED)
            elif self._has(self._old, f"{old_at}/{inner}") and self._has(self._new, f"{new_at}/{inner}"):
                yield from self._schema(f"{old_at}/{inner}", f"{new_at}/{inner}", is_sent=is_sent)

    def _schema(self, old_at: str, new_at: str, *, is_sent: bool) -> Iterator[Break]:
        old_at, new_at = self._old.resolve(old_at), self._new.resolve(new_at)
        if (old_at, new_at, is_sent) in self._compared:
            return
        self._compared.add((old_at, new_at, is_sent))
        old, new = self._old.at(old_at), self._new.at(new_at)
        direction = "sent" if is_sent else "answered"
        for rule in RULES:
            judge = rule.when_sent if is_sent else rule.when_answered
            if judge(_value(old, rule.word), _value(new, rule.word)):
                yield self._break(new_at, f"{rule.word} {CHANGED} in what is {direction}")
        for name in old.get("properties", {}):
            if name in new.get("properties", {}):
                step = f"properties/{escape(name)}"
                yield from self._schema(f"{old_at}/{step}", f"{new_at}/{step}", is_sent=is_sent)
            else:
                yield self._break(f"{old_at}/properties/{escape(name)}", f"{REMOVED} from what is {direction}")
        yield from self._parts(old_at, new_at, is_sent=is_sent)

    def _parts(self, old_at: str, new_at: str, *, is_sent: bool) -> Iterator[Break]:
        old, new = self._old.at(old_at), self._new.at(new_at)
        for word in ("items", "additionalProperties"):
            if isinstance(old.get(word), Mapping) and isinstance(new.get(word), Mapping):
                yield from self._schema(f"{old_at}/{word}", f"{new_at}/{word}", is_sent=is_sent)
        for word in ALTERNATIVES:
            before, after = len(old.get(word, ())), len(new.get(word, ()))
            # A choice may grow in what is sent and shrink in what is answered; of demands it is the other way round.
            grows_safely = is_sent != (word in ("allOf", "prefixItems"))
            if before != after and (after < before) == grows_safely:
                yield self._break(f"{new_at}/{word}", ADDED if after > before else REMOVED)
            for index in range(min(before, after)):
                yield from self._schema(f"{old_at}/{word}/{index}", f"{new_at}/{word}/{index}", is_sent=is_sent)

    def _break(self, pointer: str, what: str) -> Break:
        return Break(f"{self._name}{pointer}", what)

    @staticmethod
    def _in(document: Document, pointer: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = document.at(document.resolve(pointer))
        return found

    @staticmethod
    def _has(document: Document, pointer: str) -> bool:
        try:
            document.resolve(pointer)
        except KeyError:
            return False
        return True


def _value(schema: Mapping[str, Any], word: str) -> Any:
    """Return a word of a schema; a type as all the types that fit, for an integer is a number."""
    value = schema.get(word)
    if word != "type" or value is None:
        return value
    types: Iterable[str] = (value,) if isinstance(value, str) else value
    return {*types, *(("integer",) if "number" in types else ())}


if __name__ == "__main__":
    write_released()

"""Small changes of a module's source, one at a time: what a tired hand could have typed instead. Pure.

Unlike the well-known tools this changes tables too, row by row, for here the rules are tables. Left alone are:
docstrings, annotations, decorators, imports, `strict` of a zip, and the wording of exceptions and assertions.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
JOINED: dict[type[ast.boolop], type[ast.boolop]] = {ast.And: ast.Or, ast.Or: ast.And}
CALLED = {
    "all": "any",
    "any": "all",
    "endswith": "startswith",
    "find": "rfind",
    "fullmatch": "match",
    "ljust": "rjust",
    "lower": "upper",
    "max": "min",
    "min": "max",
    "partition": "rpartition",
    "rfind": "find",
    "startswith": "endswith",
    "upper": "lower",
}
# A truth by itself: where one decides, its contrary is tried. Comparisons have their own contraries above.
_PLAIN = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.NamedExpr)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed source. `where` is the function or class; `before` and `after` are the changed lines."""

    line: int
    where: str
    before: str
    after: str
    source: str


def mutants_of(source: str) -> list[Mutant]:
    """Return every change of a module, in the order of its lines."""
    tree = ast.parse(source)
    text = _Text(source)
    found = [
        text.mutant(place, new, where=where)
        for node, where in _walk(tree, where="")
        for place, new in _changes(node, text)
    ]
    return sorted({(each.line, each.source): each for each in found}.values(), key=lambda each: each.line)


class _Text:
    """A source and the places of its nodes, which Python counts in bytes of a line."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        self._starts = [0]
        for line in self._source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, first: ast.expr | ast.stmt | ast.pattern, last: ast.AST | None = None) -> tuple[int, int]:
        end = last or first
        assert isinstance(end, ast.expr | ast.stmt | ast.pattern | ast.keyword)
        assert end.end_lineno is not None, "parsed nodes have an end"
        assert end.end_col_offset is not None, "parsed nodes have an end"
        begin = self._starts[first.lineno - 1] + first.col_offset
        return begin, self._starts[end.end_lineno - 1] + end.end_col_offset

    def of(self, node: ast.expr | ast.pattern) -> str:
        begin, end = self.span(node)
        return self._source[begin:end].decode()

    def mutant(self, place: tuple[int, int], new: str, *, where: str) -> Mutant:
        begin, end = place
        first = self._source.rfind(b"\n", 0, begin) + 1
        last = self._source.find(b"\n", end)
        changed = self._source[:begin] + new.encode() + self._source[end:]
        return Mutant(
            line=self._source.count(b"\n", 0, begin) + 1,
            where=where,
            before=_one_line(self._source[first:last]),
            after=_one_line(changed[first : last + len(changed) - len(self._source)]),
            source=changed.decode(),
        )


def _one_line(text: bytes) -> str:
    return " ".join(text.decode().split())


def _walk(node: ast.AST, *, where: str) -> Iterator[tuple[ast.AST, str]]:
    """Walk over all that may be changed, with the name of what it stands in."""
    yield node, where
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where}.{node.name}".lstrip(".")
    for child in _children(node):
        yield from _walk(child, where=where)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.FunctionDef():
            yield from (default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None)
            yield from node.body
        case ast.ClassDef():
            yield from node.body
        case ast.AnnAssign():
            yield from [node.value] if node.value is not None else []
        case ast.Assert():
            yield node.test
        case ast.Raise(exc=ast.Call() as call):
            yield from (each for each in call.args if not isinstance(each, ast.Constant | ast.JoinedStr))
            yield from call.keywords
        case ast.Subscript(slice=ast.Tuple() as together):
            yield from (node.value, *together.elts)
        case ast.keyword(arg="strict"):
            return
        case ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.pattern():
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _changes(node: ast.AST, text: _Text) -> Iterator[tuple[tuple[int, int], str]]:
    if isinstance(node, ast.expr):
        for new in _other_expressions(node):
            yield text.span(node), f"({ast.unparse(new)})"
    for decided in _deciders(node):
        yield text.span(decided), f"(not {ast.unparse(decided)})"
    yield from _other_statements(node, text)
    yield from _fewer_rows(node, text)


def _other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                ops = [*node.ops[:place], COMPARED[type(operator)](), *node.ops[place + 1 :]]
                yield _with(node, ops=ops)
        case ast.BinOp() if type(node.op) in CALCULATED:
            yield _with(node, op=CALCULATED[type(node.op)]())
        case ast.BoolOp():
            yield _with(node, op=JOINED[type(node.op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant():
            yield from _other_constants(node.value)
        case ast.JoinedStr():
            yield _with(node, values=[ast.Constant("XX"), *node.values])
        case ast.Call(func=ast.Name(id=name)) if name in CALLED:
            yield _with(node, func=ast.Name(CALLED[name]))
        case ast.Call(func=ast.Attribute(attr=name)) if name in CALLED:
            yield _with(node, func=_with(node.func, attr=CALLED[name]))


def _other_constants(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}XX")


def _deciders(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            decided = [node.test]
        case ast.comprehension():
            decided = node.ifs
        case ast.BoolOp():
            decided = node.values
        case _:
            decided = []
    yield from (each for each in decided if isinstance(each, _PLAIN))


def _other_statements(node: ast.AST, text: _Text) -> Iterator[tuple[tuple[int, int], str]]:
    match node:
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield text.span(value), "None"
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield text.span(node), "pass"
        case ast.Break():
            yield text.span(node), "continue"
        case ast.Continue():
            yield text.span(node), "break"
        case ast.AugAssign(op=operator) if type(operator) in CALCULATED:
            new = ast.unparse(_with(node, op=CALCULATED[type(operator)]()))
            yield text.span(node), new
        case ast.Match():
            for case in node.cases:
                if case.guard is None:
                    yield text.span(case.pattern), f"{text.of(case.pattern)} if False"


def _fewer_rows(node: ast.AST, text: _Text) -> Iterator[tuple[tuple[int, int], str]]:
    match node:
        case ast.Dict():
            for place, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                if key is None:
                    continue
                yield text.span(key, value), "**{}"
                others = [*node.values[place + 1 :], *node.values[:place]]
                other = next((each for each in others if ast.dump(each) != ast.dump(value)), None)
                if other is not None and not isinstance(value, ast.Constant):
                    yield text.span(value), text.of(other)
        case ast.List(ctx=ast.Load()) | ast.Set() | ast.Tuple(ctx=ast.Load()):
            for element in node.elts:
                yield text.span(element), "*()"
        case ast.Call():
            for keyword in node.keywords:
                if keyword.arg not in (None, "strict"):
                    begin = text.span(keyword.value)[0] - len(f"{keyword.arg}=".encode())
                    yield (begin, text.span(keyword.value)[1]), "**{}"


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed

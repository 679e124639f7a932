"""Rules of the house that no tool checks for us. Limits are ratchets: lower them when you can, never raise them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("mock_gmo", "integrator", "contracts")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
# Where the machine's clock may be read: the clocks, the log's timestamps, and the composition roots.
CLOCK_READERS = {
    "integrator/clock.py",
    "integrator/app.py",
    "integrator/worker.py",
    "integrator/logs.py",
    "mock_gmo/clock.py",
    "mock_gmo/__main__.py",
    "mock_gmo/server.py",
    "mock_gmo/testing/plugin.py",
    "mock_gmo/verify/command.py",
}
WALL_CLOCK = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.(time|monotonic|sleep)\b")
REGISTRY = re.compile(r"(index-url|index|registry|mirror)[\" =:]+https?://|pypi\.org|registry\.npmjs")
MACHINE_PATH = re.compile(r"(^|[^\w.])/(work|farm|root)/")


def modules() -> list[Path]:
    # A migration is one long list of what it creates; it is written once and never edited.
    found = (path for program in PROGRAMS for path in (ROOT / program).rglob("*.py"))
    return sorted(path for path in found if "versions" not in path.parts)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    return [path for name in listed.stdout.decode().splitlines() if (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_says_what_it_is_and_reads_no_wall_clock(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    tree = parsed(path)

    assert text.count("\n") <= MODULE_LINES_MAX, "split it: a module has one subject"
    assert not text.strip() or ast.get_docstring(tree), "a module says what lives in it"
    for function in functions(tree):
        assert function.end_lineno is not None
        length = function.end_lineno - function.lineno + 1
        assert length <= FUNCTION_LINES_MAX, f"{function.name} has {length} lines"
        decides = any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
        assert not decides, f"{function.name} imports: imports stand at the top"
    if name not in CLOCK_READERS:
        assert not WALL_CLOCK.search(text), "time comes in as an argument"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_public_function_has_a_docstring(path: Path) -> None:
    tree = parsed(path)
    bare = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not _is_plain(node)
    ]

    assert bare == [] or set(bare) <= set(_short_names(tree)), f"without a docstring: {bare}"


def _is_plain(node: ast.AST) -> bool:
    # A dataclass or an enum whose name and members say all there is to say.
    return isinstance(node, ast.ClassDef) and not any(isinstance(child, ast.FunctionDef) for child in node.body)


def _short_names(tree: ast.Module) -> list[str]:
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None and node.end_lineno - node.lineno <= 1
    ]


def test_no_file_names_a_path_of_somebodys_machine_or_a_registry() -> None:
    offenders = []
    for path in tracked_files():
        if path.suffix in {".png", ".lock"} or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if MACHINE_PATH.search(line) or REGISTRY.search(line):
                offenders.append(f"{path.relative_to(ROOT)}:{number}")

    assert offenders == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    mark = re.compile(r"mark\.(skip|xfail)|pytest\.(skip|xfail|importorskip)\(|time\.sleep\(")
    offenders = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and mark.search(path.read_text(encoding="utf-8"))
    ]

    assert offenders == []

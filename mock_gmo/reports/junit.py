"""JUnit XML, as build servers read it. What a test case is, its caller decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

_FORBIDDEN = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
    if code not in (0x09, 0x0A, 0x0D)
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One test: passed without failures and without a reason to skip it."""

    classname: str
    name: str
    seconds: float
    failures: tuple[str, ...] = ()
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that belong together."""

    name: str
    cases: tuple[Checked, ...]


def write_junit(suites: Sequence[Suite]) -> bytes:
    """Return the document, in UTF-8. Characters that XML cannot hold are replaced."""
    root = ElementTree.Element("testsuites")
    for suite in suites:
        root.append(_suite(suite))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _suite(suite: Suite) -> ElementTree.Element:
    cases = suite.cases
    element = ElementTree.Element(
        "testsuite",
        name=_clean(suite.name),
        tests=str(len(cases)),
        failures=str(sum(bool(case.failures) for case in cases)),
        errors="0",
        skipped=str(sum(bool(case.skipped) for case in cases)),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    element.extend(_case(case) for case in cases)
    return element


def _case(case: Checked) -> ElementTree.Element:
    element = ElementTree.Element(
        "testcase", classname=_clean(case.classname), name=_clean(case.name), time=f"{case.seconds:.3f}"
    )
    if case.failures:
        # Readers expect one failure a case: the first is its message, all of them are its text.
        failure = ElementTree.SubElement(element, "failure", message=_clean(case.failures[0]), type="difference")
        failure.text = _clean("\n".join(case.failures))
    elif case.skipped:
        ElementTree.SubElement(element, "skipped", message=_clean(case.skipped))
    return element


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN)

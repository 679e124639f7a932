"""JUnit XML, as build servers read it. What a test case is, its caller decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

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

    @property
    def failed_count(self) -> int:
        """Return how many did not pass."""
        return sum(bool(case.failures) for case in self.cases)


def write_junit(suites: Sequence[Suite]) -> bytes:
    """Return the document, in UTF-8. Characters that XML cannot hold are replaced."""
    root = ET.Element("testsuites")
    for suite in suites:
        root.append(_suite(suite))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(suite: Suite) -> ET.Element:
    cases = suite.cases
    element = ET.Element(
        "testsuite",
        name=_clean(suite.name),
        tests=str(len(cases)),
        failures=str(suite.failed_count),
        errors="0",
        skipped=str(sum(bool(case.skipped) for case in cases)),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    element.extend(_case(case) for case in cases)
    return element


def _case(case: Checked) -> ET.Element:
    element = ET.Element(
        "testcase", classname=_clean(case.classname), name=_clean(case.name), time=f"{case.seconds:.3f}"
    )
    if case.failures:
        # Readers expect one failure a case: the first is its message, all of them are its text.
        failure = ET.SubElement(element, "failure", message=_clean(case.failures[0]), type="difference")
        failure.text = _clean("\n".join(case.failures))
    elif case.skipped:
        ET.SubElement(element, "skipped", message=_clean(case.skipped))
    return element


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN)

"""Pages of one file each: no script, no address of anything outside, everything that came from elsewhere escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_gmo.bank.days import JAPAN
from mock_gmo.reports.junit import Suite
from mock_gmo.reports.timeline import Story
from mock_gmo.reports.words import FACT_NAMES, FINDINGS, SIDES
from mock_gmo.testing.verdict import Verdict

STORIES_MAX: Final = 500
OPEN_MAX: Final = 20  # so many stories are unfolded when the page opens


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a page on payouts tells, beside the stories themselves."""

    bank: str
    at: datetime
    log: str
    line_count: int
    other_line_count: int
    journal_count: int
    debit_count: int
    verdict: Verdict | None = None


def write_timeline_page(gathered: Gathered, stories: Sequence[Story]) -> bytes:
    """Return the page with one timeline a payout, and the verdict when there is one."""
    return _render(
        "timeline.html",
        about=gathered,
        stories=stories[:STORIES_MAX],
        left_out=max(0, len(stories) - STORIES_MAX),
        open_max=OPEN_MAX,
    )


def write_verification_page(
    *,
    target: str,
    at: datetime,
    differences: Sequence[Any],
    not_checked: Mapping[str, str],
    ended_early: str,
    suites: Sequence[Suite],
) -> bytes:
    """Return the page on one run of `verify`; a difference has operation, case, where, expected, came and tag."""
    return _render(
        "verification.html",
        target=target,
        at=at,
        differences=differences,
        not_checked=not_checked,
        ended_early=ended_early,
        suites=suites,
    )


def _render(name: str, **content: Any) -> bytes:
    environment = Environment(
        loader=PackageLoader("mock_gmo.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["instant"] = _instant
    environment.filters["yen"] = _yen
    environment.globals.update(sides=SIDES, fact_names=FACT_NAMES, findings=FINDINGS)
    return environment.get_template(name).render(**content).encode("utf-8", "replace")


def _instant(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")


def _yen(amount: int) -> str:
    return f"¥{amount:,}"

"""The report of a hunt: who killed which mistake, after how many steps and seconds. Nothing is decided here."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.mutants.hunting import ROOT, SOUND, Hunt
from tests.mutants.planting import Hunter, Mistake
from tests.mutants.sources import fingerprint

REPORT = ROOT / "build" / "mutants.json"


def write_report(hunts: Sequence[Hunt], mistakes: Iterable[Mistake], *, path: Path = REPORT) -> dict[str, Any]:
    """Write the report as JSON and as a page; returns its figures."""
    says = {mistake.name: mistake.says for mistake in mistakes}
    figures = figures_of(hunts)
    hunted = [{**asdict(hunt), "says": says[hunt.name]} for hunt in hunts]
    path.parent.mkdir(exist_ok=True)
    report = {"sources": fingerprint(), "figures": figures, "hunts": hunted}
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    path.with_suffix(".md").write_text(_page(hunts, says, figures), encoding="utf-8")
    return figures


def figures_of(hunts: Sequence[Hunt]) -> dict[str, int]:
    """Return how many were planned and killed, and the steps of the world until its hardest mistake died."""
    killed = [hunt for hunt in hunts if hunt.is_killed]
    in_world = [hunt.steps for hunt in killed if hunt.hunter is Hunter.WORLD]
    return {
        "mutants_planned": len(hunts),
        "mutants_killed": len(killed),
        "hardest_mutant_steps": max(in_world, default=0),
    }


def line_of(hunt: Hunt) -> str:
    """Return one line for a terminal."""
    end = f"killed by {hunt.killer}: {hunt.said}" if hunt.is_killed else f"SURVIVED {hunt.said}"
    if hunt.name == SOUND:
        end = hunt.said
    return f"{hunt.name:34} {hunt.steps:7} {hunt.processor_seconds:6.1f} s  {end[:180]}"


def _page(hunts: Sequence[Hunt], says: dict[str, str], figures: dict[str, int]) -> str:
    rows = [
        f"| {hunt.name} | {says[hunt.name]} | {_cell(hunt.killer or '**nobody**')} | {_cell(hunt.said)} "
        f"| {hunt.steps} | {hunt.seconds:.1f} |"
        for hunt in sorted(hunts, key=lambda hunt: (hunt.is_killed, hunt.hunter, -hunt.steps))
    ]
    head = [
        "# Wrong integrators and wrong banks",
        "",
        f"{figures['mutants_killed']} of {figures['mutants_planned']} were found; the hardest one in the world took "
        f"{figures['hardest_mutant_steps']} steps. Steps are moves of the world, or tests that were run.",
        "",
        "| mistake | what it does wrong | who found it | what was said | steps | seconds |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

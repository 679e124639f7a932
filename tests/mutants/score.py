"""`python -m tests.mutants.score`: how many small changes of the pure parts do their tests notice?

The score is killed / (all - equivalents). Ends with 1 below the goal, with 2 when nothing could be measured.
"""

import difflib
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.mutating import Mutant, mutants_of
from tests.mutants.pure_parts import PARTS, ROOT, Part
from tests.mutants.sources import fingerprint
from tests.mutants.trying import End, TryFailed, load_all_but, try_all

GOAL = 0.95
REPORT = ROOT / "build" / "mutation-score.json"
DONE, BELOW, UNUSABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant of a part and how its try ended."""

    part: Part
    mutant: Mutant
    end: End

    @property
    def key(self) -> tuple[str, str, str, str]:
        return key_of(self.part, self.mutant)

    @property
    def is_equivalent(self) -> bool:
        return self.key in EQUIVALENTS


def key_of(part: Part, mutant: Mutant) -> tuple[str, str, str, str]:
    """Return what a mutant is known by in the table of equivalents, wherever its lines stand."""
    return part.path, mutant.where, mutant.before, mutant.after


@click.command(help=__doc__)
@click.argument("modules", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="How many mutants at once.")
def main(modules: tuple[str, ...], jobs: int) -> None:
    """Try every mutant of these modules (paths), or of all pure parts."""
    unknown = set(modules) - {part.path for part in PARTS}
    if unknown:
        click.echo(
            f"no pure part is {', '.join(sorted(unknown))}; known are: {', '.join(p.path for p in PARTS)}", err=True
        )
        sys.exit(UNUSABLE)
    parts = [part for part in PARTS if part.path in modules or not modules]
    started = time.monotonic()
    try:
        tried = measure(parts, jobs=jobs)
    except TryFailed as failed:
        click.echo(f"the score could not be measured: {failed}", err=True)
        sys.exit(UNUSABLE)
    figures = figures_of(tried, seconds=time.monotonic() - started)
    write_report(figures, is_whole=not modules)
    wrong = rotten_rows(parts, tried)
    for row in wrong:
        click.echo(f"no equivalent any more: {row}", err=True)
    click.echo(summary(figures))
    sys.exit(UNUSABLE if wrong else DONE if figures["mutation_score"] >= GOAL else BELOW)


def measure(parts: Sequence[Part], *, jobs: int) -> list[Tried]:
    """Try every mutant of these parts; tells every survivor as it is found. Raises TryFailed."""
    load_all_but(parts)
    found = [
        (part, mutant)
        for part in parts
        for mutant in mutants_of((ROOT / part.path).read_text(encoding="utf-8"))
        if part.has(mutant.where)
    ]
    tries = [(part, mutant.source, (part, mutant)) for part, mutant in found]
    tried = []
    for (part, mutant), end in try_all(tries, jobs=jobs):
        tried.append(Tried(part, mutant, end))
        if end is End.SURVIVED and not tried[-1].is_equivalent:
            told = _told(tried[-1])
            click.echo(f"SURVIVED {told['module']}:{told['line']} {told['where']}\n{told['diff']}")
        if len(tried) % 100 == 0:
            click.echo(f"{len(tried)} of {len(tries)} mutants tried, in {part.path}")
    return tried


def rotten_rows(parts: Iterable[Part], tried: Iterable[Tried]) -> list[str]:
    """Return the rows of the table of equivalents that stand for no mutant any more, or for one that was killed."""
    ends = {each.key: each.end for each in tried}
    paths = {part.path for part in parts}
    return [" | ".join(key) for key in EQUIVALENTS if key[0] in paths and ends.get(key) is not End.SURVIVED]


def figures_of(tried: Sequence[Tried], *, seconds: float) -> dict[str, Any]:
    """Return the score, what it is made of, and the survivors with their diffs."""
    counts: dict[str, dict[str, int]] = {}
    for each in tried:
        row = counts.setdefault(each.part.path, {"mutants": 0, "killed": 0, "equivalent": 0, "survived": 0})
        row["mutants"] += 1
        row["killed" if each.end is End.KILLED else "equivalent" if each.is_equivalent else "survived"] += 1
    total = {name: sum(row[name] for row in counts.values()) for name in ("mutants", "killed", "equivalent")}
    survivors = [each for each in tried if each.end is End.SURVIVED and not each.is_equivalent]
    return {
        "mutation_score": round(total["killed"] / max(1, total["mutants"] - total["equivalent"]), 4),
        "mutation_score_with_equivalents": round(total["killed"] / max(1, total["mutants"]), 4),
        **total,
        "seconds": round(seconds),
        "modules": counts,
        "survivors": [_told(each) for each in sorted(survivors, key=lambda each: (each.part.path, each.mutant.line))],
    }


def _told(tried: Tried) -> dict[str, Any]:
    before = (ROOT / tried.part.path).read_text(encoding="utf-8").splitlines()
    lines = list(difflib.unified_diff(before, tried.mutant.source.splitlines(), lineterm="", n=0))[3:]
    return {
        "module": tried.part.path,
        "line": tried.mutant.line,
        "where": tried.mutant.where,
        "before": tried.mutant.before,
        "after": tried.mutant.after,
        "diff": "\n".join(lines),
    }


def summary(figures: dict[str, Any]) -> str:
    """Return the score as one sentence."""
    return (
        f"mutation score {figures['mutation_score']:.1%} (goal {GOAL:.0%}): {figures['killed']} killed of "
        f"{figures['mutants']} mutants, {figures['equivalent']} of them cannot be told from the original; "
        f"counted with those {figures['mutation_score_with_equivalents']:.1%}; {figures['seconds']} s"
    )


def write_report(figures: dict[str, Any], *, is_whole: bool) -> None:
    """Write the report as JSON and as a page, under another name when only some modules were tried."""
    report = REPORT if is_whole else REPORT.with_name("mutation-score-some.json")
    report.parent.mkdir(exist_ok=True)
    told = {"sources": fingerprint(), "figures": {"mutation_score": figures["mutation_score"]}, **figures}
    report.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    report.with_suffix(".md").write_text(_page(figures), encoding="utf-8")


def _page(figures: dict[str, Any]) -> str:
    lines = [
        "# Mutation score of the pure parts",
        "",
        summary(figures) + ".",
        "",
        "| module | mutants | killed | equivalent | survived |",
        "|---|---|---|---|---|",
    ]
    for path, row in figures["modules"].items():
        lines.append(f"| {path} | {row['mutants']} | {row['killed']} | {row['equivalent']} | {row['survived']} |")
    lines += ["", "## Survivors", ""]
    for each in figures["survivors"]:
        lines += [f"{each['module']}:{each['line']} `{each['where']}`", "", "```diff", each["diff"], "```", ""]
    lines += ["## Equivalents", ""]
    lines += [
        f"- {path} `{where}`: `{before}` → `{after}`: {EQUIVALENTS[path, where, before, after]}"
        for path, where, before, after in EQUIVALENTS
        if path in figures["modules"]
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()

"""Every figure that docs/performance.md claims: `make bench`, or `make bench ONLY=name` for one
(ONLY=gate for all that begin with gate_).

Prints each figure beside its goal and writes what this run measured to build/bench.json: a list of name, value,
unit, goal, holds. How a figure is made stands in bench_bank and bench_payouts.
"""

import argparse
import json
import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import bench_bank
import bench_batches
import bench_books
import bench_gate
import bench_harness
import bench_payouts
import bench_peers
import bench_soak
import bench_storm
import bench_tests
import httpx
from bench_process import MeasurementFailed, cores

BUILD: Final = Path(__file__).resolve().parents[1] / "build"
DONE, FAILED, WRONG_USAGE = 0, 1, 2
DIGITS: Final = 3
MUTANTS: Final = 104  # all that are planned; tests/mutants/test_catalogue.py counts them


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a name, its unit, its goal ("≥ 0.6", "≤ 5", or None for none) and what measures it.

    `only_by_name`: too long for a run of all figures, which tells what `find` knows of an earlier one, if anything.
    """

    name: str
    unit: str
    goal: str | None
    measure: Callable[[], float]
    only_by_name: bool = False
    find: Callable[[], float | None] = lambda: None

    def is_meant(self, only: str | None) -> bool:
        """Tell whether a run measures it that asks for all figures (None), for one, or for those of one word."""
        if only is None:
            return not self.only_by_name or self.find() is not None
        return only in (self.name, self.name.partition("_")[0])


def _of_report(report: str, name: str, unit: str, goal: str | None) -> Figure:
    return Figure(
        name,
        unit,
        goal,
        partial(bench_harness.from_report, report, name),
        only_by_name=True,
        find=partial(bench_harness.find_in_report, report, name),
    )


# The fixed goals. A figure without a goal is there to be compared with itself over time.
FIGURES: Final[tuple[Figure, ...]] = (
    Figure("gateway_balances_vs_bare_flask", "ratio", "≥ 0.6", bench_bank.gateway_balances_vs_bare_flask),
    Figure("gateway_transfer_vs_bare_flask", "ratio", "≥ 0.6", bench_bank.gateway_transfer_vs_bare_flask),
    Figure("cold_start_seconds", "s", "≤ 1.0", bench_bank.cold_start_seconds),
    Figure("reset_ms", "ms", "≤ 5", bench_bank.reset_ms),
    Figure("world_ms", "ms", "≤ 2", bench_bank.world_ms),
    Figure("snapshot_ms", "ms", None, bench_bank.snapshot_ms),
    Figure("payouts_accepted_per_second_sqlite", "1/s", "≥ 200", bench_payouts.payouts_accepted_per_second_sqlite),
    Figure(
        "payouts_accepted_per_second_postgresql", "1/s", "≥ 200", bench_payouts.payouts_accepted_per_second_postgresql
    ),
    Figure("calls_per_payout_1", "calls", None, bench_payouts.calls_per_payout_1),
    Figure("calls_per_payout_500", "calls", "≤ 0.05", bench_batches.calls_per_payout_500),
    Figure("calls_per_payout_one_by_one", "calls", None, bench_batches.calls_per_payout_one_by_one),
    Figure("settlement_known_seconds_p95", "s", "≤ 60", bench_batches.settlement_known_seconds_p95),
    Figure("payouts_settled_per_minute", "1/min", None, bench_batches.payouts_settled_per_minute),
    Figure("page_1m_vs_1k", "ratio", "≤ 1.2", lambda: bench_books.figures()["page_1m_vs_1k"]),
    Figure(
        "memory_mb_per_million_postings", "MB", "≤ 700", lambda: bench_books.figures()["memory_mb_per_million_postings"]
    ),
    Figure("status_page_100k_vs_1k", "ratio", "≤ 1.2", lambda: bench_books.figures()["status_page_100k_vs_1k"]),
    Figure("state_change_cost_10k_vs_0", "ratio", "≤ 1.5", bench_soak.state_change_cost_10k_vs_0),
    *(Figure(name, "ratio", "≥ 1", measure) for name, measure in bench_peers.figures()),
    Figure("soak_5xx", "count", "= 0", lambda: bench_soak.soak()["soak_5xx"]),
    Figure("soak_requests_per_second", "1/s", None, lambda: bench_soak.soak()["soak_requests_per_second"]),
    Figure("soak_p99_ms", "ms", None, lambda: bench_soak.soak()["soak_p99_ms"]),
    Figure("soak_books_sum", "yen", "= 0", lambda: bench_soak.soak()["soak_books_sum"]),
    Figure("gate_use_4proc_300ms", "ratio", "≥ 0.9", bench_gate.gate_use_4proc_300ms),
    Figure("gate_violations", "calls", "≤ 0", bench_gate.gate_violations),
    Figure("storm_kills", "count", "≥ 100", bench_storm.storm_kills),
    Figure("storm_kills_in_call", "count", "≥ 50", bench_storm.storm_kills_in_call),
    Figure("storm_paid_twice", "count", "≤ 0", bench_storm.storm_paid_twice),
    Figure("storm_lost", "count", "≤ 0", bench_storm.storm_lost),
    Figure("storm_open", "count", "≤ 0", bench_storm.storm_open),
    Figure("storm_limit_refusals", "calls", "≤ 0", bench_storm.storm_limit_refusals),
    Figure("storm_calls_per_payout", "calls", None, bench_storm.storm_calls_per_payout),
    Figure("storm_seconds", "s", None, bench_storm.storm_seconds),
    Figure("world_steps_per_second", "1/s", "≥ 500", bench_harness.world_steps_per_second),
    Figure("contract_cases_per_second", "1/s", "≥ 150", bench_tests.contract_cases_per_second),
    _of_report("mutants", "mutants_planned", "count", "≥ 65"),
    _of_report("mutants", "mutants_killed", "count", f"≥ {MUTANTS}"),
    _of_report("mutants", "hardest_mutant_steps", "steps", None),
    _of_report("mutation-score", "mutation_score", "ratio", "≥ 0.95"),
    Figure("successes_reached", "ratio", "≥ 1", bench_tests.successes_reached),
    Figure("test_wall_seconds", "s", "≤ 360", bench_tests.test_wall_seconds, only_by_name=True),
)

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {"≥": operator.ge, "≤": operator.le, "=": operator.eq}


def holds(value: float, goal: str | None) -> bool:
    """Tell whether the value keeps its goal. A figure without a goal always does."""
    if goal is None:
        return True
    sign, bound = goal.split(" ")
    return COMPARISONS[sign](value, float(bound))


def main() -> int:
    """Measure and write. 0 when everything was measured, 1 when something could not be, 2 for an unknown name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="one figure instead of all, or all that begin with this word")
    only = parser.parse_args().only
    wanted = [figure for figure in FIGURES if figure.is_meant(only)]
    if not wanted:
        print(f"there is no figure {only}; known are {', '.join(f.name for f in FIGURES)}", file=sys.stderr)
        return WRONG_USAGE
    if cores() is None:
        print("server and callers share their cores here: ratios hold, rates are lower than they could be")
    rows: list[dict[str, Any]] = []
    failed = False
    for figure in wanted:
        print(f"{figure.name} …", flush=True)
        try:
            rows.append(_row(figure))
        except (MeasurementFailed, httpx.HTTPError) as failure:
            print(f"  not measured: {failure}", file=sys.stderr)
            failed = True
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return FAILED if failed else DONE


def _row(figure: Figure) -> dict[str, Any]:
    value = round(figure.measure(), DIGITS)
    kept = holds(value, figure.goal)
    verdict = "" if figure.goal is None else f", goal {figure.goal}: {'holds' if kept else 'DOES NOT HOLD'}"
    print(f"  {value:g} {figure.unit}{verdict}", flush=True)
    return {"name": figure.name, "value": value, "unit": figure.unit, "goal": figure.goal, "holds": kept}


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.simulation`: tell stories of seeds, replay one, or make a test of it."""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.simulation.keeping import as_test, keep, kept_story
from tests.simulation.profiles import PROFILES
from tests.simulation.shrink import shrunk
from tests.simulation.story import Result, run

FOLDER = Path("build/simulation")


def main() -> int:
    """Return 0 when every story ended well, 1 when one did not, 2 for a usage that cannot be."""
    options = _parser().parse_args()
    profile = PROFILES[options.profile]
    if options.as_test is not None:
        print(as_test(kept_story(options.as_test, profile)))
        return 0
    if options.replay is not None:
        story = kept_story(options.replay, profile)
        result = run(story.seed, PROFILES[story.profile], acts=story.acts)
        print("\n".join(result.story))
        return _say(result)
    first = options.seed if options.seed is not None else 1
    count = 1 if options.seed is not None else options.seeds or profile.seeds
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    done = _Done(FOLDER / f"{profile.name}.json", is_used=options.seed is None and profile.name == "night")
    failed = 0
    for seed in range(first, first + count):
        if until is not None and time.monotonic() > until:
            break
        if done.has(seed):
            continue
        result = run(seed, profile, steps=options.steps)
        failed += _say(result)
        done.add(result)
        if result.failure is not None:
            short = result if options.no_shrink else shrunk(result, profile)
            path = keep(short, FOLDER)
            print(
                "\n".join(short.story), f"\nseed {seed}; replay: python -m tests.simulation --replay {path}", sep="\n"
            )
    print(done.said())
    return 1 if failed else 0


def _say(result: Result) -> int:
    pace = result.steps / max(result.seconds, 1e-9)
    word = "ok" if result.failure is None else f"{result.failure.kind}: {result.failure.reason}"
    print(
        f"seed {result.seed}: {result.steps} steps, {len(result.acts)} acts, {result.payouts} payouts,"
        f" {result.sent} calls, {pace:.0f} steps/s: {word}",
        flush=True,
    )
    return 0 if result.failure is None else 1


class _Done:
    """Which seeds a profile has tried, in a file, so that the next night goes on."""

    def __init__(self, path: Path, *, is_used: bool) -> None:
        self._path = path
        self._is_used = is_used
        self.seeds: set[int] = set()
        self.figures = {"steps": 0, "payouts": 0, "seconds": 0.0, "failures": 0}
        if is_used and path.exists():
            found = json.loads(path.read_text())
            self.seeds, self.figures = set(found["seeds"]), found["figures"]

    def has(self, seed: int) -> bool:
        return seed in self.seeds

    def add(self, result: Result) -> None:
        self.seeds.add(result.seed)
        self.figures["steps"] += result.steps
        self.figures["payouts"] += result.payouts
        self.figures["seconds"] += result.seconds
        self.figures["failures"] += result.failure is not None
        if self._is_used:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({"seeds": sorted(self.seeds), "figures": self.figures}))

    def said(self) -> str:
        figures = self.figures
        pace = figures["steps"] / max(figures["seconds"], 1e-9)
        return (
            f"{len(self.seeds)} worlds, {figures['steps']} steps, {figures['payouts']} payouts,"
            f" {figures['failures']} failures, {pace:.0f} steps a second"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="dev")
    parser.add_argument("--seed", type=int, help="tell this story only")
    parser.add_argument("--seeds", type=int, help="how many seeds, from 1")
    parser.add_argument("--steps", type=int, help="motions before faults stop")
    parser.add_argument("--minutes", type=float, help="begin no new story after that")
    parser.add_argument("--replay", metavar="FILE|SEED", help="tell a kept story, or a seed's, line by line")
    parser.add_argument("--as-test", metavar="FILE|SEED", help="print a kept story as a plain test")
    parser.add_argument("--no-shrink", action="store_true", help="keep failures as long as they are")
    return parser


if __name__ == "__main__":
    sys.exit(main())

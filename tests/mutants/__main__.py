"""`python -m tests.mutants`: plant every mistake of the catalogue, one at a time, and see that the tests find it."""

import sys
import time

import click

from tests.mutants.hunting import SOUND, HuntFailed, hunt_all
from tests.mutants.planting import Mistake, NoSuchPlace
from tests.mutants.report import REPORT, line_of, write_report
from tests.mutants.wrong_banks import WRONG_BANKS
from tests.mutants.wrong_integrators import WRONG_INTEGRATORS

CATALOGUE = (*WRONG_INTEGRATORS, *WRONG_BANKS)
DONE, SURVIVORS, UNUSABLE = 0, 1, 2


@click.command(help=__doc__)
@click.argument("names", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="How many hunts at once.")
def main(names: tuple[str, ...], jobs: int) -> None:
    """Hunt the mistakes of these names, or all. Ends with 1 when one of them survives."""
    try:
        wanted = _wanted(names)
    except KeyError as unknown:
        click.echo(f"no mistake is called {unknown}; known are: {', '.join(each.name for each in CATALOGUE)}", err=True)
        sys.exit(UNUSABLE)
    started = time.monotonic()
    hunts = []
    try:
        for hunt in hunt_all(wanted, jobs=jobs):
            click.echo(line_of(hunt))
            if hunt.name != SOUND:
                hunts.append(hunt)
    except (HuntFailed, NoSuchPlace) as failed:
        click.echo(f"the hunt could not be held: {failed}", err=True)
        sys.exit(UNUSABLE)
    report = REPORT if not names else REPORT.with_name("mutants-some.json")
    figures = write_report(hunts, wanted, path=report)
    click.echo(
        f"{figures['mutants_killed']} of {figures['mutants_planned']} found in {time.monotonic() - started:.0f} s, "
        f"the hardest in the world after {figures['hardest_mutant_steps']} steps; see {report.with_suffix('.md')}"
    )
    sys.exit(DONE if figures["mutants_killed"] == figures["mutants_planned"] else SURVIVORS)


def _wanted(names: tuple[str, ...]) -> list[Mistake]:
    by_name = {mistake.name: mistake for mistake in CATALOGUE}
    return [by_name[name] for name in names] if names else list(CATALOGUE)


if __name__ == "__main__":
    main()

"""The command `mock-gmo report`: reads log, bank and claims, writes the reports. Nothing is judged here."""

import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NoReturn

import click

from mock_gmo.reports.exchanges import Exchange, without_secrets
from mock_gmo.reports.files import ReportsUnwritable, write_files
from mock_gmo.reports.gathering import SourceUnusable, read_bank, read_claims_file, read_log
from mock_gmo.reports.har import write_har
from mock_gmo.reports.journal import read_exchange
from mock_gmo.reports.junit import Checked, Suite, write_junit
from mock_gmo.reports.page import Gathered, write_timeline_page
from mock_gmo.reports.timeline import Story, tell_stories
from mock_gmo.testing.beliefs import read_debits
from mock_gmo.testing.verdict import judge

BAD: Final = 1
WRONG_USAGE: Final = 2


@click.command("report")
@click.option("--bank", required=True, help="Base URL of a mock bank, such as http://127.0.0.1:8310.")
@click.option("--integrator-log", "log", required=True, type=click.Path(path_type=Path), help="Log in JSON lines.")
@click.option("--claims", type=click.Path(path_type=Path), help="What the integrator believes: adds the verdict.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the reports.")
def report_command(bank: str, log: Path, claims: Path | None, out: Path) -> None:
    """支払ごとの経過をまとめます。 Join an integrator's log and the bank's journal, payout by payout."""
    try:
        lines, others = read_log(log)
        claimed = None if claims is None else read_claims_file(claims)
        journal, payments, now = read_bank(bank)
    except SourceUnusable as unusable:
        _end(str(unusable))
    at = datetime.fromisoformat(now)
    verdict = None if claimed is None else judge(claimed, read_debits(payments), at=at)
    stories = tell_stories(lines, journal, payments, verdict.rows if verdict is not None else ())
    gathered = Gathered(
        bank=bank,
        at=at,
        log=log.name,
        line_count=len(lines),
        other_line_count=others,
        journal_count=len(journal),
        debit_count=len(payments),
        verdict=verdict,
    )
    exchanges = [_masked(read_exchange(entry, base=bank)) for entry in journal]
    try:
        written = write_files(out, {
            "report.html": write_timeline_page(gathered, stories),
            "report.har": write_har(exchanges, version=version("gmo-bank-in-a-box")),
            "report.xml": write_junit([Suite("payouts", tuple(_checked(story) for story in stories))]),
        })  # fmt: skip
    except ReportsUnwritable as unwritable:
        _end(f"--out: {unwritable}")
    if verdict is not None:
        click.echo(verdict.as_table(good_max=20), nl=False)
    for path in written:
        click.echo(f"written {path}")
    if verdict is not None and not verdict.is_good:
        sys.exit(BAD)


def _masked(exchange: Exchange) -> Exchange:
    return without_secrets(exchange, keeps_values=True)


def _checked(story: Story) -> Checked:
    """A payout passes when the verdict is good; without a verdict nothing is asserted of it."""
    if story.row is None:
        return Checked("payout", story.title, 0.0, skipped="no claim was given")
    failures = () if story.row.is_good else (f"{story.row.finding}: {story.row.says}",)
    return Checked("payout", story.title, 0.0, failures=failures)


def _end(message: str) -> NoReturn:
    click.echo(f"mock-gmo report: {message}", err=True)
    sys.exit(WRONG_USAGE)

"""The command `mock-gmo verify`: reads what is asked for, refuses what is not safe, runs, tells."""

import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final, NoReturn

import click

from mock_gmo.profiles import PROFILES
from mock_gmo.reports.files import ReportsUnwritable, write_files
from mock_gmo.reports.har import write_har
from mock_gmo.reports.junit import write_junit
from mock_gmo.reports.page import write_verification_page
from mock_gmo.secret import Secret
from mock_gmo.verify.calling import Bounds, Caller, Clock, Unreachable, network_sender
from mock_gmo.verify.documents import Contracts
from mock_gmo.verify.run import Run, Verification
from mock_gmo.verify.safety import SAFE, SANDBOX, Target, UnsafeTarget, check_operations, check_target
from mock_gmo.verify.telling import tell_differences, tell_exchanges, tell_lines, tell_suites

DIFFERENCES: Final = 1
WRONG_USAGE: Final = 2
TOKEN_LENGTH_MAX: Final = 128
TOKEN_FILE_MAX: Final = 4_096
DOCUMENTS: Final = {
    "corporation": ("corporation",),
    "personal": ("personal",),
    "auth": ("auth",),
    "all": ("corporation", "personal", "auth"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    target: str
    token_file: IO[str]
    document: str
    allow: tuple[str, ...]
    profile: str | None
    production_read_only: bool
    requests_per_second: float
    requests_max: int
    seconds_max: float
    report_dir: Path | None


@click.command("verify")
@click.option("--target", required=True, help="Base URL of the bank, without /ganb/api; https but on loopback.")
@click.option("--token-file", type=click.File("r"), required=True, help="Holds an access token; - is standard input.")
@click.option("--document", type=click.Choice(tuple(DOCUMENTS)), default="corporation", show_default=True)
@click.option("--allow", multiple=True, metavar="OPERATION", help="Only this inquiry, such as getAccounts; repeatable.")
@click.option("--profile", type=click.Choice(tuple(PROFILES)), help="The bank to expect [bank; sunabar for its host].")
@click.option("--production-read-only", is_flag=True, help="Lets the bank's production be asked what --allow names.")
@click.option("--requests-per-second", type=click.FloatRange(0.01, 100), default=1.0, show_default=True)
@click.option("--requests-max", type=click.IntRange(1, 10_000), default=900, show_default=True)
@click.option("--seconds-max", type=click.FloatRange(1, 86_400), default=1_800, show_default=True)
@click.option("--report-dir", type=click.Path(file_okay=False, path_type=Path), help="Gets JUnit, HAR and a page.")
def verify_command(**options: Any) -> None:
    """銀行の応答を契約と比べます（照会のみ）。 Compare a bank's answers with the contracts; no money is moved."""
    asked_for = Options(**options)
    documents = Contracts(DOCUMENTS[asked_for.document])
    try:
        bank = check_target(asked_for.target)
        operations = check_operations(
            documents.operations,
            allowed=asked_for.allow,
            target=bank,
            is_production_confirmed=asked_for.production_read_only,
        )
        caller = _caller(asked_for, bank, documents)
        click.echo(f"asking {len(operations)} inquiries of {bank.base}", err=True)
        imitated = PROFILES[asked_for.profile or ("sunabar" if bank.kind == SANDBOX else "bank")]
        found = Run(caller, documents, profile=imitated).verify(operations)
    except (UnsafeTarget, Unreachable) as impossible:
        _end(str(impossible))
    for line in tell_lines(found, target=bank):
        click.echo(line)
    if asked_for.report_dir is not None:
        _write(asked_for.report_dir, found, bank, caller)
    if found.differences or found.ended_early:
        sys.exit(DIFFERENCES)


def _caller(asked_for: Options, bank: Target, documents: Contracts) -> Caller:
    return Caller(
        bank.base,
        _read_token(asked_for.token_file),
        send=network_sender(time.monotonic),
        clock=Clock(time.time, time.monotonic, time.sleep),
        bounds=Bounds(asked_for.requests_per_second, asked_for.requests_max, asked_for.seconds_max),
        unsafe=[it for it in documents.operations if not SAFE[it.operation_id].is_safe],
    )


def _read_token(file: IO[str]) -> Secret:
    try:
        text = file.read(TOKEN_FILE_MAX).strip()
    except ValueError as unreadable:
        raise UnsafeTarget("--token-file: expected text") from unreadable
    if not (0 < len(text) <= TOKEN_LENGTH_MAX and text.isascii() and text.isprintable() and " " not in text):
        raise UnsafeTarget("--token-file: expected one access token of 1 to 128 characters, and nothing else")
    return Secret(text)


def _write(folder: Path, found: Verification, bank: Target, caller: Caller) -> None:
    page = write_verification_page(
        target=bank.base,
        at=found.asked[0].at,
        differences=tell_differences(found),
        not_checked=found.not_checked,
        ended_early=found.ended_early,
        suites=tell_suites(found),
    )
    exchanges = tell_exchanges(found, target=bank, caller=caller)
    try:
        written = write_files(folder, {
            "verify.xml": write_junit(tell_suites(found)),
            "verify.har": write_har(exchanges, version=version("gmo-bank-in-a-box")),
            "verify.html": page,
        })  # fmt: skip
    except ReportsUnwritable as unwritable:
        _end(f"--report-dir: {unwritable}")
    for path in written:
        click.echo(f"written {path}", err=True)


def _end(message: str) -> NoReturn:
    click.echo(f"mock-gmo verify: {message}", err=True)
    sys.exit(WRONG_USAGE)

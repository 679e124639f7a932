"""The command line of the mock bank: read settings, build the application, serve. Nothing is decided here."""

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from random import SystemRandom
from typing import NoReturn

import click

from mock_gmo.app import create_app, world_of, worlds_of
from mock_gmo.clock import ClockOutOfRange
from mock_gmo.contract import StartError
from mock_gmo.directory import ZenginDirectory
from mock_gmo.gateway.body import Unreadable, read_object
from mock_gmo.keeping import StateFileUnusable
from mock_gmo.marked_yaml import DocumentError
from mock_gmo.notifications.posting import post_notification
from mock_gmo.outcomes import table
from mock_gmo.postman import Postman
from mock_gmo.profiles import PROFILES
from mock_gmo.scenarios.loader import load_scenario, names
from mock_gmo.server import PortTaken, listen, serve
from mock_gmo.settings import ENVIRONMENTS, Settings, SettingsError
from mock_gmo.snapshots.codec import SnapshotError
from mock_gmo.snapshots.diff import diff_snapshots
from mock_gmo.world import World

WORK_FAILED = 1
WRONG_USAGE = 2


# Commands that are imported when they are asked for: the bank starts without them.
LATER = {"report": "mock_gmo.reports.command", "verify": "mock_gmo.verify.command"}


class _Commands(click.Group):
    """The commands of this module, and those of LATER."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        found = getattr(import_module(LATER[cmd_name]), f"{cmd_name}_command")
        return found if isinstance(found, click.Command) else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gmo-bank-in-a-box")
def main() -> None:
    """銀行APIのサンドボックス — a bank to test payouts against, with real rules and made-up money."""


@main.command("serve")
@click.option("--host", help="Address to listen on [MOCK_GMO_HOST, 127.0.0.1].")
@click.option("--port", help="Port, 0 for any free one [MOCK_GMO_PORT, 8310].")
@click.option("--scenario", help="Name or file of the first state [MOCK_GMO_SCENARIO, corporate].")
@click.option("--environment", help=f"One of {', '.join(ENVIRONMENTS)} [MOCK_GMO_ENVIRONMENT, local].")
@click.option("--profile", help=f"One of {', '.join(PROFILES)} [MOCK_GMO_PROFILE, bank].")
@click.option("--seed", help="Makes tokens and numbers repeatable [MOCK_GMO_SEED].")
@click.option("--state", help="Keeps the bank's state over restarts [MOCK_GMO_STATE].", type=click.Path(dir_okay=False))
@click.option("--ready-file", help="Gets the base URL once the bank answers.", type=click.Path(dir_okay=False))
def serve_command(**options: str | None) -> None:
    """銀行を起動します。 Run the bank until Ctrl-C or SIGTERM."""
    try:
        settings = Settings.from_env(os.environ, **options)
        application = create_app(
            settings,
            real_time=time.time,
            monotonic=time.monotonic,
            random_source=SystemRandom(),
            sleep=time.sleep,
            send_notification=post_notification,
        )
        listener = listen(settings.host, settings.port)
    except (SettingsError, DocumentError, PortTaken, StateFileUnusable, ClockOutOfRange) as wrong:
        _end(str(wrong), WRONG_USAGE)
    except StartError as broken:
        _end(str(broken), WORK_FAILED)
    try:
        _forget_old(settings.ready_file)
    except OSError as unusable:
        listener.close()
        reason = unusable.strerror or unusable
        _end(
            f"--ready-file: {settings.ready_file} cannot be written: {reason}; name a file in a folder that exists",
            WRONG_USAGE,
        )

    def tell_ready(url: str) -> None:
        for line in (f"ready {url}", *_portal_lines(world_of(application))):
            click.echo(line)

    serve(
        application,
        listener,
        ready_file=settings.ready_file,
        ready=tell_ready,
        beside=Postman(worlds_of(application)),
    )


@main.command("scenarios")
def scenarios_command() -> None:
    """使えるシナリオを表示します。 List the scenarios, one line each."""
    for name, title in names():
        click.echo(f"{name}\t{title}")


@main.command("beneficiaries")
@click.option("--scenario", help="Name or file of a scenario [MOCK_GMO_SCENARIO, corporate].")
def beneficiaries_command(scenario: str | None) -> None:
    """受取人一覧と振込の結果を表示します。 Print the beneficiary directory and what becomes of transfers."""
    try:
        settings = Settings.from_env(os.environ, scenario=scenario)
        listed = load_scenario(settings.scenario).beneficiaries
    except (SettingsError, DocumentError) as wrong:
        _end(str(wrong), WRONG_USAGE)
    for line in table(listed, directory=ZenginDirectory(), rules=settings.bank_rules):
        click.echo(line)


@main.command("diff")
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def diff_command(before: Path, after: Path) -> None:
    """二つのスナップショットの違いを表示します。 Tell what happened between two snapshots."""
    snapshots = []
    for path in (before, after):
        try:
            snapshots.append(read_object(path.read_bytes()))
        except (Unreadable, OSError) as unreadable:
            _end(f"{path}: expected a snapshot, came something else: {unreadable}", WRONG_USAGE)
    try:
        diff = diff_snapshots(*snapshots)
    except SnapshotError as broken:
        _end(f"not a snapshot: {broken}", WRONG_USAGE)
    for line in diff.lines():
        click.echo(line)


def _portal_lines(world: World) -> list[str]:
    """What a customer would copy from the portal; nothing where tokens come by OAuth."""
    tokens = {
        customer.customer_id: world.oauth.portal_token(customer.customer_id) for customer in world.bank.customers()
    }
    return [f"portal token of {name}: {token.token.reveal()}" for name, token in tokens.items() if token is not None]


def _forget_old(ready_file: Path | None) -> None:
    """A file left by an earlier run must not be taken for this one's. Raises OSError when none could be written."""
    if ready_file is not None:
        ready_file.touch()
        ready_file.unlink()


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"mock-gmo: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

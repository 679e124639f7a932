"""The command line. It reads the settings, calls one function, prints, and chooses the exit code.

0 done, 1 the work failed, 2 wrong usage or settings (with the name of the setting and how to mend it).
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from integrator import app, callbacks, companies, logs, worker
from integrator.clock import SystemClock
from integrator.commands import onboarding, people
from integrator.commands.explained import Failed, WrongUsage
from integrator.commands.explained import explained as _explained
from integrator.commands.explained import open_database as _database
from integrator.commands.safety import purge, roles, rotate_keys
from integrator.commands.supervision import COMMANDS, every
from integrator.companies import Registration, Role
from integrator.effects import NoCheckpoints
from integrator.installation import check_before_migration, check_environment
from integrator.keys import with_key_file
from integrator.secret import Secret
from integrator.settings import (
    WebSettings,
    read_master_keys,
    read_store_settings,
    read_web_settings,
    read_worker_settings,
    written_master_key,
)
from integrator.store.database import Database
from integrator.store.migrate import migrate as migrate_database
from integrator.vault import Intake, intake_public_key, new_master_key
from integrator.web.companies import read_registration
from integrator.web.contract import InputInvalid, own_contract


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 the work failed, 2 wrong usage or settings. What to do when: docs/runbook.md.",
)
def main() -> None:
    """Pays ReCORE's buy-backs through the bank's API, each exactly once. Settings: INTEGRATOR_… in the environment."""


@main.command()
@click.option("--host", help="Address to listen on instead of INTEGRATOR_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port instead of INTEGRATOR_PORT; 0 takes any free one.")
@click.option(
    "--ready-file", type=click.Path(dir_okay=False, path_type=Path), help="Receives the base URL once it answers."
)
def serve(host: str | None, port: int | None, ready_file: Path | None) -> None:
    """Run the web side: ReCORE's API, the redirect URL of the bank, the operators' page and the figures.

    SIGTERM ends it: requests under way are answered first, within 3 seconds.

    Settings: INTEGRATOR_ENVIRONMENT, _DATABASE_URL, _BANK_URL, _PUBLIC_URL, _INTAKE_PUBLIC_KEY; with defaults _HOST,
    _PORT, _CLOCK, _REQUESTS_PER_SECOND. Never a master key.
    """
    with _explained():
        settings = read_web_settings(os.environ)
        changed: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        logs.configure()
        app.serve(replace(settings, **changed), ready_file=ready_file)


@main.command()
def work() -> None:
    """Run the worker: the only process that opens secrets and calls the bank. Any number may run.

    SIGTERM ends it: nothing new is begun, and calls under way are finished and recorded within their limits.

    Settings: INTEGRATOR_ENVIRONMENT, _DATABASE_URL, _BANK_URL, _MASTER_KEY; with defaults _CLOCK, _GATE_JITTER_MS,
    _CLOCK_SKEW_MS, _WORKER_THREADS, _CRASHES_MAX, _CONNECT_SECONDS, _READ_SECONDS.
    """
    with _explained():
        settings = read_worker_settings(with_key_file(os.environ))
        logs.configure()
        worker.run(settings)


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this release. Forward only; a foreign database is left as it is."""
    with _explained():
        settings = read_store_settings(os.environ)
        database = Database(settings.database_url, effects=NoCheckpoints())
        try:
            check_before_migration(database, settings.environment)
            migrate_database(database)
            check_environment(database, settings.environment)
        finally:
            database.close()
    click.echo("the database is up to date")


for command in (purge, rotate_keys, roles):
    main.add_command(command)


@main.group()
def company() -> None:
    """Register and show the companies that pay."""


@company.command("add")
@click.argument("company_id")
@click.option("--name", required=True, help="For people.")
@click.option("--client-id", required=True, help="Issued by the bank for this company and environment.")
@click.option("--account-id", required=True, help="The bank's 口座ID that payouts are debited from.")
@click.option("--remitter-name", help="As beneficiaries will read it; absent for the account's own kana name.")
@click.option("--payout-limit-yen", type=click.IntRange(min=1), help="The largest single payout; 1000000 when absent.")
@click.option("--requests-per-second", type=click.IntRange(1, 100), help="Instead of INTEGRATOR_REQUESTS_PER_SECOND.")
def add_company(company_id: str, **told: Any) -> None:
    """Register a company. Its client secret is read from standard input, never from the command line."""
    with _explained():
        settings = read_web_settings(os.environ)
        registration = _registration(company_id, told, settings)
        with _database(settings) as database:
            added = companies.register(
                database,
                registration,
                site=companies.Site(settings.environment, settings.public_url),
                intake=Intake(settings.intake_public_key, environment=settings.environment),
                at=SystemClock().now(),
                new_text=app.random_text,
            )
    click.echo(f"registered {added.company_id}; redirect URL for the bank: {added.redirect_uri}")


@company.command("list")
def list_companies() -> None:
    """List the companies of this environment."""
    with _explained(), _database(read_store_settings(os.environ)) as database:
        for found in every(lambda after: companies.list_companies(database, after=after, limit=100)):
            click.echo(f"{found.company_id}\t{found.environment}\t{found.name}")


@company.command("show")
@click.argument("company_id")
def show_company(company_id: str) -> None:
    """Show one company; its secret cannot be shown."""
    with _explained():
        settings = read_store_settings(os.environ)
        with _database(settings) as database:
            found = companies.get_company(database, company_id, environment=settings.environment)
    lines = {
        "company_id": found.company_id,
        "name": found.name,
        "environment": found.environment,
        "client_id": found.client_id,
        "account_id": found.account_id,
        "remitter_name": found.remitter_name or "(the account's own)",
        "redirect_uri": found.redirect_uri,
        "payout_limit_yen": found.payout_limit_yen,
        "requests_per_second": found.requests_per_second,
        "client_secret": "kept" if found.has_kept_secret else "waiting for the worker",
        "created_at": found.created_at.isoformat(),
    }
    for label, value in lines.items():
        click.echo(f"{label}: {value}")


@main.group()
def key() -> None:
    """Make, list and revoke API keys; print the worker's public intake key."""


@key.command("create")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--company", "company_id", help="Whose key it is; exactly for the role company.")
@click.option("--name", required=True, help="For people: who or what uses it.")
def create_key(role: str, company_id: str | None, name: str) -> None:
    """Make an API key and print it. It is shown this once."""
    if (role == Role.COMPANY) != (company_id is not None):
        raise WrongUsage("--company belongs to --role company, and only to it")
    with _explained(), _database(read_store_settings(os.environ)) as database:
        made, _ = companies.create_key(
            database, companies.NewKey(Role(role), company_id, name), at=SystemClock().now(), new_text=app.random_text
        )
    click.echo(made.reveal())


@key.command("list")
@click.option("--company", "company_id", help="Only the keys of this company.")
def list_keys(company_id: str | None) -> None:
    """List the keys: id, role, company, state and name, never a key itself."""
    with _explained(), _database(read_store_settings(os.environ)) as database:
        for found in companies.list_keys(database, company_id=company_id):
            state = "valid" if found.revoked_at is None else f"revoked {found.revoked_at.isoformat()}"
            click.echo(f"{found.key_id}\t{found.role}\t{found.company_id or '-'}\t{state}\t{found.name}")


@key.command("revoke")
@click.argument("key_id")
def revoke_key(key_id: str) -> None:
    """Revoke a key at once and for ever."""
    with _explained(), _database(read_store_settings(os.environ)) as database:
        if not companies.revoke_key(database, key_id, at=SystemClock().now()):
            raise Failed(f"there is no key {key_id}: integrator key list")
    click.echo(f"revoked {key_id}")


@key.command("intake-public")
def print_intake_public() -> None:
    """Print INTEGRATOR_INTAKE_PUBLIC_KEY for the web, made from the first INTEGRATOR_MASTER_KEY. Not a secret."""
    with _explained():
        public = intake_public_key(read_master_keys(with_key_file(os.environ))[0])
    click.echo(base64.b64encode(public).decode())


@main.group()
def callback() -> None:
    """Where a company's events go: set, show and remove; make a new signing secret; send a test."""


@callback.command("set")
@click.argument("company_id")
@click.argument("url")
def set_callback(company_id: str, url: str) -> None:
    """Send a company's events to URL. A new callback's secret is printed this once."""
    with _callback_places(company_id) as places:
        _, secret = callbacks.set_callback(places, company_id, url, at=SystemClock().now())
    click.echo("the URL was changed; the secret stays" if secret is None else secret.reveal())


@callback.command("show")
@click.argument("company_id")
def show_callback(company_id: str) -> None:
    """Show a callback: its URL, which secrets sign, what waits, how the last attempt ended. Never a secret."""
    with _callback_places(company_id) as places:
        found = callbacks.get_callback(places.db, company_id, at=SystemClock().now())
    click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))


@callback.command("remove")
@click.argument("company_id")
def remove_callback(company_id: str) -> None:
    """Send no more events; they can still be pulled."""
    with _callback_places(company_id) as places:
        callbacks.remove_callback(places.db, company_id)
    click.echo(f"removed the callback of {company_id}")


@callback.command("rotate-secret")
@click.argument("company_id")
def rotate_callback_secret(company_id: str) -> None:
    """Make a new secret and print it this once. The former signs beside it for 24 hours."""
    with _callback_places(company_id) as places:
        _, secret = callbacks.rotate_secret(places, company_id, at=SystemClock().now())
    click.echo(secret.reveal())


@callback.command("test")
@click.argument("company_id")
def send_callback_test(company_id: str) -> None:
    """Send one test event and print its id; `integrator callback show` tells how it ended."""
    with _callback_places(company_id) as places:
        event_id = callbacks.send_test(places.db, company_id, at=SystemClock().now(), new_text=app.random_text)
    click.echo(event_id)


@contextmanager
def _callback_places(company_id: str) -> Iterator[callbacks.Places]:
    with _explained():
        settings = read_web_settings(os.environ)
        of = settings.environment
        with _database(settings) as database:
            companies.get_company(database, company_id, environment=of)
            intake = Intake(settings.intake_public_key, environment=of)
            yield callbacks.Places(database, of, intake, app.random_text)


@contextmanager
def _store() -> Iterator[Database]:
    with _explained(), _database(read_store_settings(os.environ)) as database:
        yield database


main.add_command(people.group(_store, now=SystemClock().now, new_text=app.random_text))


@main.group("master-key")
def master_key() -> None:
    """The worker's keys."""


@master_key.command("new")
def new_key() -> None:
    """Print a new INTEGRATOR_MASTER_KEY. Keep it where only the worker can read it."""
    click.echo(written_master_key(new_master_key(secrets.token_bytes)))


def _read_secret() -> Secret:
    if sys.stdin.isatty():
        return Secret(click.prompt("client secret", hide_input=True))
    secret = sys.stdin.readline().strip()
    if not secret:
        raise WrongUsage("the client secret is read from standard input, and nothing came")
    return Secret(secret)


def _registration(company_id: str, told: dict[str, Any], settings: WebSettings) -> Registration:
    limits = {"payout_yen": told.pop("payout_limit_yen"), "requests_per_second": told.pop("requests_per_second")}
    body: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    body |= {
        "company_id": company_id,
        "environment": settings.environment.value,
        "client_secret": _read_secret().reveal(),
        "limits": {name: value for name, value in limits.items() if value is not None},
    }
    contract = own_contract()
    try:
        contract.check("CompanyRegistration", body)
    except InputInvalid as wrong:
        raise WrongUsage(f"{wrong.field}: expected {wrong.expected}, came {wrong.came}") from None
    return read_registration(body, contract, settings)


for _command in (*COMMANDS, *onboarding.COMMANDS):
    main.add_command(_command)


if __name__ == "__main__":
    main()

"""Commands that keep secrets safe: purge, rotate-keys, roles. Each calls one function and tells what came of it."""

import base64
import os
import secrets

import click
from sqlalchemy.exc import ProgrammingError

from integrator.clock import SystemClock
from integrator.commands.explained import Failed, WrongUsage, explained, open_database
from integrator.installation import check_worker
from integrator.keys import LocalKeys, with_key_file
from integrator.purging import purge as purge_database
from integrator.rotation import KeyUse, key_use, rotate
from integrator.settings import read_environment, read_master_keys, read_store_settings
from integrator.store.roles import ROLES, RoleNames, grant_roles
from integrator.vault import Vault, intake_public_key


@click.command()
def purge() -> None:
    """Delete secrets that are over, and rewrite files so that their bytes are gone. Workers do so once a day."""
    clock = SystemClock()
    with explained(), open_database(read_store_settings(os.environ)) as database:
        done = purge_database(database, now=clock.now(), machine_now=clock.now(), pause=clock.sleep)
    for what, count in done.counts.items():
        click.echo(f"{what}: {count}")
    if not done.rewritten.is_complete:
        raise Failed("bytes of deleted rows may be left: " + "; ".join(done.rewritten.hindrances))
    click.echo("rewritten: no byte of a deleted row is left in files of the database")


@click.command("rotate-keys")
@click.option("--check", is_flag=True, help="Only tell what still needs which key.")
def rotate_keys(check: bool) -> None:
    """Seal everything for the first INTEGRATOR_MASTER_KEY; the former ones stand behind it. Nothing has to stop."""
    with explained():
        variables = with_key_file(os.environ)
        keys = read_master_keys(variables)
        environment = read_environment(variables)
        vault = Vault(
            LocalKeys(keys, random_bytes=secrets.token_bytes),
            environment=environment,
            random_bytes=secrets.token_bytes,
        )
        with open_database(read_store_settings(variables)) as database:
            check_worker(database, vault, environment=environment)
            if not check:
                click.echo(f"sealed anew: {rotate(database, vault)}")
            use = key_use(database, vault)
    for key_id in vault.key_ids:
        click.echo(f"{key_id}: needed by {use.needed.get(key_id, 0)}")
    _tell_former(vault, use, base64.b64encode(intake_public_key(keys[0])).decode())


def _tell_former(vault: Vault, use: KeyUse, public: str) -> None:
    if use.broken:
        raise Failed("none of the keys opens: " + ", ".join(use.broken))
    former = vault.key_ids[1:]
    kept = [key_id for key_id in former if not use.is_free(key_id)]
    if kept:
        raise Failed(f"still needed: {', '.join(kept)}. Run integrator rotate-keys again")
    if former:
        click.echo(f"{', '.join(former)} can go once every web process has INTEGRATOR_INTAKE_PUBLIC_KEY={public}")
        click.echo("afterwards: integrator purge, so that no text sealed with it is left on disk")


@click.command()
def roles() -> None:
    """Make the roles of web, worker and purge on PostgreSQL, with no more rights than each needs. Run after migrate."""
    with explained():
        settings = read_store_settings(os.environ)
        with open_database(settings) as database:
            if database.url.get_backend_name() != "postgresql":
                raise WrongUsage("INTEGRATOR_DATABASE_URL: only PostgreSQL has roles; an SQLite file is its owner's")
            names = RoleNames(settings.environment)
            try:
                grant_roles(database, names)
            except ProgrammingError as error:
                raise Failed(f"the connected role may not: {error.orig}") from None
    for role in ROLES:
        click.echo(f"{names.of(role)}: CREATE USER … IN ROLE {names.of(role)} makes an account for it")

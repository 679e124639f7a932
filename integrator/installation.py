"""One environment is one closed set: host, client ids, redirect URLs, keys, database. Mixing two stops the start.

The database remembers its environment and its keys; every process compares before it does anything.
"""

import logging
from urllib.parse import urlsplit

from integrator.secret import Secret
from integrator.settings import REGISTERED_HOSTS, Environment, SettingsError
from integrator.store import installation as rows
from integrator.store.database import Database
from integrator.store.migrate import has_installation
from integrator.store.seals import CANARY_OWNER
from integrator.vault import Intake, Kind, SealBroken, Vault

CANARY = "this database belongs to these keys"

log = logging.getLogger("integrator.installation")


def check_environment(db: Database, environment: Environment) -> None:
    """Give a new database to `environment`, or see that it is the same. Raises SettingsError for another."""
    with db.read() as tx:
        found = rows.find_installation(tx).environment
    if found is None:
        with db.begin() as tx:
            rows.remember_environment(tx, environment)
            found = rows.find_installation(tx).environment
        log.info("installation.environment environment=%s", found)
    if found != environment:
        raise SettingsError(
            "INTEGRATOR_DATABASE_URL",
            f"the database belongs to the environment {found}, and INTEGRATOR_ENVIRONMENT is {environment}",
            f"Name a database of {environment}, or set INTEGRATOR_ENVIRONMENT={found} with all that belongs to it",
        )


def check_before_migration(db: Database, environment: Environment) -> None:
    """See that a database with an environment has this one, before anything is changed. Raises SettingsError."""
    if has_installation(db):
        check_environment(db, environment)


def check_web(db: Database, intake: Intake, *, environment: Environment) -> None:
    """See that the web seals for this database's workers and no redirect URL is another environment's.

    Raises SettingsError.
    """
    check_environment(db, environment)
    with db.read() as tx:
        opened = rows.find_installation(tx).intake_keys
        redirects = rows.redirect_uris(tx)
    if opened is not None and intake.fingerprint not in opened:
        raise SettingsError(
            "INTEGRATOR_INTAKE_PUBLIC_KEY",
            "no worker of this database opens what it seals",
            "Set what integrator key intake-public prints on the worker's side",
        )
    for company_id, redirect_uri in redirects:
        owner = REGISTERED_HOSTS.get(urlsplit(redirect_uri).hostname or "", environment)
        if owner is not environment:
            raise SettingsError(
                "INTEGRATOR_DATABASE_URL",
                f"{company_id} has a redirect URL of the environment {owner}",
                f"Name a database of {environment}",
            )


def check_worker(db: Database, vault: Vault, *, environment: Environment) -> None:
    """See that the master keys are this database's; note which intake keys the workers open. Raises SettingsError."""
    check_environment(db, environment)
    with db.read() as tx:
        known = rows.find_installation(tx, with_canary=True)
    canary = None
    if known.sealed_canary is None:
        canary = vault.seal(Secret(CANARY), company_id=CANARY_OWNER, kind=Kind.CANARY)
    else:
        _check_canary(vault, known.sealed_canary)
    if canary is not None or known.intake_keys != vault.intake_fingerprints:
        with db.begin() as tx:
            rows.remember_keys(tx, vault.intake_fingerprints, sealed_canary=canary)


def _check_canary(vault: Vault, sealed: bytes) -> None:
    try:
        vault.open(sealed, company_id=CANARY_OWNER, kind=Kind.CANARY)
    except SealBroken:
        raise SettingsError(
            "INTEGRATOR_MASTER_KEY",
            "its keys do not open what this database holds",
            "Set the keys of this database; for a new key, the former one stays beside it until integrator "
            "rotate-keys says that it can go",
        ) from None

"""What every command shares: the way from a failure to a message and an exit code, and a database that is ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from integrator import app, callbacks, companies
from integrator.domain.callback import CallbackURLRefused
from integrator.domain.kana import NameNotTransferable
from integrator.effects import NoCheckpoints
from integrator.installation import check_environment
from integrator.settings import SettingsError, StoreSettings, WebSettings, WorkerSettings
from integrator.store.database import Database, DatabaseUnusable
from integrator.store.migrate import is_current

FAILED, WRONG_USAGE = 1, 2


class Failed(click.ClickException):
    """The work failed; the message says why."""

    exit_code = FAILED


class WrongUsage(click.ClickException):
    """The command or a setting is wrong; the message says which and how to mend it."""

    exit_code = WRONG_USAGE


@contextmanager
def explained() -> Iterator[None]:
    """Turn what stops a command into its message and exit code."""
    try:
        yield
    except (SettingsError, app.AddressTaken) as wrong:
        raise WrongUsage(str(wrong)) from None
    except (
        DatabaseUnusable,
        companies.CompanyTaken,
        companies.OtherEnvironment,
        companies.RedirectURITooLong,
        NameNotTransferable,
        CallbackURLRefused,
    ) as failed:
        raise Failed(str(failed)) from None
    except callbacks.CallbackUnknown as unknown:
        raise Failed(f"{unknown} has no callback: integrator callback set") from None
    except companies.CompanyUnknown as unknown:
        raise Failed(f"no company {unknown} is registered: integrator company add") from None


@contextmanager
def open_database(settings: StoreSettings | WebSettings | WorkerSettings) -> Iterator[Database]:
    """Give the database of the settings, migrated and of their environment. Raises Failed, SettingsError."""
    database = Database(settings.database_url, effects=NoCheckpoints())
    try:
        if not is_current(database):
            raise Failed("the database does not answer or lacks migrations: run integrator migrate")
        check_environment(database, settings.environment)
        yield database.acting("command")
    finally:
        database.close()

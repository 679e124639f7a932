"""The commands for people's accounts on the operators' page. What they do stands in `operators`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

import click

from integrator import operators
from integrator.operators import NewText, OperatorRole, Operators
from integrator.store.database import Database

OpenDatabase = Callable[[], AbstractContextManager[Database]]
Now = Callable[[], datetime]


def group(open_database: OpenDatabase, *, now: Now, new_text: NewText) -> click.Group:
    """Return the command `operator` with its commands, working on what `open_database` gives."""

    @contextmanager
    def accounts() -> Iterator[Operators]:
        with open_database() as database, _explained():
            yield Operators(database, new_text=new_text)

    @click.group("operator")
    def made() -> None:
        """People who may use the operators' page /operator: each with an account of their own."""

    @made.command("add")
    @click.argument("name")
    @click.option(
        "--role",
        type=click.Choice([role.value for role in OperatorRole]),
        default=OperatorRole.VIEWER.value,
        show_default=True,
        help="viewer looks; operator may also stop, resume and decide.",
    )
    def add(name: str, role: str) -> None:
        """Make an account for NAME and print its one-time password, good for 72 hours. It is shown this once."""
        with accounts() as found:
            click.echo(found.add(name, OperatorRole(role), at=now()).reveal())

    @made.command("list")
    def list_all() -> None:
        """List the accounts: name, role and state, never a password."""
        with open_database() as database:
            for person in operators.list_operators(database):
                click.echo(f"{person.name}\t{person.role}\t{_state(person.disabled_at, person.one_time_until)}")

    @made.command("reset-password")
    @click.argument("name")
    def reset(name: str) -> None:
        """Print a new one-time password for NAME; every log-in of that person ends."""
        with accounts() as found:
            click.echo(found.reset(name, at=now()).reveal())

    @made.command("disable")
    @click.argument("name")
    def disable(name: str) -> None:
        """Let NAME in no more, at once and for ever. The name stays in the audit and is not given again."""
        with accounts() as found:
            found.disable(name, at=now())
        click.echo(f"disabled {name}")

    return made


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except operators.NameInvalid as wrong:
        raise click.BadParameter(
            f"{wrong}: expected 2 to 32 lower-case letters, digits, points, hyphens and underscores, a letter first"
        ) from None
    except operators.OperatorTaken as taken:
        raise click.ClickException(f"there is an account {taken} already: integrator operator reset-password") from None
    except operators.OperatorUnknown as unknown:
        raise click.ClickException(f"there is no account {unknown}: integrator operator list") from None


def _state(disabled_at: datetime | None, one_time_until: datetime | None) -> str:
    if disabled_at is not None:
        return f"disabled {disabled_at.isoformat()}"
    return "active" if one_time_until is None else f"one-time password until {one_time_until.isoformat()}"

"""Where sealed texts lie: one literal table, and the statements that visit them. What they say is never seen here."""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Column, Connection, Table, func, literal, select, update

from integrator.store.schema import callback_secrets, companies, connections, installation, jobs
from integrator.vault import ENVELOPE, Kind, header_of

BATCH = 100  # sealed texts in one transaction of a rotation


class Form(StrEnum):
    KEPT = "kept"  # sealed by the worker
    INTAKE = "intake"  # sealed by the web for the worker


@dataclass(frozen=True, slots=True)
class Place:
    """One column of sealed texts. `owner` None: the company that stands in the row's company_id."""

    table: Table
    column: str
    kind: Kind
    form: Form
    owner: str | None = None

    @property
    def name(self) -> str:
        """Return table and column as people write them."""
        return f"{self.table.name}.{self.column}"

    @property
    def key(self) -> Column[str]:
        """Return the primary key."""
        (key,) = self.table.primary_key.columns
        return key


CANARY_OWNER = "installation"
PLACES = (
    Place(companies, "sealed_client_secret", Kind.CLIENT_SECRET, Form.KEPT),
    Place(companies, "intake_client_secret", Kind.CLIENT_SECRET, Form.INTAKE),
    Place(connections, "sealed_access_token", Kind.ACCESS_TOKEN, Form.KEPT),
    Place(connections, "sealed_refresh_token", Kind.REFRESH_TOKEN, Form.KEPT),
    Place(callback_secrets, "sealed_secret", Kind.CALLBACK_SECRET, Form.KEPT),
    Place(callback_secrets, "intake_secret", Kind.CALLBACK_SECRET, Form.INTAKE),
    Place(jobs, "intake_secret", Kind.AUTHORIZATION_CODE, Form.INTAKE),
    Place(installation, "sealed_canary", Kind.CANARY, Form.KEPT, CANARY_OWNER),
)


@dataclass(frozen=True, slots=True)
class Found:
    """One sealed text: whose it is, and the key of its row."""

    row_key: str | int
    company_id: str
    sealed: bytes = field(repr=False)


def page_of_seals(
    tx: Connection, place: Place, *, after: str | int | None, but_key_id: str | None, limit: int
) -> list[Found]:
    """Return at most `limit` sealed texts of a column, by the row's key; `but_key_id` leaves out what has this key."""
    column = place.table.c[place.column]
    owner = place.table.c.company_id if place.owner is None else literal(place.owner)
    statement = select(place.key, owner, column).where(column.is_not(None)).order_by(place.key).limit(limit)
    if after is not None:
        statement = statement.where(place.key > after)
    if but_key_id is not None:
        header = header_of(but_key_id)
        statement = statement.where(func.substr(column, 1, len(header)) != header)
    return [Found(row[0], row[1], row[2]) for row in tx.execute(statement)]


def exchange_seal(tx: Connection, place: Place, found: Found, *, renewed: bytes) -> bool:
    """Put `renewed` where `found` lies. False when something else lies there by now."""
    column = place.table.c[place.column]
    same = (place.key == found.row_key) & (column == found.sealed)
    return tx.execute(update(place.table).where(same).values({place.column: renewed})).rowcount == 1


def key_ids_in_use(tx: Connection, place: Place) -> dict[str, int]:
    """Return how many texts that the worker keeps in a column need each master key."""
    column = place.table.c[place.column]
    start = func.substr(column, 1, len(header_of("12345678")))
    counted: dict[str, int] = {}
    for head, number in tx.execute(select(start, func.count()).where(column.is_not(None)).group_by(start)):
        key_id = bytes(head).removeprefix(ENVELOPE)[:8].decode("ascii", "replace")
        counted[key_id] = counted.get(key_id, 0) + int(number)
    return counted

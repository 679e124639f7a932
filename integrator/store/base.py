"""What every table is made of: the registry of tables, the type of an instant, and the present in statements."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, DateTime, MetaData, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. Stored as `timestamptz`; SQLite, which has no such type, keeps UTC without the offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset: pass an aware datetime in UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Moment = datetime | ColumnElement[datetime]
"""An instant in a condition: itself, or a parameter of a statement that is built once."""

NOW: ColumnElement[datetime] = bindparam("now", type_=Instant())
MACHINE: ColumnElement[datetime] = bindparam("machine", type_=Instant())

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

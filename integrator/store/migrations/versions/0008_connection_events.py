"""Events of a connection beside those of payouts; a worker's clock against the database's; what is to be reconciled.

What became of connections before is not told: it was seen by whoever asked. SQLite cannot change a condition of a
table, so its table of events is made anew, and what waits to be delivered steps aside meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KINDS = "kind IN ('payout.changed', 'connection.changed', 'callback.test')"
OF_CONNECTION = "kind = 'connection.changed'"
WITHOUT_POSITION = "position IS NULL"
COLUMNS = "number, event_id, company_id, payout_id, kind, sequence, body, occurred_at, position"


def upgrade() -> None:
    """Widen the kinds of events, and add the columns."""
    if op.get_bind().dialect.name == "sqlite":
        _make_events_anew()
    else:
        op.drop_constraint(op.f("ck_events_kind_known"), "events", type_="check")
        op.create_check_constraint(op.f("ck_events_kind_known"), "events", KINDS)
    op.create_index(
        "uq_events_connection",
        "events",
        ["company_id", "sequence"],
        unique=True,
        sqlite_where=sa.text(OF_CONNECTION),
        postgresql_where=sa.text(OF_CONNECTION),
    )
    told = sa.Column("told_state", sa.String(length=16), server_default="connected", nullable=False)
    op.add_column("connections", told)
    op.execute("UPDATE connections SET told_state = state")
    running = sa.text("state = 'running'")
    op.create_index(
        "ix_reconciliations_running", "reconciliations", ["due_at"], sqlite_where=running, postgresql_where=running
    )
    op.add_column("workers", sa.Column("clock_ahead_ms", sa.Integer(), nullable=True))


def _make_events_anew() -> None:
    op.execute("CREATE TEMPORARY TABLE waiting_deliveries AS SELECT * FROM deliveries")
    op.execute("DELETE FROM deliveries")
    op.create_table(
        "new_events",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("payout_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'payout.changed') = (payout_id IS NOT NULL)",
            name=op.f("ck_events_payout_events_name_their_payout"),
        ),
        sa.CheckConstraint(KINDS, name=op.f("ck_events_kind_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_events_company_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.payout_id"], name=op.f("fk_events_payout_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        sa.UniqueConstraint("company_id", "position", name=op.f("uq_events_company_id_position")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("payout_id", "sequence", name=op.f("uq_events_payout_id_sequence")),
    )
    op.execute(f"INSERT INTO new_events ({COLUMNS}) SELECT {COLUMNS} FROM events")  # noqa: S608
    op.drop_table("events")
    op.rename_table("new_events", "events")
    op.create_index(
        "ix_events_without_position", "events", ["company_id", "number"], sqlite_where=sa.text(WITHOUT_POSITION)
    )
    op.execute("INSERT INTO deliveries SELECT * FROM waiting_deliveries")
    op.execute("DROP TABLE waiting_deliveries")

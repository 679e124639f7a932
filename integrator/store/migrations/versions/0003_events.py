"""Events of payouts, callbacks with their secrets, deliveries; indexes for lists by case and apply number.

Payouts from before have no events until they change again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables and indexes."""
    _create_events()
    _create_callbacks()
    op.create_index("ix_payouts_company_case", "payouts", ["company_id", "case_reference"], unique=False)
    op.create_index("ix_payouts_company_apply_no", "payouts", ["company_id", "apply_no"], unique=False)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
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
        sa.CheckConstraint("kind IN ('payout.changed', 'callback.test')", name=op.f("ck_events_kind_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_events_company_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.payout_id"], name=op.f("fk_events_payout_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        sa.UniqueConstraint("company_id", "position", name=op.f("uq_events_company_id_position")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("payout_id", "sequence", name=op.f("uq_events_payout_id_sequence")),
    )
    op.create_index(
        "ix_events_without_position",
        "events",
        ["company_id", "number"],
        unique=False,
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "deliveries",
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_deliveries_company_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_deliveries_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("stream", "sequence", name=op.f("uq_deliveries_stream_sequence")),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["company_id", "due_at"], unique=False)


def _create_callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=512), nullable=False),
        sa.Column("is_slow", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_id", sa.String(length=40), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.String(length=32), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_callbacks_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_callbacks")),
    )
    op.create_table(
        "callback_secrets",
        sa.Column("secret_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("intake_secret", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["callbacks.company_id"], name=op.f("fk_callback_secrets_company_id")),
        sa.PrimaryKeyConstraint("secret_id", name=op.f("pk_callback_secrets")),
    )
    op.create_index("ix_callback_secrets_company", "callback_secrets", ["company_id"], unique=False)

"""Audit chains, stops, restores, reconciliations and differences; the days on which the statement shows a payout.

What was paid before is reconciled when somebody asks for its days: integrator reconcile --from --to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "audit_rows",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=160), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_audit_rows")),
    )
    op.create_table(
        "payout_stops",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("stopped_by", sa.String(length=100), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause IN ('emergency', 'restored')", name=op.f("ck_payout_stops_cause_known")),
        sa.PrimaryKeyConstraint("scope", "cause", name=op.f("pk_payout_stops")),
    )
    op.create_table(
        "differences",
        sa.Column("difference_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("amount_yen", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'explained', 'closed')", name=op.f("ck_differences_state_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_differences_company_id")),
        sa.PrimaryKeyConstraint("difference_id", name=op.f("pk_differences")),
    )
    op.create_index(
        "ix_differences_company", "differences", ["company_id", "created_at", "difference_id"], unique=False
    )
    op.create_table(
        "found_orders",
        sa.Column("mark", sa.String(length=20), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("apply_no", sa.String(length=16), nullable=False),
        sa.Column("amount_yen", sa.BigInteger(), nullable=False),
        sa.Column("look_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_found_orders_company_id")),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_found_orders")),
    )
    op.create_table(
        "reconciliations",
        sa.Column("reconciliation_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("date_from", sa.String(length=10), nullable=False),
        sa.Column("date_to", sa.String(length=10), nullable=False),
        sa.Column("is_daily", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("ck_reconciliations_state_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_reconciliations_company_id")),
        sa.PrimaryKeyConstraint("reconciliation_id", name=op.f("pk_reconciliations")),
    )
    op.create_index(
        "ix_reconciliations_company", "reconciliations", ["company_id", "created_at", "reconciliation_id"], unique=False
    )
    op.create_index(
        "uq_reconciliations_daily",
        "reconciliations",
        ["company_id", "date_to"],
        unique=True,
        sqlite_where=sa.text("is_daily"),
        postgresql_where=sa.text("is_daily"),
    )
    op.create_table(
        "restores",
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.String(length=100), nullable=False),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_restores_company_id")),
        sa.PrimaryKeyConstraint("company_id", "declared_at", name=op.f("pk_restores")),
    )
    op.add_column("payouts", sa.Column("debited_on", sa.String(length=10), nullable=True))
    op.add_column("payouts", sa.Column("returned_on", sa.String(length=10), nullable=True))

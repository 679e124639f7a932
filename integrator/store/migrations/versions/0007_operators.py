"""Operators and their log-ins, workers that are seen, what they counted; the id of the request behind a row."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables. What was stored before was asked for by nobody we know."""
    op.add_column("payouts", sa.Column("request_id", sa.String(length=64), nullable=True))
    op.add_column("jobs", sa.Column("request_id", sa.String(length=64), nullable=True))
    op.create_index("ix_payouts_state", "payouts", ["state", "updated_at"], unique=False)
    _create_operators()
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_workers")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("first", sa.String(length=48), nullable=False),
        sa.Column("second", sa.String(length=48), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "first", "second", name=op.f("pk_counters")),
    )


def _create_operators() -> None:
    op.create_table(
        "operators",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("one_time_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'operator')", name=op.f("ck_operators_role_known")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_operators")),
    )
    op.create_table(
        "operator_sessions",
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["operators.name"], name=op.f("fk_operator_sessions_name")),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_operator_sessions")),
    )
    op.create_index("ix_operator_sessions_name", "operator_sessions", ["name"], unique=False)
    op.create_table(
        "login_failures",
        sa.Column("bucket", sa.String(length=8), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_failures")),
    )

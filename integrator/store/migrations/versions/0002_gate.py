"""Who waits at the gate, how often the bank refused for its limit, and how often a claim came to no end."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the queue of the gate and two counters. What was stored before has waited for nothing and failed never."""
    op.add_column("gate_slots", sa.Column("limited_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("submissions", sa.Column("claim_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "gate_waits",
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_gate_waits")),
    )
    op.create_index("ix_gate_waits_rank", "gate_waits", ["client_id", "rank_at"], unique=False)

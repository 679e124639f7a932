"""The tables of supervision: audit, stops, restores, reconciliation. Columns only, as in `schema`.

Migrations create exactly this; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from integrator.store.base import Instant, metadata

# One hash chain for each company, and one ("*") for what belongs to none. The head is locked by whoever chains rows.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Written with the change, without a number; chained soon after the commit, because its order is not known before.
audit_rows = Table(
    "audit_rows",
    metadata,
    Column("row_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("chain", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("who", String(160), nullable=False),
    Column("what", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("before", Text),  # JSON without secrets
    Column("after", Text),
    Column("number", Integer),
    Column("previous_hash", String(64)),
    Column("hash", String(64)),
    UniqueConstraint("chain", "number"),
    Index(
        "ix_audit_rows_unchained",
        "chain",
        "row_id",
        sqlite_where=text("number IS NULL"),
        postgresql_where=text("number IS NULL"),
    ),
)

# While a row stands here no order leaves, of one company or ("*") of all.
payout_stops = Table(
    "payout_stops",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("cause", String(16), primary_key=True),
    Column("reason", String(500), nullable=False),
    Column("stopped_by", String(100), nullable=False),
    Column("stopped_at", Instant, nullable=False),
    CheckConstraint("cause IN ('emergency', 'restored')", name="cause_known"),
)

# A database that was restored: one row a company, open until the bank's list has been read for it.
restores = Table(
    "restores",
    metadata,
    Column("company_id", ForeignKey("companies.company_id"), primary_key=True),
    Column("declared_at", Instant, primary_key=True),
    Column("declared_by", String(100), nullable=False),
    Column("backup_at", Instant, nullable=False),
    Column("look_from", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", Instant),
    Column("scanned_at", Instant),
    Column("found", Integer, nullable=False),
)

# Orders of ours at the bank that the restored database does not know. Whoever places such a payout again gets it.
found_orders = Table(
    "found_orders",
    metadata,
    Column("mark", String(20), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("apply_no", String(16), nullable=False),
    Column("amount_yen", BigInteger, nullable=False),
    Column("look_from", Instant, nullable=False),  # it was ordered after this
    Column("found_at", Instant, nullable=False),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("reconciliation_id", String(32), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("date_from", String(10), nullable=False),
    Column("date_to", String(10), nullable=False),
    Column("is_daily", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", Instant),
    Column("counts", Text),  # JSON: statement lines read, payouts matched, differences by kind
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    CheckConstraint("state IN ('running', 'done')", name="state_known"),
    Index("ix_reconciliations_company", "company_id", "created_at", "reconciliation_id"),
    Index(
        "ix_reconciliations_running",
        "due_at",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "uq_reconciliations_daily",
        "company_id",
        "date_to",
        unique=True,
        sqlite_where=Column("is_daily"),
        postgresql_where=Column("is_daily"),
    ),
)

# What the statement and we do not agree on. Never edited away: a person explains or closes it, and stands there for it.
differences = Table(
    "differences",
    metadata,
    Column("difference_id", String(32), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("day", String(10), nullable=False),
    Column("amount_yen", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),  # JSON: payouts, statement lines, what differs
    Column("state", String(16), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("reason", String(500)),
    Column("decided_by", String(100)),
    Column("decided_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("state IN ('open', 'explained', 'closed')", name="state_known"),
    Index("ix_differences_company", "company_id", "created_at", "difference_id"),
)

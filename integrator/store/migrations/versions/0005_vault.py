"""Which environment the database belongs to, chores with a due time, and which end of a consent was announced.

PostgreSQL's statistics would keep samples of sealed columns beside the table, so none are taken of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SEALED = (
    ("companies", "intake_client_secret"),
    ("companies", "sealed_client_secret"),
    ("connections", "sealed_access_token"),
    ("connections", "sealed_refresh_token"),
    ("jobs", "intake_secret"),
    ("callback_secrets", "intake_secret"),
    ("callback_secrets", "sealed_secret"),
    ("installation", "sealed_canary"),
)


def upgrade() -> None:
    """Create the tables; a database with companies belongs to their environment, an empty one to none yet."""
    op.add_column("connections", sa.Column("announced_days", sa.Integer(), nullable=True))
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.execute("INSERT INTO chores (name, due_at) VALUES ('purge', '1970-01-01 00:00:00.000000')")
    op.create_table(
        "installation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=True),
        sa.Column("sealed_canary", sa.LargeBinary(), nullable=True),
        sa.Column("intake_keys", sa.Text(), nullable=True),
        sa.CheckConstraint("number = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_installation")),
    )
    op.execute(
        "INSERT INTO installation (number, environment) "
        "SELECT 1, CASE WHEN count(DISTINCT environment) = 1 THEN min(environment) END FROM companies"
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in SEALED:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")

"""How many lines a submission may go together with, and an index to look at a company's submissions at once.

Submissions from before have one line each and go on as they are; those not sent yet may go together.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column, with the bank's own bound for what was stored before, and the index."""
    op.add_column("submissions", sa.Column("together_max", sa.Integer(), server_default="99", nullable=False))
    op.create_index("ix_submissions_company", "submissions", ["company_id", "state", "due_at"], unique=False)

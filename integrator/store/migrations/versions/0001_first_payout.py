"""The tables of the first payout."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "companies",
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("intake_client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("has_kept_secret", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.String(length=29), nullable=False),
        sa.Column("remitter_name", sa.String(length=48), nullable=True),
        sa.Column("redirect_uri", sa.String(length=256), nullable=False),
        sa.Column("payout_limit_yen", sa.BigInteger(), nullable=False),
        sa.Column("requests_per_second", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "environment IN ('local', 'development', 'production')", name=op.f("ck_companies_environment_known")
        ),
        sa.CheckConstraint("payout_limit_yen > 0", name=op.f("ck_companies_limit_positive")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_companies")),
        sa.UniqueConstraint("client_id", name=op.f("uq_companies_client_id")),
    )
    op.create_table(
        "gate_slots",
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("next_slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_gate_slots")),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'operator') = (company_id IS NULL)", name=op.f("ck_api_keys_company_keys_name_their_company")
        ),
        sa.CheckConstraint("role IN ('operator', 'company')", name=op.f("ck_api_keys_role_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_api_keys_company_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "connections",
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.String(length=256), nullable=False),
        sa.Column("sealed_access_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_owner", sa.String(length=64), nullable=True),
        sa.Column("refresh_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_in_doubt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('connected', 'needs_consent')", name=op.f("ck_connections_state_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_connections_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_connections")),
    )
    op.create_table(
        "consent_requests",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_consent_requests_company_id")),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_consent_requests")),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("intake_secret", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('ready', 'running', 'done', 'failed')", name=op.f("ck_jobs_state_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_jobs_company_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_ready", "jobs", ["state", "created_at"], unique=False)
    op.create_table(
        "payouts",
        sa.Column("payout_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("amount_yen", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary_bank_code", sa.String(length=4), nullable=False),
        sa.Column("beneficiary_branch_code", sa.String(length=3), nullable=False),
        sa.Column("beneficiary_account_type", sa.String(length=1), nullable=False),
        sa.Column("beneficiary_account_number", sa.String(length=7), nullable=False),
        sa.Column("beneficiary_name", sa.String(length=100), nullable=False),
        sa.Column("beneficiary_name_kana", sa.String(length=48), nullable=False),
        sa.Column("case_type", sa.String(length=16), nullable=False),
        sa.Column("case_reference", sa.String(length=64), nullable=False),
        sa.Column("designated_date", sa.String(length=10), nullable=True),
        sa.Column("replaces", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("fee_yen", sa.BigInteger(), nullable=True),
        sa.Column("apply_no", sa.String(length=16), nullable=True),
        sa.Column("bank_status", sa.String(length=4), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_yen > 0", name=op.f("ck_payouts_amount_positive")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_payouts_company_id")),
        sa.ForeignKeyConstraint(["replaces"], ["payouts.payout_id"], name=op.f("fk_payouts_replaces")),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("company_id", "idempotency_key", name=op.f("uq_payouts_company_id_idempotency_key")),
        sa.UniqueConstraint("replaces", name=op.f("uq_payouts_replaces")),
    )
    op.create_index("ix_payouts_company_created", "payouts", ["company_id", "created_at", "payout_id"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=29), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("bank_key", sa.String(length=128), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("designated_date", sa.String(length=10), nullable=True),
        sa.Column("grant_id", sa.String(length=32), nullable=True),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("apply_no", sa.String(length=16), nullable=True),
        sa.Column("stray_apply_no", sa.String(length=16), nullable=True),
        sa.Column("unseen_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_state", sa.String(length=16), nullable=False),
        sa.Column("cancel_first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubt_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubt_reason", sa.String(length=200), nullable=True),
        sa.Column("followed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_submissions_company_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("bank_key", name=op.f("uq_submissions_bank_key")),
    )
    op.create_index("ix_submissions_due", "submissions", ["state", "due_at", "submission_id"], unique=False)
    op.create_table(
        "payout_history",
        sa.Column("payout_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.payout_id"], name=op.f("fk_payout_history_payout_id")),
        sa.PrimaryKeyConstraint("payout_id", "sequence", name=op.f("pk_payout_history")),
    )
    op.create_table(
        "submission_lines",
        sa.Column("submission_id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("payout_id", sa.String(length=32), nullable=False),
        sa.Column("mark", sa.String(length=20), nullable=False),
        sa.Column("amount_yen", sa.BigInteger(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.payout_id"], name=op.f("fk_submission_lines_payout_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_submission_lines_submission_id")
        ),
        sa.PrimaryKeyConstraint("submission_id", "item_id", name=op.f("pk_submission_lines")),
        sa.UniqueConstraint("mark", name=op.f("uq_submission_lines_mark")),
    )
    op.create_index("ix_submission_lines_payout", "submission_lines", ["payout_id"], unique=False)
    op.create_index(
        "uq_submission_lines_live_payout",
        "submission_lines",
        ["payout_id"],
        unique=True,
        sqlite_where=sa.text("is_live"),
        postgresql_where=sa.text("is_live"),
    )

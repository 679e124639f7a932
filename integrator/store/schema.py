"""The tables. Columns only: no query lives here. Migrations create exactly this; a test compares the two."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import BigInteger

from integrator.store import supervised as supervised
from integrator.store.base import Instant as Instant
from integrator.store.base import metadata as metadata

companies = Table(
    "companies",
    metadata,
    Column("company_id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("client_id", String(128), nullable=False, unique=True),
    # Sealed by the web with the intake key, replaced by the worker with the vault's seal; never in clear.
    Column("intake_client_secret", LargeBinary),
    Column("sealed_client_secret", LargeBinary),
    Column("has_kept_secret", Boolean, nullable=False),  # for those who may not read the sealed columns
    Column("account_id", String(29), nullable=False),
    Column("remitter_name", String(48)),
    Column("redirect_uri", String(256), nullable=False),
    Column("payout_limit_yen", BigInteger, nullable=False),
    Column("requests_per_second", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("environment IN ('local', 'development', 'production')", name="environment_known"),
    CheckConstraint("payout_limit_yen > 0", name="limit_positive"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("company_id", ForeignKey("companies.company_id")),
    Column("name", String(100), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    CheckConstraint("(role = 'operator') = (company_id IS NULL)", name="company_keys_name_their_company"),
    CheckConstraint("role IN ('operator', 'company')", name="role_known"),
)

# One row per authorization URL given out. The state itself is never stored, only its hash.
consent_requests = Table(
    "consent_requests",
    metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

# One company's standing consent. `grant_id` changes with each consent, `version` with each stored token.
connections = Table(
    "connections",
    metadata,
    Column("company_id", ForeignKey("companies.company_id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("grant_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("scopes", String(256), nullable=False),
    Column("sealed_access_token", LargeBinary),
    Column("access_expires_at", Instant, nullable=False),
    Column("sealed_refresh_token", LargeBinary),
    Column("refresh_expires_at", Instant),
    Column("granted_at", Instant, nullable=False),
    Column("refreshed_at", Instant),
    Column("refresh_owner", String(64)),
    Column("refresh_until", Instant),
    Column("refresh_in_doubt_at", Instant),
    Column("announced_days", Integer),  # the nearest end of the consent that was announced: 14, 7 or 1
    Column("told_state", String(16), nullable=False, server_default="connected"),  # the state that ReCORE was told last
    CheckConstraint("state IN ('connected', 'needs_consent')", name="state_known"),
)

# What the web asks of the worker, and its answer.
jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("arguments", Text, nullable=False),  # JSON without secrets
    Column("intake_secret", LargeBinary),  # an authorization code, sealed for the worker
    Column("state", String(16), nullable=False),
    Column("result", Text),  # JSON without secrets
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", Instant),
    Column("request_id", String(64)),  # of the request that asked, for the log
    CheckConstraint("state IN ('ready', 'running', 'done', 'failed')", name="state_known"),
    Index("ix_jobs_ready", "state", "created_at"),
)

payouts = Table(
    "payouts",
    metadata,
    Column("payout_id", String(32), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("idempotency_key", String(128), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("amount_yen", BigInteger, nullable=False),
    Column("beneficiary_bank_code", String(4), nullable=False),
    Column("beneficiary_branch_code", String(3), nullable=False),
    Column("beneficiary_account_type", String(1), nullable=False),
    Column("beneficiary_account_number", String(7), nullable=False),
    Column("beneficiary_name", String(100), nullable=False),
    Column("beneficiary_name_kana", String(48), nullable=False),
    Column("case_type", String(16), nullable=False),
    Column("case_reference", String(64), nullable=False),
    Column("designated_date", String(10)),  # as ReCORE asked; the day really sent stands in the submission
    Column("replaces", ForeignKey("payouts.payout_id"), unique=True),
    Column("state", String(24), nullable=False),
    Column("fee_yen", BigInteger),
    Column("apply_no", String(16)),
    Column("bank_status", String(4)),
    Column("problem", Text),  # JSON, RFC 9457
    Column("cancel_requested_at", Instant),
    Column("request_id", String(64)),  # of the request that placed it, for the log
    # The days on which the statement shows the debit, and the money that came back; null until it certainly does.
    Column("debited_on", String(10)),
    Column("returned_on", String(10)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("company_id", "idempotency_key"),
    CheckConstraint("amount_yen > 0", name="amount_positive"),
    Index("ix_payouts_company_created", "company_id", "created_at", "payout_id"),
    Index("ix_payouts_company_case", "company_id", "case_reference"),
    Index("ix_payouts_company_apply_no", "company_id", "apply_no"),
    Index("ix_payouts_state", "state", "updated_at"),
)

payout_history = Table(
    "payout_history",
    metadata,
    Column("payout_id", ForeignKey("payouts.payout_id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("state", String(24), nullable=False),
    Column("at", Instant, nullable=False),
)

# What is sent to the bank: frozen at first send, repeated only byte for byte.
submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", String(32), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("account_id", String(29), nullable=False),
    Column("state", String(24), nullable=False),
    Column("bank_key", String(128), nullable=False, unique=True),
    Column("body", LargeBinary),  # null until first send
    Column("designated_date", String(10)),
    Column("grant_id", String(32)),  # who consented: stands for the consenting user
    Column("first_attempt_at", Instant),
    Column("attempt_count", Integer, nullable=False),
    Column("apply_no", String(16)),
    Column("stray_apply_no", String(16)),  # a second order of ours at the bank: only a person may decide
    Column("unseen_since", Instant),  # complete at the bank, but not shown by its status
    Column("cancel_state", String(16), nullable=False),
    Column("cancel_first_attempt_at", Instant),
    Column("doubt_since", Instant),
    Column("doubt_reason", String(200)),
    Column("followed_since", Instant),
    Column("due_at", Instant, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", Instant),
    Column("claim_count", Integer, nullable=False, server_default="0"),  # claims in a row that nobody ended
    Column("together_max", Integer, nullable=False, server_default="99"),  # lines it may go with; less after refusals
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_submissions_due", "state", "due_at", "submission_id"),
    Index("ix_submissions_company", "company_id", "state", "due_at"),
)

submission_lines = Table(
    "submission_lines",
    metadata,
    Column("submission_id", ForeignKey("submissions.submission_id"), primary_key=True),
    Column("item_id", Integer, primary_key=True),
    Column("payout_id", ForeignKey("payouts.payout_id"), nullable=False),
    Column("mark", String(20), nullable=False, unique=True),
    Column("amount_yen", BigInteger, nullable=False),
    Column("is_live", Boolean, nullable=False),  # false once the bank can no longer pay this line
    Index("ix_submission_lines_payout", "payout_id"),
    # At most one submission of a payout is not known dead.
    Index(
        "uq_submission_lines_live_payout",
        "payout_id",
        unique=True,
        sqlite_where=Column("is_live"),
        postgresql_where=Column("is_live"),
    ),
)

gate_slots = Table(
    "gate_slots",
    metadata,
    Column("client_id", String(128), primary_key=True),
    Column("next_slot_at", Instant, nullable=False),
    Column("limited_count", Integer, nullable=False, server_default="0"),  # 429 in a row
)

# Who waits for a turn. A ticket of a dead process is passed over once, and gone with that.
gate_waits = Table(
    "gate_waits",
    metadata,
    Column("ticket_id", String(32), primary_key=True),
    Column("client_id", String(128), nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("rank_at", Instant, nullable=False),  # place in the queue
    Column("until", Instant, nullable=False),
    Index("ix_gate_waits_rank", "client_id", "rank_at"),
)

# What ReCORE is told, written with the change it tells of. `position` orders a company's events for those who pull
# them; it is given at the first pull, because the order of commits is not known before.
events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event_id", String(40), nullable=False, unique=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("payout_id", ForeignKey("payouts.payout_id")),
    Column("kind", String(32), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON, exactly as ReCORE gets it
    Column("occurred_at", Instant, nullable=False),
    Column("position", BigInteger),
    UniqueConstraint("payout_id", "sequence"),
    UniqueConstraint("company_id", "position"),
    CheckConstraint("kind IN ('payout.changed', 'connection.changed', 'callback.test')", name="kind_known"),
    CheckConstraint("(kind = 'payout.changed') = (payout_id IS NOT NULL)", name="payout_events_name_their_payout"),
    Index(
        "uq_events_connection",
        "company_id",
        "sequence",
        unique=True,
        sqlite_where=text("kind = 'connection.changed'"),
        postgresql_where=text("kind = 'connection.changed'"),
    ),
    Index(
        "ix_events_without_position",
        "company_id",
        "number",
        sqlite_where=text("position IS NULL"),
        postgresql_where=text("position IS NULL"),
    ),
)

# Where a company wants its events, and how its receiver behaves. One delivery of a company is under way at a time.
callbacks = Table(
    "callbacks",
    metadata,
    Column("company_id", ForeignKey("companies.company_id"), primary_key=True),
    Column("url", String(512), nullable=False),
    Column("is_slow", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row, without any answer
    Column("paused_until", Instant, nullable=False),
    Column("served_at", Instant, nullable=False),
    Column("last_event_id", String(40)),
    Column("last_at", Instant),
    Column("last_outcome", String(32)),
    Column("last_status", Integer),
    Column("lease_owner", String(64)),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# Sealed by the web with the intake key, replaced by the worker with the vault's seal; never in clear.
callback_secrets = Table(
    "callback_secrets",
    metadata,
    Column("secret_id", String(32), primary_key=True),
    Column("company_id", ForeignKey("callbacks.company_id"), nullable=False),
    Column("intake_secret", LargeBinary),
    Column("sealed_secret", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("valid_until", Instant),  # null for the one that stays
    Index("ix_callback_secrets_company", "company_id"),
)

# Events that the receiver has not taken yet; a row is gone once it has. `stream` keeps the order: a payout's events.
deliveries = Table(
    "deliveries",
    metadata,
    Column("event_id", ForeignKey("events.event_id"), primary_key=True),
    Column("company_id", ForeignKey("companies.company_id"), nullable=False),
    Column("stream", String(40), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    UniqueConstraint("stream", "sequence"),
    Index("ix_deliveries_due", "company_id", "due_at"),
)

# The one row that tells to which environment, and to whose keys, this database belongs.
installation = Table(
    "installation",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("environment", String(16)),
    Column("sealed_canary", LargeBinary),  # opens only with this database's master keys
    Column("intake_keys", Text),  # JSON list of fingerprints: the public keys whose seals the workers open
    CheckConstraint("number = 1", name="only_one"),
)

# What one worker of all does now and then.
chores = Table(
    "chores",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("due_at", Instant, nullable=False),
)

# People who look after the service. A password is stored as its scrypt hash only.
operators = Table(
    "operators",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("one_time_until", Instant),  # null once the person has chosen a password
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    CheckConstraint("role IN ('viewer', 'operator')", name="role_known"),
)

# Log-ins of operators. The cookie itself is never stored, only its hash.
operator_sessions = Table(
    "operator_sessions",
    metadata,
    Column("session_hash", String(64), primary_key=True),
    Column("name", ForeignKey("operators.name"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_operator_sessions_name", "name"),
)

# Failed log-ins in a row. Names fall into a bounded number of buckets, whether anybody has them or not.
login_failures = Table(
    "login_failures",
    metadata,
    Column("bucket", String(8), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("blocked_until", Instant, nullable=False),
)

# Running processes that call the bank, and what they have counted together since the database was made.
workers = Table(
    "workers",
    metadata,
    Column("worker_id", String(32), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("clock_ahead_ms", Integer),  # of the database's clock, as far as certain; null when it cannot differ
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("first", String(48), primary_key=True),
    Column("second", String(48), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

"""The schema: made by migrations, equal to the tables in code, and never laid over something foreign."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from integrator.callbacks import pull_events
from integrator.domain.connection import ToldChange
from integrator.domain.event import connection_stream
from integrator.domain.payout import PayoutState
from integrator.domain.submission import SubmissionState
from integrator.effects import NoCheckpoints
from integrator.store import connections as connection_rows
from integrator.store import payouts as payout_rows
from integrator.store import submissions as rows
from integrator.store.database import Database, DatabaseUnusable
from integrator.store.migrate import MIGRATIONS, is_current, migrate
from integrator.store.schema import metadata
from integrator.store.submissions import Times, Work
from tests.builders import NOON

BEFORE_EVENTS = (
    "INSERT INTO companies (company_id, name, environment, client_id, has_kept_secret, account_id, redirect_uri, "
    "payout_limit_yen, requests_per_second, created_at) VALUES ('shop-0001', 'x', 'local', 'c', true, '101010012345', "
    "'http://127.0.0.1:8320/', 1000, 1, '2026-04-01 03:00:00.000000')",
    "INSERT INTO payouts (payout_id, company_id, idempotency_key, request_hash, amount_yen, beneficiary_bank_code, "
    "beneficiary_branch_code, beneficiary_account_type, beneficiary_account_number, beneficiary_name, "
    "beneficiary_name_kana, case_type, case_reference, state, created_at, updated_at) VALUES ('po_old', 'shop-0001', "
    "'k', 'h', 1, '0001', '001', '1', '1234567', 'ア', 'ｱ', '店頭買取', 'C-1', 'processing', "
    "'2026-04-01 03:00:00.000000', '2026-04-01 03:00:00.000000')",
    "INSERT INTO payout_history (payout_id, sequence, state, at) VALUES "
    "('po_old', 1, 'processing', '2026-04-01 03:00:00.000000')",
)


IN_FLIGHT = (
    *BEFORE_EVENTS,
    "UPDATE payouts SET state = 'submitting'",
    "INSERT INTO submissions (submission_id, company_id, account_id, state, bank_key, body, designated_date, grant_id, "
    "first_attempt_at, attempt_count, cancel_state, due_at, lease_owner, lease_until, created_at, updated_at) VALUES "
    "('su_old', 'shop-0001', '101010012345', 'sending', 'nk-old', NULL, '2026-04-01', 'g', "
    "'2026-04-01 03:00:00.000000', 1, 'none', '2026-04-01 03:00:00.000000', 'w', '2026-04-01 03:02:00.000000', "
    "'2026-04-01 03:00:00.000000', '2026-04-01 03:00:00.000000')",
    "INSERT INTO submission_lines (submission_id, item_id, payout_id, mark, amount_yen, is_live) VALUES "
    "('su_old', 1, 'po_old', 'ROLD0000000000000000', 1, true)",
)

WAITING_EVENT = (
    "INSERT INTO events (event_id, company_id, payout_id, kind, sequence, body, occurred_at, position) VALUES "
    "('ev_old_1', 'shop-0001', 'po_old', 'payout.changed', 1, '{\"type\":\"payout.changed\",\"sequence\": 1}', "
    "'2026-04-01 03:00:00.000000', 1)",
    "INSERT INTO callbacks (company_id, url, is_slow, failures, paused_until, served_at, created_at, updated_at) "
    "VALUES ('shop-0001', 'https://recore.example/', false, 0, '2026-04-01 03:00:00.000000', "
    "'2026-04-01 03:00:00.000000', '2026-04-01 03:00:00.000000', '2026-04-01 03:00:00.000000')",
    "INSERT INTO deliveries (event_id, company_id, stream, sequence, due_at, attempt_count) VALUES "
    "('ev_old_1', 'shop-0001', 'po_old', 1, '2026-04-01 03:00:00.000000', 3)",
    "INSERT INTO connections (company_id, state, grant_id, version, scopes, access_expires_at, granted_at) VALUES "
    "('shop-0001', 'needs_consent', 'g', 1, '', '2026-04-01 03:00:00.000000', '2026-03-01 03:00:00.000000')",
)


def migrate_to(database: Database, revision: str) -> None:
    """Bring an empty database to the schema of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_the_migrations_make_exactly_the_tables_of_the_code(db: Database) -> None:
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_a_second_migration_changes_nothing(db: Database) -> None:
    migrate(db)

    assert is_current(db)


def test_a_database_of_the_first_release_keeps_its_rows_and_gains_the_gates_queue(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    migrate_to(database, "0001")
    with database.begin() as tx:
        tx.execute(text("INSERT INTO gate_slots (client_id, next_slot_at) VALUES ('client-a', '2026-04-01 03:00:00')"))

    migrate(database)

    with database.read() as tx:
        kept = tx.execute(text("SELECT client_id, limited_count FROM gate_slots")).all()
        waiting = tx.execute(text("SELECT count(*) FROM gate_waits")).scalar_one()
    assert is_current(database)
    assert [tuple(row) for row in kept] == [("client-a", 0)]
    assert waiting == 0
    database.close()


def test_a_payout_from_before_the_events_gets_its_first_one_when_it_changes(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    migrate_to(database, "0001")
    with database.begin() as tx:
        for statement in BEFORE_EVENTS:
            tx.execute(text(statement))
    assert not is_current(database)

    migrate(database)
    with database.begin() as tx:
        payout_rows.move(tx, "po_old", PayoutState.SETTLED, at=NOON)

    assert is_current(database)
    page = pull_events(database, "shop-0001", after=0, limit=10)
    assert [(event["event_id"], event["payout"]["state"]) for event in page["events"]] == [("ev_old_1", "settled")]
    assert [step["state"] for step in page["events"][0]["payout"]["history"]] == ["processing", "settled"]
    database.close()


def test_an_order_that_was_being_sent_when_batches_came_goes_on_as_it_is(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    migrate_to(database, "0003")
    with database.begin() as tx:
        for statement in IN_FLIGHT:
            tx.execute(text(statement))

    migrate(database)

    during, after = NOON + timedelta(seconds=119), NOON + timedelta(seconds=121)
    with database.begin() as tx:
        assert rows.claim(tx, Work.RESOLVE, holder="B", at=Times(during, during), until=after) is None
        held = rows.claim(tx, Work.RESOLVE, holder="B", at=Times(after, after), until=after + timedelta(seconds=120))
    assert held is not None
    assert (held.submission_id, held.state, held.bank_key) == ("su_old", SubmissionState.SENDING, "nk-old")
    assert [(line.payout_id, line.mark, line.is_live) for line in held.lines] == [
        ("po_old", "ROLD0000000000000000", True)
    ]
    database.close()


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())

    assert not is_current(database)
    database.close()


def test_a_database_with_foreign_tables_is_left_alone(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    with database.begin() as tx:
        tx.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))

    with pytest.raises(DatabaseUnusable, match="did not make"):
        migrate(database)

    database.close()


def test_a_database_of_a_newer_release_is_left_alone(empty_database_url: str) -> None:
    db = Database(empty_database_url, effects=NoCheckpoints())
    migrate(db)
    with db.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnusable, match="revision 9999"):
        migrate(db)
    assert not is_current(db)
    db.close()


def test_a_file_that_is_no_database_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are somebody's notes, not a database " * 40)
    before = file.read_bytes()
    database = Database(f"sqlite:///{file}", effects=NoCheckpoints())

    with pytest.raises(DatabaseUnusable, match="was left as it is"):
        migrate(database)

    database.close()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "said"), [("nonsense", "expected sqlite:///"), ("mysql://u@h/d", "only sqlite and postgresql")]
)
def test_a_url_that_names_no_database_of_ours_is_refused_with_the_way_out(url: str, said: str) -> None:
    with pytest.raises(DatabaseUnusable, match=said):
        Database(url, effects=NoCheckpoints())


def test_an_event_that_waits_for_its_receiver_still_waits_when_connections_get_events(empty_database_url: str) -> None:
    database = Database(empty_database_url, effects=NoCheckpoints())
    migrate_to(database, "0007")
    with database.begin() as tx:
        for statement in (*BEFORE_EVENTS, *WAITING_EVENT):
            tx.execute(text(statement))

    migrate(database)

    with database.begin() as tx:
        assert connection_rows.tell_lost(tx, "shop-0001", at=NOON) is False, "a loss of before is not told now"
        connection_rows.tell(tx, "shop-0001", ToldChange.LOST, at=NOON)
        waiting = tx.execute(text("SELECT event_id, stream FROM deliveries ORDER BY stream DESC")).all()
    told = pull_events(database, "shop-0001", after=0, limit=10)["events"]
    assert [(event["type"], event["sequence"]) for event in told] == [("payout.changed", 1), ("connection.changed", 1)]
    assert [tuple(row) for row in waiting] == [
        ("ev_old_1", "po_old"),
        (told[1]["event_id"], connection_stream("shop-0001")),
    ]
    database.close()

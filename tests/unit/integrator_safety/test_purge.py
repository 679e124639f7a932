"""What is over is gone from the disk: neither a token nor the bytes that sealed it are in any file of the database."""

import stat
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from integrator import callbacks
from integrator.callbacks import Places
from integrator.effects import NoCheckpoints
from integrator.purging import AGAIN_AFTER, EVERY, purge, purge_when_due, purging_beside
from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.rewriting import rewrite
from integrator.store.schema import callback_secrets, chores, consent_requests, jobs
from tests.unit.integrator_connections.worker_side import PUBLIC_URL, WorkerSide, error_reply, tokens_reply
from tests.unit.integrator_safety.safety_side import another_database, files_with, sealed_tokens, settle_on_disk

TOKENS = [b"access-token-that-is-over", b"refresh-token-that-is-over"]
NEARLY_EXPIRED = {"days": 29, "hours": 1}


def connect_with_known_tokens(side: WorkerSide) -> list[bytes]:
    """Connect a company and return its sealed tokens."""
    side.connect(reply=tokens_reply(access=TOKENS[0].decode(), refresh=TOKENS[1].decode()))
    return sealed_tokens(side.db)


def run_purge(side: WorkerSide) -> None:
    now = side.clock.now()
    done = purge(side.db, now=now, machine_now=side.machine_clock.now(), pause=lambda _seconds: None)
    assert done.rewritten.hindrances == ()
    settle_on_disk(side.db)


def assert_gone(side: WorkerSide, sealed: list[bytes]) -> None:
    # A search for the whole could miss what is torn by a page's end, so each part is searched for as well.
    parts = [text[start : start + 24] for text in sealed for start in range(11, len(text) - 23, 24)]
    assert files_with(side.db, [*TOKENS, *sealed, *parts]) == {}


def test_tokens_that_were_replaced_are_gone_from_every_file(side: WorkerSide) -> None:
    sealed = connect_with_known_tokens(side)
    settle_on_disk(side.db)
    assert files_with(side.db, sealed) != {}, "a search that finds nothing before proves nothing afterwards"
    side.advance(**NEARLY_EXPIRED)
    side.bank.will_say(tokens_reply())
    assert side.worker.desk.tokens.access("mihon-001") is not None

    run_purge(side)

    assert_gone(side, sealed)
    assert files_with(side.db, sealed_tokens(side.db)) != {}, "the tokens that are good stay"
    assert side.worker.desk.tokens.access("mihon-001") is not None


def test_tokens_that_were_revoked_are_gone_from_every_file(side: WorkerSide) -> None:
    sealed = connect_with_known_tokens(side)
    side.advance(**NEARLY_EXPIRED)
    side.bank.will_say(error_reply("invalid_grant"))
    assert side.worker.desk.tokens.access("mihon-001") is None

    run_purge(side)

    assert_gone(side, sealed)


def test_tokens_that_nobody_renewed_are_gone_when_their_time_is_over(side: WorkerSide) -> None:
    sealed = connect_with_known_tokens(side)
    side.advance(days=31)
    run_purge(side)
    assert sealed_tokens(side.db) == sealed[1:], "the refresh token still lives"
    assert_gone(side, sealed[:1])
    assert side.consent().state == "connected"

    side.advance(days=60)
    run_purge(side)

    assert side.consent().state == "needs_consent"
    assert_gone(side, sealed)


def test_a_used_code_and_the_request_for_it_are_gone(side: WorkerSide) -> None:
    side.register()
    assert side.do_job()
    state = side.begin()
    side.bank.will_say(tokens_reply())
    side.accept(state, code="code-that-was-used")
    with side.db.read() as tx:
        sealed = [text for text in tx.execute(select(jobs.c.intake_secret)).scalars() if text is not None]
    assert side.do_job()
    settle_on_disk(side.db)
    assert files_with(side.db, sealed) != {}

    side.advance(hours=2)
    run_purge(side)

    assert files_with(side.db, [b"code-that-was-used", *sealed]) == {}
    with side.db.read() as tx:
        assert tx.execute(select(jobs)).all() == []
        assert tx.execute(select(consent_requests)).all() == []


def test_the_envelope_of_a_client_secret_is_gone_once_the_worker_has_sealed_it(side: WorkerSide) -> None:
    side.register()
    with side.db.read() as tx:
        sealed = [tx.execute(text("SELECT intake_client_secret FROM companies")).scalar_one()]
    assert side.do_job()

    run_purge(side)

    assert files_with(side.db, [bytes(sealed[0])]) == {}


def test_a_signing_secret_is_gone_when_its_overlap_is_over(side: WorkerSide) -> None:
    side.register()
    places = Places(side.db, Environment.LOCAL, side.intake, side.new_text)
    callbacks.set_callback(places, "mihon-001", f"{PUBLIC_URL}/events", at=side.clock.now())
    callbacks.rotate_secret(places, "mihon-001", at=side.clock.now())
    with side.db.read() as tx:
        ending = select(callback_secrets.c.intake_secret).where(callback_secrets.c.valid_until.is_not(None))
        sealed = [tx.execute(ending).scalar_one()]

    side.advance(hours=25)
    run_purge(side)

    assert files_with(side.db, sealed) == {}
    with side.db.read() as tx:
        assert len(tx.execute(select(callback_secrets.c.secret_id)).all()) == 1


def test_a_consent_that_is_being_renewed_is_left_alone(side: WorkerSide) -> None:
    connect_with_known_tokens(side)
    side.advance(days=91)
    with side.db.begin() as tx:
        tx.execute(
            text("UPDATE connections SET refresh_owner = 'x', refresh_until = :until"),
            {"until": (side.machine_clock.now() + timedelta(minutes=1)).isoformat(sep=" ")},
        )

    run_purge(side)

    assert side.consent().state == "connected"
    assert len(sealed_tokens(side.db)) == 2


def test_an_open_transaction_hinders_the_rewriting_and_that_is_told(side: WorkerSide) -> None:
    sealed = connect_with_known_tokens(side)
    is_file = side.db.url.get_backend_name() == "sqlite"
    options = {"reads_only": True} if is_file else {"isolation_level": "REPEATABLE READ"}
    other = another_database(side.db)
    with other.engine.connect().execution_options(**options) as connection:
        connection.execute(text("SELECT count(*) FROM gate_slots")).scalar()
        side.advance(**NEARLY_EXPIRED)
        side.bank.will_say(tokens_reply())
        assert side.worker.desk.tokens.access("mihon-001") is not None

        hindered = rewrite(side.db, pause=lambda _seconds: None)
    other.close()

    assert not hindered.is_complete
    run_purge(side)
    assert_gone(side, sealed)


def test_one_worker_of_all_purges_once_a_day_and_sooner_when_it_was_hindered(side: WorkerSide) -> None:
    def is_done() -> bool:
        return purge_when_due(side.db, clock=side.clock, machine_clock=side.machine_clock)

    assert is_done()
    assert not is_done()
    side.advance(seconds=EVERY.total_seconds() - 1)
    assert not is_done()
    side.advance(seconds=1)
    assert is_done()
    assert timedelta(0) < AGAIN_AFTER < EVERY


def test_the_thread_beside_the_worker_purges_and_ends_with_it(side: WorkerSide) -> None:
    stopping = threading.Event()
    seen = threading.Event()

    class Clock:
        def now(self) -> object:
            seen.set()
            return side.clock.now()

        sleep = side.clock.sleep

    clock: object = Clock()
    with purging_beside(side.db, stopping, clock=side.clock, machine_clock=clock):  # type: ignore[arg-type]
        assert seen.wait(10)
    assert stopping.is_set()
    with side.db.read() as tx:
        assert tx.execute(select(chores.c.name)).scalars().all() == ["purge"]


def test_files_of_sqlite_belong_to_their_owner_alone(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url, effects=NoCheckpoints())
    with database.begin() as tx:
        tx.execute(text("CREATE TABLE t (x)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("integrator.sqlite3*")}
    database.close()

    assert set(modes.values()) == {0o600}
    assert len(modes) == 3


def test_who_gets_the_connection_after_a_rewriting_waits_for_locks_as_long_as_it_takes(
    migrated_postgres_url: str,
) -> None:
    db = Database(migrated_postgres_url, effects=NoCheckpoints())

    rewrite(db, pause=lambda _seconds: None)

    with db.read() as tx:
        assert tx.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
    db.close()

"""The audit: written with the change, chained by whoever comes next, and broken wherever somebody touched it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, text, update

from integrator.auditing import Chainer, chain_all, verify
from integrator.domain.payout import PayoutState
from integrator.effects import NoCheckpoints
from integrator.payouts import request_payout
from integrator.store import audit
from integrator.store import payouts as payout_rows
from integrator.store.audit import Change
from integrator.store.database import Database
from integrator.store.migrate import migrate
from integrator.store.supervised import audit_heads, audit_rows
from tests.builders import COMPANY_ID, NOON, make_new_text, make_payer, make_payout_request, store_company


def note(db: Database, number: int, *, chain: str = COMPANY_ID) -> None:
    with db.begin() as tx:
        audit.note(tx, chain, Change("test.changed", f"thing-{number}", {"n": number}, {"n": number + 1}), at=NOON)


def rows_of(db: Database, chain: str = COMPANY_ID) -> list[tuple[str, str]]:
    chain_all(db)
    with db.read() as tx:
        return [(row.entry.who, row.entry.what) for row in audit.rows_of(tx, chain)]


def place(db: Database) -> str:
    view, _ = request_payout(
        db, make_payout_request(), payer=make_payer(), idempotency_key="key-1", at=NOON, new_text=make_new_text()
    )
    return view.payout_id


def test_every_change_of_a_payout_is_noted_with_who_made_it(db: Database) -> None:
    store_company(db)
    payout_id = place(db.acting("key:abcd1234"))
    with db.acting("worker").begin() as tx:
        payout_rows.move(tx, payout_id, PayoutState.SUBMITTING, at=NOON, facts={"apply_no": "2026040100000001"})

    assert rows_of(db) == [("key:abcd1234", "payout.placed"), ("worker", "payout.changed")]
    with db.read() as tx:
        changed = list(audit.rows_of(tx, COMPANY_ID))[-1].entry
    assert changed.before == '{"apply_no":null,"state":"accepted"}'
    assert changed.after == '{"apply_no":"2026040100000001","state":"submitting"}'


def test_no_row_holds_an_account_number_or_a_name(db: Database) -> None:
    store_company(db)
    place(db)

    with db.read() as tx:
        stored = str(tx.execute(select(audit_rows)).all())
    assert "1234567" not in stored
    assert "ヤマダ" not in stored


def test_a_change_that_is_rolled_back_leaves_no_row(db: Database) -> None:
    def break_off() -> None:
        with db.begin() as tx:
            audit.note(tx, COMPANY_ID, Change("test.changed", "x"), at=NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()

    assert verify(db) == ([], [])


def test_an_untouched_chain_holds_and_names_its_head(db: Database) -> None:
    for number in range(5):
        note(db, number)
    note(db, 1, chain=audit.ALL)

    good, broken = verify(db)

    assert broken == []
    assert [(head.chain, head.number) for head in good] == [("*", 1), (COMPANY_ID, 5)]
    assert verify(db, COMPANY_ID) == (good[1:], [])


def change_text(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(update(audit_rows).where(audit_rows.c.number == 3).values(after='{"n":99}'))


def change_who(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(update(audit_rows).where(audit_rows.c.number == 3).values(who="nobody"))


def remove_row(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(delete(audit_rows).where(audit_rows.c.number == 3))


def swap_rows(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(update(audit_rows).where(audit_rows.c.number == 3).values(number=0))
        tx.execute(update(audit_rows).where(audit_rows.c.number == 4).values(number=3))
        tx.execute(update(audit_rows).where(audit_rows.c.number == 0).values(number=4))


def cut_the_end(db: Database) -> None:
    with db.begin() as tx:
        tx.execute(delete(audit_rows).where(audit_rows.c.number > 2))


@pytest.mark.parametrize("attack", [change_text, change_who, remove_row, swap_rows, cut_the_end])
def test_whatever_is_done_to_the_rows_the_first_broken_one_is_named(
    db: Database, attack: Callable[[Database], None]
) -> None:
    for number in range(5):
        note(db, number)
    verify(db)

    attack(db)

    assert [(found.chain, found.number) for found in verify(db)[1]] == [(COMPANY_ID, 3)]


def test_a_chain_without_its_head_is_broken(db: Database) -> None:
    note(db, 1)
    verify(db)
    with db.begin() as tx:
        tx.execute(delete(audit_heads))

    assert [found.reason for found in verify(db)[1]] == ["the head of the chain is missing"]


def test_many_writers_and_chainers_at_once_make_one_chain(db: Database) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            note(db, number)
            chain_all(db)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    good, broken = verify(db)
    assert (good[0].number, broken) == (20, [])


def test_a_row_that_is_committed_late_is_chained_behind_what_was_chained_before(postgres_url: str) -> None:
    database = Database(postgres_url, effects=NoCheckpoints())
    migrate(database)
    with database.begin() as tx:
        audit.note(tx, COMPANY_ID, Change("test.late", "late"), at=NOON)
        note(database, 1)
        chain_all(database)

    assert [what for _, what in rows_of(database)] == ["test.changed", "test.late"]
    assert verify(database)[1] == []
    database.close()


def test_a_worker_chains_what_waits_and_does_not_look_again_at_once(db: Database) -> None:
    seconds = [0.0]
    chainer = Chainer(db, lambda: seconds[0])
    note(db, 1)

    assert [chainer.chain_some(), chainer.chain_some()] == [True, False]
    note(db, 2)
    assert not chainer.chain_some()
    seconds[0] = 16.0
    assert chainer.chain_some()


def test_a_row_written_behind_the_back_of_the_chain_is_found(db: Database) -> None:
    note(db, 1)
    verify(db)
    with db.begin() as tx:
        forged = {
            "chain": COMPANY_ID,
            "at": NOON,
            "who": "x",
            "what": "y",
            "subject": "z",
            "number": 2,
            "previous_hash": "0" * 64,
            "hash": "1" * 64,
        }
        tx.execute(insert(audit_rows).values(forged))
        assert tx.execute(text("SELECT count(*) FROM audit_rows")).scalar_one() == 2

    assert [(found.number, found.reason) for found in verify(db)[1]] == [(2, "it does not follow the row before it")]

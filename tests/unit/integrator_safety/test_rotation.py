"""The master key changes while everything runs: nothing is lost, and it is known when the old one can go."""

import pytest
from sqlalchemy import select, update

from integrator.callbacks import Places, set_callback
from integrator.effects import NoCheckpoints
from integrator.rotation import key_use, rotate
from integrator.secret import Secret
from integrator.settings import Environment
from integrator.store.database import Database
from integrator.store.schema import connections, metadata
from integrator.store.seals import BATCH, PLACES, Form, Place, exchange_seal, page_of_seals
from integrator.vault import Kind, SealBroken
from tests.unit.integrator_connections.worker_side import MASTER_KEY, PUBLIC_URL, WorkerSide, tokens_reply
from tests.unit.integrator_safety.safety_side import NEW, make_vault, sealed_tokens

BOTH = make_vault(NEW, MASTER_KEY)


def fill(side: WorkerSide) -> None:
    """Put something sealed at every place but the canary's."""
    side.connect("shop-0001")
    side.connect("shop-0002")
    side.register("shop-0003")
    set_callback(
        Places(side.db, Environment.LOCAL, side.intake, side.new_text),
        "shop-0001",
        f"{PUBLIC_URL}/events",
        at=side.clock.now(),
    )
    side.accept(side.begin("shop-0001"), company_id="shop-0001", code="code-2")


def test_after_a_rotation_the_new_key_opens_everything_and_the_old_one_can_go(side: WorkerSide) -> None:
    fill(side)
    before = key_use(side.db, BOTH)
    assert before.needed.get(MASTER_KEY.key_id, 0) == 2 * 3 + 1 + 2
    assert not before.is_free(MASTER_KEY.key_id)

    assert rotate(side.db, BOTH) == before.needed[MASTER_KEY.key_id]

    after = key_use(side.db, make_vault(NEW))
    assert after.broken == ()
    assert after.is_free(MASTER_KEY.key_id)
    assert key_use(side.db, BOTH) == after


def test_a_second_rotation_has_nothing_to_do(side: WorkerSide) -> None:
    fill(side)
    rotate(side.db, BOTH)

    assert rotate(side.db, BOTH) == 0


def test_a_rotation_that_was_broken_off_goes_on_where_it_stopped(side: WorkerSide) -> None:
    fill(side)

    class Killed(BaseException):
        pass

    class KilledAtTheThirdCommit(NoCheckpoints):
        commits = 0

        def reached(self, point: str) -> None:
            self.commits += point == "commit.before"
            if self.commits == 3:
                raise Killed

    dying = Database(side.db.url.render_as_string(hide_password=False), effects=KilledAtTheThirdCommit())
    with pytest.raises(Killed):
        rotate(dying, BOTH)
    dying.close()
    halfway = key_use(side.db, BOTH)
    assert halfway.needed[NEW.key_id] > 0
    assert not halfway.is_free(MASTER_KEY.key_id)

    rotate(side.db, BOTH)

    assert key_use(side.db, BOTH).is_free(MASTER_KEY.key_id)


def test_a_token_renewed_since_it_was_read_is_not_overwritten(side: WorkerSide) -> None:
    refused = side.connect()
    place = next(place for place in PLACES if place.kind is Kind.ACCESS_TOKEN)
    with side.db.read() as tx:
        (read,) = page_of_seals(tx, place, after=None, but_key_id=NEW.key_id, limit=BATCH)
    side.bank.will_say(tokens_reply(access="renewed-meanwhile"))
    side.worker.desk.tokens.renew(refused)

    with side.db.begin() as tx:
        stale = BOTH.renewed(read.sealed, company_id="mihon-001", kind=place.kind)
        assert not exchange_seal(tx, place, read, renewed=stale)

    rotate(side.db, BOTH)
    token = make_vault(NEW).open(sealed_tokens(side.db)[0], company_id="mihon-001", kind=Kind.ACCESS_TOKEN)
    assert token == Secret("renewed-meanwhile")


def test_one_transaction_changes_no_more_than_a_batch(side: WorkerSide) -> None:
    for number in range(5):
        side.register(f"shop-{number:04}")
    commits = []

    class Counting(NoCheckpoints):
        def reached(self, point: str) -> None:
            commits.append(point)

    counting = Database(side.db.url.render_as_string(hide_password=False), effects=Counting())
    assert rotate(counting, BOTH, batch=2) == 5
    counting.close()

    assert commits.count("commit.before") == 3
    assert BATCH == 100


@pytest.mark.parametrize("place", [place for place in PLACES if place.form is Form.KEPT and place.owner is None])
def test_a_sealed_text_copied_into_another_companys_row_is_refused_and_named(side: WorkerSide, place: Place) -> None:
    fill(side)
    vault = make_vault(MASTER_KEY)
    if place.kind is Kind.CALLBACK_SECRET:
        sealed = vault.seal(Secret("of another"), company_id="shop-0002", kind=place.kind)
        with side.db.begin() as tx:
            tx.execute(update(place.table).values({place.column: sealed}))
    else:
        copied = select(place.table.c[place.column]).where(place.table.c.company_id == "shop-0002")
        with side.db.begin() as tx:
            theirs = tx.execute(copied).scalar_one()
            mine = update(place.table).where(place.table.c.company_id == "shop-0001")
            tx.execute(mine.values({place.column: theirs}))

    rotate(side.db, BOTH)

    assert key_use(side.db, BOTH).broken == (f"{place.name} of shop-0001",)
    assert not key_use(side.db, BOTH).is_free(MASTER_KEY.key_id)


def test_a_token_copied_from_another_company_or_kind_is_never_sent(side: WorkerSide) -> None:
    side.connect("shop-0001")
    side.connect("shop-0002")
    for column in ("sealed_access_token", "sealed_refresh_token"):
        with side.db.begin() as tx:
            theirs = tx.execute(select(connections.c[column]).where(connections.c.company_id == "shop-0002")).scalar()
            mine = update(connections).where(connections.c.company_id == "shop-0001")
            tx.execute(mine.values(sealed_access_token=theirs))

        assert side.worker.desk.tokens.access("shop-0001") is None
    assert side.bank.requests == []


def test_a_sealed_text_of_another_environment_does_not_open(side: WorkerSide) -> None:
    side.connect()
    elsewhere = make_vault(MASTER_KEY, environment=Environment.PRODUCTION)

    with pytest.raises(SealBroken):
        elsewhere.open(sealed_tokens(side.db)[0], company_id="mihon-001", kind=Kind.ACCESS_TOKEN)


def test_every_sealed_column_of_the_tables_has_a_place() -> None:
    columns = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.startswith(("sealed_", "intake_")) and column.name != "intake_keys"
    }

    assert columns == {(place.table.name, place.column) for place in PLACES}

"""Several companies and one deliverer: nobody's receiver costs another one its events; secrets stay sealed."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select, update

from integrator import callbacks
from integrator.courier import Receipt
from integrator.delivering import SLOW_SECONDS, deliver_one
from integrator.keys import LocalKeys
from integrator.settings import Environment
from integrator.store.callbacks import Lane
from integrator.store.schema import callback_secrets
from integrator.vault import Vault
from tests.builders import NOON, store_company
from tests.receiver import SILENT, TAKEN
from tests.unit.integrator_callbacks.callback_side import COMPANIES, KEY, Bench


def test_companies_take_turns_however_much_one_of_them_has_to_tell(bench: Bench) -> None:
    for number in range(3):
        bench.place("shop-0001", number)
    bench.place("shop-0002")
    bench.place("shop-0003")
    bench.clock.sleep(1)

    while bench.deliver():
        bench.clock.sleep(0.1)

    assert sorted(bench.served()[:3]) == list(COMPANIES)
    assert bench.served()[3:] == ["shop-0001", "shop-0001"]


def test_a_silent_receiver_is_left_to_the_other_lane_and_costs_nobody_else_anything(bench: Bench) -> None:
    bench.receiver.answer = lambda event: SILENT if event["company_id"] == "shop-0001" else TAKEN
    bench.place("shop-0001", 1)
    bench.place("shop-0001", 2)
    bench.place("shop-0002")

    bench.deliver_all()
    assert bench.served() == ["shop-0002"]
    assert len(bench.receiver.parcels) == 2, "one try, and then the whole company waits"
    bench.clock.sleep(6)
    assert not bench.deliver(Lane.QUICK)
    assert bench.deliver(Lane.ANY)

    bench.receiver.answer = lambda _event: TAKEN
    bench.clock.sleep(60)
    assert not bench.deliver(Lane.QUICK)
    assert bench.deliver(Lane.ANY)
    assert bench.deliver(Lane.QUICK), "it answers quickly again"
    assert bench.served() == ["shop-0002", "shop-0001", "shop-0001"]


def test_a_receiver_that_takes_its_time_is_left_to_the_other_lane(bench: Bench) -> None:
    def slowly(_event: dict[str, Any]) -> Receipt:
        bench.clock.sleep(SLOW_SECONDS)
        return TAKEN

    bench.receiver.answer = slowly
    bench.place("shop-0001", 1)
    bench.place("shop-0001", 2)

    assert bench.deliver(Lane.QUICK)
    assert not bench.deliver(Lane.QUICK)
    assert bench.deliver(Lane.ANY)


def test_a_deliverer_that_stood_still_before_its_post_sends_nothing(bench: Bench) -> None:
    bench.place("shop-0001")
    deliverer = replace(bench.deliverer, vault=_SlowVault(bench))

    assert deliver_one(deliverer, Lane.QUICK)
    assert bench.receiver.parcels == []


class _SlowVault(Vault):
    """Opens a secret only after a long while."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(LocalKeys((KEY,), random_bytes=bytes), environment=Environment.LOCAL, random_bytes=bytes)
        self._bench = bench

    def open_intake(self, *arguments: Any, **named: Any) -> Any:
        self._bench.clock.sleep(60)
        return super().open_intake(*arguments, **named)


def test_the_webs_envelope_is_replaced_by_the_vaults_seal_at_the_first_delivery(bench: Bench) -> None:
    bench.place("shop-0001")
    bench.deliver_all()
    bench.place("shop-0001", 2)
    bench.deliver_all()

    with bench.db.read() as tx:
        rows = tx.execute(select(callback_secrets).where(callback_secrets.c.company_id == "shop-0001")).all()
    assert [(row.intake_secret, row.sealed_secret is None) for row in rows] == [(None, False)]
    assert all(secret.encode() not in bytes(rows[0].sealed_secret) for secret in bench.receiver.secrets)
    assert len(bench.receiver.taken) == 2


def test_a_secret_copied_to_another_companys_row_signs_nothing(bench: Bench) -> None:
    with bench.db.begin() as tx:
        of_first = select(callback_secrets.c.intake_secret).where(callback_secrets.c.company_id == "shop-0001")
        stolen = tx.scalar(of_first)
        tx.execute(
            update(callback_secrets).where(callback_secrets.c.company_id == "shop-0002").values(intake_secret=stolen)
        )
    bench.place("shop-0002")

    bench.deliver_all()

    assert bench.receiver.parcels == []
    assert bench.attempt_of("shop-0002")["outcome"] == "secret_unreadable"


def test_a_second_url_keeps_the_secret_that_was_shown_with_the_first(bench: Bench) -> None:
    store_company(bench.db, company_id="shop-0004")
    first, secret = callbacks.set_callback(bench.places, "shop-0004", "https://recore.example/a", at=NOON)
    second, none = callbacks.set_callback(bench.places, "shop-0004", "https://recore.example/b", at=NOON)

    assert secret is not None
    assert none is None
    assert [view.stored.url for view in (first, second)] == ["https://recore.example/a", "https://recore.example/b"]
    assert len(second.secrets) == 1

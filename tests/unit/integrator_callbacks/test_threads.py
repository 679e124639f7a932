"""Deliveries run beside the payouts: a post that hangs holds up no other company, no payout and no stop."""

import threading
from dataclasses import replace

from integrator.courier import Parcel, Receipt
from integrator.store.database import Database
from integrator.worker import delivering_beside
from tests.receiver import TAKEN
from tests.unit.integrator_callbacks.test_delivering import Bench

WAIT_SECONDS_MAX = 20


def test_a_post_that_hangs_holds_up_neither_another_company_nor_the_stop(db: Database) -> None:
    bench = Bench(db)
    is_hanging, is_served, may_end = threading.Event(), threading.Event(), threading.Event()

    def post(parcel: Parcel) -> Receipt:
        if b'"shop-0001"' in parcel.body:
            is_hanging.set()
            may_end.wait(WAIT_SECONDS_MAX)
        else:
            is_served.set()
        return TAKEN

    stopping = threading.Event()
    with delivering_beside(replace(bench.deliverer, post=post), stopping):
        bench.place("shop-0001")
        assert is_hanging.wait(WAIT_SECONDS_MAX)
        bench.place("shop-0002")
        assert is_served.wait(WAIT_SECONDS_MAX)

    threads = [thread for thread in threading.enumerate() if thread.name.startswith("deliveries-")]
    assert len(threads) == 1, "the block ended while one post was still hanging"
    may_end.set()
    for thread in threads:
        thread.join(WAIT_SECONDS_MAX)
    assert bench.attempt_of("shop-0001")["outcome"] == "taken"

"""Deliveries run beside the payouts: a post that hangs holds up no other company, no payout and no stop."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from integrator.courier import Parcel, Receipt
from integrator.delivering import LEASE, delivering_beside
from tests.receiver import TAKEN
from tests.unit.integrator_callbacks.callback_side import Bench

WAIT_SECONDS_MAX = 20


def test_a_post_that_hangs_holds_up_neither_another_company_nor_the_stop(bench: Bench) -> None:
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


def test_a_failure_of_the_database_ends_one_delivery_and_not_the_thread(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    tries = iter([OperationalError("made up", None, Exception()), TAKEN])
    is_served, stopping = threading.Event(), threading.Event()

    def post(_parcel: Parcel) -> Receipt:
        found = next(tries)
        if isinstance(found, Exception):
            bench.clock.sleep(LEASE.total_seconds() + 1)
            raise found
        is_served.set()
        return found

    with delivering_beside(replace(bench.deliverer, post=post), stopping):
        bench.place("shop-0001")
        assert is_served.wait(WAIT_SECONDS_MAX)

    assert "callback.failed" in caplog.text
    assert bench.attempt_of("shop-0001")["outcome"] == "taken"

"""One id from ReCORE's request, told back, kept with the payout and with the question to the worker."""

import pytest
from sqlalchemy import select

from integrator.store.schema import jobs, payouts
from tests.unit.integrator_web.web_side import WebSide, make_order


def test_the_callers_id_is_told_back_and_kept_with_the_payout(web: WebSide) -> None:
    sent = {"X-Request-Id": "recore-2026-0001", "Idempotency-Key": "key-1"}

    response = web.call("POST", "/v1/companies/mihon-001/payouts", json=make_order(), headers=sent)

    assert response.headers["X-Request-Id"] == "recore-2026-0001"
    with web.db.read() as tx:
        assert tx.scalars(select(payouts.c.request_id)).all() == ["recore-2026-0001"]


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "has space in it", "-leading-hyphen", "日本語日本語日本語"])
def test_a_strange_id_is_not_taken(web: WebSide, sent: str) -> None:
    response = web.client.get("/healthz", headers={"X-Request-Id": sent.encode().decode("latin-1")})

    assert response.headers["X-Request-Id"] != sent
    assert len(response.headers["X-Request-Id"]) == 20


def test_refusals_and_unknown_paths_tell_their_id_as_well(web: WebSide) -> None:
    assert web.client.get("/nowhere", headers={"X-Request-Id": "recore-0001"}).headers["X-Request-Id"] == "recore-0001"
    assert web.call("GET", "/v1/companies", key="").headers["X-Request-Id"]


def test_a_question_to_the_worker_carries_the_id(web: WebSide) -> None:
    kept: list[str | None] = []

    def look() -> None:
        with web.db.read() as tx:
            kept.extend(tx.scalars(select(jobs.c.request_id).where(jobs.c.state == "ready")).all())

    web.while_waiting = look
    web.call("GET", "/v1/companies/mihon-001/accounts", headers={"X-Request-Id": "recore-0002"})

    assert set(kept) == {"recore-0002"}

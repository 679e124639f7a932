"""Probes ask nobody; every other request leaves one line, without anything that must not be read."""

import json
import logging

import pytest

from tests.unit.integrator_web.web_side import WebSide, make_order


def test_the_process_is_alive_even_without_its_tables(web: WebSide) -> None:
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")

    assert web.client.get("/healthz?x=1").status_code == 200
    response = web.client.get("/readyz")
    assert response.status_code == 503
    assert "integrator migrate" in response.get_json()["detail_en"]


def test_a_migrated_database_is_ready(web: WebSide) -> None:
    assert web.client.get("/readyz").get_json() == {"status": "ready", "environment": "local"}


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == "integrator.access"]


def test_a_request_leaves_one_line_that_says_who_called_what(web: WebSide, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        web.place()
        web.client.get("/healthz")

    [line] = lines(caplog)
    assert line.pop("request_id")
    assert line == {
        "ts": "2026-04-01T03:00:00.000000Z",
        "event": "http.answered",
        "env": "local",
        "direction": "in",
        "operation": "requestPayout",
        "method": "POST",
        "path": "/v1/companies/{company_id}/payouts",
        "company_id": "mihon-001",
        "key_id": web.company_key.split("_")[1],
        "peer": "127.0.0.1",
        "status": 202,
    }


def test_a_line_never_holds_a_key_a_code_a_state_or_an_account_number(
    web: WebSide, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        web.place(make_order(amount_yen=0))
        web.client.get("/refresh_token/mihon-001?code=the-code&state=the-state")
        web.client.get("/the-secret-path?code=the-code", headers={"Authorization": "Bearer the-key"})

    assert [line["status"] for line in lines(caplog)] == [400, 400, 404]
    for secret in (web.company_key, "the-code", "the-state", "the-secret-path", "the-key", "1234567"):
        assert secret not in caplog.text

"""The figures: read from the database at the scrape, for an operator's key only, and never a secret among them."""

from datetime import timedelta

import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.parser import text_string_to_metric_families

from integrator.pulse import Pulse
from integrator.store import overview
from integrator.store import pulse as pulse_rows
from integrator.store.pulse import Beat
from integrator.tally import Tally
from tests.builders import NOON
from tests.unit.integrator_web.web_side import WebSide

Labels = frozenset[tuple[str, str]]


def figures(web: WebSide) -> dict[tuple[str, Labels], float]:
    response = web.call("GET", "/metrics", key=web.operator_key)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == CONTENT_TYPE_LATEST
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.get_data(as_text=True))
        for sample in family.samples
    }


def of(found: dict[tuple[str, Labels], float], name: str, **labels: str) -> float:
    return found[f"integrator_{name}", frozenset(labels.items())]


def pulse(web: WebSide, tally: Tally, worker_id: str = "worker-1") -> Pulse:
    return Pulse(web.db, web.clock, tally, worker_id=worker_id, started_at=NOON)


@pytest.mark.parametrize(("key", "status"), [("company_key", 200), ("operator_key", 200), ("none", 401)])
def test_only_who_has_a_key_reads_the_figures(web: WebSide, key: str, status: int) -> None:
    assert web.call("GET", "/metrics", key=getattr(web, key, "")).status_code == status


def test_a_companys_key_reads_nothing_of_another_company(web: WebSide) -> None:
    everything = web.call("GET", "/metrics", key=web.operator_key).text.splitlines()
    told = web.call("GET", "/metrics", key=web.company_key).text

    assert "mihon-002" not in told
    assert 'integrator_consent_days_left{company_id="mihon-001"} 0.0' in told
    assert sum("mihon-002" in line for line in everything) == 1


def test_what_waits_is_counted_with_its_age(web: WebSide) -> None:
    web.place()
    web.clock.sleep(90)

    found = figures(web)

    assert of(found, "payouts", state="accepted") == 1
    assert of(found, "queue_payouts", connected="no") == 1
    assert of(found, "queue_age_seconds", connected="no") == 90
    assert of(found, "queue_age_seconds", connected="yes") == 0
    assert of(found, "doubt_age_seconds") == 0
    assert of(found, "consent_days_left", company_id="mihon-001") == 0
    assert of(found, "database_up") == of(found, "database_migrated") == 1


def test_a_count_stops_at_its_bound(web: WebSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "COUNT_MAX", 2)
    for number in range(3):
        web.place(idempotency_key=f"key-{number}")

    assert of(figures(web), "payouts", state="accepted") == 2


def test_what_workers_count_is_added_up_and_survives_them(web: WebSide) -> None:
    first, second = Tally(), Tally()
    first.add("bank_calls", "transfer_request", "accepted", by=2)
    second.add("bank_calls", "transfer_request", "accepted")
    second.add("gate_limit_reached")
    second.add_seconds("gate_wait", "pay", 0.2)
    pulse(web, first).end()
    pulse(web, second, "worker-2").beat()

    found = figures(web)

    assert of(found, "bank_calls_total", operation="transfer_request", outcome="accepted") == 3
    assert of(found, "gate_limit_reached_total") == 1
    assert of(found, "gate_wait_seconds_bucket", urgency="pay", le="0.1") == 0
    assert of(found, "gate_wait_seconds_bucket", urgency="pay", le="+Inf") == 1
    assert of(found, "gate_wait_seconds_sum", urgency="pay") == 0.2
    assert of(found, "workers") == 1


def test_a_worker_that_dies_is_seen_to_be_missing(web: WebSide) -> None:
    pulse(web, Tally()).beat()
    web.clock.present += timedelta(seconds=31)

    found = figures(web)

    assert of(found, "workers") == 0
    assert of(found, "worker_seen_age_seconds") == 31


def test_requests_are_counted_by_operation_and_status(web: WebSide) -> None:
    web.place()
    web.client.get("/nowhere/at/all")

    found = figures(web)

    assert of(found, "http_requests_total", operation="requestPayout", status="202") == 1
    assert of(found, "http_requests_total", operation="none", status="404") == 1


def test_without_its_tables_the_figures_still_say_so(web: WebSide) -> None:
    with web.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")

    found = figures(web)

    assert of(found, "database_up") == 0


def test_no_figure_holds_a_key_or_an_account(web: WebSide) -> None:
    web.place()

    text = web.call("GET", "/metrics", key=web.operator_key).get_data(as_text=True)

    for secret in (web.operator_key, web.company_key, "1234567", "101010012345", "ヤマダ", "C-2026"):
        assert secret not in text


def test_the_worst_clock_of_the_living_workers_is_told(web: WebSide) -> None:
    assert ("integrator_clock_skew_seconds", frozenset()) not in figures(web), "unknown is not zero"
    long_ago = web.clock.now() - timedelta(minutes=5)
    with web.db.begin() as tx:
        for name, at, ahead_ms in (("a", web.clock.now(), 12), ("b", web.clock.now(), -40), ("c", long_ago, 900)):
            pulse_rows.report(tx, Beat(name, NOON, at, ahead_ms), {})

    assert of(figures(web), "clock_skew_seconds") == 0.04

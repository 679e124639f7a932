"""The inquiries resource: asked through the worker, within a limit, with both dates always named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrator.jobs import ANSWER_SECONDS_MAX
from integrator.store.jobs import Job, JobAnswer
from integrator.web.problems import KINDS
from integrator.web.waiting import WAITING_MAX
from tests.unit.integrator_web.web_side import WebSide

STATEMENT: dict[str, Any] = {
    "account_id": "101010012345",
    "date_from": "2026-04-01",
    "date_to": "2026-04-01",
    "as_of": "2026-04-01T03:00:00.000000Z",
    "transactions": [],
}
TRANSACTIONS = "/v1/companies/mihon-001/transactions"


def answer_with(web: WebSide, answer: JobAnswer) -> list[Job | None]:
    asked: list[Job | None] = []
    web.while_waiting = lambda: asked.append(web.answer_next_job(answer))
    return asked


@pytest.mark.parametrize(
    ("query", "date_from", "date_to"),
    [
        ("", "2026-04-02", "2026-04-02"),
        ("?date_from=2026-03-01", "2026-03-01", "2026-04-02"),
        ("?date_to=2026-03-31", "2026-03-31", "2026-03-31"),
        ("?date_from=2026-03-01&date_to=2026-03-31", "2026-03-01", "2026-03-31"),
    ],
)
def test_a_missing_date_is_filled_in_with_the_day_in_japan(
    web: WebSide, query: str, date_from: str, date_to: str
) -> None:
    web.clock.present = datetime(2026, 4, 1, 15, 30, tzinfo=UTC)  # half past midnight of 2 April in Japan
    asked = answer_with(web, JobAnswer(is_done=True, result=STATEMENT))

    response = web.call("GET", TRANSACTIONS + query)

    assert response.status_code == 200
    assert asked[0] is not None
    assert asked[0].arguments == {"account_id": "101010012345", "date_from": date_from, "date_to": date_to}


def test_a_reversed_period_is_refused_before_anybody_is_asked(web: WebSide) -> None:
    response = web.call("GET", f"{TRANSACTIONS}?date_from=2026-04-02&date_to=2026-04-01")

    assert response.status_code == 400
    assert response.get_json()["field"] == "date_from"
    assert web.pauses == []


@pytest.mark.parametrize(
    ("path", "arguments", "result"),
    [
        ("accounts", {}, {"as_of": "2026-04-01T03:00:00.000000Z", "accounts": []}),
        ("balances", {}, {"balances": []}),
        ("balances?account_id=101010012345", {"account_id": "101010012345"}, {"balances": []}),
    ],
)
def test_the_workers_answer_is_passed_on(
    web: WebSide, path: str, arguments: dict[str, str], result: dict[str, Any]
) -> None:
    asked = answer_with(web, JobAnswer(is_done=True, result=result))

    response = web.call("GET", f"/v1/companies/mihon-001/{path}")

    assert response.get_json() == result
    assert asked[0] is not None
    assert asked[0].arguments == arguments


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        ("not-connected", 409),
        ("bank-refused", 502),
        ("bank-unreadable", 502),
        ("bank-unavailable", 503),
        ("seal-broken", 503),
        ("worker_lost", 503),
        ("expired", 504),
    ],
)
def test_an_answer_that_is_none_says_why(web: WebSide, problem: str, status: int) -> None:
    answer_with(web, JobAnswer(is_done=False, result={"problem": problem}))

    response = web.call("GET", TRANSACTIONS)

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_a_refusal_of_the_bank_is_told_in_the_banks_words_and_code(web: WebSide) -> None:
    said = {"problem": "bank-refused", "came": "400 220011 032006", "message": "エラーが発生しました。"}
    answer_with(web, JobAnswer(is_done=False, result=said))

    found = web.call("GET", TRANSACTIONS).get_json()

    assert found["came"] == "400 220011 032006"
    assert "エラーが発生しました。" in found["detail"]
    assert found["detail_en"] == KINDS["bank-refused"].detail_en


def test_a_worker_that_does_not_answer_is_waited_for_up_to_the_limit(web: WebSide) -> None:
    response = web.call("GET", TRANSACTIONS)

    assert response.status_code == 504
    assert sum(web.pauses) == pytest.approx(ANSWER_SECONDS_MAX, abs=0.2)
    with web.db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM jobs WHERE kind LIKE 'inquiry%'").scalar() == 0


def test_no_more_than_so_many_requests_wait_at_once(web: WebSide) -> None:
    statuses: list[int] = []

    def ask_once_more() -> None:
        if len(web.pauses) < WAITING_MAX + 1:
            statuses.append(web.app.test_client().get(TRANSACTIONS, headers=headers).status_code)

    headers = {"Authorization": f"Bearer {web.company_key}"}
    web.while_waiting = ask_once_more

    web.call("GET", TRANSACTIONS)

    assert statuses[0] == 503
    assert web.call("GET", TRANSACTIONS).status_code == 504

"""The redirect URL: what a browser that comes back from the bank is shown, and what it never is."""

import pytest
from werkzeug.test import TestResponse

from integrator.jobs import EXCHANGE_SECONDS_MAX
from integrator.store.jobs import JobAnswer, JobKind
from integrator.web.pages import OUTCOMES
from tests.unit.integrator_web.web_side import WebSide

CODE = "the-authorization-code"
CONNECTED = JobAnswer(is_done=True, result={"scopes": []})


def begin(web: WebSide, company_id: str = "mihon-001") -> str:
    key = web.company_key if company_id == "mihon-001" else web.other_key
    url = web.call("POST", f"/v1/companies/{company_id}/authorization", key=key).get_json()["authorization_url"]
    return str(url.partition("&state=")[2])


def come_back(web: WebSide, company_id: str = "mihon-001", **query: str) -> TestResponse:
    return web.client.get(f"/refresh_token/{company_id}", query_string=query)


def assert_shows(response: TestResponse, outcome: str) -> None:
    page = response.get_data(as_text=True)
    assert response.status_code == OUTCOMES[outcome].status
    assert OUTCOMES[outcome].heading in page
    assert OUTCOMES[outcome].heading_en in page


def test_a_connection_begins_with_a_url_for_the_browser(web: WebSide) -> None:
    response = web.call("POST", "/v1/companies/mihon-001/authorization", key=web.operator_key)

    assert response.status_code == 201
    assert response.get_json()["expires_at"] == "2026-04-01T03:15:00.000000Z"
    assert web.call("GET", "/v1/companies/mihon-001/connection").get_json() == {
        "company_id": "mihon-001",
        "connected": False,
        "state": "not_connected",
        "scopes": [],
        "payout_stops": [],
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (CONNECTED, "connected"),
        (JobAnswer(is_done=False, result={"problem": "refused", "error": "invalid_grant"}), "exchange-refused"),
        (JobAnswer(is_done=False, result={"problem": "bank-unavailable"}), "exchange-unavailable"),
        (JobAnswer(is_done=False, result={"problem": "worker_lost"}), "exchange-unavailable"),
        (JobAnswer(is_done=False, result={"problem": "seal-broken"}), "exchange-unavailable"),
    ],
    ids=["connected", "refused", "unavailable", "worker lost", "seal broken"],
)
def test_the_page_tells_how_the_worker_ended(web: WebSide, answer: JobAnswer, outcome: str) -> None:
    jobs = []
    web.while_waiting = lambda: jobs.append(web.answer_next_job(answer))
    state = begin(web)

    response = come_back(web, code=CODE, state=state)

    assert_shows(response, outcome)
    assert jobs[0] is not None
    assert jobs[0].kind is JobKind.EXCHANGE_CODE
    assert CODE.encode() not in (jobs[0].intake_secret or b"")


def test_a_slow_worker_is_waited_for_and_then_the_page_says_so(web: WebSide) -> None:
    response = come_back(web, code=CODE, state=begin(web))

    assert_shows(response, "working")
    assert sum(web.pauses) == pytest.approx(EXCHANGE_SECONDS_MAX, abs=0.2)


def test_a_refusal_by_the_holder_is_shown_in_words(web: WebSide) -> None:
    state = begin(web)

    assert_shows(come_back(web, error="access_denied", state=state), "denied")
    assert_shows(come_back(web, code=CODE, state=state), "state-used")


def test_another_error_of_the_bank_is_shown_with_its_code(web: WebSide) -> None:
    response = come_back(web, error="invalid_scope", error_description="<script>", state=begin(web))

    assert_shows(response, "bank-error")
    assert "invalid_scope" in response.get_data(as_text=True)
    assert "script>" not in response.get_data(as_text=True)


def test_a_link_works_once(web: WebSide) -> None:
    web.while_waiting = lambda: web.answer_next_job(CONNECTED)
    state = begin(web)
    come_back(web, code=CODE, state=state)

    assert_shows(come_back(web, code=CODE, state=state), "state-used")


def test_a_link_expires(web: WebSide) -> None:
    state = begin(web)
    web.clock.sleep(900)

    assert_shows(come_back(web, code=CODE, state=state), "state-expired")


def test_a_code_at_another_companys_url_is_refused_and_never_reaches_the_worker(web: WebSide) -> None:
    state = begin(web, "mihon-001")

    assert_shows(come_back(web, "mihon-002", code=CODE, state=state), "state-unknown")
    assert web.answer_next_job() is None


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ({}, "state-unknown"),
        ({"code": CODE}, "state-unknown"),
        ({"code": CODE, "state": ""}, "state-unknown"),
        ({"code": CODE, "state": "f" * 64}, "state-unknown"),
        ({"error": "access_denied"}, "state-unknown"),
    ],
)
def test_without_our_state_nothing_happens(web: WebSide, query: dict[str, str], outcome: str) -> None:
    assert_shows(come_back(web, **query), outcome)
    assert web.answer_next_job() is None


def test_a_redirect_without_a_code_is_told_so(web: WebSide) -> None:
    assert_shows(come_back(web, state=begin(web)), "code-missing")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/refresh_token/mihon-001?code=a&code=b&state=c", 400),
        (f"/refresh_token/mihon-001?code={'x' * 129}", 400),
        ("/refresh_token/mihon-001?error=%3Cscript%3E", 400),
        ("/refresh_token/no%20company", 400),
        ("/refresh_token/no-such-company?code=a&state=b", 404),
    ],
)
def test_a_wrong_url_gets_a_page_and_not_a_document(web: WebSide, path: str, status: int) -> None:
    response = web.client.get(path)

    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert "script>" not in response.get_data(as_text=True)


def test_a_page_never_repeats_code_or_state_and_lets_nothing_out(web: WebSide) -> None:
    state = begin(web)
    for response in (come_back(web, code=CODE, state=state), come_back(web, code=CODE, state=state)):
        everything = response.get_data(as_text=True) + str(response.headers)
        assert CODE not in everything
        assert state not in everything
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy


def test_code_and_state_are_stored_nowhere_in_clear(web: WebSide) -> None:
    state = begin(web)
    come_back(web, code=CODE, state=state)

    stored = web.raw_rows("jobs", "consent_requests")
    assert CODE not in stored
    assert state not in stored


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_page_speaks_japanese_first_and_english_beside(web: WebSide, name: str) -> None:
    outcome = OUTCOMES[name]

    assert not outcome.heading.isascii()
    assert outcome.heading_en.isascii()
    assert ("{reason}" in outcome.text) == ("{reason}" in outcome.text_en)

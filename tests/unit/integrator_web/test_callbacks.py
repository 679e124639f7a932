"""The resources callback and events on the wire: what is shown, what is shown once, what is refused."""

from typing import Any

import pytest

from tests.unit.integrator_web.web_side import WebSide, make_order

CALLBACK = "/v1/companies/mihon-001/callback"
EVENTS = "/v1/companies/mihon-001/events"
URL = "https://recore.example/bank/events?shop=1"


def put(web: WebSide, url: str = URL) -> Any:
    return web.call("PUT", CALLBACK, json={"url": url})


def test_a_new_callback_shows_its_secret_once_and_stores_it_sealed(web: WebSide) -> None:
    answer = put(web)

    secret = answer.get_json()["secret"]
    assert answer.status_code == 201
    assert answer.get_json()["callback"]["url"] == URL
    shown = web.call("GET", CALLBACK)
    assert shown.get_json() == answer.get_json()["callback"]
    assert secret not in shown.text
    assert secret.removeprefix("whsec_") not in web.raw_rows("callbacks", "callback_secrets", "jobs", "events")


def test_another_url_keeps_the_secret_and_the_same_again_changes_nothing(web: WebSide) -> None:
    first = put(web).get_json()["callback"]
    web.clock.sleep(60)

    same, other = put(web), put(web, "https://recore.example/elsewhere")

    assert same.status_code == other.status_code == 200
    assert same.get_json() == first
    assert other.get_json()["secrets"] == first["secrets"]
    assert other.get_json()["updated_at"] > first["updated_at"]


def test_a_url_inside_a_network_is_refused_in_both_languages_without_repeating_it(web: WebSide) -> None:
    response = put(web, "https://169.254.169.254/latest/meta-data/?token=made-up")

    found = response.get_json()
    assert response.status_code == 422
    assert found["type"].endswith(":callback-url-refused")
    assert found["field"] == "/url"
    assert found["came"] == "an address that is not public"
    assert "made-up" not in response.text
    assert found["detail"]
    assert found["detail_en"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("POST", "/rotate-secret"), ("POST", "/test")],
)
def test_without_a_callback_there_is_nothing_to_read_remove_rotate_or_test(
    web: WebSide, method: str, path: str
) -> None:
    response = web.call(method, CALLBACK + path)

    assert response.status_code == 404
    assert response.get_json()["type"].endswith(":callback-unknown")


def test_rotating_shows_a_new_secret_and_until_when_the_former_signs(web: WebSide) -> None:
    first = put(web).get_json()["secret"]

    answers = [web.call("POST", f"{CALLBACK}/rotate-secret") for _ in range(3)]

    secrets = {first, *(answer.get_json()["secret"] for answer in answers)}
    assert len(secrets) == 4
    terms = answers[-1].get_json()["callback"]["secrets"]
    assert [secret.get("valid_until") for secret in terms] == [None, "2026-04-02T03:00:00.000000Z"]


def test_what_waits_is_counted_and_gone_with_the_callback_but_can_be_pulled(web: WebSide) -> None:
    put(web)
    payout = web.place().get_json()
    event_id = web.call("POST", f"{CALLBACK}/test").get_json()["event_id"]
    shown = web.call("GET", CALLBACK).get_json()
    assert shown["waiting_events"] == 2
    assert shown["oldest_waiting_at"] == payout["created_at"]

    assert web.call("DELETE", CALLBACK).get_json() == {"removed": True}
    assert put(web).get_json()["callback"]["waiting_events"] == 0

    page = web.call("GET", EVENTS).get_json()
    assert [event["type"] for event in page["events"]] == ["payout.changed", "callback.test"]
    assert page["events"][0]["payout"] == payout
    assert page["events"][1]["event_id"] == event_id


def test_events_are_pulled_page_by_page(web: WebSide) -> None:
    for number in range(3):
        web.place(make_order(), idempotency_key=f"key-{number}")

    first = web.call("GET", f"{EVENTS}?limit=2").get_json()
    second = web.call("GET", f"{EVENTS}?limit=2&after={first['next_after']}").get_json()
    nothing = web.call("GET", f"{EVENTS}?after={second['next_after']}").get_json()

    assert [len(page["events"]) for page in (first, second, nothing)] == [2, 1, 0]
    assert [page["has_more"] for page in (first, second, nothing)] == [True, False, False]
    assert nothing["next_after"] == second["next_after"]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 19])
def test_a_position_that_is_none_is_refused(web: WebSide, after: str) -> None:
    response = web.call("GET", f"{EVENTS}?after={after}")

    assert response.status_code == 400
    assert response.get_json()["field"] == "after"

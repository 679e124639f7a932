"""Paths that no operation has, and failures of our own: each surface answers in its own words."""

from random import Random

import pytest
from flask.testing import FlaskClient

from mock_gmo import Settings, create_app
from tests.unit.gateway.calling import API, CONTROL, NOON, Caller, make_caller


class Broken(Exception):
    """What nobody expects."""


@pytest.fixture
def broken_client() -> FlaskClient:
    """A client of a bank whose clock fails once it has been built."""
    failing: list[bool] = []

    def real_time() -> float:
        if failing:
            raise Broken
        return NOON

    app = create_app(
        Settings(),
        real_time=real_time,
        monotonic=lambda: 0.0,
        random_source=Random(1),  # noqa: S311  (test data)
        sleep=lambda _: None,
    )
    failing.append(True)
    return app.test_client()


@pytest.fixture
def caller() -> Caller:
    return make_caller()


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/static/site.css", API, API + "/accounts/", "/ganb/api//"])
def test_beside_the_banks_paths_everything_is_405(caller: Caller, path: str) -> None:
    reply = caller.client.get(path)

    assert (reply.status_code, reply.json["errorCode"]) == (405, "WG_ERR_019")
    assert reply.json["errorMessage"] == "Operation is not found during transformation"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/site/nothing", 404), ("PUT", "/site/login", 405)])
def test_the_site_answers_with_a_page_of_its_own(caller: Caller, method: str, path: str, status: int) -> None:
    reply = caller.client.open(path, method=method)

    assert reply.status_code == status
    assert "模擬銀行" in reply.text
    assert reply.headers["X-Frame-Options"] == "DENY"


def test_a_failure_inside_is_told_in_the_words_of_each_surface(broken_client: FlaskClient) -> None:
    bank, control, site = (broken_client.get(path) for path in (API + "/accounts", CONTROL + "/clock", "/site/login"))

    assert [reply.status_code for reply in (bank, control, site)] == [500, 500, 500]
    assert bank.json["errorCode"] == "MOCK500"
    assert control.json["error"]["code"] == "failure_inside"
    assert "システムエラー" in site.text


@pytest.mark.parametrize("profile", ["bank", "strict"])
def test_the_simulators_prefix_leads_to_the_same_operations(profile: str) -> None:
    caller = make_caller(profile=profile)

    assert caller.call("GET", "/ganb/api/simulator/corporation/v1/accounts").status_code == 200

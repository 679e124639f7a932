"""The companies resource: registered by an operator, its secret never seen again."""

from typing import Any

import pytest

from integrator import companies
from integrator.companies import OtherEnvironment
from integrator.settings import Environment
from tests.unit.integrator_web.web_side import WebSide

SECRET = "the-client-secret"


def make_registration(**changed: Any) -> dict[str, Any]:
    registration = {
        "company_id": "mihon-003",
        "name": "見本商事株式会社",
        "environment": "local",
        "client_id": "Client0000000003",
        "client_secret": SECRET,
        "account_id": "101010012345",
    }
    return {**registration, **changed}


def register(web: WebSide, **changed: Any) -> Any:
    return web.call("POST", "/v1/companies", key=web.operator_key, json=make_registration(**changed))


def test_a_company_is_registered_with_its_own_redirect_url_and_the_default_limits(web: WebSide) -> None:
    response = register(web, remitter_name="ミホンショウジ（カ")

    assert response.status_code == 201
    assert response.get_json() == {
        "company_id": "mihon-003",
        "name": "見本商事株式会社",
        "environment": "local",
        "client_id": "Client0000000003",
        "account_id": "101010012345",
        "remitter_name": "ﾐﾎﾝｼﾖｳｼﾞ(ｶ",
        "redirect_uri": "http://127.0.0.1:8320/refresh_token/mihon-003",
        "limits": {"payout_yen": 1_000_000, "requests_per_second": 1},
        "client_secret_kept": False,
        "created_at": "2026-04-01T03:00:00.000000Z",
    }
    assert web.call("GET", "/v1/companies/mihon-003", key=web.operator_key).get_json() == response.get_json()


def test_a_limit_can_be_given(web: WebSide) -> None:
    limits = register(web, limits={"payout_yen": 30_000}).get_json()["limits"]

    assert limits == {"payout_yen": 30_000, "requests_per_second": 1}


def test_the_client_secret_is_in_no_reply_and_no_table(web: WebSide) -> None:
    told = register(web).get_data(as_text=True) + register(web).get_data(as_text=True)

    stored = web.raw_rows("companies", "jobs")
    assert SECRET not in told
    assert SECRET not in stored


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"company_id": "mihon-001"}, 409, "/company_id"),
        ({"client_id": "client-mihon-001"}, 409, "/client_id"),
        ({"environment": "production"}, 422, "/environment"),
        ({"environment": "staging"}, 400, "/environment"),
        ({"remitter_name": "見本商事"}, 422, "/remitter_name"),
        ({"company_id": "mihon_003"}, 400, "/company_id"),
        ({"company_id": "mihon-003\n"}, 400, "/company_id"),
        ({"client_secret": ""}, 400, "/client_secret"),
        ({"account_id": "1"}, 400, "/account_id"),
        ({"limits": {"payout_yen": 0}}, 400, "/limits/payout_yen"),
        ({"secret": "x"}, 400, "/secret"),
    ],
)
def test_a_wrong_registration_is_refused_with_its_field(
    web: WebSide, changed: dict[str, Any], status: int, field: str
) -> None:
    response = register(web, **changed)

    assert response.status_code == status
    assert response.get_json()["field"] == field


def test_companies_are_listed_page_by_page(web: WebSide) -> None:
    first = web.call("GET", "/v1/companies?limit=1", key=web.operator_key).get_json()
    second = web.call("GET", f"/v1/companies?limit=1&cursor={first['next_cursor']}", key=web.operator_key).get_json()

    assert [company["company_id"] for company in first["companies"] + second["companies"]] == ["mihon-001", "mihon-002"]
    assert "next_cursor" not in second


def test_an_unknown_company_is_not_found(web: WebSide) -> None:
    assert web.call("GET", "/v1/companies/no-such-company", key=web.operator_key).status_code == 404


def test_a_company_of_another_environment_is_refused(web: WebSide) -> None:
    with pytest.raises(OtherEnvironment):
        companies.get_company(web.db, "mihon-001", environment=Environment.PRODUCTION)

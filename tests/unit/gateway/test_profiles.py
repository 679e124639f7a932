"""Profiles: each a row of data. What the sandbox does is what people have seen of it."""

import re

import pytest

from mock_gmo.app import DOCUMENTS
from mock_gmo.bank.rules import BankRules
from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.profiles import PROFILES, Profile
from mock_gmo.settings import Settings
from tests.unit.gateway.calling import ACCOUNT_ID, REDIRECT_URI, TOKEN_URL, Caller, make_caller, make_order, token_form

NO_OPERATION = {"errorCode": "WG_ERR_019", "errorMessage": "Operation is not found during transformation"}
STATEMENT = f"/accounts/transactions?accountId={ACCOUNT_ID}&dateFrom=2020-01-01&dateTo=2026-04-01"
THIRTY_DAYS = 2_592_000
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture
def sunabar() -> Caller:
    return make_caller(profile="sunabar")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_names_rules_that_exist_and_documents_that_are_known(profile: Profile) -> None:
    assert profile.bank_rules.keys() <= BankRules.__dataclass_fields__.keys()
    assert profile.oauth_rules.keys() <= OAuthRules.__dataclass_fields__.keys()
    named = {name for documents in profile.paths.values() for name in documents}
    assert named <= {"auth", "corporation", "personal", "webhooks"}
    assert profile.has_portal_tokens or {*DOCUMENTS} <= named


def test_a_setting_wins_over_the_profile() -> None:
    chosen = Settings.from_env({"MOCK_GMO_PROFILE": "sunabar", "MOCK_GMO_RULE_SHORT_ITEM_KEYS": "off"})

    assert not chosen.bank_rules.short_item_keys
    assert chosen.bank_rules.confirmation_always
    assert Settings.from_env({}, profile="strict").oauth_rules.basic_word_required
    assert not Settings.from_env(
        {"MOCK_GMO_RULE_BASIC_WORD_REQUIRED": "off"}, profile="strict"
    ).oauth_rules.basic_word_required


@pytest.mark.parametrize("prefix", ["/corporation/v1", "/personal/v1"])
def test_both_short_paths_answer_for_the_account_of_the_token(sunabar: Caller, prefix: str) -> None:
    assert sunabar.call("GET", prefix + "/accounts").json["accounts"][0]["accountId"] == ACCOUNT_ID


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ganb/api/corporation/v1/accounts"),
        ("GET", "/ganb/api/auth/v1/authorization"),
        ("POST", TOKEN_URL),
        ("GET", f"/personal/v1/accounts/deposit-transactions?accountId={ACCOUNT_ID}"),
        ("GET", "/corporation/v1/no-such-operation"),
        ("DELETE", "/corporation/v1/accounts"),
    ],
)
def test_the_sandbox_knows_no_other_path(sunabar: Caller, method: str, path: str) -> None:
    reply = sunabar.call(method, path)

    assert (reply.status_code, reply.json) == (405, NO_OPERATION)


def test_a_portal_token_outlives_a_reset_and_dies_thirty_days_after_the_last_log_in(sunabar: Caller) -> None:
    sunabar.control("POST", "/reset", {})
    assert len(sunabar.token) == 32
    assert sunabar.get("/accounts").status_code == 200

    sunabar.real.seconds += THIRTY_DAYS - 1
    assert sunabar.get("/accounts").status_code == 200
    hidden = dict(HIDDEN.findall(sunabar.client.get("/site/login").text))
    login = {**hidden, "login_id": "corporate", "password": "mihon-login-2026"}
    assert sunabar.client.post("/site/login", data=login).status_code in (302, 303)

    sunabar.real.seconds += THIRTY_DAYS - 1
    assert sunabar.get("/accounts").status_code == 200
    sunabar.real.seconds += 1
    assert sunabar.get("/accounts").json["errorCode"] == "WG_ERR_105"


def test_a_portal_token_survives_a_snapshot(sunabar: Caller) -> None:
    snapshot = sunabar.control("GET", "/snapshot").json
    other = make_caller(profile="sunabar")

    assert other.control("PUT", "/snapshot", snapshot).status_code == 200
    other.token = sunabar.token
    assert other.get("/accounts").status_code == 200


def test_other_profiles_have_no_portal_token() -> None:
    caller = make_caller()

    assert caller.control("GET", "/customers").json["customers"][0]["portal_token"] is None


def test_every_request_waits_ten_minutes_for_its_holder_even_where_none_would(sunabar: Caller) -> None:
    sunabar.control("PATCH", "/customers/corporate", {"confirmation_required": False})

    reply = sunabar.post("/transfer/request", make_order())

    assert (reply.status_code, reply.json["resultCode"]) == (201, "2")
    result = f"/transfer/request-result?accountId={ACCOUNT_ID}&applyNo={reply.json['applyNo']}"
    sunabar.real.seconds += 599
    assert sunabar.get(result).json["resultCode"] == "2"
    sunabar.real.seconds += 1
    assert sunabar.get(result).json["resultCode"] == "8"


def test_the_transfer_limit_is_half_a_million(sunabar: Caller) -> None:
    assert sunabar.get("/accounts").json["accounts"][0]["transferLimitAmount"] == "500000"


def test_statement_keys_are_five_digits_and_lead_from_page_to_page(sunabar: Caller) -> None:
    for number in range(501):
        sunabar.world.bank.outside.deposit(
            ACCOUNT_ID, amount_yen=number + 1, remitter_name="ｽﾅﾊﾞ ﾀﾛｳ", edi_info=None, paying_bank=None,
            at=sunabar.world.clock.now(),
        )  # fmt: skip

    first = sunabar.get(STATEMENT).json
    second = sunabar.get(f"{STATEMENT}&nextItemKey={first['nextItemKey']}").json

    keys = [line["itemKey"] for page in (first, second) for line in page["transactions"]]
    assert len(keys) == len(set(keys)) > 501
    assert all(len(key) == 5 and key.isdigit() for key in keys)
    assert sunabar.get(f"{STATEMENT}&nextItemKey=99999").status_code == 400


def test_virtual_accounts_are_405_for_a_customer_without_them(sunabar: Caller) -> None:
    assert sunabar.post("/va/list", {}).status_code == 200
    sunabar.control("PATCH", "/customers/corporate", {"virtual_accounts_enabled": False})
    assert sunabar.post("/va/list", {}).json == NO_OPERATION


def test_in_strict_credentials_in_a_header_need_the_word_basic() -> None:
    for profile, status in (("bank", 200), ("strict", 401), ("strict", 200)):
        caller = make_caller(profile=profile)
        consent = {"client_id": "loCa1C1ientShop1", "customer_id": "corporate", "scope": "private:account"}
        code = caller.control("POST", "/consents", {**consent, "redirect_uri": REDIRECT_URI}).json["code"]
        form = token_form(code=code)
        pair = "bG9DYTFDMWllbnRTaG9wMTpzNG5kYm94T24xeVM0bmRib3hPbjF5UzRuZGJveE9uMXlTNG5kYm94T24xeUxvY2ExMA=="
        header = pair if (profile, status) != ("strict", 200) else f"Basic {pair}"
        assert caller.client.post(TOKEN_URL, data=form, headers={"Authorization": header}).status_code == status


SUNABAR_PATHS = ("/personal/v1", "/corporation/v1")


def make_sandbox_of(scenario: str) -> Caller:
    return make_caller(profile="sunabar", scenario=scenario)


@pytest.mark.parametrize("scenario", ["corporate", "sole-proprietor", "individual"])
def test_either_path_of_the_sandbox_serves_every_kind_of_holder(scenario: str) -> None:
    caller = make_sandbox_of(scenario)

    told = [caller.call("GET", f"{path}/accounts").json for path in SUNABAR_PATHS]

    assert told[0]["accounts"] == told[1]["accounts"]
    assert told[0]["accounts"][0]["transferLimitAmount"] == "500000"
    account_id = told[0]["accounts"][0]["accountId"]
    for path in SUNABAR_PATHS:
        caller.api = path
        assert caller.get("/accounts/balances").json["balances"][0]["accountId"] == account_id
        reply = caller.post("/transfer/request", make_order(accountId=account_id))
        assert (reply.status_code, reply.json["resultCode"]) == (201, "2")
        found = caller.get(f"/transfer/request-result?accountId={account_id}&applyNo={reply.json['applyNo']}")
        assert (found.status_code, found.json["resultCode"]) == (200, "2")


def test_the_sandbox_tells_of_purses_on_the_personal_path_only() -> None:
    caller = make_sandbox_of("individual")

    told = {path: caller.call("GET", f"{path}/accounts").json for path in SUNABAR_PATHS}

    assert len(told["/personal/v1"]["spAccounts"]) == 3
    assert "spAccounts" not in told["/corporation/v1"]


def test_the_statement_of_a_purse_in_the_sandbox_is_told_whatever_the_form_of_its_keys() -> None:
    caller = make_sandbox_of("individual")
    caller.api = "/personal/v1"
    move = {"depositSpAccountId": "SP502011047569", "debitSpAccountId": "SP301010012345", "paymentAmount": "5000"}
    assert caller.post("/transfer/spaccounts-transfer", move).status_code == 200
    asked = "&dateFrom=2026-01-01&dateTo=2026-04-01"

    parent = caller.get(f"/accounts/transactions?accountId=SP301010012345{asked}").json
    child = caller.get(f"/accounts/transactions?accountId=SP502011047569{asked}").json

    assert [line["balance"] for line in parent["transactions"]] == ["410000", "650000", "645000"]
    assert [line["balance"] for line in child["transactions"]] == ["305000"]
    assert not any("itemKey" in line for line in (*parent["transactions"], *child["transactions"]))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/personal/v1/accounts/deposit-transactions?accountId=301010012345"),
        ("GET", "/personal/v1/bulktransfer/status?accountId=301010012345&queryKeyClass=2"),
        ("POST", "/personal/v1/bulktransfer/request"),
        ("POST", "/personal/v1/va/list"),
        ("POST", "/corporation/v1/va/list"),
        ("GET", "/corporation/v1/va/deposit-transactions?raId=301010012345"),
    ],
)
def test_what_individuals_do_not_have_is_no_operation_of_the_sandbox(method: str, path: str) -> None:
    given = {"data": "{}", "content_type": "application/json"} if method == "POST" else {}

    reply = make_sandbox_of("individual").call(method, path, **given)

    assert (reply.status_code, reply.json) == (405, NO_OPERATION)

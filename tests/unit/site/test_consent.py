"""From the client's link through log-in and consent back to the client."""

import pytest

from mock_gmo.oauth.rules import OAuthRules
from mock_gmo.oauth.scopes import SCOPES
from mock_gmo.site.texts import SCOPE_TEXTS
from tests.unit.site.visits import PASSWORD, REDIRECT_URI, STATE, Bench

PRODUCTION_URI = "https://gmo-bank-integrator.nvst.jp/refresh_token/shop-0001"
DEVELOPMENT_URI = "https://dev.gmo-bank-integrator.nvst.jp/refresh_token/shop-{}"


def at_consent(bench):
    visitor = bench.visitor()
    visitor.follow(visitor.ask())
    visitor.follow(visitor.log_in())
    return visitor


def code_of(location):
    assert location.startswith(f"{REDIRECT_URI}?code=")
    assert location.endswith(f"&state={STATE}")
    return location.partition("code=")[2].partition("&")[0]


def test_a_customer_logs_in_allows_and_comes_back_with_a_code_that_works():
    bench = Bench()
    visitor = bench.visitor()

    asked = visitor.ask()
    assert asked.status_code == 302
    assert visitor.follow(asked).status_code == 200
    logged_in = visitor.log_in()
    assert logged_in.status_code == 303
    assert visitor.follow(logged_in).status_code == 200
    allowed = visitor.send("/site/consent", decision="allow")

    assert allowed.status_code == 302
    client = bench.environment.clients[0]
    form = {
        "grant_type": "authorization_code",
        "code": code_of(allowed.headers["Location"]),
        "redirect_uri": REDIRECT_URI,
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
    }
    assert bench.oauth.token(form, None, at=bench.clock.at).customer_id == "mihon"


def test_the_consent_page_says_who_asks_for_what_on_which_accounts():
    visitor = at_consent(Bench())

    for words in (
        "ReCORE",
        "口座情報（残高・入出金明細）の照会",
        "振込・振替の依頼と照会",
        "法人営業部",
        "0000001",
        "見本商事株式会社 様",
        REDIRECT_URI,
    ):
        assert words in visitor.page
    assert "0000002" not in visitor.page


def test_every_scope_has_words_in_both_languages():
    assert SCOPE_TEXTS.keys() == SCOPES.keys()


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW"])
def test_everything_but_allow_is_a_denial(decision):
    denied = at_consent(Bench()).send("/site/consent", decision=decision)

    assert denied.status_code == 302
    assert denied.headers["Location"].startswith(f"{REDIRECT_URI}?error=access_denied")
    assert denied.headers["Location"].endswith(f"&state={STATE}")


def test_a_decision_is_taken_once():
    visitor = at_consent(Bench())
    visitor.send("/site/consent", decision="allow")

    again = visitor.send("/site/consent", decision="allow")

    assert again.status_code == 400
    assert "お手続きを続けられません" in visitor.page


def test_a_request_that_was_left_too_long_ends_on_a_page():
    bench = Bench()
    visitor = at_consent(bench)
    bench.wait(bench.rules.pending_request_seconds)

    assert visitor.send("/site/consent", decision="allow").status_code == 400
    assert visitor.open("/site/consent", request="1" * 32).status_code == 400
    assert visitor.open("/site/login", request="1" * 32).status_code == 400


def test_consent_without_a_log_in_leads_to_the_log_in_page():
    bench = Bench()
    visitor = bench.visitor()
    login_page = visitor.ask().headers["Location"]
    request_id = login_page.partition("request=")[2]

    reply = visitor.open("/site/consent", request=request_id)

    assert reply.status_code == 303
    assert reply.headers["Location"] == login_page


def test_who_is_logged_in_already_goes_straight_to_consent():
    bench = Bench()
    visitor = bench.visitor()
    visitor.log_in()

    assert "/site/consent" in visitor.follow(visitor.ask()).headers["Location"]


@pytest.mark.parametrize(
    ("login_id", "password"),
    [("mihon", "wrong"), ("mihon", ""), ("nobody", PASSWORD), ("", ""), ("mihon", PASSWORD + " "), ("nobody", "\0")],
)
def test_a_wrong_log_in_is_told_in_the_same_words_whatever_was_wrong(login_id, password):
    visitor = Bench().visitor()

    reply = visitor.log_in(login_id, password)

    assert reply.status_code == 401
    assert "お客さま番号またはログインパスワードが正しくありません。" in visitor.page
    assert password == "" or password not in visitor.page
    assert visitor.open("/site/confirmations").status_code == 303


def test_a_failed_log_in_keeps_the_request():
    visitor = Bench().visitor()
    visitor.follow(visitor.ask())
    visitor.log_in(password="wrong")

    assert "/site/consent?request=" in visitor.log_in().headers["Location"]


def test_a_rule_lets_a_customer_in_without_a_password():
    visitor = Bench(OAuthRules(consent_needs_login=False)).visitor()
    visitor.open("/site/login")

    assert 'name="password"' not in visitor.page
    assert visitor.send("/site/login", login_id="nobody").status_code == 401
    assert visitor.send("/site/login", login_id="mihon").status_code == 303


@pytest.mark.parametrize("form_token", ["", "wrong", "\ud800"])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/site/login", {"login_id": "mihon", "password": PASSWORD}),
        ("/site/consent", {"decision": "allow"}),
        ("/site/logout", {}),
        ("/site/confirmations/2026040100000001", {"transaction_password": "x"}),
    ],
)
def test_a_form_without_the_token_of_the_visit_does_nothing(path, fields, form_token):
    visitor = at_consent(Bench())

    reply = visitor.send(path, form_token=form_token.encode("utf-8", "surrogatepass"), **fields)

    assert reply.status_code == 400
    assert "画面の有効期限が切れました" in visitor.page
    assert visitor.open("/site/confirmations").status_code == 200


def test_a_form_token_of_another_visit_does_not_count():
    bench = Bench()
    mine, others = at_consent(bench), at_consent(bench)
    mine.page = others.page

    assert mine.send("/site/consent", decision="allow").status_code == 400


def test_logging_in_begins_a_new_form_token():
    visitor = Bench().visitor()
    visitor.open("/site/login")
    before = visitor.page

    visitor.log_in()
    visitor.page = before

    assert visitor.send("/site/logout").status_code == 400


def test_after_logging_out_the_pages_ask_for_a_log_in():
    visitor = at_consent(Bench())

    out = visitor.send("/site/logout")

    assert visitor.follow(out).status_code == 200
    assert "ログアウトしました" in visitor.page
    assert visitor.open("/site/confirmations").headers["Location"] == "/site/login"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": PRODUCTION_URI},
        {"redirect_uri": DEVELOPMENT_URI.format("0002")},
        {"redirect_uri": DEVELOPMENT_URI.format("0001") + "/"},
        {"client_id": "deve1opmentShop2", "redirect_uri": DEVELOPMENT_URI.format("0001")},
        {"client_id": "pr0ductionShop01", "redirect_uri": PRODUCTION_URI},
        {"client_id": ""},
    ],
)
def test_a_code_can_never_arrive_at_another_companys_or_another_environments_url(changes):
    visitor = Bench(environment_name="development").visitor()

    reply = visitor.ask(**{"redirect_uri": DEVELOPMENT_URI.format("0001"), **changes})

    assert reply.status_code == 400
    assert "Location" not in reply.headers
    assert reply.content_type == "text/html; charset=utf-8"


def test_a_fault_that_the_client_may_know_is_told_by_redirect():
    reply = Bench().visitor().ask(scope="private:everything")

    assert reply.status_code == 302
    assert reply.headers["Location"].startswith(f"{REDIRECT_URI}?error=invalid_scope&")


def test_a_repeated_parameter_counts_as_missing():
    bench = Bench()
    visitor = bench.visitor()
    visitor.ask()

    reply = visitor.client.get(
        f"/authorization?response_type=code&client_id={bench.environment.clients[0].client_id}"
        f"&redirect_uri={REDIRECT_URI}&scope=openid&state=a&state=b"
    )

    assert "error=invalid_request" in reply.headers["Location"]

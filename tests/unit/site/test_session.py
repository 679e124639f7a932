"""How a log-in at the site ends by itself. Flask signs its cookie with the machine's time, so that time is frozen."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from tests.unit.gateway.calling import make_caller
from tests.unit.site.visits import TRANSACTION_PASSWORD, Bench

START = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
HALF_AN_HOUR = 1_800


@pytest.fixture
def machine():
    """The machine's clock, standing still until a test moves it."""
    with freeze_time(START) as frozen:
        yield frozen


def pass_seconds(machine, number):
    machine.tick(timedelta(seconds=number))


def logged_in(bench):
    visitor = bench.visitor()
    visitor.log_in()
    visitor.open("/site/confirmations")
    return visitor


@pytest.mark.parametrize(("seconds", "status"), [(HALF_AN_HOUR, 200), (HALF_AN_HOUR + 1, 303)])
def test_a_log_in_that_nobody_uses_ends_after_half_an_hour(machine, seconds, status):
    visitor = logged_in(Bench())

    pass_seconds(machine, seconds)

    assert visitor.open("/site/confirmations").status_code == status


def test_every_page_lets_the_half_hour_begin_anew(machine):
    visitor = logged_in(Bench())

    for _ in range(3):
        pass_seconds(machine, HALF_AN_HOUR)
        assert visitor.open("/site/confirmations").status_code == 200

    pass_seconds(machine, HALF_AN_HOUR + 1)
    assert visitor.open("/site/confirmations").headers["Location"] == "/site/login"


def test_the_minutes_are_a_setting(machine):
    visitor = logged_in(Bench(idle_seconds=60))

    pass_seconds(machine, 61)

    assert visitor.open("/site/confirmations").status_code == 303


def test_moving_the_banks_clock_ends_no_log_in(machine):
    bench = Bench()
    visitor = logged_in(bench)

    bench.wait(30 * 86_400)

    assert visitor.open("/site/confirmations").status_code == 200


def test_whose_log_in_ended_is_told_so_once(machine):
    visitor = logged_in(Bench())
    pass_seconds(machine, HALF_AN_HOUR + 1)

    visitor.follow(visitor.open("/site/confirmations"))
    assert "ログインの有効期限が切れました。" in visitor.page

    visitor.open("/site/login")
    assert "ログインの有効期限が切れました。" not in visitor.page
    assert visitor.log_in().status_code == 303


def test_a_form_sent_after_the_end_does_nothing_and_leads_to_the_log_in_page(machine):
    bench = Bench()
    apply_no = bench.request_transfer()
    visitor = logged_in(bench)
    pass_seconds(machine, HALF_AN_HOUR + 1)

    reply = visitor.confirm(apply_no, TRANSACTION_PASSWORD)

    assert (reply.status_code, reply.headers["Location"]) == (303, "/site/login")
    assert bench.balance_yen() == 10_000_000
    assert len(bench.bank.outside.pending_confirmations("mihon", at=bench.clock.at)) == 1


def test_a_consent_left_too_long_goes_on_after_a_new_log_in(machine):
    visitor = Bench().visitor()
    visitor.follow(visitor.ask())
    visitor.follow(visitor.log_in())
    pass_seconds(machine, HALF_AN_HOUR + 1)

    ended = visitor.send("/site/consent", decision="allow")
    visitor.follow(ended)
    consent = visitor.log_in().headers["Location"]

    assert "ログインの有効期限が切れました。" in visitor.page
    assert consent.startswith("/site/consent?request=")
    visitor.open(consent)
    assert visitor.send("/site/consent", decision="allow").status_code == 302


def test_who_never_was_here_is_told_nothing_about_an_end(machine):
    visitor = Bench().visitor()

    visitor.follow(visitor.open("/site/confirmations"))

    assert "有効期限" not in visitor.page


def test_after_logging_out_nothing_is_said_about_an_end(machine):
    visitor = logged_in(Bench())
    visitor.follow(visitor.send("/site/logout"))

    visitor.open("/site/login")

    assert "有効期限" not in visitor.page


def test_the_cookie_is_for_the_site_alone():
    site = make_caller().client.get("/site/login")

    # Browsers send a host's cookies to all its ports: without a path this one would reach the integrator as well.
    assert "; Path=/site" in site.headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/site/login", "/site/confirmations"])
def test_the_cookie_ends_with_the_browser_too(machine, path):
    visitor = logged_in(Bench())

    cookie = visitor.open(path).headers.get("Set-Cookie", "")

    assert cookie.startswith("mock_bank_site=")
    assert "expires" not in cookie.lower()
    assert "max-age" not in cookie.lower()

"""Settings: what is read, and what is refused with the name of the variable."""

from datetime import time
from ipaddress import ip_network

import pytest

from mock_gmo.settings import Settings, SettingsError, rule_names

WRONG = [
    ("MOCK_GMO_PORT", "http"),
    ("MOCK_GMO_PORT", "65536"),
    ("MOCK_GMO_PORT", "-1"),
    ("MOCK_GMO_PORT", "８３１０"),
    ("MOCK_GMO_PROFILE", "sandbox"),
    ("MOCK_GMO_ENVIRONMENT", "staging"),
    ("MOCK_GMO_SEED", "x"),
    ("MOCK_GMO_TRUSTED_PROXIES", "192.0.2.1/33"),
    ("MOCK_GMO_CONTROL_NETWORKS", "everywhere"),
    ("MOCK_GMO_CONTROL_HOSTS", "http://bank"),
    ("MOCK_GMO_MAINTENANCE", "maybe"),
    ("MOCK_GMO_SITE_IDLE_SECONDS", "0"),
    ("INTEGRATOR_PORT", "99999"),
    ("MOCK_GMO_RULE_CONFIRMATION_SECONDS", "ten"),
    ("MOCK_GMO_RULE_CONFIRMATION_SECONDS", "0"),
    ("MOCK_GMO_RULE_RETRY_TIMES", "12:00,noon"),
    ("MOCK_GMO_RULE_RETRY_TIMES", "08:00"),
    ("MOCK_GMO_RULE_CLOSED_HOURS", "caturday 23:52-00:10"),
    ("MOCK_GMO_RULE_DUPLICATE_KEY_CONFLICT_STATUS", "418"),
    ("MOCK_GMO_RULE_VERIFY_PKCE", "2"),
    ("MOCK_GMO_RULE_NO_SUCH_RULE", "1"),
    ("MOCK_GMO_PROT", "8310"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_cannot_be_read_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


def test_every_kind_of_setting_is_read() -> None:
    settings = Settings.from_env({
        "MOCK_GMO_PORT": "0", "MOCK_GMO_SEED": "7", "MOCK_GMO_TRUSTED_PROXIES": "192.0.2.1, 2001:db8::/32",
        "MOCK_GMO_RULE_RETRY_TIMES": "10:00,11:30", "MOCK_GMO_RULE_FEES_OTHER_BANK_YEN": "130",
        "MOCK_GMO_RULE_CLOSED_HOURS": "sat 23:52-00:10", "MOCK_GMO_RULE_VERIFY_PKCE": "on", "UNRELATED": "x",
    })  # fmt: skip

    assert (settings.port, settings.seed) == (0, 7)
    assert settings.trusted_proxies == (ip_network("192.0.2.1"), ip_network("2001:db8::/32"))
    assert settings.bank_rules.retry_times == (time(10), time(11, 30))
    assert settings.bank_rules.fees.other_bank_yen == 130
    assert settings.bank_rules.closed_hours[0].weekday == "sat"
    assert settings.oauth_rules.verify_pkce


def test_the_command_line_wins_over_the_environment_and_is_named_when_wrong() -> None:
    assert Settings.from_env({"MOCK_GMO_PORT": "1"}, port="2").port == 2
    with pytest.raises(SettingsError, match="--port"):
        Settings.from_env({}, port="x")


def test_an_empty_variable_is_no_setting() -> None:
    assert Settings.from_env({"MOCK_GMO_PORT": ""}) == Settings()


def test_every_rule_has_a_variable_that_says_what_it_expects() -> None:
    assert len(rule_names()) >= 30
    assert all(rule_names().values())

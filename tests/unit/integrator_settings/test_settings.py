"""Settings: what stops the start, and that it is named; what the two processes can and cannot hold."""

import base64

import pytest

from integrator.settings import (
    ClockSource,
    Environment,
    MasterKey,
    SettingsError,
    read_master_keys,
    read_store_settings,
    read_web_settings,
    read_worker_settings,
    written_master_key,
)

KEY = f"k2026-01:{base64.b64encode(bytes(range(32))).decode()}"
OTHER_KEY = f"k2025-01:{base64.b64encode(bytes(range(32, 64))).decode()}"
PUBLIC_KEY = base64.b64encode(bytes(range(64, 96))).decode()

WEB = {
    "INTEGRATOR_ENVIRONMENT": "local",
    "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310",
    "INTEGRATOR_PUBLIC_URL": "http://127.0.0.1:8320",
    "INTEGRATOR_DATABASE_URL": "sqlite:///integrator.sqlite3",
    "INTEGRATOR_INTAKE_PUBLIC_KEY": PUBLIC_KEY,
}
WORKER = {
    "INTEGRATOR_ENVIRONMENT": "local",
    "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310",
    "INTEGRATOR_DATABASE_URL": "sqlite:///integrator.sqlite3",
    "INTEGRATOR_MASTER_KEY": KEY,
}
PRODUCTION = {
    "INTEGRATOR_ENVIRONMENT": "production",
    "INTEGRATOR_BANK_URL": "https://api.gmo-aozora.com",
    "INTEGRATOR_PUBLIC_URL": "https://gmo-bank-integrator.nvst.jp",
}
DEVELOPMENT = {
    "INTEGRATOR_ENVIRONMENT": "development",
    "INTEGRATOR_BANK_URL": "https://stg-api.gmo-aozora.com",
    "INTEGRATOR_PUBLIC_URL": "https://dev.gmo-bank-integrator.nvst.jp",
}


def test_the_web_reads_what_it_needs_and_nothing_that_opens_a_secret() -> None:
    settings = read_web_settings({**WEB, "PATH": "/usr/bin", "INTEGRATOR_GATE_JITTER_MS": "20"})

    assert settings.environment is Environment.LOCAL
    assert settings.clock is ClockSource.OWN
    assert (settings.host, settings.port, settings.requests_per_second) == ("127.0.0.1", 8320, 1)
    assert not hasattr(settings, "master_keys")


def test_the_worker_seals_with_the_first_key_and_keeps_the_others() -> None:
    settings = read_worker_settings({**WORKER, "INTEGRATOR_MASTER_KEY": f"{KEY},{OTHER_KEY}"})

    assert [key.key_id for key in settings.master_keys] == ["k2026-01", "k2025-01"]
    assert (settings.connect_seconds, settings.read_seconds, settings.gate_jitter_seconds) == (3, 30, 0.05)
    assert (settings.threads, settings.crashes_max) == (16, 10)


def test_no_settings_print_a_key_or_the_database_password() -> None:
    url = "postgresql+psycopg://integrator:pass-word@db.example/integrator"
    shown = repr(read_worker_settings({**WORKER, "INTEGRATOR_DATABASE_URL": url}))

    assert "pass-word" not in shown
    assert repr(bytes(range(32))) not in shown


def test_a_web_process_that_was_given_a_master_key_does_not_start() -> None:
    for value in (KEY, ""):
        with pytest.raises(SettingsError, match="INTEGRATOR_MASTER_KEY: the web process must not") as refused:
            read_web_settings({**WEB, "INTEGRATOR_MASTER_KEY": value})
        assert KEY.split(":")[1] not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        PRODUCTION,
        DEVELOPMENT,
        {**PRODUCTION, "INTEGRATOR_PUBLIC_URL": "https://bank.shop.example"},
        {"INTEGRATOR_BANK_URL": "http://[::1]:8310"},
        {"INTEGRATOR_BANK_URL": "http://localhost:8310/w/a1"},
        {"INTEGRATOR_CLOCK": "bank"},
        {"INTEGRATOR_CLOCK": ""},
        {"INTEGRATOR_PORT": "0"},
    ],
)
def test_a_fitting_environment_starts(changes: dict[str, str]) -> None:
    assert read_web_settings({**WEB, **changes}).environment == {**WEB, **changes}["INTEGRATOR_ENVIRONMENT"]


def test_urls_lose_their_last_slash() -> None:
    settings = read_web_settings({**WEB, "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310/"})

    assert settings.bank_url == "http://127.0.0.1:8310"


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"INTEGRATOR_ENVIRONMENT": ""}, "INTEGRATOR_ENVIRONMENT"),
        ({"INTEGRATOR_ENVIRONMENT": "staging"}, "INTEGRATOR_ENVIRONMENT"),
        ({"INTEGRATOR_DATABASE_URL": ""}, "INTEGRATOR_DATABASE_URL"),
        ({"INTEGRATOR_BANK_URL": ""}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "127.0.0.1:8310"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "ftp://127.0.0.1"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "http://127.0.0.1:port"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "http://127.0.0.1:8310?x=1"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "http://user:word@127.0.0.1:8310"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "http://127.0.0.1\n:8310"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_BANK_URL": "https://api.gmo-aozora.com"}, "INTEGRATOR_BANK_URL"),
        ({**PRODUCTION, "INTEGRATOR_BANK_URL": "https://stg-api.gmo-aozora.com"}, "INTEGRATOR_BANK_URL"),
        ({**PRODUCTION, "INTEGRATOR_BANK_URL": "http://api.gmo-aozora.com"}, "INTEGRATOR_BANK_URL"),
        ({**PRODUCTION, "INTEGRATOR_BANK_URL": "https://api.gmo-aozora.com:8443"}, "INTEGRATOR_BANK_URL"),
        ({**PRODUCTION, "INTEGRATOR_BANK_URL": "https://api.gmo-aozora.com.shop.example"}, "INTEGRATOR_BANK_URL"),
        ({**DEVELOPMENT, "INTEGRATOR_BANK_URL": "https://api.gmo-aozora.com"}, "INTEGRATOR_BANK_URL"),
        ({**DEVELOPMENT, "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310"}, "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_PUBLIC_URL": "https://shop.example"}, "INTEGRATOR_PUBLIC_URL"),
        ({**PRODUCTION, "INTEGRATOR_PUBLIC_URL": "http://shop.example"}, "INTEGRATOR_PUBLIC_URL"),
        ({**PRODUCTION, "INTEGRATOR_PUBLIC_URL": "https://127.0.0.1"}, "INTEGRATOR_PUBLIC_URL"),
        (
            {**PRODUCTION, "INTEGRATOR_PUBLIC_URL": "https://dev.gmo-bank-integrator.nvst.jp"},
            "INTEGRATOR_PUBLIC_URL",
        ),
        (
            {**DEVELOPMENT, "INTEGRATOR_PUBLIC_URL": "https://gmo-bank-integrator.nvst.jp"},
            "INTEGRATOR_PUBLIC_URL",
        ),
        ({"INTEGRATOR_INTAKE_PUBLIC_KEY": ""}, "INTEGRATOR_INTAKE_PUBLIC_KEY"),
        ({"INTEGRATOR_INTAKE_PUBLIC_KEY": "AAAA"}, "INTEGRATOR_INTAKE_PUBLIC_KEY"),
        ({"INTEGRATOR_INTAKE_PUBLIC_KEY": PUBLIC_KEY + "\n"}, "INTEGRATOR_INTAKE_PUBLIC_KEY"),
        ({"INTEGRATOR_PORT": "65536"}, "INTEGRATOR_PORT"),
        ({"INTEGRATOR_PORT": "８３２０"}, "INTEGRATOR_PORT"),
        ({"INTEGRATOR_REQUESTS_PER_SECOND": "0"}, "INTEGRATOR_REQUESTS_PER_SECOND"),
        ({"INTEGRATOR_REQUESTS_PER_SECOND": "1.5"}, "INTEGRATOR_REQUESTS_PER_SECOND"),
        ({"INTEGRATOR_CLOCK": "wall"}, "INTEGRATOR_CLOCK"),
        ({**DEVELOPMENT, "INTEGRATOR_CLOCK": "bank"}, "INTEGRATOR_CLOCK"),
        ({**PRODUCTION, "INTEGRATOR_CLOCK": "bank"}, "INTEGRATOR_CLOCK"),
        ({"INTEGRATOR_MASTERKEY": "x"}, "INTEGRATOR_MASTERKEY"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_stops_the_web_by_name(changes: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_web_settings({**WEB, **changes})

    assert refused.value.variable == variable
    assert str(refused.value).startswith(f"{variable}: ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("INTEGRATOR_MASTER_KEY", ""),
        ("INTEGRATOR_MASTER_KEY", KEY.split(":")[1]),
        ("INTEGRATOR_MASTER_KEY", "short:AAAA"),
        ("INTEGRATOR_MASTER_KEY", f"k2026-01:{base64.b64encode(bytes(31)).decode()}"),
        ("INTEGRATOR_MASTER_KEY", f"{KEY},{KEY}"),
        ("INTEGRATOR_MASTER_KEY", f"{KEY},"),
        ("INTEGRATOR_GATE_JITTER_MS", "1001"),
        ("INTEGRATOR_WORKER_THREADS", "0"),
        ("INTEGRATOR_CRASHES_MAX", "0"),
        ("INTEGRATOR_CONNECT_SECONDS", "0"),
        ("INTEGRATOR_READ_SECONDS", "never"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_stops_the_worker_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_worker_settings({**WORKER, variable: value})

    assert refused.value.variable == variable
    assert KEY.split(":")[1] not in str(refused.value)


def test_a_misspelt_setting_is_refused_with_the_right_spelling() -> None:
    with pytest.raises(SettingsError, match="Did you mean INTEGRATOR_MASTER_KEY"):
        read_worker_settings({**WORKER, "INTEGRATOR_MASTERKEY": KEY})


def test_a_database_command_needs_only_the_environment_and_the_database() -> None:
    settings = read_store_settings({"INTEGRATOR_ENVIRONMENT": "local", "INTEGRATOR_DATABASE_URL": "sqlite:///x"})

    assert settings.database_url == "sqlite:///x"


def test_a_written_master_key_reads_back() -> None:
    key = MasterKey("abcd2345", bytes(range(32)))

    assert read_master_keys({"INTEGRATOR_MASTER_KEY": written_master_key(key)}) == (key,)

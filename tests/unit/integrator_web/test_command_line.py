"""The command line: exit code 0 done, 1 failed, 2 wrong usage or settings, always with the way to mend it."""

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integrator.__main__ import main

SECRET = "the-client-secret"


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of the environment local on a database file that does not exist yet."""
    for name in ("ENVIRONMENT", "DATABASE_URL", "MASTER_KEY", "INTAKE_PUBLIC_KEY", "BANK_URL", "PUBLIC_URL", "PORT"):
        monkeypatch.delenv(f"INTEGRATOR_{name}", raising=False)
    master_key = run({}, "master-key", "new").output.strip()
    return {
        "INTEGRATOR_ENVIRONMENT": "local",
        "INTEGRATOR_DATABASE_URL": f"sqlite:///{tmp_path / 'integrator.sqlite3'}",
        "INTEGRATOR_BANK_URL": "http://127.0.0.1:8310",
        "INTEGRATOR_PUBLIC_URL": "http://127.0.0.1:8320",
        "INTEGRATOR_INTAKE_PUBLIC_KEY": run(
            {"INTEGRATOR_MASTER_KEY": master_key}, "key", "intake-public"
        ).output.strip(),
    }


def run(variables: dict[str, str], *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, env=dict(variables), input=typed)


def add_company(variables: dict[str, str], company_id: str = "mihon-001", *more: str) -> Result:
    arguments = ("--name", "見本商事", "--client-id", f"client-{company_id}", "--account-id", "101010012345")
    return run(variables, "company", "add", company_id, *arguments, *more, typed=SECRET + "\n")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        *(
            name.split()
            for name in ("serve", "work", "migrate", "company", "company add", "key", "key create", "master-key new")
        ),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(arguments: list[str]) -> None:
    result = run({}, *arguments, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_company_and_its_key_are_made_on_a_migrated_database(variables: dict[str, str]) -> None:
    assert run(variables, "migrate").exit_code == 0
    assert run(variables, "migrate").exit_code == 0

    added = add_company(variables)
    key = run(variables, "key", "create", "--role", "company", "--company", "mihon-001", "--name", "register 1")
    listed = run(variables, "key", "list")

    assert added.exit_code == 0
    assert "http://127.0.0.1:8320/refresh_token/mihon-001" in added.output
    assert SECRET not in added.output + run(variables, "company", "show", "mihon-001").output
    assert run(variables, "company", "list").output.split("\t")[0] == "mihon-001"
    assert key.output.startswith("rk_")
    assert key.output.strip() not in listed.output
    assert "register 1" in listed.output

    key_id = key.output.split("_")[1]
    assert run(variables, "key", "revoke", key_id).exit_code == 0
    assert "revoked" in run(variables, "key", "list", "--company", "mihon-001").output


def test_what_cannot_be_done_ends_with_1_and_says_why(variables: dict[str, str]) -> None:
    unmigrated = run(variables, "company", "list")
    run(variables, "migrate")
    add_company(variables)

    assert (unmigrated.exit_code, "integrator migrate" in unmigrated.output) == (1, True)
    assert add_company(variables).exit_code == 1
    assert run(variables, "company", "show", "nobody").exit_code == 1
    assert run(variables, "key", "revoke", "nobody00").exit_code == 1
    assert run(variables, "key", "create", "--role", "company", "--company", "nobody", "--name", "x").exit_code == 1


@pytest.mark.parametrize(
    ("changed", "arguments", "names"),
    [
        ({"INTEGRATOR_DATABASE_URL": ""}, ["migrate"], "INTEGRATOR_DATABASE_URL"),
        ({"INTEGRATOR_ENVIRONMENT": "staging"}, ["company", "list"], "INTEGRATOR_ENVIRONMENT"),
        ({"INTEGRATOR_PUBLIC_URL": ""}, ["serve"], "INTEGRATOR_PUBLIC_URL"),
        ({"INTEGRATOR_BANK_URL": "https://bank.example"}, ["serve"], "INTEGRATOR_BANK_URL"),
        ({"INTEGRATOR_MASTER_KEY": "x"}, ["serve"], "INTEGRATOR_MASTER_KEY"),
        ({}, ["work"], "INTEGRATOR_MASTER_KEY"),
        ({"INTEGRATOR_PROT": "1"}, ["serve"], "INTEGRATOR_PORT"),
        ({}, ["key", "create", "--role", "company", "--name", "x"], "--company"),
        ({}, ["key", "create", "--role", "owner", "--name", "x"], "--role"),
        ({}, ["no-such-command"], "no-such-command"),
    ],
)
def test_wrong_usage_or_settings_end_with_2_and_name_the_culprit(
    variables: dict[str, str], changed: dict[str, str], arguments: list[str], names: str
) -> None:
    result = run({**variables, **changed}, *arguments)

    assert result.exit_code == 2
    assert names in result.output


def test_a_company_outside_the_contract_is_refused_with_its_field(variables: dict[str, str]) -> None:
    run(variables, "migrate")

    result = add_company(variables, "mihon_001")

    assert result.exit_code == 2
    assert "/company_id: expected 1–64 letters, digits and hyphens" in result.output
    assert (
        run(variables, "company", "add", "m", "--name", "m", "--client-id", "c", "--account-id", "1" * 12).exit_code
        == 2
    )


def test_two_new_master_keys_differ(variables: dict[str, str]) -> None:
    assert run({}, "master-key", "new").output != run({}, "master-key", "new").output


def test_a_callback_is_set_shown_rotated_tested_and_removed(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)

    def callback(*arguments: str) -> Result:
        return run(variables, "callback", *arguments)

    assert "has no callback: integrator callback set" in callback("show", "mihon-001").output
    secret = callback("set", "mihon-001", "https://recore.example/bank/events")
    assert secret.exit_code == 0
    assert secret.output.startswith("whsec_")
    assert "the secret stays" in callback("set", "mihon-001", "https://recore.example/other").output
    shown = callback("show", "mihon-001")
    assert "https://recore.example/other" in shown.output
    assert secret.output.strip() not in shown.output
    assert callback("rotate-secret", "mihon-001").output.startswith("whsec_")
    assert callback("test", "mihon-001").output.startswith("ev_")
    assert callback("remove", "mihon-001").exit_code == 0
    assert callback("show", "mihon-001").exit_code == 1


def test_a_callback_into_a_network_fails_with_what_is_expected(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)

    result = run(variables, "callback", "set", "mihon-001", "https://10.0.0.1/hook")

    assert result.exit_code == 1
    assert "an address that is not public" in result.output
    assert "integrator company add" in run(variables, "callback", "show", "nobody").output


def test_payouts_are_stopped_and_resumed_by_name_and_reason(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)
    said = ("--reason", "不審な依頼", "--by", "担当者A")

    stopped = run(variables, "stop-payouts", "--company", "mihon-001", *said)
    resumed = run(variables, "resume-payouts", "--company", "mihon-001", *said)

    assert (stopped.exit_code, "under way: 0" in stopped.output) == (0, True)
    assert resumed.exit_code == 0
    assert run(variables, "resume-payouts", *said).exit_code == 1
    assert run(variables, "stop-payouts", "--company", "nobody", *said).exit_code == 1
    assert run(variables, "stop-payouts").exit_code == 2
    assert run(variables, "stop-payouts", *said).output.startswith("stopped every company")


def test_the_audit_is_verified_and_exported_and_names_the_first_broken_row(
    variables: dict[str, str], tmp_path: Path
) -> None:
    run(variables, "migrate")
    add_company(variables)
    run(variables, "stop-payouts", "--company", "mihon-001", "--reason", "x", "--by", "担当者A")

    verified = run(variables, "audit", "verify", "--company", "mihon-001")
    exported = [json.loads(line) for line in run(variables, "audit", "export").output.splitlines()]
    with sqlite3.connect(tmp_path / "integrator.sqlite3") as connection:
        connection.execute("UPDATE audit_rows SET who = 'nobody' WHERE number = 2")
    connection.close()
    broken = run(variables, "audit", "verify")

    assert (verified.exit_code, "2 rows" in verified.output) == (0, True)
    assert [row["what"] for row in exported] == ["company.registered", "payouts.stopped"]
    assert exported[1]["who"] == "person:担当者A"
    assert (broken.exit_code, "mihon-001\tbroken at row 2" in broken.output) == (1, True)


def test_a_restore_is_declared_with_the_backups_instant(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)

    done = run(variables, "restored", "--backup-at", "2026-04-01T02:00:00+09:00", "--by", "担当者A")

    assert (done.exit_code, "1 companies" in done.output) == (0, True)
    assert run(variables, "restored", "--backup-at", "2999-04-01T02:00:00+09:00", "--by", "x").exit_code == 2
    assert run(variables, "restored", "--backup-at", "yesterday", "--by", "x").exit_code == 2


def test_differences_and_doubts_are_listed_and_decided_by_those_that_exist(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)
    said = ("--reason", "x", "--by", "担当者A")

    assert run(variables, "difference", "list", "mihon-001").output == ""
    assert run(variables, "doubt", "list", "mihon-001").output == ""
    assert run(variables, "difference", "decide", "mihon-001", "df_0", "--state", "closed", *said).exit_code == 1
    assert run(variables, "difference", "list", "nobody").exit_code == 1


def test_reconciling_wants_the_workers_settings_and_days_in_order(variables: dict[str, str]) -> None:
    run(variables, "migrate")
    add_company(variables)
    worker = {**variables, "INTEGRATOR_MASTER_KEY": run({}, "master-key", "new").output.strip()}

    assert run(variables, "reconcile").exit_code == 2
    assert run(worker, "reconcile", "--from", "2026-04-02", "--to", "2026-04-01").exit_code == 2
    unconnected = run({**worker, "INTEGRATOR_CLOCK": "own"}, "reconcile", "--from", "2026-04-01", "--to", "2026-04-01")
    assert (unconnected.exit_code, "not connected" in unconnected.output) == (1, True)
    missing = ("--outcome", "dead", "--source", "bank_staff", "--reason", "x", "--by", "x")
    own = {**worker, "INTEGRATOR_CLOCK": "own"}
    assert run(own, "doubt", "decide", "mihon-001", "po_" + "0" * 24, *missing).exit_code == 1

"""purge, rotate-keys and roles at the command line; the master key in a file; databases of another environment."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integrator.__main__ import main
from integrator.keys import with_key_file
from integrator.settings import SettingsError, read_web_settings, written_master_key
from tests.unit.integrator_safety.safety_side import NEW, OLD

NEW_TEXT, OLD_TEXT = written_master_key(NEW), written_master_key(OLD)


@pytest.fixture
def variables(database_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of the environment local, on a migrated database."""
    for name in [name for name in os.environ if name.startswith("INTEGRATOR_")]:
        monkeypatch.delenv(name)
    given = {"INTEGRATOR_ENVIRONMENT": "local", "INTEGRATOR_DATABASE_URL": database_url}
    assert run(given, "migrate").exit_code == 0
    return given


def run(variables: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=dict(variables))


def test_a_purge_tells_what_went(variables: dict[str, str]) -> None:
    done = run(variables, "purge")

    assert "consents: 0" in done.output
    if variables["INTEGRATOR_DATABASE_URL"].startswith("sqlite"):
        assert (done.exit_code, done.output.splitlines()[-1][:10]) == (0, "rewritten:")
    else:  # a server as it comes keeps its old log
        assert "wal_recycle = off" in done.output or done.exit_code == 0


def test_a_rotation_says_when_the_old_key_can_go(variables: dict[str, str]) -> None:
    assert run({**variables, "INTEGRATOR_MASTER_KEY": OLD_TEXT}, "rotate-keys").exit_code == 0
    both = {**variables, "INTEGRATOR_MASTER_KEY": f"{NEW_TEXT},{OLD_TEXT}"}

    checked = run(both, "rotate-keys", "--check")
    assert checked.exit_code == 1
    assert "still needed: k2025-01" in checked.output

    done = run(both, "rotate-keys")
    assert done.exit_code == 0
    assert "sealed anew: 1" in done.output
    assert "k2025-01 can go once every web process has INTEGRATOR_INTAKE_PUBLIC_KEY=" in done.output
    assert NEW_TEXT.partition(":")[2] not in done.output

    alone = run({**variables, "INTEGRATOR_MASTER_KEY": NEW_TEXT}, "rotate-keys", "--check")
    assert alone.exit_code == 0


def test_keys_of_another_database_are_refused(variables: dict[str, str]) -> None:
    run({**variables, "INTEGRATOR_MASTER_KEY": OLD_TEXT}, "rotate-keys")

    refused = run({**variables, "INTEGRATOR_MASTER_KEY": NEW_TEXT}, "rotate-keys")

    assert refused.exit_code == 2
    assert "INTEGRATOR_MASTER_KEY: its keys do not open what this database holds" in refused.output


@pytest.mark.parametrize("arguments", [("migrate",), ("purge",), ("key", "list"), ("company", "list")], ids=" ".join)
def test_a_database_of_another_environment_is_refused_with_the_way_out(
    variables: dict[str, str], arguments: tuple[str, ...]
) -> None:
    refused = run({**variables, "INTEGRATOR_ENVIRONMENT": "production"}, *arguments)

    assert refused.exit_code == 2
    assert "the database belongs to the environment local" in refused.output
    assert "Name a database of production" in refused.output


def test_roles_are_made_again_and_again_and_belong_to_postgresql(variables: dict[str, str]) -> None:
    first, second = run(variables, "roles"), run(variables, "roles")

    if variables["INTEGRATOR_DATABASE_URL"].startswith("sqlite"):
        assert first.exit_code == 2
        assert "only PostgreSQL has roles" in first.output
    else:
        assert (first.exit_code, second.exit_code) == (0, 0)
        assert "IN ROLE integrator_local_web" in first.output


def test_the_master_key_may_stand_in_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "master-key"
    file.write_text(f"{NEW_TEXT}\n{OLD_TEXT}\n")
    file.chmod(0o600)

    read = with_key_file({"INTEGRATOR_MASTER_KEY_FILE": str(file), "INTEGRATOR_ENVIRONMENT": "local"})

    assert read == {"INTEGRATOR_MASTER_KEY": f"{NEW_TEXT},{OLD_TEXT}", "INTEGRATOR_ENVIRONMENT": "local"}


def test_a_key_file_that_others_can_read_or_that_is_missing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "master-key"
    given = {"INTEGRATOR_MASTER_KEY_FILE": str(file)}
    with pytest.raises(SettingsError, match="cannot be read"):
        with_key_file(given)
    file.write_text(NEW_TEXT)
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        with_key_file(given)
    with pytest.raises(SettingsError, match="is set as well"):
        with_key_file({**given, "INTEGRATOR_MASTER_KEY": NEW_TEXT})


def test_the_web_takes_no_key_file_either() -> None:
    with pytest.raises(SettingsError, match="INTEGRATOR_MASTER_KEY_FILE: the web process must not"):
        read_web_settings({"INTEGRATOR_MASTER_KEY_FILE": "/etc/key"})

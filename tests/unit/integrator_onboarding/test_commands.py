"""connection-test at the command line: wrong usage and settings end with 2, before anything is asked."""

import os

import pytest
from click.testing import CliRunner

from integrator.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--beneficiary", "0001-001-3-1234567"], "--beneficiary: expected BANK-BRANCH-TYPE-NUMBER"),
        ([], "INTEGRATOR_ENVIRONMENT: is not set. Set one of local, development, production"),
    ],
    ids=["beneficiary", "settings"],
)
def test_what_is_wrong_is_named(arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("INTEGRATOR_")]:
        monkeypatch.delenv(name)

    refused = CliRunner().invoke(main, ["connection-test", "mihon-001", *arguments])

    assert (refused.exit_code, told in refused.output) == (2, True), refused.output

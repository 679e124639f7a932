"""What a company applies for, field by field, and what in the product each security answer rests on."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from integrator.__main__ import main
from integrator.onboarding.security import ANSWERS

ROOT = Path(__file__).resolve().parents[3]
OWN = {
    "--contract-name": "見本商事株式会社",
    "--contact-name": "担当者A",
    "--contact-mail": "tantou@shop.example",
    "--test-mail-corporation": "houjin@shop.example",
    "--test-mail-individual": "kojin@shop.example",
}
PRODUCTION = ("production", "https://gmo-bank-integrator.nvst.jp")
DEVELOPMENT = ("development", "https://dev.gmo-bank-integrator.nvst.jp")


def run(site: tuple[str, str], own: dict[str, str], *more: str) -> Result:
    variables = {"INTEGRATOR_ENVIRONMENT": site[0], "INTEGRATOR_PUBLIC_URL": site[1]}
    options = [text for pair in own.items() for text in pair]
    return CliRunner().invoke(main, ["application-form", "mihon-001", *options, *more], env=variables)


def fields(site: tuple[str, str]) -> dict[str, str]:
    done = run(site, OWN, "--format", "json")
    assert done.exit_code == 0, done.output
    return {field["item"]: field["value"] for field in json.loads(done.stdout)["fields"]}


@pytest.mark.parametrize("site", [PRODUCTION, DEVELOPMENT], ids=["production", "development"])
def test_the_sheet_has_what_is_registered_with_the_bank_wherever_it_is_printed(site: tuple[str, str]) -> None:
    told = fields(site)

    assert told["production redirect URL"] == "https://gmo-bank-integrator.nvst.jp/refresh_token/mihon-001"
    assert told["development redirect URL"] == "https://dev.gmo-bank-integrator.nvst.jp/refresh_token/mihon-001"
    assert told["production IP addresses"] == "13.113.217.217; 18.177.65.42"
    assert told["development IP addresses"] == told["address that may open the test site"] == "18.177.192.247"
    assert (told["scopes"], told["authorization method"]) == ("口座、振込/振替", "OAuth 2.0")
    assert told["client authentication"] == "パラメーター認証"
    assert told["contact mail address"] == "tantou@shop.example"


def test_the_local_environment_has_a_sheet_of_its_own() -> None:
    told = fields(("local", "http://127.0.0.1:8320"))

    assert told["local redirect URL"] == "http://127.0.0.1:8320/refresh_token/mihon-001"
    assert told["local IP addresses"] == "127.0.0.1/32"
    assert not any(item.startswith(("production", "development")) for item in told)


def test_every_missing_field_is_named_with_the_way_to_give_it() -> None:
    refused = run(PRODUCTION, {"--contact-mail": "nobody"})

    assert refused.exit_code == 2
    for name in OWN:
        assert f"Give {name}" in refused.output
    assert "contact_mail（担当者メールアドレス）: expected a mail address" in refused.output


def test_the_sheet_for_people_is_japanese_first_and_goes_into_a_file(tmp_path: Path) -> None:
    done = run(PRODUCTION, OWN, "--output", str(tmp_path / "sheet.md"))

    assert done.exit_code == 0
    text = (tmp_path / "sheet.md").read_text(encoding="utf-8")
    assert "| 契約 / contract | 担当者名 / contact name | 担当者A | 会社ご記入 / the company's own |" in text
    assert "| Sec-37 | 期限切れトークンの物理削除" in text


def test_each_security_answer_rests_on_something_that_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for feature in [feature for answer in ANSWERS for feature in answer.features]:
        program, *words = feature.split(" ")
        if program == "make":
            assert words[0] in targets, feature
        elif program == "integrator":
            found: click.Command | None = main
            for word in words:
                assert isinstance(found, click.Group), feature
                found = found.commands.get(word)
            assert found is not None, feature
        else:
            assert (ROOT / feature).is_file(), feature


def test_each_question_is_answered_once() -> None:
    numbers = [number for answer in ANSWERS for number in answer.numbers]

    assert numbers == sorted(set(numbers))
    assert {6, 16, 26, 36, 37} <= set(numbers)

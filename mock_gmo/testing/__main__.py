"""`python -m mock_gmo.testing`: the verdict over a running bank and who pays through it. Nothing is decided here."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import click

from mock_gmo.secret import Secret
from mock_gmo.testing.bank import Bank, BankUnreachable, BooksDoNotBalance, ControlRefused
from mock_gmo.testing.beliefs import ClaimsUnusable, claims_of_payouts, claims_schema, read_claims
from mock_gmo.testing.fetching import IntegratorUnreachable, fetch_payouts
from mock_gmo.testing.verdict import Claim, Verdict

NOT_GOOD = 1
WRONG_USAGE = 2
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """連携システムの検証 — what an integrator believes, against what the sandbox bank's books hold."""


@main.command("verdict")
@click.option(
    "--bank", "bank_url", required=True, help="Base URL of a bank of `mock-gmo serve`, or of one of its worlds."
)
@click.option(
    "--claims", type=_FILE, help="What is believed, as a file; its schema: python -m mock_gmo.testing schema."
)
@click.option("--integrator", help="Base URL of our integrator, in the place of a file.")
@click.option("--company", help="With --integrator: whose payouts.")
@click.option("--key-file", type=_FILE, help="With --integrator: a file with the company's API key.")
@click.option(
    "--account", "accounts", multiple=True, help="Only debits of this 口座ID; may be given again. All by default."
)
@click.option(
    "--open-for-at-most", type=click.FloatRange(min=0), help="Minutes that a payout may be open. For ever by default."
)
def verdict_command(
    bank_url: str, accounts: tuple[str, ...], open_for_at_most: float | None, **source: Path | str | None
) -> None:
    """判定を表示します。 Print the verdict as a table. Exits with 0 when good, 1 when not, 2 when there is none."""
    try:
        claims = _claims(**source)  # type: ignore[arg-type]
        limit = None if open_for_at_most is None else timedelta(minutes=open_for_at_most)
        verdict = _judge(bank_url, claims, accounts=accounts, limit=limit)
    except (BankUnreachable, ControlRefused, ClaimsUnusable, IntegratorUnreachable, ValueError) as none:
        _end(str(none), WRONG_USAGE)
    except BooksDoNotBalance as broken:
        _end(str(broken), NOT_GOOD)
    click.echo(verdict.as_table(), nl=False)
    sys.exit(0 if verdict.is_good else NOT_GOOD)


@main.command("schema")
def schema_command() -> None:
    """主張ファイルの形式を表示します。 Print the JSON Schema of a claims file."""
    click.echo(json.dumps(claims_schema(), ensure_ascii=False, indent=2))


def _claims(*, claims: Path | None, integrator: str | None, company: str | None, key_file: Path | None) -> list[Claim]:
    of_integrator = (integrator, company, key_file)
    if claims is not None and of_integrator == (None, None, None):
        return read_claims(_read_json(claims))
    if claims is None and integrator is not None and company is not None and key_file is not None:
        return claims_of_payouts(fetch_payouts(integrator, company, _read_key(key_file)))
    raise ClaimsUnusable("expected either --claims FILE or --integrator URL with --company ID and --key-file FILE")


def _read_key(path: Path) -> Secret:
    key = path.read_bytes().strip()
    if re.fullmatch(rb"[!-~]{1,256}", key) is None:
        raise ClaimsUnusable(f"--key-file {path}: expected one API key and nothing else")
    return Secret(key.decode("ascii"))


def _read_json(path: Path) -> object:
    try:
        document: object = json.loads(path.read_bytes())
    except ValueError as unreadable:
        raise ClaimsUnusable(f"{path}: expected JSON, came something else: {unreadable}") from unreadable
    return document


def _judge(bank_url: str, claims: list[Claim], *, accounts: tuple[str, ...], limit: timedelta | None) -> Verdict:
    bank = Bank.at(bank_url)
    try:
        return bank.verdict(claims, open_for_at_most=limit, accounts=accounts)
    finally:
        bank.close()


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"verdict: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main(prog_name="python -m mock_gmo.testing")

"""The commands around a company's connection to the bank: what it applies for, and a rehearsal before the first yen."""

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from integrator import companies, worker
from integrator.commands.explained import Failed, WrongUsage, explained
from integrator.domain.kana import transfer_name
from integrator.domain.payout import Beneficiary
from integrator.keys import with_key_file
from integrator.onboarding import form, security
from integrator.onboarding.evidence import Evidence, table
from integrator.onboarding.rehearsal import Wanted, rehearse
from integrator.settings import read_public_url, read_worker_settings

COMPANY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
BENEFICIARY = re.compile(r"([0-9]{4})-([0-9]{3})-([1249])-([0-9]{7})")
FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("connection-test")
@click.argument("company_id")
@click.option("--evidence", type=FOLDER, default=Path(), help="Folder for the evidence; the present one when absent.")
@click.option("--refresh", is_flag=True, help="Renew the token as well. Spends the refresh token and brings a new one.")
@click.option("--beneficiary", default="0001-001-1-1234567", help="BANK-BRANCH-TYPE-NUMBER of the fee inquiry.")
@click.option("--beneficiary-name", default="テスト", help="Its name, in kana.")
@click.option("--amount-yen", type=click.IntRange(1, 999_999_999_999), default=1, help="Of the fee inquiry.")
def connection_test(company_id: str, evidence: Path, **told: Any) -> None:
    """Rehearse a company's connection without moving money, and write the evidence for the bank's connection test.

    Ends with 1 when a check fails. Needs the worker's settings; workers may run meanwhile.
    """
    beneficiary = _beneficiary(told["beneficiary"], told["beneficiary_name"])
    with explained():
        settings = read_worker_settings(with_key_file(os.environ))
        with worker.at_hand(settings) as at_hand:
            desk = at_hand.desk
            company = companies.get_company(desk.db, company_id, environment=settings.environment)
            at: datetime = desk.clock.now()
            wanted = Wanted(company, beneficiary, told["amount_yen"], with_refresh=told["refresh"])
            done = rehearse(desk, settings, wanted)
    click.echo(table(done.checks))
    try:
        written = Evidence(company, settings, at, done).write(evidence)
    except OSError as error:
        raise WrongUsage(f"--evidence: {evidence} cannot be written to: {error.strerror}") from None
    for path in written:
        click.echo(f"記録 / evidence: {path}")
    if not done.is_passed:
        raise Failed("接続試験は完了していません / the rehearsal did not pass")


@click.command("application-form")
@click.argument("company_id")
@click.option("--contract-name", default="", help="契約名: the company's name in the contract.")
@click.option("--contact-name", default="", help="担当者名.")
@click.option("--contact-mail", default="", help="担当者メールアドレス.")
@click.option("--test-mail-corporation", default="", help="Where the bank writes to about test account 1.")
@click.option("--test-mail-individual", default="", help="Where the bank writes to about test account 2.")
@click.option("--format", "form_of", type=click.Choice(["markdown", "json"]), default="markdown")
@click.option("--output", type=FILE, help="A file instead of standard output.")
def application_form(company_id: str, form_of: str, output: Path | None, **own: str) -> None:
    """Print what a company writes into the bank's application (API利用申込), and the answers to its security questions.

    Settings: INTEGRATOR_ENVIRONMENT and _PUBLIC_URL; no database. The company need not be registered yet.
    """
    if not COMPANY_ID.fullmatch(company_id):
        raise WrongUsage("COMPANY_ID: expected 1 to 64 letters, digits and hyphens")
    with explained():
        site = read_public_url(os.environ)
    try:
        fields = form.sheet(company_id, own, site=site)
    except form.FieldsRefused as refused:
        raise WrongUsage("\n".join(_told_fault(name, fault) for name, fault in refused.faults)) from None
    if form_of == "json":
        answers = [answer.as_json() for answer in security.ANSWERS]
        text = json.dumps(form.as_json(company_id, fields, answers), ensure_ascii=False, indent=2) + "\n"
    else:
        text = f"{form.as_markdown(company_id, fields)}\n{security.as_markdown()}"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUsage(f"--output: {output} cannot be written: {error.strerror}") from None
    click.echo(str(output))


COMMANDS: tuple[click.Command, ...] = (connection_test, application_form)


def _told_fault(name: str, fault: str) -> str:
    label, _ = form.OWN_FIELDS[name]
    return f"{name}（{label}）: {fault}. Give --{name.replace('_', '-')}"


def _beneficiary(text: str, name: str) -> Beneficiary:
    found = BENEFICIARY.fullmatch(text)
    if found is None:
        raise WrongUsage("--beneficiary: expected BANK-BRANCH-TYPE-NUMBER, for instance 0001-001-1-1234567")
    with explained():
        return Beneficiary(found[1], found[2], found[3], found[4], name, transfer_name(name))

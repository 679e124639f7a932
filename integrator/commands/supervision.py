"""The commands of supervision: stop and resume, reconcile, decide, declare a restore, verify the audit.

Each command opens what it needs, calls one function, and prints. `main` adds them to its own.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from integrator import (
    auditing,
    companies,
    deciding,
    differences,
    payouts,
    reconciling,
    releasing,
    restoring,
    stopping,
    worker,
)
from integrator.clock import Clock, SystemClock
from integrator.commands.explained import Failed, WrongUsage, open_database
from integrator.commands.explained import explained as _explained
from integrator.deciding import Decision, DecisionRefused
from integrator.differences import Verdict
from integrator.domain.days import civil_date
from integrator.domain.payout import PayoutFilter, PayoutState
from integrator.releasing import Release
from integrator.restoring import Declaration
from integrator.settings import StoreSettings, read_store_settings, read_worker_settings
from integrator.store import audit
from integrator.store.database import Database

PAGE = 100
DAY = click.DateTime(["%Y-%m-%d"])
INSTANT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"])

of_company = click.option("--company", "company_id", help="Only this company; all when absent.")
for_reason = click.option("--reason", required=True, help="Why; kept in the audit.")
by_person = click.option("--by", required=True, help="The person who decides.")


@contextmanager
def _opened(actor: str = "command") -> Iterator[tuple[Database, StoreSettings]]:
    with _explained():
        settings = read_store_settings(os.environ)
        with open_database(settings) as database:
            yield database.acting(actor), settings


@click.command("stop-payouts")
@of_company
@for_reason
@by_person
def stop_payouts(company_id: str | None, reason: str, by: str) -> None:
    """Let no order leave for the bank from now on. Inquiries go on, payouts wait."""
    with _opened(f"person:{by}") as (database, _):
        stopped = stopping.stop_payouts(database, stopping.Decision(company_id, reason, by), at=_now())
    click.echo(f"stopped {company_id or 'every company'}; calls already under way: {stopped.calls_under_way}")


@click.command("resume-payouts")
@of_company
@for_reason
@by_person
def resume_payouts(company_id: str | None, reason: str, by: str) -> None:
    """End the emergency stop of exactly this scope."""
    with _opened(f"person:{by}") as (database, _):
        try:
            stopping.resume_payouts(database, stopping.Decision(company_id, reason, by), at=_now())
        except stopping.NotStopped:
            raise Failed("there is no such emergency stop") from None
    click.echo(f"resumed {company_id or 'every company'}")


@click.command()
@of_company
@click.option("--from", "date_from", type=DAY, help="First day in Japan; yesterday when absent.")
@click.option("--to", "date_to", type=DAY, help="Last day in Japan; yesterday when absent.")
def reconcile(company_id: str | None, date_from: datetime | None, date_to: datetime | None) -> None:
    """Compare the bank's statement with the payouts now. Needs the worker's settings. Ends with 1 if it cannot read."""
    with _explained():
        settings = read_worker_settings(os.environ)
        with worker.at_hand(settings) as at_hand:
            desk = at_hand.desk
            yesterday = civil_date(desk.clock.now()) - timedelta(days=1)
            last = yesterday if date_to is None else date_to.date()
            first = min(yesterday, last) if date_from is None else date_from.date()
            if first > last:
                raise WrongUsage("--from must not be after --to")
            wanted = [company_id] if company_id else [found.company_id for found in _companies(desk.db)]
            for each in wanted:
                companies.get_company(desk.db, each, environment=settings.environment)
                try:
                    run = reconciling.reconcile_days(desk, each, (first, last))
                except reconciling.StatementUnread as unread:
                    raise Failed(f"{each}: the statement cannot be read: {unread}") from None
                click.echo(f"{each}\t{json.dumps(differences.run_json(run), ensure_ascii=False)}")


@click.command()
@click.option("--backup-at", type=INSTANT, required=True, help="When the backup was begun: 2026-04-01T02:00:00+09:00.")
@click.option("--hold-minutes", type=click.IntRange(15, 1440), default=60, help="How long orders wait at least.")
@by_person
def restored(backup_at: datetime, hold_minutes: int, by: str) -> None:
    """Declare that this database was restored from a backup. Run it before any worker starts."""
    declaration = Declaration(backup_at.astimezone(UTC), by, timedelta(minutes=hold_minutes))
    with _opened(f"person:{by}") as (database, _):
        try:
            done = restoring.declare(database, declaration, at=_now())
        except restoring.BackupInFuture:
            raise WrongUsage("--backup-at lies in the future") from None
    click.echo(f"{done.companies} companies wait for the bank's lists; {done.doubts} payouts are in doubt")


@click.group("audit")
def audit_group() -> None:
    """The chained record of who changed what."""


@audit_group.command("verify")
@of_company
def verify_audit(company_id: str | None) -> None:
    """Check every chain and print its head; keep the heads elsewhere. Names the first broken row and ends with 1."""
    with _opened() as (database, _):
        good, broken = auditing.verify(database, company_id)
    for head in good:
        click.echo(f"{head.chain}\t{head.number} rows\thead {head.hash}")
    for found in broken:
        click.echo(f"{found.chain}\tbroken at row {found.number}: {found.reason}")
    if broken:
        raise Failed(f"{len(broken)} chains are broken")


@audit_group.command("export")
@of_company
def export_audit(company_id: str | None) -> None:
    """Print the rows as JSON lines, chain by chain."""
    with _opened() as (database, _):
        auditing.chain_all(database)
        with database.read() as tx:
            for chain in audit.chains_with_rows(tx):
                for row in audit.rows_of(tx, chain) if company_id in (None, chain) else ():
                    members = {**row.entry.as_json(), "previous_hash": row.previous_hash, "hash": row.hash}
                    click.echo(json.dumps(members, ensure_ascii=False))


@click.group("difference")
def difference_group() -> None:
    """What the statement and the payouts do not agree on."""


@difference_group.command("list")
@click.argument("company_id")
@click.option("--state", type=click.Choice(["open", "explained", "closed"]))
def list_differences(company_id: str, state: str | None) -> None:
    """List differences, one JSON object a line, oldest first."""

    def page(database: Database, cursor: str | None) -> tuple[list[Any], str | None]:
        return differences.list_differences(database, company_id, cursor=cursor, limit=PAGE, state=state)

    with _opened() as (database, settings):
        companies.get_company(database, company_id, environment=settings.environment)
        for found in every(lambda cursor: page(database, cursor)):
            click.echo(json.dumps(differences.difference_json(found), ensure_ascii=False))


@difference_group.command("decide")
@click.argument("company_id")
@click.argument("difference_id")
@click.option("--state", type=click.Choice(["open", "explained", "closed"]), required=True)
@click.option("--owner", help="Whose it is from now on.")
@for_reason
@by_person
def decide_difference(company_id: str, difference_id: str, **told: Any) -> None:
    """Explain a difference, close it, or hand it over. What was found stays as it is."""
    verdict = Verdict(told["state"], told["reason"], told["by"], told["owner"])
    with _opened(f"person:{verdict.by}") as (database, _):
        try:
            differences.decide(database, company_id, difference_id, verdict, at=_now())
        except differences.DifferenceUnknown:
            raise Failed(f"{company_id} has no difference {difference_id}") from None
        except differences.DifferenceClosed as closed:
            raise Failed(f"{closed}; possible: {closed.expected}") from None
    click.echo(f"{difference_id} is {verdict.state}")


@click.group("doubt")
def doubt_group() -> None:
    """Payouts that only a person can decide."""


@doubt_group.command("list")
@click.argument("company_id")
def list_doubts(company_id: str) -> None:
    """List them with all that is known, one JSON object a line."""
    wanted = PayoutFilter(state=PayoutState.NEEDS_PERSON)
    with _opened() as (database, settings):
        companies.get_company(database, company_id, environment=settings.environment)
        for found in every(
            lambda cursor: payouts.list_payouts(database, company_id, cursor=cursor, limit=PAGE, wanted=wanted)
        ):
            click.echo(json.dumps(deciding.doubts_json(database, [found])[0], ensure_ascii=False))


@doubt_group.command("decide")
@click.argument("company_id")
@click.argument("payout_id")
@click.option("--outcome", type=click.Choice(["paid", "dead"]), required=True, help="What the bank says of it.")
@click.option("--source", type=click.Choice(["statement", "bank_staff"]), required=True, help="Where you have it from.")
@for_reason
@by_person
def decide_doubt(company_id: str, payout_id: str, **told: Any) -> None:
    """Record what the bank's statement or staff say. The bank is asked once more. Needs the worker's settings."""
    decision = Decision(told["outcome"], told["source"], told["reason"], told["by"])
    with _explained():
        settings = read_worker_settings(os.environ)
        with worker.at_hand(settings) as at_hand:
            companies.get_company(at_hand.desk.db, company_id, environment=settings.environment)
            try:
                deciding.record_decision(at_hand.desk, company_id, payout_id, decision)
            except DecisionRefused as refused:
                raise Failed(f"not recorded: {refused}") from None
            except reconciling.StatementUnread as unread:
                raise Failed(f"not recorded, the bank cannot be asked: {unread}") from None
    click.echo(f"{payout_id} is recorded as {decision.outcome}")


@doubt_group.command("release")
@click.argument("company_id")
@click.argument("payout_id")
@for_reason
@by_person
def release_payout(company_id: str, payout_id: str, reason: str, by: str) -> None:
    """Say that the cause of work-fails is mended: workers take the payout up again at once, where they left it."""
    with _opened(f"person:{by}") as (database, settings):
        companies.get_company(database, company_id, environment=settings.environment)
        try:
            releasing.release(database, company_id, payout_id, Release(reason, by), at=_now())
        except releasing.NotSetAside:
            raise Failed(f"{payout_id} is not set aside: only a payout with problem work-fails is released") from None
    click.echo(f"{payout_id} is taken up again")


COMMANDS: tuple[click.Command, ...] = (
    stop_payouts,
    resume_payouts,
    reconcile,
    restored,
    audit_group,
    difference_group,
    doubt_group,
)


def _companies(database: Database) -> Iterator[Any]:
    return every(lambda after: companies.list_companies(database, after=after, limit=PAGE))


def every(page_after: Callable[[str | None], tuple[list[Any], str | None]]) -> Iterator[Any]:
    """Return the items of every page."""
    after: str | None = None
    while True:
        page, after = page_after(after)
        yield from page
        if after is None:
            return


def _now() -> datetime:
    clock: Clock = SystemClock()
    return clock.now()

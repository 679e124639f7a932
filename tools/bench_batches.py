"""Figures of economy: bank calls for each payout when many wait, how soon it is known paid, and the obvious client.

All in the tests' world, where both programs run in one process on the bank's compressed clock; so the figures depend
on the integrator's decisions alone and not on the machine. The holder begins to confirm a minute after the first
request, one application after the other.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from bench_payouts import CONFIRMED_AFTER_SECONDS, migrate_database
from bench_process import MeasurementFailed
from sqlalchemy import select

from integrator.store.schema import payout_history, submission_lines
from mock_gmo.bank.rules import BankRules
from tests.world import BANK_URL, World, build_world

WAITING: Final = 500
AT_THE_LIMIT: Final = 1_000
ONE_BY_ONE: Final = 5
SETTLED_WITHIN_SECONDS: Final = 1800
CLICK_SECONDS: Final = 10  # so long the holder takes for each application
POLL_SECONDS: Final = 30  # the obvious client asks twice a minute, so as to know a settlement within one
SETTLED: Final = "20"
COMPLETE: Final = "1"
API: Final = f"{BANK_URL}/ganb/api/corporation/v1"


def calls_per_payout_500() -> float:
    """Return the bank's calls for each of 500 payouts that wait at once, until every one is known settled."""
    return _five_hundred()[0]


def settlement_known_seconds_p95() -> float:
    """Return within how many seconds of the bank's settlement 95 of 100 of those payouts are known settled."""
    return _five_hundred()[1]


def payouts_settled_per_minute() -> float:
    """Return how many payouts of one company are known settled for each minute, a thousand waiting at once.

    At one call a second, of a company whose holder need not confirm; the bank's own time to settle is in it.
    """
    with _connected() as world:
        world.change_customer(confirmation_required=False)
        began = world.clock.now()
        for number in range(AT_THE_LIMIT):
            world.request_payout(key=f"bench-{number}", amount_yen=1000 + number)
        while len(known := _known_settled(world)) < AT_THE_LIMIT:
            if world.clock.now() - began > timedelta(seconds=SETTLED_WITHIN_SECONDS):
                raise MeasurementFailed(f"{len(known)} of {AT_THE_LIMIT} settled within {SETTLED_WITHIN_SECONDS} s")
            world.run_for(seconds=CLICK_SECONDS, every_seconds=1)
    return AT_THE_LIMIT / ((max(known.values()) - began.timestamp()) / 60)


def calls_per_payout_one_by_one() -> float:
    """Return the calls of a client that sends one payout in one request and asks for its result and its state."""
    with _connected() as world, httpx.Client(transport=world.line) as client:
        before = len(world.line.sent)
        for number in range(ONE_BY_ONE):
            _pay_obviously(world, client, number)
        return (len(world.line.sent) - before) / ONE_BY_ONE


@cache
def _five_hundred() -> tuple[float, float]:
    with _connected() as world:
        before = len(world.line.sent)
        for number in range(WAITING):
            world.request_payout(key=f"bench-{number}", amount_yen=1000 + number)
        world.run_for(seconds=CONFIRMED_AFTER_SECONDS, every_seconds=1)
        until = world.clock.now() + timedelta(seconds=SETTLED_WITHIN_SECONDS)
        known = _known_settled(world)
        while len(known) < WAITING:
            if world.clock.now() > until:
                raise MeasurementFailed(f"{len(known)} of {WAITING} settled within {SETTLED_WITHIN_SECONDS} s")
            for waiting in world.pending()[:1]:
                world.confirm(waiting["apply_no"])
            world.run_for(seconds=CLICK_SECONDS, every_seconds=1)
            known = _known_settled(world)
        calls = len(world.line.sent) - before
        delays = sorted(known[mark] - at for mark, at in _settled_at_bank(world).items())
    print(f"  {calls} calls; settlements known after {delays[0]:.0f} to {delays[-1]:.0f} s")
    return calls / WAITING, delays[int(len(delays) * 0.95)]


def _settled_at_bank(world: World) -> dict[str, float]:
    seconds = BankRules().settle_interbank_seconds
    return {str(payment.edi_info): payment.debited_at.timestamp() + seconds for payment in world.payments()}


def _known_settled(world: World) -> dict[str, float]:
    statement = (
        select(submission_lines.c.mark, payout_history.c.at)
        .join(payout_history, payout_history.c.payout_id == submission_lines.c.payout_id)
        .where(submission_lines.c.is_live, payout_history.c.state == "settled")
    )
    with world.db.read() as tx:
        return {row.mark: row.at.timestamp() for row in tx.execute(statement)}


def _pay_obviously(world: World, client: httpx.Client, number: int) -> None:
    account = {"accountId": "101010012345"}
    order: dict[str, Any] = {
        **account,
        "transferDesignatedDate": world.clock.now().astimezone(UTC).date().isoformat(),
        "transfers": [
            {
                "transferAmount": str(1000 + number),
                "beneficiaryBankCode": "0001",
                "beneficiaryBranchCode": "001",
                "accountTypeCode": "1",
                "accountNumber": "1234567",
                "beneficiaryName": "ﾔﾏﾀﾞ ﾀﾛｳ",
            }
        ],
    }
    asked_at = world.clock.now()
    apply_no = _call(world, client, "POST", "/transfer/request", json=order)["applyNo"]
    confirmed_at = asked_at + timedelta(seconds=CONFIRMED_AFTER_SECONDS)
    one = {**account, "applyNo": apply_no}
    is_complete = False
    for _ in range(SETTLED_WITHIN_SECONDS // POLL_SECONDS):
        world.advance(seconds=POLL_SECONDS)
        if world.clock.now() >= confirmed_at:
            world.confirm_all()
        if not is_complete:
            is_complete = _call(world, client, "GET", "/transfer/request-result", params=one)["resultCode"] == COMPLETE
        else:
            shown = _call(world, client, "GET", "/transfer/status", params={**one, "queryKeyClass": "1"})
            if [line["transferStatus"] for line in shown["transferDetails"]] == [SETTLED]:
                return
    raise MeasurementFailed(f"not settled within {SETTLED_WITHIN_SECONDS} s")


def _call(world: World, client: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
    headers = {"x-access-token": world.access_token()}
    world.clock.sleep(1)  # the bank's limit
    reply = client.request(method, API + path, headers=headers, **options)
    if reply.status_code not in (200, 201):
        raise MeasurementFailed(f"{method} {path} was answered {reply.status_code} {reply.text}")
    answer: dict[str, Any] = json.loads(reply.content)
    return answer


@contextmanager
def _connected() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'integrator.sqlite3'}"
        migrate_database(url)
        world = build_world(url, start=datetime(2026, 4, 1, 3, 0, tzinfo=UTC))
        try:
            world.consent()
            yield world
        finally:
            world.close()

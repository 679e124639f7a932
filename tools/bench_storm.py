"""Figures of the storm: real workers on PostgreSQL that are killed while they carry the payouts of many companies.

One run makes all figures. How the field is made stands in storm_field, how it blows in storm.
"""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from bench_process import MeasurementFailed

from tests.postgres import private_postgres
from tools.storm import Damage, Plan, blow
from tools.storm_field import FieldFailed, ask_the_web, prepared_field, take_payouts

FIRMS: Final = int(os.environ.get("BENCH_STORM_COMPANIES", "1000"))
PAYOUTS_EACH: Final = 20
CLOCK_RATE: Final = 10.0
PLAN: Final = Plan(
    workers=4, kills=104, kills_in_call=52, seed=20260401, seconds_between=1.5, visits_max=4, seconds_max=1200.0
)


def storm_kills() -> float:
    """Workers that were killed with kill -9, by themselves at the fail point or from outside."""
    return float(_storm().kills)


def storm_kills_in_call() -> float:
    """Those of them that were killed between sending an order and recording how it ended."""
    return float(_storm().kills_in_call)


def storm_paid_twice() -> float:
    """Debits at the bank beyond the first of a payout."""
    return float(_storm().paid_twice)


def storm_lost() -> float:
    """Payouts without a debit, and debits that nobody asked for."""
    return float(_storm().lost)


def storm_open() -> float:
    """Payouts that the integrator does not know settled at the end."""
    return float(_storm().open)


def storm_limit_refusals() -> float:
    """Calls that the bank refused for the limit: its sliding second, by client id."""
    return float(_storm().refused_for_limit)


def storm_calls_per_payout() -> float:
    """Calls at the bank for each payout, those of killed workers and of doubts with them."""
    return _storm().calls / (FIRMS * PAYOUTS_EACH)


def storm_seconds() -> float:
    """From the first worker's start to the last settlement known, leases of the dead with it."""
    return _storm().seconds


@cache
def _storm() -> Damage:
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    print(f"  {FIRMS} companies with {PAYOUTS_EACH} payouts each; what the workers say is kept in {folder}", flush=True)
    try:
        with private_postgres() as url, prepared_field(FIRMS, database_url=url, folder=folder) as field:
            ask_the_web(field, 0, folder=folder)
            take_payouts(field, range(1, PAYOUTS_EACH))
            field.set_rate(CLOCK_RATE)
            damage = blow(field, PLAN, folder=folder, payouts_each=PAYOUTS_EACH)
    except FieldFailed as failure:
        raise MeasurementFailed(str(failure)) from failure
    print(f"  {damage}")
    return damage

"""Figures of a bank whose books are long: what a page costs, and memory. Made in a process of its own, without HTTP.

Run by itself it prints every figure of this file as one JSON object; `make bench` runs it once for all of them.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

from bench_process import MeasurementFailed

from mock_gmo.api.notifications import write_message
from mock_gmo.bank.bank import Bank
from mock_gmo.bank.days import civil_date
from mock_gmo.bank.inquiry import BY_SEARCH, TERM_APPLY_DATE, TERM_DESIGNATED_DATE, StatusQuery
from mock_gmo.bank.postings import OUTSIDE, Leg, LineText, PostingKind
from mock_gmo.bank.state import BankState
from mock_gmo.bank.transfers import Application, OrderLine, TransferOrder
from mock_gmo.notifications.sending import no_network
from mock_gmo.settings import Settings
from mock_gmo.world import Ports, World

LONG, SHORT = 1_000_000, 1_000
MANY, FEW = 100_000, 1_000
DAYS: Final = 365
ROUNDS: Final = 41
MEGABYTE: Final = 1_000_000
SECONDS_MAX: Final = 400
APPLICATIONS_A_DAY: Final = 5_000
NAMES: Final = ("page_1m_vs_1k", "memory_mb_per_million_postings", "status_page_100k_vs_1k")

Pages = Mapping[str, Callable[[], object]]


@cache
def figures() -> dict[str, float]:
    """Return all figures by name. Raises MeasurementFailed."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
    if done.returncode != 0:
        raise MeasurementFailed(done.stderr.strip())
    return dict(json.loads(done.stdout))


def page_ratio() -> tuple[float, float]:
    """Return the dearest page's cost at a million postings ÷ at a thousand, and megabytes a million postings take."""
    short, long = _bank(), _bank()
    _post(short, SHORT)
    gc.collect()
    before = _resident_bytes()
    _post(long, LONG)
    gc.collect()
    megabytes = (_resident_bytes() - before) / MEGABYTE
    return _dearest(_statement_pages(long), _statement_pages(short)), megabytes


def status_ratio() -> float:
    """Return the dearest status page's cost at a hundred thousand applications ÷ at a thousand."""
    few, many = _bank(), _bank()
    _apply(few, FEW)
    _apply(many, MANY)
    return _dearest(_status_pages(many), _status_pages(few))


def _bank() -> World:
    ports = Ports(
        real_time=lambda: 1_775_012_400.0,
        monotonic=lambda: 0.0,
        random_source=Random(1),  # noqa: S311
        sleep=time.sleep,
        send_notification=no_network,
        write_message=write_message,
    )
    return World.build(Settings(), ports)


def _account_of(bank: Bank) -> tuple[str, str]:
    customer = bank.customers()[0]
    return customer.customer_id, bank.look(lambda state, _: state.account_ids_of[customer.customer_id][0])


def _post(world: World, count: int) -> None:
    """Post incoming transfers of a year, each with texts of its own, evenly over its days."""
    _, account_id = _account_of(world.bank)
    now = world.clock.now()
    step = timedelta(days=DAYS) / count

    def post(state: BankState, _: object) -> None:
        for number in range(count):
            text = LineText(f"振込　テスト{number:08}", f"ﾃｽﾄ{number:08}", "みずほ銀行", "東京営業部", f"R{number:019}")
            legs = (Leg(OUTSIDE, -1_000), Leg(account_id, 1_000, text))
            state.books.post(PostingKind.DEPOSIT, legs, at=now + step * number)

    world.bank.look(post)


def _statement_pages(world: World) -> Pages:
    bank = world.bank
    customer_id, account_id = _account_of(bank)
    first = civil_date(world.clock.now())
    at = world.clock.now() + timedelta(days=DAYS)
    last, middle = civil_date(at), first + timedelta(days=DAYS // 2)

    def page(**query: object) -> Callable[[], object]:
        return lambda: bank.statement(customer_id, account_id, at=at, **query)  # type: ignore[arg-type]

    # The last whole page of the short statement, and as much of the long one.
    lines = bank.look(lambda state, _: state.books.entries(state.books.postings_count - 501))
    before_last = next(iter(lines)).at
    key = bank.look(lambda state, _: _key_at(state, account_id, before_last))
    return {
        "first page": page(date_from=first, date_to=last),
        "page of a period": page(date_from=middle, date_to=last),
        "last page": page(date_from=first, date_to=last, after_key=key),
        "balances": lambda: bank.balance_of(account_id, at=at),
    }


def _key_at(state: BankState, account_id: str, at: datetime) -> str:
    lines, _ = state.books.page(
        account_id, date_from=civil_date(at), date_to=civil_date(at), after_key=None, limit=10_000
    )
    return next(line.item_key for line in lines if line.item_key >= _key_of(at))


def _key_of(at: datetime) -> str:
    return (at + timedelta(hours=9)).strftime("%Y%m%d%H%M%S%f")


def _apply(world: World, count: int) -> None:
    """Enter copies of one reserved transfer, some thousands a day."""
    bank = world.bank
    customer_id, account_id = _account_of(bank)
    bank.change_customer(customer_id, confirmation_required=False, business_id_management=True)
    now = world.clock.now()
    line = OrderLine(None, 1, None, "0001", "001", "1", "1234567", "ﾔﾏﾀﾞ ﾀﾛｳ")
    order = TransferOrder(
        account_id=account_id,
        remitter_name=None,
        designated_date=civil_date(now) + timedelta(days=7),
        holiday_code=None,
        total_count=None,
        total_amount_yen=None,
        apply_comment=None,
        lines=(line,),
    )
    made = bank.request_transfer(customer_id, order, key=None, at=now)

    def enter(state: BankState, _: object) -> None:
        pattern = state.applications[made.apply_no]
        for number in range(1, count):
            state.enter(_copy(pattern, number))

    bank.look(enter)


def _copy(pattern: Application, number: int) -> Application:
    days, place = divmod(number, APPLICATIONS_A_DAY)
    day = pattern.apply_date + timedelta(days=days)
    return replace(
        pattern,
        apply_no=f"{day:%Y%m%d}{place + 2:08}",
        apply_date=day,
        designated_date=pattern.designated_date + timedelta(days=days),
    )


def _status_pages(world: World) -> Pages:
    bank = world.bank
    customer_id, account_id = _account_of(bank)
    today = civil_date(world.clock.now())
    numbers = bank.look(lambda state, _: list(state.applications))
    pages: dict[str, Callable[[], object]] = {}
    for term, name in ((TERM_APPLY_DATE, "by application date"), (TERM_DESIGNATED_DATE, "by designated day")):
        query = StatusQuery(
            account_id, BY_SEARCH, date_from=today, date_to=today + timedelta(days=DAYS), transfer_term=term
        )
        last = replace(query, next_item_key=f"{numbers[-501]}01")
        for told, asked in (("first page", query), ("last page", last)):
            pages[f"{told} {name}"] = lambda asked=asked: bank.transfer_status(  # type: ignore[misc]
                customer_id, asked, at=world.clock.now()
            )
    return pages


def _dearest(many: Pages, few: Pages) -> float:
    ratios = {name: median(_paired(many[name], few[name])) for name in many}
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}), file=sys.stderr)
    return max(ratios.values())


def _paired(one: Callable[[], object], other: Callable[[], object]) -> Iterator[float]:
    for _ in range(ROUNDS):
        yield _seconds(one) / _seconds(other)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _resident_bytes() -> int:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        raise MeasurementFailed("memory is only measured where /proc tells it")
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure everything and print it."""
    pages, megabytes = page_ratio()
    print(json.dumps(dict(zip(NAMES, (pages, megabytes, status_ratio()), strict=True))))


if __name__ == "__main__":
    main()

"""Builders for the tests of bulk transfers: orders, requests, and what the bank's inquiry says of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from mock_gmo.bank.bank import Bank
from mock_gmo.bank.bulk_inquiry import BulkPage, BulkQuery
from mock_gmo.bank.inquiry import StatusQuery
from mock_gmo.bank.transfers import BulkMarks, OrderLine, RequestResult, TransferKind, TransferOrder
from tests.unit.bank.building import COMPANY, NOON, PAYER, make_line, make_order


def make_bulk_line(number: int = 1, *, marks: BulkMarks | None = None, **changes: Any) -> OrderLine:
    """To another bank, 10,000 yen."""
    return make_line(item_id=str(number), marks=marks or BulkMarks(), **changes)


def make_bulk_order(*lines: OrderLine, **changes: Any) -> TransferOrder:
    """For today, one line to another bank unless lines are given; lines get their marks, and the order its totals."""
    chosen = lines or (make_bulk_line(),)
    chosen = tuple(
        replace(line, item_id=line.item_id or str(n), marks=line.marks or BulkMarks())
        for n, line in enumerate(chosen, start=1)
    )
    totals = {"total_count": len(chosen), "total_amount_yen": sum(line.amount_yen for line in chosen)}
    return make_order(*chosen, **({"kind": TransferKind.BULK} | totals | changes))


def request_bulk(bank: Bank, *lines: OrderLine, at: datetime = NOON, **changes: Any) -> RequestResult:
    return bank.request_transfer(COMPANY, make_bulk_order(*lines, **changes), key=None, at=at)


def ask(bank: Bank, apply_no: str, *, at: datetime = NOON, **asked: Any) -> BulkPage:
    """Inquire by number; `with_lines` and `first_line` may be given."""
    return bank.bulk_status(COMPANY, BulkQuery(StatusQuery(PAYER, "1", apply_no), **asked), at=at)


def search(bank: Bank, *, at: datetime = NOON, **asked: Any) -> BulkPage:
    return bank.bulk_status(COMPANY, BulkQuery(StatusQuery(PAYER, "2", **asked)), at=at)


def bulk_code(bank: Bank, apply_no: str, *, at: datetime = NOON) -> str | None:
    """The wire code of a bulk application; None when the bank's inquiry does not see it."""
    items = ask(bank, apply_no, at=at).items
    return items[0].status.code if items else None

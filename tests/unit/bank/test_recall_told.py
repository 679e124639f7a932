"""What inquiries tell of a line in each state, of single and of bulk transfers: the table of lifecycle, row by row."""

from datetime import date, timedelta
from typing import Any

import pytest

from mock_gmo.api.bulk_transfer_details import write_bulk_detail
from mock_gmo.api.transfer_details import write_transfer_detail
from mock_gmo.bank.bank import Bank
from mock_gmo.bank.states import TransferStatus
from tests.unit.bank.building import (
    FEE_YEN,
    NOON,
    OPENING_YEN,
    RECALL_FEE_YEN,
    TODAY,
    TOMORROW,
    balance,
    items_of,
    later,
    make_bank,
    request,
)
from tests.unit.bank.bulk_building import ask, make_bulk_line, request_bulk
from tests.unit.bank.reaching import REACH

S = TransferStatus
SETTLED_AT = later(NOON, seconds=30)
TOLD_AT = later(NOON, days=2)

# unableDetailInfos by state, None where the list is omitted; source: lifecycle, "Lines and application state".
UNABLE: dict[str, dict[str, Any] | None] = {
    "2": None,
    "3": None,
    "4": None,
    "5": None,
    "8": None,
    "11": None,
    "12": None,
    "13": None,
    "20": {"transferDetailStatus": "1"},
    "22": {"transferDetailStatus": "1", "isRepayment": True},
    "24": {"transferDetailStatus": "1", "refundStatus": "1"},
    "25": {"transferDetailStatus": "1", "refundStatus": "2", "isRepayment": True},
    "26": {"transferDetailStatus": "1", "refundStatus": "3"},
    "40": {"transferDetailStatus": "2"},
}
FILLED_FROM_RESERVED = {"11", "12", "13", "20", "22", "24", "25", "26", "40"}
ACCEPTED = FILLED_FROM_RESERVED | {"8"}

SENT = OPENING_YEN - 2 * (10_000 + FEE_YEN)
# What is done to the second of two settled bulk lines: its state, the application's, the day told, the balance after.
BULK_STEPS: list[tuple[tuple[str, ...], str, str, date | None, int]] = [
    ((), "20", "20", None, SENT),
    (("return_funds",), "22", "30", TODAY, SENT + 10_000),
    (("recall",), "24", "30", None, SENT - RECALL_FEE_YEN),
    (("recall", "recall_agree"), "25", "30", TODAY, SENT - RECALL_FEE_YEN + 10_000),
    (("recall", "recall_refuse"), "26", "30", None, SENT - RECALL_FEE_YEN),
]


@pytest.mark.parametrize("status", [status for status in S if status.is_visible])
def test_a_line_of_a_single_transfer_is_told_as_the_table_says(status: TransferStatus) -> None:
    reached = REACH[status]()
    (item,) = items_of(reached.bank, reached.apply_no, at=reached.at)

    detail = write_transfer_detail(item, with_item_id=False)
    info = detail["transferResponses"][0]["transferInfos"][0]

    code = detail["transferStatus"]
    unable = UNABLE[code]
    assert (code, detail["transferStatusName"]) == (status.code, status.label)
    assert info.get("unableDetailInfos") == ([unable] if unable is not None else None)
    assert len(info["transferDetailResponses"]) == (code in FILLED_FROM_RESERVED)
    assert len(detail["transferAccepts"]) == (code in ACCEPTED)


def test_the_table_has_a_row_for_every_state_that_inquiries_see() -> None:
    assert set(UNABLE) == {status.code for status in S if status.is_visible}


def two_settled_lines() -> tuple[Bank, str]:
    bank = make_bank()
    apply_no = request_bulk(bank, make_bulk_line(1), make_bulk_line(2)).apply_no
    bank.tick(at=SETTLED_AT)
    return bank, apply_no


@pytest.mark.parametrize(("steps", "line_code", "code", "day", "yen"), BULK_STEPS)
def test_a_bulk_line_tells_its_own_state_the_application_30_and_the_money_moves(
    steps: tuple[str, ...], line_code: str, code: str, day: date | None, yen: int
) -> None:
    bank, apply_no = two_settled_lines()
    for step in steps:
        getattr(bank.outside, step)(apply_no, item_id="2", at=SETTLED_AT)

    detail = write_bulk_detail(ask(bank, apply_no, at=TOLD_AT, with_lines=True).items[0])
    first, second = detail["bulktransferResponses"][0]["bulkTransferInfos"]

    expected = UNABLE[line_code]
    assert expected is not None
    if day is not None:
        expected = {**expected, "repaymentDate": day.isoformat()}
    assert detail["transferStatus"] == code
    assert first["unableDetailInfos"] == [UNABLE["20"]]
    assert second["unableDetailInfos"] == [expected]
    assert balance(bank, at=SETTLED_AT) == yen


def test_the_day_of_a_repayment_is_the_day_on_which_it_came() -> None:
    bank, apply_no = two_settled_lines()
    bank.outside.recall(apply_no, item_id="1", at=SETTLED_AT)
    bank.outside.recall_agree(apply_no, item_id="1", at=SETTLED_AT + timedelta(days=1))

    detail = write_bulk_detail(ask(bank, apply_no, at=TOLD_AT, with_lines=True).items[0])

    line = detail["bulktransferResponses"][0]["bulkTransferInfos"][0]
    assert line["unableDetailInfos"][0]["repaymentDate"] == TOMORROW.isoformat()


def test_bulk_lines_that_were_refused_at_once_tell_no_day_and_all_of_them_make_it_40() -> None:
    bank = make_bank()
    apply_no = request_bulk(bank, make_bulk_line(1), make_bulk_line(2)).apply_no

    seen = []
    for item_id in ("1", "2"):
        bank.outside.fail(apply_no, item_id=item_id, at=NOON)
        detail = write_bulk_detail(ask(bank, apply_no, at=TOLD_AT, with_lines=True).items[0])
        lines = detail["bulktransferResponses"][0]["bulkTransferInfos"]
        seen.append((detail["transferStatus"], [line.get("unableDetailInfos") for line in lines]))

    failed = [{"transferDetailStatus": "2"}]
    assert seen == [("12", [failed, None]), ("40", [failed, failed])]
    assert balance(bank) == OPENING_YEN


def test_every_recalled_line_costs_its_own_recall_fee_whatever_comes_of_it() -> None:
    bank = make_bank()
    apply_no = request(bank).apply_no
    bank.tick(at=SETTLED_AT)
    bank.outside.recall(apply_no, at=SETTLED_AT)
    bank.outside.recall_refuse(apply_no, at=SETTLED_AT)

    assert balance(bank, at=SETTLED_AT) == OPENING_YEN - 10_000 - FEE_YEN - RECALL_FEE_YEN
